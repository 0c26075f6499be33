// The plain-loop twin of kernels/machine.cpp.

#include "tensor/kernels/machine.h"

namespace elbo::isa_reference {
namespace {

double multiply_adds(std::int64_t rounds, float* sink) {
  float sum = 1;
  for (std::int64_t r = 0; r < rounds; r++) sum = sum * 0.999f + 0.001f;
  *sink = sum;
  return 2.0 * double(rounds);
}

}  // namespace

constinit const MachineKernels machine_kernels = {multiply_adds};

}  // namespace elbo::isa_reference
