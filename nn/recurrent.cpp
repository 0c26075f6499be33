#include "nn/recurrent.h"

#include <fmt/core.h>

#include <array>
#include <cmath>

#include "autograd/mode.h"
#include "autograd/ops/shape.h"
#include "tensor/error.h"
#include "tensor/nearest.h"

namespace elbo {

Embedding::Embedding(const Scope& s, Index words, Index width)
    : weight(s.parameter("weight", {words, width}, {Initializer::Kind::normal, s.init() == Init::fan_in_uniform ? 1.0 : 0.1})),
      scope(intern_scope(s.path())) {}

Var Embedding::operator()(const Tensor& tokens) const {
  ScopeLabel label(scope);
  return gather_rows(weight, tokens);
}

RecurrentKind recurrent_kind_from_name(std::string_view name) {
  if (name == "lstm") return RecurrentKind::lstm;
  if (name == "gru") return RecurrentKind::gru;
  throw UsageError(unknown_message("recurrent layer", name, std::array<std::string, 2>{"lstm", "gru"}));
}

RecurrentLayer::RecurrentLayer(const Scope& s, RecurrentKind k, Index inputs, Index units) : kind(k), scope(intern_scope(s.path())) {
  const Index gates = k == RecurrentKind::lstm ? 4 : 3;
  const bool as_pytorch = s.init() == Init::fan_in_uniform;
  const Initializer range{Initializer::Kind::uniform, 1 / std::sqrt(double(std::max<Index>(units, 1)))};
  const auto weights = [&](std::string_view name, Index in) {
    return s.parameter(name, {gates * units, in}, as_pytorch ? range : Initializer::weight(s.init(), in, units));
  };
  input_weights = weights("input_weights", inputs);
  recurrent_weights = weights("recurrent_weights", units);
  bias = s.parameter("bias", {4 * units}, as_pytorch ? range : Initializer::constant(0));
}

RecurrentLayer::Result RecurrentLayer::operator()(const Var& x, const RecurrentState& first, const RecurrentOptions& options) const {
  ScopeLabel label(scope);
  const RecurrentVars w{input_weights, recurrent_weights, bias};
  if (kind == RecurrentKind::lstm) {
    const auto r = first.h ? lstm(x, w, first.h, first.c, options) : lstm(x, w, options);
    return {r[0], {r[1], r[2]}};
  }
  const auto r = first.h ? gru(x, w, first.h, options) : gru(x, w, options);
  return {r[0], {r[1], {}}};
}

RecurrentStack::RecurrentStack(const Scope& s, RecurrentKind kind, Index inputs, Index units, Index count, bool both)
    : both_ways(both), width(both ? 2 * units : units) {
  for (Index i = 0; i < count; i++) {
    const Scope place = s / std::to_string(i);
    const Index in = i == 0 ? inputs : width;
    if (!both) {
      layers.emplace_back(place, kind, in, units);
    } else {
      layers.emplace_back(place / "forwards", kind, in, units);
      layers.emplace_back(place / "backwards", kind, in, units);
    }
  }
}

RecurrentStack::Result RecurrentStack::operator()(const Var& x, const std::vector<RecurrentState>& first, const Tensor& lengths,
                                                  const std::function<Var(const Var&, Index layer)>& between) const {
  if (!first.empty() && first.size() != layers.size())
    fail("recurrent", fmt::format("expected no states or {}, one for each layer and direction, got {}", layers.size(), first.size()));
  Result result{.y = x};
  const auto run = [&](std::size_t i, bool reverse) {
    RecurrentLayer::Result r = layers[i](result.y, first.empty() ? RecurrentState{} : first[i], {.lengths = lengths, .reverse = reverse});
    result.last.push_back(r.last);
    return r.y;
  };
  const std::size_t ways = both_ways ? 2 : 1;
  for (std::size_t i = 0; i < layers.size(); i += ways) {
    if (i > 0 && between) result.y = between(result.y, Index(i / ways));
    const Var forwards = run(i, false);
    result.y = both_ways ? concatenate({forwards, run(i + 1, true)}, -1) : forwards;
  }
  return result;
}

}  // namespace elbo
