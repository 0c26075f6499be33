#include "models/optimizers.h"

#include <algorithm>

#include "nn/optim/methods.h"

namespace elbo {
namespace {

Schedule schedule_of(const OptimizerConfig& o, Index steps_an_epoch, Index last_step) {
  const ScheduleConfig& s = o.schedule;
  const double rate = o.learning_rate;
  Schedule schedule = rate;
  if (s.name == "step") schedule = Schedule::step(rate, s.every, s.factor).per(steps_an_epoch);
  if (s.name == "exponential") schedule = Schedule::exponential(rate, s.factor).per(steps_an_epoch);
  if (s.name == "cosine") schedule = Schedule::cosine(rate, std::max<Index>(1, last_step), s.final * rate);
  if (s.name == "stages") {
    std::vector<Schedule::Stage> stages;
    for (std::size_t i = 0; i < s.stage_epochs.size(); i++) stages.push_back({s.stage_epochs[i], rate * s.stage_factors[i]});
    schedule = Schedule::stages(std::move(stages)).per(steps_an_epoch);
  }
  return s.warmup > 0 ? schedule.with_warmup(s.warmup) : schedule;
}

}  // namespace

std::unique_ptr<Optimizer> make_optimizer(const Config& config, ParamStore& store, Index steps_an_epoch, Index last_step,
                                          std::string_view prefix) {
  const OptimizerConfig& o = config.optimizer;
  const Schedule rate = schedule_of(o, steps_an_epoch, last_step);
  const double epsilon = o.epsilon.value_or(default_epsilon(o));
  UpdateOptions update{.clip_norm = o.clip_norm, .clip_value = o.clip_value, .prefix = std::string(prefix)};
  if (config.objective.aggressive > 0 && prefix.empty()) update.groups = {{.prefix = "encoder/"}};
  if (o.name == "sgd") return std::make_unique<Sgd>(store, SgdOptions{rate, o.momentum, o.dampening, o.nesterov, o.weight_decay}, update);
  if (o.name == "rmsprop")
    return std::make_unique<Rmsprop>(store, RmspropOptions{rate, o.rho, epsilon, o.centered, o.momentum, o.weight_decay}, update);
  if (o.name == "adamw")
    return std::make_unique<AdamW>(store, AdamWOptions{rate, o.beta1, o.beta2, epsilon, o.weight_decay, o.amsgrad}, update);
  return std::make_unique<Adam>(store, AdamOptions{rate, o.beta1, o.beta2, epsilon, o.weight_decay, o.amsgrad}, update);
}

}  // namespace elbo
