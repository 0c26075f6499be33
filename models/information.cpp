#include "models/information.h"

#include <algorithm>
#include <cmath>
#include <vector>

#include "tensor/elementwise.h"
#include "tensor/error.h"
#include "tensor/linalg.h"
#include "tensor/matmul.h"
#include "tensor/parallel.h"

namespace elbo {

// log q(z_i | x_j) = -1/2 sum over d of (z_id - m_jd)^2 / v_jd + log v_jd, without the constant that cancels. As one product over 2 latent
// numbers: z^2 with -1/2 1/v and z with m / v; what depends on j alone is added.
double mutual_information(const Tensor& mean, const Tensor& logvar, const Tensor& z) {
  const Index n = mean.size(0), latent = mean.size(1);
  require_shape("information", "logvar", logvar, mean.shape());
  require_shape("information", "z", z, mean.shape());
  if (n == 0) return 0;
  const Tensor m = mean.to(DType::float64), l = logvar.to(DType::float64), codes = z.to(DType::float64);
  Tensor left({n, 2 * latent}, DType::float64), right({n, 2 * latent}, DType::float64);
  std::vector<double> constant(static_cast<std::size_t>(n));
  double *a = left.mutable_data<double>(), *b = right.mutable_data<double>();
  for (Index i = 0; i < n; i++)
    for (Index d = 0; d < latent; d++) {
      const double x = codes.data<double>()[i * latent + d], mu = m.data<double>()[i * latent + d], lv = l.data<double>()[i * latent + d];
      const double precision = std::exp(-lv);
      a[i * 2 * latent + d] = x * x, a[i * 2 * latent + latent + d] = x;
      b[i * 2 * latent + d] = -0.5 * precision, b[i * 2 * latent + latent + d] = mu * precision;
      constant[std::size_t(i)] -= 0.5 * (mu * mu * precision + lv);
    }
  constexpr Index block = 256;  // rows of the n x n table at a time
  std::vector<double> information(static_cast<std::size_t>(n));
  for (Index begin = 0; begin < n; begin += block) {
    const Index rows = std::min(block, n - begin);
    const Tensor table = matmul(left.slice(begin, begin + rows), right, false, true);
    parallel(rows, [&](Index r) {
      const double* row = table.data<double>() + r * n;
      double largest = row[0] + constant[0], sum = 0;
      for (Index j = 0; j < n; j++) largest = std::max(largest, row[j] + constant[std::size_t(j)]);
      for (Index j = 0; j < n; j++) sum += std::exp(row[j] + constant[std::size_t(j)] - largest);
      information[std::size_t(begin + r)] = row[begin + r] + constant[std::size_t(begin + r)] - largest - std::log(sum / double(n));
    });
  }
  double sum = 0;
  for (const double v : information) sum += v;
  return sum / double(n);
}

}  // namespace elbo
