#include "lab/bench.h"

#include <fmt/core.h>
#include <sched.h>
#include <sys/resource.h>

#include <cstring>

#include "lab/bench_common.h"
#include "models/learner.h"
#include "tensor/blas.h"
#include "tensor/isa.h"
#include "tensor/json.h"
#include "tensor/kernels/machine.h"
#include "tensor/parallel.h"
#include "tensor/random.h"

namespace elbo {
namespace bench {

const std::vector<Reference>& references() {
  static const std::vector<Reference> all = [] {
    const auto dense = [](std::vector<Index> hidden, Index latent, bool variational) {
      Config c;
      c.model.hidden = std::move(hidden);
      c.model.latent = latent;
      c.model.variational = variational;
      return c;
    };
    Config same = preset("conv-same-vae").config;
    same.objective.likelihood = "bernoulli";
    same.optimizer = {};
    // The peers' own: no dropout, no clipping, no schedule.
    Config text = preset("text-vae").config;
    text.model.dropout = 0;
    text.objective = {.likelihood = "categorical"};
    text.optimizer = {};
    Config large = text;
    large.model.embed = 512;
    large.model.units = 1024;
    // The protocol of small batches, its ELBO with the KL drawn with the code, as its reference trains it.
    Config iwae = preset("iwae-vae").config;
    iwae.objective.bound = "iwae";
    iwae.model.output_bias = "init";
    iwae.optimizer.schedule = {};
    return std::vector<Reference>{{"mlp-ae", dense({256}, 32, false)},
                                  {"mlp-vae-2d", dense({512}, 2, true)},
                                  {"mlp-vae", dense({400, 200}, 20, true)},
                                  {"conv-vae", preset("conv-vae").config},
                                  {"conv-same-vae", same},
                                  {"text-vae", text, {15, 6000}},
                                  {"text-vae-large", large, {23, 10000}},
                                  {"conv-lstm-vae", preset("conv-lstm-vae").config},
                                  {"iwae-vae", iwae}};
  }();
  return all;
}

}  // namespace bench

using namespace bench;

MachineRates measure_machine(double seconds) {
  MachineRates m;
  const Index n = 2048, parts = threads();
  {
    const Tensor a = random({n, n}, 1), b = random({n, n}, 2);
    Tensor c({n, n});
    float* pc = c.mutable_data<float>();
    const double t = median_seconds(seconds, [&] {
      parallel(parts, [&](Index i) {
        const Index from = n * i / parts, rows = n * (i + 1) / parts - from;
        blas_gemm(false, false, rows, n, n, a.data<float>() + from * n, n, b.data<float>(), n, 0.0f, pc + from * n, n);
      });
    });
    m.sgemm_gflops = 2.0 * double(n) * double(n) * double(n) / t * 1e-9;
  }
  {
    std::vector<float> sinks(std::size_t(parts) * 16);
    double flops = 0;
    const double t = median_seconds(seconds, [&] {
      parallel(parts, [&](Index i) {
        const double f = machine_kernels->multiply_adds(200000, &sinks[std::size_t(i) * 16]);
        if (i == 0) flops = f;
      });
    });
    m.fma_gflops = flops * double(parts) / t * 1e-9;
  }
  {
    const Index bytes = Index{64} << 20;
    Tensor a = Tensor::zeros({bytes}, DType::uint8), b = Tensor::zeros({bytes}, DType::uint8);
    std::uint8_t* to = b.mutable_data<std::uint8_t>();
    const std::uint8_t* from = a.data<std::uint8_t>();
    const double t = median_seconds(seconds, [&] {
      parallel_ranges(bytes, bytes / parts, [&](Index s, Index e) { std::memcpy(to + s, from + s, std::size_t(e - s)); });
    });
    m.copy_gbytes_per_second = 2 * double(bytes) / t * 1e-9;
  }
  return m;
}

Machine describe_machine(const std::vector<MachineRates>& rates) {
  Machine m;
  cpu_set_t set;
  m.cores = sched_getaffinity(0, sizeof set, &set) == 0 ? CPU_COUNT(&set) : 1;
  m.threads = threads();
  m.isa = isa_name(isa());
  m.blas_version = blas_version();
  m.blas_core = blas_core();
  m.blas_threading = blas_threading();
  for (double MachineRates::*rate : {&MachineRates::sgemm_gflops, &MachineRates::fma_gflops, &MachineRates::copy_gbytes_per_second}) {
    std::vector<double> all;
    for (const MachineRates& r : rates) all.push_back(r.*rate);
    std::sort(all.begin(), all.end());
    m.rates.*rate = (all[(all.size() - 1) / 2] + all[all.size() / 2]) / 2;
  }
  return m;
}

const std::vector<std::string>& bench_models() {
  static const std::vector<std::string> names = [] {
    std::vector<std::string> all;
    for (const Reference& r : references()) all.push_back(r.name);
    return all;
  }();
  return names;
}

StepTime bench_step(const std::string& name, double seconds) {
  const auto it = std::find_if(references().begin(), references().end(), [&](const Reference& r) { return r.name == name; });
  const Config& config = it->config;
  const Shape example = example_of(*it);
  Learner learner(config, example, 1, 1);
  const Batch batch{random_input(config, example, config.train.batch), Condition(config.model.classes).in_turn(config.train.batch), {}};
  Index step = 0;
  const double t = median_seconds(seconds, [&] { learner.step(batch, step++); });
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  return {config.train.batch, learner.store().numel(), t, learner.model().step_flops(config.train.batch), double(usage.ru_maxrss) / 1024};
}

void relate(StepResult& s, const MachineRates& m) {
  s.gflops = s.step.flops / s.step.seconds * 1e-9;
  s.fraction_of_sgemm = s.gflops / m.sgemm_gflops;
  s.fraction_of_peak = s.gflops / m.fma_gflops;
  // Adam moves 28 bytes a parameter.
  s.floor_us = s.step.flops / m.fma_gflops * 1e-3 + 28.0 * double(s.step.parameters) / m.copy_gbytes_per_second * 1e-3;
}

std::string to_json(const Machine& m, const std::vector<StepResult>& steps, const std::vector<KernelResult>& kernels) {
  Json all;
  all["machine"] = Json::object({{"cores", m.cores},
                                 {"threads", m.threads},
                                 {"isa", m.isa},
                                 {"blas_version", m.blas_version},
                                 {"blas_core", m.blas_core},
                                 {"blas_threading", m.blas_threading},
                                 {"sgemm_gflops", m.rates.sgemm_gflops},
                                 {"fma_gflops", m.rates.fma_gflops},
                                 {"copy_gbytes_per_second", m.rates.copy_gbytes_per_second}});
  all["steps"] = Json::array();
  for (const StepResult& s : steps)
    all["steps"].push_back(Json::object({{"name", s.name},
                                         {"batch", s.step.batch},
                                         {"parameters", s.step.parameters},
                                         {"step_us", s.step.seconds * 1e6},
                                         {"examples_per_second", double(s.step.batch) / s.step.seconds},
                                         {"flops", s.step.flops},
                                         {"gflops", s.gflops},
                                         {"fraction_of_sgemm", s.fraction_of_sgemm},
                                         {"fraction_of_peak", s.fraction_of_peak},
                                         {"floor_us", s.floor_us},
                                         {"peak_rss_mb", s.step.peak_rss_mb}}));
  all["kernels"] = Json::array();
  for (const KernelResult& k : kernels)
    all["kernels"].push_back(Json::object(
        {{"name", k.name}, {"shape", k.shape}, {"us", k.us}, {"gflops", k.gflops}, {"gbytes_per_second", k.gbytes_per_second}}));
  return all.dump(2) + "\n";
}

}  // namespace elbo
