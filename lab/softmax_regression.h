#pragma once
// Softmax regression with L2: the linear probe. How well a linear map of the features tells the classes apart.
//
//   minimise   1/n sum over examples of -log softmax(W^T x + b)[label]  +  l2/2 |W|^2        (the bias has no penalty)
//
// A convex problem with one answer, found by L-BFGS (Nocedal 1980, "Updating quasi-Newton matrices with limited storage") on all examples
// at once in float64, from zero or from another answer, with steps halved until the loss falls enough. The features are turned to their
// principal axes first, which changes neither the loss nor |W|: there the Hessian lies below a diagonal one, variance / 2 + l2 along each
// axis (Böhning 1992, "Multinomial logistic regression algorithm"), which is what L-BFGS starts each direction from. It stops where the
// norm of the gradient, over the root mean square length of the centred features, is below `tolerance`. The sums over examples are cut into
// chunks by their number alone: the same bits for any number of threads.

#include <vector>

#include "tensor/tensor.h"

namespace elbo {

// Logits x W + b.
struct SoftmaxRegression {
  Tensor weights;   // float64 (d, classes)
  Tensor bias;      // float64 (classes,)
  double loss = 0;  // what was minimised, nats an example
  int iterations = 0;
  bool converged = false;  // otherwise the iterations ran out

  Tensor predict(const Tensor& x) const;  // x: (n, d), any float type; int32 (n,), of equal logits the first class
};

struct SoftmaxRegressionOptions {
  double l2 = 1e-3;
  double tolerance = 1e-4;  // of the gradient's norm over the root mean square of |x|: nats
  int iterations = 300;     // at most
};

// Examples to fit to, once for several strengths.
class SoftmaxProblem {
 public:
  // x: (n, d), any float type; labels: int32 (n,), 0 .. classes - 1. Throws Error for no examples, other labels and numbers that are not
  // finite.
  SoftmaxProblem(const Tensor& x, const Tensor& labels, Index classes);
  // `start`: an answer to begin from, or null. Throws UsageError for l2 <= 0: without it separable classes have no answer.
  SoftmaxRegression fit(const SoftmaxRegressionOptions& options, const SoftmaxRegression* start = nullptr) const;

 private:
  double loss_and_gradient(const std::vector<double>& p, double l2, std::vector<double>& gradient) const;

  Index n_, d_, classes_;
  Tensor turned_;  // float64 (n, d): centred, along the axes
  Tensor axes_;    // float64 (d, d): a row each
  Tensor centre_;  // float64 (d,)
  std::vector<double> variance_;
  std::vector<std::int32_t> labels_;
};

// The share of predictions that are right. Throws Error for none.
double accuracy(const Tensor& predicted, const Tensor& labels);

}  // namespace elbo
