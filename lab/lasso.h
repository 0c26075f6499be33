#pragma once
// Linear regression with an L1 penalty (Tibshirani 1996, "Regression shrinkage and selection via the lasso"), which sets weights that
// explain nothing to exactly 0: which of many features a target is made of.
//
//   minimise   1/(2n) |y - X w|^2  +  l1 |w|_1
//
// By coordinate descent on X^T X / n and X^T y / n (Friedman, Hastie and Tibshirani 2010, "Regularization paths for generalized linear
// models via coordinate descent"): one weight after the other takes its best value, in a fixed order, until no weight changes by more
// than 1e-7. float64, nothing random.

#include "tensor/tensor.h"

namespace elbo {

// gram: X^T X / n, float64 (d, d); products: X^T Y / n, float64 (d, targets), a problem for each column. `start`: weights to begin from,
// (d, targets), or empty. Returns the weights (d, targets). A feature whose own diagonal is 0 gets 0. Throws UsageError for l1 < 0.
Tensor lasso(const Tensor& gram, const Tensor& products, double l1, const Tensor& start = {});

// The weights for several targets that share their l1: of 1, 1/2, 1/4 ... 2^-10 the strongest whose squared error on validation examples
// is within one standard error of the smallest (the rule of Breiman, Friedman, Olshen and Stone 1984), so that targets of which the
// features say nothing get no weights. x: float64 (n, d), y: float64 (n, targets), all of mean 0 and variance 1 over the examples to fit
// to, or constant 0.
struct LassoFit {
  Tensor weights;  // float64 (d, targets)
  double l1 = 0;
};
LassoFit fit_lasso(const Tensor& x, const Tensor& y, const Tensor& x_valid, const Tensor& y_valid);

}  // namespace elbo
