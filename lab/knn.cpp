#include "lab/knn.h"

#include <fmt/core.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

#include "tensor/elementwise.h"
#include "tensor/error.h"
#include "tensor/gemm.h"
#include "tensor/parallel.h"
#include "tensor/reduce.h"

namespace elbo {
namespace {

using Candidate = std::pair<float, std::int32_t>;  // squared distance less |q|^2, number

// Keeps the `most` smallest of those it is shown: what is surely too far costs one comparison.
class SmallestCandidates {
 public:
  explicit SmallestCandidates(std::size_t most) : most_(most) { kept_.reserve(4 * most); }
  void show(float distance, std::int32_t number) {
    if (distance > bound_) return;
    kept_.emplace_back(distance, number);
    if (kept_.size() == 4 * most_) trim();
  }
  const std::vector<Candidate>& take() {
    trim();
    return kept_;
  }

 private:
  void trim() {
    if (kept_.size() <= most_) return;
    std::nth_element(kept_.begin(), kept_.begin() + std::ptrdiff_t(most_) - 1, kept_.end());
    kept_.resize(most_);
    bound_ = kept_.back().first;
  }
  std::size_t most_;
  float bound_ = std::numeric_limits<float>::infinity();
  std::vector<Candidate> kept_;
};

}  // namespace

Neighbours nearest_rows(const Tensor& queries, const Tensor& examples, Index count, bool own_rows) {
  require_rank("neighbours", "queries (m, d)", queries, 2);
  require_rank("neighbours", "examples (n, d)", examples, 2);
  const Index m = queries.size(0), n = examples.size(0), d = examples.size(1);
  require_shape("neighbours", "queries", queries, {m, d});
  const Index others = n - (own_rows ? 1 : 0);
  if (count < 1 || count > others) fail("neighbours", fmt::format("{} neighbours wanted among {} examples", count, others));
  const Tensor centre = mean(examples.to(DType::float64), {0});
  const Tensor q = subtract(queries.to(DType::float64), centre).to(DType::float32);
  const Tensor x = subtract(examples.to(DType::float64), centre).to(DType::float32);
  const float *pq = q.data<float>(), *px = x.data<float>();
  std::vector<float> squares(std::size_t(n), 0.0F);
  parallel_ranges(n, 1024, [&](Index begin, Index end) {
    for (Index i = begin; i < end; i++) {
      double sum = 0;
      for (Index k = 0; k < d; k++) sum += double(px[i * d + k]) * double(px[i * d + k]);
      squares[std::size_t(i)] = float(sum);
    }
  });

  Neighbours found{Tensor({m, count}, DType::int32), Tensor({m, count})};
  auto* to = found.indices.mutable_data<std::int32_t>();
  float* distances = found.distances.mutable_data<float>();
  constexpr Index rows = 64, columns = 1024;  // of a product at a time: 256 kB
  parallel(divide_up(m, rows), [&](Index part) {
    const Index begin = part * rows, end = std::min(m, begin + rows);
    std::vector<SmallestCandidates> nearest(std::size_t(end - begin), SmallestCandidates(std::size_t(2 * count)));
    std::vector<float> products(std::size_t(rows * columns));
    for (Index first = 0; first < n; first += columns) {
      const Index width = std::min(columns, n - first);
      gemm<float>(false, true, end - begin, width, d, pq + begin * d, d, px + first * d, d, products.data(), columns);
      for (Index i = 0; i < end - begin; i++)
        for (Index j = 0; j < width; j++)
          if (!own_rows || begin + i != first + j)
            nearest[std::size_t(i)].show(squares[std::size_t(first + j)] - 2 * products[std::size_t(i * columns + j)],
                                         std::int32_t(first + j));
    }
    std::vector<std::pair<double, std::int32_t>> exact;
    for (Index i = begin; i < end; i++) {
      exact.clear();
      for (const Candidate& c : nearest[std::size_t(i - begin)].take()) {
        double sum = 0;
        for (Index k = 0; k < d; k++) {
          const double difference = double(pq[i * d + k]) - double(px[c.second * d + k]);
          sum += difference * difference;
        }
        exact.emplace_back(sum, c.second);
      }
      std::partial_sort(exact.begin(), exact.begin() + count, exact.end());
      for (Index k = 0; k < count; k++) {
        to[i * count + k] = exact[std::size_t(k)].second;
        distances[i * count + k] = float(std::sqrt(exact[std::size_t(k)].first));
      }
    }
  });
  return found;
}

Tensor majority_vote(const Tensor& neighbours, const Tensor& labels) {
  require_rank("neighbours", "neighbours (m, k)", neighbours, 2);
  const Index m = neighbours.size(0), k = neighbours.size(1), n = labels.numel();
  if (k < 1) fail("neighbours", "expected at least one neighbour to vote");
  const auto *number = neighbours.data<std::int32_t>(), *label = labels.data<std::int32_t>();
  Tensor chosen({m}, DType::int32);
  for (Index i = 0; i < m; i++, number += k) {
    Index most = 0;
    for (Index a = 0; a < k; a++) {
      if (number[a] < 0 || number[a] >= n) fail("neighbours", fmt::format("neighbour {} among {} labels", number[a], n));
      const Index votes =
          std::count_if(number, number + k, [&](std::int32_t b) { return b >= 0 && b < n && label[b] == label[number[a]]; });
      if (votes <= most) continue;  // of equally many the one met first is the nearest
      most = votes;
      chosen.mutable_data<std::int32_t>()[i] = label[number[a]];
    }
  }
  return chosen;
}

}  // namespace elbo
