#include "tensor/elementwise.h"

#include <doctest/doctest.h>

#include <limits>
#include <vector>

#include "tensor/error.h"
#include "tensor/shape_ops.h"
#include "tests/tensor/helpers.h"

using namespace elbo;

namespace {

// Runs every kernel of the three tables on x (and y) and calls f(name, result) with each result.
template <class F>
void every_kernel(const Tensor& x, const Tensor& y, F&& f) {
  for (int k = 0; k < int(Unary::count); k++) f("unary " + std::to_string(k), unary(Unary(k), x));
  for (int k = 0; k < int(Binary::count); k++) f("binary " + std::to_string(k), binary(Binary(k), x, y));
  for (int k = 0; k < int(Parametric::count); k++) f("parametric " + std::to_string(k), parametric(Parametric(k), x, -0.5, 1.5));
  f("where", where(greater(x, y), x, y));
}

// As `difference`, but relative to |b| everywhere down to the smallest normal number.
double relative_difference(const Tensor& a, const Tensor& b) {
  const double least = a.dtype() == DType::float32 ? double(std::numeric_limits<float>::min()) : std::numeric_limits<double>::min();
  double d = 0;
  for (Index i = 0; i < a.numel(); i++) {
    const double x = a.element(i), y = b.element(i);
    if (std::isnan(x) && std::isnan(y)) continue;
    if (x == y || std::fabs(x - y) <= least) continue;
    d = std::isfinite(x) && std::isfinite(y) ? std::max(d, std::fabs(x - y) / std::fabs(y)) : INFINITY;
  }
  return d;
}

Tensor specials(DType type) {
  const double least = type == DType::float32 ? double(std::numeric_limits<float>::min()) : std::numeric_limits<double>::min();
  const double most = type == DType::float32 ? double(std::numeric_limits<float>::max()) : std::numeric_limits<double>::max();
  return Tensor::from<double>({0,    -0.0, INFINITY, -INFINITY, NAN,       1,          -1,     0.5,   -0.5,  2,    -2,
                               3,    -3,   least,    -least,    least / 4, -least / 4, most,   -most, 60,    -60,  100,
                               -100, 1e4,  -1e4,     88.7,      -88.7,     709.7,      -709.7, 1e30,  1e-30, -1e30})
      .to(type);
}

}  // namespace

TEST_CASE("kernel: elementwise kernels agree with their plain twins, at every length and from any address") {
  for (const DType type : {DType::float32, DType::float64}) {
    const Tensor all_x = scale_shift(normal({20'100}, type, 1), 3), all_y = normal({20'100}, type, 2);
    for (Index n = 0; n <= 71; n++) {
      const Index from = n % 7, size = n == 71 ? 20'011 : n;  // at the end once a large one
      const Tensor x = all_x.slice(from, from + size), y = all_y.slice(n % 3, n % 3 + size);
      std::vector<Tensor> expected;
      const Isa before = isa();
      set_isa(Isa::reference);
      every_kernel(x, y, [&](const std::string&, const Tensor& t) { expected.push_back(t); });
      set_isa(before);
      for_each_isa([&](Isa isa) {
        std::size_t i = 0;
        every_kernel(x, y, [&](const std::string& name, const Tensor& t) {
          CAPTURE(isa_name(isa));
          CAPTURE(name);
          CAPTURE(size);
          REQUIRE(difference(t, expected[i++]) <= 16 * epsilon(type));
        });
      });
    }
  }
}

TEST_CASE("kernel: a result does not depend on an element's position") {
  for_each_isa([](Isa isa) {
    for (const DType type : {DType::float32, DType::float64}) {
      const Tensor x = scale_shift(normal({67}, type, 3), 4), y = normal({67}, type, 4);
      std::vector<Tensor> whole;
      every_kernel(x, y, [&](const std::string&, const Tensor& t) { whole.push_back(t); });
      for (Index k = 0; k < 67; k++) {
        std::size_t i = 0;
        every_kernel(x.slice(k, k + 1), y.slice(k, k + 1), [&](const std::string& name, const Tensor& t) {
          CAPTURE(isa_name(isa));
          CAPTURE(name);
          CAPTURE(k);
          REQUIRE(identical(t, whole[i++].slice(k, k + 1)));
        });
      }
    }
  });
}

TEST_CASE("kernel: zeros, infinities, NaN, denormal numbers and extremes go as in the plain twins") {
  for (const DType type : {DType::float32, DType::float64}) {
    const Tensor x = specials(type);
    const Index n = x.numel();
    const Tensor a = broadcast_to(x.reshape({n, 1}), {n, n}), b = broadcast_to(x, {n, n});  // every pair
    std::vector<Tensor> expected;
    const auto run = [&](auto&& f) {
      for (int k = 0; k < int(Unary::count); k++) f("unary " + std::to_string(k), unary(Unary(k), x));
      for (int k = 0; k < int(Binary::count); k++)  // gradients of a cotangent that is finite
        f("binary " + std::to_string(k),
          k <= int(Binary::greater_equal) ? binary(Binary(k), a, b) : binary(Binary(k), x, Tensor::scalar(-2.5, type)));
      for (int k = 0; k < int(Parametric::count); k++) f("parametric " + std::to_string(k), parametric(Parametric(k), x, -0.5, 1.5));
      for (const double e : {0.0, 1.0, -1.0, 2.0, 3.0, -3.0, 0.5, -0.5, 1e30})
        f("power " + std::to_string(e), parametric(Parametric::power_scalar, x, e, 0));
    };
    const Isa before = isa();
    set_isa(Isa::reference);
    run([&](const std::string&, const Tensor& t) { expected.push_back(t); });
    set_isa(before);
    for_each_isa([&](Isa isa) {
      std::size_t i = 0;
      run([&](const std::string& name, const Tensor& t) {
        CAPTURE(isa_name(isa));
        CAPTURE(name);
        const Tensor& e = expected[i++];
        for (Index k = 0; k < t.numel(); k++) {
          CAPTURE(t.numel() == n ? x.element(k) : a.element(k));
          CAPTURE(b.element(k));
          CAPTURE(t.element(k));
          CAPTURE(e.element(k));
          REQUIRE(relative_difference(t.flatten().slice(k, k + 1), e.flatten().slice(k, k + 1)) <= 16 * epsilon(type));
        }
      });
    });
  }
}

TEST_CASE("kernel: NaN is never lost, and what comparisons and selections make of it") {
  for_each_isa([](Isa isa) {
    CAPTURE(isa_name(isa));
    const Tensor x = Tensor::from<float>({NAN, 1, NAN, -1}), y = Tensor::from<float>({1, NAN, NAN, 2});
    const auto nans = [](const Tensor& t) {
      std::string s;
      for (Index i = 0; i < t.numel(); i++) s += std::isnan(t.element(i)) ? 'n' : '.';
      return s;
    };
    CHECK(nans(minimum(x, y)) == "nnn.");
    CHECK(nans(maximum(x, y)) == "nnn.");
    CHECK(nans(relu(x)) == "n.n.");
    CHECK(nans(leaky_relu(x)) == "n.n.");
    CHECK(nans(clamp(x, -0.5, 0.5)) == "n.n.");
    CHECK(nans(sign(x)) == "n.n.");
    for (const Unary f : {Unary::exp, Unary::expm1, Unary::log, Unary::log1p, Unary::sin, Unary::tanh, Unary::sigmoid, Unary::softplus,
                          Unary::elu, Unary::gelu, Unary::silu, Unary::sqrt, Unary::rsqrt})
      CHECK(std::isnan(unary(f, x).element(0)));
    CHECK(identical(equal(x, x), Tensor::from<float>({0, 1, 0, 1})));
    CHECK(identical(not_equal(x, x), Tensor::from<float>({1, 0, 1, 0})));
    CHECK(identical(less(x, y), Tensor::from<float>({0, 0, 0, 1})));
    CHECK(identical(greater_equal(x, y), Tensor::from<float>({0, 0, 0, 0})));
    CHECK(identical(where(Tensor::from<float>({0, 1, -2, 0}), Tensor::scalar(7), Tensor::from<float>({1, 2, 3, 4})),
                    Tensor::from<float>({1, 7, 7, 4})));
    CHECK(identical(where(Tensor::full({21}, NAN), Tensor::ones({21}), Tensor::zeros({21})), Tensor::ones({21})));  // NaN is not 0
    CHECK(identical(clamp(Tensor::from<float>({-2, 0, 2}), -1, 1), Tensor::from<float>({-1, 0, 1})));
  });
  CHECK(all_finite(normal({100'000})));
  for (const double bad : {double(NAN), double(INFINITY), double(-INFINITY)}) {
    Tensor x = normal({100'003});
    x.set<float>({100'002}, float(bad));
    CHECK_FALSE(all_finite(x));
  }
}

TEST_CASE("kernel: exact cases") {
  for_each_isa([](Isa isa) {
    CAPTURE(isa_name(isa));
    for (const DType type : {DType::float32, DType::float64}) {
      const auto at = [&](Unary f, double x) { return unary(f, Tensor::scalar(x, type)).item(); };
      CHECK(at(Unary::exp, 0) == 1);
      CHECK(at(Unary::expm1, 0) == 0);
      CHECK(std::signbit(at(Unary::negate, 0.0)));  // -0, which xsimd makes 0 on AVX-512
      CHECK_FALSE(std::signbit(at(Unary::negate, -0.0)));
      CHECK(std::signbit(
          parametric(Parametric::power_scalar, Tensor::scalar(type == DType::float32 ? -1e-30 : -1e-300, type), 33, 0).item()));
      CHECK(at(Unary::log, 1) == 0);
      CHECK(at(Unary::log1p, 0) == 0);
      CHECK(at(Unary::sigmoid, 0) == 0.5);
      CHECK(at(Unary::sigmoid, 1e4) == 1);
      CHECK(at(Unary::sigmoid, -1e4) == 0);
      CHECK(at(Unary::tanh, 1e4) == 1);
      CHECK(at(Unary::tanh, -1e4) == -1);
      CHECK(at(Unary::softplus, 1e4) == 1e4);
      CHECK(at(Unary::softplus, -1e4) == 0);
      CHECK(at(Unary::elu, -1e4) == -1);
      CHECK(at(Unary::gelu, -1e4) == 0);
      CHECK(at(Unary::gelu, 1e4) == 1e4);
      CHECK(at(Unary::silu, -1e4) == 0);
      CHECK(at(Unary::expm1, -1e4) == -1);
      CHECK(at(Unary::exp, 1e4) == INFINITY);
      CHECK(at(Unary::exp, -1e4) == 0);
      CHECK(at(Unary::log, 0) == -INFINITY);
      CHECK(power(Tensor::scalar(-2, type), 3).item() == -8);
      CHECK(power(Tensor::scalar(0, type), 0).item() == 1);
    }
  });
}

TEST_CASE("broadcasting agrees with a loop over positions, for hundreds of pairs of shapes") {
  const RandomKey key{.seed = 3, .purpose = Purpose::test};
  std::uint32_t draw = 0;
  const auto below = [&](int n) { return int(key.uniform(1, draw++) * n); };
  int with_zero = 0;
  for (int trial = 0; trial < 600; trial++) {
    // A result shape; each operand keeps its last axes, some of them with size 1.
    const int rank = below(7);
    Shape whole;
    for (int i = 0; i < rank; i++) whole = whole.append(below(12) == 0 ? 0 : below(4) == 0 ? 1 : 1 + below(rank > 4 ? 4 : 9));
    if (below(20) == 0) whole = Shape{3, 5000};
    const auto operand = [&] {
      const int drop = below(3) == 0 ? below(whole.rank() + 1) : 0;
      Shape s;
      for (int i = drop; i < whole.rank(); i++) s = s.append(below(3) == 0 ? 1 : whole[i]);
      return s;
    };
    const Shape sa = operand(), sb = operand(), sc = operand(), result = broadcast("test", sa, sb);
    const Tensor a = integers(sa, 1000, 1).to(DType::float32), b = integers(sb, 1000, 2).to(DType::float32),
                 c = integers(sc, 2, 3).to(DType::float32);
    CAPTURE(sa.str());
    CAPTURE(sb.str());
    CAPTURE(sc.str());
    with_zero += result.numel() == 0;
    const Tensor difference = subtract(a, b);
    REQUIRE(difference.shape() == result);
    bool right = true;
    for (Index i = 0; i < result.numel(); i++) {
      const auto at = position_of(i, result);
      right = right && difference.data<float>()[i] == a.data<float>()[flat_of(at, sa)] - b.data<float>()[flat_of(at, sb)];
    }
    REQUIRE(right);
    Tensor out(result);
    binary(Binary::subtract, a, b, out);
    REQUIRE(identical(out, difference));

    const Shape three = broadcast("test", sc, result);
    const Tensor chosen = where(c, a, b), repeated = broadcast_to(a, three);
    REQUIRE(chosen.shape() == three);
    for (Index i = 0; i < three.numel(); i++) {
      const auto at = position_of(i, three);
      const float x = a.data<float>()[flat_of(at, sa)], y = b.data<float>()[flat_of(at, sb)];
      right = right && chosen.data<float>()[i] == (c.data<float>()[flat_of(at, sc)] != 0 ? x : y) && repeated.data<float>()[i] == x;
    }
    REQUIRE(right);
  }
  CHECK(with_zero > 20);
}

TEST_CASE("elementwise work gives the same bits for any number of threads") {
  const Tensor x = normal({300, 1000}), row = normal({1000}), column = normal({300, 1});
  CHECK(same_for_any_threads([&] { return tanh(x); }));
  CHECK(same_for_any_threads([&] { return multiply(x, row); }));
  CHECK(same_for_any_threads([&] { return add(column, row); }));
  CHECK(same_for_any_threads([&] { return power(abs(x), 1.7); }));
}

TEST_CASE("shapes and types that do not fit are named") {
  const Tensor x = normal({2, 3});
  CHECK_THROWS_AS(add(x, normal({2})), Error);
  CHECK_THROWS_AS(add(x, normal({2, 3}, DType::float64)), Error);
  CHECK_THROWS_AS(exp(integers({3}, 3)), Error);
  CHECK_THROWS_AS(where(x, x, normal({4})), Error);
  CHECK_THROWS_AS(broadcast_to(x, {3, 3}), Error);
  Tensor wrong(Shape{3, 2});
  CHECK_THROWS_AS(unary(Unary::exp, x, wrong), Error);
  CHECK_THROWS_AS(binary(Binary::add, x, x, wrong), Error);
  CHECK_THROWS_WITH(add(x, normal({2})), doctest::Contains("(2, 3) and (2,)"));
}
