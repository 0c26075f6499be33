#pragma once
// What a run trains: its networks, each with an optimizer, and one update of them. All else of training is the Trainer's.

#include "data/batches.h"
#include "models/adversary.h"
#include "models/objective.h"
#include "models/run_state.h"

namespace elbo {

class Learner {
 public:
  Learner(const Config& config, const Shape& example, Index steps_an_epoch, Index last_step);

  // One update with a batch; `step` counts from 0 and keys the noise. Throws NotFinite before anything of the network has moved whose loss
  // or gradient norm is not finite.
  StepLosses step(const Batch& batch, Index step);
  struct NotFinite {
    std::string what;  // "the loss is not finite (objective inf, reconstruction inf, KL 3)"
    std::string key;   // of the learning rate that may be too high
  };

  const Tensor& codes() const { return codes_; }  // (n, latent): means of the last batch
  Model& model() { return *model_; }
  ParamStore& store() { return store_; }
  const Objective& objective() const { return objective_; }
  const Optimizer& optimizer() const { return *optimizer_; }
  std::span<const Network> networks() const { return networks_; }

 private:
  Config config_;
  ParamStore store_;
  std::unique_ptr<Model> model_;
  Objective objective_;
  std::unique_ptr<Optimizer> optimizer_;
  std::unique_ptr<Adversary> adversary_;
  std::vector<Network> networks_;
  Tensor codes_;
};

}  // namespace elbo
