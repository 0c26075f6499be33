#include "nn/optim/optimizer.h"

#include <fmt/core.h>

#include <cmath>

#include "tensor/error.h"
#include "tensor/parallel.h"

namespace elbo {
namespace {

constexpr Index smallest_chunk = 1 << 14, most_chunks = 64;  // numbers; below this a second thread costs more than it brings

int group_of(std::string_view name, const std::vector<ParameterGroup>& groups) {
  for (std::size_t i = 0; i < groups.size(); i++)
    if (name.starts_with(groups[i].prefix) && name.ends_with(groups[i].suffix)) return int(i);
  return -1;
}

}  // namespace

Optimizer::Optimizer(ParamStore& store, Schedule learning_rate, double weight_decay, UpdateOptions options, std::vector<std::string> blocks)
    : store_(store), learning_rate_(std::move(learning_rate)), weight_decay_(weight_decay), options_(std::move(options)) {
  if (!store.sealed()) fail("optimizer", "expected a sealed store: call seal() once the model is built");
  if (!(options_.clip_norm >= 0) || !(options_.clip_value >= 0))
    fail("optimizer", fmt::format("expected clipping at 0 (none) or above, got clip_norm {} and clip_value {}", options_.clip_norm,
                                  options_.clip_value));
  values_ = store.values();
  gradients_ = store.gradients();
  find_ranges();
  const Index size = ranges_.back().offset + ranges_.back().length - ranges_.front().offset;
  for (std::string& block : blocks) state_.emplace_back(std::move(block), Tensor::zeros({size}, dtype()));
}

// Neighbours of one group are one range, with the gaps between them: a gap holds zeros, which every update leaves zero.
void Optimizer::find_ranges() {
  bool apart = true;
  Index numbers = 0;
  for (int i = 0; i < store_.count(); i++) {
    const ParamStore::Slot slot = store_.slot(i);
    const bool taken = slot.name.starts_with(options_.prefix);
    const int group = group_of(slot.name, options_.groups);
    if (taken && (apart || group != ranges_.back().group)) ranges_.push_back({slot.offset, 0, group});
    if (taken) ranges_.back().length = slot.offset + slot.size - ranges_.back().offset;
    apart = !taken;
  }
  if (ranges_.empty())
    fail("optimizer", fmt::format("none of the store's {} parameters has a name starting with '{}'", store_.count(), options_.prefix));
  for (const Range& r : ranges_) numbers += r.length;
  const Index grain = std::max(smallest_chunk, (numbers / most_chunks + 63) / 64 * 64);
  for (const Range& r : ranges_)
    for (Index at = 0; at < r.length; at += grain) chunks_.push_back({r.offset + at, std::min(grain, r.length - at), r.group});
  sums_.resize(chunks_.size());
}

// The norm of the gradients as they came, before anything moves: a pass of its own, over what backward has just written.
double Optimizer::gradient_norm() {
  for_float("optimizer", dtype(), [&]<class T>(T) {
    const T* g = gradients_.data<T>();
    parallel(Index(chunks_.size()), [&](Index i) {
      const Range& c = chunks_[std::size_t(i)];
      sums_[std::size_t(i)] = optimizer_kernels.of<T>().squares(g + c.offset, c.length);
    });
  });
  double total = 0;
  for (double sum : sums_) total += sum;
  return std::sqrt(total);
}

void Optimizer::step(const Gradients& gradients, double learning_rate_scale) {
  store_.complete(gradients);
  if (options_.hook) options_.hook(gradients_);
  norm_ = gradient_norm();
  if (!std::isfinite(norm_))
    throw NonFiniteGradient(
        fmt::format("[optimizer] step {}: expected a finite gradient norm, got {}; nothing was moved", steps_ + 1, norm_));
  GradientUse use;
  if (options_.clip_value > 0) use.clip = options_.clip_value;
  if (options_.clip_norm > 0 && norm_ + 1e-6 > options_.clip_norm)
    use.scale = options_.clip_norm / (norm_ + 1e-6);  // the term is PyTorch's
  const double rate = learning_rate() * learning_rate_scale;
  begin(steps_ + 1);
  parallel(Index(chunks_.size()), [&](Index i) {
    // Backwards: of the gradients that the norm has just read, the last ones are still in the second cache.
    const Range& c = chunks_[chunks_.size() - 1 - std::size_t(i)];
    if (c.group >= 0 && c.group == held_) return;
    Chunk chunk{c.offset, c.length, rate, weight_decay_, use};
    if (c.group >= 0) {
      const ParameterGroup& group = options_.groups[std::size_t(c.group)];
      chunk.rate *= group.rate;
      chunk.weight_decay = group.weight_decay.value_or(weight_decay_);
    }
    update(chunk);
  });
  steps_++;
  for (const Range& r : ranges_) store_.touched(r.offset, r.offset + r.length);
}

void Optimizer::load_state(std::span<const std::pair<std::string, Tensor>> state, std::int64_t steps, std::string_view source) {
  const auto find = [](auto& list, std::string_view wanted) {
    for (auto& entry : list)
      if (entry.first == wanted) return &entry.second;
    return decltype(&list[0].second)(nullptr);
  };
  if (steps < 0) fail("load", fmt::format("{}: expected a step count of 0 or more for {}, got {}", source, name(), steps));
  for (const auto& [block, mine] : state_) {
    const Tensor* given = find(state, block);
    if (!given)
      fail("load", fmt::format("{}: block '{}' of {} is missing: was the file written with another optimizer?", source, block, name()));
    if (!(given->shape() == mine.shape()) || given->dtype() != mine.dtype())
      fail("load", fmt::format("{}: block '{}' of {} has {} numbers of type {}, expected {} of {}: was the file written for another model?",
                               source, block, name(), given->numel(), dtype_name(given->dtype()), mine.numel(), dtype_name(mine.dtype())));
  }
  for (const auto& [block, tensor] : state)
    if (!find(state_, block))
      fail("load", fmt::format("{}: block '{}' is not one of {}'s: was the file written with another optimizer?", source, block, name()));
  for (auto& [block, mine] : state_) mine.copy_from(*find(state, block));
  steps_ = steps;
}

}  // namespace elbo
