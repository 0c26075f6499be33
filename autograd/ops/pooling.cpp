#include "autograd/ops/pooling.h"

#include <algorithm>

#include "autograd/samples.h"
#include "tensor/resample.h"

namespace elbo::ops {
namespace {

std::vector<Attribute> window_attributes(const Window& w) {
  const auto pair = [](const Extent& e) { return Shape{e.h, e.w}; };
  return {attribute("kernel", pair(w.kernel)), attribute("stride", pair(w.step())), attribute("padding", pair(w.padding))};
}

// The tables of weights whose products are the means; without count_padding a window's own pixels are rows times columns too.
std::array<Taps, 2> means(const Shape& x, const Window& w, bool count_padding) {
  const Extent step = w.step();
  return {mean_taps(x[1], w.kernel.h, step.h, w.padding.h, count_padding), mean_taps(x[2], w.kernel.w, step.w, w.padding.w, count_padding)};
}

// Numbers of which no two are nearer than 0.01 to each other: away from the kinks where another number becomes the largest.
Tensor distinct(const Shape& shape, std::uint32_t number) {
  Tensor x = sample_tensor(shape, -1, 1, number);
  std::vector<double> sorted(x.values<double>().begin(), x.values<double>().end());
  std::sort(sorted.begin(), sorted.end());
  double* p = x.mutable_data<double>();
  for (Index i = 0; i < x.numel(); i++) p[i] = 0.01 * double(std::lower_bound(sorted.begin(), sorted.end(), p[i]) - sorted.begin()) - 1;
  return x;
}

}  // namespace

Tensor MaxPool2dOp::forward(Saved& saved, const Tensor& x) const {
  Tensor y = max_pool2d(x, window);
  saved.keep(x);
  saved.keep(y);
  return y;
}
void MaxPool2dOp::backward(const Saved& saved, const Cotangents& dy, Targets& out) const {
  if (out.needed(0)) max_pool2d_backward(saved[0], saved[1], dy[0], window, out.at(0));
}
std::vector<Attribute> MaxPool2dOp::attributes() const { return window_attributes(window); }
std::vector<Sample<MaxPool2dOp>> MaxPool2dOp::samples() {
  return {{{{}}, {distinct({2, 4, 5, 3}, 81)}},
          {{{.kernel = {3, 2}, .stride = {2, 1}, .padding = {1, 0}}}, {distinct({2, 6, 5, 2}, 82)}},
          {{{.kernel = 3, .stride = 1, .padding = 1}}, {distinct({1, 5, 4, 9}, 83)}},
          {{{.kernel = {1, 2}, .stride = 3}}, {distinct({1, 4, 8, 1}, 84)}}};
}

Tensor AveragePool2dOp::forward(Saved& saved, const Tensor& x) const {
  window_count(name, window, x);  // checks
  const auto [rows, columns] = means(x.shape(), window, count_padding);
  saved.keep(x);
  return resample(x, rows, columns);
}
void AveragePool2dOp::backward(const Saved& saved, const Cotangents& dy, Targets& out) const {
  if (!out.needed(0)) return;
  const auto [rows, columns] = means(saved[0].shape(), window, count_padding);
  resample(dy[0], rows.transposed(), columns.transposed(), out.at(0));
}
std::vector<Attribute> AveragePool2dOp::attributes() const {
  auto all = window_attributes(window);
  all.push_back({"count_padding", count_padding ? "true" : "false"});
  return all;
}
std::vector<Sample<AveragePool2dOp>> AveragePool2dOp::samples() {
  const Window overlapping{.kernel = {3, 2}, .stride = {2, 1}, .padding = {1, 1}};
  return {{{{}}, {sample_tensor({2, 4, 5, 3}, -1, 1, 85)}},
          {{overlapping}, {sample_tensor({2, 6, 5, 2}, -1, 1, 86)}},
          {{overlapping, false}, {sample_tensor({1, 5, 4, 9}, -1, 1, 87)}},
          {{{.kernel = {1, 2}, .stride = 3}, false}, {sample_tensor({1, 4, 8, 1}, -1, 1, 88)}}};
}

}  // namespace elbo::ops
