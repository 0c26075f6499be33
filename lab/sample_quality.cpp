#include "lab/sample_quality.h"

#include <fmt/core.h>

#include <algorithm>

#include "lab/codes.h"
#include "lab/frechet.h"
#include "lab/nearest_pictures.h"
#include "tensor/error.h"

namespace elbo {
namespace {

constexpr Index neighbours = 3;  // k of precision and recall
constexpr Index decoded_at_once = 500;

// Features of samples, block by block: 10,000 large pictures need not be in memory.
Tensor sample_features(const Run& run, const Classifier& classifier, Index count, std::uint64_t seed) {
  const Tensor codes = draw_codes(run, count, default_code_source(*run.model), 1, seed);
  Tensor features({count, Classifier::feature_count});
  for (Index i = 0; i < count; i += decoded_at_once) {
    const Index end = std::min(count, i + decoded_at_once);
    features.slice(i, end).copy_from(classifier.features(decode_codes(*run.model, codes.slice(i, end))));
  }
  return features;
}

// Features of a part's first examples as they are.
Tensor data_features(const Run& run, const Classifier& classifier, const Split& split, Index count) {
  Tensor features({count, Classifier::feature_count});
  Batches batches = Batches::evaluation(split, plain_options(run, decoded_at_once));
  for (Index i = 0; i < count; i += decoded_at_once) {
    const Tensor& x = batches.load(1, i / decoded_at_once).x;
    const Index n = std::min(count - i, x.size(0));
    features.slice(i, i + n).copy_from(classifier.features(x.slice(0, n)));
  }
  return features;
}

Tensor reconstruction_features(const Run& run, const Classifier& classifier, const Split& split, Index count) {
  Tensor features({count, Classifier::feature_count});
  const std::unique_ptr<BatchSource> batches = evaluation_batches(run.config, split, decoded_at_once);
  for (Index i = 0; i < count; i += decoded_at_once) {
    const Batch& batch = batches->load(1, i / decoded_at_once);
    const Index n = std::min(count - i, batch.size());
    features.slice(i, i + n).copy_from(classifier.features(reconstruct(*run.model, batch.x.slice(0, n), batch.labels)));
  }
  return features;
}

void require_count(Index count) {
  if (count < 1) throw UsageError(fmt::format("samples: expected one or more, got {}", count));
}

}  // namespace

SampleQuality sample_quality(const Run& run, const Dataset& data, const Classifier& classifier, const SampleQualityOptions& options) {
  require_count(options.count);
  if (classifier.example_shape() != run.example_shape)
    fail("samples", fmt::format("the classifier is for pictures of shape {}, the run's are {}", classifier.example_shape().str(),
                                run.example_shape.str()));
  if (data.test.size() == 0) fail("samples", "the test part is empty");
  SampleQuality q{.test = std::min(options.count, data.test.size())};
  q.samples = q.test;
  q.training = std::min(q.test, data.train.size());
  const Tensor test = data_features(run, classifier, data.test, q.test);
  const Tensor samples = sample_features(run, classifier, q.samples, options.seed);
  if (q.test > Classifier::feature_count) {
    const GaussianFit of_test = fit_gaussian(test);
    q.sample_distance = frechet_distance(fit_gaussian(samples), of_test);
    q.reconstruction_distance = frechet_distance(fit_gaussian(reconstruction_features(run, classifier, data.test, q.test)), of_test);
    if (q.training > Classifier::feature_count)
      q.sample_distance_floor = frechet_distance(fit_gaussian(data_features(run, classifier, data.train, q.training)), of_test);
  }
  if (q.test > neighbours) {
    const PrecisionRecall pr = precision_recall(samples, test, neighbours);
    q.precision = pr.precision;
    q.recall = pr.recall;
  }
  return q;
}

std::optional<double> Memorising::ratio() const {
  return test_distance > 0 ? std::optional(sample_distance / test_distance) : std::nullopt;
}

Memorising memorising(const Run& run, const Dataset& data, const SampleQualityOptions& options) {
  require_count(options.count);
  if (data.test.size() == 0) fail("samples", "the test part is empty");
  const Index n = std::min(options.count, data.test.size());
  Memorising m{.samples = n, .test = n, .training = data.train.size()};
  const Tensor samples = decode_codes(*run.model, draw_codes(run, n, default_code_source(*run.model), 1, options.seed));
  m.sample_distance = mean_distance(training_distances(run, data, samples));
  m.test_distance = mean_distance(training_distances(run, data, plain_pictures(run, data.test, n)));
  return m;
}

}  // namespace elbo
