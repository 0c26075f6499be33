#pragma once
// What the benchmarks share: timing, inputs, the models that are timed.

#include <algorithm>
#include <chrono>

#include "models/config.h"
#include "tensor/random.h"

namespace elbo::bench {

inline double now() { return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count(); }

// Median seconds of f, repeated for `seconds` after a warm-up of a fifth of that; at least three times.
template <class F>
double median_seconds(double seconds, F&& f) {
  std::vector<double> times;
  const double start = now();
  for (double t = start; t - start < seconds || times.size() < 3;) {
    f();
    const double end = now();
    if (end - start > seconds / 5) times.push_back(end - t);
    t = end;
  }
  std::nth_element(times.begin(), times.begin() + std::ptrdiff_t(times.size() / 2), times.end());
  return times[times.size() / 2];
}

inline Tensor random(const Shape& shape, std::uint64_t step) {
  Tensor t(shape);
  fill_uniform(t, {.seed = 1, .purpose = Purpose::test, .step = step});
  return t;
}

struct Reference {
  std::string name;
  Config config;
  Shape text = {};  // of texts: tokens predicted, words
};
const std::vector<Reference>& references();

// The examples of a model: vectors of 784 numbers, the same as images, or texts.
inline Shape example_of(const Reference& r) {
  return r.config.model.kind == "text" ? r.text : r.config.model.kind == "dense" ? Shape{784} : Shape{28, 28, 1};
}

}  // namespace elbo::bench
