// elbo-reproduce: runs a published or reference experiment, and says whether the result lies in its band.

#include <fmt/core.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>

#include "lab/reproduce.h"
#include "tensor/error.h"
#include "tools/common.h"
#include "tools/output.h"
#include "tools/run_options.h"
#include "tools/signals.h"
#include "tools/terminal.h"

namespace elbo {
namespace {

constexpr int outside_its_band = 3;  // exit status

struct Options {
  std::string name;
  std::optional<Index> k;
  Index seeds = 0;
  bool list = false, shortened = false;
};

// A folder that is gone at the end of the scope, whatever ends it.
class TemporaryFolder {
 public:
  TemporaryFolder() : path_((std::filesystem::temp_directory_path() / "elbo-reproduce-XXXXXX").string()) {
    if (!::mkdtemp(path_.data())) fail("reproduce", fmt::format("{}: cannot be made; name a folder with --out", path_));
  }
  ~TemporaryFolder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  TemporaryFolder(const TemporaryFolder&) = delete;
  TemporaryFolder& operator=(const TemporaryFolder&) = delete;
  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

int list(const SharedOptions& shared) {
  print(shared.json ? lab::to_json(lab::experiments())
                    : table(lab::experiment_table(lab::experiments())) + "\nelbo-reproduce NAME [--k K] [--short] runs one.\n");
  return 0;
}

lab::ReproduceHooks hooks_of(const lab::Experiment& e, Progress& progress, std::string& where, bool quiet) {
  lab::ReproduceHooks hooks;
  hooks.on_run = [&](const lab::ReproducedModel& model, std::uint64_t seed, Index number, Index count) {
    if (number == 1) progress.line(fmt::format("{}: {}; takes about {} on two cores", e.command(), e.what, e.takes));
    where = fmt::format("run {}/{}: {}, seed {}", number, count, model.label, seed);
    progress.line(where);
  };
  hooks.on_epoch = [&progress, quiet](const Metrics& m) {
    warn_of_blas_core(quiet);
    if (!progress.on_terminal())
      progress.line(fmt::format("  epoch {} {}: objective {}, reconstruction {}, KL {}", m.epoch, m.split, number(m.objective),
                                number(m.reconstruction), number(m.kl)));
  };
  hooks.on_progress = [&](const Metrics& m, double share, double left) {
    progress.live(
        fmt::format("{}: epoch {} {}  objective {}  {} left", where, m.epoch, bar(share, 12), number(m.objective), duration(left)));
  };
  hooks.on_measure = [&](Index done, Index all) {
    progress.live(fmt::format("{}: measuring {} {} of {}", where, bar(double(done) / double(all)), grouped(done), grouped(all)));
  };
  hooks.on_note = [&](std::string_view text) { progress.line(fmt::format("  {}", text)); };
  hooks.on_read = show_reading(progress);
  hooks.stop_signal = pending_signal;
  return hooks;
}

int run(const Tool& tool, const Options& o) {
  const SharedOptions& shared = tool.shared();
  if (o.list) {
    if (!o.name.empty()) throw UsageError(fmt::format("--list goes alone; got the experiment {}", o.name));
    return list(shared);
  }
  if (o.name.empty()) throw UsageError("NAME is missing; --list shows the experiments");
  const lab::Experiment& experiment = lab::find_experiment(o.name, o.k, o.shortened);
  lab::ReproduceOptions options{.data = shared.data, .out = shared.out, .seeds = o.seeds, .replace = shared.force};
  while (options.out.size() > 1 && options.out.back() == '/') options.out.pop_back();
  if (!kind_of_output(options.out).empty())
    throw UsageError(fmt::format("--out {}: runs are kept in a folder; {} says it is a file", options.out, kind_of_output(options.out)));

  const Deferred guard;  // a signal waits for the end of the step and its checkpoint
  std::optional<TemporaryFolder> temporary;
  if (options.out.empty()) options.out = temporary.emplace().path();
  Progress progress(shared.quiet);
  std::string where;
  const lab::Reproduction result = lab::reproduce(experiment, options, hooks_of(experiment, progress, where, shared.quiet));
  progress.clear();
  if (result.stopped) {
    progress.line(temporary ? "stopped by a signal; with --out FOLDER the same command would continue"
                            : "stopped by a signal; the same command continues");
    return 128 + pending_signal();
  }
  if (shared.json)
    print(lab::to_json(result));
  else
    print(fmt::format("{}\n\n{}\nreferences: {}\n{}: {} band\n", experiment.what, table(lab::result_table(result)), experiment.source,
                      experiment.command(), result.inside() ? "inside every" : "OUTSIDE a"));
  return result.inside() ? 0 : outside_its_band;
}

}  // namespace
}  // namespace elbo

int main(int argc, char** argv) {
  using namespace elbo;
  Options o;
  Tool tool("elbo-reproduce",
            "Runs a published or reference experiment and says whether the result lies in its band: exit status 0 inside, 3 outside.",
            {"elbo-reproduce --list", "elbo-reproduce linear-vae", "elbo-reproduce iwae --k 5 --short --data mnist:FOLDER --out iwae-5"});
  tool.usage("(NAME [--short] [--k K] [--data SPEC] [--out FOLDER] | --list) [options]")
      .optional_positional("NAME", "an experiment", o.name)
      .flag("--list", "the experiments, with their references, bands and how long they take", o.list)
      .flag("--short", "the shorter form of an experiment that takes hours", o.shortened)
      .option("--k", "K", "iwae: samples of the bound, 1 or 5", o.k, 1, 1000)
      .option("--seeds", "N", "runs of each model, with seeds 1 to N (default: as many as the experiment says)", o.seeds, 1, 1000)
      .share({"--data", "--out", "--json", "--quiet"});
  return tool.run(argc, argv, [&] { return run(tool, o); });
}
