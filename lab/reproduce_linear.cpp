#include "lab/reproduce_linear.h"

#include <fmt/core.h>

#include <cmath>

#include "autograd/mode.h"
#include "tensor/elementwise.h"
#include "tensor/error.h"
#include "tensor/linalg.h"
#include "tensor/matmul.h"
#include "tensor/npy.h"
#include "tensor/random.h"

namespace elbo::lab {
namespace {

constexpr Index linear_numbers = 10, linear_factors = 3;

// Columns of length 1 that span what a's columns span: a V L^(-1/2) for a^T a = V L V^T.
Tensor orthonormal(const Tensor& a) {
  const Index k = a.size(1);
  const SymmetricEigen eigen = symmetric_eigen(matmul(a, a, true, false));
  Tensor turned = eigen.vectors.clone();  // rows are eigenvectors
  for (Index i = 0; i < k; i++) {
    const double length = eigen.values.data<double>()[i];
    if (!(length > 0)) fail("subspace", fmt::format("expected columns of full rank, got an eigenvalue of {}", length));
    for (Index j = 0; j < k; j++) turned.mutable_data<double>()[i * k + j] /= std::sqrt(length);
  }
  return matmul(a, turned, false, true);
}

double mean_nll(const ProbabilisticPca& p, const Tensor& x) {
  double sum = 0;
  for (const double v : log_likelihood(p, x)) sum -= v;
  return sum / double(x.size(0));
}

Numbers linear_figures(const Run& run, const Dataset& data, Index noise_draws) {
  const Tensor x = data.train.values.to(DType::float64);
  const ProbabilisticPca best = fit_probabilistic_pca(x, linear_factors), learned = linear_decoder(*run.store, run.optimal_variance);
  NoGrad guard;
  const Code code = run.model->encode(Var(x));
  Numbers all;
  all["maximum_likelihood"] = mean_nll(best, x);
  all["exact_total"] = -exact_elbo(learned, x, code.mean.value(), code.logvar.value()).mean_elbo();
  for (Index draw = 1; draw <= noise_draws; draw++)
    all["total"] += evaluate(run, data, {.part = Part::train, .seed = std::uint64_t(draw)}).total / double(noise_draws);
  all["total_excess"] = all["total"] - all["maximum_likelihood"];
  all["variance"] = learned.variance;
  all["variance_ratio"] = learned.variance / best.variance;
  all["subspace_sine"] = subspace_sine(learned.weights, best.weights);
  const Figures f = evaluate(run, data, {.part = Part::train, .importance_samples = 100});
  all["nll"] = f.nll;
  all["nll_1"] = f.nll_curve.front().nll;
  all["nll_difference"] = all["nll_1"] - all["nll"];
  return all;
}

}  // namespace

double subspace_sine(const Tensor& a, const Tensor& b) {
  const Tensor qa = orthonormal(a), qb = orthonormal(b);
  // What of qb's columns is not in a's space; its largest singular value, without the cancellation of 1 - cos^2.
  const Tensor rest = subtract(qb, matmul(qa, matmul(qa, qb, true, false)));
  const SymmetricEigen eigen = symmetric_eigen(matmul(rest, rest, true, false));
  return std::sqrt(std::max(eigen.values.data<double>()[0], 0.0));
}

ProbabilisticPca linear_data_model() {
  ProbabilisticPca p{Tensor({linear_numbers, linear_factors}, DType::float64), Tensor({linear_numbers}, DType::float64), 0.25};
  fill_normal(p.weights, {.seed = 5});
  fill_uniform(p.mean, {.seed = 6});
  return p;
}

Experiment linear_experiment(const LinearSetup& setup) {
  Experiment e{.name = "linear-vae",
               .what = "a linear VAE with learned variance on data from a probabilistic PCA with 3 factors in 10 dimensions",
               .source = "closed form (Tipping and Bishop 1999)",
               .takes = "10 seconds"};
  e.models = {{"linear-vae",
               "linear VAE",
               "dense-vae",
               {"objective.likelihood=gaussian-optimal", "model.output=linear", "model.hidden=[]", "model.float=float64",
                fmt::format("model.latent={}", linear_factors), "optimizer.schedule.name=cosine",
                fmt::format("optimizer.learning_rate={}", setup.learning_rate), "train.batch=100",
                fmt::format("train.epochs={}", setup.epochs), "train.checkpoint_every=10", "data.use_test=true", "data.valid=0"}}};
  const auto shown = [](const char* figure) { return ReferenceFigure{.model = "linear-vae", .figure = figure}; };
  e.figures = {within("linear-vae", "total_excess", 0, 0.01),
               {"linear-vae", "variance_ratio", 1, 0.99, 1.01},
               {"linear-vae", "subspace_sine", 0, 0, 0.01},
               within("linear-vae", "nll_difference", 0, 0.01),
               shown("total"),
               shown("exact_total"),
               shown("maximum_likelihood"),
               shown("nll"),
               shown("variance")};
  e.seeds = 1;
  e.part = Part::train;
  e.make_data = [setup](const std::string& folder) {
    const std::string file = folder + "/data.npy";
    save_npy(file, draw(linear_data_model(), setup.examples, 7).x.to(DType::float32));
    return parse_data_spec("npy:" + file).str();
  };
  e.further = [setup](const Run& run, const Dataset& data) { return linear_figures(run, data, setup.noise_draws); };
  return e;
}

}  // namespace elbo::lab
