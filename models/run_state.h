#pragma once
// What a run keeps between two steps, beside its configuration: all that a checkpoint holds.

#include <string>
#include <vector>

#include "models/kl_weight.h"
#include "nn/optim/optimizer.h"
#include "nn/param_store.h"

namespace elbo {

// Means over a batch's examples, in nats.
struct StepLosses {
  double objective = 0, reconstruction = 0, kl = 0, gradient_norm = 0;
  double beta = 0;                                            // the weight of the KL in the objective
  double adversarial = 0;                                     // what the decoder pays for not fooling the discriminator, without its weight
  double discriminator_loss = 0, discriminator_accuracy = 0;  // 0 without one
};

// What the sums over an epoch's batches hold so far: part of the state, so that a run resumed within an epoch reports the same means.
struct EpochSums {
  Index batches = 0;  // of the unfinished epoch
  double examples = 0;
  StepLosses losses;                      // each times the examples of its batch; gradient_norm: of each batch once
  std::vector<double> code, code_square;  // (latent,): of the encoder's means

  void clear(Index latent);
  void add(Index count, const StepLosses& of_batch);  // a batch of so many examples
  void add_codes(const Tensor& means);                // of a batch: (examples, latent)
  Index active_units() const;  // dimensions whose mean varies by more than 0.01 (Burda, Grosse and Salakhutdinov 2015)
};

struct TrainState {
  Index epoch = 0, step = 0;  // finished
  WeightState weight;         // of the schedule of the objective's weights
  EpochSums sums;
  bool has_best = false;
  Index best_epoch = 0;
  double best_objective = 0;
  Tensor best, best_buffers;  // the value block and the buffers at the best epoch
  Index metrics_bytes = 0;
  Index data_examples = 0;
  std::uint64_t data_checksum = 0;

  void take_if_best(double validation_objective, ParamStore& store);  // at the end of `epoch`
};

// Names that a network and an optimizer have in a checkpoint: a run may hold several.
struct Network {
  std::string name;
  ParamStore* store;  // null: another one's, which is kept with that
  Optimizer* optimizer;
};

}  // namespace elbo
