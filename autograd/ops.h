#pragma once
// Every op of the library, and the list of their families.

#include "autograd/ops/arithmetic.h"
#include "autograd/ops/conv.h"
#include "autograd/ops/latent.h"
#include "autograd/ops/likelihood.h"
#include "autograd/ops/linear.h"
#include "autograd/ops/normalise.h"
#include "autograd/ops/pooling.h"
#include "autograd/ops/recurrent.h"
#include "autograd/ops/reduce.h"
#include "autograd/ops/resample.h"
#include "autograd/ops/shape.h"
#include "autograd/ops/softmax.h"
#include "autograd/ops/unary.h"

namespace elbo {

template <class... Lists>
struct Families {};

using AllOps =
    Families<ops::unary_family::Ops, ops::arithmetic_family::Ops, ops::reduce_family::Ops, ops::shape_family::Ops, ops::softmax_family::Ops,
             ops::linear_family::Ops, ops::conv_family::Ops, ops::normalise_family::Ops, ops::pooling_family::Ops,
             ops::resample_family::Ops, ops::likelihood_family::Ops, ops::latent_family::Ops, ops::recurrent_family::Ops>;

// Calls f.template operator()<O>() for every op.
template <class F, class... Os>
void for_each_op(OpList<Os...>, F&& f) {
  (f.template operator()<Os>(), ...);
}
template <class F, class... Lists>
void for_each_op(Families<Lists...>, F&& f) {
  (for_each_op(Lists{}, f), ...);
}

}  // namespace elbo
