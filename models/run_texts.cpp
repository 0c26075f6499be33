// The files of a run that are derived from its state: models, config.json, lines of metrics.

#include <fmt/core.h>
#include <sys/utsname.h>

#include <algorithm>
#include <cmath>

#include "models/run_folder.h"
#include "tensor/isa.h"
#include "tensor/json.h"
#include "tensor/safetensors.h"

namespace elbo {

void save_model_file(const std::string& path, const Config& config, const Dataset& data, Values values, const ParamStore& store,
                     std::string_view weights, const CodeStatistics& codes, double optimal_variance, double kl_weight) {
  TensorFile contents;
  contents.tensors = store.tensors();
  if (codes) {
    contents.tensors.emplace_back("codes/mean", codes.mean);
    contents.tensors.emplace_back("codes/covariance", codes.covariance);
  }
  std::string sizes;
  for (Index s : data.example_shape) sizes += (sizes.empty() ? "" : ",") + std::to_string(s);
  auto& m = contents.metadata;
  m.emplace_back("format", std::to_string(file_format));
  m.emplace_back("config", to_json(config, true));
  m.emplace_back("example_shape", sizes);
  m.emplace_back("data.examples", std::to_string(data.examples));
  m.emplace_back("data.checksum", fmt::format("{:016x}", data.checksum));
  m.emplace_back("data.values", std::string(values_name(values)));
  m.emplace_back("weights", std::string(weights));
  if (data.codec) m.emplace_back("text", data.codec->json());
  if (optimal_variance > 0) m.emplace_back("optimal_variance", fmt::format("{:.17g}", optimal_variance));
  if (config.objective.target_kl > 0) m.emplace_back("kl_weight", fmt::format("{:.17g}", kl_weight));
  save_safetensors(path, contents);
}

std::string config_file(const Config& config) {
  Json all = Json::parse(to_json(config), "config");
  utsname host{};
  uname(&host);
  all["program"] = fmt::format("elbo {}", program_version);
  all["format"] = file_format;
#if defined(__clang__)
  all["build"] = fmt::format("clang {}.{}", __clang_major__, __clang_minor__);
#else
  all["build"] = fmt::format("gcc {}.{}", __GNUC__, __GNUC_MINOR__);
#endif
  all["machine"] = fmt::format("{} {}, {}", host.sysname, host.machine, isa_name(isa()));
  return all.dump(2) + "\n";
}

std::string note_on_unused(const Config& config) {
  if (config.model.variational) return "";
  std::string unused;
  for (const std::string& key : different_keys(Config{}, config))
    for (const char* of_kl : {"objective.beta", "objective.anneal.", "objective.free_bits", "objective.capacity_steps"})
      if (key.starts_with(of_kl)) unused += (unused.empty() ? "" : ", ") + key;
  return unused.empty()
             ? ""
             : fmt::format("{}: not used, a {} has no KL", unused, config.model.latent > 0 ? "plain autoencoder" : "language model");
}

std::string note_on_best(const Config& config, const TrainResult& result) {
  if (result.has_best) return result.converged ? "" : fmt::format("not converged: the best epoch ({}) is the last", result.best_epoch);
  if (result.under_schedule) return "no epoch ended with the final weight of the KL: there are no best weights, the last are kept";
  if (config.data.valid == 0.0) return "data.valid=0: nothing to choose the best weights by; the last are kept";
  return result.epochs == 0 ? "no epoch was finished: there are no best weights"
                            : "no validation part: nothing to choose the best weights by; the last are kept";
}

Metrics metrics_of(const EpochSums& s) {
  Metrics m{.split = "train"};
  m.objective = s.losses.objective / s.examples;
  m.reconstruction = s.losses.reconstruction / s.examples;
  m.kl = s.losses.kl / s.examples;
  m.total = m.reconstruction + m.kl;
  m.beta = s.losses.beta / s.examples;
  m.adversarial = s.losses.adversarial / s.examples;
  m.discriminator_loss = s.losses.discriminator_loss / s.examples;
  m.discriminator_accuracy = s.losses.discriminator_accuracy / s.examples;
  m.gradient_norm = s.losses.gradient_norm / double(s.batches);
  m.active_units = s.active_units();
  return m;
}

// Times and rates are padded to a fixed width, so that equal runs have metrics of equal length.
std::string metrics_line(const Metrics& m) {
  const std::string adversary = m.adversary ? fmt::format(
                                                  "\"adversarial\": {:.17g}, \"discriminator_loss\": {:.17g}, "
                                                  "\"discriminator_accuracy\": {:.17g}, ",
                                                  m.adversarial, m.discriminator_loss, m.discriminator_accuracy)
                                            : "";
  const std::string information =
      std::isnan(m.mutual_information) ? "" : fmt::format("\"mutual_information\": {:.17g}, ", m.mutual_information);
  return fmt::format(
      "{{\"epoch\": {}, \"step\": {}, \"split\": \"{}\", \"objective\": {:.17g}, \"total\": {:.17g}, \"reconstruction\": {:.17g}, \"kl\": "
      "{:.17g}, \"beta\": {:.17g}, "
      "\"learning_rate\": {:.17g}, \"gradient_norm\": {:.17g}, \"active_units\": {}, {}{}\"seconds\": {:>12.3f}, \"examples_per_second\": "
      "{:>12.1f}}}\n",
      m.epoch, m.step, m.split, m.objective, m.total, m.reconstruction, m.kl, m.beta, m.learning_rate, m.gradient_norm, m.active_units,
      information, adversary, std::min(m.seconds, 9999999.0), std::min(m.examples_per_second, 999999999.0));
}

}  // namespace elbo
