#pragma once
// A trained run, opened for use: what the tools work with. RUN is a run folder or a single .safetensors of one.

#include <memory>

#include "data/batches.h"
#include "data/spec.h"
#include "data/tokenise.h"
#include "models/objective.h"

namespace elbo {

enum class Weights { best, last };

// What the model file keeps of the codes of the training data.
struct CodeStatistics {
  Tensor mean;        // float64 (latent,): mean of the encoder's means
  Tensor covariance;  // float64 (latent, latent): of z, the noise of a VAE's encoder included
  explicit operator bool() const { return bool(mean); }
};

// What the model file keeps of the data that it was trained on.
struct TrainedOn {
  DataSpec spec;       // with the options that they were read with; no path
  Index examples = 0;  // of all parts; 0: in files of format 1, which say no more
  std::uint64_t checksum = 0;
  Values values = Values::bytes;
};

struct Run {
  std::string path;  // as given
  std::string file;  // the .safetensors that was read
  Config config;     // with the absolute data path where config.json has one
  TrainedOn trained_on;
  Weights weights = Weights::last;  // which were loaded
  Shape example_shape;
  std::unique_ptr<ParamStore> store;
  std::unique_ptr<Model> model;
  std::shared_ptr<const TextCodec> codec;  // of texts
  CodeStatistics codes;                    // empty in a checkpoint of a run that has not finished
  double optimal_variance = 0;             // gaussian-optimal: the variance of the training data under these weights
  double beta = 1;                         // weight of the KL: objective.beta, or what objective.target_kl made of it

  std::string_view weights_name() const { return weights == Weights::best ? "best" : "last"; }
  Objective objective() const { return Objective(config); }
};

// `wanted`: best falls back to last where the run has no best. Throws Error for files that are missing or damaged.
Run open_run(const std::string& path, Weights wanted = Weights::best);

// How a configuration divides its data.
PartsOptions parts_of(const DataConfig& data);
// The run's data, or `spec` where that is not empty. Throws UsageError where there is neither; Error where the examples have another shape,
// and where the run's own data are no longer what it was trained on: they would be divided anew, with training examples among the test
// ones.
Dataset load_run_data(const Run& run, std::string_view spec = {}, const OnRead& on_read = {});
// The data of a configuration, texts as tokens. Throws UsageError where data and model.kind do not go together.
Dataset load_data(const Config& config, const OnRead& on_read = {});
TextOptions text_options(const DataConfig& data);
// Throws Error for numbers that the configuration's likelihood does not take (Bernoulli's: 0 to 1). load_run_data() has looked.
void check_values(const Config& config, const Dataset& data);
// How examples of a part are turned into numbers for evaluation: the run's binarisation or dequantisation, with its fixed stream.
std::unique_ptr<BatchSource> evaluation_batches(const Config& config, const Split& split, Index batch = 500);
std::unique_ptr<BatchSource> training_batches(const Config& config, const Split& split);
BatchOptions evaluation_options(const Config& config, const Split& split, Index batch = 500);
BatchOptions training_options(const Config& config, const Split& split);  // the same, and what is for training alone
Dequantize dequantize_of(const Config& config, const Split& split);       // the rule behind data.dequantize = null applied

}  // namespace elbo
