#include "models/run.h"

#include <fmt/core.h>

#include <cstdlib>
#include <filesystem>

#include "data/kinds.h"
#include "data/spec.h"
#include "data/text_batches.h"
#include "models/run_folder.h"
#include "tensor/error.h"
#include "tensor/file.h"
#include "tensor/json.h"
#include "tensor/parallel.h"
#include "tensor/safetensors.h"

namespace elbo {
namespace fs = std::filesystem;
namespace {

const std::string& metadata(const TensorFile& f, std::string_view key, const std::string& path) {
  const std::string* value = f.find_metadata(key);
  if (!value) fail("run", fmt::format("{}: the metadata has no '{}': is it a model file of elbo?", path, key));
  return *value;
}

Shape parse_sizes(const std::string& text, const std::string& path) {
  std::vector<Index> sizes;
  const char* at = text.c_str();
  while (*at) {
    char* end = nullptr;
    const long long v = std::strtoll(at, &end, 10);
    if (end == at || v < 1 || v > (1 << 24) || (*end && *end != ','))
      fail("run", fmt::format("{}: example_shape is {}, expected sizes", path, quote_name(text)));
    sizes.push_back(v);
    at = *end ? end + 1 : end;
  }
  return Shape(sizes);
}

// A configuration that is wrong is here a damaged file, not wrong usage.
Config config_of_file(std::string_view text, const std::string& path) {
  try {
    return config_from_json(text, path);
  } catch (const UsageError& error) {
    fail("run", error.what());
  }
}

DataSpec spec_of_file(const std::string& spec, const std::string& path) {
  try {
    return spec.empty() ? DataSpec() : parse_data_spec(spec, true);
  } catch (const UsageError& error) {
    fail("run", fmt::format("{}: data.spec: {}", path, error.what()));
  }
}

// config.json beside the model: it knows the folder or file of the data. Any other disagreement with the model is an error.
void take_data_path(Run& run, const std::string& config_path) {
  if (!fs::exists(config_path)) return;
  const std::vector<std::byte> bytes = read_file(config_path, 1 << 20);
  const std::string_view text{reinterpret_cast<const char*>(bytes.data()), bytes.size()};
  if (const std::optional<Json> json = Json::try_parse(text);
      json && json->is_object())  // before its keys, which a newer one may have more of
    check_format(std::int64_t(json->number_or("format", 0)), config_path);
  const Config beside = config_of_file(text, config_path);
  if (const std::string spec = run.trained_on.spec.str_without_path();
      spec_of_file(beside.data.spec, config_path).str_without_path() != spec)
    fail("run", fmt::format("{}: data.spec is {}, but the model file {} was trained on {}", config_path, quote_name(beside.data.spec),
                            run.file, quote_name(spec)));
  for (const std::string& key : different_keys(run.config, beside)) {
    if (key == "data.spec") continue;
    if (key == "train.epochs" || key == "train.steps" || key == "train.patience") continue;  // --resume may change these
    fail("run", fmt::format("{}: {} is {}, but the model file {} was trained with {}", config_path, key, get_key(beside, key), run.file,
                            get_key(run.config, key)));
  }
  run.config.data.spec = beside.data.spec;
}

// Texts go with models of texts, numbers with the others, labels with models that are given them.
void check_kind(const Config& config, const Dataset& data) {
  if (const Index classes = config.model.classes; classes > 0 && data.classes != classes)
    throw UsageError(
        data.classes == 0
            ? fmt::format("{}: these data have no labels, which model.classes={} is given as conditions", data.spec.str(), classes)
            : fmt::format("{}: these data have {} labels, model.classes is {}", data.spec.str(), data.classes, classes));
  const bool texts = bool(data.texts), wants_texts = config.model.kind == "text";
  if (texts == wants_texts) return;
  throw UsageError(texts ? fmt::format("{}: these data are texts, which model.kind={} does not take; expected a preset of texts, such as "
                                       "text-vae",
                                       data.spec.str(), config.model.kind)
                         : fmt::format("{}: model.kind=text expects texts (text:PATH, imdb:FOLDER, sentences), these are {}",
                                       data.spec.str(), data.example_shape.rank() == 3 ? "pictures" : "vectors"));
}

TrainedOn trained_on(const TensorFile& contents, const Run& run) {
  TrainedOn t{.spec = spec_of_file(run.config.data.spec, run.file)};
  const std::string* examples = contents.find_metadata("data.examples");
  if (!examples) return t;
  t.examples = std::strtoll(examples->c_str(), nullptr, 10);
  t.checksum = std::strtoull(metadata(contents, "data.checksum", run.file).c_str(), nullptr, 16);
  const std::string& name = metadata(contents, "data.values", run.file);
  for (const Values kind : {Values::bytes, Values::unit, Values::other})
    if (name == values_name(kind)) {
      t.values = kind;
      return t;
    }
  fail("run", fmt::format("{}: data.values is {}, expected '{}', '{}' or '{}'", run.file, quote_name(name), values_name(Values::bytes),
                          values_name(Values::unit), values_name(Values::other)));
}

}  // namespace

Run open_run(const std::string& path, Weights wanted) {
  Run run;
  run.path = path;
  std::string folder;
  if (fs::is_directory(path)) {
    folder = path;
    const std::string best = path + "/best.safetensors", last = path + "/model.safetensors";
    run.file = wanted == Weights::best && fs::exists(best) ? best : last;
    if (!fs::exists(run.file))
      fail("run", fmt::format("{}: holds no model.safetensors: expected a run folder, or a .safetensors of one", path));
  } else {
    if (!fs::exists(path)) fail("run", fmt::format("{}: no such run", path));
    run.file = path;
    folder = fs::path(path).parent_path().string();
  }
  TensorFile contents = load_safetensors(run.file);
  const std::string& format = metadata(contents, "format", run.file);
  check_format(std::atoll(format.c_str()), run.file);
  run.config = config_of_file(metadata(contents, "config", run.file), run.file);
  run.example_shape = parse_sizes(metadata(contents, "example_shape", run.file), run.file);
  run.weights = metadata(contents, "weights", run.file) == "best" ? Weights::best : Weights::last;
  if (const std::string* v = contents.find_metadata("optimal_variance")) run.optimal_variance = std::strtod(v->c_str(), nullptr);
  const std::string* weight = contents.find_metadata("kl_weight");
  run.beta = weight ? std::strtod(weight->c_str(), nullptr) : run.config.objective.beta;
  run.trained_on = trained_on(contents, run);
  if (run.config.model.kind == "text") {
    if (run.example_shape.rank() != 2)
      fail("run", fmt::format("{}: example_shape is {}, expected tokens and words", run.file, run.example_shape.str()));
    run.codec = std::make_shared<TextCodec>(TextCodec::from_json(metadata(contents, "text", run.file), run.file));
    if (run.codec->vocabulary.size() != run.example_shape[1])
      fail("run", fmt::format("{}: the vocabulary has {} entries, the model is one of {}", run.file, run.codec->vocabulary.size(),
                              run.example_shape[1]));
  }
  if (const DataSpec& spec = run.trained_on.spec; !spec.kind.empty() && spec.path.empty() && data_kind(spec.kind).has_path())
    run.config.data.spec.clear();  // the model file keeps no folder
  take_data_path(run, (folder.empty() ? std::string(".") : folder) + "/config.json");

  run.store = std::make_unique<ParamStore>(store_options(run.config));
  run.model = make_model(run.config, run.example_shape, *run.store);
  std::vector<std::pair<std::string, Tensor>> weights;
  for (auto& [name, tensor] : contents.tensors) {
    if (name == "codes/mean")
      run.codes.mean = tensor;
    else if (name == "codes/covariance")
      run.codes.covariance = tensor;
    else
      weights.emplace_back(name, tensor);
  }
  run.store->load(weights, run.file);
  const Index latent = run.model->latent();
  if (run.codes.mean) {
    require_shape("run", "codes/mean", run.codes.mean, {latent});
    require_shape("run", "codes/covariance", run.codes.covariance ? run.codes.covariance : Tensor::zeros({0}), {latent, latent});
  }
  return run;
}

PartsOptions parts_of(const DataConfig& d) {
  return {.valid = d.valid, .use_test = d.use_test, .exclude_labels = {d.exclude_labels.begin(), d.exclude_labels.end()}};
}

Dataset load_run_data(const Run& run, std::string_view spec, const OnRead& on_read) {
  const std::string which(spec.empty() ? std::string_view(run.config.data.spec) : spec);
  if (which.empty()) throw UsageError(fmt::format("{}: does not know its data; give --data", run.path));
  Dataset data = load_dataset(which, parts_of(run.config.data), on_read);
  check_kind(run.config, data);
  if (run.codec) tokenise(data, run.codec, run.config.data.overlong == "skip", on_read);
  if (!run.codec && !(data.example_shape == run.example_shape))
    fail("data", fmt::format("{}: examples have shape {}, but {} was trained on {}", which, data.example_shape.str(), run.path,
                             run.example_shape.str()));
  if (const TrainedOn& then = run.trained_on;
      spec.empty() && then.examples > 0 && (then.examples != data.examples || then.checksum != data.checksum))
    fail("data", fmt::format("{}: the data have changed since {} was trained: {} examples then, {} now{}; divided anew, training examples "
                             "would stand in the test part; --data '{}' measures on them all the same",
                             which, run.path, then.examples, data.examples,
                             then.examples == data.examples ? " (with another checksum)" : "", which));
  check_values(run.config, data);
  return data;
}

TextOptions text_options(const DataConfig& d) {
  return {.tokenizer = {tokenizer_from_name(d.tokenizer), d.lower_case},
          .max_tokens = d.max_tokens,
          .skip_overlong = d.overlong == "skip",
          .min_count = d.min_count,
          .max_vocabulary = d.max_vocabulary};
}

Dataset load_data(const Config& config, const OnRead& on_read) {
  Dataset data = load_dataset(config.data.spec, parts_of(config.data), on_read);
  check_kind(config, data);
  if (data.texts) tokenise(data, text_options(config.data), on_read);
  return data;
}

// Bernoulli's losses have no lower bound for numbers outside.
void check_values(const Config& config, const Dataset& data) {
  const Likelihood l = likelihood_from_name(config.objective.likelihood);
  if (data.texts || (l != Likelihood::bernoulli && l != Likelihood::continuous_bernoulli) || config.data.binarize != "none") return;
  for (const Split* split : {&data.train, &data.valid, &data.test})
    if (kind_of_values(split->values) == Values::other)
      fail("data",
           fmt::format("the {} part ({}) holds numbers that are not from 0 to 1, which objective.likelihood={} takes alone; scale them, or "
                       "--set objective.likelihood=gaussian --set model.output=linear",
                       part_name(split->part), split->origin, likelihood_name(l)));
}

Dequantize dequantize_of(const Config& config, const Split& split) {
  if (config.data.dequantize) return dequantize_from_name(*config.data.dequantize);
  const Likelihood l = likelihood_from_name(config.objective.likelihood);
  return is_density(l) && config.data.binarize == "none" && split.values && split.values.dtype() == DType::uint8 ? Dequantize::uniform
                                                                                                                 : Dequantize::none;
}

std::unique_ptr<BatchSource> evaluation_batches(const Config& config, const Split& split, Index batch) {
  constexpr Index texts = 64;  // of a hundred tokens: what their recurrent layers hold is 100 MB
  if (split.tokens) return TextBatches::evaluation(split, std::min(batch, texts));
  return std::unique_ptr<BatchSource>(new Batches(Batches::evaluation(split, evaluation_options(config, split, batch))));
}

std::unique_ptr<BatchSource> training_batches(const Config& config, const Split& split) {
  if (split.tokens) return TextBatches::training(split, config.train.batch, config.train.seed);
  return std::unique_ptr<BatchSource>(new Batches(Batches::training(split, training_options(config, split), config.train.seed)));
}

BatchOptions evaluation_options(const Config& config, const Split& split, Index batch) {
  return {.size = batch,
          .binarize = binarize_from_name(config.data.binarize),
          .dequantize = dequantize_of(config, split),
          .type = config.model.float_type == "float64" ? DType::float64 : DType::float32};
}

BatchOptions training_options(const Config& config, const Split& split) {
  BatchOptions o = evaluation_options(config, split, config.train.batch);
  o.augment = {.flip = config.data.flip, .shift = config.data.shift, .crop = config.data.crop};
  // Drawing takes long enough to be worth a thread where there is another one to run it, and so does a disk.
  const bool draws = o.binarize == Binarize::dynamic || o.dequantize != Dequantize::none || o.augment;
  o.prefetch = (draws && threads() > 1) || split.values.is_in_file();
  return o;
}

}  // namespace elbo
