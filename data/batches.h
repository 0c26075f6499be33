#pragma once
// Batches of pictures or vectors: the numbers a training step or an evaluation sees, in the order in which it sees them.

#include <condition_variable>
#include <mutex>
#include <string_view>
#include <thread>

#include "data/augment.h"
#include "data/batch.h"
#include "data/dataset.h"
#include "tensor/random.h"

namespace elbo {

enum class Binarize : std::uint8_t { none, threshold, dynamic };
enum class Dequantize : std::uint8_t { none, uniform };
std::string_view name_of(Binarize b);
std::string_view name_of(Dequantize d);
Binarize binarize_from_name(std::string_view name);      // throws UsageError
Dequantize dequantize_from_name(std::string_view name);  // throws UsageError

struct BatchOptions {
  Index size = 128;
  // none: the values; threshold: 1 where a value is at least 1/2; dynamic: 1 with the value as probability, drawn anew at each use.
  Binarize binarize = Binarize::none;
  // uniform: (byte + u) / 256 with u in [0, 1), drawn anew at each use; bytes alone, not together with binarize.
  Dequantize dequantize = Dequantize::none;
  Augment augment;              // drawn anew each epoch, from the values as they are, before anything else; training alone
  DType type = DType::float32;  // or float64
  // A thread of its own makes the next batch ahead; the same numbers. For values in memory it does not pay: 128 x 784 bytes take about
  // 20 microseconds on one core (dynamic: 100), and the thread takes a core from the step that it would spare them. For values in a file
  // it waits for the disk in the step's stead.
  bool prefetch = false;
};

class Batches final : public BatchSource {
 public:
  // For training: the order of epoch e is a permutation drawn from (seed, e), and so is what is drawn at each use.
  static Batches training(const Split& split, const BatchOptions& options, std::uint64_t seed);
  // For evaluation: the part's own order, and one fixed draw that depends on part and example alone: every run, whatever its seed, is
  // measured on the same pixels. `epoch` means nothing here.
  static Batches evaluation(const Split& split, const BatchOptions& options);

  Batches(Batches&& other) = delete;
  ~Batches() override;

  Index examples() const override { return split_.size(); }
  Index count() const override { return (examples() + options_.size - 1) / options_.size; }
  const BatchOptions& options() const { return options_; }

  const Batch& load(Index epoch, Index number) override;  // allocates nothing after the first epoch

 private:
  struct Slot {
    Tensor x, labels, examples;  // options_.size rows
    Tensor augmented;            // the values as they come from the part but for `augment`
    Batch batch;
    Index epoch = -1, number = -1;
  };
  Batches(const Split& split, const BatchOptions& options, bool shuffled, std::uint64_t seed);
  void fill(Slot& slot, Index epoch, Index number, bool on_threads);
  template <class From, class To>
  void convert(Slot& slot, Index epoch, bool on_threads);
  void work();

  Split split_;
  BatchOptions options_;
  bool shuffled_;
  std::uint64_t seed_;
  Tensor order_;  // int32 (n,): the order of epoch order_epoch_
  Index order_epoch_ = -1;
  Slot slots_[2];
  int current_ = 0;

  // With prefetch: while busy_, the worker alone touches order_ and the slot that is not current.
  std::thread worker_;
  std::mutex mutex_;
  std::condition_variable changed_;
  bool busy_ = false, stop_ = false;
  Index next_epoch_ = 0, next_number_ = 0;
  std::exception_ptr error_;
};

}  // namespace elbo
