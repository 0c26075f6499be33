#include "models/collapse.h"

#include <fmt/core.h>

#include <cmath>

namespace elbo {

std::optional<std::string> collapse_warning(const Config& config, const Metrics& valid, double weight) {
  const ObjectiveConfig& o = config.objective;
  if (!config.model.variational || weight < 0.01 * o.beta) return std::nullopt;
  const bool unused = valid.active_units == 0 || (!std::isnan(valid.mutual_information) && valid.mutual_information < 0.1);
  if (!unused) return std::nullopt;
  std::string text = fmt::format("posterior collapse: the code is not used (KL {:.3f} nats, {} of {} units active", valid.kl,
                                 valid.active_units, config.model.latent);
  if (!std::isnan(valid.mutual_information)) text += fmt::format(", mutual information {:.3f} nats", valid.mutual_information);
  text += "): the decoder does as well without it.";

  std::string why, how;
  const auto cause = [&](const std::string& reason, const std::string& settings) {
    why += (why.empty() ? "" : "; ") + reason;
    how += (how.empty() ? "" : " or ") + settings;
  };
  if (o.anneal_shape == "none" && o.target_kl == 0)
    cause("the KL has its full weight from the first update, before the code says anything",
          "--set objective.anneal.shape=linear --set objective.anneal.steps=0.2");
  if (o.beta > 1) cause(fmt::format("objective.beta={:g} weighs the KL more than the ELBO does", o.beta), "--set objective.beta=1");
  if (o.free_bits == 0 && o.free_bits_total == 0 && o.target_kl == 0)
    cause(fmt::format("the {:.1f} nats of reconstruction outweigh the few that a code could save", valid.reconstruction),
          "--set objective.free_bits_total=5");
  if (config.model.kind == "text" && config.model.decoder_input == "tokens" && config.data.word_dropout == 0)
    cause("a decoder that sees the words before predicts well without a code", "--set data.word_dropout=0.3");
  if (o.likelihood == "squared-error")
    cause("squared-error is a Gaussian of variance 1/2 a pixel, a large noise", "--set objective.likelihood=gaussian-optimal");
  if (why.empty()) return text;
  return text + " Likely here: " + why + ". Try " + how;
}

}  // namespace elbo
