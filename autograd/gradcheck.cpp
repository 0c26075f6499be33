#include "autograd/gradcheck.h"

#include <fmt/core.h>

#include <algorithm>
#include <cmath>

#include "autograd/ops/arithmetic.h"
#include "autograd/ops/reduce.h"
#include "autograd/samples.h"
#include "tensor/elementwise.h"
#include "tensor/error.h"
#include "tensor/reduce.h"

namespace elbo {
namespace {

struct Run {
  std::vector<Tensor> values;
  std::vector<Tensor> gradients;  // empty for an input without
};

bool checked(const Tensor& t, int i, const std::vector<int>& constants) {
  return (t.dtype() == DType::float64 || t.dtype() == DType::float32) &&
         std::find(constants.begin(), constants.end(), i) == constants.end();
}

Tensor cotangent_of(const Tensor& y, int output) { return sample_tensor(y.shape(), 0.3, 1.7, 900 + std::uint32_t(output)).to(y.dtype()); }

// sum over outputs of <cotangent, output>, whose gradient is asked for.
Run run(const Function& f, const std::vector<Tensor>& inputs, const std::vector<int>& constants) {
  std::vector<Var> vars;
  for (std::size_t i = 0; i < inputs.size(); i++) vars.push_back(checked(inputs[i], int(i), constants) ? leaf(inputs[i]) : Var(inputs[i]));
  const std::vector<Var> outputs = f(vars);
  Run r;
  Var loss;
  for (std::size_t k = 0; k < outputs.size(); k++) {
    r.values.push_back(outputs[k].value());
    const Var part = sum(outputs[k] * Var(cotangent_of(outputs[k].value(), int(k))));
    loss = loss ? loss + part : part;
  }
  std::vector<Var> wanted;
  for (const Var& v : vars)
    if (v.needs_gradient()) wanted.push_back(v);
  const std::vector<Tensor> found = gradients(loss, wanted);
  std::size_t next = 0;
  for (const Var& v : vars) r.gradients.push_back(v.needs_gradient() ? found[next++] : Tensor());
  return r;
}

double weighted(const Function& f, const std::vector<Tensor>& inputs) {
  NoGrad guard;
  std::vector<Var> vars(inputs.begin(), inputs.end());
  const std::vector<Var> outputs = f(vars);
  double sum = 0;
  for (std::size_t k = 0; k < outputs.size(); k++) sum += total(multiply(outputs[k].value(), cotangent_of(outputs[k].value(), int(k))));
  return sum;
}

double magnitude(const Tensor& t) { return t.numel() == 0 ? 0 : max(abs(t)).item(); }

// Largest difference over the largest magnitude of the reference (over 1e-300 if that is 0); infinite where either is not finite.
double relative(const Tensor& value, const Tensor& reference) {
  if (reference.numel() == 0) return 0;
  if (!all_finite(value) || !all_finite(reference)) return INFINITY;
  return magnitude(subtract(value.to(DType::float64), reference)) / std::max(magnitude(reference), 1e-300);
}

// d/dx_i of `value`, fourth order: (8 (f(x+h) - f(x-h)) - (f(x+2h) - f(x-2h))) / 12 h.
template <class F>
double central_difference(double* x, F&& value, double step = 1e-3) {
  const double at = *x, h = step * std::max(1.0, std::fabs(at));
  const auto f = [&](double shift) {
    *x = at + shift;
    return value();
  };
  const double result = (8 * (f(h) - f(-h)) - (f(2 * h) - f(-2 * h))) / (12 * h);
  *x = at;
  return result;
}

}  // namespace

GradcheckResult gradcheck(const Function& f, const std::vector<Tensor>& inputs, const std::vector<int>& constants, std::string name,
                          int sample) {
  GradcheckResult result{.op = std::move(name), .sample = sample};
  const Run r64 = run(f, inputs, constants);
  std::vector<Tensor> probe, inputs32;
  for (const Tensor& t : inputs) {
    probe.push_back(t.clone());
    inputs32.push_back(t.dtype() == DType::float64 ? t.to(DType::float32) : t);
  }
  const Run r32 = run(f, inputs32, constants);
  for (std::size_t k = 0; k < r64.values.size(); k++) result.value32 = std::max(result.value32, relative(r32.values[k], r64.values[k]));
  for (std::size_t i = 0; i < inputs.size(); i++) {
    if (!checked(inputs[i], int(i), constants)) continue;
    const Tensor& g = r64.gradients[i];
    if (!g) fail("gradcheck", fmt::format("{}: no gradient for input {}", result.op, i));
    require_shape("gradcheck", "a gradient like the input", g, inputs[i].shape());
    Tensor numeric = empty_like(inputs[i]);
    double* n = numeric.mutable_data<double>();
    for (Index k = 0; k < numeric.numel(); k++)
      n[k] = central_difference(probe[i].mutable_data<double>() + k, [&] { return weighted(f, probe); });
    result.error64 = std::max(result.error64, relative(g, numeric));
    result.error32 = std::max(result.error32, relative(r32.gradients[i], g));
  }
  return result;
}

std::vector<GradcheckResult> gradcheck_cases(std::string_view name, const std::vector<OpCase>& cases) {
  std::vector<GradcheckResult> results;
  for (const OpCase& c : cases) results.push_back(gradcheck(c.function, c.inputs, c.constants, std::string(name), int(results.size())));
  return results;
}

double gradcheck_model(const std::function<Var()>& loss, std::span<const Var> parameters, int probes) {
  const std::vector<Tensor> found = gradients(loss(), parameters);
  NoGrad guard;
  double worst = 0;
  for (std::size_t p = 0; p < parameters.size(); p++) {
    Tensor value = parameters[p].value();
    const Index n = value.numel(), count = std::min<Index>(n, probes);
    if (found[p] && !all_finite(found[p])) return INFINITY;
    const double largest = std::max(found[p] ? magnitude(found[p]) : 0.0, 1e-300);
    for (Index k = 0; k < count; k++) {
      // The number with the largest gradient first: where units are off, most of a gradient is 0. Then spread by the golden ratio, over
      // rows and columns alike.
      Index at = std::min(n - 1, Index(std::fmod(double(k) * 0.6180339887498949, 1) * double(n)));
      if (k == 0 && found[p])
        for (Index i = 0; i < n; i++)
          if (std::fabs(found[p].element(i)) == largest) at = i;
      // The nearest of two steps' differences: the shorter one crosses no kink, the longer one loses less of a small gradient in the
      // rounding of a large loss. A rule that is wrong agrees with neither.
      double nearest = INFINITY;
      for (const double step : {1e-3, 1e-2}) {
        const double numeric = central_difference(
            value.mutable_data<double>() + at, [&] { return loss().item(); }, step);
        if (!std::isfinite(numeric)) return INFINITY;
        nearest = std::min(nearest, std::fabs(numeric - (found[p] ? found[p].element(at) : 0.0)) / largest);
        if (nearest < 1e-8) break;
      }
      worst = std::max(worst, nearest);
    }
  }
  return worst;
}

}  // namespace elbo
