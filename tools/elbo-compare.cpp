// elbo-compare: trains autoencoders and VAEs with one budget and several seeds, and writes a report that compares them.

#include <fmt/core.h>

#include "lab/compare.h"
#include "lab/compare_page.h"
#include "tensor/error.h"
#include "tensor/file.h"
#include "tools/common.h"
#include "tools/output.h"
#include "tools/run_options.h"
#include "tools/signals.h"

namespace elbo {
namespace {

std::string cell(const lab::Comparison& c, const std::string& name, const char* figure) {
  const lab::Spread s = c.spread(name, figure);
  if (s.n == 0) return "-";
  return s.n == 1 ? number(s.mean) : fmt::format("{} +- {:.2g}", number(s.mean), s.sd);
}

std::string summary(const lab::Comparison& c) {
  if (c.data.texts) {
    std::vector<std::vector<std::string>> rows = {
        {"name", "nll", "total", "reconstruction", "KL", "perplexity", "information", "active units"}};
    for (const lab::Entry& e : c.entries)
      rows.push_back({e.name, cell(c, e.name, "nll"), e.variational() || e.config.model.latent == 0 ? cell(c, e.name, "total") : "-",
                      cell(c, e.name, "reconstruction"), cell(c, e.name, "kl"), cell(c, e.name, "perplexity"),
                      cell(c, e.name, "mutual_information"), cell(c, e.name, "active_units")});
    return table(rows);
  }
  std::vector<std::vector<std::string>> rows = {{"name", "total", "reconstruction", "KL", "squared error", "at the mean", "active units"}};
  const auto add = [&](const std::string& name, bool bound) {
    rows.push_back({name, bound ? cell(c, name, "total") : "-", cell(c, name, "reconstruction"), cell(c, name, "kl"),
                    cell(c, name, "squared_error"), cell(c, name, "squared_error_at_mean"), cell(c, name, "active_units")});
  };
  for (const lab::Entry& e : c.entries) add(e.name, e.variational());
  for (const lab::ComparedRun& run : c.runs)
    if (!run.seed) add(run.name, false);
  return table(rows);
}

int run(const Tool& tool, lab::CompareOptions options) {
  const SharedOptions& shared = tool.shared();
  options.data = shared.data;
  options.out = shared.out;
  options.first_seed = tool.seed();
  while (options.out.size() > 1 && options.out.back() == '/') options.out.pop_back();
  if (options.out.empty()) throw UsageError("--out FOLDER is missing");
  if (!kind_of_output(options.out).empty())
    throw UsageError(fmt::format("--out {}: a comparison is a folder; {} says it is a file", options.out, kind_of_output(options.out)));
  options.replace = shared.force;

  const Deferred guard;  // a signal waits for the end of the step and its checkpoint
  Progress progress(shared.quiet);
  std::string where;
  lab::CompareHooks hooks;
  hooks.on_run = [&](const lab::Entry& e, std::uint64_t seed, Index number, Index count) {
    where = fmt::format("run {}/{}: {}, seed {}", number, count, e.label, seed);
    progress.line(where);
  };
  hooks.on_epoch = [&](const Metrics& m) {
    warn_of_blas_core(shared.quiet);
    if (!progress.on_terminal())
      progress.line(fmt::format("  epoch {} {}: objective {}, reconstruction {}, KL {}{}", m.epoch, m.split, number(m.objective),
                                number(m.reconstruction), number(m.kl),
                                m.split == "train" ? fmt::format(", {:.0f} examples/s", m.examples_per_second) : ""));
  };
  hooks.on_progress = [&](const Metrics& m, double share, double left) {
    progress.live(fmt::format("{}: epoch {} {}  objective {}  {:.0f} examples/s  {} left", where, m.epoch, bar(share, 12),
                              number(m.objective), m.examples_per_second, duration(left)));
  };
  hooks.on_note = [&](std::string_view text) { progress.line(fmt::format("  {}", text)); };
  hooks.on_read = show_reading(progress);
  hooks.stop_signal = pending_signal;
  const lab::Comparison c = lab::compare(options, hooks);
  if (c.stopped) {
    progress.line("stopped by a signal; the same command continues");
    return 128 + pending_signal();
  }
  const std::string page = options.out + "/index.html";
  progress.live("writing the report");
  lab::comparison_page(c).save(page);
  progress.clear();
  if (shared.json) {
    const std::vector<std::byte> text = read_file(options.out + "/compare.json", std::uint64_t{1} << 30);
    print({reinterpret_cast<const char*>(text.data()), text.size()});
  } else {
    print(fmt::format("{}\nreport: {}\n", summary(c), page));
  }
  return 0;
}

}  // namespace
}  // namespace elbo

int main(int argc, char** argv) {
  using namespace elbo;
  lab::CompareOptions options;
  Tool tool("elbo-compare", "Trains presets with one budget and several seeds, and writes a report that compares them.",
            {"elbo-compare --presets dense-ae,dense-vae --data digits --seeds 3 --out report",
             "elbo-compare --presets dense-ae,dense-vae:objective.beta=4 --data digits --seeds 5 --baselines --out report",
             "elbo-compare --presets mlp-vae --sweep objective.beta=0.5,1,2,4 --data mnist:FOLDER --seeds 3 --out report"});
  tool.option("--presets", "A,B:K=V,...", "what to compare; an entry may carry settings of its own", options.presets)
      .share({"--data", "--out"})
      .option("--seeds", "N", "runs of each (default 3)", options.seeds, 1, 1000)
      .repeatable("--set", "KEY=VALUE", "a setting for all", options.set)
      .option("--sweep", "K=V1,V2,...", "every entry once with each of these values", options.sweep)
      .flag("--baselines", "add principal components with the same code size, and every VAE at beta 0", options.baselines)
      .share({"--seed", "--json", "--quiet"});
  return tool.run(argc, argv, [&] { return run(tool, options); });
}
