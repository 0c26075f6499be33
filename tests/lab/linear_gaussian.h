#pragma once
// A linear decoder with two codes whose exact posterior has independent dimensions, so that a VAE's encoder can be it, or be wider.

#include <cmath>
#include <numbers>

#include "models/run.h"
#include "tensor/random.h"

namespace elbo::testing {

// A linear decoder with Gaussian noise: x = W z + b + sqrt(v) e. The columns of W are orthogonal, so the exact posterior has independent
// dimensions, and the encoder can be it:
//   mean_j = w_j . (x - b) / (v + |w_j|^2)      variance_j = v / (v + |w_j|^2)
struct LinearGaussian {
  static constexpr Index dims = 4, latent = 2;
  static constexpr double variance = 0.3;
  double w[dims][latent] = {{0.8, 0.3}, {0.8, -0.3}, {-0.4, 0.6}, {0.4, 0.6}};
  double b[dims] = {0.1, -0.2, 0.3, 0};
  double length(Index j) const {
    double sum = 0;
    for (const auto& row : w) sum += row[j] * row[j];
    return sum;
  }

  // `wider`: the encoder's variance is so many times the exact one.
  Run run(double wider = 1) const {
    Run r;
    r.config.model.latent = latent;
    r.config.model.hidden = {};
    r.config.model.output = "linear";
    r.config.model.float_type = "float64";
    r.config.objective.likelihood = "gaussian";
    r.config.objective.variance = variance;
    r.example_shape = {dims};
    r.store = std::make_unique<ParamStore>(store_options(r.config));
    r.model = make_model(r.config, r.example_shape, *r.store);
    auto weights = r.store->tensors();
    for (auto& [name, t] : weights) {
      t = Tensor::zeros(t.shape(), DType::float64);
      double* p = t.mutable_data<double>();
      for (Index j = 0; j < latent; j++) {
        const double scale = 1 / (variance + length(j));
        for (Index i = 0; i < dims; i++) {
          if (name == "decoder/output/weight") p[i * latent + j] = w[i][j];
          if (name == "decoder/output/bias") p[i] = b[i];
          if (name == "encoder/mean/weight") p[j * dims + i] = w[i][j] * scale;
          if (name == "encoder/mean/bias") p[j] -= w[i][j] * b[i] * scale;
        }
        if (name == "encoder/logvar/bias") p[j] = std::log(wider * variance * scale);
      }
    }
    r.store->load(weights, "test");
    return r;
  }

  // -log p(x) with p = N(b, W W^T + v I): by the lemma of determinant and inverse for orthogonal columns.
  double nll(const float* x) const {
    double square = 0, log_determinant = dims * std::log(variance), explained = 0;
    for (Index i = 0; i < dims; i++) square += (x[i] - b[i]) * (x[i] - b[i]);
    for (Index j = 0; j < latent; j++) {
      double along = 0;
      for (Index i = 0; i < dims; i++) along += w[i][j] * (x[i] - b[i]);
      explained += along * along / (variance + length(j));
      log_determinant += std::log1p(length(j) / variance);
    }
    return 0.5 * ((square - explained) / variance + log_determinant + dims * std::log(2 * std::numbers::pi));
  }

  Dataset data(Index n) const {
    Dataset d;
    d.example_shape = {dims};
    d.test.values = Tensor({n, dims});
    fill_normal(d.test.values, {.seed = 5});
    d.test.labels = Tensor::zeros({n}, DType::int32);
    return d;
  }
};

inline double mean_nll(const LinearGaussian& exact, const Dataset& data) {
  double sum = 0;
  for (Index i = 0; i < data.test.size(); i++) sum += exact.nll(data.test.values.data<float>() + i * LinearGaussian::dims);
  return sum / double(data.test.size());
}

}  // namespace elbo::testing
