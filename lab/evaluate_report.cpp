// Figures as JSON, as a table for people, and example by example.

#include <fmt/core.h>

#include <algorithm>
#include <cmath>

#include "lab/doctor.h"
#include "lab/evaluate.h"
#include "lab/plot_text.h"
#include "models/objective.h"
#include "tensor/json.h"

namespace elbo {
namespace {

void line(std::string& text, std::string_view name, double value, std::string_view note = "") {
  text += fmt::format("  {:<24}{:>12}{}{}\n", name, std::isnan(value) ? "-" : fmt::format("{:.3f}", value), note.empty() ? "" : "  ", note);
}

std::string words_text(const Figures& f) {
  std::string text = fmt::format("  {:<24}{:>12}  ends counted, starts not\n", "tokens", lab::grouped_number(Index(f.tokens)));
  line(text, "perplexity", f.perplexity, f.variational ? "exp(total per token): an upper bound" : "exp(total per token)");
  line(text, "token accuracy", f.token_accuracy, "given the tokens before");
  if (f.active_units >= 0) {
    line(text, "exact match", f.exact_match, "decoded from the code's mean, word by word");
    line(text, "edit distance", f.edit_distance, "tokens");
    if (f.all) line(text, "shuffled reconstruction", f.shuffled_reconstruction, "each given the code of another");
  }
  if (!f.texts_sampled) return text;
  text += "  texts drawn from it\n";
  line(text, "  distinct-1", f.distinct_1, "different words over all words");
  line(text, "  distinct-2", f.distinct_2, "and pairs of words");
  line(text, "  self-BLEU", f.self_bleu, "of each against all the others");
  line(text, "  copied", f.copied, "share that is in the training part");
  if (!std::isnan(f.samples_parsed)) line(text, "  parsed", f.samples_parsed, "share that the grammar of sentences makes");
  if (std::isnan(f.sample_lm_perplexity)) return text;
  line(text, "  perplexity", f.sample_lm_perplexity, "under the language model");
  line(text, "  reverse perplexity", f.reverse_perplexity, "of the part under a language model trained on 50,000 of them");
  return text;
}

std::string likelihood_note(const Figures& f) {
  if (f.likelihood == "categorical") return "of each token given those before it";
  if (f.likelihood == "squared-error") return "a plain sum of squares: no log-likelihood";
  if (!f.normalised) return "of grey values: no log-likelihood";
  const std::string what = f.binarized                   ? "of binary pixels"
                           : f.likelihood == "bernoulli" ? "of numbers that are 0 or 1"
                           : f.dequantized               ? "a density, of dequantised bytes"
                                                         : "a density";
  std::string note = what;
  if (!std::isnan(f.variance)) note += fmt::format("; variance {:.4g} a pixel", f.variance);
  const double logvar = std::log(f.variance);  // outside in files of an older program
  const bool optimal = f.likelihood == "gaussian-optimal" && logvar > lowest_pixel_logvar && logvar < highest_pixel_logvar;
  if (optimal || f.likelihood == "gaussian-learned")
    note += fmt::format("{} softly clamped to [{}, {}]", optimal ? ", its logarithm" : "; log-variances", lowest_pixel_logvar,
                        highest_pixel_logvar);
  if (f.bytes_as_they_are)
    note +=
        fmt::format("\n  bytes that are not dequantised repeat exactly (most of MNIST's are 0): the figures are set by {}, not by the data",
                    f.likelihood == "gaussian-learned" ? "that clamp"
                    : std::isnan(f.variance)           ? "the density's ends"
                                                       : "this variance");
  return note;
}

std::string spaced(std::string key) {
  std::replace(key.begin(), key.end(), '_', ' ');
  return key;
}

// By what follows the names of the figures.
std::vector<std::pair<std::string, const ProbeAccuracy*>> probes_by_name(const ProbeFigures& p) {
  return {{"", &p.code}, {"_raw", &p.raw}, {"_principal_components", &p.principal_components}, {"_untrained", &p.untrained}};
}

std::string probes_text(const ProbeFigures& p) {
  std::string text;
  for (const auto& [what, member] : {std::pair("probe accuracy", &ProbeAccuracy::linear), std::pair("knn accuracy", &ProbeAccuracy::knn)}) {
    std::string beside;
    for (const auto& [name, probe] : probes_by_name(p))
      if (!name.empty() && !std::isnan(probe->*member)) beside += fmt::format(", {:.3f} from {}", probe->*member, spaced(name.substr(1)));
    if (!std::isnan(p.code.*member))
      line(text, what, p.code.*member, fmt::format("of labels, from codes{}; the most frequent label {:.3f}", beside, p.most_frequent));
  }
  return text;
}

}  // namespace

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
    j["shuffled_reconstruction"] = f.shuffled_reconstruction;
    j["mutual_information"] = f.mutual_information;
    j["mutual_information_bound"] = f.mutual_information_bound;
    j["mutual_information_saturated"] = std::isnan(f.mutual_information) ? Json() : Json(f.mutual_information_saturated);
    j["aggregate_kl"] = f.aggregate_kl;
  }
  if (f.texts_sampled) {
    j["sample_lm_perplexity"] = f.sample_lm_perplexity;
    j["reverse_perplexity"] = f.reverse_perplexity;
    j["distinct_1"] = f.distinct_1;
    j["distinct_2"] = f.distinct_2;
    j["self_bleu"] = f.self_bleu;
    j["copied"] = f.copied;
    j["samples_parsed"] = f.samples_parsed;
  }
  if (f.texts_sampled || f.importance_samples > 0) j["entropy_gap"] = f.entropy_gap;
  if (f.importance_samples > 0) {
    j["nll"] = f.nll;
    j["nll_standard_error"] = f.nll_standard_error;
    j["importance_samples"] = f.variational ? Json(f.importance_samples) : Json(nullptr);
    j["nll_tenth"] = f.nll_tenth;
    j["effective_samples"] = f.effective_samples;
    j["nll_curve"] = f.nll_curve.empty() ? Json() : Json::array();
    for (const auto& [samples, nll] : f.nll_curve) j["nll_curve"].push_back(Json::object({{"samples", samples}, {"nll", nll}}));
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

std::string to_text(const Figures& f) {
  std::string text = fmt::format("{}, {} examples, {} weights; {}, {} parameters\nlikelihood {}: {}\n\n",
                                 f.split.empty() ? "given inputs" : f.split + " part", lab::grouped_number(f.examples), f.weights,
                                 f.variational        ? "VAE"
                                 : f.active_units < 0 ? "language model"
                                                      : "plain autoencoder",
                                 lab::grouped_number(f.parameters), f.likelihood, likelihood_note(f));
  if (f.classes > 0)
    text += fmt::format("of p(x | label): the model is given the label, one of {}, which costs up to {:.2f} nats elsewhere\n\n", f.classes,
                        std::log(double(f.classes)));
  if (f.use_test && !f.split.empty()) text += "data.use_test: the test examples were trained on, so no figure here is a test\n\n";
  text += fmt::format("  {:<24}{:>12}\n", "", "per example");
  const bool code = f.active_units >= 0, words = !std::isnan(f.tokens);
  line(text, "total", f.total,
       f.variational ? "reconstruction + KL: the negative ELBO"
       : code        ? "reconstruction alone: no bound"
                     : "the negative log-likelihood, exact");
  line(text, "  reconstruction", f.reconstruction, f.variational ? "one latent sample" : "");
  line(text, "  KL", f.kl);
  line(text, "objective", f.objective, f.variational ? "what training minimises" + f.minimised : "");
  if (!words) line(text, "squared error", f.squared_error, f.variational ? "same latent sample" : "");
  if (code) text += "  at the code's mean\n";
  if (code) line(text, "  reconstruction", f.reconstruction_at_mean);
  if (!words) line(text, "  squared error", f.squared_error_at_mean);
  if (!std::isnan(f.psnr)) line(text, "  PSNR", f.psnr, "decibels");
  if (!std::isnan(f.ssim)) line(text, "  SSIM", f.ssim, "structural similarity");
  if (code) text += fmt::format("  {:<24}{:>12}  means with a variance above 0.01\n", "active units", f.active_units);
  if (!f.active_by_threshold.empty()) {
    std::string swept;
    for (const auto& [threshold, units] : f.active_by_threshold)
      swept += fmt::format("{}{} above {:g}", swept.empty() ? "" : ", ", units, threshold);
    text += fmt::format("  {:<24}{:>12}  {}\n", "  other thresholds", "", swept);
  }
  if (f.all && f.variational) {
    line(text, "mutual information", f.mutual_information,
         fmt::format("of example and code, {:.2f} at most{}", f.mutual_information_bound,
                     f.mutual_information_saturated ? ": a lower bound, it is saturated" : ""));
    line(text, "aggregate KL", f.aggregate_kl, "of all codes together from the prior");
  }
  if (words) text += words_text(f);
  if (f.importance_samples > 0 && f.variational) {
    line(text, "nll", f.nll,
         fmt::format("{} importance samples, standard error over examples {:.3f}", lab::grouped_number(f.importance_samples),
                     f.nll_standard_error));
    line(text, "  with a tenth of them", f.nll_tenth);
    line(text, "  effective samples", f.effective_samples);
    if (f.importance_samples > 1 && (f.effective_samples < 2 || f.nll_tenth - f.nll > 0.5))
      text += fmt::format(
          "  nll is not to be trusted: {}. It is too high; --importance-samples {} comes nearer\n",
          f.effective_samples < 2 ? "one sample outweighs the rest" : "ten times the samples still lowered it by more than half a nat",
          lab::grouped_number(10 * f.importance_samples));
    if (words)
      line(text, "nll perplexity", f.nll_perplexity);
    else
      line(text, "bits per dimension", f.bits_per_dim);
  } else if (f.importance_samples > 0 && !code) {
    line(text, "nll", f.nll, fmt::format("exact, standard error over examples {:.3f}", f.nll_standard_error));
  } else if (f.importance_samples > 0) {
    line(text, "nll", f.nll, "a plain autoencoder has none");
  }
  if (!std::isnan(f.entropy_gap))
    line(text, "above the entropy", f.entropy_gap,
         fmt::format("{} less what the sentences' grammar makes of them", std::isnan(f.nll) ? "total" : "nll"));
  text += probes_text(f.probes);
  for (const auto& [what, v] :
       {std::pair("mutual information gap", f.mutual_information_gap), std::pair("disentanglement", f.disentanglement),
        std::pair("completeness", f.completeness), std::pair("informativeness", f.informativeness)})
    if (!std::isnan(v)) line(text, what, v, "of codes for the data's factors");
  for (const PictureFigure& p : picture_figure_list())
    if (const double v = f.pictures.*p.value; !std::isnan(v)) line(text, spaced(p.key), v, p.meaning);
  if (const auto& gap = f.amortisation)
    line(text, "amortisation gap", gap->gap,
         fmt::format("the ELBO of codes optimised one by one less the encoder's, {} examples, standard error {:.3f}", gap->examples,
                     gap->standard_error));
  if (f.diagnosis) text += "\n" + to_text(*f.diagnosis);
  text += fmt::format("\n{:.2f} s, {} examples a second\n", f.seconds, lab::grouped_number(Index(f.examples_per_second)));
  return text;
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
