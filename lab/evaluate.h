#pragma once
// Measuring a run on a part of the data: the figures of `elbo-eval --json`, by the names that docs/ and the JSON use.
//
//   const Run run = open_run("vae");
//   const Dataset data = load_run_data(run);
//   const Figures f = evaluate(run, data, {.part = Part::test, .importance_samples = 100});
//   puts(to_json(f).c_str());
//
// Sums are in double and in the order of the examples, and an example's noise depends on `seed` and on its place in the part alone: the
// same bits for any number of threads.

#include <cstdint>
#include <functional>
#include <limits>
#include <string>
#include <vector>

#include "lab/amortisation.h"
#include "lab/picture_figures.h"
#include "lab/probes.h"
#include "models/illness.h"
#include "models/run.h"

namespace elbo {

// A figure that does not apply: null in JSON, a dash in tables.
inline constexpr double no_figure = std::numeric_limits<double>::quiet_NaN();

// nll with the first so many importance samples.
struct NllPoint {
  Index samples = 0;
  double nll = 0, standard_error = 0;  // over examples
};

// All in nats per example, means over the examples, unless said otherwise.
struct Figures {
  // What was measured.
  std::string split;  // "train", "valid", "test"; empty: picture files
  Index examples = 0;
  std::string weights;             // "best", "last"
  std::string likelihood;          // objective.likelihood
  bool binarized = false;          // the pixels were made 0 or 1 (data.binarize)
  bool use_test = false;           // the test part was trained on as well
  bool dequantized = false;        // x = (byte + u) / 256
  bool bytes_as_they_are = false;  // a density of bytes that were not dequantised: degenerate where they repeat
  double variance = no_figure;     // of all pixels: gaussian, gaussian-optimal
  bool normalised = false;         // reconstruction is a normalised -log p(x | z)
  Index parameters = 0;
  bool variational = false;
  Index classes = 0;  // above 0: of p(x | label), and so many labels

  // One latent sample an example. For a plain autoencoder total is the reconstruction alone: no bound, never ranked against a VAE's.
  double total = 0, reconstruction = 0, kl = no_figure;
  double beta = 0, objective = 0;    // what training minimises, but for free bits: reconstruction + beta * KL, or another bound
  std::string minimised;             // how the objective is made, for people
  double squared_error = no_figure;  // to the decoder's mean, same latent sample as reconstruction
  double reconstruction_at_mean = no_figure, squared_error_at_mean = no_figure;  // z = the encoder's mean: where AE and VAE are compared
  // Images of numbers 0 .. 1: 10 log10(1 / mean squared error of a number at the code's mean), in decibels; null for other numbers.
  double psnr = no_figure;
  Index active_units = 0;                                     // -1: no code. Dimensions whose encoder mean has a variance above 0.01
                                                              // (Burda, Grosse and Salakhutdinov 2015)
  std::vector<double> kl_per_unit;                            // empty for a plain autoencoder
  std::vector<std::pair<double, Index>> active_by_threshold;  // with `all`: the same for other thresholds

  // Texts. Tokens predicted: the end counted, the start not.
  double tokens = no_figure;
  double perplexity = no_figure;               // exp(total per token): an upper bound for a VAE
  double token_accuracy = no_figure;           // the likeliest token is the right one, given those before it and the code's mean
  double exact_match = no_figure;              // of free-running greedy decoding from the code's mean: share of texts that come back
  double edit_distance = no_figure;            // and tokens to insert, delete or exchange
  double shuffled_reconstruction = no_figure;  // with `all`: each text given the code of another

  // With `all`, and with a language model: of texts drawn from the model (lab/sampled_texts.h).
  bool texts_sampled = false;  // whether these were asked for
  double sample_lm_perplexity = no_figure, reverse_perplexity = no_figure;
  double distinct_1 = no_figure, distinct_2 = no_figure, self_bleu = no_figure, copied = no_figure;
  double samples_parsed = no_figure;  // on `sentences`: share that the grammar makes
  // On `sentences`: nll, or where there is none total, less the exact entropy of a sentence. At least 0 but for the luck of the examples.
  // Null for a plain autoencoder and a model of p(x | label), and where the two cannot be compared (has_entropy() of lab/text_figures.h).
  double entropy_gap = no_figure;

  // With `all`: of index and code on the first examples, at most 10,000 (models/information.h).
  double mutual_information = no_figure, mutual_information_bound = no_figure;  // the bound: log of how many
  bool mutual_information_saturated = false;                                    // within 0.1 of it: no more than a bound
  // KL(q(z) || p(z)): the KL on them less that. At most so much where the information is saturated: at least so much.
  double aggregate_kl = no_figure;
  bool all = false;  // whether these were asked for

  // With `all`.
  PictureFigures pictures;
  ProbeFigures probes;      // what codes say of the labels
  double ssim = no_figure;  // of pictures (likewise 0 .. 1) and their reconstructions at the code's mean (lab/ssim.h)
  // Of data with factors, where whole parts are measured (lab/disentanglement.h).
  double mutual_information_gap = no_figure, disentanglement = no_figure, completeness = no_figure, informativeness = no_figure;

  std::optional<AmortisationGap> amortisation;    // where it was asked for
  std::optional<std::vector<Finding>> diagnosis;  // likewise: what the run is ill of (lab/doctor.h)

  // With importance samples (importance_samples > 0). A language model's nll is its total, exact.
  Index importance_samples = 0;
  double nll = no_figure, nll_standard_error = no_figure;  // the error is over examples
  double nll_perplexity = no_figure;                       // exp(nll per token)
  double nll_tenth = no_figure;                            // with the first K/10 samples: how far K is from enough
  double effective_samples = no_figure;                    // (sum w)^2 / sum w^2, mean over examples
  std::vector<NllPoint> nll_curve;                         // with the first 1, 2, 5, 10, ... samples
  double bits_per_dim = no_figure;                         // nll / (D ln 2), + 8 on dequantised bytes; null where that is no code length

  // Cost of measuring.
  double seconds = 0, examples_per_second = 0;
};

// The same of each example, in the order of the part; columns that do not apply are empty.
struct PerExample {
  std::vector<std::int32_t> label;
  std::vector<double> tokens, total, reconstruction, kl, squared_error, reconstruction_at_mean, squared_error_at_mean, nll,
      effective_samples;
};

struct EvaluateOptions {
  Part part = Part::test;
  Index importance_samples = 0;         // 0: no nll
  Index examples = 0;                   // the first so many; 0: all
  bool all = false;                     // every figure; importance_samples is then 100 unless given
  bool information = false;             // of these mutual information, aggregate KL and shuffled reconstruction alone
  bool judges = true;                   // with `all`: also probes, and figures of pictures that are made: the dearest
  bool decode = true;                   // texts: the figures that need texts decoded word by word
  bool amortisation_gap = false;        // also that, of a VAE, on `examples`, or on the first 200
  bool diagnose = false;                // also that, on examples of the test and the training part, whatever `part` is
  const Run* language_model = nullptr;  // texts: the figures of texts that are drawn and that need one
  std::uint64_t seed = 1;               // of the latent noise
  Index batch = 500;                    // examples at a time: memory does not depend on anything else
  PerExample* per_example = nullptr;
  std::function<void(Index done, Index all)> progress;  // called after each batch with numbers of examples
  std::function<void(std::string_view)> on_note;        // what takes its time besides
};

// Throws UsageError for options that do not fit the part, Error for a part without examples. gaussian-optimal: the variance kept in the
// model file; where training has not finished and there is none, that of `data`'s training part under the weights as they are.
Figures evaluate(const Run& run, const Dataset& data, const EvaluateOptions& options = {});

// One JSON object (a line end at the end). The keys of nll stand in it where importance samples were asked for, those that `all` adds with
// it; figures of texts always, null where they were not measured or the examples are none.
std::string to_json(const Figures& figures);
// A table for people, with what must be known to read it.
std::string to_text(const Figures& figures);
// Header and one line an example: index,label,total,...; columns that do not apply are left out.
std::string to_csv(const PerExample& rows);

// Writes summary.json of a run folder: the figures of the test part with the weights that `open_run` takes. `data`: the run's data where
// they are in memory already.
Figures write_summary(const std::string& run_folder, const Dataset* data = nullptr);

}  // namespace elbo
