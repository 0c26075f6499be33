// elbo-train: trains a preset or a configuration, or continues a run.

#include <fmt/core.h>

#include <algorithm>
#include <chrono>
#include <cmath>

#include "lab/evaluate.h"
#include "models/run_folder.h"
#include "models/trainer.h"
#include "tensor/error.h"
#include "tensor/file.h"
#include "tensor/json.h"
#include "tools/common.h"
#include "tools/output.h"
#include "tools/run_options.h"
#include "tools/run_pictures.h"
#include "tools/run_texts.h"
#include "tools/signals.h"

namespace elbo {
namespace {

struct Options {
  std::string preset, config, resume, init_from;
  std::vector<std::string> set;
  bool print_config = false, summary = false;
};

// Preset or file, then --set, then --data and --seed.
Config build_config(const Options& o, const SharedOptions& shared) {
  if (o.preset.empty() == o.config.empty())
    throw UsageError(o.preset.empty() ? "expected --preset NAME or --config FILE" : "--preset and --config: expected one of them");
  Config config;
  if (!o.preset.empty()) {
    config = preset(o.preset).config;
  } else {
    const std::vector<std::byte> bytes = read_file(o.config, 1 << 20);
    config = config_from_json({reinterpret_cast<const char*>(bytes.data()), bytes.size()}, o.config);
  }
  for (const std::string& assignment : o.set) set_key(config, assignment);
  if (!shared.data.empty()) give_data(config, shared.data);
  settle(config);
  if (shared.seed) config.train.seed = *shared.seed;
  if (!o.preset.empty()) check_preset(o.preset, config);
  check_config(config);
  return config;
}

void summarise(const Config& config, bool json) {
  const Shape example = example_shape_of(config);
  ParamStore store(store_options(config));
  const std::unique_ptr<Model> model = make_model(config, example, store);
  Json layers = Json::array();
  std::vector<std::vector<std::string>> rows = {{"layer", "kind", "output", "parameters", "operations"}};
  Index parameters = 0;
  double operations = 0;
  for (const Model::LayerSummary& layer : model->summary()) {
    parameters += layer.parameters;
    operations += layer.flops;
    rows.push_back({layer.name, layer.kind, layer.output.str(), grouped(layer.parameters), grouped(std::llround(layer.flops))});
    layers.push_back(Json::object({{"name", layer.name},
                                   {"kind", layer.kind},
                                   {"output", std::vector<Index>(layer.output.begin(), layer.output.end())},
                                   {"parameters", layer.parameters},
                                   {"flops", layer.flops}}));
  }
  if (json) {
    const Json all = Json::object({{"input", std::vector<Index>(example.begin(), example.end())},
                                   {"layers", layers},
                                   {"parameters", parameters},
                                   {"flops", operations},
                                   {"step_flops", model->step_flops(config.train.batch)}});
    return print(all.dump(2) + "\n");
  }
  rows.push_back({"all", "", "", grouped(parameters), grouped(std::llround(operations))});
  print(fmt::format("input {}\n\n{}\n", example.str(), table(rows)));
  print(
      fmt::format("Operations: floating-point operations of the products in a forward pass, an example.\nA training step of {} examples "
                  "takes {:.3f} GFLOP.\n",
                  config.train.batch, 1e-9 * model->step_flops(config.train.batch)));
}

// Epochs as lines or a live bar on standard error.
class Reporter {
 public:
  Reporter(const Config& config, bool quiet) : config_(config), quiet_(quiet), progress_(quiet) {}
  ~Reporter() { finish_line(); }

  void epoch(const Metrics& m) {
    warn_of_blas_core(quiet_);
    if (m.split == "train") {
      finish_line();
      const double done = share(m), since = std::chrono::duration<double>(Clock::now() - start_).count();
      if (epochs_++ == 0) share_before_ = done - share_of_an_epoch(m);
      const double left = done > share_before_ ? since / (done - share_before_) * std::max(0.0, 1 - done) : 0;
      pending_ = fmt::format("{}  {}  {:.0f} examples/s  {} left", name(m.epoch), figures(m), m.examples_per_second, duration(left));
    } else {
      pending_ += fmt::format("  {}: {}", m.split, figures(m));
      if (m.split == "test" || !config_.train.test_each_epoch) finish_line();
    }
  }
  void within(const Metrics& m, double share, double seconds_left) {
    warn_of_blas_core(quiet_);
    finish_line();
    progress_.live(fmt::format("{} {} {} left  {}  {:.0f} examples/s", name(m.epoch), bar(share, 12), duration(seconds_left), figures(m),
                               m.examples_per_second));
  }
  OnRead reading() { return show_reading(progress_); }
  void note(std::string_view text) {
    finish_line();
    progress_.line(text);
  }
  void finish_line() {
    if (!pending_.empty()) progress_.line(pending_);
    pending_.clear();
  }

 private:
  std::string name(Index epoch) const {
    return config_.train.steps > 0 ? fmt::format("epoch {}", epoch) : fmt::format("epoch {}/{}", epoch, config_.train.epochs);
  }
  // How much of the training is done, and how much an epoch is of it.
  double share(const Metrics& m) const {
    return config_.train.steps > 0 ? double(m.step) / double(config_.train.steps) : double(m.epoch) / double(config_.train.epochs);
  }
  double share_of_an_epoch(const Metrics& m) const { return share(m) / double(std::max<Index>(1, m.epoch)); }
  std::string figures(const Metrics& m) const {
    std::string text = fmt::format("objective {:.2f}", m.objective);
    if (config_.model.variational) {  // reconstruction + beta * KL; in training, free bits in the KL's place where it is less
      const ObjectiveConfig& o = config_.objective;
      const bool free = o.free_bits + o.free_bits_total > 0 && m.objective > m.reconstruction + m.beta * m.kl + 0.01;
      const char* how = free ? " with free bits, " : o.bound == "iwae" ? " (iwae), " : o.capacity > 0 ? " with its capacity, " : " = ";
      text += fmt::format("{}{:.2f} + {}{:.2f}", how, m.reconstruction, m.beta == 1 ? "" : fmt::format("{:.3g} * ", m.beta), m.kl);
    }
    if (config_.model.variational) text += fmt::format(", {} active", m.active_units);
    if (m.split == "train") text += fmt::format(", gradient {:.3g}", m.gradient_norm);
    if (!std::isnan(m.mutual_information)) text += fmt::format(", information {:.2f}", m.mutual_information);
    return text;
  }

  using Clock = std::chrono::steady_clock;
  const Config& config_;
  const Clock::time_point start_ = Clock::now();
  Index epochs_ = 0;         // told of so far
  double share_before_ = 0;  // was done before the first of them: by the training that is resumed
  bool quiet_;
  Progress progress_;
  std::string pending_;  // an epoch's line, which its other parts may still complete
};

int report(const std::string& path, const TrainResult& r, const Tool& tool) {
  Json all = Json::object({{"run", path}, {"epochs", r.epochs}, {"steps", r.steps}, {"stopped", r.stopped}});
  all["best_epoch"] = r.has_best ? Json(r.best_epoch) : Json();
  all["best_objective"] = r.has_best ? Json(r.best_objective) : Json();
  all["converged"] = r.has_best ? Json(r.converged) : Json();
  all["figures"] = nullptr;
  std::string text =
      fmt::format("{}: {} epoch{}, {} step{}", path, r.epochs, r.epochs == 1 ? "" : "s", grouped(r.steps), r.steps == 1 ? "" : "s");
  if (r.has_best) text += fmt::format("; best epoch {} (validation objective {})", r.best_epoch, number(r.best_objective));
  if (r.has_best && !r.converged) text += "; not converged: the best epoch is the last";
  text += "\n";
  if (r.stopped) {
    text += "stopped by a signal; --resume continues it\n";
  } else {
    const Run run = open_run(path);
    if (r.data.test.size() > 0) {
      const Figures figures = write_summary(path, &r.data);
      all["figures"] = Json::parse(to_json(figures), "figures");
      text += "\n" + to_text(figures);
    }
    if (is_text(run))
      write_run_texts(run);
    else
      write_run_pictures(run, r.data);
  }
  print(tool.shared().json ? all.dump(2) + "\n" : text);
  return r.stopped ? 128 + pending_signal() : 0;
}

int run(const Tool& tool, const Options& o) {
  const SharedOptions& shared = tool.shared();
  if (!o.resume.empty()) {
    if (!o.preset.empty() || !o.config.empty() || !shared.out.empty() || !shared.data.empty() || shared.seed || !o.init_from.empty())
      throw UsageError(
          "--resume goes with --set of train.epochs, train.steps and train.patience alone, not with --preset, --config, --data, --out, "
          "--seed or --init-from");
  }
  Config config = o.resume.empty() ? build_config(o, shared) : RunFolder::load_config(o.resume);
  if (!o.resume.empty())
    for (const std::string& assignment : o.set) set_key(config, assignment);
  if (o.print_config) {
    print(to_json(config));
    return 0;
  }
  if (o.summary) {
    summarise(config, shared.json);
    return 0;
  }
  TrainOptions options{.out = o.resume.empty() ? shared.out : o.resume, .force = shared.force, .init_from = o.init_from};
  if (o.resume.empty()) {
    if (config.data.spec.empty()) throw UsageError("--data SPEC is missing");
    if (options.out.empty()) throw UsageError("--out RUN is missing");
    if (!kind_of_output(options.out).empty())
      throw UsageError(fmt::format("--out {}: a run is a folder; {} says it is a file", options.out, kind_of_output(options.out)));
  }
  const Deferred guard;  // a signal waits for the end of the step and its checkpoint
  Reporter reporter(config, shared.quiet);
  options.on_epoch = [&](const Metrics& m) { reporter.epoch(m); };
  options.on_progress = [&](const Metrics& m, double share, double left) { reporter.within(m, share, left); };
  options.on_note = [&](std::string_view text) { reporter.note(text); };
  options.on_read = reporter.reading();
  options.stop_signal = pending_signal;
  const TrainResult result = o.resume.empty() ? train(config, options) : resume(options, o.set);
  reporter.finish_line();
  return report(options.out, result, tool);
}

std::string known_presets() {
  std::string text;
  for (const Preset& p : presets()) text += (text.empty() ? "" : ", ") + p.name;
  return text;
}

}  // namespace
}  // namespace elbo

int main(int argc, char** argv) {
  using namespace elbo;
  Options o;
  Tool tool("elbo-train", "Trains a preset or a configuration and leaves a run folder; continues one. Presets: " + known_presets() + ".",
            {"elbo-train --preset mlp-vae --data digits --out runs/first",
             "elbo-train --preset mlp-vae --data mnist:FOLDER --set train.epochs=10 --set model.hidden=[400] --out runs/second",
             "elbo-train --resume runs/first --set train.epochs=30", "elbo-train --preset mlp-vae --print-config > vae.json"});
  tool.usage("(--preset NAME | --config FILE) --data SPEC --out RUN [--set K=V] [--init-from RUN]")
      .usage("--resume RUN [--set K=V]")
      .usage("(--preset NAME | --config FILE) [--set K=V] [--data SPEC] (--print-config | --summary)")
      .option("--preset", "NAME", "a published system; --set changes parts of it", o.preset)
      .option("--config", "FILE", "a configuration as --print-config prints it; missing keys take defaults", o.config)
      .share({"--data", "--out"})
      .repeatable("--set", "KEY=VALUE", "override one entry of the configuration", o.set)
      .option("--init-from", "RUN", "start from this run's weights, wherever name and shape agree", o.init_from)
      .option("--resume", "RUN", "continue a run; only train.epochs, train.steps and train.patience may change", o.resume)
      .flag("--print-config", "print the whole configuration as JSON and stop", o.print_config)
      .flag("--summary", "print layers, output shapes, parameters and operations and stop (without --data: 28x28x1)", o.summary)
      .share({"--seed", "--json", "--quiet"});
  return tool.run(argc, argv, [&] { return run(tool, o); });
}
