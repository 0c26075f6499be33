#include "autograd/mode.h"

#include <mutex>
#include <set>

namespace elbo {
namespace {
thread_local GradMode mode = GradMode::gradients;
thread_local bool times = false, anomaly = false;
thread_local std::uint64_t step = 0;
thread_local const std::string* scope = nullptr;
thread_local const Observer* observer = nullptr;
}  // namespace

GradMode grad_mode() { return mode; }
NoGrad::NoGrad() : before_(mode) { mode = GradMode::nothing; }
NoGrad::~NoGrad() { mode = before_; }

Record::Record(bool with_times) : before_(mode), times_before_(times) {
  mode = GradMode::record;
  times = with_times;
}
Record::~Record() {
  mode = before_;
  times = times_before_;
}
bool recording_times() { return times; }

Anomaly::Anomaly(std::uint64_t at_step) : before_(anomaly), step_before_(step) {
  anomaly = true;
  step = at_step;
}
Anomaly::~Anomaly() {
  anomaly = before_;
  step = step_before_;
}
bool anomaly_mode() { return anomaly; }
std::uint64_t anomaly_step() { return step; }

Observe::Observe(Observer own) : observer_(std::move(own)), before_(observer) { observer = &observer_; }
Observe::~Observe() { observer = before_; }
const Observer* current_observer() { return observer; }

ScopeLabel::ScopeLabel(const std::string* interned) : before_(scope) { scope = interned; }
ScopeLabel::~ScopeLabel() { scope = before_; }
const std::string* current_scope() { return scope; }

const std::string* intern_scope(std::string_view path) {
  static std::mutex mutex;
  static auto* names = new std::set<std::string, std::less<>>;
  std::lock_guard lock(mutex);
  if (auto it = names->find(path); it != names->end()) return &*it;
  return &*names->emplace(path).first;
}

}  // namespace elbo
