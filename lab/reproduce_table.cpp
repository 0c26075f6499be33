// The experiments: what is trained, what others found, and how far from it the mean over the seeds may lie. Bands are set beforehand and
// are never widened to get inside them.
//
//   mnist-mlp         784-400-20 on grey MNIST, 10 epochs. References: PyTorch, means of seeds 1 to 3.
//   mnist-mlp-2d      784-512-2, 50 epochs. References: PyTorch, seeds 1 to 3: 150.68, 147.75, 148.91. Two dimensions hold ten digits badly
//                     and in several ways, so seeds differ by nats.
//   mnist-conv-keras  Keras's VAE example on all 70,000 digits, 30 epochs: the mean over the last epoch as trained, from its published log.
//   iwae              Burda, Grosse and Salakhutdinov 2015, "Importance weighted autoencoders", table 1 (one stochastic layer). Shortened:
//                     the first four of its eight stages, beside the same in PyTorch, one seed.
//   multi30k-text     LSTMs over 29,000 image captions, 10 epochs, best on the validation part. References: PyTorch, seed 1; of the plain
//                     autoencoder, whose result hangs on the seed there too, seeds 1 to 3: 29.76, 26.87, 29.60. Shortened: one seed, and
//                     the plain autoencoder shown but not judged.
//   linear-vae        lab/reproduce_linear.h

#include <fmt/format.h>

#include <algorithm>

#include "lab/reproduce.h"
#include "lab/reproduce_linear.h"
#include "tensor/error.h"
#include "tensor/nearest.h"

namespace elbo::lab {
namespace {

using Settings = std::vector<std::string>;

Settings with(Settings settings, const Settings& further) {
  settings.insert(settings.end(), further.begin(), further.end());
  return settings;
}

ReferenceFigure unjudged(std::string model, std::string figure, double reference) {
  return {.model = std::move(model), .figure = std::move(figure), .reference = reference};
}

Experiment mnist(std::string name) {
  Experiment e{.name = std::move(name), .data = "mnist:FOLDER"};
  e.train_examples = 60000, e.test_examples = 10000;
  return e;
}

Experiment mnist_mlp() {
  Experiment e = mnist("mnist-mlp");
  e.what = "VAE and autoencoder 784-400-20 on grey MNIST, Bernoulli, 10 epochs";
  e.source = "PyTorch, mean of seeds 1 to 3";
  e.takes = "3 minutes";
  const Settings both = {"model.hidden=[400]", "model.init=fan-in-uniform", "data.valid=0", "train.epochs=10"};
  e.models = {{"vae", "VAE", "mlp-vae", both}, {"ae", "AE", "mlp-vae", with(both, {"model.variational=false"})}};
  e.figures = {within("vae", "total", 105.6, 1.0), within("ae", "total", 68.0, 0.5)};
  return e;
}

Experiment mnist_mlp_2d() {
  Experiment e = mnist("mnist-mlp-2d");
  e.what = "VAE 784-512-2 on grey MNIST, Bernoulli, 50 epochs";
  e.source = "PyTorch, mean of seeds 1 to 3";
  e.takes = "10 minutes";
  e.models = {{"vae", "VAE", "mlp-vae-2d", {"model.init=fan-in-uniform", "data.valid=0", "train.epochs=50"}}};
  e.figures = {within("vae", "total", 149.1, 2.5)};
  return e;
}

Experiment mnist_conv_keras() {
  Experiment e = mnist("mnist-conv-keras");
  e.what = "Keras's convolutional VAE on all 70,000 digits of MNIST, 30 epochs; means over the last epoch as trained";
  e.source = "the log that Keras publishes";
  e.takes = "15 minutes";
  e.train_examples = 70000;
  e.models = {{"vae",
               "VAE",
               "conv-vae",
               {"model.hidden=[16]", "model.latent=2", "optimizer.epsilon=1e-7", "data.use_test=true", "data.valid=0", "train.epochs=30"}}};
  e.figures = {within("vae", "train.objective", 146.95, 2.0), unjudged("vae", "train.reconstruction", 140.15),
               unjudged("vae", "train.kl", 6.80)};
  e.seeds = 1;
  return e;
}

Experiment iwae(Index k, bool shortened) {
  Experiment e = mnist("iwae");
  e.k = k;
  e.shortened = shortened;
  e.what = fmt::format("784-200-200-50 on MNIST binarised anew at each use, {}, {}",
                       k == 1 ? "ELBO with the KL drawn" : "importance-weighted bound",
                       shortened ? "four stages: 40 epochs" : "eight stages: 3,280 epochs");
  e.seeds = 1;
  e.importance_samples = shortened ? 500 : 5000;
  // Also for K = 1: PyTorch's figures are of a KL drawn with the code, which leaves fewer units active than the closed form (19 against
  // 22).
  Settings settings = {"objective.bound=iwae", fmt::format("objective.samples={}", k)};
  if (shortened) settings.emplace_back("train.epochs=40");
  e.models = {{"vae", k == 1 ? "VAE" : "IWAE", "iwae-vae", settings}};
  if (shortened) {
    e.source = "PyTorch, one seed";
    e.takes = k == 1 ? "5 minutes" : "10 minutes";
    if (k == 1)
      e.figures = {within("vae", "total", 98.34, 1.0), within("vae", "nll", 92.53, 1.0), within("vae", "active_units", 19, 2)};
    else
      e.figures = {within("vae", "nll", 91.17, 1.0), within("vae", "active_units", 23, 2)};
  } else {
    e.source = "Burda, Grosse and Salakhutdinov 2015, table 1";
    e.takes = k == 1 ? "5 hours" : "10 hours";
    if (k == 1)
      e.figures = {{"vae", "nll", 86.76, 86.0, 88.0}, within("vae", "active_units", 19, 2)};
    else
      e.figures = {{"vae", "nll", 85.54, 84.9, 86.2}, within("vae", "active_units", 22, 2)};
  }
  return e;
}

Experiment multi30k_text(bool shortened) {
  Experiment e{.name = "multi30k-text", .data = "text:FOLDER"};
  e.shortened = shortened;
  e.what = "LSTM language model, VAEs and autoencoder on the captions of Multi30k, 10 epochs";
  e.source = "PyTorch, seed 1; AE: mean of seeds 1 to 3";
  e.takes = shortened ? "40 minutes" : "2 hours";
  e.train_examples = 29000, e.test_examples = 1000;
  e.seeds = shortened ? 1 : 3;
  e.importance_samples = 100;
  const Settings all = {"data.tokenizer=whitespace", "model.init=fan-in-uniform", "train.epochs=10"};
  const Settings no_free_bits = with(all, {"objective.free_bits_total=0"});
  const Settings annealed = with(no_free_bits, {"objective.anneal.steps=4535"});  // five epochs
  e.models = {{"lm", "language model", "text-lm", all},
              {"bare", "bare VAE", "text-vae", with(no_free_bits, {"objective.anneal.shape=none"})},
              {"annealed", "annealing alone", "text-vae", annealed},
              {"vae", "text-vae", "text-vae", all},
              {"free-bits", "free bits per dimension", "text-vae", with(annealed, {"objective.free_bits=0.2", "data.word_dropout=0.3"})},
              {"ae", "AE", "text-ae", all}};
  e.figures = {within("lm", "total", 43.99, 0.5),      within("bare", "total", 44.16, 0.5),
               within("bare", "nll", 44.11, 0.5),      within("annealed", "total", 43.94, 0.5),
               within("annealed", "nll", 43.86, 0.5),  within("vae", "total", 44.91, 0.7),
               within("vae", "nll", 43.89, 0.7),       within("free-bits", "total", 47.46, 1.0),
               within("free-bits", "nll", 44.95, 1.0), shortened ? unjudged("ae", "total", 28.74) : within("ae", "total", 28.74, 1.5)};
  return e;
}

}  // namespace

const std::vector<Experiment>& experiments() {
  static const std::vector<Experiment> all = {mnist_mlp(),         mnist_mlp_2d(),     mnist_conv_keras(), iwae(1, true),
                                              iwae(5, true),       iwae(1, false),     iwae(5, false),     multi30k_text(false),
                                              multi30k_text(true), linear_experiment()};
  return all;
}

const Experiment& find_experiment(std::string_view name, std::optional<Index> k, bool shortened) {
  std::vector<std::string> names, bounds;
  const Experiment* of_name = nullptr;
  const Experiment* longer = nullptr;
  for (const Experiment& e : experiments()) {
    if (std::find(names.begin(), names.end(), e.name) == names.end()) names.push_back(e.name);
    if (e.name != name) continue;
    of_name = &e;
    if (e.k > 0 && e.shortened == shortened) bounds.push_back(fmt::format("--k {}", e.k));
    if (e.k != k.value_or(0)) continue;
    if (e.shortened == shortened) return e;
    longer = &e;
  }
  if (!of_name) throw UsageError(unknown_message("experiment", name, names));
  if (of_name->k == 0 && k) throw UsageError(fmt::format("--k {}: {} has none", *k, name));
  if (longer) throw UsageError(fmt::format("--short: {} has no shorter form; it takes {}", name, longer->takes));
  throw UsageError(fmt::format("{}: expected {}{}", name, fmt::join(bounds, " or "), k ? fmt::format(", got --k {}", *k) : ""));
}

}  // namespace elbo::lab
