#pragma once
// What a run trains: its networks, each with an optimizer, and one update of them. All else of training is the Trainer's.

#include <functional>

#include "data/batches.h"
#include "models/adversary.h"
#include "models/kl_weight.h"
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

  // Aggressive training of the encoder (He et al. 2019, "Lagging inference networks and posterior collapse in variational autoencoders"):
  // before update `step` the encoder alone is trained, with batches that `batch` gives for k = 0, 1, ..., until the mean objective of ten
  // updates is no better than that of the ten before, or objective.aggressive times. The update then moves all but the encoder. It ends
  // for good once the mutual information on the validation part is no longer larger than an epoch before.
  // It does not begin before pre-training has ended.
  bool aggressive(Index step) const { return encoder_optimizer_ && weight_.state().aggressive && !weight_.pretraining(step); }
  void train_encoder(Index step, const std::function<const Batch&(Index k)>& batch);
  void judge(double mutual_information, Index step);  // of the validation after an epoch, before update `step`

  const Tensor& codes() const { return codes_; }  // (n, latent): means of the last batch
  Model& model() { return *model_; }
  ParamStore& store() { return store_; }
  const Objective& objective() const { return objective_; }
  KlWeight& weight() { return weight_; }
  const KlWeight& weight() const { return weight_; }
  const Optimizer& optimizer() const { return *optimizer_; }
  std::span<const Network> networks() const { return networks_; }

 private:
  Pass pass(const Batch& batch, Index step, std::uint64_t draw);
  void begin_again();  // after pre-training

  Config config_;
  Shape example_;
  Index steps_an_epoch_, last_step_;
  ParamStore store_;
  std::unique_ptr<Model> model_;
  Objective objective_;
  KlWeight weight_;
  std::unique_ptr<Optimizer> optimizer_, encoder_optimizer_;
  std::unique_ptr<Adversary> adversary_;
  std::vector<Network> networks_;
  Tensor codes_;
};

}  // namespace elbo
