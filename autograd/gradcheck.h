#pragma once
// Is a gradient right? Central differences in float64 against the backward rule, with an asymmetric cotangent (a plain sum would hide
// a transpose), for every input of every sample of an op. The difference is relative to the largest magnitude of that gradient.

#include <functional>

#include "autograd/engine.h"
#include "autograd/record.h"

namespace elbo {

inline constexpr double gradcheck_tolerance = 1e-7;
// What float32 may differ by: a hundred roundings of 6e-8, two hundred for gradients. The ops' samples need 3 and 5, the models'
// parameters 12.
inline constexpr double value32_tolerance = 6e-6, error32_tolerance = 12e-6;

struct GradcheckResult {
  std::string op;
  int sample = 0;
  double error64 = 0;  // float64 rule against central differences, relative to the gradient's largest magnitude
  double value32 = 0;  // float32 forward against float64, relative to the value's largest magnitude
  double error32 = 0;  // float32 rule against the float64 rule, likewise
  bool passed() const { return error64 < gradcheck_tolerance && value32 < value32_tolerance && error32 < error32_tolerance; }
};

// A function of Vars with one or more outputs.
using Function = std::function<std::vector<Var>(std::span<const Var>)>;

// Checks the gradients of `f` at float64 `inputs`, but for those named in `constants` and those that are not float64.
// `name` and `sample` are for the result.
GradcheckResult gradcheck(const Function& f, const std::vector<Tensor>& inputs, const std::vector<int>& constants = {},
                          std::string name = {}, int sample = 0);

// The largest relative difference between the gradient of a scalar float64 `loss` and central differences over numbers of `parameters`
// (at most `probes` of each: the one with the largest gradient, the others spread over it), whose Vars are read again at each call of
// `loss`. For whole models.
double gradcheck_model(const std::function<Var()>& loss, std::span<const Var> parameters, int probes = 20);

// One sample of an op: `function` records it.
struct OpCase {
  Function function;
  std::vector<Tensor> inputs;
  std::vector<int> constants;
};
std::vector<GradcheckResult> gradcheck_cases(std::string_view name, const std::vector<OpCase>& cases);

// The ops of the library (autograd/ops.h): their names, and the check of every sample of all of them, or of the one called `only` (no
// result: there is none).
std::vector<std::string> op_names();
std::vector<GradcheckResult> gradcheck_ops(std::string_view only = {});

// The samples of one op, whichever: what is compiled for each op is this alone.
template <Op O>
std::vector<OpCase> op_cases() {
  const auto run = [](const O& op, std::span<const Var> v) {
    if constexpr (detail::Forward<O>::variadic)
      return record(op, v);
    else
      return [&]<std::size_t... i>(std::index_sequence<i...>) { return record(op, v[i]...); }
    (std::make_index_sequence<std::size_t(detail::Forward<O>::arity)>{});
  };
  std::vector<OpCase> cases;
  for (Sample<O>& s : O::samples()) {
    Function f = [run, op = s.op](std::span<const Var> v) -> std::vector<Var> {
      const auto outputs = run(op, v);
      if constexpr (std::is_same_v<decltype(outputs), const Var>)
        return {outputs};
      else
        return {outputs.begin(), outputs.end()};
    };
    cases.push_back({std::move(f), std::move(s.inputs), std::move(s.constants)});
  }
  return cases;
}

// All samples of one op.
template <Op O>
std::vector<GradcheckResult> gradcheck_op() {
  return gradcheck_cases(O::name, op_cases<O>());
}

}  // namespace elbo
