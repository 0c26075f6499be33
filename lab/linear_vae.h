#pragma once
// Linear models whose every figure has a closed form: what the estimators of this folder are held to.
//
// Probabilistic PCA (Tipping and Bishop 1999, "Probabilistic principal component analysis"): z ~ N(0, I), x | z ~ N(W z + mu, v I), so that
//
//   p(x) = N(mu, W W^T + v I)      p(z | x) = N(M^-1 W^T (x - mu), v M^-1),    M = W^T W + v I
//   I(x; z) = 1/2 log det(M / v)   the information of a Gaussian channel
//
// and, with the eigenvalues l_1 >= l_2 >= ... of the data's covariance (divided by n) and their vectors U, the likelihood is largest at
// W = U_q (L_q - v I)^(1/2), v the mean of the eigenvalues left out.
//
// A linear VAE is that decoder with q(z | x) = N(A x + a, diag(s)), s the same for every x. At its optimum it is probabilistic PCA, whose
// posterior is diagonal as the columns of W are orthogonal, and its ELBO is log p(x) (Dai, Wang, Aston, Hua and Wipf 2018, "Connections
// with robust PCA and the role of emergent sparsity in variational autoencoder models"; Lucas, Tucker, Grosse and Norouzi 2019, "Don't
// blame the ELBO! A linear VAE perspective on posterior collapse").
//
// Everything is computed in float64; examples x (n, d) and codes (n, latent) may be of any float type. Nats per example, all constants
// kept.

#include <cstdint>
#include <vector>

#include "nn/param_store.h"

namespace elbo {

struct ProbabilisticPca {
  Tensor weights;       // W, float64 (d, latent)
  Tensor mean;          // mu, float64 (d,)
  double variance = 1;  // v, of each number
  Index dimensions() const { return weights.size(0); }
  Index latent() const { return weights.size(1); }
};

// The one of largest likelihood, 1 <= latent < d; the columns of W are orthogonal and their lengths descend. Throws Error for fewer
// examples than two, and where the directions left out have no variance: the likelihood then has no maximum.
ProbabilisticPca fit_probabilistic_pca(const Tensor& x, Index latent);

// Examples with the codes that they were made from; example i depends on `seed` and i alone.
struct LinearSample {
  Tensor x, z;  // float64 (count, d), (count, latent)
};
LinearSample draw(const ProbabilisticPca& model, Index count, std::uint64_t seed);

std::vector<double> log_likelihood(const ProbabilisticPca& model, const Tensor& x);  // log p(x) of each example
double mutual_information(const ProbabilisticPca& model);                            // of x and z where x has the model's own distribution
Tensor covariance(const ProbabilisticPca& model);                                    // W W^T + v I, float64 (d, d)

struct LinearPosterior {
  Tensor mean;        // float64 (n, latent)
  Tensor covariance;  // float64 (latent, latent): the same for every x
};
LinearPosterior posterior(const ProbabilisticPca& model, const Tensor& x);

struct LinearVae {
  Tensor weights;  // A, float64 (latent, d)
  Tensor bias;     // a, float64 (latent,)
  Tensor logvar;   // log s, float64 (latent,)
  ProbabilisticPca decoder;
};
// The encoder of largest ELBO for this decoder: the posterior's mean, and s_j = v / M_jj. Exact where W^T W is diagonal; elsewhere the ELBO
// stays (sum of log M_jj - log det M) / 2 below log p(x), the same for every x.
LinearVae best_encoder(const ProbabilisticPca& decoder);

// The ELBO of each example, in the parts of models/objective.h, for codes N(mean, diag(exp(logvar))) (n, latent) from whatever encoder:
//   reconstruction = d/2 log(2 pi v) + (|x - mu - W mean|^2 + sum over j of exp(logvar_j) |w_j|^2) / (2 v)
struct LinearElbo {
  std::vector<double> reconstruction, kl;
  double elbo(std::size_t i) const { return -reconstruction[i] - kl[i]; }
  double mean_elbo() const;
};
LinearElbo exact_elbo(const ProbabilisticPca& decoder, const Tensor& x, const Tensor& mean, const Tensor& logvar);
LinearElbo exact_elbo(const LinearVae& vae, const Tensor& x);
// The variance v of largest ELBO for these codes: the mean over numbers of the expected squared error.
double best_variance(const ProbabilisticPca& decoder, const Tensor& x, const Tensor& mean, const Tensor& logvar);

// The aggregate posterior q(z) = N(mean, covariance) where x is Gaussian with these moments, (d,) and (d, d); for other data of these
// moments its mean and covariance alone are exact. KL of the ELBO = mutual_information + aggregate_kl.
struct LinearAggregate {
  Tensor mean, covariance;        // float64 (latent,), (latent, latent)
  double mutual_information = 0;  // of x and z: 1/2 (log det covariance - sum of log s)
  double aggregate_kl = 0;        // KL(q(z) || N(0, I))
};
LinearAggregate aggregate_posterior(const LinearVae& vae, const Tensor& data_mean, const Tensor& data_covariance);

// To and from the weights of a dense model without hidden layers and with linear output (model.hidden=[], model.output=linear); its
// likelihood's variance is the configuration's. Throws Error for other weights, and where a log-variance is outside [-8, 8], where the
// encoder would clamp it.
void load_linear_vae(ParamStore& store, const LinearVae& vae);
ProbabilisticPca linear_decoder(const ParamStore& store, double variance);

}  // namespace elbo
