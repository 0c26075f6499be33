#pragma once
// What lies between codes. A smooth latent space decodes the straight way from one code to another into pictures that change little by
// little and all look like data; one with holes jumps, or shows what is no picture. Distances are in pixels (lab/nearest_pictures.h).
//
//   length ratio        of the decoded path between the codes (means) of two test examples: the sum of distances from step to step over the
//                       distance of its ends. 1: the shortest way, which in pixels is a cross-fade; the more, the more detours
//   midpoint distance   of the picture halfway to its nearest training picture
//   entropy             of the classifier's verdict, mean over the steps of the path, ends included, nats: 0 where it is sure throughout,
//                       log(classes) where it sees nothing
//
// All three also for a cross-fade of the same two test pictures. It shows ghosts of both: its ratio is 1 by construction, so a ratio alone
// says nothing good; a path is good whose midpoint is nearer to data and whose pictures are surer than the cross-fade's.

#include <optional>

#include "lab/classifier.h"
#include "models/run.h"

namespace elbo {

struct SmoothnessOptions {
  Index pairs = 200;  // example i of the test part with i + pairs, capped by half the part
  Index steps = 10;   // of a path, even, so that one picture is the midpoint
};

struct PathFigures {
  std::optional<double> length_ratio;  // mean over the pairs whose ends differ; empty where none does
  double midpoint_distance = 0;        // mean over the pairs
  std::optional<double> entropy;       // with a classifier
};

struct Smoothness {
  PathFigures decoded, cross_fade;
  Index pairs = 0, steps = 0;
};

// Whether a run uses its code, of which these are the means (n, latent; float32): of a VAE, whose prior sets the scale, some dimension has
// a variance above 0.01 (Burda, Grosse and Salakhutdinov 2015); of a plain autoencoder, whose codes may be as small as they like, one above
// what rounding makes of equal numbers, 1e-10 of its mean square.
bool uses_its_code(const Tensor& mean, bool variational);

// Empty for a run that does not use its code over the test part: paths between codes that are all the same say nothing. `classifier` may be
// null. Throws Error for fewer than two test examples, UsageError for options out of range.
std::optional<Smoothness> smoothness(const Run& run, const Dataset& data, const Classifier* classifier,
                                     const SmoothnessOptions& options = {});

// How far pictures of random codes lie from data, of decoded codes from N(0, I), from the Gaussian and from the mixture fitted to the
// training codes (lab/mixture.h), in two measures:
//
//   distance   mean pixel distance to the nearest training picture. Over the same of reconstructions: 1 where random codes are as near to
//              data as codes of data are. Faint and blurred pictures are near to everything, so a hole that decodes to little is missed
//   entropy    of the classifier's verdict, mean, nats: of data it is sure, of what is none it is not, however faint
struct Holes {
  struct Source {
    double distance = 0;
    std::optional<double> entropy;  // with a classifier
  };
  Index codes = 0;        // from each source, and reconstructions of test examples
  Source reconstruction;  // of test examples, decoded from the means of their codes
  Source prior;
  std::optional<Source> gaussian, mixture;  // empty: no statistics of codes in the model file; fewer than ten training examples
  // Of distances; empty where there is none, or reconstructions are training pictures.
  std::optional<double> ratio(const std::optional<Source>& source) const;
};

// `classifier` may be null; `count` is capped by the test part. Throws Error where the test or the training part is empty.
Holes holes(const Run& run, const Dataset& data, const Classifier* classifier, Index count = 1000, std::uint64_t seed = 1);

}  // namespace elbo
