#include "tensor/encoded.h"

#include <fmt/core.h>

#include <algorithm>
#include <bit>
#include <cstring>
#include <limits>

#include "tensor/error.h"

namespace elbo {
namespace {

static_assert(std::endian::native == std::endian::little, "files are read and written as on little-endian machines");

float float_of_bits16(std::uint16_t h) {  // IEEE 754 binary16: 1 sign, 5 exponent, 10 fraction bits
  const std::uint32_t sign = std::uint32_t(h & 0x8000u) << 16, exponent = (h >> 10) & 31u, fraction = h & 1023u;
  if (exponent == 0) return std::bit_cast<float>(sign | std::bit_cast<std::uint32_t>(float(fraction) * 0x1p-24f));
  const std::uint32_t wide = exponent == 31 ? 255 : exponent + 112;  // the bias is 127 instead of 15
  return std::bit_cast<float>(sign | (wide << 23) | (fraction << 13));
}

template <class T>
T swapped(T value) {
  auto bytes = std::bit_cast<std::array<std::byte, sizeof(T)>>(value);
  std::reverse(bytes.begin(), bytes.end());
  return std::bit_cast<T>(bytes);
}

// Reads numbers of type In in blocks and puts `convert(number, index)` of each into `out`.
template <class In, class Out, class Convert>
void read_converted(const InputFile& file, std::uint64_t offset, Index count, bool big_endian, Out* out, Convert convert) {
  constexpr Index block = 4096;
  std::array<In, std::size_t(block)> buffer;
  for (Index begin = 0; begin < count; begin += block) {
    const Index n = std::min(block, count - begin);
    file.read(offset + std::uint64_t(begin) * sizeof(In), buffer.data(), std::size_t(n) * sizeof(In));
    for (Index i = 0; i < n; i++) {
      const In value = buffer[std::size_t(i)];
      out[begin + i] = convert(big_endian ? swapped(value) : value, begin + i);
    }
  }
}

template <class In>
void read_integers(const InputFile& file, std::uint64_t offset, bool big_endian, Tensor& to, const std::string& what) {
  read_converted<In>(file, offset, to.numel(), big_endian, to.mutable_data<std::int32_t>(), [&](In value, Index i) {
    if (!std::in_range<std::int32_t>(value)) {
      fail("read",
           fmt::format("{}: element {} is {}, which does not fit int32, the only integer type of tensors beside uint8", what, i, value));
    }
    return std::int32_t(value);
  });
}

}  // namespace

std::size_t encoding_bytes(Encoding encoding) {
  constexpr std::size_t bytes[] = {2, 2, 4, 8, 1, 1, 1, 2, 2, 4, 4, 8, 8};
  return bytes[int(encoding)];
}

DType decoded_dtype(Encoding encoding) {
  switch (encoding) {
    case Encoding::float16:
    case Encoding::bfloat16:
    case Encoding::float32:
      return DType::float32;
    case Encoding::float64:
      return DType::float64;
    case Encoding::boolean:
    case Encoding::uint8:
      return DType::uint8;
    default:
      return DType::int32;
  }
}

Shape checked_shape(std::span<const Index> sizes, const std::string& what) {
  const auto text = [&] {
    std::string s = "(";
    for (std::size_t i = 0; i < std::min<std::size_t>(sizes.size(), 12); i++) s += fmt::format("{}{}", i ? ", " : "", sizes[i]);
    return s + (sizes.size() > 12 ? ", ...)" : ")");
  };
  if (sizes.size() > std::size_t(Shape::max_rank)) {
    fail("read", fmt::format("{}: expected at most {} axes, got shape {} with {}", what, Shape::max_rank, text(), sizes.size()));
  }
  constexpr Index most = Index{1} << 58;
  Index product = 1;
  for (const Index size : sizes) {
    if (size < 0) fail("read", fmt::format("{}: negative size in shape {}", what, text()));
    if (size > 1 && product > most / size) fail("read", fmt::format("{}: shape {} is too large for any memory", what, text()));
    product *= std::max<Index>(size, 1);
  }
  return Shape(sizes);
}

Tensor read_encoded(const InputFile& file, std::uint64_t offset, const Shape& shape, Encoding encoding, bool big_endian,
                    const std::string& what) {
  const std::uint64_t need = std::uint64_t(shape.numel()) * encoding_bytes(encoding);
  if (offset > file.size() || need > file.size() - offset) {
    fail("read", fmt::format("{}: shape {} needs {} bytes from byte {} on, but the file ends after {}; is it truncated?", what, shape.str(),
                             need, offset, file.size()));
  }
  Tensor t(shape, decoded_dtype(encoding));
  const auto each = [&]<class In>(In, auto convert) {
    for_any(t.dtype(), [&]<class Out>(Out) { read_converted<In>(file, offset, t.numel(), big_endian, t.mutable_data<Out>(), convert); });
  };
  switch (encoding) {
    case Encoding::float16:
      each(std::uint16_t{}, [](std::uint16_t v, Index) { return float_of_bits16(v); });
      break;
    case Encoding::bfloat16:  // the upper half of a float32
      each(std::uint16_t{}, [](std::uint16_t v, Index) { return std::bit_cast<float>(std::uint32_t(v) << 16); });
      break;
    case Encoding::boolean:
      each(std::uint8_t{}, [&](std::uint8_t v, Index i) {
        if (v > 1) fail("read", fmt::format("{}: element {} of a boolean array is {}, expected 0 or 1", what, i, v));
        return v;
      });
      break;
    case Encoding::int8:
      read_integers<std::int8_t>(file, offset, big_endian, t, what);
      break;
    case Encoding::int16:
      read_integers<std::int16_t>(file, offset, big_endian, t, what);
      break;
    case Encoding::uint16:
      read_integers<std::uint16_t>(file, offset, big_endian, t, what);
      break;
    case Encoding::uint32:
      read_integers<std::uint32_t>(file, offset, big_endian, t, what);
      break;
    case Encoding::int64:
      read_integers<std::int64_t>(file, offset, big_endian, t, what);
      break;
    case Encoding::uint64:
      read_integers<std::uint64_t>(file, offset, big_endian, t, what);
      break;
    default:  // the types that tensors have
      for_any(t.dtype(), [&]<class T>(T) {
        T* p = t.mutable_data<T>();
        file.read(offset, p, t.bytes());
        if (big_endian) std::transform(p, p + t.numel(), p, swapped<T>);
      });
  }
  return t;
}

Tensor read_encoded_columns(const InputFile& file, std::uint64_t offset, const Shape& shape, Encoding encoding, bool big_endian,
                            const std::string& what) {
  const int rank = shape.rank();
  const Tensor columns = read_encoded(file, offset, shape, encoding, big_endian, what);  // the right numbers in the wrong order
  if (rank < 2) return columns;
  Tensor rows(shape, columns.dtype());
  std::array<Index, Shape::max_rank> stride{}, index{};
  for (int axis = 0; axis < rank; axis++) stride[std::size_t(axis)] = axis == 0 ? 1 : stride[std::size_t(axis - 1)] * shape[axis - 1];
  for_any(rows.dtype(), [&]<class T>(T) {
    const T* from = columns.data<T>();
    T* to = rows.mutable_data<T>();
    Index at = 0;
    for (Index i = 0; i < rows.numel(); i++) {
      to[i] = from[at];
      for (int axis = rank - 1; axis >= 0; axis--) {  // the next index in row-major order
        const auto a = std::size_t(axis);
        at += stride[a];
        if (++index[a] < shape[axis]) break;
        at -= stride[a] * shape[axis];
        index[a] = 0;
      }
    }
  });
  return rows;
}

}  // namespace elbo
