#pragma once
// A small classifier of a data set of pictures with labels. What it has learned to see judges samples: Frechet distance, precision and
// recall are taken in its features (lab/frechet.h), the 128 activations before its last layer.
//
//   pictures (h, w, c), less their mean, over their standard deviation (two numbers for the whole training part)
//   5x5 convolution of stride 2 to 32 channels, then 3x3 convolutions of stride 2 to 64 until neither side exceeds 4; each with a ReLU
//   dense 128, ReLU: the features;  dense: one logit a class
//
// Trained with Adam on the cross-entropy, batches of 128, for a fixed number of updates from a fixed seed: the same weights for any number
// of threads. They are kept in a file, one for each training part, so that a data set is learned once a machine.

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "data/dataset.h"
#include "nn/conv.h"

namespace elbo {

struct ClassifierOptions {
  Index updates = 2000;                                     // 4.3 epochs of 60,000 examples
  std::string cache;                                        // the folder of the weights; empty: $XDG_CACHE_HOME/elbo, or ~/.cache/elbo
  std::function<void(std::string_view)> note;               // that it is trained, and why where a file was there or none can be
  std::function<void(Index done, Index updates)> progress;  // after each update; what it throws ends the training
};

class Classifier {
 public:
  static constexpr Index feature_count = 128;

  // Untrained. Throws Error unless `example` is (h, w, c) and there are two classes.
  Classifier(const Shape& example, int classes);

  // Of pictures (n, h, w, c): float32 or float64 as they are, uint8 as byte / 255. Throws Error for others.
  Tensor features(const Tensor& pictures) const;  // (n, 128), float32
  Tensor logits(const Tensor& pictures) const;    // (n, classes), float32
  double accuracy(const Split& split) const;      // share of a part's examples whose largest logit is their label's

  const Shape& example_shape() const { return example_; }
  int classes() const { return classes_; }

  void train(const Split& split, const ClassifierOptions& options);

  // The weights with what names their data, and back: read() takes a file that fits to the last number, and says otherwise why not.
  using Identity = std::vector<std::pair<std::string, std::string>>;
  void write(const std::string& path, const Identity& identity) const;
  std::string read(const std::string& path, const Identity& identity);  // empty: taken

 private:
  Tensor run(const Tensor& pictures, bool logits) const;
  Var forward(const Tensor& x, bool logits) const;  // x: float32 (n, h, w, c)

  Shape example_;
  int classes_;
  std::unique_ptr<ParamStore> store_;
  std::vector<Conv2d> convolutions_;
  Linear hidden_, output_;
  double mean_ = 0, deviation_ = 1;  // of the training part's numbers
};

// The classifier of a data set's training part: from its file, or trained and written there. A file that is damaged or belongs to other
// data is replaced; where none can be written, it is trained and a note says so. Throws Error for data without pictures, labels or training
// examples.
Classifier classifier_of(const Dataset& data, const ClassifierOptions& options = {});

// Where that file is, or would be: the folder, the data's checksum, their shape, the classifier's version, and the fingerprint of the
// training part, which depends on how the data are divided. Empty where there is no folder for it.
std::string classifier_file(const Dataset& data, const ClassifierOptions& options = {});

}  // namespace elbo
