#include "nn/conv.h"

#include <fmt/core.h>

#include "autograd/mode.h"
#include "tensor/error.h"

namespace elbo {
namespace {

ConvOptions options_of(const ConvConfig& c) {
  return {.stride = c.stride,
          .dilation = c.dilation,
          .padding = c.padding,
          .groups = c.groups,
          .output_padding = c.output_padding,
          .activation = fused(c.activation)};
}

void check_groups(const Scope& scope, const ConvConfig& c) {
  if (c.groups < 1 || c.in % c.groups != 0 || c.out % c.groups != 0)
    fail("convolution",
         fmt::format("{}: expected groups that divide {} inputs and {} outputs, got {}", scope.path(), c.in, c.out, c.groups));
}

Index taps(const ConvConfig& c) { return c.kernel.h * c.kernel.w; }

}  // namespace

Conv2d::Conv2d(const Scope& s, const ConvConfig& c) : config(c), scope(intern_scope(s.path())) {
  check_groups(s, c);
  const Index fan_in = taps(c) * c.in / c.groups, fan_out = taps(c) * c.out / c.groups;
  filters = s.parameter("filters", {c.kernel.h, c.kernel.w, c.in / c.groups, c.out}, Initializer::weight(s.init(), fan_in, fan_out));
  bias = s.parameter("bias", {c.out}, Initializer::bias(s.init(), fan_in));
}

Var Conv2d::operator()(const Var& x) const {
  ScopeLabel label(scope);
  return apply_rest(config.activation, conv2d(x, filters, bias, options_of(config)));
}

ConvTranspose2d::ConvTranspose2d(const Scope& s, const ConvConfig& c) : config(c), scope(intern_scope(s.path())) {
  check_groups(s, c);
  const Index fan_in = taps(c) * c.out / c.groups, fan_out = taps(c) * c.in;
  filters = s.parameter("filters", {c.kernel.h, c.kernel.w, c.in, c.out / c.groups}, Initializer::weight(s.init(), fan_in, fan_out));
  bias = s.parameter("bias", {c.out}, Initializer::bias(s.init(), fan_in));
}

Var ConvTranspose2d::operator()(const Var& x) const {
  ScopeLabel label(scope);
  return apply_rest(config.activation, conv_transpose2d(x, filters, bias, options_of(config)));
}

}  // namespace elbo
