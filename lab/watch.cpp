#include "lab/watch.h"

#include <fmt/core.h>

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <limits>

#include "lab/plot.h"
#include "models/config.h"
#include "models/run_folder.h"
#include "tensor/error.h"
#include "tensor/file.h"
#include "tensor/json.h"

namespace elbo::lab {
namespace fs = std::filesystem;
namespace {

constexpr double none = std::numeric_limits<double>::quiet_NaN();

std::string text_of_file(const std::string& path) {
  const std::vector<std::byte> bytes = read_file(path, std::uint64_t{1} << 30);
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

// The numbers by the names that they have in metrics.jsonl.
constexpr std::pair<const char*, double WatchedEpoch::*> figure_names[] = {{"epoch", &WatchedEpoch::epoch},
                                                                           {"objective", &WatchedEpoch::objective},
                                                                           {"total", &WatchedEpoch::total},
                                                                           {"reconstruction", &WatchedEpoch::reconstruction},
                                                                           {"kl", &WatchedEpoch::kl},
                                                                           {"beta", &WatchedEpoch::beta},
                                                                           {"gradient_norm", &WatchedEpoch::gradient_norm},
                                                                           {"active_units", &WatchedEpoch::active_units},
                                                                           {"mutual_information", &WatchedEpoch::mutual_information},
                                                                           {"seconds", &WatchedEpoch::seconds},
                                                                           {"examples_per_second", &WatchedEpoch::examples_per_second}};

// What a plain autoencoder has none of.
bool about_codes(std::string_view name) { return name == "kl" || name == "beta" || name == "active_units" || name == "mutual_information"; }

WatchedEpoch epoch_of(const Json& line) {
  WatchedEpoch e{};
  for (const auto& [name, member] : figure_names) e.*member = line.number_or(name, none);
  return e;
}

void read_lines(WatchedRun& run, std::string_view text) {
  while (!text.empty()) {
    const std::size_t end = text.find('\n');
    if (end == text.npos) return;  // being written
    const std::optional<Json> line = Json::try_parse(text.substr(0, end));
    text.remove_prefix(end + 1);
    if (!line || !line->is_object()) continue;
    WatchedEpoch e = epoch_of(*line);
    const std::string split = line->string_or("split", "");
    if (split == "train") {
      run.train.push_back(e);
      run.epoch = Index(e.epoch), run.step = run.last_step = Index(line->number_or("step", 0));
    } else if (split == "valid") {
      e.gradient_norm = none;
      run.valid.push_back(e);
    }
  }
}

// What the trainer says within an epoch; nothing where it is writing at this moment, or the epoch has ended since.
void read_progress(WatchedRun& run, std::string_view text) {
  const std::optional<Json> line = Json::try_parse(text);
  if (!line || !line->is_object() || Index(line->number_or("step", 0)) <= run.step) return;
  run.within = true;
  run.now = epoch_of(*line), run.left = line->number_or("seconds_left", none);
  run.epoch = Index(run.now.epoch), run.step = Index(line->number_or("step", 0));
}

std::string shown(double v, const char* form = "{:.2f}") { return std::isfinite(v) ? fmt::format(fmt::runtime(form), v) : "-"; }

std::string shown_time(double seconds) {
  if (!std::isfinite(seconds)) return "-";
  const long long s = std::llround(seconds);
  return s < 60     ? fmt::format("{} s", s)
         : s < 3600 ? fmt::format("{}:{:02}", s / 60, s % 60)
                    : fmt::format("{}:{:02}:{:02}", s / 3600, s / 60 % 60, s % 60);
}

std::string name_of(const std::string& path) {
  const fs::path p(path);
  return (p.filename().empty() ? p.parent_path() : p).filename().string();
}

// Both parts of all runs over the epochs; validation where a run has it.
LinePlot curves(const std::vector<WatchedRun>& runs, const char* title, double WatchedEpoch::*figure, bool variational_alone) {
  LinePlot plot{.title = title, .x = {"epoch"}, .y = {"nats an example"}};
  for (std::size_t i = 0; i < runs.size(); i++) {
    if (variational_alone && !runs[i].variational) continue;
    Series s{.name = name_of(runs[i].path), .style = int(i)};
    for (const WatchedEpoch& e : runs[i].valid.empty() ? runs[i].train : runs[i].valid) s.x.push_back(e.epoch), s.y.push_back(e.*figure);
    plot.series.push_back(std::move(s));
  }
  return plot;
}

}  // namespace

double WatchedRun::progress() const {
  if (state == State::finished) return 1;
  double share = steps > 0 ? double(step) / double(steps) : epochs > 0 ? double(epoch) / double(epochs) : 0;
  if (steps == 0 && within) {  // an epoch's updates are those of the last one
    const double before = double(epoch - 1), an_epoch = before > 0 && !train.empty() ? double(last_step) / before : 0;
    share = (before + (an_epoch > 0 ? (double(step) - double(last_step)) / an_epoch : 0)) / double(std::max<Index>(1, epochs));
  }
  return std::min(1.0, share);
}

double WatchedRun::seconds_left() const {
  if (state != State::training) return none;
  if (within) return left;
  if (train.empty() || progress() <= 0) return none;
  double spent = 0;
  for (const auto* lines : {&train, &valid})
    for (const WatchedEpoch& e : *lines) spent += std::isfinite(e.seconds) ? e.seconds : 0;
  return spent / progress() * (1 - progress());
}

const char* WatchedRun::state_name() const {
  return state == State::training ? "training" : state == State::finished ? "finished" : "stopped";
}

std::vector<std::string> runs_below(const std::vector<std::string>& paths) {
  std::vector<std::string> found;
  for (const std::string& path : paths) {
    if (fs::exists(path + "/config.json")) {
      found.push_back(path);
    } else if (fs::exists(path + "/compare.json") && fs::is_directory(path + "/runs")) {
      const std::size_t before = found.size();
      for (const auto& entry : fs::directory_iterator(path + "/runs"))
        if (fs::exists(entry.path() / "config.json")) found.push_back(entry.path().string());
      std::sort(found.begin() + std::ptrdiff_t(before), found.end());
    } else {
      fail("watch", fmt::format("{}: expected a run folder, or one of elbo-compare", path));
    }
  }
  return found;
}

bool any_at_work(const std::vector<std::string>& paths, const std::vector<WatchedRun>& runs) {
  return std::any_of(runs.begin(), runs.end(), [](const WatchedRun& r) { return r.state == WatchedRun::State::training; }) ||
         std::any_of(paths.begin(), paths.end(), [](const std::string& p) { return is_being_trained(p); });
}

WatchedRun read_run(const std::string& path) {
  WatchedRun run{.path = path};
  const Config config = config_from_json(text_of_file(path + "/config.json"), path + "/config.json");
  run.epochs = config.train.epochs, run.steps = config.train.steps, run.variational = config.model.variational;
  if (fs::exists(path + "/metrics.jsonl")) read_lines(run, text_of_file(path + "/metrics.jsonl"));
  run.state = is_being_trained(path)               ? WatchedRun::State::training
              : fs::exists(path + "/summary.json") ? WatchedRun::State::finished
                                                   : WatchedRun::State::stopped;
  if (std::error_code e; run.state == WatchedRun::State::training && fs::exists(path + "/progress.json", e))
    read_progress(run, text_of_file(path + "/progress.json"));
  return run;
}

std::vector<std::vector<std::string>> watch_table(const std::vector<WatchedRun>& runs) {
  std::vector<std::vector<std::string>> rows = {
      {"run", "", "epoch", "objective", "validation", "KL", "active", "information", "gradient", "examples/s", "left"}};
  for (const WatchedRun& run : runs) {
    const WatchedEpoch nothing{none, none, none, none, none, none, none, none, none, none, none};
    const WatchedEpoch &t = run.within          ? run.now
                            : run.train.empty() ? nothing
                                                : run.train.back(),
                       &v = run.valid.empty() ? nothing : run.valid.back();
    const WatchedEpoch& code = run.valid.empty() ? t : v;
    rows.push_back(
        {name_of(run.path), run.state_name(),
         run.steps > 0 ? fmt::format("{}, step {}/{}", run.epoch, run.step, run.steps) : fmt::format("{}/{}", run.epoch, run.epochs),
         shown(t.objective), shown(v.objective), run.variational ? shown(code.kl) : "-",
         run.variational ? shown(code.active_units, "{:.0f}") : "-", shown(v.mutual_information), shown(t.gradient_norm),
         shown(t.examples_per_second, "{:.0f}"), shown_time(run.seconds_left())});
  }
  return rows;
}

Page watch_page(const std::vector<WatchedRun>& runs, int reload) {
  Page page("Runs", reload > 0 ? fmt::format("This page loads itself anew every {} seconds.", reload) : "");
  page.reload_every(reload);
  Content& now = page.section("Now");
  std::vector<std::vector<std::string>> rows = watch_table(runs);
  Table table{.caption = "The last epoch of each run, in nats an example"};
  for (std::size_t i = 0; i < rows[0].size(); i++) table.columns.push_back({rows[0][i].empty() ? "state" : rows[0][i], i > 1});
  rows.erase(rows.begin());
  table.rows = std::move(rows);
  now.table(table);
  Content& curve = page.section("Curves");
  std::vector<Figure> figures = {
      {.svg = svg(curves(runs, "Objective", &WatchedEpoch::objective, false)), .caption = "Of the validation part, where there is one."},
      {.svg = svg(curves(runs, "Reconstruction", &WatchedEpoch::reconstruction, false)), .caption = "The same."}};
  if (std::any_of(runs.begin(), runs.end(), [](const WatchedRun& r) { return r.variational; }))
    figures.push_back({.svg = svg(curves(runs, "KL", &WatchedEpoch::kl, true)), .caption = "What the codes cost."});
  curve.figures(figures);
  return page;
}

std::string watch_json(const std::vector<WatchedRun>& runs) {
  Json all = Json::object({{"runs", Json::array()}});
  for (const WatchedRun& run : runs) {
    Json j = Json::object({{"run", run.path},
                           {"state", run.state_name()},
                           {"epoch", run.epoch},
                           {"step", run.step},
                           {"progress", run.progress()},
                           {"seconds_left", run.seconds_left()}});
    for (const auto& [part, lines] : {std::pair("train", &run.train), std::pair("valid", &run.valid)}) {
      j[part] = nullptr;
      if (lines->empty()) continue;
      j[part] = Json::object({});
      for (const auto& [name, member] : figure_names) {
        const bool whole = std::string_view(name) == "epoch" || std::string_view(name) == "active_units";
        const bool applies = run.variational || !about_codes(name);
        const double value = lines->back().*member;
        j[part][name] = !applies || !std::isfinite(value) ? Json() : whole ? Json(Index(value)) : Json(value);
      }
    }
    all["runs"].push_back(j);
  }
  return all.dump(2) + "\n";
}

}  // namespace elbo::lab
