#include "lab/codes.h"

#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstring>
#include <numeric>

#include "autograd/mode.h"
#include "data/fit.h"
#include "tensor/elementwise.h"
#include "tensor/error.h"
#include "tensor/nearest.h"
#include "tensor/parallel.h"
#include "tensor/random.h"

namespace elbo {
namespace {

constexpr std::array<std::string_view, 3> source_names = {"prior", "gaussian", "mixture"};
constexpr Index batch = 500;  // examples decoded or encoded at a time

const CodeStatistics& statistics(const Run& run) {
  if (!run.codes)
    fail("codes", fmt::format("{}: has no statistics of its codes: its training was interrupted; finish it with --resume", run.path));
  return run.codes;
}

// Copies rows of `from` into `to` from row `at` on.
void put_rows(Tensor& to, Index at, const Tensor& from) {
  Tensor rows = to.slice(at, at + from.size(0));
  rows.copy_from(from.to(DType::float32).reshape(rows.shape()));
}

}  // namespace

std::string_view code_source_name(CodeSource source) { return source_names[std::size_t(source)]; }

CodeSource code_source_from_name(std::string_view name) {
  const auto it = std::find(source_names.begin(), source_names.end(), name);
  if (it == source_names.end())
    throw UsageError(unknown_message("source of codes", name, std::vector<std::string>(source_names.begin(), source_names.end())));
  return CodeSource(it - source_names.begin());
}

CodeSource default_code_source(const Model& model) {
  return model.variational() || model.latent() == 0 ? CodeSource::prior : CodeSource::gaussian;
}

Tensor cholesky(const Tensor& a) {
  require_rank("cholesky", "a matrix", a, 2);
  const Index n = a.size(0);
  require_shape("cholesky", "a square matrix", a, {n, n});
  const double* in = a.data<double>();
  Tensor lower = Tensor::zeros({n, n}, DType::float64);
  double* l = lower.mutable_data<double>();
  double largest = 0;
  for (Index i = 0; i < n; i++) largest = std::max(largest, in[i * n + i]);
  for (Index j = 0; j < n; j++) {
    double pivot = in[j * n + j];
    for (Index k = 0; k < j; k++) pivot -= l[j * n + k] * l[j * n + k];
    if (!(pivot > 1e-12 * largest)) continue;  // no variance left in this direction
    const double root = std::sqrt(pivot);
    l[j * n + j] = root;
    for (Index i = j + 1; i < n; i++) {
      double v = in[i * n + j];
      for (Index k = 0; k < j; k++) v -= l[i * n + k] * l[j * n + k];
      l[i * n + j] = v / root;
    }
  }
  return lower;
}

Tensor with_labels(const Model& model, const Tensor& codes, const Tensor& labels) {
  const NoGrad guard;
  return model.given(Var(codes.to(DType::float64)), labels ? labels : model.condition().in_turn(codes.size(0))).value();
}

Tensor draw_codes(const Run& run, Index count, CodeSource source, double temperature, std::uint64_t seed, const Tensor& labels) {
  const Index latent = run.model->latent();
  Tensor codes({count, latent}, DType::float64);
  fill_normal(codes, {.seed = seed, .purpose = Purpose::sample});
  double* z = codes.mutable_data<double>();
  if (source == CodeSource::prior) {
    for (Index i = 0; i < codes.numel(); i++) z[i] *= temperature;
    return with_labels(*run.model, run.model->distributions().draw_prior(codes), labels);
  }
  const CodeStatistics& s = statistics(run);
  const Tensor lower = cholesky(s.covariance);
  const double *l = lower.data<double>(), *mean = s.mean.data<double>();
  for (Index i = 0; i < count; i++, z += latent)
    for (Index j = latent - 1; j >= 0; j--) {  // from below: row j of L reads the noise of dimensions 0 to j
      double v = 0;
      for (Index k = 0; k <= j; k++) v += l[j * latent + k] * z[k];
      z[j] = mean[j] + temperature * v;
    }
  return with_labels(*run.model, codes, labels);
}

Tensor decode_codes(const Model& model, const Tensor& codes) {
  require_shape("decode", "codes (n, latent)", codes, {codes.size(0), model.decoder_inputs()});
  const NoGrad guard;
  const Index n = codes.size(0);
  Tensor pictures(model.example_shape().prepend(n));
  for (Index i = 0; i < n; i += batch)
    put_rows(pictures, i, model.decode(Var(codes.slice(i, std::min(n, i + batch)).to(model.dtype()))).mean());
  return pictures;
}

EncodedExamples encode_examples(const Run& run, const Split& split) {
  const NoGrad guard;
  const Index n = split.size(), latent = run.model->latent();
  EncodedExamples all{Tensor({n, latent}), run.model->variational() ? Tensor({n, latent}) : Tensor(), split.labels};
  if (n == 0) return all;
  const std::unique_ptr<BatchSource> batches = evaluation_batches(run.config, split, batch);
  for (Index b = 0; b < batches->count(); b++) {
    const Batch& examples = batches->load(1, b);
    const Code code = run.model->encode(Var(examples.x), examples.labels);
    const Tensor mean = code.mean.value().to(DType::float32), logvar = code.logvar ? code.logvar.value().to(DType::float32) : Tensor();
    const auto* place = examples.examples.data<std::int32_t>();
    for (Index i = 0; i < examples.size(); i++) {
      all.mean[place[i]].copy_from(mean[i]);
      if (logvar) all.logvar[place[i]].copy_from(logvar[i]);
    }
  }
  return all;
}

Tensor model_inputs(const Run& run, const Split& split, Index count) {
  if (count > split.size())
    fail("data", fmt::format("{} examples wanted; the {} part holds {}", count, part_name(split.part), split.size()));
  Tensor inputs(run.example_shape.prepend(count));
  if (count == 0) return inputs;
  const Split first = split.first(count);  // an example's draws depend on its place alone: they are the same without the rest
  Batches batches = Batches::evaluation(first, evaluation_options(run.config, first, batch));
  for (Index b = 0; b < batches.count(); b++) put_rows(inputs, b * batch, batches.load(1, b).x);
  return inputs;
}

Tensor reconstruct(const Model& model, const Tensor& inputs, const Tensor& labels) {
  const NoGrad guard;
  const Index n = inputs.size(0);
  Tensor outputs(inputs.shape());
  for (Index i = 0; i < n; i += batch) {
    const Index end = std::min(n, i + batch);
    const Tensor of_these = labels ? labels.slice(i, end) : Tensor();
    const Code code = model.encode(Var(inputs.slice(i, end).to(model.dtype())), of_these);
    put_rows(outputs, i, model.decode(model.given(code.mean, of_these)).mean());
  }
  return outputs;
}

Split load_pictures(const Run& run, const std::vector<std::string>& files) {
  const Shape& shape = run.example_shape;
  if (shape.rank() != 3 || (shape[2] != 1 && shape[2] != 3 && shape[2] != 4))
    throw UsageError(fmt::format("--input: {} was trained on examples of shape {}, which are no pictures", run.path, shape.str()));
  Split split{.part = Part::test};
  split.values = load_pictures(files, shape, fit_from_name(run.trained_on.spec.text("fit", "crop")));
  split.origin = "picture files";
  if (run.trained_on.values == Values::other)
    fail("input",
         fmt::format("{}: was trained on numbers that are not from 0 to 1; how a picture file would be scaled to them, nothing says",
                     run.path));
  if (run.trained_on.values == Values::unit)  // and is not to be dequantised
    split.values = multiply(split.values.to(DType::float32), Tensor::scalar(1.0 / 255));
  return split;
}

Tensor plane_codes(const Run& run, Index size, double range, Index first, Index second) {
  const Index latent = run.model->latent();
  if (first == second || first < 0 || second < 0 || first >= latent || second >= latent)
    throw UsageError(fmt::format("--dims {},{}: expected two different dimensions from 0 to {}", first, second, latent - 1));
  const bool scaled = !run.model->variational();
  if (scaled) statistics(run);
  Tensor codes = Tensor::zeros({size * size, latent}, DType::float64);
  double* z = codes.mutable_data<double>();
  const auto at = [&](Index i) { return size == 1 ? 0.0 : range * (2 * double(i) / double(size - 1) - 1); };
  for (Index row = 0; row < size; row++)
    for (Index column = 0; column < size; column++, z += latent) {
      z[first] = at(column);
      z[second] = at(size - 1 - row);
      if (scaled)
        for (Index j = 0; j < latent; j++)
          z[j] = run.codes.mean.at<double>({j}) + z[j] * std::sqrt(run.codes.covariance.at<double>({j, j}));
    }
  return codes;
}

}  // namespace elbo
