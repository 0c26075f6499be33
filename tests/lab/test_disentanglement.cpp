#include "lab/disentanglement.h"

#include <doctest/doctest.h>

#include <cmath>
#include <numbers>

#include "lab/lasso.h"
#include "tensor/matmul.h"
#include "tensor/parallel.h"
#include "tensor/random.h"
#include "tests/support.h"

using namespace elbo;
using elbo::testing::contains;
using elbo::testing::error_of;

namespace {

constexpr Index examples = 5000;

Tensor uniform_columns(Index n, Index columns, std::uint64_t seed) {
  Tensor u({n, columns});
  fill_uniform(u, {.seed = seed});
  return u;
}

Tensor column_of(const Tensor& t, Index column) {
  Tensor values({t.size(0)});
  for (Index i = 0; i < t.size(0); i++) values.set<float>({i}, float(t.element(i * t.size(1) + column)));
  return values;
}

Split with_factors(const Tensor& columns) {
  Split s;
  for (Index j = 0; j < columns.size(1); j++) s.factors.push_back(column_of(columns, j));
  return s;
}

double entropy(std::initializer_list<double> shares) {
  double h = 0;
  for (const double p : shares) h -= p * std::log(p);
  return h;
}

}  // namespace

TEST_CASE("lasso of one feature is a soft threshold, of orthogonal ones one each, without penalty least squares") {
  const auto one = [](double product, double l1) {
    return lasso(Tensor::from<double>({2}, {1, 1}), Tensor::from<double>({product}, {1, 1}), l1).item();
  };
  CHECK(one(0.6, 0.1) == doctest::Approx(0.25));
  CHECK(one(-0.6, 0.1) == doctest::Approx(-0.25));
  CHECK(one(0.09, 0.1) == 0);
  const Tensor gram = Tensor::from<double>({2, 0.5, 0, 0.5, 1, 0, 0, 0, 0}, {3, 3}), w = Tensor::from<double>({1, -2, 0}, {3, 1});
  const Tensor found = lasso(gram, matmul(gram, w), 0);
  for (Index i = 0; i < 3; i++) CHECK(found.element(i) == doctest::Approx(w.element(i)).epsilon(1e-6));
  // With a penalty: the slope is -l1 times the sign where there is a weight, and no larger than l1 where there is none.
  const Tensor products = Tensor::from<double>({1, 0.3, 0}, {3, 1}), penalised = lasso(gram, products, 0.1);
  const Tensor fitted = matmul(gram, penalised);
  for (Index i = 0; i < 3; i++) {
    const double slope = fitted.element(i) - products.element(i), v = penalised.element(i);
    if (v == 0)
      CHECK(std::abs(slope) <= 0.1 + 1e-6);
    else
      CHECK(slope == doctest::Approx(v > 0 ? -0.1 : 0.1).epsilon(1e-5));
  }
}

TEST_CASE("codes that are the factors in another order: every figure near 1") {
  Tensor f = uniform_columns(examples, 3, 1);
  for (Index i = 0; i < examples; i++) f.set<float>({i, 2}, std::floor(4 * f.at<float>({i, 2})));  // discrete
  Tensor codes({examples, 4});
  for (Index i = 0; i < examples; i++) {
    codes.set<float>({i, 0}, 5 - 3 * f.at<float>({i, 1}));
    codes.set<float>({i, 1}, f.at<float>({i, 2}));
    codes.set<float>({i, 2}, 0.01F * f.at<float>({i, 0}));
    codes.set<float>({i, 3}, 7);  // collapsed
  }
  const Split split = with_factors(f);
  const DisentanglementFigures d = disentanglement(codes, split, {"a", "b", "c"});
  MESSAGE("codes that are factors: gap ", d.mutual_information_gap, ", disentanglement ", d.disentanglement, ", completeness ",
          d.completeness, ", informativeness ", d.factors[0].informativeness, " and ", d.factors[1].informativeness, ", exact 1");
  CHECK(d.mutual_information_gap > 0.97);
  CHECK(d.mutual_information_gap <= 1);
  CHECK(d.disentanglement > 0.99);
  CHECK(d.completeness > 0.99);
  const Index first[] = {2, 0, 1};
  for (std::size_t j = 0; j < 3; j++) CHECK(d.factors[j].first == first[j]);
  CHECK(d.factors[0].kind == FactorKind::continuous);
  CHECK(d.factors[0].entropy == doctest::Approx(std::log(20.0)).epsilon(1e-9));
  CHECK(d.information.at<double>({2, 0}) == doctest::Approx(std::log(20.0)).epsilon(1e-9));
  CHECK(d.factors[0].informativeness > 0.999);
  CHECK(d.factors[2].kind == FactorKind::discrete);
  CHECK(d.factors[2].entropy == doctest::Approx(std::log(4.0)).epsilon(1e-3));
  CHECK(std::isnan(d.dimensions[3]));
  CHECK(d.information.at<double>({3, 0}) == 0);

  const int before = threads();
  set_threads(1);
  const DisentanglementFigures one = disentanglement(codes, split, {"a", "b", "c"});
  set_threads(before);
  CHECK(identical(one.importance, d.importance));
  CHECK(identical(one.information, d.information));
}

TEST_CASE("two factors turned by 45 degrees: no gap, no disentanglement, all the information") {
  const Tensor f = uniform_columns(examples, 2, 2);
  Tensor codes({examples, 2});
  for (Index i = 0; i < examples; i++) {
    codes.set<float>({i, 0}, f.at<float>({i, 0}) + f.at<float>({i, 1}));
    codes.set<float>({i, 1}, f.at<float>({i, 0}) - f.at<float>({i, 1}));
  }
  const DisentanglementFigures d = disentanglement(codes, with_factors(f), {"a", "b"});
  MESSAGE("turned by 45 degrees: gap ", d.mutual_information_gap, ", disentanglement ", d.disentanglement, ", exact 0; informativeness ",
          d.informativeness, " exact 1");
  CHECK(d.mutual_information_gap < 0.02);
  CHECK(d.disentanglement < 0.01);
  CHECK(d.completeness < 0.01);
  CHECK(d.informativeness > 0.999);
}

TEST_CASE("codes of noise: every figure near 0") {
  const DisentanglementFigures d =
      disentanglement(uniform_columns(examples, 5, 3), with_factors(uniform_columns(examples, 3, 4)), {"a", "b", "c"});
  CHECK(d.mutual_information_gap < 0.01);
  CHECK(d.disentanglement < 0.01);
  CHECK(d.completeness < 0.01);
  CHECK(std::abs(d.informativeness) < 0.01);
}

TEST_CASE("importances of a known mixture give the entropies of their shares") {
  // One factor of 3 parts of one dimension and 4 of another, of four; the second factor is the third dimension.
  const Tensor z = uniform_columns(examples, 4, 5);
  Tensor f({examples, 2});
  for (Index i = 0; i < examples; i++) {
    f.set<float>({i, 0}, 3 * z.at<float>({i, 0}) + 4 * z.at<float>({i, 1}));
    f.set<float>({i, 1}, z.at<float>({i, 2}));
  }
  const DisentanglementFigures d = disentanglement(z, with_factors(f), {"mixed", "own"});
  CHECK(d.importance.at<double>({0, 0}) == doctest::Approx(0.6).epsilon(0.02));
  CHECK(d.importance.at<double>({1, 0}) == doctest::Approx(0.8).epsilon(0.02));
  const double complete = 1 - entropy({3.0 / 7, 4.0 / 7}) / std::log(4.0);
  MESSAGE("a factor of two dimensions, 3 to 4: completeness ", d.factors[0].completeness, " exact ", complete);
  CHECK(d.factors[0].completeness == doctest::Approx(complete).epsilon(0.01));
  CHECK(d.factors[1].completeness > 0.99);
  CHECK(d.disentanglement > 0.99);  // each dimension serves one factor
  CHECK(d.factors[0].first == 1);
}

TEST_CASE("an angle is regressed on as cosine and sine and cut by its turn") {
  const Tensor u = uniform_columns(examples, 3, 6);
  Tensor f({examples, 2}), codes({examples, 4});
  for (Index i = 0; i < examples; i++) {
    const double turn = 2 * std::numbers::pi * double(u.at<float>({i, 0}));
    f.set<float>({i, 0}, 360 * u.at<float>({i, 0}));
    f.set<float>({i, 1}, u.at<float>({i, 1}));
    codes.set<float>({i, 0}, float(std::cos(turn)));
    codes.set<float>({i, 1}, float(std::sin(turn)));
    codes.set<float>({i, 2}, u.at<float>({i, 1}));
    codes.set<float>({i, 3}, u.at<float>({i, 2}));
  }
  const DisentanglementFigures d = disentanglement(codes, with_factors(f), {"hue", "size"});
  CHECK(d.factors[0].kind == FactorKind::angle);
  CHECK(d.factors[0].entropy == doctest::Approx(std::log(20.0)).epsilon(0.01));
  CHECK(d.factors[0].informativeness > 0.999);
  CHECK(d.factors[0].completeness == doctest::Approx(0.5).epsilon(0.01));  // two of four dimensions: 1 - log 2 / log 4
  CHECK(d.factors[0].gap < 0.05);
  CHECK(d.disentanglement > 0.99);
}

TEST_CASE("an angle over a few degrees, on both sides of 0: 20 bins, and a code that is linear in it explains cosine and sine") {
  const Tensor u = uniform_columns(examples, 2, 8);
  Tensor f({examples, 1});
  for (Index i = 0; i < examples; i++) f.set<float>({i, 0}, 20 * u.at<float>({i, 0}) - 10);
  const DisentanglementFigures d = disentanglement(u, with_factors(f), {"rotation"});
  CHECK(d.factors[0].kind == FactorKind::angle);
  CHECK(d.factors[0].entropy == doctest::Approx(std::log(20.0)).epsilon(1e-9));
  CHECK(d.factors[0].gap > 0.97);
  CHECK(d.factors[0].completeness > 0.99);
  // No line explains the cosine, which has (a^4 / 45) / (a^2 / 3) = a^2 / 15 of the sine's variance up to a small angle a.
  CHECK(1 - d.factors[0].informativeness == doctest::Approx(std::pow(std::numbers::pi / 18, 2) / 15).epsilon(0.1));
  // Written as 350 to 370 degrees it is the same.
  for (Index i = 0; i < examples; i++) f.set<float>({i, 0}, f.at<float>({i, 0}) + 360);
  CHECK(disentanglement(u, with_factors(f), {"rotation"}).factors[0].informativeness ==
        doctest::Approx(d.factors[0].informativeness).epsilon(1e-4));
}

TEST_CASE("kinds of factors, what is left out, errors") {
  CHECK(kind_of_factor(Tensor::from<float>({0, 90.5F, 180, 300}), "hue") == FactorKind::angle);
  CHECK(kind_of_factor(Tensor::from<float>({0, 40.5F, 80}), "rotation") == FactorKind::angle);  // whatever it spans
  CHECK(kind_of_factor(Tensor::from<float>({-9.5F, 0, 10}), "rotation") == FactorKind::angle);
  CHECK(kind_of_factor(Tensor::from<float>({0, 90.5F, 300}), "size") == FactorKind::continuous);
  CHECK(kind_of_factor(Tensor::from<float>({3, 0, 1}), "shape") == FactorKind::discrete);

  Tensor f = uniform_columns(1000, 3, 7);
  for (Index i = 0; i < 1000; i++) {
    f.set<float>({i, 1}, 2);               // one value
    f.set<float>({i, 2}, float(i % 200));  // too many
  }
  const Split split = with_factors(f);
  const DisentanglementFigures d = disentanglement(f, split, {"a", "constant", "writer"});
  CHECK(std::isnan(d.factors[1].gap));
  CHECK(std::isnan(d.factors[2].completeness));
  CHECK(std::isnan(d.importance.at<double>({0, 1})));
  CHECK(d.mutual_information_gap == d.factors[0].gap);
  CHECK(d.completeness > 0.99);

  CHECK(contains(error_of([&] { disentanglement(f, Split{}, {}); }), "not known"));
  CHECK(contains(error_of([&] { disentanglement(f, split, {"a"}); }), "a name for each factor"));
  CHECK(contains(error_of([&] { disentanglement(f.slice(0, 99), split, {"a", "b", "c"}); }), "at least 100"));
  Tensor broken = f.clone();
  broken.set<float>({5, 0}, std::nanf(""));
  CHECK(contains(error_of([&] { disentanglement(broken, split, {"a", "b", "c"}); }), "the code of example 5"));
}
