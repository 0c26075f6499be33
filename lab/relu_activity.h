#pragma once
// Which relu units of a model ever fire, whatever the model: while it lives it watches the ops that this thread runs.
//
//   ReluActivity activity;
//   { const Observe guard = activity.observe(); model.encode(x); }     // as many batches as wanted
//   activity.layers()
//
// A unit is a number of a layer's last axis: of convolutions a filter, at all places together.

#include "autograd/mode.h"
#include "models/symptoms.h"

namespace elbo {

class ReluActivity {
 public:
  Observe observe() {
    return Observe([this](const Node& op, std::span<const Tensor> results) { see(op, results[0]); });
  }
  // In the order in which they ran first; dead: 0 at every look.
  std::vector<Symptoms::Layer> layers() const;

 private:
  struct Seen {
    std::string name;
    std::vector<char> fired;
  };
  void see(const Node& op, const Tensor& result);
  std::vector<Seen> seen_;
  const std::string* scope_ = nullptr;  // of the op before: a relu behind a normalisation stands in none
};

}  // namespace elbo
