#include "lab/probes.h"

#include <fmt/core.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <numeric>

#include "data/parts.h"
#include "lab/codes.h"
#include "lab/knn.h"
#include "lab/softmax_regression.h"
#include "tensor/elementwise.h"
#include "tensor/error.h"
#include "tensor/linalg.h"
#include "tensor/matmul.h"
#include "tensor/reduce.h"

namespace elbo {
namespace {

// These rows of a tensor, of any type.
Tensor chosen_rows(const Tensor& t, const std::vector<std::int32_t>& rows) {
  Tensor result(t[0].shape().prepend(Index(rows.size())), t.dtype());
  for (std::size_t i = 0; i < rows.size(); i++) result[Index(i)].copy_from(t[rows[i]]);
  return result;
}

std::shared_ptr<const Tokens> chosen_tokens(const Tokens& tokens, const std::vector<std::int32_t>& rows) {
  std::vector<std::int32_t> ids;
  auto result = std::make_shared<Tokens>();
  for (const std::int32_t row : rows) {
    result->begins.push_back(Index(ids.size()));
    ids.insert(ids.end(), tokens[row].begin(), tokens[row].end());
  }
  result->begins.push_back(Index(ids.size()));
  result->ids = Tensor::from(ids, {Index(ids.size())});
  return result;
}

Split chosen_examples(const Split& split, const std::vector<std::int32_t>& rows) {
  Split result{.origin = split.origin, .part = split.part};
  if (rows.empty()) return result;
  result.values = chosen_rows(split.values, rows);
  result.labels = chosen_rows(split.labels, rows);
  if (split.tokens) result.tokens = chosen_tokens(*split.tokens, rows);
  return result;
}

Split at_most(const Split& split, Index most) {
  if (split.size() <= most) return split;
  return chosen_examples(split, draw_part(split.size(), most, split.labels, split.part));
}

// A fifth of the training examples becomes the validation part.
void part_validation(Split& train, Split& valid) {
  const std::vector<std::int32_t> apart = draw_part(train.size(), std::max<Index>(1, train.size() / 5), train.labels, Part::valid);
  std::vector<std::int32_t> all(std::size_t(train.size())), rest;
  std::iota(all.begin(), all.end(), 0);
  std::set_difference(all.begin(), all.end(), apart.begin(), apart.end(), std::back_inserter(rest));
  valid = chosen_examples(train, apart);
  train = chosen_examples(train, rest);
}

// The three parts of one experiment, each as features.
struct ProbeParts {
  const Split &train, &valid, &test;
  Index classes, neighbours;

  template <class F>
  ProbeAccuracy operator()(F&& features) const {
    return probe_features({features(train), train.labels}, {features(valid), valid.labels}, {features(test), test.labels}, classes,
                          neighbours);
  }
};

double share_of_most_frequent(const Tensor& train, const Tensor& test, Index classes) {
  std::vector<Index> counts(std::size_t(classes), 0);
  for (const std::int32_t l : train.values<std::int32_t>())
    if (l >= 0 && l < classes) counts[std::size_t(l)]++;
  const auto label = std::int32_t(std::max_element(counts.begin(), counts.end()) - counts.begin());
  const auto all = test.values<std::int32_t>();
  return double(std::count(all.begin(), all.end(), label)) / double(all.size());
}

}  // namespace

ProbeAccuracy probe_features(const LabelledFeatures& train, const LabelledFeatures& valid, const LabelledFeatures& test, Index classes,
                             Index neighbours) {
  for (const LabelledFeatures* part : {&train, &valid, &test}) {
    require_rank("probe", "features (n, d)", part->x, 2);
    if (part->x.size(0) == 0) fail("probe", "expected examples in all three parts, one has none");
    require_shape("probe", "labels", part->labels, {part->x.size(0)});
  }
  const Tensor x = train.x.to(DType::float64), centre = mean(x, {0}), centred = subtract(x, centre);
  double squares = 0;
  for (const double v : centred.values<double>()) squares += v * v;
  const double root = std::sqrt(squares / double(std::max<Index>(1, x.numel())));
  const Tensor by = Tensor::scalar(root > 0 ? 1 / root : 1, DType::float64);  // no variance: nothing to scale
  const auto scaled = [&](const Tensor& t) { return multiply(subtract(t.to(DType::float64), centre), by); };
  const Tensor fitted = multiply(centred, by), validated = scaled(valid.x), tested = scaled(test.x);

  ProbeAccuracy result;
  const SoftmaxProblem problem(fitted, train.labels, classes);
  SoftmaxRegression at, best;
  double best_accuracy = -1;
  for (const double l2 : {1e-1, 1e-2, 1e-3, 1e-4}) {
    at = problem.fit({.l2 = l2}, at.weights ? &at : nullptr);
    result.converged = result.converged && at.converged;
    const double share = accuracy(at.predict(validated), valid.labels);
    if (share < best_accuracy) break;
    if (share == best_accuracy) continue;
    best_accuracy = share;
    result.l2 = l2;
    best = at;
  }
  result.linear = accuracy(best.predict(tested), test.labels);
  const Tensor nearest = nearest_rows(tested, fitted, std::min(neighbours, fitted.size(0))).indices;
  result.knn = accuracy(majority_vote(nearest, train.labels), test.labels);
  return result;
}

ProbeFigures probe_figures(const Run& run, const Dataset& data, const ProbeOptions& options) {
  if (options.train < 2 || options.valid < 1 || options.test < 1 || options.neighbours < 1)
    throw UsageError("[probe] expected at least two training examples, one to validate, one to test and one neighbour");
  ProbeFigures figures;
  if (data.classes == 0 || !data.train.labels || !data.test.labels) return figures;
  Split train = at_most(data.train, options.train), valid = at_most(data.valid, options.valid);
  const Split test = at_most(data.test, options.test);
  if (train.size() < 2 || test.size() == 0)
    fail("probe", fmt::format("expected training and test examples, got {} and {}", train.size(), test.size()));
  if (valid.size() == 0 || !valid.labels) part_validation(train, valid);
  figures.train = train.size(), figures.valid = valid.size(), figures.test = test.size();
  const Index latent = run.model->latent();
  const ProbeParts parts{train, valid, test, data.classes, options.neighbours};
  figures.most_frequent = share_of_most_frequent(train.labels, test.labels, data.classes);
  if (latent > 0) figures.code = parts([&](const Split& s) { return encode_examples(run, s).mean; });
  if (!options.baselines) return figures;

  if (latent > 0) {
    Run untrained{.path = run.path, .config = run.config, .example_shape = run.example_shape, .codec = run.codec};
    untrained.store = std::make_unique<ParamStore>(store_options(run.config));
    untrained.model = make_model(run.config, run.example_shape, *untrained.store);
    figures.untrained = parts([&](const Split& s) { return encode_examples(untrained, s).mean; });
  }
  if (data.texts || train.tokens) return figures;
  const auto raw = [&](const Split& s) { return model_inputs(run, s, s.size()).reshape({s.size(), run.example_shape.numel()}); };
  figures.raw = parts(raw);
  if (latent == 0) return figures;
  const PrincipalComponents linear = principal_components(raw(train), std::min(latent, run.example_shape.numel()));
  figures.principal_components =
      parts([&](const Split& s) { return matmul(subtract(raw(s), linear.mean), linear.components, false, true); });
  return figures;
}

std::vector<std::pair<std::string, const ProbeAccuracy*>> probes_by_name(const ProbeFigures& f) {
  return {{"", &f.code}, {"_raw", &f.raw}, {"_principal_components", &f.principal_components}, {"_untrained", &f.untrained}};
}

}  // namespace elbo
