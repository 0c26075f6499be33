#include "lab/relu_activity.h"

#include <algorithm>

#include "autograd/node.h"

namespace elbo {
namespace {

bool is_relu(const Node& op) {
  if (op.name == "relu") return true;
  const std::vector<Attribute> attributes = op.attributes();
  return std::any_of(attributes.begin(), attributes.end(), [](const Attribute& a) { return a.name == "activation" && a.value == "relu"; });
}

}  // namespace

void ReluActivity::see(const Node& op, const Tensor& result) {
  if (op.scope) scope_ = op.scope;
  if (!is_relu(op) || result.rank() == 0) return;
  const std::string name = scope_ ? *scope_ : std::string(op.name);
  const std::size_t units = std::size_t(result.size(-1));
  auto it = std::find_if(seen_.begin(), seen_.end(), [&](const Seen& s) { return s.name == name && s.fired.size() == units; });
  if (it == seen_.end()) it = seen_.insert(seen_.end(), {name, std::vector<char>(units)});
  for_float("relu activity", result.dtype(), [&]<class T>(T) {
    const T* y = result.data<T>();
    for (Index i = 0; i < result.numel();)
      for (std::size_t k = 0; k < units; k++, i++) it->fired[k] = char(it->fired[k] | char(y[i] > 0));
  });
}

std::vector<Symptoms::Layer> ReluActivity::layers() const {
  std::vector<Symptoms::Layer> all;
  for (const Seen& s : seen_) all.push_back({s.name, Index(s.fired.size()), Index(std::count(s.fired.begin(), s.fired.end(), char(0)))});
  return all;
}

}  // namespace elbo
