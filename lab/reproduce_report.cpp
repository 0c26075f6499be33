// What a reproduction says: tables for people, JSON for programs.

#include <fmt/core.h>

#include <cmath>

#include "lab/reproduce.h"
#include "models/run_folder.h"
#include "tensor/json.h"

namespace elbo::lab {
namespace {

// Three decimals; none for counts, more where the number is small.
std::string figure_text(double v) {
  if (!std::isfinite(v)) return std::isnan(v) ? "-" : fmt::format("{}", v);
  if (v == std::round(v)) return fmt::format("{:.0f}", v);
  return std::abs(v) >= 1.5 ? fmt::format("{:.3f}", v) : fmt::format("{:.4f}", v);
}

std::string reference_text(const ReferenceFigure& f) { return std::isfinite(f.reference) ? fmt::format("{:.6g}", f.reference) : "-"; }

// "104.6 to 106.6".
std::string band_text(const ReferenceFigure& f) { return f.judged() ? fmt::format("{:.6g} to {:.6g}", f.low, f.high) : "-"; }

std::string label_of(const Experiment& e, const ReferenceFigure& f) {
  for (const ReproducedModel& model : e.models)
    if (model.name == f.model) return model.label;
  return f.model;
}

Json number_or_null(double v) { return std::isfinite(v) ? Json(v) : Json(); }

Json reference_json(const ReferenceFigure& f) {
  return Json::object({{"model", f.model},
                       {"figure", f.figure},
                       {"reference", number_or_null(f.reference)},
                       {"low", number_or_null(f.low)},
                       {"high", number_or_null(f.high)}});
}

Json about_experiment(const Experiment& e) {
  return Json::object(
      {{"experiment", e.command()}, {"what", e.what}, {"source", e.source}, {"k", e.k > 0 ? Json(e.k) : Json()}, {"short", e.shortened}});
}

}  // namespace

std::vector<std::vector<std::string>> result_table(const Reproduction& r) {
  std::vector<std::string> head = {"model", "figure"};
  if (r.seeds > 1)
    for (Index seed = 1; seed <= r.seeds; seed++) head.push_back(fmt::format("seed {}", seed));
  for (const char* name : {"ours", "reference", "band", ""}) head.emplace_back(name);
  if (r.seeds > 1) head[head.size() - 4] = "mean";
  std::vector<std::vector<std::string>> rows = {head};
  for (const JudgedFigure& f : r.figures) {
    std::vector<std::string> row = {label_of(r.experiment, f.reference), f.reference.figure};
    if (r.seeds > 1)
      for (const double v : f.values) row.push_back(figure_text(v));
    row.push_back(figure_text(f.mean));
    row.push_back(reference_text(f.reference));
    row.push_back(band_text(f.reference));
    row.emplace_back(!f.inside ? "not judged" : *f.inside ? "inside" : "OUTSIDE");
    rows.push_back(std::move(row));
  }
  return rows;
}

std::vector<std::vector<std::string>> experiment_table(const std::vector<Experiment>& all) {
  std::vector<std::vector<std::string>> rows = {{"experiment", "data", "model", "figure", "reference", "band", "seeds", "takes"}};
  for (const Experiment& e : all) {
    bool first = true;
    for (const ReferenceFigure& f : e.figures) {
      if (!f.judged()) continue;
      rows.push_back({first ? e.command() : "", first ? (e.data.empty() ? "its own" : e.data) : "", label_of(e, f), f.figure,
                      reference_text(f), band_text(f), first ? fmt::format("{}", e.seeds) : "", first ? e.takes : ""});
      first = false;
    }
  }
  return rows;
}

std::string to_json(const Reproduction& r) {
  Json all = Json::object({{"program", fmt::format("elbo {}", program_version)}});
  const Json about = about_experiment(r.experiment);
  for (const auto& [key, value] : about.members()) all[key] = value;
  all["data"] = r.data;
  all["seeds"] = r.seeds;
  all["figures"] = Json::array();
  for (const JudgedFigure& f : r.figures) {
    Json figure = reference_json(f.reference);
    figure["values"] = Json::array();
    for (const double v : f.values) figure["values"].push_back(number_or_null(v));
    figure["mean"] = number_or_null(f.mean);
    figure["inside"] = f.inside ? Json(*f.inside) : Json();
    all["figures"].push_back(std::move(figure));
  }
  all["inside"] = r.figures.empty() ? Json() : Json(r.inside());
  return all.dump(2) + "\n";
}

std::string to_json(const std::vector<Experiment>& all) {
  Json list = Json::array();
  for (const Experiment& e : all) {
    Json one = about_experiment(e);
    one["data"] = e.data.empty() ? Json() : Json(e.data);
    one["seeds"] = e.seeds;
    one["takes"] = e.takes;
    one["models"] = Json::array();
    for (const ReproducedModel& m : e.models)
      one["models"].push_back(Json::object({{"name", m.name}, {"preset", m.preset}, {"set", m.set}}));
    one["figures"] = Json::array();
    for (const ReferenceFigure& f : e.figures) one["figures"].push_back(reference_json(f));
    list.push_back(std::move(one));
  }
  return Json::object({{"experiments", list}}).dump(2) + "\n";
}

}  // namespace elbo::lab
