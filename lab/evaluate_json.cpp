// Figures for programs: as JSON, and example by example.

#include <fmt/core.h>

#include <cmath>

#include "lab/doctor.h"
#include "lab/nll_figures.h"
#include "tensor/json.h"

namespace elbo {

std::string to_json(const Figures& f) {
  Json j;  // a figure that is not finite is written as null
  j["split"] = f.split.empty() ? Json() : Json(f.split);
  j["examples"] = f.examples;
  j["weights"] = f.weights;
  j["likelihood"] = f.likelihood;
  j["binarized"] = f.binarized;
  j["use_test"] = f.use_test;
  j["dequantized"] = f.dequantized;
  j["normalised"] = f.normalised;
  j["variance"] = f.variance;
  j["parameters"] = f.parameters;
  j["variational"] = f.variational;
  j["condition"] = f.classes > 0 ? Json("label") : Json();
  j["total"] = f.total;
  j["reconstruction"] = f.reconstruction;
  j["kl"] = f.kl;
  j["beta"] = f.beta;
  j["objective"] = f.objective;
  j["squared_error"] = f.squared_error;
  j["reconstruction_at_mean"] = f.reconstruction_at_mean;
  j["squared_error_at_mean"] = f.squared_error_at_mean;
  j["psnr"] = f.psnr;
  j["active_units"] = f.active_units < 0 ? Json() : Json(f.active_units);
  j["kl_per_unit"] = f.kl_per_unit.empty() ? Json(nullptr) : Json(f.kl_per_unit);
  j["tokens"] = std::isnan(f.tokens) ? Json() : Json(Index(f.tokens));
  j["perplexity"] = f.perplexity;
  j["token_accuracy"] = f.token_accuracy;
  j["exact_match"] = f.exact_match;
  j["edit_distance"] = f.edit_distance;
  j["shuffled_reconstruction"] = f.shuffled_reconstruction;
  j["sample_lm_perplexity"] = f.sample_lm_perplexity;
  j["reverse_perplexity"] = f.reverse_perplexity;
  j["distinct_1"] = f.distinct_1;
  j["distinct_2"] = f.distinct_2;
  j["self_bleu"] = f.self_bleu;
  j["copied"] = f.copied;
  j["samples_parsed"] = f.samples_parsed;
  j["entropy_gap"] = f.entropy_gap;
  if (f.all) {
    j["active_units_by_threshold"] = f.active_by_threshold.empty() ? Json() : Json::array();
    for (const auto& [threshold, units] : f.active_by_threshold)
      j["active_units_by_threshold"].push_back(Json::object({{"threshold", threshold}, {"active_units", units}}));
    j["ssim"] = f.ssim;
    for (const auto& [name, probe] : probes_by_name(f.probes)) {
      j["probe_accuracy" + name] = probe->linear;
      j["knn_accuracy" + name] = probe->knn;
    }
    j["most_frequent_label"] = f.probes.most_frequent;
    j["mutual_information_gap"] = f.mutual_information_gap;
    j["disentanglement"] = f.disentanglement;
    j["completeness"] = f.completeness;
    j["informativeness"] = f.informativeness;
    for (const PictureFigure& p : picture_figure_list()) j[p.key] = f.pictures.*p.value;
    j["mutual_information"] = f.mutual_information;
    j["mutual_information_bound"] = f.mutual_information_bound;
    j["mutual_information_saturated"] = std::isnan(f.mutual_information) ? Json() : Json(f.mutual_information_saturated);
    j["aggregate_kl"] = f.aggregate_kl;
  }
  if (f.importance_samples > 0) {
    j["nll"] = f.nll;
    j["nll_standard_error"] = f.nll_standard_error;
    const std::optional<bool> trusted = nll_trusted(f).trusted;
    j["nll_trusted"] = trusted ? Json(*trusted) : Json();
    j["importance_samples"] = f.variational ? Json(f.importance_samples) : Json(nullptr);
    j["nll_tenth"] = f.nll_tenth;
    j["effective_samples"] = f.effective_samples;
    j["nll_curve"] = f.nll_curve.empty() ? Json() : Json::array();
    for (const NllPoint& p : f.nll_curve)
      j["nll_curve"].push_back(Json::object({{"samples", p.samples}, {"nll", p.nll}, {"standard_error", p.standard_error}}));
    j["nll_perplexity"] = f.nll_perplexity;
    j["bits_per_dim"] = f.bits_per_dim;
  }
  if (const auto& gap = f.amortisation)
    j["amortisation_gap"] = Json::object({{"gap", gap->gap},
                                          {"standard_error", gap->standard_error},
                                          {"encoder_elbo", gap->encoder_elbo},
                                          {"optimised_elbo", gap->optimised_elbo},
                                          {"examples", gap->examples},
                                          {"steps", gap->steps}});
  if (f.diagnosis) {
    j["diagnosis"] = Json::array();
    for (const Finding& d : *f.diagnosis)
      j["diagnosis"].push_back(Json::object({{"illness", d.illness}, {"evidence", d.evidence}, {"cause", d.cause}, {"set", d.set}}));
  }
  j["seconds"] = f.seconds;
  j["examples_per_second"] = f.examples_per_second;
  return j.dump(2) + "\n";
}

std::string to_csv(const PerExample& rows) {
  const std::pair<const char*, const std::vector<double>*> columns[] = {{"tokens", &rows.tokens},
                                                                        {"total", &rows.total},
                                                                        {"reconstruction", &rows.reconstruction},
                                                                        {"kl", &rows.kl},
                                                                        {"squared_error", &rows.squared_error},
                                                                        {"reconstruction_at_mean", &rows.reconstruction_at_mean},
                                                                        {"squared_error_at_mean", &rows.squared_error_at_mean},
                                                                        {"nll", &rows.nll},
                                                                        {"effective_samples", &rows.effective_samples}};
  std::string text = rows.label.empty() ? "index" : "index,label";
  for (const auto& [name, values] : columns)
    if (!values->empty()) text += fmt::format(",{}", name);
  text += "\n";
  for (std::size_t i = 0; i < rows.total.size(); i++) {
    text += rows.label.empty() ? fmt::format("{}", i) : fmt::format("{},{}", i, rows.label[i]);
    for (const auto& [name, values] : columns)
      if (!values->empty()) text += fmt::format(",{:.9g}", (*values)[i]);
    text += "\n";
  }
  return text;
}

}  // namespace elbo
