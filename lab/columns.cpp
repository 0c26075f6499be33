#include "lab/columns.h"

#include <cmath>
#include <limits>

namespace elbo {

void place(std::vector<double>& column, const Tensor& values, const Batch& batch, Index size) {
  column.resize(std::size_t(size));
  const Tensor v = values.to(DType::float64);
  for (Index i = 0; i < v.numel(); i++) column[std::size_t(batch.examples.data<std::int32_t>()[i])] = v.data<double>()[i];
}

void place(std::vector<double>& column, const std::vector<double>& values, const Batch& batch, Index size) {
  place(column, Tensor::from(values, {Index(values.size())}), batch, size);
}

double column_mean(const std::vector<double>& column) {
  double sum = 0;
  for (const double v : column) sum += v;
  return column.empty() ? std::numeric_limits<double>::quiet_NaN() : sum / double(column.size());
}

double column_standard_error(const std::vector<double>& column) {
  const double m = column_mean(column), n = double(column.size());
  double squares = 0;
  for (const double v : column) squares += (v - m) * (v - m);
  return n > 1 ? std::sqrt(squares / (n - 1) / n) : std::numeric_limits<double>::quiet_NaN();
}

}  // namespace elbo
