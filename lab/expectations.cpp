#include "lab/expectations.h"

#include <fmt/core.h>

#include <algorithm>
#include <cstdlib>

#include "lab/comparable.h"

namespace elbo::lab {
namespace {

bool is_language_model(const Entry& e) { return e.config.model.kind == "text" && e.config.model.latent == 0; }
bool is_plain(const Entry& e) { return !e.variational() && !is_language_model(e); }
// A VAE whose KL costs something.
bool pays_for_codes(const Entry& e) { return e.variational() && e.config.objective.beta > 0; }

// Whether two entries are one network trained alike, apart from what `may_differ` allows.
template <class F>
bool alike_but_for(const Entry& a, const Entry& b, F&& may_differ) {
  const std::vector<std::string> keys = different_keys(a.config, b.config);
  return std::all_of(keys.begin(), keys.end(), may_differ);
}

bool differ_in(const Entry& a, const Entry& b, std::string_view key) {
  const std::vector<std::string> keys = different_keys(a.config, b.config);
  return keys.size() == 1 && keys[0] == key;
}

// How the KL is weighed, and that there is one; not what is added to the objective besides.
bool about_kl(const std::string& key) {
  return key == "model.variational" || (key.starts_with("objective.") && !key.starts_with("objective.likelihood") &&
                                        !key.starts_with("objective.variance") && !key.starts_with("objective.adversarial"));
}

// Squared error and its Gaussian twin rank networks alike.
bool about_kl_or_likelihood(const std::string& key) { return about_kl(key) || key == "objective.likelihood"; }
bool about_code(const std::string& key) { return about_kl(key) || key == "model.latent"; }

// What changes where one key alone is raised.
struct KeyRule {
  const char* key;
  const char* figure;
  bool rises;  // the figure, with the key
  const char* reason;
  bool from_zero = true;  // false: 0 turns the thing off, which is not less of it
};
constexpr KeyRule key_rules[] = {
    {"objective.beta", "kl", false, "a heavier weight makes each nat of the KL dearer, so fewer are kept"},
    {"objective.beta", "squared_error_at_mean", true, "a code of fewer nats says less of its picture"},
    {"objective.beta", "reconstruction", true, "a code of fewer nats says less of its example"},
    {"objective.beta", "active_units", false, "dimensions that save less than they cost are dropped"},
    {"objective.beta", "mutual_information", false, "what the KL charges for is, for the most part, what codes say of examples"},
    {"objective.beta", "hole_ratio_prior", false,
     "the nearer codes lie to N(0, I), the likelier one from there decodes to something like data"},
    {"objective.beta", "hole_entropy_prior", false,
     "the nearer codes lie to N(0, I), the likelier one from there decodes to something that a classifier knows"},
    {"objective.free_bits", "kl", true, "nats that cost nothing are used"},
    {"objective.free_bits_total", "kl", true, "nats that cost nothing are used"},
    {"objective.target_kl", "kl", true, "the weight is controlled so that the KL reaches this target", false},
    {"objective.capacity", "kl", true, "the KL is driven to this many nats", false},
    {"objective.adversarial.weight", "laplacian_ratio_samples", true, "a discriminator tells blurred pictures from data by their edges"},
    {"model.latent", "squared_error_at_mean", false, "more dimensions can hold more of a picture"},
};

class Expecting {
 public:
  Expecting(const std::vector<Entry>& entries, const ExpectedData& data) : entries_(entries), data_(data) {}

  std::vector<Expectation> all(bool baselines) {
    for (const Entry& a : entries_)
      for (const Entry& b : entries_) {
        if (&a == &b) continue;
        if (is_plain(a) && pays_for_codes(b)) plain_and_vae(a, b);
        if (is_plain(a) && b.variational() && !pays_for_codes(b) && alike_but_for(a, b, about_kl))
          expect(error_at_mean(), a, b, "the VAE's decoder is trained on noisy codes, though it pays nothing for making the noise small");
        if (importance_samples(a) < importance_samples(b)) bounds(a, b);
        if (data_.texts && a.variational() && a.config.objective.anneal_shape == "none" && b.config.objective.anneal_shape != "none" &&
            alike_but_for(a, b, [](const std::string& key) { return key.starts_with("objective.anneal."); }))
          expect("kl", a, b, "codes are put to use before they cost their full price (Bowman et al. 2016)");
        if (is_language_model(a) && b.variational()) language_model_and_vae(a, b);
        if (is_language_model(a) && is_plain(b) && alike_but_for(a, b, about_code))
          expect("reconstruction", b, a, "the language model has to guess what the code tells the autoencoder's decoder");
        twins(a, b);
        if (a.config.model.classes > 0 && a.variational() && differ_in(a, b, "model.classes"))
          expect("kl", a, b, "what the label says, the code need not");
      }
    for (const KeyRule& rule : key_rules) by_key(rule);
    if (baselines && !data_.texts)
      for (const Entry& e : entries_) beside_linear(e);
    return std::move(all_);
  }

 private:
  // The error of what the mean code is decoded to: where plain autoencoders and VAEs are compared.
  const char* error_at_mean() const { return data_.texts ? "reconstruction_at_mean" : "squared_error_at_mean"; }

  void expect(std::string figure, const Entry& lower, const Entry& higher, std::string reason) {
    if (comparable(figure, lower, higher)) all_.push_back({std::move(figure), lower.name, higher.name, std::move(reason)});
  }

  void plain_and_vae(const Entry& plain, const Entry& vae) {
    if (!alike_but_for(plain, vae, about_kl_or_likelihood)) return;
    expect(error_at_mean(), plain, vae,
           "a plain autoencoder minimises the reconstruction alone, where a VAE pays for its KL and decodes noisy codes");
    expect("active_units", vae, plain,
           "nothing tells a plain autoencoder to leave a dimension unused, and a VAE drops those that do not pay");
    if (data_.texts) expect("exact_match", vae, plain, "a code without noise and without a price can hold the whole sentence");
    if (data_.pictures)
      expect("hole_ratio_prior", vae, plain,
             "a VAE's codes are drawn towards N(0, I), so that a code from there decodes to something like data; a plain autoencoder's lie "
             "anywhere");
    if (data_.pictures && data_.labels)
      expect("hole_entropy_prior", vae, plain,
             "the same, judged by a classifier, which knows data when it sees them: faint pictures are near to all data in pixels");
    if (data_.pictures && data_.labels)
      expect("sample_distance", vae, plain,
             "a VAE was trained to decode noisy codes near its prior; the Gaussian fitted to a plain autoencoder's codes covers places "
             "that it never decoded (though Ghosh et al. 2020 found good samples there)");
  }

  void language_model_and_vae(const Entry& lm, const Entry& vae) {
    if (!alike_but_for(lm, vae, about_code)) return;
    expect("nll", lm, vae,
           "the language model's likelihood is exact and its decoder has no code to depend on; text VAEs seldom reach it (Bowman et al. "
           "2016)");
    expect("reconstruction", vae, lm, "the language model has to guess what the code tells the VAE's decoder");
  }

  // Of the bound that is trained: 1 for the ELBO, however many codes its mean is over; 0 without a bound.
  static Index importance_samples(const Entry& e) {
    if (!e.variational()) return 0;
    return e.config.objective.bound == "iwae" ? e.config.objective.samples : 1;
  }

  // The looser bound and the tighter one (Burda, Grosse and Salakhutdinov 2015).
  void bounds(const Entry& loose, const Entry& tight) {
    if (importance_samples(loose) == 0 ||
        !alike_but_for(loose, tight, [](const std::string& key) { return key == "objective.bound" || key == "objective.samples"; }))
      return;
    expect("nll", tight, loose, "the bound that is trained is nearer to log p(x) (Burda et al. 2015)");
    expect("active_units", loose, tight, "the encoder need not match the posterior code by code, so that fewer units are given up");
  }

  void twins(const Entry& squared, const Entry& optimal) {
    if (!pays_for_codes(squared) || !differ_in(squared, optimal, "objective.likelihood")) return;
    if (squared.config.objective.likelihood != "squared-error" || optimal.config.objective.likelihood != "gaussian-optimal") return;
    expect("squared_error_at_mean", optimal, squared,
           "squared error + KL takes every pixel to have noise of variance 1/2, under which a detail is not worth its nats");
    expect("kl", squared, optimal, "where a pixel's noise is small, what the code says of it is worth more nats");
  }

  // Neighbours in the order of the key's value, all else equal.
  void by_key(const KeyRule& rule) {
    const auto value = [&](const Entry& e) { return std::strtod(get_key(e.config, rule.key).c_str(), nullptr); };
    for (const Entry& a : entries_)
      for (const Entry& b : entries_) {
        if (!differ_in(a, b, rule.key) || value(a) >= value(b) || (!rule.from_zero && value(a) == 0)) continue;
        const bool between = std::any_of(entries_.begin(), entries_.end(), [&](const Entry& e) {
          return differ_in(a, e, rule.key) && value(a) < value(e) && value(e) < value(b);
        });
        if (!between && applies(rule.figure)) expect(rule.figure, rule.rises ? a : b, rule.rises ? b : a, rule.reason);
      }
  }

  // A reconstruction of texts has no squared error; of numbers it says what the squared error says.
  bool applies(std::string_view figure) const {
    if (figure == "hole_ratio_prior" || figure == "laplacian_ratio_samples") return data_.pictures;
    if (figure == "hole_entropy_prior") return data_.pictures && data_.labels;
    if (figure == "squared_error_at_mean") return !data_.texts;
    return figure != "reconstruction" || data_.texts;
  }

  // A VAE under squared error may well be worse than principal components, which pay for no nats: no expectation.
  void beside_linear(const Entry& e) {
    const bool normalised = e.config.objective.likelihood == "bernoulli" || e.config.objective.likelihood == "gaussian-optimal";
    if (e.config.model.latent == 0 || !(is_plain(e) || normalised) || e.config.objective.beta > 1) return;
    all_.push_back({"squared_error_at_mean", e.name, linear_baseline_name(std::min(e.config.model.latent, data_.numbers)),
                    "principal components are the best flat code of this size (Baldi and Hornik 1989), and a network can bend its own"});
  }

  const std::vector<Entry>& entries_;
  const ExpectedData& data_;
  std::vector<Expectation> all_;
};

}  // namespace

std::vector<Expectation> expectations(const std::vector<Entry>& entries, bool baselines, const ExpectedData& data) {
  return Expecting(entries, data).all(baselines);
}

const char* outcome_name(Outcome outcome) {
  switch (outcome) {
    case Outcome::as_expected:
      return "as expected";
    case Outcome::reversed:
      return "reversed";
    case Outcome::undecided:
      return "undecided";
    case Outcome::one_seed:
      return "one seed";
    case Outcome::only_bounded:
      return "only bounded";
    case Outcome::not_measured:
      return "not measured";
  }
  return "";
}

Outcome outcome_of(const MeanInterval& difference) {
  if (difference.spread.n == 0) return Outcome::not_measured;
  if (!difference.interval) return Outcome::one_seed;
  if (difference.interval->contains(0)) return Outcome::undecided;
  return difference.spread.mean > 0 ? Outcome::as_expected : Outcome::reversed;
}

std::string linear_baseline_name(Index latent) { return fmt::format("principal-components-{}", latent); }

}  // namespace elbo::lab
