// elbo-bench: times training steps and kernels beside what this machine can do at most.

#include <fmt/core.h>
#include <sys/wait.h>
#include <unistd.h>

#include "lab/bench.h"
#include "tensor/error.h"
#include "tensor/nearest.h"
#include "tools/common.h"
#include "tools/terminal.h"

namespace elbo {
namespace {

// Measures one model in a process of its own, so that its memory is its own; this process has started no thread yet.
StepResult in_own_process(const std::string& name, double seconds) {
  int ends[2];
  if (pipe(ends) != 0) fail("bench", "cannot make a pipe");
  const pid_t child = fork();
  if (child < 0) fail("bench", "cannot start a process");
  StepResult result{.name = name};
  // What travels through the pipe: the numbers, in the order of the struct.
  double numbers[10] = {};
  if (child == 0) {
    int status = 1;
    try {
      const StepResult r = bench_step(name, seconds);
      const double mine[10] = {double(r.batch), double(r.parameters), r.step_us, r.examples_per_second, r.flops, r.gflops, 0, 0, 0,
                               r.peak_rss_mb};
      status = write(ends[1], mine, sizeof mine) == ssize_t(sizeof mine) ? 0 : 1;
    } catch (const std::exception& e) {
      fmt::print(stderr, "error: {}\n", e.what());
    }
    _exit(status);
  }
  close(ends[1]);
  const bool complete = read(ends[0], numbers, sizeof numbers) == ssize_t(sizeof numbers);
  close(ends[0]);
  int status = 0;
  waitpid(child, &status, 0);
  if (!complete || status != 0) fail("bench", fmt::format("{}: the measuring process failed", name));
  result.batch = Index(numbers[0]);
  result.parameters = Index(numbers[1]);
  result.step_us = numbers[2];
  result.examples_per_second = numbers[3];
  result.flops = numbers[4];
  result.gflops = numbers[5];
  result.peak_rss_mb = numbers[9];
  return result;
}

int run(const Tool& tool, const std::vector<std::string>& models, bool kernels, double seconds) {
  const std::vector<std::string>& known = bench_models();
  for (const std::string& m : models)
    if (std::find(known.begin(), known.end(), m) == known.end()) throw UsageError(unknown_message("benchmark", m, known));
  std::vector<StepResult> steps;
  std::vector<std::string> wanted = models;
  if (models.empty() && !kernels) wanted = known;
  for (const std::string& m : wanted) steps.push_back(in_own_process(m, seconds));
  warn_of_blas_core(tool.shared().quiet);
  const MachineRates machine = measure_machine(std::min(seconds, 1.0));
  for (StepResult& s : steps) relate(s, machine);
  std::vector<KernelResult> measured;
  if (kernels) measured = bench_kernels(std::min(seconds, 0.2));
  if (tool.shared().json) return print(to_json(machine, steps, measured)), 0;
  print(fmt::format("{} threads of {} cores, {}; {}, core {}, {}\nsgemm {:.0f} GFLOP/s, multiply-adds {:.0f} GFLOP/s, copy {:.1f} GB/s\n",
                    machine.threads, machine.cores, machine.isa, machine.blas_version, machine.blas_core, machine.blas_threading,
                    machine.sgemm_gflops, machine.fma_gflops, machine.copy_gbytes_per_second));
  if (!steps.empty()) {
    std::vector<std::vector<std::string>> rows = {
        {"step", "batch", "parameters", "us", "examples/s", "GFLOP/s", "of sgemm", "of peak", "floor us", "MB"}};
    for (const StepResult& s : steps)
      rows.push_back({s.name, std::to_string(s.batch), std::to_string(s.parameters), fmt::format("{:.0f}", s.step_us),
                      fmt::format("{:.0f}", s.examples_per_second), fmt::format("{:.0f}", s.gflops),
                      fmt::format("{:.0f}%", 100 * s.fraction_of_sgemm), fmt::format("{:.0f}%", 100 * s.fraction_of_peak),
                      fmt::format("{:.0f}", s.floor_us), fmt::format("{:.0f}", s.peak_rss_mb)});
    print("\n" + table(rows));
  }
  if (!measured.empty()) {
    std::vector<std::vector<std::string>> rows = {{"kernel", "shape", "us", "GFLOP/s", "GB/s"}};
    for (const KernelResult& k : measured)
      rows.push_back({k.name, k.shape, fmt::format("{:.1f}", k.us), k.gflops > 0 ? fmt::format("{:.0f}", k.gflops) : "",
                      fmt::format("{:.1f}", k.gbytes_per_second)});
    print("\n" + table(rows));
  }
  return 0;
}

}  // namespace
}  // namespace elbo

int main(int argc, char** argv) {
  using namespace elbo;
  std::vector<std::string> models;
  bool kernels = false;
  double seconds = 3;
  Tool tool("elbo-bench", "Times training steps (forward, loss, backward, update) and kernels, beside what this machine can do at most.",
            {"elbo-bench", "elbo-bench --model mlp-vae --seconds 5 --json", "elbo-bench --kernels"});
  tool.repeatable("--model", "NAME", "only this model (mlp-ae, mlp-vae-2d, mlp-vae); may be repeated", models)
      .flag("--kernels", "time kernels: every product of the presets by our own kernel and by OpenBLAS", kernels)
      .option("--seconds", "S", "time for each model", seconds, 0.01, 3600)
      .share({"--json", "--quiet"});
  return tool.run(argc, argv, [&] { return run(tool, models, kernels, seconds); });
}
