// Figures as a table for people.

#include <fmt/core.h>

#include <algorithm>
#include <cmath>

#include "lab/doctor.h"
#include "lab/nll_figures.h"
#include "lab/plot_text.h"
#include "models/objective.h"

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

// "1: 99.100 +- 0.412, 2: ...": nll by samples, with its error over examples.
std::string curve_text(const Figures& f) {
  if (f.nll_curve.size() < 2) return "";
  std::string points;
  for (const NllPoint& p : f.nll_curve)
    points += fmt::format("{}{}: {:.3f}{}", points.empty() ? "" : ", ", lab::grouped_number(p.samples), p.nll,
                          std::isnan(p.standard_error) ? "" : fmt::format(" +- {:.3f}", p.standard_error));
  return fmt::format("  {:<24}{:>12}  {}\n", "  by samples", "", points);
}

std::string likelihood_note(const Figures& f) {
  if (f.likelihood == "categorical") return "of each token given those before it";
  if (f.likelihood == "squared-error") return "a plain sum of squares: no log-likelihood";
  if (!f.normalised) return "of grey values: no log-likelihood";
  const std::string what = f.binarized                   ? "of binary pixels"
                           : f.likelihood == "bernoulli" ? "of numbers that are 0 or 1"
                           : f.dequantized               ? "a density, of dequantised bytes, all constants kept"
                                                         : "a density, all constants kept";
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
  const bool nats = f.likelihood != "squared-error";
  text += fmt::format("  {:<24}{:>12}  {}\n", "", "an example",
                      nats ? "nats, unless said otherwise" : "the KL in nats, the rest in sums of squares");
  const bool code = f.active_units >= 0, words = !std::isnan(f.tokens);
  line(text, "total", f.total,
       f.variational ? f.normalised ? "reconstruction + KL: the negative ELBO" : "reconstruction + KL; without a likelihood no bound"
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
    line(text, "aggregate KL", f.aggregate_kl,
         fmt::format("of all codes together from the prior{}",
                     f.mutual_information_saturated ? ": an upper bound, as the information is a lower one" : ""));
  }
  if (words) text += words_text(f);
  if (f.importance_samples > 0 && f.variational) {
    line(text, "nll", f.nll,
         fmt::format("{} importance sample{}, standard error over examples {:.3f}", lab::grouped_number(f.importance_samples),
                     f.importance_samples == 1 ? "" : "s", f.nll_standard_error));
    if (const Index fewer = fewer_samples(f.importance_samples); f.importance_samples > 1)
      line(text, fmt::format("  with the first {}", lab::grouped_number(fewer)), f.nll_tenth);
    if (f.importance_samples > 1) line(text, "  effective samples", f.effective_samples);
    text += curve_text(f);
    if (const NllTrust trust = nll_trusted(f); trust.trusted == false)
      text += fmt::format("  nll is not to be trusted: {}. It is too high; --importance-samples {} comes nearer\n", trust.evidence,
                          std::max<Index>(100, 10 * f.importance_samples));
    if (words)
      line(text, "nll perplexity", f.nll_perplexity);
    else
      line(text, "bits per dimension", f.bits_per_dim,
           std::isnan(f.bits_per_dim) ? "none: only bytes with noise and binary pixels have a code length" : "nll / (D ln 2)");
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
  if (f.pictures.collapsed)
    text += fmt::format("  no figures of paths: the run does not use its code ({})\n",
                        f.variational ? "no mean has a variance above 0.01" : "all examples have the same");
  if (const auto& gap = f.amortisation)
    line(text, "amortisation gap", gap->gap,
         fmt::format("the ELBO of codes optimised one by one less the encoder's, {} examples, standard error {:.3f}", gap->examples,
                     gap->standard_error));
  if (f.diagnosis) text += "\n" + to_text(*f.diagnosis);
  text += fmt::format("\n{:.2f} s, {} examples a second\n", f.seconds, lab::grouped_number(Index(f.examples_per_second)));
  return text;
}

}  // namespace elbo
