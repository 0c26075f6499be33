#include "lab/classifier.h"

#include <doctest/doctest.h>

#include <cmath>
#include <fstream>

#include "data/checksum.h"
#include "tensor/file.h"
#include "tensor/parallel.h"
#include "tensor/random.h"
#include "tests/support.h"

using namespace elbo;
using elbo::testing::contains;
using elbo::testing::Environment;
using elbo::testing::error_of;
using elbo::testing::Folder;

namespace {

// Bytes (n, 6, 7, 1): bars from left to right (label 0), from top to bottom (1), or noise alone (2).
Split bars(Index n, std::uint64_t seed) {
  Split split;
  split.values = Tensor({n, 6, 7, 1}, DType::uint8);
  split.labels = Tensor({n}, DType::int32);
  const RandomKey key{.seed = seed, .purpose = Purpose::test};
  for (Index i = 0; i < n; i++) {
    const auto draw = [&](Index k) { return key.word(std::uint32_t(i), std::uint32_t(k)); };
    const Index label = Index(draw(0) % 3), at = Index(draw(1) % 6);
    split.labels.set<std::int32_t>({i}, std::int32_t(label));
    for (Index y = 0; y < 6; y++)
      for (Index x = 0; x < 7; x++) {
        const bool bar = (label == 0 && y == at) || (label == 1 && x == at);
        split.values.set<std::uint8_t>({i, y, x, 0}, std::uint8_t(draw(2 + 7 * y + x) % 100 + (bar ? 155 : 0)));
      }
  }
  return split;
}

Dataset bar_data() {
  Dataset data;
  data.train = bars(300, 1);
  data.test = bars(200, 2);
  data.test.part = Part::test;
  data.example_shape = {6, 7, 1};
  data.classes = 3;
  data.checksum = 0x1234;
  return data;
}

struct Told {
  std::vector<std::string> notes;
  Index updates = 0;
  ClassifierOptions options(const std::string& cache) {
    return {.updates = 60,
            .cache = cache,
            .note = [this](std::string_view text) { notes.emplace_back(text); },
            .progress = [this](Index done, Index) { updates = done; }};
  }
};

}  // namespace

TEST_CASE("a classifier learns, is kept, and is the same when it is read and for any number of threads") {
  const Folder folder;
  const Dataset data = bar_data();
  Told first, second, third;
  const Classifier trained = classifier_of(data, first.options(folder / "new/cache"));
  CHECK(first.updates == 60);
  CHECK(first.notes.size() == 1);
  CHECK(trained.accuracy(data.test) > 0.95);
  const Tensor features = trained.features(data.test.values);
  CHECK(features.shape() == Shape{200, 128});
  CHECK(trained.logits(data.test.values).shape() == Shape{200, 3});

  const Classifier kept = classifier_of(data, second.options(folder / "new/cache"));
  CHECK(second.updates == 0);
  CHECK(second.notes.empty());
  CHECK(identical(kept.features(data.test.values), features));

  const int before = threads();
  set_threads(before == 1 ? 2 : 1);
  const Classifier again = classifier_of(data, third.options(folder / "other"));
  set_threads(before);
  CHECK(third.updates == 60);
  CHECK(identical(again.features(data.test.values), features));
}

TEST_CASE("a classifier's features of bytes and floats are one, and logits come from them alone") {
  Classifier untrained({6, 7, 1}, 3);
  const Split split = bars(9, 3);
  Tensor floats(split.values.shape());
  for (Index i = 0; i < floats.numel(); i++) floats.mutable_data<float>()[i] = float(split.values.element(i) / 255);
  const Tensor a = untrained.features(split.values), b = untrained.features(floats);
  for (Index i = 0; i < a.numel(); i++) CHECK(a.element(i) == doctest::Approx(b.element(i)).epsilon(1e-4));
  for (Index i = 0; i < a.numel(); i++) CHECK(a.element(i) >= 0);
  CHECK(untrained.features(split.values.slice(0, 0)).shape() == Shape{0, 128});
  CHECK(contains(error_of([&] { untrained.features(Tensor::zeros({1, 7, 6, 1})); }), "7"));
  // Sizes and channels that do not divide evenly.
  CHECK(Classifier({33, 9, 3}, 2).logits(Tensor::zeros({2, 33, 9, 3})).shape() == Shape{2, 2});
  CHECK(Classifier({1, 1, 1}, 2).logits(Tensor::zeros({2, 1, 1, 1})).shape() == Shape{2, 2});
}

TEST_CASE("a damaged or foreign file of a classifier is replaced") {
  const Folder folder;
  const Dataset data = bar_data();
  Told told;
  ClassifierOptions options = told.options(folder.path());
  options.updates = 2;
  const Tensor features = classifier_of(data, options).features(data.test.values);
  const std::string file = classifier_file(data, options);
  const auto whole = read_file(file, 1 << 24);
  const auto rewritten = [&](const std::vector<std::byte>& bytes) {
    write_file_atomically(file, Bytes(bytes));
    told = {};
    CHECK(identical(classifier_of(data, options).features(data.test.values), features));
    CHECK(read_file(file, 1 << 24) == whole);
    return told.updates == 2 && told.notes.size() == 2 && contains(told.notes[0], "not used");
  };
  auto flipped = whole, cut = whole;
  flipped[flipped.size() - 1000] ^= std::byte{1};
  cut.resize(cut.size() / 2);
  CHECK(rewritten(flipped));
  CHECK(rewritten(cut));
  CHECK(rewritten({}));
  // Other data whose file was put in this one's place.
  Dataset other = data;
  other.checksum++;
  classifier_of(other, options);
  CHECK(classifier_file(other, options) != file);
  CHECK(rewritten(read_file(classifier_file(other, options), 1 << 24)));
  // The same data divided otherwise are other training examples.
  Dataset fewer = data;
  fewer.train.values = data.train.values.slice(0, 100);
  fewer.train.labels = data.train.labels.slice(0, 100);
  CHECK(classifier_file(fewer, options) != file);
}

TEST_CASE("where a classifier is kept, and what happens where it cannot be") {
  const Folder folder;
  const Dataset data = bar_data();
  {
    const Environment xdg("XDG_CACHE_HOME", folder / "xdg"), home("HOME", folder / "home");
    CHECK(classifier_file(data).starts_with(folder / "xdg/elbo/classifier-"));
  }
  {
    const Environment xdg("XDG_CACHE_HOME", "relative"), home("HOME", folder / "home");
    CHECK(classifier_file(data).starts_with(folder / "home/.cache/elbo/"));
  }
  std::ofstream(folder / "file") << "no folder";
  Told told;
  ClassifierOptions options = told.options(folder / "file");
  options.updates = 1;
  CHECK(classifier_of(data, options).classes() == 3);
  REQUIRE(told.notes.size() == 2);
  CHECK(contains(told.notes[1], "trained anew"));

  Dataset unlabelled = data;
  unlabelled.classes = 0;
  unlabelled.train.labels = {};
  CHECK(contains(error_of([&] { classifier_of(unlabelled, options); }), "no labels"));
  Dataset vectors = data;
  vectors.example_shape = {42};
  CHECK(contains(error_of([&] { classifier_of(vectors, options); }), "expected pictures"));
}
