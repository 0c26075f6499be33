// Multiply-adds on registers alone: the rate that no kernel can exceed. Compiled once for each instruction set.

#include "tensor/kernels/machine.h"

#include "tensor/kernels/map.h"

namespace elbo::ELBO_ISA_NAMESPACE {
namespace {

// Twelve chains: two units times a latency of four to five cycles wants eight to ten, and sixteen registers hold them.
double multiply_adds(std::int64_t rounds, float* sink) {
  using B = Batch<float>;
  constexpr int chains = 12;
  B sum[chains];
  for (int c = 0; c < chains; c++) sum[c] = B(float(c));
  const B factor(0.999f), term(0.001f);
  for (std::int64_t r = 0; r < rounds; r++)
    for (int c = 0; c < chains; c++) sum[c] = multiply_add(sum[c], factor, term);
  B all(0);
  for (int c = 0; c < chains; c++) all += sum[c];
  alignas(64) float parts[B::size];
  all.store_aligned(parts);
  *sink = parts[0];
  return 2.0 * double(rounds) * chains * double(B::size);
}

}  // namespace

extern const MachineKernels machine_kernels;
constinit const MachineKernels machine_kernels = {multiply_adds};

}  // namespace elbo::ELBO_ISA_NAMESPACE
