#include "models/config.h"

#include <fmt/core.h>

#include <cmath>
#include <functional>
#include <limits>

#include "data/batches.h"
#include "data/spec.h"
#include "models/objective.h"
#include "nn/layers.h"
#include "tensor/error.h"
#include "tensor/json.h"
#include "tensor/nearest.h"

namespace elbo {
namespace {

// One key: how its value is checked and stored, and how it is printed.
struct Row {
  ConfigKey key;
  std::function<Json(const Config&)> get;
  std::function<void(Config&, const Json&)> set;  // throws std::string: what was expected
};

[[noreturn]] void expected(const std::string& what) { throw what; }

double number_of(const Json& v, double low, double high) {
  const std::string range = fmt::format("a number from {} to {}", low, high);
  if (!v.is_number()) expected(range);
  const double d = v.number();
  if (!(d >= low && d <= high)) expected(range);
  return d;
}

Index integer_of(const Json& v, Index low, Index high) {
  const std::string range = fmt::format("a whole number from {} to {}", low, high);
  if (!v.is_number()) expected(range);
  const double d = v.number();
  if (d != std::floor(d) || d < double(low) || d > double(high)) expected(range);
  return v.is_integer() ? v.integer() : Index(d);
}

std::vector<Index> integers_of(const Json& v, Index low, Index high) {
  if (!v.is_array()) expected(fmt::format("a list of whole numbers from {} to {}", low, high));
  std::vector<Index> all;
  for (const Json& e : v.elements()) all.push_back(integer_of(e, low, high));
  return all;
}

class Table {
 public:
  std::vector<Row> rows;

  void number(std::string name, double low, double high, std::string help, std::function<double&(Config&)> at) {
    add(std::move(name), fmt::format("number, {} to {}", low, high), std::move(help), at,
        [=](Config& c, const Json& v) { at(c) = number_of(v, low, high); });
  }
  void integer(std::string name, Index low, Index high, std::string help, std::function<Index&(Config&)> at) {
    add(std::move(name), fmt::format("whole number, {} to {}", low, high), std::move(help), at,
        [=](Config& c, const Json& v) { at(c) = integer_of(v, low, high); });
  }
  void boolean(std::string name, std::string help, std::function<bool&(Config&)> at) {
    add(std::move(name), "true or false", std::move(help), at, [=](Config& c, const Json& v) {
      if (!v.is_boolean()) expected("true or false");
      at(c) = v.boolean();
    });
  }
  void choice(std::string name, std::vector<std::string> choices, std::string help, std::function<std::string&(Config&)> at) {
    add(std::move(name), "one of " + joined(choices), std::move(help), at, [=](Config& c, const Json& v) { at(c) = chosen(choices, v); });
  }
  template <class T, class Read>
  void optional(std::string name, std::string type, std::string help, std::function<std::optional<T>&(Config&)> at, Read read) {
    rows.push_back({{std::move(name), std::move(type), std::move(help)},
                    [at](const Config& c) {
                      const auto& v = at(const_cast<Config&>(c));
                      return v ? Json(*v) : Json(nullptr);
                    },
                    [=](Config& c, const Json& v) {
                      if (v.is_null())
                        at(c).reset();
                      else
                        at(c) = read(v);
                    }});
  }
  template <class At, class Set>
  void add(std::string name, std::string type, std::string help, At at, Set set) {
    rows.push_back(
        {{std::move(name), std::move(type), std::move(help)}, [at](const Config& c) { return Json(at(const_cast<Config&>(c))); }, set});
  }

  static std::string joined(const std::vector<std::string>& names) {
    std::string text;
    for (const std::string& n : names) text += (text.empty() ? "" : ", ") + n;
    return text;
  }
  static std::string chosen(const std::vector<std::string>& choices, const Json& v) {
    if (!v.is_string()) expected("one of " + joined(choices));
    const std::string s = v.string();
    if (std::find(choices.begin(), choices.end(), s) == choices.end())
      expected(fmt::format("one of {}; the nearest is {}", joined(choices), nearest(s, choices)));
    return s;
  }
};

template <class Names>
std::vector<std::string> strings(const Names& names) {
  return {names.begin(), names.end()};
}

constexpr Index most = Index{1} << 40;
constexpr double infinite = 1e30;

void model_rows(Table& t) {
  t.choice(
      "model.kind", {"dense"}, "kind of network", [](Config & c) -> auto& { return c.model.kind; });
  t.boolean(
      "model.variational", "true: a VAE; false: a plain autoencoder", [](Config & c) -> auto& { return c.model.variational; });
  t.integer(
      "model.latent", 1, 1 << 20, "dimensions of the code", [](Config & c) -> auto& { return c.model.latent; });
  t.add(
      "model.hidden", "list of whole numbers", "widths of the encoder's hidden layers", [](Config & c) -> auto& { return c.model.hidden; },
      [](Config& c, const Json& v) { c.model.hidden = integers_of(v, 1, 1 << 20); });
  t.optional<std::vector<Index>>(
      "model.decoder_hidden", "list of whole numbers, or null", "widths of the decoder's hidden layers; null: model.hidden mirrored",
      [](Config & c) -> auto& { return c.model.decoder_hidden; }, [](const Json& v) { return integers_of(v, 1, 1 << 20); });
  t.choice(
      "model.activation", {"none", "relu", "tanh", "sigmoid", "leaky-relu", "elu", "gelu", "silu", "softplus"}, "after each hidden layer",
      [](Config & c) -> auto& { return c.model.activation; });
  t.choice(
      "model.init", strings(init_names()), "initial weights", [](Config & c) -> auto& { return c.model.init; });
  t.choice(
      "model.output", {"sigmoid", "linear"}, "of the decoder's mean", [](Config & c) -> auto& { return c.model.output; });
  t.choice(
      "model.float", {"float32", "float64"}, "type of all numbers", [](Config & c) -> auto& { return c.model.float_type; });
}

void objective_rows(Table& t) {
  t.choice(
      "objective.likelihood", strings(likelihood_names()), "what the decoder's output means",
      [](Config & c) -> auto& { return c.objective.likelihood; });
  t.number(
      "objective.variance", 1e-8, 1e8, "of every pixel, for gaussian", [](Config & c) -> auto& { return c.objective.variance; });
  t.number(
      "objective.beta", 0, 1e6, "weight of the KL term", [](Config & c) -> auto& { return c.objective.beta; });
}

void data_rows(Table& t) {
  t.add(
      "data.spec", "KIND[:PATH][?key=value&...]", "the data; --data sets it", [](Config & c) -> auto& { return c.data.spec; },
      [](Config& c, const Json& v) {
        if (!v.is_string()) expected("a text");
        c.data.spec = v.string();  // looked at where the data are loaded: a model file keeps it without the path
      });
  t.optional<double>(
      "data.valid", "number, or null",
      "validation part: 0 none, below 1 a share, otherwise a number of examples; null: a tenth, at most 5,000",
      [](Config & c) -> auto& { return c.data.valid; },
      [](const Json& v) {
        const double d = number_of(v, 0, double(most));
        if (d >= 1 && d != std::floor(d)) expected("a share below 1 or a whole number");
        return d;
      });
  t.boolean(
      "data.use_test", "train on the test part as well; every report then says so", [](Config & c) -> auto& { return c.data.use_test; });
  t.choice(
      "data.binarize", {"none", "threshold", "dynamic"}, "pixels to 0 and 1: at 1/2, or drawn anew at each use",
      [](Config & c) -> auto& { return c.data.binarize; });
  t.optional<std::string>(
      "data.dequantize", "none or uniform, or null",
      "x = (byte + u) / 256; null: uniform for Gaussian likelihoods on bytes, otherwise none",
      [](Config & c) -> auto& { return c.data.dequantize; },
      [](const Json& v) {
        return Table::chosen({"none", "uniform"}, v);
      });
  t.add(
      "data.exclude_labels", "list of whole numbers", "labels left out of training and validation",
      [](Config & c) -> auto& { return c.data.exclude_labels; },
      [](Config& c, const Json& v) { c.data.exclude_labels = integers_of(v, 0, 1 << 20); });
}

void optimizer_rows(Table& t) {
  const auto share = std::nextafter(1.0, 0.0);
  t.choice(
      "optimizer.name", {"sgd", "rmsprop", "adam", "adamw"}, "optimizer", [](Config & c) -> auto& { return c.optimizer.name; });
  t.number(
      "optimizer.learning_rate", 0, infinite, "learning rate", [](Config & c) -> auto& { return c.optimizer.learning_rate; });
  t.number(
      "optimizer.momentum", 0, share, "sgd, rmsprop", [](Config & c) -> auto& { return c.optimizer.momentum; });
  t.number(
      "optimizer.dampening", 0, share, "sgd", [](Config & c) -> auto& { return c.optimizer.dampening; });
  t.boolean(
      "optimizer.nesterov", "sgd", [](Config & c) -> auto& { return c.optimizer.nesterov; });
  t.number(
      "optimizer.beta1", 0, share, "adam, adamw", [](Config & c) -> auto& { return c.optimizer.beta1; });
  t.number(
      "optimizer.beta2", 0, share, "adam, adamw", [](Config & c) -> auto& { return c.optimizer.beta2; });
  t.number(
      "optimizer.rho", 0, share, "rmsprop", [](Config & c) -> auto& { return c.optimizer.rho; });
  t.boolean(
      "optimizer.centered", "rmsprop", [](Config & c) -> auto& { return c.optimizer.centered; });
  t.boolean(
      "optimizer.amsgrad", "adam, adamw", [](Config & c) -> auto& { return c.optimizer.amsgrad; });
  t.number(
      "optimizer.epsilon", 0, infinite, "added to the square root", [](Config & c) -> auto& { return c.optimizer.epsilon; });
  t.number(
      "optimizer.weight_decay", 0, infinite, "L2 in sgd, rmsprop and adam, decoupled in adamw",
      [](Config & c) -> auto& { return c.optimizer.weight_decay; });
  t.number(
      "optimizer.clip_norm", 0, infinite, "largest norm of the whole gradient; 0: off",
      [](Config & c) -> auto& { return c.optimizer.clip_norm; });
  t.number(
      "optimizer.clip_value", 0, infinite, "largest magnitude of each gradient; 0: off",
      [](Config & c) -> auto& { return c.optimizer.clip_value; });
  t.choice(
      "optimizer.schedule.name", {"constant", "step", "exponential", "cosine", "stages"}, "of the learning rate",
      [](Config & c) -> auto& { return c.optimizer.schedule.name; });
  t.integer(
      "optimizer.schedule.warmup", 0, most, "updates over which the rate rises from 0",
      [](Config & c) -> auto& { return c.optimizer.schedule.warmup; });
  t.integer(
      "optimizer.schedule.every", 1, most, "step: epochs between two multiplications by factor",
      [](Config & c) -> auto& { return c.optimizer.schedule.every; });
  t.number(
      "optimizer.schedule.factor", 0, 1e6, "step; exponential: each epoch's factor",
      [](Config & c) -> auto& { return c.optimizer.schedule.factor; });
  t.number(
      "optimizer.schedule.final", 0, 1, "cosine: share of the rate left at the end",
      [](Config & c) -> auto& { return c.optimizer.schedule.final; });
  t.add(
      "optimizer.schedule.stage_epochs", "list of whole numbers", "stages: epochs of each",
      [](Config & c) -> auto& { return c.optimizer.schedule.stage_epochs; },
      [](Config& c, const Json& v) { c.optimizer.schedule.stage_epochs = integers_of(v, 1, most); });
  t.add(
      "optimizer.schedule.stage_factors", "list of numbers", "stages: the factor of each on the rate",
      [](Config & c) -> auto& { return c.optimizer.schedule.stage_factors; },
      [](Config& c, const Json& v) {
        if (!v.is_array()) expected("a list of numbers from 0 to 1e6");
        std::vector<double> all;
        for (const Json& e : v.elements()) all.push_back(number_of(e, 0, 1e6));
        c.optimizer.schedule.stage_factors = all;
      });
}

void train_rows(Table& t) {
  t.integer(
      "train.epochs", 0, most, "passes over the training part", [](Config & c) -> auto& { return c.train.epochs; });
  t.integer(
      "train.steps", 0, most, "updates in all; 0: by epochs", [](Config & c) -> auto& { return c.train.steps; });
  t.integer(
      "train.batch", 1, 1 << 24, "examples an update", [](Config & c) -> auto& { return c.train.batch; });
  t.add(
      "train.seed", "whole number, 0 to 2^53", "of everything random", [](Config & c) -> auto& { return c.train.seed; },
      [](Config& c, const Json& v) { c.train.seed = std::uint64_t(integer_of(v, 0, Index{1} << 53)); });
  t.integer(
      "train.checkpoint_every", 1, most, "epochs", [](Config & c) -> auto& { return c.train.checkpoint_every; });
  t.integer(
      "train.checkpoint_steps", 0, most, "updates; 0: at the ends of epochs alone",
      [](Config & c) -> auto& { return c.train.checkpoint_steps; });
  t.integer(
      "train.patience", 0, most, "epochs without a better validation objective before training stops; 0: never",
      [](Config & c) -> auto& { return c.train.patience; });
}

const std::vector<Row>& table() {
  static const std::vector<Row> rows = [] {
    Table t;
    model_rows(t);
    objective_rows(t);
    data_rows(t);
    optimizer_rows(t);
    train_rows(t);
    return t.rows;
  }();
  return rows;
}

const Row& row_of(const std::string& name, std::string_view source) {
  for (const Row& r : table())
    if (r.key.name == name) return r;
  std::vector<std::string> names;
  for (const Row& r : table()) names.push_back(r.key.name);
  throw UsageError(fmt::format("{}: unknown key '{}'; the nearest is '{}'", source, name, nearest(name, names)));
}

void assign(Config& config, const std::string& name, const Json& value, std::string_view source) {
  const Row& row = row_of(name, source);
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
  for (const Row& r : table()) keys.push_back(r.key);
  return keys;
}

std::string to_json(const Config& config, bool without_data_path) {
  Json all;
  for (const Row& row : table()) {
    Json* at = &all;
    std::string_view rest = row.key.name;
    for (std::size_t dot; (dot = rest.find('.')) != std::string_view::npos; rest.remove_prefix(dot + 1)) at = &(*at)[rest.substr(0, dot)];
    (*at)[rest] = row.get(config);
  }
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
  for (const Row& row : table())
    if (row.get(a) != row.get(b)) names.push_back(row.key.name);
  return names;
}

void check_config(const Config& c) {
  const auto wrong = [](const std::string& what) { throw UsageError("configuration: " + what); };
  const ScheduleConfig& s = c.optimizer.schedule;
  if (s.name == "stages" && (s.stage_epochs.empty() || s.stage_epochs.size() != s.stage_factors.size()))
    wrong(fmt::format("optimizer.schedule stages needs stage_epochs and stage_factors of one length, got {} and {}", s.stage_epochs.size(),
                      s.stage_factors.size()));
  if (c.optimizer.nesterov && (c.optimizer.momentum == 0 || c.optimizer.dampening != 0))
    wrong("optimizer.nesterov needs a momentum above 0 and no dampening");
  if (c.data.dequantize == "uniform" && c.data.binarize != "none") wrong("data.dequantize=uniform and data.binarize exclude each other");
  if (c.objective.likelihood == "bernoulli" && c.model.output == "linear")
    wrong("model.output=linear does not go with likelihood bernoulli, whose mean is a sigmoid");
  if (c.objective.likelihood == "bernoulli" && c.data.dequantize == "uniform")
    wrong("data.dequantize=uniform does not go with likelihood bernoulli");
}

}  // namespace elbo
