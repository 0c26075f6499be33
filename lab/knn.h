#pragma once
// Nearest neighbours: which codes lie next to which, and what their labels say of a new one (Cover and Hart 1967, "Nearest neighbor pattern
// classification"), with nothing fitted. By matrix products, for ten thousand queries among fifty thousand examples of up to a thousand
// numbers.

#include "tensor/tensor.h"

namespace elbo {

struct Neighbours {
  Tensor indices;    // int32 (m, count)
  Tensor distances;  // float32 (m, count)
};
// For each row of `queries` (m, d) the `count` rows of `examples` (n, d) nearest by Euclidean distance, nearest first, of equal distances
// the lower number first. Any float types. `own_rows`: query i is example i itself, which is left out. Candidates come from |q|^2 - 2 q.x +
// |x|^2 in float32, of features centred on the examples' mean; the nearest of twice as many candidates are chosen by the plain sum of
// squares in float64. So a neighbour can be missed only where rounding (about 1e-6 of the squared distance to the mean) moves it behind as
// many others. Throws Error where there are not that many.
Neighbours nearest_rows(const Tensor& queries, const Tensor& examples, Index count, bool own_rows = false);

// neighbours: int32 (m, k), nearest first; labels: int32 (n,), of the examples. The class of most neighbours, of equally many the one whose
// nearest neighbour is nearest: int32 (m,).
Tensor majority_vote(const Tensor& neighbours, const Tensor& labels);

}  // namespace elbo
