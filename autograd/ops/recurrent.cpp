#include "autograd/ops/recurrent.h"

#include "autograd/samples.h"
#include "tensor/error.h"

namespace elbo {
namespace ops {
namespace {

// The inputs of either op by name; `c` and what is not given stay empty.
struct Inputs {
  Sequence sequence;
  RecurrentWeights weights;
  Tensor h, c;
};

// `at(i)` gives input i; the LSTM has two states, the GRU one.
template <class At>
Inputs named(At&& at, int state_count, bool states, bool lengths, bool reverse) {
  Inputs in{.sequence = {.x = at(0), .reverse = reverse}, .weights = {.input = at(1), .recurrent = at(2), .bias = at(3)}};
  int next = 4;
  if (states) in.h = at(next++);
  if (states && state_count == 2) in.c = at(next++);
  if (lengths) in.sequence.lengths = at(next);
  return in;
}

int count_of(int state_count, bool states, bool lengths) { return 4 + (states ? state_count : 0) + (lengths ? 1 : 0); }

void check_count(std::string_view op, std::span<const Tensor> inputs, int count) {
  if (int(inputs.size()) != count) fail(op, "expected " + std::to_string(count) + " inputs, got " + std::to_string(inputs.size()));
}

// Where the gradients go. Null where none is wanted.
RecurrentGradients targets(Targets& out, int state_count, bool states) {
  const auto at = [&](int i) { return out.needed(i) ? &out.at(i) : nullptr; };
  RecurrentGradients g{.x = at(0), .input_weights = at(1), .recurrent_weights = at(2), .bias = at(3)};
  if (states) g.h = at(4);
  if (states && state_count == 2) g.c = at(5);
  return g;
}

std::vector<Tensor> sample_inputs(Index steps, Index batch, Index inputs, Index units, Index gates, std::uint32_t number) {
  return {sample_tensor({steps, batch, inputs}, -1, 1, number), sample_tensor({gates * units, inputs}, -1, 1, number + 1),
          sample_tensor({gates * units, units}, -1, 1, number + 2), sample_tensor({4 * units}, -1, 1, number + 3)};
}

Tensor sample_lengths() { return Tensor::from<std::int32_t>({2, 0, 4, 1}, {4}); }

}  // namespace

std::array<Tensor, 3> LstmOp::forward(Saved& saved, std::span<const Tensor> inputs) const {
  check_count(name, inputs, count_of(2, states, lengths));
  const Inputs in = named([&](int i) { return inputs[std::size_t(i)]; }, 2, states, lengths, reverse);
  const RecurrentResult r = elbo::lstm(in.sequence, in.weights, in.h, in.c);
  for (const Tensor& t : inputs) saved.keep(t);
  for (const Tensor& t : {r.y, r.gates, r.cells}) saved.keep(t);
  return {r.y, r.h, r.c};
}

void LstmOp::backward(const Saved& saved, const Cotangents& dy, Targets& out) const {
  const Inputs in = named([&](int i) { return saved[i]; }, 2, states, lengths, reverse);
  const int first = count_of(2, states, lengths);
  const RecurrentResult result{.y = saved[first], .gates = saved[first + 1], .cells = saved[first + 2]};
  lstm_backward(in.sequence, in.weights, in.h, in.c, result, {.y = dy[0], .h = dy[1], .c = dy[2]}, targets(out, 2, states));
}

std::vector<Attribute> LstmOp::attributes() const { return {attribute("reverse", reverse)}; }

std::vector<Sample<LstmOp>> LstmOp::samples() {
  std::vector<Tensor> plain = sample_inputs(3, 2, 3, 2, 4, 81), one = sample_inputs(1, 3, 2, 1, 4, 85);
  std::vector<Tensor> all = sample_inputs(4, 4, 2, 3, 4, 89);
  all.insert(all.end(), {sample_tensor({4, 3}, -1, 1, 93), sample_tensor({4, 3}, -1, 1, 94), sample_lengths()});
  return {{{}, plain, {}},
          {{.reverse = true}, plain, {}},
          {{}, one, {}},
          {{.states = true, .lengths = true}, all, {6}},
          {{.reverse = true, .states = true, .lengths = true}, all, {6}}};
}

std::array<Tensor, 2> GruOp::forward(Saved& saved, std::span<const Tensor> inputs) const {
  check_count(name, inputs, count_of(1, states, lengths));
  const Inputs in = named([&](int i) { return inputs[std::size_t(i)]; }, 1, states, lengths, reverse);
  const RecurrentResult r = elbo::gru(in.sequence, in.weights, in.h);
  for (const Tensor& t : inputs) saved.keep(t);
  for (const Tensor& t : {r.y, r.gates}) saved.keep(t);
  return {r.y, r.h};
}

void GruOp::backward(const Saved& saved, const Cotangents& dy, Targets& out) const {
  const Inputs in = named([&](int i) { return saved[i]; }, 1, states, lengths, reverse);
  const int first = count_of(1, states, lengths);
  gru_backward(in.sequence, in.weights, in.h, {.y = saved[first], .gates = saved[first + 1]}, {.y = dy[0], .h = dy[1]},
               targets(out, 1, states));
}

std::vector<Attribute> GruOp::attributes() const { return {attribute("reverse", reverse)}; }

std::vector<Sample<GruOp>> GruOp::samples() {
  std::vector<Tensor> plain = sample_inputs(3, 2, 3, 2, 3, 95);
  std::vector<Tensor> all = sample_inputs(4, 4, 2, 3, 3, 99);
  all.insert(all.end(), {sample_tensor({4, 3}, -1, 1, 103), sample_lengths()});
  return {{{}, plain, {}},
          {{.reverse = true}, plain, {}},
          {{.states = true, .lengths = true}, all, {5}},
          {{.reverse = true, .states = true, .lengths = true}, all, {5}}};
}

}  // namespace ops

namespace {

template <class O>
auto recorded(O op, const Var& x, const RecurrentVars& w, std::initializer_list<Var> states, const RecurrentOptions& options) {
  PoolVector<Var> inputs;
  for (const Var& v : {x, w.input, w.recurrent, w.bias}) inputs.push_back(v);
  for (const Var& v : states) inputs.push_back(v);
  if (options.lengths) inputs.push_back(Var(options.lengths));
  op.reverse = options.reverse, op.states = states.size() > 0, op.lengths = bool(options.lengths);
  return record(op, std::span<const Var>(inputs.data(), inputs.size()));
}

}  // namespace

std::array<Var, 3> lstm(const Var& x, const RecurrentVars& w, const RecurrentOptions& options) {
  return recorded(ops::LstmOp{}, x, w, {}, options);
}
std::array<Var, 3> lstm(const Var& x, const RecurrentVars& w, const Var& h, const Var& c, const RecurrentOptions& options) {
  return recorded(ops::LstmOp{}, x, w, {h, c}, options);
}
std::array<Var, 2> gru(const Var& x, const RecurrentVars& w, const RecurrentOptions& options) {
  return recorded(ops::GruOp{}, x, w, {}, options);
}
std::array<Var, 2> gru(const Var& x, const RecurrentVars& w, const Var& h, const RecurrentOptions& options) {
  return recorded(ops::GruOp{}, x, w, {h}, options);
}

}  // namespace elbo
