#include "lab/classifier.h"

#include <fmt/core.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <filesystem>

#include "autograd/mode.h"
#include "autograd/ops.h"
#include "data/batches.h"
#include "data/checksum.h"
#include "nn/optim/methods.h"
#include "tensor/error.h"
#include "tensor/safetensors.h"

namespace elbo {
namespace {

constexpr int classifier_version = 1;  // one more whenever layers or training change: older files are then no longer looked at
constexpr Index training_batch = 128, pass_batch = 250;

std::uint64_t fingerprint(const Split& split) {
  std::uint64_t sum = xxh64_of_pieces(split.values.raw(), split.values.bytes());
  return xxh64_of_pieces(split.labels.raw(), split.labels.bytes(), sum);
}

Classifier::Identity identity_of(const Dataset& data, const ClassifierOptions& options) {
  const Shape& e = data.example_shape;
  return {{"format", "1"},
          {"kind", "elbo-classifier"},
          {"version", fmt::format("{}", classifier_version)},
          {"data", fmt::format("{:016x}", data.checksum)},
          {"training", fmt::format("{:016x}", fingerprint(data.train))},
          {"shape", fmt::format("{}x{}x{}", e[0], e[1], e[2])},
          {"classes", fmt::format("{}", data.classes)},
          {"updates", fmt::format("{}", options.updates)}};
}

void require_labelled_pictures(const Dataset& data) {
  if (data.texts || data.example_shape.rank() != 3)
    fail("classifier", fmt::format("expected pictures (height, width, channels), got examples of shape {}", data.example_shape.str()));
  if (data.train.size() == 0) fail("classifier", "the training part is empty");
  if (data.classes < 2 || !data.train.labels) fail("classifier", "the data have no labels of two classes or more to learn");
}

// The folder, without looking whether it exists. A relative $XDG_CACHE_HOME is to be ignored (XDG Base Directory Specification).
std::string cache_folder(const ClassifierOptions& options) {
  if (!options.cache.empty()) return options.cache;
  const char *xdg = std::getenv("XDG_CACHE_HOME"), *home = std::getenv("HOME");
  if (xdg && *xdg == '/') return std::string(xdg) + "/elbo";
  return home && *home == '/' ? std::string(home) + "/.cache/elbo" : std::string();
}

std::string file_of(const Classifier::Identity& identity, const std::string& folder) {
  if (folder.empty()) return {};
  std::string name = folder + "/classifier";
  for (std::size_t i = 2; i < identity.size(); i++) name += "-" + identity[i].second;
  return name + ".safetensors";
}

// Tells of flipped bits in the numbers, which the file's format would not notice.
std::string sum_of(const std::vector<std::pair<std::string, Tensor>>& tensors) {
  std::uint64_t sum = 0;
  for (const auto& t : tensors) sum = xxh64(t.second.raw(), t.second.bytes(), sum);
  return fmt::format("{:016x}", sum);
}

}  // namespace

Classifier::Classifier(const Shape& example, int classes) : example_(example), classes_(classes) {
  if (example.rank() != 3 || example.numel() == 0)
    fail("classifier", fmt::format("expected pictures (height, width, channels), got examples of shape {}", example.str()));
  if (classes < 2) fail("classifier", fmt::format("expected two classes or more, got {}", classes));
  store_ = std::make_unique<ParamStore>(ParamStoreOptions{.seed = 1, .init = Init::he_uniform});
  const Scope root(*store_);
  Index h = example[0], w = example[1], channels = example[2];
  do {
    const bool first = convolutions_.empty();
    const ConvConfig config{.in = channels, .out = first ? 32 : 64, .kernel = first ? 5 : 3, .stride = 2, .activation = Nonlinearity::relu};
    convolutions_.emplace_back(root / "convolutions" / fmt::format("{}", convolutions_.size()), config);
    h = divide_up(h, 2), w = divide_up(w, 2), channels = config.out;
  } while (std::max(h, w) > 4);
  hidden_ = Linear(root / "hidden", h * w * channels, feature_count, Nonlinearity::relu);
  output_ = Linear(root / "output", feature_count, classes);
  store_->seal();
}

Var Classifier::forward(const Tensor& x, bool logits) const {
  const Index n = x.size(0);
  Var y = scale_shift(Var(x), 1 / deviation_, -mean_ / deviation_);
  for (const Conv2d& layer : convolutions_) y = layer(y);
  y = hidden_(reshape(y, {n, y.shape().numel() / n}));
  return logits ? output_(y) : y;
}

Tensor Classifier::run(const Tensor& pictures, bool logits) const {
  const Index n = pictures.rank() > 0 ? pictures.size(0) : 0;
  require_shape("classifier", "pictures", pictures, example_.prepend(n));
  const NoGrad guard;
  Tensor out({n, logits ? Index(classes_) : feature_count});
  for (Index i = 0; i < n; i += pass_batch) {
    const Index end = std::min(n, i + pass_batch);
    Tensor x = pictures.slice(i, end);
    x = x.dtype() == DType::uint8 ? multiply(x.to(DType::float32), Tensor::scalar(1.0 / 255)) : x.to(DType::float32);
    out.slice(i, end).copy_from(forward(x, logits).value());
  }
  return out;
}

Tensor Classifier::features(const Tensor& pictures) const { return run(pictures, false); }
Tensor Classifier::logits(const Tensor& pictures) const { return run(pictures, true); }

double Classifier::accuracy(const Split& split) const {
  if (split.size() == 0 || !split.labels) fail("classifier", fmt::format("the {} part has no examples with labels", part_name(split.part)));
  Index right = 0;
  const auto* labels = split.labels.data<std::int32_t>();
  for (Index first = 0; first < split.size(); first += pass_batch) {
    const Tensor y = logits(split.values.slice(first, std::min(split.size(), first + pass_batch)));
    for (Index i = 0; i < y.size(0); i++) {
      const float* row = y.data<float>() + i * classes_;
      right += std::max_element(row, row + classes_) - row == labels[first + i];
    }
  }
  return double(right) / double(split.size());
}

void Classifier::train(const Split& split, const ClassifierOptions& options) {
  // Two numbers from the first 10,000 examples: they only bring inputs to a common scale.
  const Tensor some = split.values.slice(0, std::min<Index>(split.size(), 10000));
  const double unit = some.dtype() == DType::uint8 ? 1.0 / 255 : 1;
  double sum = 0, squares = 0;
  for (Index i = 0; i < some.numel(); i++) {
    const double v = some.element(i) * unit;
    sum += v, squares += v * v;
  }
  mean_ = sum / double(some.numel());
  const double variance = squares / double(some.numel()) - mean_ * mean_;
  deviation_ = variance > 1e-12 ? std::sqrt(variance) : 1;

  Batches batches = Batches::training(split, {.size = std::min(split.size(), training_batch), .prefetch = split.values.is_in_file()}, 1);
  Adam optimizer(*store_, {.learning_rate = Schedule::cosine(2e-3, options.updates)});
  for (Index step = 0; step < options.updates; step++) {
    const Batch& batch = batches.load(1 + step / batches.count(), step % batches.count());
    optimizer.step(backward(mean(cross_entropy(forward(batch.x, true), batch.labels))));
    if (options.progress) options.progress(step + 1, options.updates);
  }
}

void Classifier::write(const std::string& path, const Identity& identity) const {
  TensorFile file{.tensors = store_->tensors(), .metadata = identity};
  file.tensors.emplace_back("inputs", Tensor::from<double>({mean_, deviation_}));
  file.metadata.emplace_back("sum", sum_of(file.tensors));
  save_safetensors(path, file);
}

std::string Classifier::read(const std::string& path, const Identity& identity) {
  try {
    TensorFile file = load_safetensors(path);
    for (const auto& expected : identity) {
      const std::string* found = file.find_metadata(expected.first);
      if (!found || *found != expected.second) return fmt::format("its {} is not {}", expected.first, expected.second);
    }
    // In the order of write(), whatever the file's own is.
    std::vector<std::pair<std::string, Tensor>> tensors;
    for (const auto& own : store_->tensors())
      if (const Tensor* t = file.find(own.first)) tensors.emplace_back(own.first, *t);
    const Tensor* inputs = file.find("inputs");
    if (!inputs || inputs->shape() != Shape{2} || inputs->dtype() != DType::float64) return "it lacks the scale of the inputs";
    auto all = tensors;
    all.emplace_back("inputs", *inputs);
    const std::string* sum = file.find_metadata("sum");
    if (!sum || *sum != sum_of(all)) return "its numbers are not those that were written";
    store_->load(tensors, path);
    mean_ = inputs->element(0), deviation_ = inputs->element(1);
    return {};
  } catch (const Error& e) {
    return e.what();
  }
}

std::string classifier_file(const Dataset& data, const ClassifierOptions& options) {
  require_labelled_pictures(data);
  return file_of(identity_of(data, options), cache_folder(options));
}

Classifier classifier_of(const Dataset& data, const ClassifierOptions& options) {
  require_labelled_pictures(data);
  if (options.updates < 1) throw UsageError(fmt::format("classifier: expected one update or more, got {}", options.updates));
  const auto note = [&](const std::string& text) {
    if (options.note) options.note(text);
  };
  const Classifier::Identity identity = identity_of(data, options);
  const std::string path = file_of(identity, cache_folder(options));
  Classifier classifier(data.example_shape, data.classes);
  std::error_code ignored;
  if (!path.empty() && std::filesystem::exists(path, ignored)) {
    const std::string why = classifier.read(path, identity);
    if (why.empty()) return classifier;
    note(fmt::format("the classifier in {} is not used: {}", path, why));
  }
  note(fmt::format("training a classifier of the data, {} updates", options.updates));
  classifier.train(data.train, options);
  try {
    if (path.empty()) fail("classifier", "neither XDG_CACHE_HOME nor HOME names a folder");
    std::filesystem::create_directories(std::filesystem::path(path).parent_path(), ignored);
    classifier.write(path, identity);
  } catch (const Error& e) {
    note(fmt::format("the classifier cannot be kept and is trained anew each time: {}", e.what()));
  }
  return classifier;
}

}  // namespace elbo
