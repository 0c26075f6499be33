#pragma once
// What a forward pass records, as guards: the mode ends with the guard's scope.
//
//   { NoGrad guard; evaluate(model); }     // records nothing: values only
//   { Record guard; y = model(x); }        // keeps nodes but no saved tensors: for graphs and export
//   { Anomaly guard(step); ... }           // the first NaN or infinity is an error that names op, inputs and step
//   { Observe guard(look); model(x); }     // shows `look` what every op gives: hidden layers, whatever the model

#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <string_view>

namespace elbo {

class Node;
class Tensor;

enum class GradMode { gradients, nothing, record };
GradMode grad_mode();

class NoGrad {
 public:
  NoGrad();
  ~NoGrad();
  NoGrad(const NoGrad&) = delete;
  NoGrad& operator=(const NoGrad&) = delete;

 private:
  GradMode before_;
};

class Record {
 public:
  explicit Record(bool times = false);  // times: also measure each op's forward pass
  ~Record();
  Record(const Record&) = delete;
  Record& operator=(const Record&) = delete;

 private:
  GradMode before_;
  bool times_before_;
};
bool recording_times();

class Anomaly {
 public:
  explicit Anomaly(std::uint64_t step = 0);
  ~Anomaly();
  Anomaly(const Anomaly&) = delete;
  Anomaly& operator=(const Anomaly&) = delete;

 private:
  bool before_;
  std::uint64_t step_before_;
};
bool anomaly_mode();
std::uint64_t anomaly_step();

// Called after each op of this thread with its name, attributes and scope, and what came out.
using Observer = std::function<void(const Node& op, std::span<const Tensor> results)>;
class Observe {
 public:
  explicit Observe(Observer observer);
  ~Observe();
  Observe(const Observe&) = delete;
  Observe& operator=(const Observe&) = delete;

 private:
  Observer observer_;
  const Observer* before_;
};
const Observer* current_observer();  // null: none

// The path of the layer at work, for the nodes it makes: layers set it while they compute.
class ScopeLabel {
 public:
  explicit ScopeLabel(const std::string* interned);
  ~ScopeLabel();
  ScopeLabel(const ScopeLabel&) = delete;
  ScopeLabel& operator=(const ScopeLabel&) = delete;

 private:
  const std::string* before_;
};
const std::string* current_scope();                      // null outside every layer
const std::string* intern_scope(std::string_view path);  // one copy of each path, kept for good

}  // namespace elbo
