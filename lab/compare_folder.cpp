// The folder of a comparison and its compare.json.

#include "lab/compare_folder.h"

#include <fcntl.h>
#include <fmt/core.h>
#include <sys/file.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>

#include "models/run_folder.h"
#include "tensor/error.h"
#include "tensor/file.h"
#include "tensor/json.h"

namespace elbo::lab {
namespace fs = std::filesystem;
namespace {

// What must be the same for a comparison to be continued: what is trained. How much is measured (--quick, --importance-samples) may change.
Json options_json(const CompareOptions& o) {
  return Json::object({{"presets", o.presets},
                       {"data", o.data},
                       {"seeds", o.seeds},
                       {"seed", o.first_seed},
                       {"set", o.set},
                       {"sweep", o.sweep},
                       {"baselines", o.baselines},
                       {"seconds", o.seconds > 0 ? Json(o.seconds) : Json()}});
}

// An older program had no budget in seconds.
const Json* option(const Json& options, const std::string& key) {
  static const Json none;
  const Json* found = options.find(key);
  return found || key != "seconds" ? found : &none;
}

Json interval_json(const std::optional<Interval>& i) { return i ? Json::array({i->low, i->high}) : Json(); }

Json spread_json(const Comparison& c, const std::string& name, const std::string& figure) {
  const Spread s = c.spread(name, figure);
  Json all = Json::object({{"mean", s.mean}, {"sd", s.sd}, {"n", s.n}});
  if (c.doubtful(name, figure)) all["doubtful"] = true;
  if (const auto line = c.bootstrap.find(name); line != c.bootstrap.end())
    if (const auto it = line->second.find(figure); it != line->second.end()) all["bootstrap"] = interval_json(it->second);
  return all;
}

// What both of differences and expectations say of the numbers.
void add_difference(Json& to, const Difference& d) {
  const bool any = d.seeds.spread.n > 0;
  to.update({{"mean", any ? Json(d.seeds.spread.mean) : Json()},
             {"sd", d.seeds.spread.sd},
             {"n", d.seeds.spread.n},
             {"interval", interval_json(d.seeds.interval)},
             {"few_seeds", d.seeds.few_seeds()},
             {"doubtful", d.doubtful},
             {"bootstrap", interval_json(d.bootstrap)}});
}

Json run_json(const ComparedRun& run) {
  Json all = Json::object({{"name", run.name},
                           {"seed", run.seed ? Json(*run.seed) : Json()},
                           {"set", run.set},
                           {"folder", run.folder.empty() ? Json() : Json(run.folder)},
                           {"figures", Json::parse(run.figures.json, run.name)}});
  if (!run.measured.json.empty()) all["measured"] = Json::parse(run.measured.json, run.name);
  if (run.sharpness)
    for (const auto& [figure, value] : sharpness_figures(*run.sharpness)) all["sharpness"][figure] = value;
  if (run.seconds > 0) all.update({{"training_seconds", run.seconds}, {"updates", run.updates}});
  return all;
}

// Stated from the first moment on; what came of them once everything is measured.
Json expectations_json(const Comparison& c) {
  Json all = Json::array();
  for (std::size_t i = 0; i < c.stated.size(); i++) {
    const Expectation& e = c.stated[i];
    Json j = Json::object({{"figure", e.figure},
                           {"lower", e.lower},
                           {"higher", e.higher},
                           {"reason", e.reason},
                           {"added_later", e.added_later},
                           {"result", nullptr}});
    if (i < c.came.size()) {
      j["result"] = outcome_name(c.came[i].outcome);
      add_difference(j, c.came[i].difference);
    }
    all.push_back(std::move(j));
  }
  return all;
}

Json budget_json(const Comparison& c) {
  const TrainConfig& t = c.entries[0].config.train;
  if (c.options.seconds > 0) return Json::object({{"seconds", c.options.seconds}});
  return t.steps > 0 ? Json::object({{"updates", t.steps}}) : Json::object({{"epochs", t.epochs}});
}

}  // namespace

void check_comparison_folder(const CompareOptions& options, const Dataset& data) {
  const std::string file = options.out + "/compare.json";
  if (!fs::exists(options.out)) return;
  if (!fs::is_directory(options.out)) fail("compare", fmt::format("{}: exists and is no folder", options.out));
  if (!fs::exists(file)) {
    if (fs::is_empty(options.out)) return;
    fail("compare", fmt::format("{}: exists and holds no comparison", options.out));
  }
  const std::optional<Json> before = Json::try_parse(read_text_file(file));
  const Json* then = before ? before->find("options") : nullptr;
  if (!then || !then->is_object() || !before->contains("data")) fail("compare", fmt::format("{}: not a comparison of elbo", file));
  for (const Json now = options_json(options); const auto& [key, value] : now.members()) {
    const Json* was = option(*then, key);
    if (!was || *was != value)
      fail("compare",
           fmt::format("{}: holds a comparison with other options: --{} was {}, is {}; choose another --out, or --force replaces it",
                       options.out, key, was ? was->dump() : "missing", value.dump()));
  }
  if ((*before)["data"].string_or("checksum", "") != fmt::format("{:016x}", data.checksum))
    fail("compare", fmt::format("{}: the data have changed since this comparison was begun: {}", options.out, options.data));
}

std::vector<Expectation> stated_before(const std::string& out) {
  const std::string file = out + "/compare.json";
  std::vector<Expectation> all;
  if (!fs::exists(file)) return all;
  const Json before = Json::parse(read_text_file(file), file);
  const Json* stated = before.find("expectations");
  if (!stated || !stated->is_array()) return all;
  for (const Json& e : stated->elements()) {
    const Json* later = e.find("added_later");
    all.push_back({.figure = e.string_or("figure", ""),
                   .lower = e.string_or("lower", ""),
                   .higher = e.string_or("higher", ""),
                   .reason = e.string_or("reason", ""),
                   .added_later = later && *later == Json(true)});
  }
  return all;
}

std::size_t runs_kept(const std::string& out) {
  const std::string file = out + "/compare.json";
  if (!fs::exists(file)) return 0;
  const Json before = Json::parse(read_text_file(file), file);
  const Json* runs = before.find("runs");
  return runs && runs->is_array() ? runs->elements().size() : 0;
}

void remove_runs(const char* op, const std::string& out, std::string_view what, std::initializer_list<std::string_view> files) {
  if (!fs::exists(out)) return;
  if (!fs::is_directory(out)) fail(op, fmt::format("{}: exists and is no folder", out));
  for (const auto& entry : fs::directory_iterator(out)) {
    const std::string name = entry.path().filename().string();
    const bool file = entry.is_regular_file() && (std::find(files.begin(), files.end(), name) != files.end() || is_temporary_name(name));
    if (!file && !(name == "runs" && entry.is_directory()))
      fail(op, fmt::format("{}: holds {}, which no {} writes; --force replaces {}s alone", out, name, what, what));
  }
  if (fs::exists(out + "/runs"))
    for (const auto& entry : fs::directory_iterator(out + "/runs")) RunFolder::check_replaceable(entry.path().string());
  fs::remove_all(out);
}

ComparisonLock::ComparisonLock(const std::string& out) : file_(out + "/.lock") {
  lock_ = open(file_.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0666);
  if (lock_ < 0) fail("compare", fmt::format("{}: cannot open: {}", file_, std::strerror(errno)));
  if (flock(lock_, LOCK_EX | LOCK_NB) == 0) return;
  close(lock_);
  fail("compare", fmt::format("{}: another elbo-compare is at work on it", out));
}

ComparisonLock::~ComparisonLock() {
  unlink(file_.c_str());
  close(lock_);
}

void write_compare_json(const Comparison& c) {
  Json all = Json::object({{"program", fmt::format("elbo {}", program_version)},
                           {"options", options_json(c.options)},
                           {"command", command_line(c.options)},
                           {"data", Json::object({{"spec", c.options.data},
                                                  {"examples", c.data.examples},
                                                  {"checksum", fmt::format("{:016x}", c.data.checksum)},
                                                  {"train", c.data.train.size()},
                                                  {"valid", c.data.valid.size()},
                                                  {"test", c.data.test.size()}})}});
  all["budget"] = budget_json(c);
  all["expectations"] = expectations_json(c);
  all["runs"] = Json::array();
  all["summary"] = Json::object();
  for (const ComparedRun& run : c.runs) {
    all["runs"].push_back(run_json(run));
    Json& summary = all["summary"][run.name];
    for (const auto& [figure, value] : run.figures.numbers)
      if (!summary.contains(figure) && c.spread(run.name, figure).n > 0) summary[figure] = spread_json(c, run.name, figure);
  }
  all["differences"] = Json::array();
  for (const Difference& d : c.differences) {
    Json j = Json::object({{"figure", d.figure}, {"a", d.a}, {"b", d.b}});
    add_difference(j, d);
    all["differences"].push_back(std::move(j));
  }
  write_file_atomically(c.options.out + "/compare.json", bytes_of(all.dump(2) + "\n"));
}

std::string read_text_file(const std::string& path) {
  const std::vector<std::byte> bytes = read_file(path, 64 << 20);
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

}  // namespace elbo::lab
