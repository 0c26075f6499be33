// Measures the error of every kernel that computes a transcendental function, over its whole range, in units in the last place.
//
//   build/tests/tensor/accuracy                prints the errors that docs/accuracy.md tables
//   build/tests/tensor/accuracy --check FILE   fails when an error exceeds the bound that FILE states
//
// The exact value is long double's. Measured at a million float32 numbers (every 2^12-th bit pattern: both signs, denormal numbers,
// infinities, NaN) and 262,144 float64 numbers in the same way, and around 0, 1, powers of two and the ends of the range. A unit in the
// last place is the distance of neighbouring numbers at the exact value. Where the exact value lies below the smallest normal number, 0 is
// as good as it: there the unit is the smallest normal number; for slopes, which cross zero, it is at least that of 1/8.

#include <fmt/core.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstring>
#include <fstream>
#include <limits>
#include <map>
#include <sstream>
#include <string>
#include <vector>

#include "tensor/elementwise.h"
#include "tensor/isa.h"

using namespace elbo;

namespace {

using Exact = long double;

struct Kernel {
  std::string name;
  Exact (*exact)(Exact x);
  void (*run)(const Tensor& x, Tensor& y);
  Exact least = 0;  // where |exact| is below this, the unit is that of this
};

Exact sigmoid(Exact x) { return x >= 0 ? 1 / (1 + std::exp(-x)) : std::exp(x) / (1 + std::exp(x)); }
Exact phi(Exact x) { return std::exp(-x * x / 2) / std::sqrt(2 * Exact(M_PIl)); }
Exact big_phi(Exact x) { return std::erfc(-x / std::sqrt(Exact(2))) / 2; }

template <Unary f>
void run(const Tensor& x, Tensor& y) {
  unary(f, x, y);
}
template <Binary f>
void slope(const Tensor& x, Tensor& y) {  // the gradient for a cotangent of 1
  binary(f, x, Tensor::scalar(1, x.dtype()), y);
}
template <int numerator, int denominator>
void raise(const Tensor& x, Tensor& y) {
  parametric(Parametric::power_scalar, x, double(numerator) / denominator, 0, y);
}
template <int numerator, int denominator>
Exact raised(Exact x) {
  return std::pow(x, Exact(numerator) / denominator);
}
template <int base_numerator, int base_denominator>
void exponent(const Tensor& x, Tensor& y) {
  binary(Binary::power, Tensor::scalar(double(base_numerator) / base_denominator, x.dtype()), x, y);
}
template <int numerator, int denominator>
Exact exponentiated(Exact x) {
  return std::pow(Exact(numerator) / denominator, x);
}

const std::vector<Kernel> kernels = {
    {"sqrt", [](Exact x) { return std::sqrt(x); }, run<Unary::sqrt>},
    {"rsqrt", [](Exact x) { return 1 / std::sqrt(x); }, run<Unary::rsqrt>},
    {"exp", [](Exact x) { return std::exp(x); }, run<Unary::exp>},
    {"expm1", [](Exact x) { return std::expm1(x); }, run<Unary::expm1>},
    {"log", [](Exact x) { return std::log(x); }, run<Unary::log>},
    {"log1p", [](Exact x) { return std::log1p(x); }, run<Unary::log1p>},
    {"sin", [](Exact x) { return std::sin(x); }, run<Unary::sin>},
    {"cos", [](Exact x) { return std::cos(x); }, run<Unary::cos>},
    {"tanh", [](Exact x) { return std::tanh(x); }, run<Unary::tanh>},
    {"sigmoid", [](Exact x) { return sigmoid(x); }, run<Unary::sigmoid>},
    {"softplus", [](Exact x) { return std::fmax(x, Exact(0)) + std::log1p(std::exp(-std::fabs(x))); }, run<Unary::softplus>},
    {"elu", [](Exact x) { return x > 0 ? x : std::expm1(x); }, run<Unary::elu>},
    {"gelu", [](Exact x) { return std::isinf(x) ? std::fmax(x, Exact(0)) : x * big_phi(x); }, run<Unary::gelu>},
    {"silu", [](Exact x) { return std::isinf(x) ? std::fmax(x, Exact(0)) : x * sigmoid(x); }, run<Unary::silu>},
    {"power(x, 1/2)", raised<1, 2>, raise<1, 2>},
    {"power(x, -3/4)", raised<-3, 4>, raise<-3, 4>},
    {"power(x, 3)", raised<3, 1>, raise<3, 1>},
    {"power(x, -2)", raised<-2, 1>, raise<-2, 1>},
    {"power(x, 33)", raised<33, 1>, raise<33, 1>},
    {"power(x, 33/32)", raised<33, 32>, raise<33, 32>},
    {"power(1.25, x)", exponentiated<5, 4>, exponent<5, 4>},
    {"power(0.25, x)", exponentiated<1, 4>, exponent<1, 4>},
    {"gelu's slope", [](Exact x) { return std::isinf(x) ? (x > 0 ? Exact(1) : Exact(0)) : big_phi(x) + x * phi(x); },
     slope<Binary::gelu_backward>, 0.125},
    {"silu's slope", [](Exact x) { return std::isinf(x) ? (x > 0 ? Exact(1) : Exact(0)) : sigmoid(x) * (1 + x * sigmoid(-x)); },
     slope<Binary::silu_backward>, 0.125},
};

// Every `step`-th bit pattern, and all neighbours of 0, 1, -1 and powers of two up to 2^7.
template <class T>
std::vector<T> numbers() {
  constexpr int count = 1 << (sizeof(T) == 4 ? 20 : 18);
  using Bits = std::conditional_t<sizeof(T) == 4, std::uint32_t, std::uint64_t>;
  constexpr int drop = sizeof(T) == 4 ? 12 : 46;
  std::vector<T> x;
  for (std::uint64_t i = 0; i < count; i++) {
    const Bits low = Bits(i * 0x9E3779B97F4A7C15ull) & ((Bits(1) << drop) - 1);  // not always zeros in the low bits
    x.push_back(std::bit_cast<T>(Bits(Bits(i) << drop | low)));
  }
  for (int exponent = -12; exponent <= 7; exponent++)
    for (int i = -300; i <= 300; i++)
      for (T sign : {T(1), T(-1)}) x.push_back(sign * (T(std::ldexp(1.0, exponent)) * (1 + T(i) * std::numeric_limits<T>::epsilon())));
  for (T v :
       {T(0), -T(0), std::numeric_limits<T>::infinity(), -std::numeric_limits<T>::infinity(), std::numeric_limits<T>::quiet_NaN(),
        std::numeric_limits<T>::max(), std::numeric_limits<T>::lowest(), std::numeric_limits<T>::min(),
        std::numeric_limits<T>::denorm_min(), T(60), T(-60), T(100), T(-100), T(1e4), T(-1e4), T(88.7), T(-87.4), T(709.5), T(-708.5)})
    x.push_back(v);
  return x;
}

// |y - exact| in units in the last place of T at `exact`; infinite where one is NaN or infinite and the other not.
template <class T>
double error(T y, Exact exact, Exact floor) {
  const T rounded = T(exact);
  if (std::isnan(y) || std::isnan(rounded)) return std::isnan(y) == std::isnan(rounded) ? 0 : INFINITY;
  if (std::isinf(y) && y == rounded) return 0;
  const Exact size = std::max(std::fabs(exact), floor), least = std::numeric_limits<T>::min(), most = std::numeric_limits<T>::max();
  if (size < least) return double(std::fabs(Exact(y) - exact) / least);
  const Exact unit = std::ldexp(Exact(1), std::ilogb(std::min(size, most)) - (std::numeric_limits<T>::digits - 1));
  // One step beyond the largest number is infinity.
  const Exact value = std::isinf(y) ? std::copysign(most + unit, Exact(y)) : Exact(y);
  return double(std::fabs(value - std::clamp(exact, -most - unit, most + unit)) / unit);
}

struct Worst {
  double error = 0, at = 0;
};

template <class T>
Worst measure(const Kernel& k, const Tensor& x, const std::vector<Exact>& exact) {
  Tensor y(x.shape(), x.dtype());
  k.run(x, y);
  Worst w;
  const T *px = x.data<T>(), *py = y.data<T>();
  for (std::size_t i = 0; i < exact.size(); i++) {
    const double e = error(py[i], exact[i], k.least);
    if (e > w.error) w = {e, double(px[i])};
  }
  return w;
}

template <class T>
std::vector<Worst> measure(const Kernel& k, const std::vector<Isa>& sets) {
  const std::vector<T> values = numbers<T>();
  const Tensor x = Tensor::from(values, {Index(values.size())});
  std::vector<Exact> exact;
  exact.reserve(values.size());
  for (T v : values) exact.push_back(k.exact(Exact(v)));
  std::vector<Worst> worst;
  for (Isa set : sets) set_isa(set), worst.push_back(measure<T>(k, x, exact));
  return worst;
}

// The bounds of each kernel: the columns "bound" of the table in docs/accuracy.md.
std::map<std::string, std::pair<double, double>> read_bounds(const char* path) {
  std::map<std::string, std::pair<double, double>> bounds;
  std::ifstream in(path);
  for (std::string line; std::getline(in, line);) {
    std::vector<std::string> cells;
    std::stringstream row(line);
    for (std::string cell; std::getline(row, cell, '|');) {
      const auto b = cell.find_first_not_of(" `"), e = cell.find_last_not_of(" `");
      cells.push_back(b == cell.npos ? "" : cell.substr(b, e - b + 1));
    }
    if (cells.size() > 3 && std::any_of(kernels.begin(), kernels.end(), [&](const Kernel& k) { return k.name == cells[1]; }))
      bounds[cells[1]] = {std::stod(cells[2]), std::stod(cells[3])};
  }
  return bounds;
}

}  // namespace

int main(int count, char** arguments) {
  const bool check = count == 3 && std::string_view(arguments[1]) == "--check";
  std::vector<Isa> sets;
  for (int i = 1; i < isa_count; i++)
    if (isa_available(Isa(i))) sets.push_back(Isa(i));
  const auto bounds = check ? read_bounds(arguments[2]) : std::map<std::string, std::pair<double, double>>();
  fmt::print("| kernel |");
  for (const char* type : {"float32", "float64"})
    for (Isa set : sets) fmt::print(" {} {} |", type, isa_name(set));
  fmt::print("\n");
  bool fine = true;
  for (const Kernel& k : kernels) {
    const auto single = measure<float>(k, sets), twice = measure<double>(k, sets);
    fmt::print("| `{}` |", k.name);
    for (const auto* row : {&single, &twice})
      for (const Worst& w : *row) fmt::print(" {:.2f} at {:.6g} |", w.error, w.at);
    fmt::print("\n");
    if (!check) continue;
    const auto bound = bounds.find(k.name);
    if (bound == bounds.end()) {
      fmt::print("no bound of {} in {}\n", k.name, arguments[2]);
      fine = false;
      continue;
    }
    for (const Worst& w : single)
      if (w.error > bound->second.first)
        fine = false, fmt::print("{}: float32 is off by {:.2f}, the bound is {}\n", k.name, w.error, bound->second.first);
    for (const Worst& w : twice)
      if (w.error > bound->second.second)
        fine = false, fmt::print("{}: float64 is off by {:.2f}, the bound is {}\n", k.name, w.error, bound->second.second);
  }
  return fine ? 0 : 1;
}
