#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <numeric>

#include "data/batches.h"
#include "tensor/isa.h"
#include "tensor/memory.h"
#include "tensor/parallel.h"
#include "tests/support.h"

using namespace elbo;
using elbo::testing::message_of;

namespace {

// n pictures of 28 x 28 bytes, all values, with labels.
Split pictures(Index n, Part part = Part::train) {
  Split split{.part = part};
  split.values = Tensor({n, 28, 28, 1}, DType::uint8);
  split.labels = Tensor({n}, DType::int32);
  auto* p = split.values.mutable_data<std::uint8_t>();
  for (Index i = 0; i < n * 784; i++) p[i] = std::uint8_t(i * 7 + i / 784 * 3);
  for (Index i = 0; i < n; i++) split.labels.mutable_data<std::int32_t>()[i] = std::int32_t(i % 10);
  return split;
}

std::vector<std::int32_t> epoch_order(Batches& batches, Index epoch) {
  std::vector<std::int32_t> order;
  for (Index b = 0; b < batches.count(); b++)
    for (const std::int32_t i : batches.load(epoch, b).examples.values<std::int32_t>()) order.push_back(i);
  return order;
}

struct Threads {  // puts the number of threads back
  int before = threads();
  ~Threads() { set_threads(before); }
};
struct InstructionSet {
  Isa before = isa();
  ~InstructionSet() { set_isa(before); }
};

}  // namespace

TEST_CASE("an epoch holds every example once, in an order of its own") {
  const Split split = pictures(300);
  Batches batches = Batches::training(split, {.size = 128}, 1), same = Batches::training(split, {.size = 77}, 1),
          other = Batches::training(split, {.size = 128}, 2);
  CHECK(batches.count() == 3);
  const auto first = epoch_order(batches, 1), second = epoch_order(batches, 2);
  for (auto order : {first, second}) {
    CHECK_FALSE(std::is_sorted(order.begin(), order.end()));
    std::sort(order.begin(), order.end());
    std::vector<std::int32_t> all(300);
    std::iota(all.begin(), all.end(), 0);
    CHECK(order == all);
  }
  CHECK(first != second);
  CHECK(epoch_order(batches, 1) == first);  // an epoch can be asked for again: resuming
  CHECK(epoch_order(same, 1) == first);
  CHECK(epoch_order(other, 1) != first);
}

TEST_CASE("batches hold bytes / 255 with their labels; the last one is what is left") {
  const Split split = pictures(300);
  for (const DType type : {DType::float32, DType::float64}) {
    Batches batches = Batches::training(split, {.size = 128, .type = type}, 1);
    for (Index b = 0; b < 3; b++) {
      const Batch& batch = batches.load(1, b);
      CHECK(batch.size() == (b < 2 ? 128 : 44));
      CHECK(batch.x.shape() == Shape{batch.size(), 28, 28, 1});
      CHECK(batch.x.dtype() == type);
      for (Index r = 0; r < batch.size(); r += 13) {
        const Index example = batch.examples.at<std::int32_t>({r});
        CHECK(batch.labels.at<std::int32_t>({r}) == example % 10);
        for (Index k = 0; k < 784; k += 31) {
          const double expected = split.values.element(example * 784 + k) / 255;
          CHECK(batch.x.element(r * 784 + k) == (type == DType::float32 ? double(float(expected)) : expected));
        }
      }
    }
  }
  CHECK(Batches::training(split, {.size = 1000}, 1).load(1, 0).size() == 300);
}

TEST_CASE("floats are taken as they are, with any shape") {
  Split split;
  split.values = Tensor::from<float>({0, 0.25f, 0.5f, 1, 0.49999997f, 0.75f}, {2, 3});
  Batches plain = Batches::evaluation(split, {.size = 2}), cut = Batches::evaluation(split, {.size = 2, .binarize = Binarize::threshold});
  CHECK(identical(plain.load(1, 0).x, split.values));
  CHECK_FALSE(plain.load(1, 0).labels);
  CHECK(identical(cut.load(1, 0).x, Tensor::from<float>({0, 0, 1, 1, 0, 1}, {2, 3})));
}

TEST_CASE("threshold: 1 from half of white on") {
  Split split;
  split.values = Tensor::from<std::uint8_t>({0, 1, 127, 128, 254, 255}, {1, 6});
  CHECK(identical(Batches::evaluation(split, {.binarize = Binarize::threshold}).load(1, 0).x,
                  Tensor::from<float>({0, 0, 0, 1, 1, 1}, {1, 6})));
}

TEST_CASE("dynamic binarisation draws anew each epoch, with the value as probability") {
  Split split;
  const std::uint8_t levels[] = {0, 1, 64, 128, 200, 254, 255};
  split.values = Tensor({700, 1000}, DType::uint8);
  for (Index i = 0; i < 700; i++) split.values[i].fill(levels[i % 7]);
  Batches batches = Batches::training(split, {.size = 700, .binarize = Binarize::dynamic}, 1);
  const Tensor first = batches.load(1, 0).x.clone(), examples = batches.load(1, 0).examples;
  std::array<double, 7> ones{};
  for (Index r = 0; r < 700; r++) {
    const auto row = first[r].values<float>();
    CHECK(std::all_of(row.begin(), row.end(), [](float v) { return v == 0 || v == 1; }));
    ones[std::size_t(examples.at<std::int32_t>({r}) % 7)] += std::accumulate(row.begin(), row.end(), 0.0);
  }
  for (std::size_t k = 0; k < 7; k++) {
    const double p = levels[k] / 255.0;
    CHECK(std::abs(ones[k] / 1e5 - p) <= 4 * std::sqrt(p * (1 - p) / 1e5));  // 0 and 255 exactly
  }
  const auto by_example = [&](Index epoch) {  // rows in the part's order
    Tensor t({700, 1000});
    const Batch& batch = batches.load(epoch, 0);
    for (Index r = 0; r < 700; r++) t[batch.examples.at<std::int32_t>({r})].copy_from(batch.x[r]);
    return t;
  };
  CHECK_FALSE(identical(by_example(1), by_example(2)));
  CHECK(identical(by_example(2), by_example(2)));
}

TEST_CASE("what is drawn for an example does not depend on the batch it is in") {
  const Split split = pictures(60);
  for (const bool binarize : {true, false}) {
    BatchOptions options{.size = 60,
                         .binarize = binarize ? Binarize::dynamic : Binarize::none,
                         .dequantize = binarize ? Dequantize::none : Dequantize::uniform};
    Batches whole = Batches::training(split, options, 5);
    options.size = 7;
    Batches pieces = Batches::training(split, options, 5);
    const Tensor all = whole.load(3, 0).x.clone();
    for (Index b = 0; b < pieces.count(); b++) {
      const Batch& batch = pieces.load(3, b);
      CHECK(identical(batch.x, all.slice(7 * b, 7 * b + batch.size()).clone()));
    }
  }
}

TEST_CASE("dequantisation spreads a byte over its 256th") {
  Split split;
  split.values = Tensor({100, 1000}, DType::uint8);
  for (Index i = 0; i < 100; i++) split.values[i].fill(double(i % 2 ? 255 : i));
  for (const DType type : {DType::float32, DType::float64}) {
    Batches batches = Batches::training(split, {.size = 100, .dequantize = Dequantize::uniform, .type = type}, 1);
    const Batch& batch = batches.load(1, 0);
    double sum = 0;
    for (Index r = 0; r < 100; r++) {
      const Index i = batch.examples.at<std::int32_t>({r});
      const double byte = double(i % 2 ? 255 : i);
      for (Index k = 0; k < 1000; k++) {
        const double u = batch.x.element(r * 1000 + k) * 256 - byte;
        REQUIRE(u >= 0);
        REQUIRE(u < 1);
        sum += u;
      }
    }
    CHECK(std::abs(sum / 1e5 - 0.5) < 4 * std::sqrt(1.0 / 12 / 1e5));
  }
}

TEST_CASE("evaluation draws from one fixed stream, another for each part") {
  const Split test = pictures(50, Part::test), valid = pictures(50, Part::valid);
  const BatchOptions options{.size = 50, .binarize = Binarize::dynamic};
  Batches a = Batches::evaluation(test, options), b = Batches::evaluation(test, {.size = 9, .binarize = Binarize::dynamic}),
          c = Batches::evaluation(valid, options);
  const Tensor x = a.load(1, 0).x.clone();
  CHECK(identical(a.load(7, 0).x, x));
  CHECK(identical(b.load(1, 1).x, x.slice(9, 18).clone()));
  CHECK_FALSE(identical(c.load(1, 0).x, x));
  const auto order = epoch_order(b, 1);
  CHECK(std::is_sorted(order.begin(), order.end()));
}

TEST_CASE("threads, prefetching and the instruction set change no bit") {
  Threads threads_before;
  InstructionSet isa_before;
  const Split split = pictures(301);
  struct Case {
    Binarize binarize;
    Dequantize dequantize;
  };
  for (const Case c : {Case{Binarize::none, Dequantize::none},
                       {Binarize::threshold, Dequantize::none},
                       {Binarize::dynamic, Dequantize::none},
                       {Binarize::none, Dequantize::uniform}})
    for (const DType type : {DType::float32, DType::float64}) {
      const auto run = [&](int n, bool prefetch, Isa set) {
        set_threads(n);
        set_isa(set);
        Batches batches = Batches::training(
            split, {.size = 100, .binarize = c.binarize, .dequantize = c.dequantize, .type = type, .prefetch = prefetch}, 3);
        std::vector<Tensor> xs;
        for (Index epoch = 1; epoch <= 2; epoch++)
          for (Index b = 0; b < batches.count(); b++) {
            const Batch& batch = batches.load(epoch, b);
            xs.push_back(batch.x.clone());
            xs.push_back(batch.examples.clone());
            xs.push_back(batch.labels.clone());
          }
        return xs;
      };
      const auto expected = run(1, false, Isa::reference);
      const auto compare = [&](const std::vector<Tensor>& got) {
        for (std::size_t i = 0; i < got.size(); i++) CHECK(identical(got[i], expected[i]));
      };
      for (int i = 0; i < isa_count; i++)
        if (isa_available(Isa(i))) compare(run(2, false, Isa(i)));
      compare(run(5, false, isa_before.before));
      for (const int n : {1, 2, 5}) compare(run(n, true, isa_before.before));
    }
}

TEST_CASE("prefetching answers any order of calls") {
  const Split split = pictures(50);
  Batches plain = Batches::training(split, {.size = 10}, 1), ahead = Batches::training(split, {.size = 10, .prefetch = true}, 1);
  for (const auto& [epoch, number] : {std::pair<Index, Index>{1, 0}, {1, 1}, {1, 1}, {3, 4}, {4, 0}, {2, 2}, {1, 4}})
    CHECK(identical(plain.load(epoch, number).x, ahead.load(epoch, number).x));
}

TEST_CASE("batches take no new memory after the first") {
  const Split split = pictures(300);
  for (const bool prefetch : {false, true}) {
    Batches batches = Batches::training(split, {.size = 64, .binarize = Binarize::dynamic, .prefetch = prefetch}, 1);
    epoch_order(batches, 1);
    const auto before = memory_stats().requests;
    for (Index b = 0; b < batches.count(); b++) batches.load(2, b);
    CHECK(memory_stats().requests == before);
  }
}

TEST_CASE("options that do not fit are refused") {
  Split floats;
  floats.values = Tensor::from<float>({0, 2}, {2, 1});
  const Split bytes = pictures(3);
  CHECK(message_of<UsageError>([&] { Batches::training(floats, {.dequantize = Dequantize::uniform}, 1); }).find("is for bytes") !=
        std::string::npos);
  CHECK(message_of<Error>([&] { Batches::training(floats, {.binarize = Binarize::dynamic}, 1); }).find("from 0 to 1") != std::string::npos);
  CHECK(message_of<UsageError>([&] {
          Batches::training(bytes, {.binarize = Binarize::dynamic, .dequantize = Dequantize::uniform}, 1);
        }).find("exclude each other") != std::string::npos);
  CHECK(message_of<UsageError>([&] { Batches::training(bytes, {.size = 0}, 1); }).find("at least 1") != std::string::npos);
  CHECK(message_of<Error>([&] { Batches::training(Split{}, {}, 1); }).find("no examples") != std::string::npos);
  CHECK(message_of<Error>([&] { Batches::training(bytes, {.size = 2}, 1).load(1, 2); }).find("expected batch 0 to 1") != std::string::npos);
  CHECK(message_of<UsageError>([] { binarize_from_name("dinamic"); }).find("the nearest is 'dynamic'") != std::string::npos);
  CHECK(dequantize_from_name("uniform") == Dequantize::uniform);
  CHECK(name_of(Binarize::threshold) == "threshold");
}
