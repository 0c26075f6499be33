#include "models/illness.h"

#include <fmt/core.h>

#include <algorithm>
#include <cmath>

#include "models/objective.h"

namespace elbo {
namespace {

// A finding in the making. Causes are added with what to set against them.
struct Sick {
  Finding finding;
  Sick(std::string illness, std::string evidence, double strength)
      : finding{std::move(illness), std::move(evidence), {}, {}, std::max(1.0, strength)} {}
  void because(const std::string& reason, std::initializer_list<std::string> remedies = {}) {
    finding.cause += (finding.cause.empty() ? "" : "; ") + reason;
    for (const std::string& r : remedies)
      if (std::find(finding.set.begin(), finding.set.end(), r) == finding.set.end()) finding.set.push_back(r);
  }
};

std::string set(std::string_view key, double value) { return fmt::format("--set {}={:.3g}", key, value); }
std::string lower_rate(const Config& c) { return set("optimizer.learning_rate", c.optimizer.learning_rate / 10); }
const std::string optimal = "--set objective.likelihood=gaussian-optimal";

bool scheduled(const ObjectiveConfig& o) { return o.anneal_shape != "none" || o.target_kl > 0; }
bool has_code(const Config& c) { return c.model.latent > 0; }

// The variance that a number has by the likelihood of a VAE: squared error is that of a Gaussian up to a constant, and with a weight beta
// on the KL the objective is beta times the ELBO of one with variance beta / 2. 0: a likelihood without.
double implied_variance(const ObjectiveConfig& o, const Symptoms& s) {
  if (o.likelihood == "squared-error") return (std::isnan(s.weight) ? o.beta : s.weight) / 2;
  if (o.likelihood == "gaussian") return o.variance;
  return 0;
}

bool collapsed(const Config& c, const Symptoms& s) {
  if (!c.model.variational || !has_code(c) || s.active_units < 0) return false;
  if (!std::isnan(s.weight) && s.weight < threshold::beginning * c.objective.beta) return false;
  return s.active_units == 0 || s.mutual_information < threshold::information;
}

void find_collapse(const Config& c, const Symptoms& s, std::vector<Finding>& found) {
  if (!collapsed(c, s)) return;
  const ObjectiveConfig& o = c.objective;
  std::string text =
      fmt::format("the code is not used (KL {:.3f} nats, {} of {} units active", std::max(0.0, s.kl), s.active_units, c.model.latent);
  if (!std::isnan(s.mutual_information)) text += fmt::format(", mutual information {:.3f} nats", std::max(0.0, s.mutual_information));
  Sick sick("posterior collapse", text + "): the decoder does as well without it", 1);
  for (const Symptoms::Layer& l : s.layers)
    if (l.name.starts_with("encoder/") && l.dead == l.units)
      sick.because(fmt::format("all units of {} are dead, so no example gets through to the code", l.name), {lower_rate(c)});
  if (!scheduled(o))
    sick.because("the KL has its full weight from the first update, before the code says anything",
                 {"--set objective.anneal.shape=linear --set objective.anneal.steps=0.2"});
  if (o.beta > 1)
    sick.because(fmt::format("objective.beta={:g} weighs the KL more than the ELBO does", o.beta), {"--set objective.beta=1"});
  if (o.free_bits == 0 && o.free_bits_total == 0 && o.target_kl == 0 && o.capacity == 0 && o.bound == "elbo")
    sick.because(fmt::format("the {:.1f} nats of reconstruction outweigh the few that a code could save", s.reconstruction),
                 {"--set objective.free_bits_total=5"});
  if (c.model.kind == "text" && c.model.decoder_input == "tokens" && c.data.word_dropout == 0)
    sick.because("a decoder that sees the words before predicts well without a code", {"--set data.word_dropout=0.3"});
  if (o.likelihood == "squared-error")
    sick.because(
        fmt::format("squared-error with this weight is a Gaussian of variance {:g} a pixel, a large noise", implied_variance(o, s)),
        {optimal});
  found.push_back(sick.finding);
}

void find_exploding_variance(const Config& c, const Symptoms& s, std::vector<Finding>& found) {
  const char* name = "exploding variance";
  if (s.largest_variance > threshold::large_variance) {
    Sick sick(name,
              fmt::format("the encoder's variance of unit {} is {:.3g} on average, the prior's is 1: the decoder sees noise there",
                          s.largest_unit, s.largest_variance),
              s.largest_variance / threshold::large_variance);
    if (c.objective.beta < 1)
      sick.because(fmt::format("a KL weight of {:g} hardly holds it", c.objective.beta), {"--set objective.beta=1"});
    if (c.objective.capacity > 0)
      sick.because(fmt::format("objective.capacity={:g} asks for a KL that noise alone can spend", c.objective.capacity),
                   {"--set objective.capacity=0"});
    sick.because("steps so large that the log-variance overshoots", {lower_rate(c), "--set optimizer.clip_norm=1"});
    found.push_back(sick.finding);
  }
  if (s.smallest_variance < threshold::small_variance) {
    Sick sick(
        name,
        fmt::format("the encoder's variance of unit {} is {:.2g} on average, its log-variance at the clamp of -10: the code has no noise, "
                    "and the model is a plain autoencoder there",
                    s.smallest_unit, s.smallest_variance),
        threshold::small_variance / s.smallest_variance);
    if (c.objective.beta < 1)
      sick.because(fmt::format("a KL weight of {:g} lets the noise go, which only harms reconstruction", c.objective.beta),
                   {"--set objective.beta=1"});
    if (c.objective.likelihood == "gaussian" && !(s.residual < c.objective.variance))
      sick.because(fmt::format("objective.variance={:g} makes reconstruction worth any KL", c.objective.variance), {optimal});
    sick.because("steps so large that the log-variance overshoots", {lower_rate(c)});
    found.push_back(sick.finding);
  }
  if (s.at_floor > threshold::at_floor) {
    Sick sick(
        name,
        fmt::format("{:.0f}% of the decoder's log-variances, of pixels that vary, are at their floor of {:g}, a variance of {:.2g}; the "
                    "residual's mean square there is {:.2g}",
                    100 * s.at_floor, lowest_pixel_logvar, std::exp(lowest_pixel_logvar), s.floor_residual),
        s.at_floor / threshold::at_floor);
    sick.because("a variance for each pixel shrinks wherever pixels are predicted well, and pays for it where they are not", {optimal});
    found.push_back(sick.finding);
  }
  if (c.objective.likelihood == "gaussian-optimal" && s.residual > 0 && s.variance > threshold::floor_ratio * s.residual) {
    Sick sick(name,
              fmt::format("the decoder's variance, {:.3g}, is at its floor: the residual's mean square is {:.3g}", s.variance, s.residual),
              s.variance / s.residual / threshold::floor_ratio);
    sick.because("data that are predicted almost exactly, bytes that repeat, would have a density without bound",
                 {fmt::format("--set objective.likelihood=gaussian --set objective.variance={:.2g}", std::max(s.residual, 1e-8))});
    found.push_back(sick.finding);
  }
}

void find_saturation(const Config& c, const Symptoms& s, std::vector<Finding>& found) {
  const bool logits = decoding_kind(c) != Decoding::Kind::mean;
  if (!(s.saturated > threshold::saturated) || (!logits && c.model.output != "sigmoid")) return;
  std::string text =
      fmt::format("{:.2g}% of the decoder's means are 0 or 1 to within float precision and more than 0.1 from the data", 100 * s.saturated);
  if (!std::isnan(s.largest_logit))
    text += fmt::format("; logits reach {:.0f}, and 16.6 is as far as a float32 sigmoid can tell", s.largest_logit);
  Sick sick("saturated decoder", text, s.saturated / threshold::saturated);
  sick.because("an output layer that ran away: updates too large, or too many on few examples",
               {lower_rate(c), "--set optimizer.clip_norm=1"});
  if (!logits)
    sick.because("a sigmoid under a squared error has no gradient at its ends, so it does not come back",
                 {"--set model.output=linear", "--set objective.likelihood=bernoulli"});
  found.push_back(sick.finding);
}

void find_small_weight(const Config& c, const Symptoms& s, std::vector<Finding>& found) {
  const double units = double(c.model.latent);
  const double most = std::max(threshold::aggregate_kl, threshold::aggregate_kl_unit * units);
  if (!c.model.variational || !(s.aggregate_kl > most)) return;
  std::string text = fmt::format(
      "all codes together are at least {:.1f} nats from N(0, I), {:.2f} a unit (their numbers have a root mean square "
      "of {:.2f}, the prior's 1)",
      s.aggregate_kl, s.aggregate_kl / units, s.code_scale);
  if (!std::isnan(s.sample_distance))
    text += fmt::format("; decoded N(0, I) codes are {:.2f} times as far from data as reconstructions", s.sample_distance);
  Sick sick("KL weight too small", text, s.aggregate_kl / most);
  const ObjectiveConfig& o = c.objective;
  const double variance = implied_variance(o, s);
  if (variance > 0 && variance * threshold::variance_ratio < s.residual)
    sick.because(fmt::format("a likelihood of variance {:.3g} a pixel, less than the residual's mean square {:.3g}, makes reconstruction "
                             "worth any KL",
                             variance, s.residual),
                 {optimal});
  if (o.likelihood != "squared-error" && o.beta < 1)
    sick.because(fmt::format("objective.beta={:g} weighs the KL less than the ELBO does", o.beta), {"--set objective.beta=1"});
  if (o.capacity > 0)
    sick.because(fmt::format("objective.capacity={:g} asks for a KL that the data do not need", o.capacity),
                 {"--set objective.capacity=0"});
  if (o.free_bits > 0 || o.free_bits_total > 0)
    sick.because("free bits let the codes leave the prior at no cost", {"--set objective.free_bits=0 --set objective.free_bits_total=0"});
  if (o.target_kl > 0)
    sick.because(fmt::format("objective.target_kl={:g} asks for a KL that the data do not need", o.target_kl),
                 {"--set objective.target_kl=0"});
  if (!sick.finding.cause.empty()) found.push_back(sick.finding);  // at its full weight the KL matters: such codes are a beginning's
}

void find_memorising(const Config& c, const Symptoms& s, std::vector<Finding>& found) {
  std::string text;
  double strength = 0;
  const double gap = s.held_out_loss - s.training_loss, learned = s.untrained_loss - s.training_loss;
  if (learned > 0 && gap > threshold::loss_errors * s.loss_error && gap > threshold::not_carried_over * learned) {
    text = fmt::format(
        "{} {:.2f} on training examples and {:.2f} on others, {:.2f} for the data's mean alone: {:.0f}% of what was learned "
        "does not carry over",
        s.loss, s.training_loss, s.held_out_loss, s.untrained_loss, 100 * gap / learned);
    strength = gap / learned / threshold::not_carried_over;
  } else if (s.objective - s.best_objective > threshold::unlearned * s.learned && s.epoch >= s.best_epoch + threshold::unlearning_epochs) {
    text = fmt::format("the validation objective has risen from {:.2f} in epoch {} to {:.2f} in epoch {}, while training's still falls",
                       s.best_objective, s.best_epoch, s.objective, s.epoch);
    strength = (s.objective - s.best_objective) / s.learned / threshold::unlearned;
  }
  if (text.empty()) return;
  Sick sick("memorising", text, strength);
  if (c.train.patience == 0)
    sick.because("it was trained longer than its examples last", {"--set train.patience=5"});
  else
    sick.because("it has few examples for its size");
  if (!c.model.variational && has_code(c))
    sick.because("a plain autoencoder's code has no noise to hide single examples in", {"--set model.variational=true"});
  if (c.model.kind == "text" && c.model.dropout < 0.5) sick.because("no or little dropout", {"--set model.dropout=0.5"});
  if (c.optimizer.weight_decay == 0)
    sick.because("nothing holds the weights", {"--set optimizer.name=adamw --set optimizer.weight_decay=0.01"});
  found.push_back(sick.finding);
}

void find_dead_units(const Config& c, const Symptoms& s, std::vector<Finding>& found) {
  std::string layers;
  double worst = 0;
  for (const Symptoms::Layer& l : s.layers) {
    if (double(l.dead) <= threshold::dead_units * double(l.units)) continue;
    worst = std::max(worst, double(l.dead) / double(l.units));
    layers += fmt::format("{}{} of {} relu units of {}", layers.empty() ? "" : ", ", l.dead, l.units, l.name);
  }
  if (!layers.empty()) {
    Sick sick("dead units", fmt::format("hidden layers: {} are 0 for all {} examples, and learn nothing any more", layers, s.examples),
              worst / threshold::dead_units);
    sick.because("updates so large that their inputs were pushed below 0 for good",
                 {lower_rate(c), "--set model.activation=leaky-relu", "--set optimizer.clip_norm=1"});
    found.push_back(sick.finding);
  }
  if (!c.model.variational && s.constant_units > 0) {
    Sick sick("dead units", fmt::format("the code: {} of its {} units are the same for all examples", s.constant_units, c.model.latent), 1);
    sick.because("nothing of the encoder reaches them; the code is narrower than it seems", {lower_rate(c)});
    found.push_back(sick.finding);
  }
  const double units = double(c.model.latent);
  if (!c.model.variational || collapsed(c, s) || s.active_units <= 0 || double(s.active_units) >= threshold::used_units * units) return;
  if (!std::isnan(s.weight) && s.weight < threshold::beginning * c.objective.beta) return;
  Sick sick(
      "dead units",
      fmt::format("the code: {} of its {} units vary with the example, the others are the prior's noise", s.active_units, c.model.latent),
      threshold::used_units * units / double(s.active_units));
  if (c.objective.beta > 1)
    sick.because(fmt::format("objective.beta={:g} makes units too dear", c.objective.beta), {"--set objective.beta=1"});
  if (c.objective.likelihood == "squared-error")
    sick.because(fmt::format("squared-error with this weight is a Gaussian of variance {:g} a pixel, too noisy for details",
                             implied_variance(c.objective, s)),
                 {optimal});
  sick.because("units that are not needed early are given up and stay so",
               {"--set objective.anneal.shape=linear --set objective.anneal.steps=0.2", "--set objective.free_bits=0.1"});
  found.push_back(sick.finding);
}

void find_wrong_scale(const Config& c, const Symptoms& s, std::vector<Finding>& found) {
  const ObjectiveConfig& o = c.objective;
  const double variance = implied_variance(o, s);
  if (!c.model.variational || !(s.residual > 0) || variance <= 0) return;
  const double ratio = variance / s.residual;
  if (ratio <= threshold::variance_ratio && ratio >= 1 / threshold::variance_ratio) return;
  const bool squared = o.likelihood == "squared-error";
  const std::string what =
      squared ? fmt::format("squared-error with a KL weight of {:g} is a Gaussian of variance {:.3g} a pixel", 2 * variance, variance)
              : fmt::format("objective.variance={:g}", variance);
  Sick sick("mis-scaled likelihood",
            fmt::format("{}; the residual's mean square is {:.3g}, {:.3g} times {}", what, s.residual, std::max(ratio, 1 / ratio),
                        ratio > 1 ? "less" : "as much"),
            std::max(ratio, 1 / ratio) / threshold::variance_ratio);
  const std::string by_hand = squared ? set("objective.beta", 2 * s.residual) : set("objective.variance", std::max(1e-8, s.residual));
  sick.because(ratio > 1 ? "the likelihood takes for noise what the decoder can tell, so the KL counts for too much and detail is lost"
                         : "the likelihood takes for certain what the decoder cannot tell, so the KL hardly counts",
               {optimal, by_hand});
  found.push_back(sick.finding);
}

}  // namespace

std::vector<Finding> judge(const Config& config, const Symptoms& symptoms) {
  std::vector<Finding> found;
  find_collapse(config, symptoms, found);
  find_exploding_variance(config, symptoms, found);
  find_saturation(config, symptoms, found);
  find_small_weight(config, symptoms, found);
  find_memorising(config, symptoms, found);
  find_dead_units(config, symptoms, found);
  find_wrong_scale(config, symptoms, found);
  return found;
}

std::string to_line(const Finding& f) {
  std::string text = fmt::format("{}: {}.", f.illness, f.evidence);
  if (!f.cause.empty()) text += fmt::format(" Likely here: {}.", f.cause);
  for (std::size_t i = 0; i < f.set.size(); i++) text += (i == 0 ? " Try " : " or ") + f.set[i];
  return text;
}

}  // namespace elbo
