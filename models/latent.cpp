#include "models/latent.h"

#include "autograd/ops.h"

namespace elbo {

Var draw_code(const Code& code, const Tensor& noise) {
  return code.logvar && noise ? reparameterise(code.mean, code.logvar, noise) : code.mean;
}

Var code_kl(const Code& code) { return kl_normal(code.mean, code.logvar); }

// log N(z; 0, 1) - log N(z; mu, exp(v)) = (noise^2 + v - z^2) / 2 of each dimension: the constants log(2 pi) / 2 cancel.
Var log_prior_over_posterior(const Var& z, const Tensor& noise, const Var& logvar) {
  return sum(square(Var(noise)) + logvar - square(z), {1}) * 0.5;
}

std::vector<double> log_prior_over_posterior(const Tensor& z, const Tensor& noise, const Tensor& logvar) {
  const Index n = z.size(0), latent = z.size(1);
  std::vector<double> out(static_cast<std::size_t>(n));
  for_float("importance", z.dtype(), [&]<class T>(T) {
    const T *zs = z.data<T>(), *es = noise.data<T>(), *ls = logvar.data<T>();
    for (Index i = 0; i < n; i++) {
      double sum = 0;
      for (Index j = i * latent; j < (i + 1) * latent; j++)
        sum += double(es[j]) * double(es[j]) + double(ls[j]) - double(zs[j]) * double(zs[j]);
      out[std::size_t(i)] = sum / 2;
    }
  });
  return out;
}

}  // namespace elbo
