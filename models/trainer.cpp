#include "models/trainer.h"

#include <fmt/core.h>

#include <chrono>
#include <cmath>
#include <filesystem>

#include "models/conv.h"
#include "models/evaluation.h"
#include "models/illness.h"
#include "models/initial_weights.h"
#include "models/learner.h"
#include "models/run_folder.h"
#include "tensor/error.h"
#include "tensor/file.h"

namespace elbo {
namespace {

using Clock = std::chrono::steady_clock;
double since(Clock::time_point start) { return std::chrono::duration<double>(Clock::now() - start).count(); }

// One run in memory: data, networks, state; and the loop over them.
class Trainer {
 public:
  Trainer(const Config& config, RunFolder folder, const TrainOptions& options)
      : config_(config),
        options_(options),
        folder_(std::move(folder)),
        data_(options.data ? *options.data : load_data(config, options.on_read)),
        values_(kind_of_values(data_.train.values)),
        batches_(training_batches(config, data_.train)),
        last_step_(config.train.steps > 0 ? config.train.steps : config.train.epochs * batches_->count()),
        learner_(config, data_.example_shape, batches_->count(), last_step_),
        store_(learner_.store()),
        model_(&learner_.model()) {
    if (data_.train.size() == 0) fail("train", fmt::format("{}: the training part is empty", config.data.spec));
    check_batches(config, data_.example_shape, data_.train.size());
    check_values(config, data_);
    if (data_.valid.size() > 0) valid_ = evaluation_batches(config, data_.valid);
    if (config.train.test_each_epoch && data_.test.size() > 0) test_ = evaluation_batches(config, data_.test);
    if (config.objective.aggressive > 0 && !valid_)
      throw UsageError("objective.aggressive ends by the mutual information of a validation part, of which there is none (data.valid)");
    for (const std::string& text : data_.notes) note(text);
    if (test_) note("train.test_each_epoch: test figures are shown each epoch; nothing is chosen by them");
  }

  void start() {
    if (const std::string text = note_on_unused(config_); !text.empty()) note(text);
    if (config_.model.output_bias == "data-mean") start_at_data_mean(store_, config_, data_.train);
    if (!options_.init_from.empty()) note(take_weights(store_, model_->dtype(), options_.init_from));
    state_.weight = learner_.weight().state();
    state_.data_examples = data_.examples;
    state_.data_checksum = data_.checksum;
    state_.sums.clear(model_->latent());
    write_text("config.json", config_file(config_));
    write_text("metrics.jsonl", "");
    folder_.save_state(config_, state_, learner_.networks());
    write_models();
    folder_.publish();
  }

  void take_up() {
    state_.weight = learner_.weight().state();  // where the file is of a program that knew no schedule
    folder_.load_state(state_, learner_.networks());
    learner_.weight().state() = state_.weight;
    store_.touched(0, store_.values().numel());
    if (state_.data_examples != data_.examples || state_.data_checksum != data_.checksum)
      fail("resume", fmt::format("{}: the data have changed: {} examples with checksum {:016x}, the run was trained on {} with {:016x}",
                                 config_.data.spec, data_.examples, data_.checksum, state_.data_examples, state_.data_checksum));
    const Index latent = model_->latent();
    if (state_.sums.code.empty() && latent > 0) state_.sums.clear(latent);
    if (Index(state_.sums.code.size()) != latent || Index(state_.sums.code_square.size()) != latent)
      fail("resume", fmt::format("{}: the sums over codes have {} and {} numbers, expected {}", options_.out, state_.sums.code.size(),
                                 state_.sums.code_square.size(), latent));
    folder_.cut_metrics(state_);
    write_text("config.json", config_file(config_));
    write_models();
    if (state_.step < last_step_) folder_.remove_results();
  }

  TrainResult run() {
    epoch_start_ = Clock::now();
    bool stopped = false;
    while (state_.step < last_step_ && !out_of_patience()) {
      stopped = options_.stop_signal && options_.stop_signal() != 0;
      if (stopped) break;
      train_step();
      if (state_.sums.batches == batches_->count())
        finish_epoch();
      else if (config_.train.checkpoint_steps > 0 && state_.step % config_.train.checkpoint_steps == 0)
        checkpoint();
      progress();
    }
    folder_.save_state(config_, state_, learner_.networks());
    if (!stopped && state_.sums.batches > 0) {  // train.steps ended within an epoch: these lines are not part of the state, so that
      state_.epoch++;                           // a longer run resumed from it has the lines of one never stopped
      report_epoch();
    }
    write_models(true);
    folder_.end_progress();
    return {.epochs = state_.epoch,
            .steps = state_.step,
            .has_best = state_.has_best,
            .stopped = stopped,
            .best_epoch = state_.best_epoch,
            .best_objective = state_.best_objective,
            .under_schedule = valid_ && state_.epoch > 0 && !may_be_best(),
            .converged = !state_.has_best || state_.best_epoch < state_.epoch,
            .data = data_};
  }

 private:
  void write_text(std::string_view name, std::string_view text) const { write_file_atomically(folder_.file(name), bytes_of(text)); }

  void note(std::string_view text) const {
    if (options_.on_note) options_.on_note(text);
  }

  bool out_of_patience() const {
    return config_.train.patience > 0 && state_.has_best && state_.sums.batches == 0 &&
           state_.epoch - state_.best_epoch >= config_.train.patience;
  }

  [[noreturn]] void fail_not_finite(const std::string& what, const std::string& key) const {
    const double rate = std::strtod(get_key(config_, key).c_str(), nullptr);
    fail("train", fmt::format("{}; the last checkpoint is untouched; try --set {}={}", what, key, rate / 10));
  }

  void train_step() {
    try {
      if (learner_.aggressive(state_.step)) learner_.train_encoder(state_.step, [&](Index k) -> const Batch& { return any_batch(k); });
      const Batch& batch = batches_->load(state_.epoch + 1, state_.sums.batches);
      const StepLosses losses = learner_.step(batch, state_.step);
      state_.sums.add_codes(learner_.codes());
      state_.sums.add(batch.size(), losses);
    } catch (const Learner::NotFinite& e) {
      fail_not_finite(fmt::format("step {}: {}", state_.step + 1, e.what), e.key);
    }
    state_.step++;
    state_.weight = learner_.weight().state();
  }

  // Batch k of those that the encoder is trained with before an update: any of the epoch's.
  const Batch& any_batch(Index k) {
    const RandomKey key{config_.train.seed, Purpose::shuffle_batches, (std::uint64_t{1} << 60) + std::uint64_t(state_.step)};
    return batches_->load(state_.epoch + 1, Index(key.word(0, std::uint32_t(k))) % batches_->count());
  }

  Metrics train_metrics() const {
    Metrics m = metrics_of(state_.sums);
    m.epoch = state_.epoch, m.step = state_.step;
    m.adversary = config_.objective.adversarial_weight > 0;
    if (!model_->variational()) m.beta = learner_.objective().beta();
    m.learning_rate = learner_.optimizer().learning_rate();
    m.seconds = since(epoch_start_);
    m.examples_per_second = state_.sums.examples / std::max(m.seconds, 1e-9);
    return m;
  }

  // The line of another part, as the weights at the epoch's end measure it.
  Metrics report_part(BatchSource& part, const char* split, double variance, double learning_rate, Symptoms* symptoms = nullptr) {
    Metrics m = validate(*model_, learner_.objective(), part, variance, learner_.weight().final_weight(), symptoms);
    m.epoch = state_.epoch, m.step = state_.step, m.split = split, m.learning_rate = learning_rate;
    if (!std::isfinite(m.objective))
      fail_not_finite(fmt::format("epoch {}: the {} objective is not finite (reconstruction {}, KL {})", state_.epoch,
                                  &part == valid_.get() ? "validation" : "test", m.reconstruction, m.kl),
                      "optimizer.learning_rate");
    folder_.append_metrics(metrics_line(m), state_);
    if (options_.on_epoch) options_.on_epoch(m);
    return m;
  }

  // The lines of an epoch; the validation line decides what is best, the test line nothing.
  void report_epoch() {
    const Metrics train = train_metrics();
    folder_.append_metrics(metrics_line(train), state_);
    if (options_.on_epoch) options_.on_epoch(train);
    state_.sums.clear(model_->latent());
    epoch_start_ = Clock::now();
    if (!valid_ && !test_) return;
    const double variance = optimal_variance();
    if (valid_) {
      Symptoms symptoms;
      const Metrics valid = report_part(*valid_, "valid", variance, train.learning_rate, &symptoms);
      learner_.judge(valid.mutual_information, state_.step);
      state_.weight = learner_.weight().state();
      symptoms.weight = learner_.weight().at(state_.step - 1);
      const bool last = state_.step >= last_step_;
      for (const std::string& text : watch_.look(symptoms, {state_.epoch, train.total, valid.objective, may_be_best(), last})) note(text);
      if (may_be_best()) state_.take_if_best(valid.objective, store_);
    }
    if (test_) report_part(*test_, "test", variance, train.learning_rate);
    epoch_start_ = Clock::now();
  }

  // Only epochs that end under the final weights of the objective are compared; under a controlled weight there are none.
  bool may_be_best() const { return state_.step > learner_.weight().end() && config_.objective.target_kl == 0; }

  void finish_epoch() {
    state_.epoch++;
    report_epoch();
    if (state_.epoch % config_.train.checkpoint_every == 0 && state_.step < last_step_) checkpoint();
  }

  // The models without the statistics of the codes, which take a pass over the data: those are the finished or paused run's.
  void checkpoint() {
    folder_.save_state(config_, state_, learner_.networks());
    write_models();
  }

  // gaussian-optimal: the variance of the training data under the weights as they are; 0 for other likelihoods.
  double optimal_variance() const {
    if (learner_.objective().likelihood() != Likelihood::gaussian_optimal) return 0;
    return training_variance(*model_, *evaluation_batches(config_, data_.train));
  }

  void write_model(std::string_view name, std::string_view weights, bool with_statistics) const {
    CodeStatistics codes;
    if (with_statistics) codes = code_statistics(*model_, *evaluation_batches(config_, data_.train));
    save_model_file(folder_.file(name), config_, data_, values_, store_, weights, codes, with_statistics ? optimal_variance() : 0,
                    learner_.weight().final_weight());
  }

  // Derived from the state: written after it, and again when it is taken up.
  void write_models(bool with_statistics = false) {
    write_model("model.safetensors", "last", with_statistics);
    if (!state_.has_best) return;
    const Tensor last = store_.values().clone(), last_buffers = store_.buffers();
    store_.values().copy_from(state_.best);
    store_.set_buffers(state_.best_buffers);
    write_model("best.safetensors", "best", with_statistics);
    store_.values().copy_from(last);
    store_.set_buffers(last_buffers);
    store_.touched(0, last.numel());
  }

  void progress() {
    if (since(last_progress_) < 0.5) return;
    last_progress_ = Clock::now();
    if (state_.sums.batches == 0) return;
    const double share = double(state_.sums.batches) / double(batches_->count());
    Metrics m = train_metrics();
    m.epoch++;
    const double rate = double(state_.sums.batches) / std::max(since(epoch_start_), 1e-9);
    const double left = double(last_step_ - state_.step) / rate;
    folder_.show_progress(m, left);
    if (options_.on_progress) options_.on_progress(m, share, left);
  }

  Config config_;
  const TrainOptions& options_;
  RunFolder folder_;
  Dataset data_;
  Values values_;
  std::unique_ptr<BatchSource> batches_, valid_, test_;
  Index last_step_;
  Learner learner_;
  ParamStore& store_;  // the model's
  Model* model_;
  TrainState state_;
  IllnessWatch watch_{config_};
  Clock::time_point epoch_start_ = Clock::now(), last_progress_ = Clock::now();
};

}  // namespace

TrainResult train(const Config& config, const TrainOptions& options) {
  check_config(config);
  if (config.data.spec.empty()) throw UsageError("no data: give --data SPEC");
  Config absolute = config;
  settle(absolute);
  Trainer trainer(absolute, RunFolder::create(options.out, options.force), options);
  trainer.start();
  const TrainResult result = trainer.run();
  if (const std::string text = note_on_best(absolute, result); !text.empty() && options.on_note) options.on_note(text);
  return result;
}

TrainResult resume(const TrainOptions& options, const std::vector<std::string>& assignments) {
  const Config before = RunFolder::load_config(options.out);
  Config config = before;
  for (const std::string& a : assignments) set_key(config, a);
  for (const std::string& key : different_keys(before, config))
    if (key != "train.epochs" && key != "train.steps" && key != "train.patience")
      throw UsageError(fmt::format("--resume: {} cannot change (it is {}): only train.epochs, train.steps and train.patience may", key,
                                   get_key(before, key)));
  Trainer trainer(config, RunFolder::open(options.out), options);
  trainer.take_up();
  const TrainResult result = trainer.run();
  if (const std::string text = note_on_best(config, result); !text.empty() && options.on_note) options.on_note(text);
  return result;
}

}  // namespace elbo
