#pragma once
// How fast: training steps of reference models, kernels, and what this machine could do at most, all measured in one run.

#include <string>
#include <vector>

#include "models/model.h"

namespace elbo {

// What the machine gives at most, by measurement.
struct MachineRates {
  double sgemm_gflops = 0;            // OpenBLAS on one thread in each of our threads, each its share of the rows of 2048 x 2048 x 2048
  double fma_gflops = 0;              // multiply-adds on registers alone, all threads
  double copy_gbytes_per_second = 0;  // read and written, arrays of 64 MB, all threads
};
MachineRates measure_machine(double seconds);  // for each of the three

struct Machine {
  int cores = 0, threads = 0;
  std::string isa, blas_version, blas_core, blas_threading;
  MachineRates rates;  // the median of each
};
Machine describe_machine(const std::vector<MachineRates>& rates);

struct StepTime {
  Index batch = 0, parameters = 0;
  double seconds = 0, flops = 0, peak_rss_mb = 0;
};
struct StepResult {
  std::string name;
  StepTime step;
  double gflops = 0, fraction_of_sgemm = 0, fraction_of_peak = 0, floor_us = 0;
};
const std::vector<std::string>& bench_models();
// Forward, loss, backward and Adam's update on random inputs for `seconds` (after a warm-up of a fifth of that): the median.
StepTime bench_step(const std::string& name, double seconds);
// Fills what follows from the time and from the machine.
void relate(StepResult& step, const MachineRates& machine);

struct KernelResult {
  std::string name, shape;
  double us = 0, gflops = 0, gbytes_per_second = 0;
};
// The products of the dense models, by our own kernel and by OpenBLAS; convolutions; inference; the elementwise kernels of a step.
std::vector<KernelResult> bench_kernels(double seconds);

std::string to_json(const Machine& machine, const std::vector<StepResult>& steps, const std::vector<KernelResult>& kernels);

}  // namespace elbo
