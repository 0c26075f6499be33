#include "lab/evaluate.h"

#include <fmt/core.h>

#include <chrono>
#include <cmath>

#include "autograd/mode.h"
#include "lab/columns.h"
#include "lab/disentanglement.h"
#include "lab/doctor.h"
#include "lab/nll_figures.h"
#include "lab/sampled_texts.h"
#include "lab/ssim.h"
#include "lab/text_figures.h"
#include "models/evaluation.h"
#include "tensor/elementwise.h"
#include "tensor/error.h"
#include "tensor/file.h"
#include "tensor/likelihood.h"
#include "tensor/reduce.h"

namespace elbo {
namespace {

// Means and squares of each code dimension, and its KL.
struct Units {
  explicit Units(Index latent) : sum(std::size_t(latent)), square(std::size_t(latent)), kl(std::size_t(latent)) {}

  void add(const Tensor& mean, const Tensor& kl_values) {
    const Tensor m = mean.to(DType::float64), k = kl_values ? kl_values.to(DType::float64) : Tensor();
    const std::size_t latent = sum.size();
    for (std::size_t i = 0; i < std::size_t(m.numel()); i++) {
      const double v = m.data<double>()[i];
      sum[i % latent] += v;
      square[i % latent] += v * v;
      if (k) kl[i % latent] += k.data<double>()[i];
    }
  }

  Index active(double n, double threshold) const {
    Index units = 0;
    for (std::size_t j = 0; j < sum.size(); j++) units += square[j] / n - sum[j] / n * (sum[j] / n) > threshold;
    return units;
  }

  std::vector<double> sum, square, kl;
};

constexpr Index most_for_information = 10000;

void add_information(Figures& f, const FirstCodes& codes, const std::vector<double>& kl) {
  const Index n = std::min(codes.mean.size(0), most_for_information);
  f.mutual_information = codes.information(n);
  f.mutual_information_bound = std::log(double(n));
  f.mutual_information_saturated = f.mutual_information > f.mutual_information_bound - 0.1;
  f.aggregate_kl = column_mean({kl.begin(), kl.begin() + n}) - f.mutual_information;
}

void add_sampled_texts(Figures& f, const Run& run, const Dataset& data, const EvaluateOptions& options) {
  const SampledTextFigures s = sampled_text_figures(
      run, data, {.language_model = options.language_model, .part = options.part, .seed = options.seed, .on_note = options.on_note});
  f.sample_lm_perplexity = s.sample_lm_perplexity, f.reverse_perplexity = s.reverse_perplexity;
  f.distinct_1 = s.distinct_1, f.distinct_2 = s.distinct_2, f.self_bleu = s.self_bleu, f.copied = s.copied;
  f.samples_parsed = s.parsed;
}

void add_disentanglement(Figures& f, const Tensor& codes, const Split& split, const Dataset& data) {
  if (split.factors.empty() || split.size() < 100) return;
  const DisentanglementFigures d = disentanglement(codes, split, data.factor_names);
  f.mutual_information_gap = d.mutual_information_gap, f.disentanglement = d.disentanglement;
  f.completeness = d.completeness, f.informativeness = d.informativeness;
}

double variance_of(const Run& run, const Dataset& data) {
  if (run.objective().likelihood() != Likelihood::gaussian_optimal) return 0;
  if (run.optimal_variance > 0) return run.optimal_variance;
  if (data.train.size() == 0)
    fail("evaluate", fmt::format("{}: keeps no variance of gaussian-optimal, as its training has not finished; elbo-train --resume {} "
                                 "finishes it",
                                 run.file, run.path));
  return training_variance(*run.model, *evaluation_batches(run.config, data.train));
}

// Of the whole part and of what was trained on: whether a figure is there does not hang on how many examples are measured.
bool from_0_to_1(const Run& run, const Split& part) {
  return run.trained_on.values != Values::other && kind_of_values(part.values) != Values::other;
}

// Every number is 0 or 1: x (x - 1) = 0.
bool all_binary(const Tensor& x) {
  return total(abs(binary(Binary::multiply, x, binary(Binary::subtract, x, Tensor::scalar(1, x.dtype()))))) == 0;
}

// Everything but what is measured on texts that the model draws.
Figures measure(const Run& run, const Dataset& data, const EvaluateOptions& options) {
  if (options.examples < 0 || options.importance_samples < 0 || options.batch < 1)
    throw UsageError("evaluate: expected numbers of examples and samples that are not negative, and a batch of at least one");
  const Split &part = data.part(options.part), split = options.examples > 0 ? part.first(options.examples) : part;
  if (split.size() == 0) fail("evaluate", fmt::format("the {} part has no examples", part_name(options.part)));

  NoGrad guard;
  const Model& model = *run.model;
  const Objective objective = run.objective();
  const Likelihood likelihood = objective.likelihood();
  const bool text = likelihood == Likelihood::categorical, code = model.latent() > 0;
  const Index samples = options.importance_samples > 0 ? options.importance_samples : options.all ? 100 : 0, size = split.size();
  const bool importance = samples > 0 && model.variational(), information = options.all || options.information;
  const double variance = variance_of(run, data);
  PerExample rows;
  std::vector<double> similarity, bound;  // bound: of iwae, with as many samples as in training
  NllColumns nll(size);
  Units units(model.latent());
  FirstCodes codes(size);
  std::optional<TextCounts> counts;
  if (text) counts.emplace(run, split);
  bool binary_values = true;
  const BatchOptions numbers = text ? BatchOptions{} : evaluation_options(run.config, split, options.batch);
  // PSNR and SSIM have 0 .. 1 in their formulas.
  const bool unit_pictures = run.example_shape.rank() == 3 && (numbers.binarize != Binarize::none || from_0_to_1(run, part));

  const std::unique_ptr<BatchSource> batches = evaluation_batches(run.config, split, options.batch);
  for (Index b = 0, done = 0; b < batches->count(); b++) {
    const Batch& batch = batches->load(1, b);
    const Pass pass = objective(model, batch.x, evaluation_noise(model, batch.examples, options.seed), variance, {.labels = batch.labels});
    place(rows.reconstruction, pass.reconstruction.value(), batch, size);
    units.add(pass.code.mean.value(), pass.kl ? pass.kl.value() : Tensor());
    if (pass.kl) place(rows.kl, sum(pass.kl.value().to(DType::float64), {1}), batch, size);
    if (text) {
      counts->add(batch, pass.code.mean);
      if (code) {
        codes.add(pass, batch.examples);
        const Var at_mean = pass.kl ? objective.reconstruction(model, pass.code, model.given(pass.code.mean, batch.labels), batch.x, 0)
                                    : pass.reconstruction;
        place(rows.reconstruction_at_mean, at_mean.value(), batch, size);
      }
    } else {
      if (information) codes.add(pass, batch.examples);
      place(rows.squared_error, squared_error(pass.decoding.mean(), batch.x), batch, size);
      binary_values = binary_values && all_binary(batch.x);
      const Decoding at_mean = pass.kl ? model.decode(model.given(pass.code.mean, batch.labels)) : pass.decoding;
      place(rows.reconstruction_at_mean, objective.reconstruction(at_mean, batch.x, variance).value(), batch, size);
      place(rows.squared_error_at_mean, squared_error(at_mean.mean(), batch.x), batch, size);
      if (options.all && unit_pictures) place(similarity, structural_similarity(at_mean.mean(), batch.x), batch, size);
    }
    if (importance)
      nll.add(importance_estimate(model, objective, batch.x, batch.examples, samples, options.seed, variance, 1, batch.labels), batch);
    if (model.variational() && objective.importance_weighted())
      place(bound,
            importance_estimate(model, objective, batch.x, batch.examples, objective.samples(), options.seed, variance, run.beta,
                                batch.labels)
                .nll,
            batch, size);
    done += batch.size();
    if (options.progress) options.progress(done, size);
  }
  if (split.labels) rows.label.assign(split.labels.data<std::int32_t>(), split.labels.data<std::int32_t>() + size);
  if (text)
    for (Index i = 0; i < size; i++) rows.tokens.push_back(double(split.tokens->length(i) - 1));
  rows.total = rows.reconstruction;
  for (std::size_t i = 0; i < rows.kl.size(); i++) rows.total[i] += rows.kl[i];

  const double n = double(size);
  Figures f{.split = std::string(part_name(options.part)),
            .examples = size,
            .weights = std::string(run.weights_name()),
            .likelihood = std::string(likelihood_name(likelihood)),
            .binarized = numbers.binarize != Binarize::none,
            .use_test = run.config.data.use_test,
            .dequantized = numbers.dequantize != Dequantize::none,
            .parameters = run.store->numel(),
            .variational = model.variational(),
            .classes = model.condition().width()};
  f.all = options.all;
  f.texts_sampled = (options.all && options.decode) || options.language_model;
  f.normalised = normalised(likelihood, binary_values);
  if (likelihood == Likelihood::gaussian) f.variance = run.config.objective.variance;
  if (likelihood == Likelihood::gaussian_optimal) f.variance = variance;
  f.bytes_as_they_are = is_density(likelihood) && split.values.dtype() == DType::uint8 && !f.dequantized;
  f.reconstruction = column_mean(rows.reconstruction);
  f.total = f.objective = f.reconstruction;
  f.beta = run.beta;
  f.minimised = objective.description(f.beta);
  if (f.variational) {
    f.kl = column_mean(rows.kl);
    f.total += f.kl;
    f.objective = objective.importance_weighted() ? column_mean(bound) : f.reconstruction + objective.final_term(f.beta).cost(f.kl);
    for (const double k : units.kl) f.kl_per_unit.push_back(k / n);
  }
  if (!std::isfinite(f.total))
    fail("evaluate", fmt::format("{}: the {} weights give a total of {} (reconstruction {}): was the learning rate too high?", run.path,
                                 f.weights, f.total, f.reconstruction));
  f.squared_error = column_mean(rows.squared_error);
  f.reconstruction_at_mean = column_mean(rows.reconstruction_at_mean);
  f.squared_error_at_mean = column_mean(rows.squared_error_at_mean);
  if (unit_pictures) f.psnr = 10 * std::log10(double(run.example_shape.numel()) / std::max(f.squared_error_at_mean, 1e-30));
  f.active_units = code ? units.active(n, 0.01) : -1;
  if (code && options.all)
    for (const double threshold : {0.001, 0.003, 0.01, 0.03, 0.1, 0.3})
      f.active_by_threshold.emplace_back(threshold, units.active(n, threshold));
  f.importance_samples = samples;
  if (importance) {
    nll.fill(f, likelihood, double(run.example_shape.numel()));
    rows.nll = nll.nll(), rows.effective_samples = nll.effective_samples();
  } else if (samples > 0 && !code) {
    f.nll = f.total;
    f.nll_standard_error = column_standard_error(rows.total);
  }
  if (information && model.variational()) add_information(f, codes, rows.kl);
  if (options.all && code) add_disentanglement(f, codes.mean, split, data);
  f.ssim = column_mean(similarity);
  if (text) counts->fill(f);
  if (text && (f.variational || !code) && has_entropy(run, data, split))
    f.entropy_gap = (std::isnan(f.nll) ? f.total : f.nll) - *data.entropy;
  if (text && code) {
    if (options.decode) {
      const FreeRunning running = free_running(run, split, codes.mean);
      f.exact_match = running.exact_match, f.edit_distance = running.edit_distance;
    }
    if (information) f.shuffled_reconstruction = shuffled_reconstruction(run, split, codes.z);
  }
  if (options.per_example) *options.per_example = std::move(rows);
  return f;
}

}  // namespace

Figures evaluate(const Run& run, const Dataset& data, const EvaluateOptions& options) {
  const auto start = std::chrono::steady_clock::now();
  if (options.language_model) {
    if (!run.codec) throw UsageError("--language-model: " + run.path + " is no model of texts");
    require_language_model(*options.language_model);
  }
  Figures f = measure(run, data, options);
  if (run.codec && f.texts_sampled) add_sampled_texts(f, run, data, options);
  if (options.all && options.judges && data.classes > 1 && data.train.labels && data.test.labels) {
    if (options.on_note) options.on_note("probes: from codes, and from what the encoder sees, to labels");
    f.probes = probe_figures(run, data);
  }
  if (options.all && options.judges && !run.codec) f.pictures = picture_figures(run, data, options.seed, options.on_note);
  if (options.amortisation_gap) {
    if (!run.model->variational()) throw UsageError("--amortisation-gap: " + run.path + " is no VAE, it has no posterior to be amortised");
    if (options.on_note) options.on_note("optimising the codes of single examples");
    f.amortisation =
        amortisation_gap(run, data.part(options.part),
                         {.examples = options.examples > 0 ? options.examples : AmortisationOptions{}.examples, .seed = options.seed});
  }
  if (options.diagnose) f.diagnosis = diagnose(run, data, {.seed = options.seed});
  f.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  f.examples_per_second = double(f.examples) / std::max(f.seconds, 1e-9);
  return f;
}

Figures write_summary(const std::string& run_folder, const Dataset* data) {
  const Run run = open_run(run_folder);
  const Figures f = data ? evaluate(run, *data) : evaluate(run, load_run_data(run));
  write_file_atomically(run_folder + "/summary.json", bytes_of(to_json(f)));
  return f;
}

}  // namespace elbo
