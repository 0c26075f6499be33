#include "nn/optim/methods.h"

#include <fmt/core.h>

#include <cmath>

#include "tensor/error.h"

namespace elbo {
namespace {

void require(bool holds, std::string_view op, std::string_view what, double value) {
  if (!holds) fail(op, fmt::format("expected {}, got {}", what, value));
}
void require_share(std::string_view op, std::string_view what, double value) {
  require(value >= 0 && value < 1, op, fmt::format("{} in [0, 1)", what), value);
}
void require_decay(std::string_view op, double value) { require(value >= 0, op, "a weight decay of at least 0", value); }
void require_epsilon(std::string_view op, double value) { require(value > 0, op, "an epsilon above 0", value); }

using Names = std::vector<std::string>;

Names rmsprop_blocks(const RmspropOptions& o) {
  Names names{"v"};
  if (o.centred) names.push_back("mean");
  if (o.momentum != 0) names.push_back("m");
  return names;
}

}  // namespace

Sgd::Sgd(ParamStore& store, const SgdOptions& o, UpdateOptions update)
    : Optimizer(store, o.learning_rate, o.weight_decay, std::move(update), o.momentum != 0 ? Names{"m"} : Names{}),
      dampening_(o.dampening) {
  require_share(name(), "momentum", o.momentum);
  require_share(name(), "dampening", o.dampening);
  require_decay(name(), o.weight_decay);
  if (o.nesterov && (o.momentum == 0 || o.dampening != 0))
    fail(name(), fmt::format("Nesterov's rule needs momentum and no dampening, got momentum {} and dampening {}", o.momentum, o.dampening));
  numbers_.momentum = o.momentum;
  numbers_.nesterov = o.nesterov;
}

void Sgd::begin(std::int64_t step) { numbers_.fresh = step == 1 ? 1 : 1 - dampening_; }

void Sgd::update(const Chunk& c) {
  SgdNumbers k = numbers_;
  k.gradient = c.gradient;
  k.rate = c.rate;
  k.weight_decay = c.weight_decay;
  for_float(name(), dtype(), [&]<class T>(T) {
    optimizer_kernels.of<T>().sgd(weights<T>(c), gradients<T>(c), k.momentum != 0 ? block<T>(0, c) : nullptr, c.length, k);
  });
}

Rmsprop::Rmsprop(ParamStore& store, const RmspropOptions& o, UpdateOptions update)
    : Optimizer(store, o.learning_rate, o.weight_decay, std::move(update), rmsprop_blocks(o)),
      mean_(o.centred ? 1 : -1),
      momentum_(o.momentum == 0 ? -1
                : o.centred     ? 2
                                : 1) {
  require_share(name(), "rho", o.rho);
  require_share(name(), "momentum", o.momentum);
  require_epsilon(name(), o.epsilon);
  require_decay(name(), o.weight_decay);
  numbers_.rho = o.rho;
  numbers_.epsilon = o.epsilon;
  numbers_.momentum = o.momentum;
}

void Rmsprop::update(const Chunk& c) {
  RmspropNumbers k = numbers_;
  k.gradient = c.gradient;
  k.rate = c.rate;
  k.weight_decay = c.weight_decay;
  for_float(name(), dtype(), [&]<class T>(T) {
    T* mean = mean_ < 0 ? nullptr : block<T>(mean_, c);
    T* m = momentum_ < 0 ? nullptr : block<T>(momentum_, c);
    optimizer_kernels.of<T>().rmsprop(weights<T>(c), gradients<T>(c), block<T>(0, c), mean, m, c.length, k);
  });
}

Adam::Adam(ParamStore& store, const AdamOptions& o, UpdateOptions update, bool decoupled)
    : Optimizer(store, o.learning_rate, o.weight_decay, std::move(update), o.amsgrad ? Names{"m", "v", "v_max"} : Names{"m", "v"}),
      amsgrad_(o.amsgrad),
      decoupled_(decoupled) {
  require_share("adam", "beta1", o.beta1);
  require_share("adam", "beta2", o.beta2);
  require_epsilon("adam", o.epsilon);
  require_decay("adam", o.weight_decay);
  numbers_.beta1 = o.beta1;
  numbers_.beta2 = o.beta2;
  numbers_.epsilon = o.epsilon;
}

void Adam::begin(std::int64_t step) {
  correction_ = 1 - std::pow(numbers_.beta1, double(step));
  numbers_.root = 1 / std::sqrt(1 - std::pow(numbers_.beta2, double(step)));
}

void Adam::update(const Chunk& c) {
  AdamNumbers k = numbers_;
  k.gradient = c.gradient;
  k.rate = c.rate / correction_;
  k.weight_decay = decoupled_ ? 0 : c.weight_decay;
  k.keep = decoupled_ ? 1 - c.rate * c.weight_decay : 1;
  for_float("adam", dtype(), [&]<class T>(T) {
    optimizer_kernels.of<T>().adam(weights<T>(c), gradients<T>(c), block<T>(0, c), block<T>(1, c), amsgrad_ ? block<T>(2, c) : nullptr,
                                   c.length, k);
  });
}

AdamW::AdamW(ParamStore& store, const AdamWOptions& o, UpdateOptions update)
    : Adam(store,
           {.learning_rate = o.learning_rate,
            .beta1 = o.beta1,
            .beta2 = o.beta2,
            .epsilon = o.epsilon,
            .weight_decay = o.weight_decay,
            .amsgrad = o.amsgrad},
           std::move(update), true) {}

}  // namespace elbo
