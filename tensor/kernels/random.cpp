// Philox in blocks and the Box-Muller transform. Compiled once for each instruction set.

#include "tensor/kernels/random.h"

#include "tensor/kernels/map.h"
#include "tensor/kernels/philox.h"

namespace elbo::ELBO_ISA_NAMESPACE {
namespace {

// The words of a block in lanes of 64 bits, so that one multiplication gives the whole product of two words; what stands in the upper
// halves is ignored.
using Words = xsimd::batch<std::uint64_t, ELBO_ARCH>;
constexpr std::int64_t lanes = Words::size;

// The product of the lower halves.
inline Words product(Words a, Words b) {
#if defined(__AVX512F__)
  return _mm512_mul_epu32(a, b);
#elif defined(__AVX2__)
  return _mm256_mul_epu32(a, b);
#elif defined(__SSE2__)
  return _mm_mul_epu32(a, b);
#elif defined(__aarch64__)
  return vmull_u32(vmovn_u64(a), vmovn_u64(b));
#endif
}

// `side` batches of blocks at once, as one round's multiplications wait for those of the round before; as many as there are from block
// b on. Returns the first block that is left.
template <int side>
inline std::int64_t words(std::uint32_t* out, std::uint32_t first, std::int64_t b, std::int64_t blocks, const std::uint32_t counter[3],
                          const std::uint32_t key[2]) {
  const Words low(0xffffffff), m0(0xD2511F53), m1(0xCD9E8D57);
  alignas(64) std::uint64_t count[lanes], pairs[2][lanes];
  for (std::int64_t i = 0; i < lanes; i++) count[i] = std::uint64_t(i);
  const Words numbers = Words::load_aligned(count) + Words(first);
  for (; b + side * lanes <= blocks; b += side * lanes) {
    Words c0[side], c1[side], c2[side], c3[side];
    for (int s = 0; s < side; s++) {
      c0[s] = numbers + Words(std::uint64_t(b + s * lanes));
      c1[s] = Words(counter[0]);
      c2[s] = Words(counter[1]);
      c3[s] = Words(counter[2]);
    }
    std::uint32_t k0 = key[0], k1 = key[1];
    for (int round = 0; round < 10; round++) {
      const Words w0(k0), w1(k1);
      for (int s = 0; s < side; s++) {
        const Words p0 = product(m0, c0[s]), p1 = product(m1, c2[s]);
        c0[s] = (p1 >> 32) ^ c1[s] ^ w0;
        c2[s] = (p0 >> 32) ^ c3[s] ^ w1;
        c1[s] = p1;
        c3[s] = p0;
      }
      k0 += 0x9E3779B9;
      k1 += 0xBB67AE85;
    }
    for (int s = 0; s < side; s++) {
      ((c0[s] & low) | (c1[s] << 32)).store_aligned(pairs[0]);
      ((c2[s] & low) | (c3[s] << 32)).store_aligned(pairs[1]);
      for (std::int64_t i = 0; i < lanes; i++) {
        std::uint32_t* to = out + 4 * (b + s * lanes + i);
        std::memcpy(to, &pairs[0][i], 8);  // word 0 in the lower half: little-endian
        std::memcpy(to + 2, &pairs[1][i], 8);
      }
    }
  }
  return b;
}

void words(std::uint32_t* out, std::uint32_t first, std::int64_t blocks, const std::uint32_t counter[3], const std::uint32_t key[2]) {
  std::int64_t b = words<3>(out, first, 0, blocks, counter, key);
  b = words<1>(out, first, b, blocks, counter, key);
  for (; b < blocks; b++) {
    std::uint32_t c0 = first + std::uint32_t(b), c1 = counter[0], c2 = counter[1], c3 = counter[2];
    philox_rounds(c0, c1, c2, c3, key[0], key[1]);
    out[4 * b] = c0;
    out[4 * b + 1] = c1;
    out[4 * b + 2] = c2;
    out[4 * b + 3] = c3;
  }
}

template <class T>
void uniform(const std::uint32_t* w, T* out, std::int64_t n) {
  for (std::int64_t i = 0; i < n; i++) out[i] = T(std::int32_t(w[i] >> 8)) * T(0x1p-24);
}

// Word 2i gives the radius sqrt(-2 ln u), u in (0, 1]; word 2i+1 the angle. The largest radius is 6.66 (u = 2^-32).
template <class T>
void normal(const std::uint32_t* w, T* out, std::int64_t n) {
  using B = Batch<T>;
  constexpr std::int64_t width = B::size;
  for (std::int64_t i = 0; i < n; i += 2 * width) {
    alignas(64) T u[width], angle[width];
    const std::int64_t pairs = std::min<std::int64_t>(width, (n - i) / 2);
    for (std::int64_t k = 0; k < width; k++) {
      const std::int64_t p = i + 2 * (k < pairs ? k : 0);
      u[k] = T((double(w[p]) + 1) * 0x1p-32);
      angle[k] = T(double(w[p + 1]) * (6.283185307179586477 * 0x1p-32));
    }
    const B r = square_root(B(-2) * xsimd::log(B::load_aligned(u)));
    const auto sc = xsimd::sincos(B::load_aligned(angle));
    alignas(64) T a[width], b[width];
    (r * sc.second).store_aligned(a);
    (r * sc.first).store_aligned(b);
    for (std::int64_t k = 0; k < pairs; k++) {
      out[i + 2 * k] = a[k];
      out[i + 2 * k + 1] = b[k];
    }
  }
}

}  // namespace

extern const RandomKernels random_kernels;
constinit const RandomKernels random_kernels = {words, uniform<float>, uniform<double>, normal<float>, normal<double>};

}  // namespace elbo::ELBO_ISA_NAMESPACE
