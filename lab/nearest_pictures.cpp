#include "lab/nearest_pictures.h"

#include <fmt/core.h>

#include <cmath>
#include <limits>

#include "tensor/error.h"
#include "tensor/matmul.h"
#include "tensor/parallel.h"

namespace elbo {
namespace {

Tensor rows_of(const Tensor& t) {
  const Index n = t.size(0);
  return t.to(DType::float32).reshape({n, n == 0 ? 0 : t.numel() / n});
}

}  // namespace

BatchOptions plain_options(const Run& run, Index batch) {
  const bool threshold = run.config.data.binarize == name_of(Binarize::threshold);
  return {.size = batch, .binarize = threshold ? Binarize::threshold : Binarize::none};
}

Tensor plain_pictures(const Run& run, const Split& split, Index count) {
  if (count > split.size())
    fail("pictures", fmt::format("{} examples wanted; the {} part holds {}", count, part_name(split.part), split.size()));
  Tensor pictures(run.example_shape.prepend(count));
  if (count == 0) return pictures;
  Batches batches = Batches::evaluation(split, plain_options(run));
  for (Index first = 0, b = 0; first < count; b++) {
    const Tensor& x = batches.load(1, b).x;
    const Index n = std::min(count - first, x.size(0));
    pictures.slice(first, first + n).copy_from(x.slice(0, n));
    first += n;
  }
  return pictures;
}

Tensor plain_pictures(const Run& run, const Split& split, std::span<const Index> places) {
  Tensor pictures(run.example_shape.prepend(Index(places.size())));
  Batches one = Batches::evaluation(split, plain_options(run, 1));
  for (std::size_t i = 0; i < places.size(); i++) pictures[Index(i)].copy_from(one.load(1, places[i]).x[0]);
  return pictures;
}

NearestRows::NearestRows(const Tensor& queries)
    : queries_(rows_of(queries)),
      indices_(std::size_t(queries.size(0)), -1),
      distances_(std::size_t(queries.size(0)), std::numeric_limits<double>::infinity()) {}

void NearestRows::add(const Tensor& rows) {
  constexpr Index at_once = 1024;  // queries: with blocks of 2,000 rows 8 MB of products
  const Tensor x = rows_of(rows);
  const Index m = queries_.size(0), n = x.size(0), d = queries_.size(1);
  if (m == 0 || n == 0) return;
  require_shape("nearest", "rows", x, {n, d});
  const float *from = x.data<float>(), *query = queries_.data<float>();
  std::vector<float> half(std::size_t(n), 0.0F);  // |x|^2 / 2
  parallel_ranges(n, 256, [&](Index begin, Index end) {
    for (Index j = begin; j < end; j++) {
      double sum = 0;
      for (Index k = 0; k < d; k++) sum += double(from[j * d + k]) * double(from[j * d + k]);
      half[std::size_t(j)] = float(sum / 2);
    }
  });
  for (Index first = 0; first < m; first += at_once) {
    const Index last = std::min(m, first + at_once);
    const Tensor products = matmul(queries_.slice(first, last), x, false, true);
    const float* p = products.data<float>();
    parallel(last - first, [&](Index i) {
      Index best = 0;  // least |x|^2 / 2 - q x
      float least = std::numeric_limits<float>::infinity();
      for (Index j = 0; j < n; j++)
        if (const float v = half[std::size_t(j)] - p[i * n + j]; v < least) least = v, best = j;
      double sum = 0;
      for (Index k = 0; k < d; k++) {
        const double gap = double(query[(first + i) * d + k]) - double(from[best * d + k]);
        sum += gap * gap;
      }
      const double distance = std::sqrt(sum);
      if (!(distance < distances_[std::size_t(first + i)])) return;
      distances_[std::size_t(first + i)] = distance;
      indices_[std::size_t(first + i)] = added_ + best;
    });
  }
  added_ += n;
}

NearestRows nearest_training(const Run& run, const Dataset& data, const Tensor& pictures) {
  if (data.train.size() == 0) fail("nearest", "the training part is empty");
  NearestRows nearest(pictures);
  Batches batches = Batches::evaluation(data.train, plain_options(run, 2000));
  for (Index b = 0; b < batches.count(); b++) nearest.add(batches.load(1, b).x);
  return nearest;
}

std::vector<double> training_distances(const Run& run, const Dataset& data, const Tensor& pictures) {
  return nearest_training(run, data, pictures).distances();
}

double mean_distance(const std::vector<double>& numbers) {
  double sum = 0;
  for (const double v : numbers) sum += v;
  return sum / double(numbers.size());
}

}  // namespace elbo
