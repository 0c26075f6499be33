#include "lab/softmax_regression.h"

#include <fmt/core.h>

#include <algorithm>
#include <cmath>
#include <deque>

#include "tensor/elementwise.h"
#include "tensor/error.h"
#include "tensor/gemm.h"
#include "tensor/linalg.h"
#include "tensor/matmul.h"
#include "tensor/parallel.h"
#include "tensor/softmax.h"

namespace elbo {
namespace {

using Numbers = std::vector<double>;

double inner(const Numbers& a, const Numbers& b) {
  double sum = 0;
  for (std::size_t i = 0; i < a.size(); i++) sum += a[i] * b[i];
  return sum;
}

// The last steps and what they did to the gradient: an approximation of the inverse Hessian.
class StepMemory {
 public:
  void add(Numbers step, Numbers change) {
    const double curvature = inner(step, change);
    if (!(curvature > 1e-14 * inner(change, change))) return;  // rounding: it would make the matrix indefinite
    if (steps_.size() == most) steps_.pop_front();
    steps_.push_back({std::move(step), std::move(change), 1 / curvature});
  }

  // The inverse times g (the two loops of Nocedal 1980), from the inverse of a diagonal, scaled to the curvature of the last step: the
  // diagonal is a bound, and where most examples are classified surely the Hessian lies far below it.
  Numbers times(Numbers g, const Numbers& diagonal) const {
    Numbers along(steps_.size());
    for (std::size_t i = steps_.size(); i-- > 0;) {
      along[i] = steps_[i].inverse * inner(steps_[i].step, g);
      for (std::size_t k = 0; k < g.size(); k++) g[k] -= along[i] * steps_[i].change[k];
    }
    double scale = 1;
    if (!steps_.empty()) {
      const Step& last = steps_.back();
      double squares = 0;
      for (std::size_t k = 0; k < g.size(); k++) squares += last.change[k] * last.change[k] / diagonal[k];
      scale = 1 / (last.inverse * squares);
    }
    for (std::size_t k = 0; k < g.size(); k++) g[k] *= scale / diagonal[k];
    for (std::size_t i = 0; i < steps_.size(); i++) {
      const double by = along[i] - steps_[i].inverse * inner(steps_[i].change, g);
      for (std::size_t k = 0; k < g.size(); k++) g[k] += by * steps_[i].step[k];
    }
    return g;
  }

 private:
  struct Step {
    Numbers step, change;
    double inverse;
  };
  static constexpr std::size_t most = 16;
  std::deque<Step> steps_;
};

// Turns logits (m, classes) into the gradient by them, softmax less one at the label, in `to`; gives the sum of the rows' losses.
double softmax_loss(const Tensor& logits, const std::int32_t* labels, Tensor& to) {
  const Index m = logits.size(0), classes = logits.size(1);
  softmax(logits, to);
  const double* from = logits.data<double>();
  double* p = to.mutable_data<double>();
  double loss = 0;
  for (Index i = 0; i < m; i++, from += classes, p += classes) {
    const Index largest = std::max_element(from, from + classes) - from;  // its probability is at least 1 / classes: a safe logarithm
    loss += from[largest] - std::log(p[largest]) - from[labels[i]];
    p[labels[i]] -= 1;
  }
  return loss;
}

}  // namespace

SoftmaxProblem::SoftmaxProblem(const Tensor& x, const Tensor& labels, Index classes) : classes_(classes) {
  require_rank("probe", "features (n, d)", x, 2);
  n_ = x.size(0), d_ = x.size(1);
  require_shape("probe", "labels", labels, {n_});
  if (n_ < 1 || d_ < 1 || classes < 1)
    fail("probe", fmt::format("expected examples with features and classes, got {} x {} and {} classes", n_, d_, classes));
  const auto* label = labels.data<std::int32_t>();
  labels_.assign(label, label + n_);
  for (const std::int32_t l : labels_)
    if (l < 0 || l >= classes) fail("probe", fmt::format("expected labels from 0 to {}, got {}", classes - 1, l));

  const Tensor all = x.to(DType::float64);
  const PrincipalComponents found = principal_components(all, d_);
  centre_ = found.mean, axes_ = found.components;
  turned_ = matmul(subtract(all, centre_), axes_, false, true);
  variance_.assign(found.variances.values<double>().begin(), found.variances.values<double>().end());
}

// p: weights (d, classes) along the axes, then the bias.
double SoftmaxProblem::loss_and_gradient(const Numbers& p, double l2, Numbers& gradient) const {
  const Index k = classes_, size = d_ * k;
  const Index chunks = std::clamp<Index>(n_ / 512, 1, 16), rows = divide_up(n_, chunks);
  const double* bias = p.data() + size;
  Numbers losses(std::size_t(chunks), 0.0);
  std::vector<Numbers> parts(static_cast<std::size_t>(chunks));
  parallel(chunks, [&](Index c) {
    const Index begin = std::min(n_, c * rows), end = std::min(n_, begin + rows);
    Numbers& part = parts[std::size_t(c)];
    part.assign(p.size(), 0.0);
    constexpr Index block = 256;
    for (Index at = begin; at < end; at += block) {
      const Index m = std::min(block, end - at);
      const double* x = turned_.data<double>() + at * d_;
      Tensor logits({m, k}, DType::float64), slope({m, k}, DType::float64);
      gemm<double>(false, false, m, k, d_, x, d_, p.data(), k, logits.mutable_data<double>(), k, {.bias = bias});
      losses[std::size_t(c)] += softmax_loss(logits, labels_.data() + at, slope);
      const double* row = slope.data<double>();
      for (Index i = 0; i < m; i++, row += k)
        for (Index j = 0; j < k; j++) part[std::size_t(size + j)] += row[j];
      gemm<double>(true, false, d_, k, m, x, d_, slope.data<double>(), k, part.data(), k, {.accumulate = true});
    }
  });
  gradient.assign(p.size(), 0.0);
  double loss = 0, squares = 0;
  for (Index c = 0; c < chunks; c++) {
    loss += losses[std::size_t(c)];
    for (std::size_t i = 0; i < p.size(); i++) gradient[i] += parts[std::size_t(c)][i];
  }
  for (double& g : gradient) g /= double(n_);
  for (std::size_t i = 0; i < std::size_t(size); i++) {
    gradient[i] += l2 * p[i];
    squares += p[i] * p[i];
  }
  return loss / double(n_) + l2 / 2 * squares;
}

SoftmaxRegression SoftmaxProblem::fit(const SoftmaxRegressionOptions& options, const SoftmaxRegression* start) const {
  if (!(options.l2 > 0)) throw UsageError(fmt::format("[probe] expected an l2 above 0, got {}", options.l2));
  const Index size = d_ * classes_;
  const auto all = std::size_t(size + classes_);
  Numbers p(all, 0.0), diagonal(all, 0.5 + options.l2), gradient, tried_gradient;
  for (Index i = 0; i < size; i++) diagonal[std::size_t(i)] = variance_[std::size_t(i / classes_)] / 2 + options.l2;
  if (start) {
    const Tensor turned = matmul(axes_, start->weights), moved = matmul(centre_.reshape({1, d_}), start->weights);
    for (Index i = 0; i < size; i++) p[std::size_t(i)] = turned.element(i);
    for (Index i = 0; i < classes_; i++) p[std::size_t(size + i)] = start->bias.element(i) + moved.element(i);
  }

  double squared_length = 1;  // the bias counts as a feature that is always 1
  for (const double v : variance_) squared_length += v;
  const double flat = options.tolerance * std::sqrt(squared_length);

  SoftmaxRegression result;
  StepMemory memory;
  double loss = loss_and_gradient(p, options.l2, gradient);
  for (;; result.iterations++) {
    result.converged = std::sqrt(inner(gradient, gradient)) <= flat;
    if (result.converged || result.iterations >= options.iterations) break;
    const Numbers direction = memory.times(gradient, diagonal);
    const double slope = -inner(gradient, direction);
    double length = 1, tried_loss = 0;
    Numbers tried(all);
    bool better = false;
    for (int halvings = 0; halvings < 40 && !better; halvings++, length /= 2) {
      for (std::size_t i = 0; i < all; i++) tried[i] = p[i] - length * direction[i];
      tried_loss = loss_and_gradient(tried, options.l2, tried_gradient);
      // Near the answer the loss changes by less than its rounding, while the gradient still tells which point is better.
      better = tried_loss <= loss + 1e-4 * length * slope ||
               (std::abs(tried_loss - loss) <= 1e-13 * loss && inner(tried_gradient, tried_gradient) < inner(gradient, gradient));
    }
    if (!better) break;  // all that is left is rounding
    Numbers change(all);
    for (std::size_t i = 0; i < all; i++) {
      p[i] = tried[i] - p[i];  // the step
      change[i] = tried_gradient[i] - gradient[i];
    }
    memory.add(std::move(p), std::move(change));
    p = std::move(tried);
    gradient = tried_gradient;
    loss = tried_loss;
  }
  result.loss = loss;
  const Tensor along = Tensor::from(p, {Index(all)});
  result.weights = matmul(axes_, along.part(0, {d_, classes_}), true);
  result.bias = subtract(along.part(size, {classes_}), matmul(centre_.reshape({1, d_}), result.weights).reshape({classes_}));
  return result;
}

Tensor SoftmaxRegression::predict(const Tensor& x) const {
  const Tensor logits = add(matmul(x.to(DType::float64), weights), bias);
  const Index n = logits.size(0), classes = logits.size(1);
  const double* at = logits.data<double>();
  Tensor labels({n}, DType::int32);
  for (Index i = 0; i < n; i++, at += classes)
    labels.mutable_data<std::int32_t>()[i] = std::int32_t(std::max_element(at, at + classes) - at);
  return labels;
}

double accuracy(const Tensor& predicted, const Tensor& labels) {
  const Index n = labels.numel();
  require_shape("accuracy", "a prediction for each label", predicted, {n});
  if (n == 0) fail("accuracy", "expected examples, got none");
  Index right = 0;
  for (Index i = 0; i < n; i++) right += predicted.data<std::int32_t>()[i] == labels.data<std::int32_t>()[i];
  return double(right) / double(n);
}

}  // namespace elbo
