#include "lab/picture_figures.h"

#include <algorithm>
#include <cmath>
#include <optional>

#include "lab/sample_quality.h"
#include "lab/smoothness.h"

namespace elbo {
namespace {

constexpr PictureFigure list[] = {
    {"sample_distance", &PictureFigures::sample_distance,
     "Frechet distance of samples (of a VAE from the prior, of a plain autoencoder from a Gaussian fitted to its codes) to test pictures, "
     "in a classifier's features"},
    {"sample_distance_floor", &PictureFigures::sample_distance_floor, "the same of training pictures"},
    {"reconstruction_distance", &PictureFigures::reconstruction_distance, "the same of reconstructions"},
    {"precision", &PictureFigures::precision, "share of samples that look like data"},
    {"recall", &PictureFigures::recall, "share of the data that samples reach"},
    {"memorising_ratio", &PictureFigures::memorising_ratio, "samples' distance to the nearest training picture, test pictures' being 1"},
    {"path_ratio", &PictureFigures::path_ratio, "decoded way between two codes over the straight one"},
    {"path_midpoint", &PictureFigures::path_midpoint, "distance of its midpoint to the nearest training picture"},
    {"path_entropy", &PictureFigures::path_entropy, "nats: how unsure the classifier is along it"},
    {"cross_fade_midpoint", &PictureFigures::cross_fade_midpoint, "the same of a plain cross-fade"},
    {"cross_fade_entropy", &PictureFigures::cross_fade_entropy, "the same of a plain cross-fade"},
    {"hole_ratio_prior", &PictureFigures::hole_ratio_prior, "distance of decoded N(0, I) codes to data, reconstructions' being 1"},
    {"hole_ratio_gaussian", &PictureFigures::hole_ratio_gaussian, "of codes from a fitted Gaussian"},
    {"hole_ratio_mixture", &PictureFigures::hole_ratio_mixture, "of codes from a fitted mixture"},
    {"hole_entropy_test", &PictureFigures::hole_entropy_test, "nats: how unsure the classifier is of reconstructions"},
    {"hole_entropy_prior", &PictureFigures::hole_entropy_prior, "of decoded N(0, I) codes"},
    {"hole_entropy_gaussian", &PictureFigures::hole_entropy_gaussian, "of codes from a fitted Gaussian"},
    {"hole_entropy_mixture", &PictureFigures::hole_entropy_mixture, "of codes from a fitted mixture"},
};

double value(const std::optional<double>& v) { return v.value_or(PictureFigures::none); }

// Updates of the classifier: of few examples no more than 20 epochs.
Index classifier_updates(const Dataset& data) {
  const Index epoch = (data.train.size() + 127) / 128;
  return std::min<Index>(ClassifierOptions{}.updates, 20 * epoch);
}

}  // namespace

std::span<const PictureFigure> picture_figure_list() { return list; }

PictureFigures picture_figures(const Run& run, const Dataset& data, std::uint64_t seed,
                               const std::function<void(std::string_view)>& on_note, Index count) {
  PictureFigures f;
  if (run.example_shape.rank() != 3 || data.train.size() == 0 || data.test.size() < 2) return f;
  std::optional<Classifier> classifier;
  if (data.classes > 1 && data.train.labels) {
    classifier = classifier_of(data, {.updates = classifier_updates(data), .note = on_note});
    const SampleQuality q = sample_quality(run, data, *classifier, {.count = count, .seed = seed});
    f.sample_distance = value(q.sample_distance), f.sample_distance_floor = value(q.sample_distance_floor);
    f.reconstruction_distance = value(q.reconstruction_distance);
    f.precision = value(q.precision), f.recall = value(q.recall);
  }
  f.memorising_ratio = value(memorising(run, data, {.count = count / 10, .seed = seed}).ratio());
  if (const std::optional<Smoothness> s = smoothness(run, data, classifier ? &*classifier : nullptr)) {
    f.path_ratio = value(s->decoded.length_ratio);
    f.path_midpoint = s->decoded.midpoint_distance, f.cross_fade_midpoint = s->cross_fade.midpoint_distance;
    f.path_entropy = value(s->decoded.entropy), f.cross_fade_entropy = value(s->cross_fade.entropy);
  }
  f.collapsed = std::isnan(f.path_midpoint);
  const Holes h = holes(run, data, classifier ? &*classifier : nullptr, count / 10, seed);
  f.hole_ratio_prior = value(h.ratio(h.prior));
  f.hole_ratio_gaussian = value(h.ratio(h.gaussian)), f.hole_ratio_mixture = value(h.ratio(h.mixture));
  const auto entropy = [](const std::optional<Holes::Source>& s) { return s ? value(s->entropy) : PictureFigures::none; };
  f.hole_entropy_test = entropy(h.reconstruction), f.hole_entropy_prior = entropy(h.prior);
  f.hole_entropy_gaussian = entropy(h.gaussian), f.hole_entropy_mixture = entropy(h.mixture);
  return f;
}

}  // namespace elbo
