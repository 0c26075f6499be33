#include <doctest/doctest.h>

#include "tensor/isa.h"
#include "tensor/random.h"

using namespace elbo;

TEST_CASE("words in bulk are those of the blocks, for any count, place and instruction set") {
  const Isa before = isa();
  const RandomKey key{0x123456789abcde, Purpose::test, 0xfedcba9876543210};
  for (int set = 0; set < isa_count; set++) {
    if (!isa_available(Isa(set))) continue;
    set_isa(Isa(set));
    CAPTURE(isa_name(isa()));
    for (const Index blocks : {0, 1, 3, 7, 12, 24, 25, 61, 196})
      for (const std::uint32_t first : {0u, 5u, 0xfffffff0u}) {  // the last runs over the end of the block counter
        std::vector<std::uint32_t> words(std::size_t(4 * blocks + 1), 77);
        fill_words(words.data(), first, blocks, key, 9);
        bool same = words.back() == 77;
        for (Index b = 0; b < blocks; b++) {
          const PhiloxBlock block = key.block(9, first + std::uint32_t(b));
          for (std::size_t i = 0; i < 4; i++) same &= words[std::size_t(4 * b) + i] == block[i];
        }
        CAPTURE(blocks);
        CAPTURE(first);
        CHECK(same);
      }
  }
  set_isa(before);
}

TEST_CASE("a permutation is Fisher and Yates's with block i choosing among the first i + 1") {
  const RandomKey key{7, Purpose::test, 3};
  for (const Index n : {0, 1, 2, 255, 256, 257, 1000}) {
    std::vector<std::int32_t> expected(static_cast<std::size_t>(n));
    for (Index i = 0; i < n; i++) expected[std::size_t(i)] = std::int32_t(i);
    for (Index i = n - 1; i > 0; i--) {
      const PhiloxBlock b = key.block(0, std::uint32_t(i));
      const long double u = (static_cast<long double>(b[0]) + static_cast<long double>(b[1]) * 0x1p-32L) * 0x1p-32L;
      std::swap(expected[std::size_t(i)], expected[std::size_t(u * static_cast<long double>(i + 1))]);
    }
    CHECK(permutation(n, key) == expected);
  }
}
