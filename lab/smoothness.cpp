#include "lab/smoothness.h"

#include <fmt/core.h>

#include <algorithm>
#include <cmath>

#include "lab/codes.h"
#include "lab/mixture.h"
#include "lab/nearest_pictures.h"
#include "tensor/error.h"
#include "tensor/parallel.h"

namespace elbo {
namespace {

constexpr int mixture_components = 10;

// Row by row (1 - t) a + t b, both (n, ...) of one float type.
Tensor blend(const Tensor& a, const Tensor& b, double t) {
  Tensor out(a.shape(), DType::float64);
  double* to = out.mutable_data<double>();
  for (Index i = 0; i < a.numel(); i++) to[i] = (1 - t) * a.element(i) + t * b.element(i);
  return out;
}

// Of each picture of a to that of b in its place.
std::vector<double> pairwise_distances(const Tensor& a, const Tensor& b) {
  const Index n = a.size(0), d = a.numel() / n;
  std::vector<double> distances(std::size_t(n), 0.0);
  const float *x = a.data<float>(), *y = b.data<float>();
  parallel(n, [&](Index i) {
    double sum = 0;
    for (Index k = i * d; k < (i + 1) * d; k++) sum += (double(x[k]) - double(y[k])) * (double(x[k]) - double(y[k]));
    distances[std::size_t(i)] = std::sqrt(sum);
  });
  return distances;
}

// The mean of -sum p log p over the rows of logits, nats.
double mean_entropy(const Tensor& logits) {
  const Index n = logits.size(0), classes = logits.size(1);
  double sum = 0;
  for (Index i = 0; i < n; i++) {
    const float* row = logits.data<float>() + i * classes;
    const double largest = *std::max_element(row, row + classes);
    double total = 0, weighted = 0;  // of e = exp(x - largest): log(sum e) - sum e (x - largest) / sum e
    for (Index c = 0; c < classes; c++) {
      const double x = double(row[c]) - largest, e = std::exp(x);
      total += e, weighted += e * x;
    }
    sum += std::log(total) - weighted / total;
  }
  return sum / double(n);
}

// picture(k): those of all pairs at step k, (pairs, example...), float32.
template <class F>
PathFigures path_figures(const Run& run, const Dataset& data, const Classifier* classifier, const SmoothnessOptions& o, F&& picture) {
  PathFigures figures;
  const Tensor start = picture(0);
  Tensor before = start;
  std::vector<double> lengths(std::size_t(start.size(0)), 0.0);
  double entropy = 0;
  for (Index k = 0; k <= o.steps; k++) {
    const Tensor now = k == 0 ? start : picture(k);
    const std::vector<double> steps = pairwise_distances(before, now);
    for (std::size_t i = 0; i < lengths.size(); i++) lengths[i] += steps[i];
    if (classifier) entropy += mean_entropy(classifier->logits(now));
    if (2 * k == o.steps) figures.midpoint_distance = mean_distance(training_distances(run, data, now));
    before = now;
  }
  const std::vector<double> ends = pairwise_distances(start, before);
  std::vector<double> ratios;
  for (std::size_t i = 0; i < ends.size(); i++)
    if (ends[i] > 1e-6) ratios.push_back(lengths[i] / ends[i]);  // below: equal but for rounding
  if (!ratios.empty()) figures.length_ratio = mean_distance(ratios);
  if (classifier) figures.entropy = entropy / double(o.steps + 1);
  return figures;
}

constexpr double rounding = 1e-5;  // of a float32 code, relative: some hundred times the distance of two such numbers

}  // namespace

bool uses_its_code(const Tensor& mean, bool variational) {
  const Index n = mean.size(0), latent = mean.size(1);
  const float* z = mean.data<float>();
  for (Index j = 0; j < latent; j++) {
    double centre = 0, squares = 0;
    for (Index i = 0; i < n; i++) centre += double(z[i * latent + j]) / double(n);
    for (Index i = 0; i < n; i++) squares += (double(z[i * latent + j]) - centre) * (double(z[i * latent + j]) - centre);
    const double variance = squares / double(n);
    if (variance > (variational ? 0.01 : rounding * rounding * (centre * centre + variance))) return true;
  }
  return false;
}

std::optional<Smoothness> smoothness(const Run& run, const Dataset& data, const Classifier* classifier, const SmoothnessOptions& options) {
  if (options.pairs < 1) throw UsageError(fmt::format("smoothness: expected one pair or more, got {}", options.pairs));
  if (options.steps < 2 || options.steps % 2 != 0)
    throw UsageError(fmt::format("smoothness: expected an even number of steps, two or more, got {}", options.steps));
  if (data.test.size() < 2) fail("smoothness", fmt::format("expected two test examples or more, got {}", data.test.size()));
  const EncodedExamples encoded = encode_examples(run, data.test);
  if (!uses_its_code(encoded.mean, run.model->variational())) return std::nullopt;
  const Tensor means = with_labels(*run.model, encoded.mean, encoded.labels);  // between labels their shares

  Smoothness s{.pairs = std::min(options.pairs, data.test.size() / 2), .steps = options.steps};
  const Tensor pictures = plain_pictures(run, data.test, 2 * s.pairs);
  const auto between = [&](const Tensor& all, Index k) {
    return blend(all.slice(0, s.pairs), all.slice(s.pairs, 2 * s.pairs), double(k) / double(s.steps));
  };
  s.decoded = path_figures(run, data, classifier, options, [&](Index k) { return decode_codes(*run.model, between(means, k)); });
  s.cross_fade = path_figures(run, data, classifier, options, [&](Index k) { return between(pictures, k).to(DType::float32); });
  return s;
}

std::optional<double> Holes::ratio(const std::optional<Source>& source) const {
  return source && reconstruction.distance > 0 ? std::optional(source->distance / reconstruction.distance) : std::nullopt;
}

Holes holes(const Run& run, const Dataset& data, const Classifier* classifier, Index count, std::uint64_t seed) {
  if (count < 1) throw UsageError(fmt::format("holes: expected one code or more, got {}", count));
  if (data.test.size() == 0) fail("holes", "the test part is empty");
  Holes h{.codes = std::min(count, data.test.size())};
  const auto measured = [&](const Tensor& pictures) {
    Holes::Source s{.distance = mean_distance(training_distances(run, data, pictures))};
    if (classifier) s.entropy = mean_entropy(classifier->logits(pictures));
    return s;
  };
  const auto decoded = [&](const Tensor& codes) { return measured(decode_codes(*run.model, codes)); };
  h.reconstruction = measured(reconstruct(*run.model, model_inputs(run, data.test, h.codes), data.test.labels));
  h.prior = decoded(draw_codes(run, h.codes, CodeSource::prior, 1, seed));
  if (run.codes) h.gaussian = decoded(draw_codes(run, h.codes, CodeSource::gaussian, 1, seed));
  if (data.train.size() >= mixture_components)
    h.mixture = decoded(with_labels(*run.model, fit_mixture(mixture_codes(run, data.train), mixture_components).draw(h.codes, 1, seed)));
  return h;
}

}  // namespace elbo
