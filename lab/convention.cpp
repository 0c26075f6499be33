#include "lab/convention.h"

#include <fmt/core.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>

#include "tensor/error.h"
#include "tensor/json.h"
#include "tensor/nearest.h"

namespace elbo {
namespace {

double positive(std::string_view key, const std::string& text, bool zero_too) {
  char* end = nullptr;
  const double v = std::strtod(text.c_str(), &end);
  if (text.empty() || *end || !std::isfinite(v) || v < 0 || (v == 0 && !zero_too))
    throw UsageError(fmt::format("--translate: {} is '{}', expected a number {} 0", key, text, zero_too ? "from" : "above"));
  return v;
}

Index whole(std::string_view key, const std::string& text) {
  const double v = positive(key, text, false);
  if (v != std::floor(v) || v > 1e9) throw UsageError(fmt::format("--translate: {} is '{}', expected a whole number", key, text));
  return Index(v);
}

}  // namespace

const std::vector<LossConvention>& loss_conventions() {
  static const std::vector<LossConvention> all = {
      {"elbo", "sum over pixels + beta * sum over the code, mean over the batch: ours", "bernoulli", 1, false, false},
      {"pytorch-mean-mse", "F.mse_loss(y, x) + beta * KL.sum(1).mean()", "squared-error", 1, true, false},
      {"pytorch-mean-mse-mean-kl", "F.mse_loss(y, x) + beta * KL.mean()", "squared-error", 1, true, true},
      {"pytorch-sum-mse", "F.mse_loss(y, x, reduction='sum') + beta * KL.sum()", "squared-error", 1, false, false},
      {"half-sum-mse", "0.5 * ((y - x) ** 2).sum() + beta * KL.sum()", "squared-error", 0.5, false, false},
      {"pytorch-mean-bce", "F.binary_cross_entropy(y, x) + beta * KL.sum(1).mean()", "bernoulli", 1, true, false},
      {"pytorch-mean-bce-mean-kl", "F.binary_cross_entropy(y, x) + beta * KL.mean()", "bernoulli", 1, true, true},
      {"pytorch-sum-bce", "F.binary_cross_entropy(y, x, reduction='sum') + beta * KL.sum()", "bernoulli", 1, false, false},
      {"keras-mean-mse", "MeanSquaredError()(x, y) + beta * mean(sum(KL, axis=1))", "squared-error", 1, true, false},
      {"keras-sum-bce", "mean(sum(binary_crossentropy(x, y), axis=(1, 2))) + beta * mean(sum(KL, axis=1))", "bernoulli", 1, false, false},
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
  while (!text.empty()) {
    const std::string part = next();
    const std::size_t equals = part.find('=');
    const std::string key = part.substr(0, equals), value = equals == part.npos ? "" : part.substr(equals + 1);
    if (key == "beta")
      o.beta = positive(key, value, true);
    else if (key == "pixels")
      o.numbers = whole(key, value);
    else if (key == "latent")
      o.latent = whole(key, value);
    else if (key == "loss")
      o.loss = positive(key, value, true);
    else
      throw UsageError("--translate: " + unknown_message("key", key, std::vector<std::string>{"beta", "pixels", "latent", "loss"}));
  }
  const LossConvention& c = t.convention;
  t.scale = (c.mean_over_numbers ? double(o.numbers) : 1) / c.factor;
  t.effective_beta = o.beta * t.scale / (c.mean_over_latent ? double(o.latent) : 1);
  if (c.likelihood == "squared-error") t.gaussian_variance = t.effective_beta / 2;
  if (o.loss) t.nats = *o.loss * t.scale;
  return t;
}

std::string to_text(const Translation& t) {
  const ConventionOptions& o = t.options;
  std::string text = fmt::format("{}: {}\n\n", t.convention.name, t.convention.formula);
  text += fmt::format("Of examples of {} numbers and codes of {} dimensions, times {:g}, this is in sums, in nats an example:\n\n",
                      o.numbers, o.latent, t.scale);
  text += fmt::format("  objective = {} + {:g} KL\n\n", t.convention.likelihood == "bernoulli" ? "binary cross-entropy" : "squared error",
                      t.effective_beta);
  text += fmt::format("  --set objective.likelihood={} --set objective.beta={:g}\n", t.convention.likelihood, t.effective_beta);
  if (t.gaussian_variance && *t.gaussian_variance > 0)
    text += fmt::format(
        "\nIts minimum is that of a likelihood, a Gaussian of variance {0:g} (deviation {1:g}) for every number, with beta 1:\n\n"
        "  --set objective.likelihood=gaussian --set objective.variance={0:g} --set objective.beta=1\n\n"
        "whose nats are the squared error times {2:g}, {3:+g}.\n",
        *t.gaussian_variance, std::sqrt(*t.gaussian_variance), 0.5 / *t.gaussian_variance,
        0.5 * double(o.numbers) * std::log(2 * std::acos(-1.0) * *t.gaussian_variance));
  if (t.effective_beta == 0) text += "\nWith beta 0 nothing holds the codes near the prior: samples from it mean nothing.\n";
  if (t.nats) text += fmt::format("\nA loss of {:g} is {:g} here.\n", *o.loss, *t.nats);
  if (t.convention.likelihood == "bernoulli")
    text += fmt::format("\nNats / ({} ln 2) are bits a pixel, a code length of binary pixels alone.\n", o.numbers);
  return text;
}

std::string to_json(const Translation& t) {
  const ConventionOptions& o = t.options;
  Json j = Json::object({{"convention", std::string(t.convention.name)},
                         {"formula", std::string(t.convention.formula)},
                         {"likelihood", std::string(t.convention.likelihood)},
                         {"pixels", o.numbers},
                         {"latent", o.latent},
                         {"beta", o.beta},
                         {"scale", t.scale},
                         {"effective_beta", t.effective_beta}});
  j["gaussian_variance"] = t.gaussian_variance ? Json(*t.gaussian_variance) : Json();
  j["loss"] = o.loss ? Json(*o.loss) : Json();
  j["nats"] = t.nats ? Json(*t.nats) : Json();
  return j.dump(2) + "\n";
}

}  // namespace elbo
