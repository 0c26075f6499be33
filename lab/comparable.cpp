#include "lab/comparable.h"

#include <algorithm>
#include <array>

namespace elbo::lab {
namespace {

// Keys that change what the examples of the test part are, for the model: tokens, or pixels.
constexpr std::array<std::string_view, 7> of_examples = {"data.tokenizer", "data.lower_case",     "data.max_tokens", "data.overlong",
                                                         "data.min_count", "data.max_vocabulary", "data.binarize"};

bool is_any(const std::string& figure, std::initializer_list<const char*> names) {
  return std::find(names.begin(), names.end(), figure) != names.end();
}

// Said of codes alone, whatever they are codes of.
bool of_codes(const std::string& figure) {
  return is_any(figure, {"kl", "mutual_information", "aggregate_kl", "effective_samples", "active_units"}) ||
         figure.starts_with("probe_") || figure.starts_with("knn_");
}

bool has_bound(const Entry& e) { return e.variational() || (e.config.model.kind == "text" && e.config.model.latent == 0); }

}  // namespace

bool comparable(const std::string& figure, const Entry& a, const Entry& b) {
  if (figure == "objective") return false;  // each weighs its parts its own way
  if (is_any(figure, {"kl", "mutual_information", "aggregate_kl", "effective_samples"})) return a.variational() && b.variational();
  if (of_codes(figure)) return true;

  const std::vector<std::string> keys = different_keys(a.config, b.config);
  const auto differ = [&](std::string_view key) { return std::find(keys.begin(), keys.end(), key) != keys.end(); };
  if (std::any_of(of_examples.begin(), of_examples.end(), differ)) return false;
  const bool same_unit = !differ("objective.likelihood") && !differ("objective.variance") && !differ("data.dequantize");
  const bool same_event = !differ("model.classes");  // p(x), or p(x | label)
  if (is_any(figure, {"total", "nll", "nll_tenth", "perplexity", "nll_perplexity", "bits_per_dim", "entropy_gap"}))
    return has_bound(a) && has_bound(b) && same_unit && same_event;
  if (is_any(figure, {"reconstruction", "reconstruction_at_mean", "shuffled_reconstruction"})) return same_unit;
  return true;
}

}  // namespace elbo::lab
