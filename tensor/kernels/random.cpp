// Philox in blocks and the Box-Muller transform. Compiled once for each instruction set.

#include "tensor/kernels/random.h"

#include "tensor/kernels/map.h"
#include "tensor/kernels/philox.h"

namespace elbo::ELBO_ISA_NAMESPACE {
namespace {

// Sixteen blocks side by side, in arrays of the same word, which the compiler turns into vector instructions.
void words(std::uint32_t* out, std::uint32_t first, std::int64_t blocks, const std::uint32_t counter[3], const std::uint32_t key[2]) {
  constexpr int side = 16;
  std::int64_t b = 0;
  for (; b + side <= blocks; b += side) {
    std::uint32_t c0[side], c1[side], c2[side], c3[side];
    for (int i = 0; i < side; i++) {
      c0[i] = first + std::uint32_t(b) + std::uint32_t(i);
      c1[i] = counter[0];
      c2[i] = counter[1];
      c3[i] = counter[2];
    }
    std::uint32_t k0 = key[0], k1 = key[1];
    for (int round = 0; round < 10; round++) {
      for (int i = 0; i < side; i++) {
        const std::uint64_t p0 = std::uint64_t{0xD2511F53} * c0[i], p1 = std::uint64_t{0xCD9E8D57} * c2[i];
        c0[i] = std::uint32_t(p1 >> 32) ^ c1[i] ^ k0;
        c2[i] = std::uint32_t(p0 >> 32) ^ c3[i] ^ k1;
        c1[i] = std::uint32_t(p1);
        c3[i] = std::uint32_t(p0);
      }
      k0 += 0x9E3779B9;
      k1 += 0xBB67AE85;
    }
    for (int i = 0; i < side; i++) {
      out[4 * (b + i)] = c0[i];
      out[4 * (b + i) + 1] = c1[i];
      out[4 * (b + i) + 2] = c2[i];
      out[4 * (b + i) + 3] = c3[i];
    }
  }
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
    const B r = xsimd::sqrt(B(-2) * xsimd::log(B::load_aligned(u)));
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
