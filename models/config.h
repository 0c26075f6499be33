#pragma once
// The configuration of a run: what is trained, on what, and how. One table (config_keys) lists every key with its type, range, default
// and meaning; reading, writing, --set and the documentation follow from it.

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "tensor/shape.h"

namespace elbo {

struct ModelConfig {
  std::string kind = "dense";
  bool variational = true;
  Index latent = 20;
  Index classes = 0;  // labels as conditions: how many there are; 0: none
  std::vector<Index> hidden = {400};
  std::optional<std::vector<Index>> decoder_hidden;  // none: hidden mirrored for dense, none for convolutions
  std::vector<Index> filters = {32, 64};             // convolutions: of each stage of the encoder; the decoder's mirror them
  Index kernel = 3;
  std::vector<Index> strides = {2, 2};
  std::string upsample = "transpose";
  std::string normalisation = "none";
  bool pad = false;  // images that the strides do not divide are padded
  std::string activation = "relu";
  // Recurrent layers: text, and conv-lstm.
  Index embed = 256;                   // width of a word's vector
  Index units = 256;                   // of the decoder's recurrent layers
  std::optional<Index> encoder_units;  // none: as many as units
  Index layers = 1;
  std::string cell = "lstm";
  bool bidirectional = false;            // the encoder
  std::string decoder_input = "tokens";  // none: the decoder sees the code alone
  std::string code_input = "both";       // where the decoder gets the code
  bool tied = false;                     // one matrix as embedding and as the output layer's weights
  double dropout = 0;
  bool locked_dropout = false;
  std::string init = "glorot-uniform";
  std::string output = "sigmoid";
  std::string output_bias = "init";
  std::string float_type = "float32";
};

struct ObjectiveConfig {
  std::string likelihood = "bernoulli";
  double variance = 0.02;  // for likelihood gaussian
  std::string bound = "elbo";
  Index samples = 1;  // codes of each example in training, and of iwae in validation
  double beta = 1;
  std::string anneal_shape = "none";
  double anneal_steps = 0;     // updates; below 1 a share of all
  Index anneal_cycles = 4;     // for cyclical
  double free_bits = 0;        // nats per dimension
  double free_bits_total = 0;  // nats in all
  double capacity = 0;         // nats; 0: off
  double capacity_steps = 0;   // updates; below 1 a share of all
  double target_kl = 0;        // nats; 0: off
  Index pretrain_epochs = 0;
  Index aggressive = 0;           // most updates of the encoder before one of all; 0: off
  double adversarial_weight = 0;  // 0: no discriminator
  double adversarial_learning_rate = 1e-4;
};

struct DataConfig {
  std::string spec;
  std::optional<double> valid;  // none: a tenth, at most 5,000
  bool use_test = false;
  std::string binarize = "none";
  std::optional<std::string> dequantize;  // none: uniform for Gaussian likelihoods on bytes, otherwise none
  std::vector<Index> exclude_labels;
  std::string tokenizer = "basic";  // texts
  bool lower_case = true;
  Index max_tokens = 100;
  std::string overlong = "cut";
  Index min_count = 2;
  Index max_vocabulary = 0;  // 0: any number
  double word_dropout = 0;
  bool flip = false;  // training batches alone: data/augment.h
  Index shift = 0;
  double crop = 0;
  // Keys of one kind of data (data.noise): settle() puts them into `spec`, as what stands after its `?`.
  std::vector<std::pair<std::string, std::string>> options;
};

struct ScheduleConfig {
  std::string name = "constant";
  Index warmup = 0;                   // updates over which the rate rises from 0
  Index every = 10;                   // step: epochs between two multiplications by `factor`
  double factor = 0.1;                // step, and exponential: what the rate is multiplied with every epoch
  double final = 0;                   // cosine: the share of the rate left at the end
  std::vector<Index> stage_epochs;    // stages: epochs of each, and
  std::vector<double> stage_factors;  // the factor of each on the rate
};

struct OptimizerConfig {
  std::string name = "adam";
  double learning_rate = 1e-3;
  double momentum = 0, dampening = 0;
  bool nesterov = false;
  double beta1 = 0.9, beta2 = 0.999;
  double rho = 0.9;
  bool centered = false, amsgrad = false;
  std::optional<double> epsilon;  // none: the method's own (rmsprop 1e-7, adam and adamw 1e-8)
  double weight_decay = 0;
  double clip_norm = 0, clip_value = 0;  // 0: off
  ScheduleConfig schedule;
};

struct TrainConfig {
  Index epochs = 20;
  Index steps = 0;  // 0: by epochs
  Index batch = 128;
  std::uint64_t seed = 1;
  Index checkpoint_every = 1;  // epochs
  Index checkpoint_steps = 0;  // 0: off
  Index patience = 0;          // 0: no early stopping
  bool test_each_epoch = false;
};

struct Config {
  ModelConfig model;
  ObjectiveConfig objective;
  DataConfig data;
  OptimizerConfig optimizer;
  TrainConfig train;
};

// One row of the table of keys.
struct ConfigKey {
  std::string name;  // "objective.beta"
  std::string type;  // "number, 0 to 1e6", "one of a, b, c", ...
  std::string help;  // one line
};
std::vector<ConfigKey> config_keys();

// The whole configuration, defaults filled in, as indented JSON (a line end at the end). `without_data_path` leaves the folder or file
// out of data.spec: what a model file keeps.
std::string to_json(const Config& config, bool without_data_path = false);
// Reads JSON over `base`: missing keys keep its values. Throws UsageError naming `source` and the key (for an unknown one the nearest)
// for anything that does not fit type and range.
Config config_from_json(std::string_view text, std::string_view source, const Config& base = {});
// One "KEY=VALUE", VALUE read as JSON where it parses and as a string otherwise. Throws UsageError.
void set_key(Config& config, std::string_view assignment);
// The value of one key as JSON text; throws UsageError for an unknown key.
std::string get_key(const Config& config, std::string_view key);
inline double default_epsilon(const OptimizerConfig& o) { return o.name == "rmsprop" ? 1e-7 : 1e-8; }
// --data: the specification, and what stands after its `?` before a key of `data` that was set earlier.
void give_data(Config& config, const std::string& spec);
// Settles what depends on other keys: the optimizer's epsilon; and makes data.spec whole, its path absolute, the keys of its kind in it
// (where there is a spec). Throws UsageError for one that does not parse and a key that its kind does not have.
void settle(Config& config);
// Throws UsageError for values that do not go together.
void check_config(const Config& config);
// Keys in which two configurations differ; of the data's kind, those that `b` sets otherwise.
std::vector<std::string> different_keys(const Config& a, const Config& b);

struct Preset {
  std::string name;
  std::string help;  // one line: what it is and where it comes from
  Config config;
};
const std::vector<Preset>& presets();
// Throws UsageError naming the nearest.
const Preset& preset(std::string_view name);
// Throws UsageError where `config`, made from the preset, is no longer what its name says: text-lm with a code is an autoencoder.
void check_preset(std::string_view name, const Config& config);

}  // namespace elbo
