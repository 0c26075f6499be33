#include "lab/convention.h"

#include <fmt/core.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <numbers>

#include "tensor/error.h"
#include "tensor/json.h"
#include "tensor/nearest.h"

namespace elbo {
namespace {

const std::vector<std::string> translate_keys = {"beta", "pixels", "latent", "batch", "data", "loss"};
const std::vector<std::string> kinds_of_data = {"grey", "binary", "dequantised"};

double number_of(std::string_view key, const std::string& text) {
  char* end = nullptr;
  const double v = std::strtod(text.c_str(), &end);
  const bool within = v == 0 || (v >= 1e-30 && v <= 1e30);  // beyond it the variance, and what follows, overflow
  if (text.empty() || *end || !within)
    throw UsageError(fmt::format("--translate: {} is '{}', expected a number from 0 (other than 0: 1e-30) to 1e30", key, text));
  return v;
}

Index whole_of(std::string_view key, const std::string& text) {
  char* end = nullptr;
  const double v = std::strtod(text.c_str(), &end);
  if (text.empty() || *end || v != std::floor(v) || !(v >= 1 && v <= 1e9))
    throw UsageError(fmt::format("--translate: {} is '{}', expected a whole number from 1 to 1000000000", key, text));
  return Index(v);
}

std::string one_of(std::string_view key, const std::string& text, const std::vector<std::string>& values) {
  if (std::find(values.begin(), values.end(), text) == values.end()) throw UsageError("--translate: " + unknown_message(key, text, values));
  return text;
}

bool squares(const Translation& t) { return t.convention.likelihood == "squared-error"; }

std::string sum_of_terms(const Translation& t) {
  return fmt::format("{} + {:g} KL", squares(t) ? "squared error" : "binary cross-entropy", t.effective_beta);
}

// Why a loss of this kind is no negative ELBO of anything; empty where it is one.
std::string why_no_likelihood(const Translation& t) {
  const double b = t.effective_beta;
  if (squares(t)) return b > 0 ? "" : "with beta 0 no variance makes a likelihood of the squared error";
  if (t.options.data != "binary")
    return fmt::format("the cross-entropy of {} numbers is no log-likelihood (data=binary where all are 0 or 1)", t.options.data);
  // Six digits are what a person types of 20/784.
  if (std::abs(b - 1) <= 1e-6) return "";
  return fmt::format("beta is {:g} where the negative ELBO has 1, and the loss alone does not tell its two terms apart", b);
}

std::string why_no_code_length(const Translation& t) {
  if (!squares(t) || t.options.data == "dequantised") return "";
  return t.options.data == "binary" ? "a Gaussian's density of binary numbers is no code length"
                                    : "a density at values in [0, 1] without noise is no code length (data=dequantised for "
                                      "(byte + noise) / 256)";
}

void put_in_nats(Translation& t) {
  const ConventionOptions& o = t.options;
  t.why_no_nats = why_no_likelihood(t);
  if (squares(t) && t.why_no_nats.empty()) {
    t.normalised_likelihood = "gaussian";
    t.gaussian_variance = t.effective_beta / 2;
    t.constant = 0.5 * double(o.numbers) * std::log(std::numbers::pi * t.effective_beta);
  } else if (!squares(t) && o.data == "binary") {
    t.normalised_likelihood = "bernoulli";
    t.constant = 0;
  }
  if (o.loss && t.scale) t.loss_in_sums = *o.loss * *t.scale;
  if (t.why_no_nats.empty() && !o.loss) t.why_no_nats = "no loss was given";
  if (t.why_no_nats.empty() && !t.scale) t.why_no_nats = "a sum over the batch, and batch=N was not given";
  if (t.why_no_nats.empty()) t.nats = *t.loss_in_sums / t.effective_beta + *t.constant;
  t.why_no_bits_per_dim = t.nats ? why_no_code_length(t) : t.why_no_nats;
  if (t.why_no_bits_per_dim.empty()) t.bits_per_dim = *t.nats / (double(o.numbers) * std::numbers::ln2) + (squares(t) ? 8 : 0);
}

}  // namespace

const std::vector<LossConvention>& loss_conventions() {
  static const std::vector<LossConvention> all = {
      {"elbo", "sum over pixels + beta * sum over the code, mean over the batch: ours", "bernoulli", 1, false, false, false},
      {"pytorch-mean-mse", "F.mse_loss(y, x) + beta * KL.sum(1).mean()", "squared-error", 1, true, false, false},
      {"pytorch-mean-mse-mean-kl", "F.mse_loss(y, x) + beta * KL.mean()", "squared-error", 1, true, true, false},
      {"pytorch-sum-mse", "F.mse_loss(y, x, reduction='sum') + beta * KL.sum()", "squared-error", 1, false, false, true},
      {"half-sum-mse", "0.5 * ((y - x) ** 2).sum() + beta * KL.sum()", "squared-error", 0.5, false, false, true},
      {"pytorch-mean-bce", "F.binary_cross_entropy(y, x) + beta * KL.sum(1).mean()", "bernoulli", 1, true, false, false},
      {"pytorch-mean-bce-mean-kl", "F.binary_cross_entropy(y, x) + beta * KL.mean()", "bernoulli", 1, true, true, false},
      {"pytorch-sum-bce", "F.binary_cross_entropy(y, x, reduction='sum') + beta * KL.sum()", "bernoulli", 1, false, false, true},
      {"keras-mean-mse", "MeanSquaredError()(x, y) + beta * mean(sum(KL, axis=1))", "squared-error", 1, true, false, false},
      {"keras-sum-bce", "mean(sum(binary_crossentropy(x, y), axis=(1, 2))) + beta * mean(sum(KL, axis=1))", "bernoulli", 1, false, false,
       false},
  };
  return all;
}

const LossConvention& loss_convention(std::string_view name) {
  std::vector<std::string> names;
  for (const LossConvention& c : loss_conventions()) {
    if (c.name == name) return c;
    names.emplace_back(c.name);
  }
  throw UsageError(unknown_message("loss convention", name, names));
}

Translation translate(std::string_view text) {
  const auto next = [&] {
    const std::string part(text.substr(0, text.find(',')));
    text.remove_prefix(std::min(text.size(), part.size() + 1));
    return part;
  };
  Translation t{.convention = loss_convention(next())};
  ConventionOptions& o = t.options;
  std::vector<std::string> seen;
  while (!text.empty()) {
    const std::string part = next();
    const std::size_t equals = part.find('=');
    const std::string key = part.substr(0, equals), value = equals == part.npos ? "" : part.substr(equals + 1);
    if (std::find(seen.begin(), seen.end(), key) != seen.end()) throw UsageError(fmt::format("--translate: {} was given twice", key));
    seen.push_back(key);
    if (key == "beta")
      o.beta = number_of(key, value);
    else if (key == "pixels")
      o.numbers = whole_of(key, value);
    else if (key == "latent")
      o.latent = whole_of(key, value);
    else if (key == "batch")
      o.batch = whole_of(key, value);
    else if (key == "data")
      o.data = one_of(key, value, kinds_of_data);
    else if (key == "loss")
      o.loss = number_of(key, value);
    else
      throw UsageError("--translate: " + unknown_message("key", key, translate_keys));
  }
  const LossConvention& c = t.convention;
  if (o.batch && !c.sum_over_batch)
    throw UsageError(fmt::format("--translate: {} takes the mean over the batch; batch is for sums over it", c.name));
  const double of_example = (c.mean_over_numbers ? double(o.numbers) : 1) / c.factor;
  t.effective_beta = o.beta * of_example / (c.mean_over_latent ? double(o.latent) : 1);
  if (!c.sum_over_batch) t.scale = of_example;
  if (o.batch) t.scale = of_example / double(*o.batch);
  put_in_nats(t);
  return t;
}

std::string to_text(const Translation& t) {
  const ConventionOptions& o = t.options;
  std::string text = fmt::format("{}: {}\n\n", t.convention.name, t.convention.formula);
  const std::string times = t.scale ? fmt::format("times {:g}", *t.scale)
                            : t.convention.factor == 1
                                ? "over the number of examples in the batch"
                                : fmt::format("times {:g} over the number of examples in the batch", 1 / t.convention.factor);
  text +=
      fmt::format("Of examples of {} numbers and codes of {} dimensions, {}, this is in sums an example:\n\n", o.numbers, o.latent, times);
  text += fmt::format("  objective = {}\n\n", sum_of_terms(t));
  text += fmt::format("  --set objective.likelihood={} --set objective.beta={:g}\n\n", t.convention.likelihood, t.effective_beta);
  if (t.gaussian_variance)
    text += fmt::format(
        "Its minimum is that of a likelihood, a Gaussian of variance {0:g} (deviation {1:g}) for every number, with beta 1:\n\n"
        "  --set objective.likelihood=gaussian --set objective.variance={0:g} --set objective.beta=1 --set data.dequantize={4}\n\n"
        "  negative ELBO = ({5}) * {2:g} {3} {6:g} nats an example\n\n",
        *t.gaussian_variance, std::sqrt(*t.gaussian_variance), 1 / t.effective_beta, *t.constant < 0 ? "-" : "+",
        o.data == "dequantised" ? "uniform" : "none", sum_of_terms(t), std::abs(*t.constant));
  else if (const std::string why = why_no_likelihood(t); why.empty())
    text += "That is the negative ELBO in nats, of the Bernoulli likelihood of binary numbers, whose constant is 0.\n\n";
  else
    text += fmt::format("That is no negative ELBO: {}.\n\n", why);
  if (t.effective_beta == 0) text += "With beta 0 nothing holds the codes near the prior: samples from it mean nothing.\n\n";
  if (o.loss && !t.scale)
    text += fmt::format(
        "A loss of {:g} is a sum over the batch: batch=N says over how many examples, and without it there is no figure of one.\n\n",
        *o.loss);
  if (t.loss_in_sums)
    text +=
        fmt::format("A loss of {:g} is {:g} in sums an example{}.\n\n", *o.loss, *t.loss_in_sums,
                    t.nats ? fmt::format(", and a negative ELBO of {:g} nats", *t.nats) : ", which are not the nats of a negative ELBO");
  if (t.bits_per_dim)
    text += fmt::format("Bits a dimension: {:g} at most.\n", *t.bits_per_dim);
  else if (!why_no_likelihood(t).empty())
    text += "Bits a dimension: none, as there are no nats.\n";
  else if (const std::string why = why_no_code_length(t); !why.empty())
    text += fmt::format("Bits a dimension: none, {}.\n", why);
  else
    text += fmt::format("Bits a dimension: nats / ({} ln 2){}, at most.\n", o.numbers, squares(t) ? " + 8" : "");
  return text;
}

std::string to_json(const Translation& t) {
  const ConventionOptions& o = t.options;
  const auto figure = [](const auto& v) { return v ? Json(*v) : Json(); };
  const auto words = [](std::string_view v) { return v.empty() ? Json() : Json(std::string(v)); };
  const Json j = Json::object({{"convention", std::string(t.convention.name)},
                               {"formula", std::string(t.convention.formula)},
                               {"likelihood", std::string(t.convention.likelihood)},
                               {"pixels", o.numbers},
                               {"latent", o.latent},
                               {"batch", figure(o.batch)},
                               {"data", o.data},
                               {"beta", o.beta},
                               {"scale", figure(t.scale)},
                               {"effective_beta", t.effective_beta},
                               {"normalised_likelihood", words(t.normalised_likelihood)},
                               {"gaussian_variance", figure(t.gaussian_variance)},
                               {"constant", figure(t.constant)},
                               {"loss", figure(o.loss)},
                               {"loss_in_sums", figure(t.loss_in_sums)},
                               {"nats", figure(t.nats)},
                               {"why_no_nats", words(t.why_no_nats)},
                               {"bits_per_dim", figure(t.bits_per_dim)},
                               {"why_no_bits_per_dim", words(t.why_no_bits_per_dim)}});
  return j.dump(2) + "\n";
}

}  // namespace elbo
