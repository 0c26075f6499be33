#include "data/checksum.h"

#include <algorithm>
#include <bit>
#include <cstring>
#include <vector>

#include "tensor/parallel.h"

namespace elbo {
namespace {

constexpr std::uint64_t p1 = 0x9E3779B185EBCA87, p2 = 0xC2B2AE3D27D4EB4F, p3 = 0x165667B19E3779F9, p4 = 0x85EBCA77C2B2AE63,
                        p5 = 0x27D4EB2F165667C5;

template <class T>
std::uint64_t little_endian(const unsigned char* p) {
  T v;
  std::memcpy(&v, p, sizeof v);
  if constexpr (std::endian::native == std::endian::big) {
    T swapped = 0;
    for (std::size_t i = 0; i < sizeof v; i++) swapped = T(swapped << 8 | (v >> (8 * i) & 0xff));
    v = swapped;
  }
  return v;
}

std::uint64_t round(std::uint64_t lane, std::uint64_t input) { return std::rotl(lane + input * p2, 31) * p1; }

}  // namespace

std::uint64_t xxh64(const void* data, std::size_t bytes, std::uint64_t seed) {
  const auto* p = static_cast<const unsigned char*>(data);
  const auto* end = p + bytes;
  std::uint64_t h = seed + p5;
  if (bytes >= 32) {  // four lanes of eight bytes each
    std::uint64_t lane[4] = {seed + p1 + p2, seed + p2, seed, seed - p1};
    for (; end - p >= 32; p += 32)
      for (int i = 0; i < 4; i++) lane[i] = round(lane[i], little_endian<std::uint64_t>(p + 8 * i));
    h = std::rotl(lane[0], 1) + std::rotl(lane[1], 7) + std::rotl(lane[2], 12) + std::rotl(lane[3], 18);
    for (const std::uint64_t l : lane) h = (h ^ round(0, l)) * p1 + p4;
  }
  h += bytes;
  for (; end - p >= 8; p += 8) h = std::rotl(h ^ round(0, little_endian<std::uint64_t>(p)), 27) * p1 + p4;
  if (end - p >= 4) h = std::rotl(h ^ (little_endian<std::uint32_t>(p) * p1), 23) * p2 + p3, p += 4;
  for (; p < end; p++) h = std::rotl(h ^ (*p * p5), 11) * p1;
  h = (h ^ h >> 33) * p2;
  h = (h ^ h >> 29) * p3;
  return h ^ h >> 32;
}

std::uint64_t xxh64_of_pieces(const void* data, std::size_t bytes, std::uint64_t seed) {
  constexpr std::size_t piece = std::size_t{1} << 20;
  if (bytes <= piece) return xxh64(data, bytes, seed);
  std::vector<std::uint64_t> sums((bytes + piece - 1) / piece);
  parallel(Index(sums.size()), [&](Index i) {
    const std::size_t begin = std::size_t(i) * piece;
    const std::uint64_t sum = xxh64(static_cast<const std::byte*>(data) + begin, std::min(piece, bytes - begin), seed);
    sums[std::size_t(i)] = little_endian<std::uint64_t>(reinterpret_cast<const unsigned char*>(&sum));
  });
  return xxh64(sums.data(), sums.size() * sizeof sums[0], seed);
}

}  // namespace elbo
