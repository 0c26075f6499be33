#pragma once
// Is a gradient right? Central differences in float64 against the backward rule, with an asymmetric cotangent (a plain sum would hide
// a transpose), for every input of every sample of an op. The difference is relative to the largest magnitude of that gradient.

#include <functional>

#include "autograd/engine.h"
#include "autograd/record.h"

namespace elbo {

inline constexpr double gradcheck_tolerance = 1e-7;

struct GradcheckResult {
  std::string op;
  int sample = 0;
  double error64 = 0;  // float64 rule against central differences, relative to the gradient's largest magnitude
  double value32 = 0;  // float32 forward against float64, relative to the value's largest magnitude
  double error32 = 0;  // float32 rule against the float64 rule, likewise
  bool passed() const { return error64 < gradcheck_tolerance; }
};

// A function of Vars with one or more outputs.
using Function = std::function<std::vector<Var>(std::span<const Var>)>;

// Checks the gradients of `f` at float64 `inputs`, but for those named in `constants` and those that are not float64.
// `name` and `sample` are for the result.
GradcheckResult gradcheck(const Function& f, const std::vector<Tensor>& inputs, const std::vector<int>& constants = {},
                          std::string name = {}, int sample = 0);

// The largest relative difference between the gradient of a scalar float64 `loss` and central differences over numbers of `parameters`
// (at most `probes` of each, spread over it), whose Vars are read again at each call of `loss`. For whole models.
double gradcheck_model(const std::function<Var()>& loss, std::span<const Var> parameters, int probes = 20);

// All samples of one op.
template <Op O>
std::vector<GradcheckResult> gradcheck_op() {
  std::vector<GradcheckResult> results;
  for (const Sample<O>& s : O::samples()) {
    const Function f = [&](std::span<const Var> v) {
      const auto pack = [](auto&& r) {
        if constexpr (std::is_same_v<std::decay_t<decltype(r)>, Var>)
          return std::vector<Var>{r};
        else
          return std::vector<Var>(r.begin(), r.end());
      };
      if constexpr (detail::Forward<O>::variadic)
        return pack(record(s.op, v));
      else
        return [&]<std::size_t... i>(std::index_sequence<i...>) { return pack(record(s.op, v[i]...)); }
      (std::make_index_sequence<std::size_t(detail::Forward<O>::arity)>{});
    };
    results.push_back(gradcheck(f, s.inputs, s.constants, std::string(O::name), int(results.size())));
  }
  return results;
}

}  // namespace elbo
