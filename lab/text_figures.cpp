#include "lab/text_figures.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "autograd/mode.h"
#include "lab/generate.h"
#include "models/evaluation.h"
#include "tensor/reduce.h"

namespace elbo {
namespace {

const TextModel& text_model(const Run& run) { return dynamic_cast<const TextModel&>(*run.model); }

}  // namespace

TextCounts::TextCounts(const Run& run, const Split& split) : model_(text_model(run)) {
  for (Index i = 0; i < split.tokens->size() && i < split.size(); i++) tokens_ += double(split.tokens->length(i) - 1);
}

void TextCounts::add(const Batch& batch, const Var& mean) {
  const Tensor predicted = model_.likeliest(model_.given(mean, batch.labels).value(), batch.x);
  const Index steps = predicted.size(1);
  const auto *p = predicted.data<std::int32_t>(), *x = batch.x.data<std::int32_t>();
  for (Index i = 0; i < batch.size(); i++)
    for (Index t = 0; t < steps; t++) {
      const std::int32_t target = x[i * (steps + 1) + t + 1];
      right_ += target != pad_token && p[i * steps + t] == target;
    }
}

void TextCounts::fill(Figures& f) const {
  const double texts = double(f.examples);
  f.tokens = tokens_;
  f.perplexity = std::exp(f.total * texts / tokens_);
  f.token_accuracy = right_ / tokens_;
  f.nll_perplexity = std::exp(f.nll * texts / tokens_);  // null where nll is
}

Index edit_distance(std::span<const std::int32_t> a, std::span<const std::int32_t> b) {
  std::vector<Index> row(b.size() + 1);
  std::iota(row.begin(), row.end(), 0);
  for (std::size_t i = 1; i <= a.size(); i++) {
    Index diagonal = std::exchange(row[0], Index(i));
    for (std::size_t j = 1; j <= b.size(); j++) {
      const Index exchanged = diagonal + (a[i - 1] != b[j - 1]);
      diagonal = row[j];
      row[j] = std::min({row[j] + 1, row[j - 1] + 1, exchanged});
    }
  }
  return row[b.size()];
}

FreeRunning free_running(const Run& run, const Split& split, const Tensor& means) {
  const NoGrad guard;
  DecodeOptions options{.unknown = true, .max_tokens = run.codec->max_tokens};
  const auto decoded = generate_tokens(text_model(run), run.model->given(Var(means), split.labels).value(), options);
  FreeRunning out;
  for (std::size_t i = 0; i < decoded.size(); i++) {
    auto text = (*split.tokens)[Index(i)].subspan(1);
    if (!text.empty() && text.back() == end_token) text = text.first(text.size() - 1);
    const Index distance = edit_distance(text, decoded[i]);
    out.exact_match += distance == 0;
    out.edit_distance += double(distance);
  }
  out.exact_match /= double(decoded.size());
  out.edit_distance /= double(decoded.size());
  return out;
}

bool has_entropy(const Run& run, const Dataset& data, const Split& split) {
  if (run.config.model.classes > 0) return false;
  if (!data.entropy || !split.tokens || (split.part != Part::test && !run.config.data.exclude_labels.empty())) return false;
  for (Index i = 0; i < split.size(); i++) {
    const auto text = (*split.tokens)[i];
    if (text.back() != end_token || std::find(text.begin(), text.end(), unknown_token) != text.end()) return false;
  }
  return true;
}

double shuffled_reconstruction(const Run& run, const Split& split, const Tensor& z) {
  const NoGrad guard;
  const Index n = split.size();
  const auto order = permutation(n, RandomKey{1, Purpose::evaluate, ~std::uint64_t{0}});
  std::vector<std::int32_t> given(static_cast<std::size_t>(n));  // whose code each text gets
  for (Index k = 0; k < n; k++) given[std::size_t(order[std::size_t(k)])] = order[std::size_t((k + 1) % n)];
  const std::unique_ptr<BatchSource> batches = evaluation_batches(run.config, split);
  double sum = 0;
  for (Index b = 0; b < batches->count(); b++) {
    const Batch& batch = batches->load(1, b);
    Tensor codes({batch.size(), z.size(1)}, z.dtype());
    for (Index i = 0; i < batch.size(); i++) codes[i].copy_from(z[given[std::size_t(batch.examples.data<std::int32_t>()[i])]]);
    sum += total(run.model->text_loss({}, run.model->given(Var(codes), batch.labels), batch.x, {}).value());
  }
  return sum / double(n);
}

}  // namespace elbo
