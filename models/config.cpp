#include "models/config.h"

#include <fmt/core.h>

#include <algorithm>

#include "data/kinds.h"
#include "data/spec.h"
#include "models/config_table.h"
#include "models/model.h"
#include "tensor/error.h"
#include "tensor/nearest.h"

namespace elbo {
namespace {

const ConfigRow& row_of(const std::string& name, std::string_view source) {
  for (const ConfigRow& r : config_table())
    if (r.key.name == name) return r;
  std::vector<std::string> names;
  for (const ConfigRow& r : config_table()) names.push_back(r.key.name);
  for (const DataKind& kind : data_kinds())
    for (const DataOption& option : kind.options) names.push_back("data." + option.name);
  throw UsageError(fmt::format("{}: unknown key '{}'; the nearest is '{}'", source, name, nearest(name, names)));
}

// What stands after `?` in a specification is also a key of `data`. Returns whether `name` is one of some kind of data.
bool assign_data_option(Config& config, std::string_view name, const Json& value, std::string_view source) {
  if (!name.starts_with("data.")) return false;
  name.remove_prefix(5);
  const std::string text = value.is_string() ? value.string() : value.dump();
  std::string refusals;
  for (const DataKind& kind : data_kinds())
    for (const DataOption& option : kind.options) {
      if (option.name != name) continue;
      if (!value.is_null() && !option.accepts(text)) {
        refusals += (refusals.empty() ? "" : ", or ") + option.refusal(text);
        continue;
      }
      auto& options = config.data.options;
      std::erase_if(options, [&](const auto& o) { return o.first == name; });
      if (!value.is_null()) options.emplace_back(name, text);
      return true;
    }
  if (!refusals.empty()) throw UsageError(fmt::format("{}: data.{}: {}, got {}", source, name, refusals, value.dump()));
  return false;
}

void assign(Config& config, const std::string& name, const Json& value, std::string_view source) {
  if (assign_data_option(config, name, value, source)) return;
  const ConfigRow& row = row_of(name, source);
  try {
    row.set(config, value);
  } catch (const std::string& what) {
    throw UsageError(fmt::format("{}: {}: expected {}, got {}", source, name, what, value.dump()));
  }
}

// Walks an object; names of inner objects are joined with dots.
void assign_all(Config& config, const Json& object, const std::string& prefix, std::string_view source) {
  for (const auto& [name, value] : object.members()) {
    const std::string path = prefix.empty() ? name : prefix + "." + name;
    if (prefix.empty() && (name == "program" || name == "format" || name == "build" || name == "machine")) continue;  // a run's config.json
    if (value.is_object())
      assign_all(config, value, path, source);
    else
      assign(config, path, value, source);
  }
}

}  // namespace

std::vector<ConfigKey> config_keys() {
  std::vector<ConfigKey> keys;
  for (const ConfigRow& r : config_table()) keys.push_back(r.key);
  return keys;
}

std::string to_json(const Config& config, bool without_data_path) {
  Json all;
  for (const ConfigRow& row : config_table()) {
    Json* at = &all;
    std::string_view rest = row.key.name;
    for (std::size_t dot; (dot = rest.find('.')) != std::string_view::npos; rest.remove_prefix(dot + 1)) at = &(*at)[rest.substr(0, dot)];
    (*at)[rest] = row.get(config);
  }
  for (const auto& [name, value] : config.data.options) all["data"][name] = Json::try_parse(value).value_or(value);
  if (without_data_path && !config.data.spec.empty()) all["data"]["spec"] = parse_data_spec(config.data.spec).str_without_path();
  return all.dump(2) + "\n";
}

Config config_from_json(std::string_view text, std::string_view source, const Config& base) {
  std::string why;
  const std::optional<Json> parsed = Json::try_parse(text, &why);
  if (!parsed) throw UsageError(fmt::format("{}: not valid JSON: {}", source, why));
  if (!parsed->is_object()) throw UsageError(fmt::format("{}: expected a JSON object of sections, got {}", source, parsed->type_name()));
  Config config = base;
  assign_all(config, *parsed, "", source);
  return config;
}

void set_key(Config& config, std::string_view assignment) {
  const std::size_t equals = assignment.find('=');
  if (equals == std::string_view::npos || equals == 0) throw UsageError(fmt::format("--set {}: expected KEY=VALUE", assignment));
  const std::string name(assignment.substr(0, equals)), text(assignment.substr(equals + 1));
  assign(config, name, Json::try_parse(text).value_or(text), "--set");
}

std::string get_key(const Config& config, std::string_view key) { return row_of(std::string(key), "configuration").get(config).dump(); }

std::vector<std::string> different_keys(const Config& a, const Config& b) {
  std::vector<std::string> names;
  for (const ConfigRow& row : config_table())
    if (row.get(a) != row.get(b)) names.push_back(row.key.name);
  for (const auto& option : b.data.options)
    if (std::find(a.data.options.begin(), a.data.options.end(), option) == a.data.options.end()) names.push_back("data." + option.first);
  return names;
}

void give_data(Config& config, const std::string& spec) {
  config.data.spec = spec;
  const DataSpec parsed = parse_data_spec(spec);
  std::erase_if(config.data.options, [&](const auto& set) {
    return std::any_of(parsed.options.begin(), parsed.options.end(), [&](const auto& given) { return given.first == set.first; });
  });
}

void settle(Config& config) {
  if (!config.optimizer.epsilon) config.optimizer.epsilon = default_epsilon(config.optimizer);
  if (config.data.spec.empty()) return;
  DataSpec spec = parse_data_spec(config.data.spec);
  for (const auto& [name, value] : config.data.options) set_data_option(spec, name, value);
  config.data.spec = spec.str();
  config.data.options.clear();
}

namespace {

[[noreturn]] void wrong(const std::string& what) { throw UsageError("configuration: " + what); }

void check_text(const Config& c) {
  const ModelConfig& m = c.model;
  if (m.latent == 0 && m.variational) wrong("model.latent=0 (a language model) needs model.variational=false");
  if (m.latent == 0 && m.decoder_input == "none") wrong("model.decoder_input=none needs a code: model.latent is 0");
  if (m.tied && m.embed != m.units)
    wrong(fmt::format("model.tied needs model.units equal to model.embed, got {} and {}", m.units, m.embed));
  if (c.objective.adversarial_weight > 0) wrong("objective.adversarial.weight is for pictures: words have no gradient");
}

void check_schedule(const Config& c) {
  const ObjectiveConfig& o = c.objective;
  if (o.anneal_shape != "none" && o.anneal_steps == 0)
    wrong(fmt::format("objective.anneal.shape={} needs objective.anneal.steps", o.anneal_shape));
  if (o.anneal_shape != "none" && o.target_kl > 0)
    wrong("objective.anneal and objective.target_kl exclude each other: both set the KL's weight");
  if (c.train.steps == 0 && o.pretrain_epochs > 0 && o.pretrain_epochs >= c.train.epochs)
    wrong(fmt::format("objective.pretrain_epochs={} leaves none of the {} epochs of train.epochs", o.pretrain_epochs, c.train.epochs));
  if (o.capacity > 0 && (o.anneal_shape != "none" || o.target_kl > 0 || o.free_bits > 0 || o.free_bits_total > 0))
    wrong("objective.capacity excludes objective.anneal, free bits and target_kl: it says by itself what the KL costs");
  if (o.bound == "iwae" && (o.free_bits > 0 || o.free_bits_total > 0 || o.capacity > 0 || o.target_kl > 0))
    wrong("objective.bound=iwae has no KL by itself, so free_bits, free_bits_total, capacity and target_kl must be 0");
  if (c.model.variational) return;
  for (const auto& [key, used] : {std::pair("bound", o.bound != "elbo"), std::pair("samples", o.samples > 1),
                                  std::pair("capacity", o.capacity > 0), std::pair("target_kl", o.target_kl > 0),
                                  std::pair("pretrain_epochs", o.pretrain_epochs > 0), std::pair("aggressive", o.aggressive > 0)})
    if (used) wrong(fmt::format("objective.{} needs a VAE (model.variational): this model has no KL", key));
}

}  // namespace

void check_config(const Config& c) {
  const bool text = c.model.kind == "text", conv = c.model.kind == "conv" || c.model.kind == "conv-same";
  if (text) check_text(c);
  if (text != (c.objective.likelihood == "categorical"))
    wrong(text ? fmt::format("model.kind=text needs objective.likelihood=categorical, got {}", c.objective.likelihood)
               : fmt::format("objective.likelihood=categorical needs model.kind=text, got {}", c.model.kind));
  if (!text && c.model.latent == 0) wrong("model.latent=0 (no code) is for model.kind=text: a language model");
  if (c.model.classes == 1 || (c.model.classes > 0 && c.model.latent == 0))
    wrong(fmt::format("model.classes={}: expected two or more, and a code (model.latent) beside which they are given", c.model.classes));
  check_schedule(c);
  if (conv && (c.model.filters.empty() || (c.model.kind == "conv" && c.model.filters.size() != c.model.strides.size())))
    wrong(fmt::format("model.kind={} needs model.filters, and for conv as many model.strides; got {} and {}", c.model.kind,
                      c.model.filters.size(), c.model.strides.size()));
  if (c.model.kind == "conv-same" && c.model.upsample != "nearest")
    wrong(fmt::format("model.kind=conv-same enlarges by model.upsample=nearest alone, got {}", c.model.upsample));
  double reduction = 1;
  for (Index stride : c.model.strides) reduction *= double(stride);
  if (conv && reduction > 4096) wrong(fmt::format("model.strides reduce images by {:g} in all; expected 4096 at most", reduction));
  if (c.objective.adversarial_weight > 0 && !c.model.variational)
    wrong("objective.adversarial.weight needs model.variational=true: a plain autoencoder has no prior to draw pictures from");
  const ScheduleConfig& s = c.optimizer.schedule;
  if (s.name == "stages" && (s.stage_epochs.empty() || s.stage_epochs.size() != s.stage_factors.size()))
    wrong(fmt::format("optimizer.schedule stages needs stage_epochs and stage_factors of one length, got {} and {}", s.stage_epochs.size(),
                      s.stage_factors.size()));
  if (c.optimizer.nesterov && (c.optimizer.momentum == 0 || c.optimizer.dampening != 0))
    wrong("optimizer.nesterov needs a momentum above 0 and no dampening");
  if (c.model.output_bias == "data-mean" && (text || c.model.kind == "conv-lstm" || c.objective.pretrain_epochs > 0))
    wrong("model.output_bias=data-mean is for dense models and convolutions, without objective.pretrain_epochs");
  if (c.data.dequantize == "uniform" && c.data.binarize != "none") wrong("data.dequantize=uniform and data.binarize exclude each other");
  if (decoding_kind(c) != Decoding::Kind::mean && c.model.output == "linear")
    wrong(fmt::format("model.output=linear does not go with likelihood {}, whose decoder gives logits", c.objective.likelihood));
  if (c.objective.likelihood == "bernoulli" && c.data.dequantize == "uniform")
    wrong("data.dequantize=uniform does not go with likelihood bernoulli");
}

}  // namespace elbo
