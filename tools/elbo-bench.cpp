// elbo-bench: times training steps and kernels beside what this machine can do at most.

#include <fmt/core.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstring>
#include <type_traits>

#include "lab/bench.h"
#include "tensor/error.h"
#include "tensor/nearest.h"
#include "tools/common.h"
#include "tools/terminal.h"

namespace elbo {
namespace {

// What measure() gives, taken in a process of its own, so that its memory is its own; this process has started no thread yet.
template <class F>
auto in_own_process(const std::string& what, F&& measure) {
  using Numbers = decltype(measure());
  static_assert(std::is_trivially_copyable_v<Numbers>);
  int ends[2];
  if (pipe(ends) != 0) fail("bench", "cannot make a pipe");
  const pid_t child = fork();
  if (child < 0) fail("bench", "cannot start a process");
  if (child == 0) {  // writes the numbers, or what went wrong
    int status = 1;
    std::string said(sizeof(Numbers), '\0');
    try {
      const Numbers numbers = measure();
      std::memcpy(said.data(), &numbers, sizeof numbers);
      status = 0;
    } catch (const std::exception& e) {
      said = e.what();
    }
    for (std::size_t at = 0; at < said.size();) {
      const ssize_t n = write(ends[1], said.data() + at, said.size() - at);
      if (n <= 0) _exit(1);
      at += std::size_t(n);
    }
    _exit(status);
  }
  close(ends[1]);
  std::string said;
  char part[1024];
  for (ssize_t n; (n = read(ends[0], part, sizeof part)) > 0;) said.append(part, std::size_t(n));
  close(ends[0]);
  int status = 0;
  waitpid(child, &status, 0);
  Numbers numbers{};
  if (status == 0 && said.size() == sizeof numbers)
    std::memcpy(&numbers, said.data(), sizeof numbers);
  else
    throw Error(said.empty() || !WIFEXITED(status) ? fmt::format("[bench] {}: the measuring process ended early", what) : said);
  return numbers;
}

int run(const Tool& tool, const std::vector<std::string>& models, bool kernels, double seconds) {
  const std::vector<std::string>& known = bench_models();
  for (const std::string& m : models)
    if (std::find(known.begin(), known.end(), m) == known.end()) throw UsageError(unknown_message("benchmark", m, known));
  std::vector<StepResult> steps;
  std::vector<std::string> wanted = models;
  if (models.empty() && !kernels) wanted = known;
  // What the machine gives changes by the second where others share it: its rates are taken before, between and after the models.
  std::vector<MachineRates> rates;
  const auto measure_rates = [&] {
    rates.push_back(in_own_process("machine", [&] { return measure_machine(std::min(seconds, 1.0) / 2); }));
  };
  measure_rates();
  for (const std::string& name : wanted) {
    steps.push_back({name, in_own_process(name, [&] { return bench_step(name, seconds); })});
    measure_rates();
  }
  warn_of_blas_core(tool.shared().quiet);
  const Machine machine = describe_machine(rates);
  for (StepResult& s : steps) relate(s, machine.rates);
  std::vector<KernelResult> measured;
  if (kernels) measured = bench_kernels(std::min(seconds, 0.2));
  if (tool.shared().json) return print(to_json(machine, steps, measured)), 0;
  print(fmt::format("{} threads of {} cores, {}; {}, core {}, {}\nsgemm {:.0f} GFLOP/s, multiply-adds {:.0f} GFLOP/s, copy {:.1f} GB/s\n",
                    machine.threads, machine.cores, machine.isa, machine.blas_version, machine.blas_core, machine.blas_threading,
                    machine.rates.sgemm_gflops, machine.rates.fma_gflops, machine.rates.copy_gbytes_per_second));
  if (!steps.empty()) {
    std::vector<std::vector<std::string>> rows = {
        {"step", "batch", "parameters", "us", "examples/s", "GFLOP/s", "of sgemm", "of peak", "floor us", "MB"}};
    for (const StepResult& s : steps)
      rows.push_back({s.name, std::to_string(s.step.batch), std::to_string(s.step.parameters), fmt::format("{:.0f}", s.step.seconds * 1e6),
                      fmt::format("{:.0f}", double(s.step.batch) / s.step.seconds), fmt::format("{:.0f}", s.gflops),
                      fmt::format("{:.0f}%", 100 * s.fraction_of_sgemm), fmt::format("{:.0f}%", 100 * s.fraction_of_peak),
                      fmt::format("{:.0f}", s.floor_us), fmt::format("{:.0f}", s.step.peak_rss_mb)});
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
  std::string names;
  for (const std::string& name : bench_models()) names += (names.empty() ? "" : ", ") + name;
  Tool tool("elbo-bench",
            "Times training steps (forward, loss, backward, update), inference and kernels, beside what this machine can do at most.",
            {"elbo-bench", "elbo-bench --model mlp-vae --seconds 5 --json", "elbo-bench --kernels"});
  tool.repeatable("--model", "NAME", "only this model (" + names + ")", models)
      .flag("--kernels", "time inference and kernels: products of the dense models by our own kernel and by OpenBLAS, convolutions",
            kernels)
      .option("--seconds", "S", "time for each model", seconds, 0.01, 3600)
      .share({"--json", "--quiet"});
  return tool.run(argc, argv, [&] { return run(tool, models, kernels, seconds); });
}
