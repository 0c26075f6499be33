// elbo-compare: trains autoencoders and VAEs with one budget and several seeds, and writes a report that compares them.

#include <fmt/core.h>

#include <filesystem>

#include "lab/compare.h"
#include "lab/compare_page.h"
#include "lab/compare_table.h"
#include "tensor/error.h"
#include "tensor/file.h"
#include "tensor/json.h"
#include "tensor/parallel.h"
#include "tools/common.h"
#include "tools/output.h"
#include "tools/run_options.h"
#include "tools/signals.h"

namespace elbo {
namespace {

std::string cell(const lab::Comparison& c, const std::string& name, const char* figure) {
  if (const auto bound = c.bound(name, figure)) return ">= " + number(*bound);
  const lab::Spread s = c.spread(name, figure);
  if (s.n == 0) return "-";
  const char* mark = c.doubtful(name, figure) ? "?" : "";
  return (s.n == 1 ? number(s.mean) : fmt::format("{} +- {:.2g}", number(s.mean), s.sd)) + mark;
}

std::string summary(const lab::Comparison& c) {
  const bool texts = bool(c.data.texts);
  std::vector<std::pair<const char*, const char*>> columns;
  if (texts)
    columns = {{"nll", "nll"},
               {"total", "total"},
               {"reconstruction", "reconstruction"},
               {"kl", "KL"},
               {"perplexity", "perplexity"},
               {"mutual_information", "information"},
               {"active_units", "active units"}};
  else
    columns = {{"total", "total"},
               {"nll", "nll"},
               {"reconstruction", "reconstruction"},
               {"kl", "KL"},
               {"squared_error", "squared error"},
               {"squared_error_at_mean", "at the mean"},
               {"active_units", "active units"}};
  std::vector<std::vector<std::string>> rows = {{"name"}};
  for (const auto& column : columns) rows[0].emplace_back(column.second);
  for (const std::string& name : c.names()) {
    const lab::Entry* e = c.entry(name);
    const bool bound = e && (e->variational() || e->config.model.latent == 0);  // a plain autoencoder's total is none
    rows.push_back({name});
    for (const auto& column : columns)
      rows.back().push_back(column.first == std::string_view("total") && !bound ? "-" : cell(c, name, column.first));
  }
  return table(rows);
}

std::string doubts(const lab::Comparison& c) {
  std::string names;
  for (const std::string& name : c.names())
    if (c.doubtful(name, "nll")) names += (names.empty() ? "" : ", ") + name;
  if (names.empty()) return "";
  return fmt::format("? nll is not to be trusted with {} importance sample{} ({}): it is too high\n", c.importance_samples,
                     c.importance_samples == 1 ? "" : "s", names);
}

// What was expected beforehand, and what came of it.
std::string found(const lab::Comparison& c) {
  if (c.came.empty()) return "expected beforehand: nothing, for no two lines differ in one thing alone whose effect is known\n";
  std::vector<std::vector<std::string>> rows = {{"expected", "lower in", "than in", "difference", "95% over seeds", "result"}};
  for (const lab::JudgedExpectation& e : c.came) {
    const auto& d = e.difference.seeds;
    rows.push_back({e.stated.figure, e.stated.lower, e.stated.higher, d.spread.n > 0 ? number(d.spread.mean) : "-",
                    d.interval ? fmt::format("[{}, {}]", number(d.interval->low), number(d.interval->high)) : "-",
                    lab::result_text(e) + (e.difference.doubtful ? "?" : "")});
  }
  std::string text = fmt::format("{}\nexpected beforehand: {}\n", table(rows), lab::outcome_counts(c));
  if (c.options.seeds < lab::few_seeds_below)
    text += fmt::format("few seeds ({}): intervals need at least two, and five to be trusted\n", c.options.seeds);
  return text;
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
  if (options.jobs == 0) options.jobs = options.seconds > 0 ? 1 : threads();  // a clock should not run for several at once

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
  hooks.on_note = [&](std::string_view text) {
    warn_of_blas_core(shared.quiet);  // where runs are trained in processes of their own, these are silent
    progress.line(fmt::format("  {}", text));
  };
  hooks.on_read = show_reading(progress);
  hooks.stop_signal = pending_signal;
  std::error_code none;
  hooks.program = std::filesystem::read_symlink("/proc/self/exe", none).string();
  const lab::Comparison c = lab::compare(options, hooks);
  if (!c.stopped && !options.only.empty()) {
    progress.clear();
    print(shared.json ? Json::object({{"run", options.out + "/runs/" + options.only}}).dump(2) + "\n"
                      : fmt::format("{}/runs/{}\n", options.out, options.only));
    return 0;
  }
  if (c.stopped || pending_signal() != 0) {
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
    print(fmt::format("{}\n{}{}report: {}\n", summary(c), doubts(c), found(c), page));
  }
  return 0;
}

}  // namespace
}  // namespace elbo

int main(int argc, char** argv) {
  using namespace elbo;
  lab::CompareOptions options;
  options.jobs = 0;
  Tool tool("elbo-compare", "Trains presets with one budget and several seeds, and writes a report that compares them.",
            {"elbo-compare --presets dense-ae,dense-vae --data digits --seeds 3 --out report",
             "elbo-compare --presets dense-ae,dense-vae:objective.beta=4 --data digits --seeds 5 --baselines --out report",
             "elbo-compare --presets mlp-vae --sweep objective.beta=0.5,1,2,4 --data mnist:FOLDER --seeds 3 --out report"});
  tool.option("--presets", "A,B:K=V,...",
              "what to compare: presets, or files FILE.json of configurations; an entry may carry settings of its own", options.presets)
      .share({"--data", "--out"})
      .option("--seeds", "N", "runs of each (default 3)", options.seeds, 1, 1000)
      .repeatable("--set", "KEY=VALUE", "a setting for all", options.set)
      .option("--sweep", "K=V1,V2,...", "every entry once with each of these values", options.sweep)
      .flag("--baselines", "add every VAE at beta 0 and, but for texts, principal components with the same code size", options.baselines)
      .option("--importance-samples", "K",
              "of every nll, on 1,000 test examples (default: 100, or fewer where the network is large; texts 20)",
              options.importance_samples, 1, 100000)
      .flag("--quick", "leave out what is dear to measure: probes, figures of samples, of paths and of holes", options.quick)
      .option("--seconds", "S", "train each run so long, instead of epochs or updates", options.seconds, 0.01, 1e7)
      .option("--jobs", "N", "runs trained at once, each with its share of the threads (default: one for each thread; with --seconds 1)",
              options.jobs, 1, 256)
      .option("--only", "RUN", "train this run of the comparison alone, such as dense-vae-seed2: for other machines on one folder",
              options.only)
      .share({"--seed", "--json", "--quiet"});
  return tool.run(argc, argv, [&] { return run(tool, options); });
}
