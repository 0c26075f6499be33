#pragma once
// Eigenvalues of symmetric matrices and principal components. Computed in float64 by LAPACK (OpenBLAS carries it) on one thread, so
// the bits do not depend on the number of threads. Results have the type of x.

#include "tensor/tensor.h"

namespace elbo {

struct SymmetricEigen {
  Tensor values;   // (n,), descending
  Tensor vectors;  // (n, n): row i belongs to values[i], has length 1, and its entry of largest magnitude is positive
};
// a = sum over i of values[i] vectors[i] vectors[i]^T. `a` is (n, n), float32 or float64; only a[i, j] with j <= i is read.
// Throws when a number there is not finite.
SymmetricEigen symmetric_eigen(const Tensor& a);

struct PrincipalComponents {
  Tensor mean;        // (d,)
  Tensor components;  // (k, d): orthonormal rows, signs as above
  Tensor variances;   // (k,), descending: of the examples along each component, divided by n
};
// The k directions in which the examples x (n, d) vary most, 1 <= k <= d, n >= 1 (Pearson 1901). The code of an example is
// (x - mean) components^T, its reconstruction mean + code components.
PrincipalComponents principal_components(const Tensor& x, Index k);

}  // namespace elbo
