#include "data/batches.h"

#include <fmt/core.h>

#include <algorithm>
#include <cstring>

#include "tensor/error.h"
#include "tensor/kernels/pixels.h"
#include "tensor/nearest.h"
#include "tensor/parallel.h"

namespace elbo {
namespace {

const std::vector<std::string> binarize_names = {"none", "threshold", "dynamic"}, dequantize_names = {"none", "uniform"};

std::size_t position(std::string_view what, std::string_view name, const std::vector<std::string>& names) {
  const auto it = std::find(names.begin(), names.end(), name);
  if (it == names.end()) throw UsageError(fmt::format("[{}] {}", what, unknown_message("value", name, names)));
  return std::size_t(it - names.begin());
}

template <class From, class To>
const PixelTable<From, To>& table() {
  const PixelKernels& k = *pixel_kernels;
  if constexpr (std::is_same_v<From, std::uint8_t>) {
    if constexpr (std::is_same_v<To, float>)
      return k.u8_f32;
    else
      return k.u8_f64;
  } else {
    if constexpr (std::is_same_v<To, float>)
      return k.f32_f32;
    else
      return k.f32_f64;
  }
}

constexpr Index piece = 1024;   // elements at a time: their random words stay in the first cache
constexpr Index grain = 16384;  // elements a chunk: below, handing work to another thread costs more than it brings

}  // namespace

std::string_view name_of(Binarize b) { return binarize_names[std::size_t(b)]; }
std::string_view name_of(Dequantize d) { return dequantize_names[std::size_t(d)]; }
Binarize binarize_from_name(std::string_view name) { return Binarize(position("data.binarize", name, binarize_names)); }
Dequantize dequantize_from_name(std::string_view name) { return Dequantize(position("data.dequantize", name, dequantize_names)); }

Batches Batches::training(const Split& split, const BatchOptions& options, std::uint64_t seed) {
  return Batches(split, options, true, seed);
}
Batches Batches::evaluation(const Split& split, const BatchOptions& options) { return Batches(split, options, false, 0); }

Batches::Batches(const Split& split, const BatchOptions& options, bool shuffled, std::uint64_t seed)
    : split_(split), options_(options), shuffled_(shuffled), seed_(seed) {
  if (options.size < 1) throw UsageError(fmt::format("[train.batch] expected at least 1, got {}", options.size));
  if (options.type != DType::float32 && options.type != DType::float64) fail_dtype("batches", options.type);
  if (split.size() == 0) fail("batches", fmt::format("the {} part holds no examples", part_name(split.part)));
  if (options.dequantize != Dequantize::none && split.values.dtype() != DType::uint8)
    throw UsageError("[data.dequantize] uniform is for bytes; these data are floats and taken as they are");
  if (options.dequantize != Dequantize::none && options.binarize != Binarize::none)
    throw UsageError("[data.dequantize] uniform and data.binarize exclude each other: values are drawn one way or the other");
  if (options.binarize != Binarize::none && split.values.dtype() == DType::float32)
    for (const float v : split.values.values<float>())
      if (!(v >= 0 && v <= 1))
        fail("batches", fmt::format("data.binarize={} needs values from 0 to 1, got {}", name_of(options.binarize), v));
  if (!shuffled) options_.augment = {};
  check_augment(options_.augment, split.values.shape().without(0));
  order_ = Tensor({split.size()}, DType::int32);
  options_.size = std::min(options_.size, split.size());
  for (Slot& slot : slots_) {
    slot.x = Tensor(split.values.shape().with(0, options_.size), options.type);
    slot.examples = Tensor({options_.size}, DType::int32);
    if (split.labels) slot.labels = Tensor({options_.size}, DType::int32);
    if (options_.augment) slot.augmented = Tensor(split.values.shape().with(0, options_.size), split.values.dtype());
    if (!options.prefetch) break;
  }
  if (options.prefetch) worker_ = std::thread([this] { work(); });
}

Batches::~Batches() {
  if (!worker_.joinable()) return;
  {
    std::lock_guard lock(mutex_);
    stop_ = true;
  }
  changed_.notify_all();
  worker_.join();
}

const Batch& Batches::load(Index epoch, Index number) {
  if (number < 0 || number >= count() || epoch < 0)
    fail("batches", fmt::format("expected batch 0 to {}, got {} of epoch {}", count() - 1, number, epoch));
  if (!options_.prefetch) {
    fill(slots_[0], epoch, number, true);
    return slots_[0].batch;
  }
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [&] { return !busy_; });
  current_ = 1 - current_;
  Slot& slot = slots_[current_];
  if (error_) std::rethrow_exception(std::exchange(error_, nullptr));
  if (slot.epoch != epoch || slot.number != number) fill(slot, epoch, number, true);
  next_number_ = (number + 1) % count();
  next_epoch_ = epoch + (next_number_ == 0);
  busy_ = true;
  lock.unlock();
  changed_.notify_all();
  return slot.batch;
}

void Batches::work() {
  std::unique_lock lock(mutex_);
  for (;;) {
    changed_.wait(lock, [&] { return busy_ || stop_; });
    if (stop_) return;
    Slot& slot = slots_[1 - current_];
    lock.unlock();
    std::exception_ptr error;
    try {
      fill(slot, next_epoch_, next_number_, false);
    } catch (...) {
      error = std::current_exception();
      slot.epoch = -1;
    }
    lock.lock();
    error_ = error;
    busy_ = false;
    changed_.notify_all();
  }
}

void Batches::fill(Slot& slot, Index epoch, Index number, bool on_threads) {
  const Index begin = number * options_.size, n = std::min(options_.size, examples() - begin);
  std::int32_t* order = order_.mutable_data<std::int32_t>();
  if (!shuffled_ && order_epoch_ < 0)
    for (Index i = 0; i < examples(); i++) order[i] = std::int32_t(i);
  if (shuffled_ && order_epoch_ != epoch)
    permutation(std::span(order, std::size_t(examples())), RandomKey{seed_, Purpose::shuffle, std::uint64_t(epoch)});
  order_epoch_ = epoch;

  std::memcpy(slot.examples.mutable_data<std::int32_t>(), order + begin, std::size_t(n) * sizeof(std::int32_t));
  slot.batch.examples = slot.examples.slice(0, n);
  if (split_.values.is_in_file())
    for (Index i = 0; i < n; i++) split_.values.will_read(order[begin + i], order[begin + i] + 1);
  if (split_.labels) {
    const std::int32_t* from = split_.labels.data<std::int32_t>();
    std::int32_t* to = slot.labels.mutable_data<std::int32_t>();
    for (Index i = 0; i < n; i++) to[i] = from[order[begin + i]];
    slot.batch.labels = slot.labels.slice(0, n);
  }
  slot.batch.x = slot.x.slice(0, n);
  const bool bytes = split_.values.dtype() == DType::uint8;
  if (options_.type == DType::float32)
    bytes ? convert<std::uint8_t, float>(slot, epoch, on_threads) : convert<float, float>(slot, epoch, on_threads);
  else
    bytes ? convert<std::uint8_t, double>(slot, epoch, on_threads) : convert<float, double>(slot, epoch, on_threads);
  slot.epoch = epoch;
  slot.number = number;
}

template <class From, class To>
void Batches::convert(Slot& slot, Index epoch, bool on_threads) {
  const Index n = slot.batch.size(), width = slot.x.numel() / slot.x.shape()[0];
  const From* values = split_.values.data<From>();
  const std::int32_t* example = slot.examples.data<std::int32_t>();
  To* out = slot.x.mutable_data<To>();
  const PixelTable<From, To>& kernels = table<From, To>();
  // Evaluation draws from a stream that no training run has: the seed and the highest steps are its own.
  const std::uint64_t step = shuffled_ ? std::uint64_t(epoch) : ~std::uint64_t{0} - std::uint64_t(split_.part);
  const RandomKey key{seed_, options_.binarize == Binarize::dynamic ? Purpose::binarize : Purpose::dequantize, step};

  const RandomKey augment_key{seed_, Purpose::augment, step};
  From* augmented = slot.augmented ? slot.augmented.mutable_data<From>() : nullptr;

  const auto row = [&](Index r) {
    if (r + 2 < n) {  // shuffled rows lie anywhere in memory: the one after the next is fetched already
      const auto* next = reinterpret_cast<const char*>(values + Index(example[r + 2]) * width);
      for (Index i = 0; i < std::min<Index>(width * Index(sizeof(From)), 4096); i += 64) __builtin_prefetch(next + i);
    }
    const From* x = values + Index(example[r]) * width;
    if (augmented) {
      From* changed = augmented + r * width;
      augment_example(options_.augment, split_.values.shape().without(0), augment_key, std::uint32_t(example[r]), x, changed);
      x = changed;
    }
    To* y = out + r * width;
    if (options_.binarize == Binarize::threshold) return kernels.threshold(x, y, width);
    if (options_.binarize == Binarize::none && options_.dequantize == Dequantize::none) return kernels.value(x, y, width);
    alignas(64) std::uint32_t words[piece];
    for (Index i = 0; i < width; i += piece) {
      const Index m = std::min(piece, width - i);
      fill_words(words, std::uint32_t(i / 4), (m + 3) / 4, key, std::uint32_t(example[r]));
      if (options_.binarize == Binarize::dynamic) {
        kernels.bernoulli(x + i, words, y + i, m);
      } else if constexpr (std::is_same_v<From, std::uint8_t>) {
        if constexpr (std::is_same_v<To, float>)
          pixel_kernels->dequantize_f32(x + i, words, y + i, m);
        else
          pixel_kernels->dequantize_f64(x + i, words, y + i, m);
      }
    }
  };
  if (!on_threads) {  // the prefetching thread runs serial code only: the pool belongs to the step
    for (Index r = 0; r < n; r++) row(r);
    return;
  }
  const Index chunks = std::clamp<Index>(n * width / grain, 1, n);
  parallel(chunks, [&](Index c) {
    for (Index r = n * c / chunks; r < n * (c + 1) / chunks; r++) row(r);
  });
}

}  // namespace elbo
