#pragma once
// What the machine can do at most, for benchmarks: multiply-adds on registers alone.

#include <cstdint>

#include "tensor/isa.h"

namespace elbo {

struct MachineKernels {
  // Runs `rounds` rounds of independent multiply-adds and returns their number of floating-point operations (2 each); `sink` keeps
  // the compiler from dropping them.
  double (*multiply_adds)(std::int64_t rounds, float* sink);
};
ELBO_KERNEL_TABLE(MachineKernels, machine_kernels);

}  // namespace elbo
