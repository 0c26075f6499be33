// state.safetensors: sums and state, written and read.

#include "models/run_state.h"

#include <fmt/core.h>

#include <cerrno>
#include <cstdlib>
#include <filesystem>

#include "models/run_folder.h"
#include "tensor/error.h"
#include "tensor/file.h"
#include "tensor/safetensors.h"

namespace elbo {
namespace fs = std::filesystem;
namespace {

std::string exact(double v) { return fmt::format("{:a}", v); }  // hexadecimal: every bit comes back

double from_exact(const std::string& text) { return std::strtod(text.c_str(), nullptr); }

// The metadata of a file of ours, with one clear error for what is missing or of a newer format.
struct Metadata {
  const TensorFile& contents;
  const std::string& path;
  const std::string& operator[](std::string_view key) const {
    const std::string* value = contents.find_metadata(key);
    if (!value) fail("run", fmt::format("{}: the metadata has no '{}': is it a file of elbo?", path, key));
    return *value;
  }
  Index integer(std::string_view key) const {
    const std::string& text = (*this)[key];
    char* end = nullptr;
    errno = 0;
    const long long v = std::strtoll(text.c_str(), &end, 10);
    if (text.empty() || *end || errno || v < 0)
      fail("run", fmt::format("{}: '{}' is {}, expected a whole number", path, key, quote_name(text)));
    return v;
  }
  void check_format() const { elbo::check_format(integer("format"), path); }
};

// The sums by the names that they have in files.
constexpr std::pair<const char*, double StepLosses::*> loss_names[] = {{"objective", &StepLosses::objective},
                                                                       {"reconstruction", &StepLosses::reconstruction},
                                                                       {"kl", &StepLosses::kl},
                                                                       {"gradient_norm", &StepLosses::gradient_norm},
                                                                       {"beta", &StepLosses::beta},
                                                                       {"adversarial", &StepLosses::adversarial},
                                                                       {"discriminator_loss", &StepLosses::discriminator_loss},
                                                                       {"discriminator_accuracy", &StepLosses::discriminator_accuracy}};

}  // namespace

void EpochSums::clear(Index latent) {
  *this = {};
  code.assign(std::size_t(latent), 0);
  code_square.assign(std::size_t(latent), 0);
}

void EpochSums::add(Index count, const StepLosses& of_batch) {
  const double n = double(count);
  examples += n;
  for (const auto& [name, member] : loss_names) losses.*member += (member == &StepLosses::gradient_norm ? 1 : n) * of_batch.*member;
  batches++;
}

void EpochSums::add_codes(const Tensor& means) {
  for_float("train", means.dtype(), [&]<class T>(T) {
    const T* m = means.data<T>();
    const std::size_t units = code.size();
    double *sum = code.data(), *square = code_square.data();
    for (Index i = 0; i < means.shape()[0]; i++, m += units)
      for (std::size_t j = 0; j < units; j++) {
        const double v = double(m[j]);
        sum[j] += v;
        square[j] += v * v;
      }
  });
}

Index EpochSums::active_units() const {
  Index active = 0;
  for (std::size_t j = 0; j < code.size(); j++) {
    const double m = code[j] / examples;
    if (code_square[j] / examples - m * m > 0.01) active++;
  }
  return active;
}

void TrainState::take_if_best(double objective, ParamStore& store) {
  if (has_best && objective >= best_objective) return;
  has_best = true;
  best_epoch = epoch;
  best_objective = objective;
  if (!best) best = empty_like(store.values());
  best.copy_from(store.values());
  best_buffers = store.buffers();
}

void RunFolder::save_state(const Config& config, const TrainState& s, std::span<const Network> networks) const {
  TensorFile contents;
  for (const Network& n : networks) {
    if (n.store)
      for (auto& [name, tensor] : n.store->tensors()) contents.tensors.emplace_back(n.name + "/weights/" + name, tensor);
    for (const auto& [name, block] : n.optimizer->state()) contents.tensors.emplace_back(n.name + "/optimizer/" + name, block);
    contents.metadata.emplace_back(n.name + ".optimizer.steps", std::to_string(n.optimizer->steps()));
  }
  if (s.has_best) contents.tensors.emplace_back("best", s.best);
  if (s.has_best && s.best_buffers) contents.tensors.emplace_back("best_buffers", s.best_buffers);
  if (!s.sums.code.empty()) {
    const Index n = Index(s.sums.code.size());
    contents.tensors.emplace_back("sums/code", Tensor::from(s.sums.code, {n}));
    contents.tensors.emplace_back("sums/code_square", Tensor::from(s.sums.code_square, {n}));
  }
  auto& m = contents.metadata;
  m.emplace_back("format", std::to_string(file_format));
  m.emplace_back("config", to_json(config));
  m.emplace_back("epoch", std::to_string(s.epoch));
  m.emplace_back("step", std::to_string(s.step));
  m.emplace_back("weight.anneal_steps", std::to_string(s.weight.anneal_steps));
  m.emplace_back("weight.capacity_steps", std::to_string(s.weight.capacity_steps));
  m.emplace_back("weight.error_sum", exact(s.weight.control.error_sum));
  m.emplace_back("weight.value", exact(s.weight.control.weight));
  m.emplace_back("weight.aggressive", s.weight.aggressive ? "1" : "0");
  m.emplace_back("weight.information", exact(s.weight.information));
  m.emplace_back("sums.batches", std::to_string(s.sums.batches));
  m.emplace_back("sums.examples", exact(s.sums.examples));
  for (const auto& [name, member] : loss_names) m.emplace_back(fmt::format("sums.{}", name), exact(s.sums.losses.*member));
  m.emplace_back("best.epoch", s.has_best ? std::to_string(s.best_epoch) : "none");
  m.emplace_back("best.objective", exact(s.best_objective));
  m.emplace_back("metrics.bytes", std::to_string(s.metrics_bytes));
  m.emplace_back("data.examples", std::to_string(s.data_examples));
  m.emplace_back("data.checksum", fmt::format("{:016x}", s.data_checksum));
  save_safetensors(file("state.safetensors"), contents);
}

Config RunFolder::load_config(const std::string& path) {
  const std::string file = trimmed(path) + "/state.safetensors";
  if (!fs::exists(file)) fail("run", fmt::format("{}: holds no state.safetensors, so there is nothing to resume", path));
  const SafetensorsReader reader(file);
  const TensorFile head{{}, reader.metadata()};
  const Metadata m{head, file};
  m.check_format();
  return config_from_json(m["config"], file);
}

void RunFolder::load_state(TrainState& s, std::span<const Network> networks) const {
  const std::string path = file("state.safetensors");
  const TensorFile contents = load_safetensors(path);
  const Metadata m{contents, path};
  m.check_format();
  const auto below = [&](const std::string& prefix) {
    std::vector<std::pair<std::string, Tensor>> found;
    for (const auto& [name, tensor] : contents.tensors)
      if (name.starts_with(prefix)) found.emplace_back(name.substr(prefix.size()), tensor);
    return found;
  };
  for (const Network& n : networks) {
    if (n.store) n.store->load(below(n.name + "/weights/"), path);
    n.optimizer->load_state(below(n.name + "/optimizer/"), m.integer(n.name + ".optimizer.steps"), path);
  }
  s.epoch = m.integer("epoch");
  s.step = m.integer("step");
  if (contents.find_metadata("weight.value"))  // format 2 had no schedule
    s.weight = {
        .anneal_steps = m.integer("weight.anneal_steps"),
        .capacity_steps = contents.find_metadata("weight.capacity_steps") ? m.integer("weight.capacity_steps") : 0,  // from format 4 on
        .control = {from_exact(m["weight.error_sum"]), from_exact(m["weight.value"])},
        .aggressive = m["weight.aggressive"] == "1",
        .information = from_exact(m["weight.information"])};
  s.sums.batches = m.integer("sums.batches");
  s.sums.examples = from_exact(m["sums.examples"]);
  for (const auto& [name, member] : loss_names) {
    const std::string key = fmt::format("sums.{}", name);
    const bool older = member == &StepLosses::beta || member == &StepLosses::adversarial || member == &StepLosses::discriminator_loss ||
                       member == &StepLosses::discriminator_accuracy;
    s.sums.losses.*member =
        older && !contents.find_metadata(key) ? 0 : from_exact(m[key]);  // format 1 knew no adversary, format 2 no schedule
  }
  const auto numbers = [&](std::string_view name) {
    const Tensor* t = contents.find(name);
    return t ? std::vector<double>(t->data<double>(), t->data<double>() + t->numel()) : std::vector<double>();
  };
  s.sums.code = numbers("sums/code");
  s.sums.code_square = numbers("sums/code_square");
  s.has_best = m["best.epoch"] != "none";
  if (s.has_best) {
    const Tensor* best = contents.find("best");
    if (!best) fail("run", fmt::format("{}: tensor 'best' is missing", path));
    require_shape("run", "best weights", *best, networks[0].store->values().shape());
    s.best = best->clone();
    if (const Tensor now = networks[0].store->buffers()) {
      const Tensor* buffers = contents.find("best_buffers");
      if (!buffers) fail("run", fmt::format("{}: tensor 'best_buffers' is missing", path));
      require_shape("run", "buffers of the best weights", *buffers, now.shape());
      s.best_buffers = buffers->clone();
    }
    s.best_epoch = m.integer("best.epoch");
  }
  s.best_objective = from_exact(m["best.objective"]);
  s.metrics_bytes = m.integer("metrics.bytes");
  s.data_examples = m.integer("data.examples");
  s.data_checksum = std::strtoull(m["data.checksum"].c_str(), nullptr, 16);
}

}  // namespace elbo
