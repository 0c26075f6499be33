#pragma once
// How good a run's samples are: pictures decoded from codes of its own source (lab/codes.h: the prior of a VAE, a Gaussian fitted to the
// codes of a plain autoencoder), beside the data (plain_pictures() of lab/nearest_pictures.h) and the run's reconstructions.
//
//   distances     Frechet distances in the classifier's features (lab/frechet.h). They compare with each other where n is the same
//   memorising    mean pixel distance of samples to their nearest training picture, over the same of test pictures. Clearly below 1:
//   samples
//                 are nearer to the training part than new data are, as copies would be. Blur lowers it too (a mean picture is near to
//                 many), so a ratio below 1 asks for a look at sharpness (lab/sharpness.h); one of 0 has no other reading

#include <optional>

#include "lab/classifier.h"
#include "models/run.h"

namespace elbo {

struct SampleQualityOptions {
  Index count = 10000;     // of samples, test images, training images and reconstructions; capped by what there is
  std::uint64_t seed = 1;  // of the codes
};

// A figure is empty where there are too few examples for it: the distances need more than the classifier has features.
struct SampleQuality {
  Index samples = 0, test = 0, training = 0;      // how many were compared; as many reconstructions as test images
  std::optional<double> sample_distance;          // decoded samples to test images
  std::optional<double> sample_distance_floor;    // training to test images. The classifier has learned the former: a floor of these
                                                  // features, and above what two unseen sets would show
  std::optional<double> reconstruction_distance;  // test images decoded from the means of their codes, to test images
  std::optional<double> precision, recall;        // of samples against test images, k = 3
};
// Throws Error where the classifier is for other pictures, the test part is empty, or the run has no statistics of its codes and needs
// them.
SampleQuality sample_quality(const Run& run, const Dataset& data, const Classifier& classifier, const SampleQualityOptions& options = {});

struct Memorising {
  Index samples = 0, test = 0, training = 0;      // how many; training: all of them
  double sample_distance = 0, test_distance = 0;  // mean pixel distance to the nearest training picture
  std::optional<double> ratio() const;            // empty where all test pictures are training pictures too
};
// `options.count` capped by the test part, as many samples; 1,000 against 50,000 MNIST pictures take about a second on two cores.
Memorising memorising(const Run& run, const Dataset& data, const SampleQualityOptions& options = {.count = 1000});

}  // namespace elbo
