#include "tensor/random.h"

#include <fmt/core.h>

#include "tensor/error.h"
#include "tensor/kernels/philox.h"
#include "tensor/kernels/random.h"
#include "tensor/parallel.h"

namespace elbo {
namespace {

std::array<std::uint32_t, 2> philox_key(const RandomKey& key) {
  return {std::uint32_t(key.seed), std::uint32_t(key.seed >> 32) ^ (std::uint32_t(key.purpose) << 24)};
}

// Cuts the work by example (many short rows) or by blocks within an example (few long rows); the numbers do not depend on the cut.
template <class T, class Transform>
void fill_rows(Tensor& out, const RandomKey& key, auto example_of, Transform transform) {
  if (out.numel() == 0) return;
  const Index rows = out.rank() == 0 ? 1 : out.shape()[0], draws = out.numel() / rows;
  if (draws > (Index{1} << 32)) fail("random", fmt::format("at most 2^32 draws an example, got {}", draws));
  T* y = out.mutable_data<T>();
  const auto k = philox_key(key);
  constexpr Index piece = 1024;  // words at a time: they stay in the first cache
  const auto fill_piece = [&](Index row, Index from, Index to) {
    alignas(64) std::uint32_t words[piece];
    alignas(64) T pad[4];
    const std::uint32_t counter[3] = {example_of(row), std::uint32_t(key.step), std::uint32_t(key.step >> 32)};
    for (Index i = from; i < to; i += piece) {
      const Index n = std::min(piece, to - i), blocks = (n + 3) / 4, even = n / 2 * 2;
      random_kernels->words(words, std::uint32_t(i / 4), blocks, counter, k.data());
      transform(words, y + row * draws + i, even);
      if (even < n) transform(words + even, pad, 2), y[row * draws + i + even] = pad[0];
    }
  };
  if (draws >= 4 * piece) {
    const Index pieces = (draws + piece - 1) / piece;
    parallel(rows * pieces, [&](Index c) { fill_piece(c / pieces, c % pieces * piece, std::min(draws, (c % pieces + 1) * piece)); });
  } else {
    const Index chunks = std::clamp<Index>(out.numel() / 4096, 1, rows);
    parallel(chunks, [&](Index c) {
      for (Index row = rows * c / chunks; row < rows * (c + 1) / chunks; row++) fill_piece(row, 0, draws);
    });
  }
}

void fill_uniform(Tensor& out, const RandomKey& key, auto example_of) {
  for_float("fill_uniform", out.dtype(), [&]<class T>(T) {
    fill_rows<T>(out, key, example_of, [](const std::uint32_t* w, T* y, Index n) {
      if constexpr (std::is_same_v<T, float>)
        random_kernels->uniform_f32(w, y, n);
      else
        random_kernels->uniform_f64(w, y, n);
    });
  });
}

void fill_normal(Tensor& out, const RandomKey& key, auto example_of) {
  for_float("fill_normal", out.dtype(), [&]<class T>(T) {
    fill_rows<T>(out, key, example_of, [](const std::uint32_t* w, T* y, Index n) {
      if constexpr (std::is_same_v<T, float>)
        random_kernels->normal_f32(w, y, n);
      else
        random_kernels->normal_f64(w, y, n);
    });
  });
}

auto counting_from(std::uint32_t first) {
  return [first](Index row) { return first + std::uint32_t(row); };
}

auto named_by(const Tensor& out, std::span<const std::int32_t> examples) {
  if (out.rank() == 0 || Index(examples.size()) != out.shape()[0])
    fail("random", fmt::format("expected one example number for each row of {}, got {}", out.shape().str(), examples.size()));
  return [examples](Index row) { return std::uint32_t(examples[std::size_t(row)]); };
}

}  // namespace

PhiloxBlock philox(PhiloxBlock c, std::array<std::uint32_t, 2> key) {
  philox_rounds(c[0], c[1], c[2], c[3], key[0], key[1]);
  return c;
}

PhiloxBlock RandomKey::block(std::uint32_t example, std::uint32_t number) const {
  return philox({number, example, std::uint32_t(step), std::uint32_t(step >> 32)}, philox_key(*this));
}

void fill_words(std::uint32_t* out, std::uint32_t first_block, Index blocks, const RandomKey& key, std::uint32_t example) {
  const std::uint32_t counter[3] = {example, std::uint32_t(key.step), std::uint32_t(key.step >> 32)};
  random_kernels->words(out, first_block, blocks, counter, philox_key(key).data());
}

void fill_uniform(Tensor& out, const RandomKey& key, std::uint32_t first) { fill_uniform(out, key, counting_from(first)); }
void fill_normal(Tensor& out, const RandomKey& key, std::uint32_t first) { fill_normal(out, key, counting_from(first)); }
void fill_uniform(Tensor& out, const RandomKey& key, std::span<const std::int32_t> examples) {
  fill_uniform(out, key, named_by(out, examples));
}
void fill_normal(Tensor& out, const RandomKey& key, std::span<const std::int32_t> examples) {
  fill_normal(out, key, named_by(out, examples));
}

void fill_bernoulli(Tensor& out, const Tensor& p, const RandomKey& key, std::uint32_t first) {
  require_same_dtype("fill_bernoulli", out, p);
  require_shape("fill_bernoulli", "the probabilities", p, out.shape());
  fill_uniform(out, key, first);
  for_float("fill_bernoulli", out.dtype(), [&]<class T>(T) {
    T* y = out.mutable_data<T>();
    const T* q = p.data<T>();
    parallel_ranges(out.numel(), 1 << 16, [&](Index b, Index e) {
      for (Index i = b; i < e; i++) y[i] = y[i] < q[i] ? T(1) : T(0);
    });
  });
}

std::vector<std::int32_t> permutation(Index n, const RandomKey& key) {
  if (n < 0 || n >= (Index{1} << 31)) fail("permutation", fmt::format("expected 0 to 2^31 - 1 elements, got {}", n));
  std::vector<std::int32_t> order(static_cast<std::size_t>(n));
  permutation(order, key);
  return order;
}

void permutation(std::span<std::int32_t> order, const RandomKey& key) {
  const Index n = Index(order.size());
  for (Index i = 0; i < n; i++) order[std::size_t(i)] = std::int32_t(i);
  constexpr Index piece = 256;  // blocks at a time
  std::uint32_t words[4 * piece];
  for (Index first = (n - 1) / piece * piece; first >= 0; first -= piece) {
    fill_words(words, std::uint32_t(first), std::min(piece, n - first), key, 0);
    for (Index i = std::min(n, first + piece) - 1; i >= std::max<Index>(first, 1); i--) {  // block i chooses among the first i + 1
      const std::uint32_t* b = words + 4 * (i - first);
      const std::uint64_t word = std::uint64_t(b[0]) << 32 | b[1];  // 64 bits scaled to i + 1 values: bias below 2^-33
      const auto j = std::size_t((static_cast<unsigned __int128>(word) * std::uint64_t(i + 1)) >> 64);
      std::swap(order[std::size_t(i)], order[j]);
    }
  }
}

}  // namespace elbo
