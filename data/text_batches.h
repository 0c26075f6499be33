#pragma once
// Batches of texts of similar length, so that few positions are padding.
//
// Training: the epoch's permutation is cut into pools of 50 batches; each pool is sorted by length and cut into batches, and all batches
// of the epoch change places. Every example is in one batch an epoch, and stands in a batch drawn at random; as the loss is the mean over
// a batch's examples, whatever their length, its gradient is unbiased for that of the mean over all examples (but for the epoch's smaller
// batch, as everywhere). Batches differ more from each other than unsorted ones would: that is noise, no bias.
// Evaluation: all examples by length; a figure that is wanted in the part's order is put there by Batch::examples.

#include <memory>

#include "data/batch.h"
#include "data/dataset.h"

namespace elbo {

class TextBatches final : public BatchSource {
 public:
  static std::unique_ptr<TextBatches> training(const Split& split, Index size, std::uint64_t seed);
  static std::unique_ptr<TextBatches> evaluation(const Split& split, Index size);

  Index examples() const override { return split_.size(); }
  Index count() const override { return Index(begins_.size()) - 1; }
  const Batch& load(Index epoch, Index number) override;

 private:
  TextBatches(const Split& split, Index size, bool shuffled, std::uint64_t seed);
  void arrange(Index epoch);

  Split split_;
  Index size_;
  bool shuffled_;
  std::uint64_t seed_;
  Index epoch_ = -1;
  std::vector<std::int32_t> order_;  // of the examples in the epoch, batch by batch
  std::vector<Index> begins_;        // of the batches in `order_`, and their end
  Batch batch_;
};

}  // namespace elbo
