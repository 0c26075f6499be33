#pragma once
// The optimizers: SGD, RMSprop, Adam with AMSGrad, AdamW. Each agrees with PyTorch's of the same name.
//
// Weight decay is L2 in SGD, RMSprop and Adam: decay * w is added to the gradient and goes through momentum and scaling as the gradient
// does. In AdamW it is decoupled: w shrinks by the factor 1 - learning rate * decay, apart from the gradient. The two are the same thing
// for plain SGD only. Clipping comes before either.
//
// All throw for numbers out of range: a decay below 0; betas, rho, momentum or dampening outside [0, 1); an epsilon not above 0.

#include "nn/optim/optimizer.h"

namespace elbo {

// w -= rate m,  m = momentum m + (1 - dampening) g  (the first m is g; Polyak 1964);  Nesterov: w -= rate (g + momentum m).
// State: m, with momentum only. Throws for Nesterov without momentum or with dampening.
struct SgdOptions {
  Schedule learning_rate = 1e-2;
  double momentum = 0, dampening = 0;
  bool nesterov = false;
  double weight_decay = 0;  // L2
};
class Sgd : public Optimizer {
 public:
  explicit Sgd(ParamStore& store, const SgdOptions& options = {}, UpdateOptions update = {});
  std::string_view name() const override { return "sgd"; }

 private:
  void begin(std::int64_t step) override;
  void update(const Chunk& chunk) override;
  SgdNumbers numbers_{};
  double dampening_;
};

// w -= rate g / (sqrt(v) + epsilon),  v = rho v + (1 - rho) g^2  (Tieleman and Hinton 2012); centred: the square root of v - mean^2,
// mean = rho mean + (1 - rho) g  (Graves 2013); momentum: w -= rate m,  m = momentum m + g / (...).
// State: v, mean if centred, m with momentum.
struct RmspropOptions {
  Schedule learning_rate = 1e-2;
  double rho = 0.99, epsilon = 1e-8;
  bool centred = false;
  double momentum = 0;
  double weight_decay = 0;  // L2
};
class Rmsprop : public Optimizer {
 public:
  explicit Rmsprop(ParamStore& store, const RmspropOptions& options = {}, UpdateOptions update = {});
  std::string_view name() const override { return "rmsprop"; }

 private:
  void begin(std::int64_t) override {}
  void update(const Chunk& chunk) override;
  RmspropNumbers numbers_{};
  int mean_, momentum_;  // which blocks of the state; -1: none
};

// w -= rate (m / (1 - beta1^t)) / (sqrt(v / (1 - beta2^t)) + epsilon),  m = beta1 m + (1 - beta1) g,  v = beta2 v + (1 - beta2) g^2
// (Kingma and Ba 2015). AMSGrad: the largest v so far in the place of v (Reddi, Kale and Kumar 2018).
// State: m, v, and v_max with AMSGrad.
struct AdamOptions {
  Schedule learning_rate = 1e-3;
  double beta1 = 0.9, beta2 = 0.999, epsilon = 1e-8;
  double weight_decay = 0;  // L2
  bool amsgrad = false;
};
class Adam : public Optimizer {
 public:
  explicit Adam(ParamStore& store, const AdamOptions& options = {}, UpdateOptions update = {})
      : Adam(store, options, std::move(update), false) {}
  std::string_view name() const override { return "adam"; }

 protected:
  Adam(ParamStore& store, const AdamOptions& options, UpdateOptions update, bool decoupled);

 private:
  void begin(std::int64_t step) override;
  void update(const Chunk& chunk) override;
  AdamNumbers numbers_{};
  double correction_ = 1;  // 1 - beta1^t
  bool amsgrad_, decoupled_;
};

// Adam with decoupled weight decay (Loshchilov and Hutter 2019).
struct AdamWOptions {
  Schedule learning_rate = 1e-3;
  double beta1 = 0.9, beta2 = 0.999, epsilon = 1e-8;
  double weight_decay = 0.01;  // decoupled
  bool amsgrad = false;
};
class AdamW : public Adam {
 public:
  explicit AdamW(ParamStore& store, const AdamWOptions& options = {}, UpdateOptions update = {});
  std::string_view name() const override { return "adamw"; }
};

}  // namespace elbo
