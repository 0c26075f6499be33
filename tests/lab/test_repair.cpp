#include "lab/repair.h"

#include <doctest/doctest.h>

#include <cmath>

#include "autograd/mode.h"
#include "lab/codes.h"
#include "models/gradcheck.h"
#include "tensor/random.h"
#include "tests/support.h"

using namespace elbo;
using elbo::testing::contains;
using elbo::testing::error_of;

namespace {

// A linear model of 4 x 3 pictures with two code dimensions.
Run linear_run(bool variational) {
  Run r;
  r.path = "a run";
  for (const char* setting : {"model.latent=2", "model.hidden=[]", "model.output=linear", "model.float=float64", "model.init=orthogonal",
                              "objective.likelihood=gaussian", "objective.variance=0.1"})
    set_key(r.config, setting);
  r.config.model.variational = variational;
  r.example_shape = {4, 3, 1};
  r.store = std::make_unique<ParamStore>(store_options(r.config));
  r.model = make_model(r.config, r.example_shape, *r.store);
  return r;
}

Tensor decoded(const Run& run, double z0, double z1) {
  const NoGrad guard;
  return run.model->decode(Var(Tensor::from<double>({z0, z1}, {1, 2}))).mean();
}

// The code whose decoding has the least squared error of visible numbers / variance + |z|^2 (a VAE's posterior mean) or without the latter.
std::pair<double, double> exact_code(const Run& run, const Tensor& x, const Tensor& mask, double precision) {
  const Tensor b = decoded(run, 0, 0), w0 = decoded(run, 1, 0), w1 = decoded(run, 0, 1);
  double a00 = precision, a01 = 0, a11 = precision, r0 = 0, r1 = 0;
  for (Index i = 0; i < x.numel(); i++) {
    if (mask.element(i) == 0) continue;
    const double u = w0.element(i) - b.element(i), v = w1.element(i) - b.element(i), y = x.element(i) - b.element(i);
    a00 += u * u / 0.1, a01 += u * v / 0.1, a11 += v * v / 0.1, r0 += u * y / 0.1, r1 += v * y / 0.1;
  }
  const double det = a00 * a11 - a01 * a01;
  return {(a11 * r0 - a01 * r1) / det, (a00 * r1 - a01 * r0) / det};
}

}  // namespace

TEST_CASE("repair: masks hide what they are named after") {
  const Shape shape = {4, 5, 3};
  const auto hidden = [&](const char* name, Index y, Index x) { return named_mask(name, shape, 2, 1).at<float>({1, y, x, 2}) == 0; };
  CHECK(hidden("left", 0, 1));
  CHECK_FALSE(hidden("left", 0, 2));
  CHECK(hidden("right", 3, 3));
  CHECK_FALSE(hidden("right", 3, 2));
  CHECK(hidden("top", 1, 4));
  CHECK_FALSE(hidden("top", 2, 4));
  CHECK(hidden("bottom", 2, 0));
  CHECK_FALSE(hidden("bottom", 1, 0));
  CHECK(hidden("centre", 1, 1));
  CHECK(hidden("centre", 2, 3));
  CHECK_FALSE(hidden("centre", 0, 2));
  CHECK_FALSE(hidden("centre", 1, 4));
  const Tensor noise = named_mask("noise", {30, 30, 1}, 4, 1);
  double seen = 0;
  for (Index i = 0; i < noise.numel(); i++) seen += noise.element(i) / double(noise.numel());
  CHECK(std::abs(seen - 0.5) < 0.03);
  CHECK(identical(named_mask("noise", {30, 30, 1}, 2, 1), noise.slice(0, 2)));
  CHECK(contains(error_of([&] { named_mask("lift", shape, 1, 1); }), "left"));
  CHECK(contains(error_of([&] { named_mask("left", {7}, 1, 1); }), "pictures"));
  const Tensor drawn = picture_mask(Tensor::from<float>({0, 1, 1, 0.2f}, {2, 2, 1}), 3);
  CHECK(drawn.element(4 + 0) == 0);
  CHECK(drawn.element(8 + 3) == 0);
  CHECK(drawn.element(8 + 1) == 1);
  CHECK(contains(error_of([&] { picture_mask(Tensor::ones({2, 2, 1}), 1); }), "hides no pixel"));
}

TEST_CASE("repair: of a linear model the inferred code is the exact one, from the visible numbers alone") {
  for (const bool variational : {false, true}) {
    CAPTURE(variational);
    const Run run = linear_run(variational);
    Tensor x({3, 4, 3, 1}, DType::float64);
    fill_uniform(x, {.seed = 1});
    const Tensor mask = named_mask("left", run.example_shape, 3, 1), mean = Tensor::full(run.example_shape, 0.5, DType::float64);
    const Repair r = repair(run, x, mask, mean, {.steps = variational ? 1500 : 600, .samples = 2});
    double error = 0;
    for (Index i = 0; i < 3; i++) {
      const auto [z0, z1] = exact_code(run, x[i], mask[i], variational ? 1 : 0);
      const Tensor y = decoded(run, z0, z1);
      for (Index j = 0; j < 12; j++) {
        const bool seen = mask.element(12 * i + j) == 1;
        const double expected = seen ? x.element(12 * i + j) : y.element(j), found = r.inferred.element(12 * i + j);
        CHECK(std::abs(found - expected) < (seen ? 1e-15 : variational ? 0.02 : 1e-4));
        if (!seen) error += (y.element(j) - x.element(12 * i + j)) * (y.element(j) - x.element(12 * i + j)) / 3;
      }
    }
    CHECK(r.inferred_error == doctest::Approx(error).epsilon(variational ? 0.05 : 1e-3));
    CHECK(r.hidden == 4);
    CHECK(r.sampled.size() == (variational ? 2 : 0));
    // What is hidden plays no part.
    Tensor other = x.clone();
    for (Index i = 0; i < other.numel(); i++)
      if (mask.element(i) == 0) other.mutable_data<double>()[i] = 0.123;
    const Repair same = repair(run, other, mask, mean, {.steps = 5});
    CHECK(identical(same.inferred, repair(run, x, mask, mean, {.steps = 5}).inferred));
    CHECK(identical(same.one_pass, r.one_pass));
  }
}
