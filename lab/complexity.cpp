#include "lab/complexity.h"

#include <fmt/core.h>

#include <array>
#include <cmath>
#include <numbers>

#include "data/picture.h"
#include "tensor/error.h"
#include "tensor/parallel.h"

namespace elbo {
namespace {

constexpr std::size_t neighbours_of_a_pixel = 10;
using Neighbourhood = std::array<std::pair<Index, Index>, neighbours_of_a_pixel>;  // rows up, columns left; the nearest first
constexpr Neighbourhood in_pictures = {{{0, 1}, {1, 0}, {1, 1}, {1, -1}, {0, 2}, {2, 0}, {1, 2}, {1, -2}, {2, 1}, {2, -1}}};
constexpr Neighbourhood in_vectors = {{{0, 1}, {0, 2}, {0, 3}, {0, 4}, {0, 5}, {0, 6}, {0, 7}, {0, 8}, {0, 9}, {0, 10}}};

double log_gamma(double x) {
  int sign = 0;  // std::lgamma writes a variable of the whole program
  return ::lgamma_r(x, &sign);
}

double log_estimate(double ones, double zeros) {
  if (ones == 0 && zeros == 0) return 0;
  return log_gamma(ones + 0.5) + log_gamma(zeros + 0.5) - log_gamma(ones + zeros + 1) - std::log(std::numbers::pi);
}

// Ones and zeros behind each of the 2^depth neighbourhoods, the nearest neighbour in the highest bit: so that two whose nearest are the
// same stand side by side, and each step up the tree adds pairs.
double weighted_length(std::vector<double> ones, std::vector<double> zeros) {
  std::vector<double> log_p(ones.size());
  for (std::size_t i = 0; i < ones.size(); i++) log_p[i] = log_estimate(ones[i], zeros[i]);
  for (std::size_t n = ones.size() / 2; n > 0; n /= 2)
    for (std::size_t i = 0; i < n; i++) {
      ones[i] = ones[2 * i] + ones[2 * i + 1];
      zeros[i] = zeros[2 * i] + zeros[2 * i + 1];
      const double own = log_estimate(ones[i], zeros[i]), split = log_p[2 * i] + log_p[2 * i + 1], most = std::max(own, split);
      log_p[i] = most + std::log(0.5 * (std::exp(own - most) + std::exp(split - most)));
    }
  return -log_p[0];
}

double channel_length(const Tensor& x, Index height, Index width, Index channels, Index channel, const Neighbourhood& neighbours) {
  constexpr std::size_t contexts = std::size_t{1} << neighbours_of_a_pixel;
  std::vector<double> ones(contexts), zeros(contexts);
  const double* values = x.data<double>();
  for (Index row = 0; row < height; row++)
    for (Index column = 0; column < width; column++) {
      std::size_t context = 0;
      for (const auto& [up, left] : neighbours) {
        const Index r = row - up, c = column - left;
        const bool inside = r >= 0 && c >= 0 && c < width;
        context = 2 * context + std::size_t(inside && values[(r * width + c) * channels + channel] >= 0.5);
      }
      const double v = values[(row * width + column) * channels + channel];
      ones[context] += v;
      zeros[context] += 1 - v;
    }
  return weighted_length(std::move(ones), std::move(zeros));
}

[[noreturn]] void no_code(const Run& run, std::string_view why) {
  throw UsageError(
      fmt::format("--score likelihood-ratio: {}: {}, so there is no code to hold its likelihood against; --background RUN names "
                  "another model",
                  run.path, why));
}

}  // namespace

double context_tree_length(const Tensor& example) {
  const Tensor x = example.to(DType::float64);
  const Shape& s = x.shape();
  if (s.rank() == 1) return channel_length(x, 1, s[0], 1, 0, in_vectors);
  require_rank("complexity", "an example", x, 3);
  double length = 0;
  for (Index c = 0; c < s[2]; c++) length += channel_length(x, s[0], s[1], s[2], c, in_pictures);
  return length;
}

double png_length(const Tensor& bytes) {
  constexpr double of_every_png = 57;  // signature, header, the frames of its chunks
  const Tensor picture = bytes.rank() == 1 ? bytes.reshape({1, bytes.size(0), 1}) : bytes;
  return (double(encode_png(picture).size()) - of_every_png) * 8 * std::numbers::ln2;
}

std::vector<double> code_lengths(const Run& run, const Split& split) {
  const Likelihood likelihood = run.objective().likelihood();
  if (run.codec) no_code(run, "is a run on texts");
  if (likelihood == Likelihood::squared_error) no_code(run, "its squared error is no log-likelihood");
  std::vector<double> lengths(std::size_t(split.size()));
  if (is_density(likelihood)) {
    if (split.values.dtype() != DType::uint8 || dequantize_of(run.config, split) == Dequantize::none)
      no_code(run, "its density is of numbers that are no dequantised bytes");
    if (run.example_shape.rank() == 3 && run.example_shape[2] > 4) no_code(run, "its examples are no pictures of 1 to 4 channels");
    parallel(split.size(), [&](Index i) { lengths[std::size_t(i)] = png_length(split.values[i]); });
    return lengths;
  }
  const std::unique_ptr<BatchSource> batches = evaluation_batches(run.config, split);
  for (Index b = 0; b < batches->count(); b++) {
    const Batch& batch = batches->load(1, b);
    const std::int32_t* places = batch.examples.data<std::int32_t>();
    parallel(batch.size(), [&](Index i) { lengths[std::size_t(places[i])] = context_tree_length(batch.x[i]); });
  }
  return lengths;
}

}  // namespace elbo
