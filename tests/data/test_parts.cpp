#include <doctest/doctest.h>

#include <algorithm>
#include <set>

#include "data/parts.h"
#include "tests/support.h"

using namespace elbo;
using elbo::testing::message_of;

namespace {

// n examples of one float, which is their number; labels by a rule, or none.
Dataset numbered(Index n, Index test, int classes) {
  Dataset data;
  data.example_shape = {1};
  data.classes = classes;
  for (Split* split : {&data.train, &data.test}) {
    const Index first = split == &data.train ? 0 : n, count = split == &data.train ? n : test;
    if (count == 0) continue;
    split->values = Tensor::arange(double(first), double(first + count)).reshape({count, 1});
    split->factors = {Tensor::arange(double(first), double(first + count))};
    split->origin = split == &data.train ? "the training file" : "the test file";
    if (classes == 0) continue;
    split->labels = Tensor({count}, DType::int32);
    auto* label = split->labels.mutable_data<std::int32_t>();
    for (Index i = 0; i < count; i++)
      label[i] = std::int32_t(std::min<Index>((first + i) % (classes + 3), classes - 1));  // the last is the most frequent
  }
  return data;
}

std::vector<float> numbers(const Split& split) {
  if (split.size() == 0) return {};
  const auto v = split.values.values<float>();
  return {v.begin(), v.end()};
}

}  // namespace

TEST_CASE("the rule: a tenth for the test part, a tenth of the rest for validation, at most 10,000 and 5,000") {
  for (const auto& sizes : {std::array<Index, 3>{1000, 90, 100}, {5, 1, 1}, {200000, 5000, 10000}, {2, 0, 1}, {1, 0, 0}}) {
    const Index n = sizes[0], valid = sizes[1], test = sizes[2];
    CAPTURE(n);
    Dataset data = numbered(n, 0, 0);
    divide(data, {});
    CHECK(data.test.size() == test);
    CHECK(data.valid.size() == valid);
    CHECK(data.train.size() == n - valid - test);
  }
  Dataset data = numbered(1000, 50, 0);  // a source with a test part keeps it
  divide(data, {});
  CHECK(data.test.size() == 50);
  CHECK(data.valid.size() == 100);
}

TEST_CASE("parts share no example, lose none, keep the order, and are always the same") {
  Dataset data = numbered(1000, 0, 7), again = numbered(1000, 0, 7);
  divide(data, {});
  divide(again, {});
  std::multiset<float> all;
  for (const Split* split : {&data.train, &data.valid, &data.test}) {
    const auto v = numbers(*split);
    CHECK(std::is_sorted(v.begin(), v.end()));
    CHECK(identical(split->factors[0], split->values.flatten()));
    CHECK(numbers(again.part(split->part)) == v);
    for (std::size_t i = 0; i < v.size(); i++) CHECK(split->labels.at<std::int32_t>({Index(i)}) == std::min(int(v[i]) % 10, 6));
    all.insert(v.begin(), v.end());
  }
  CHECK(all.size() == 1000);
  CHECK(std::set<float>(all.begin(), all.end()).size() == 1000);
  CHECK(data.train.values.shares_storage_with(data.valid.values));  // no second copy of the data
}

TEST_CASE("parts are drawn in proportion to the labels, and not from one end") {
  Dataset data = numbered(10000, 0, 7);  // labels 0 to 5 a tenth each, 6 four tenths
  divide(data, {});
  for (const Split* split : {&data.valid, &data.test}) {
    std::array<Index, 7> count{};
    for (const std::int32_t label : split->labels.values<std::int32_t>()) count[std::size_t(label)]++;
    for (std::size_t c = 0; c < 7; c++) CHECK(count[c] == split->size() * (c == 6 ? 4 : 1) / 10);
    const auto v = numbers(*split);
    const auto low = std::count_if(v.begin(), v.end(), [](float x) { return x < 5000; });
    CHECK(std::abs(double(low) / double(v.size()) - 0.5) < 0.06);
  }
  const Tensor labels = Tensor::from<std::int32_t>({0, 1, 1, 2, 2, 2, 0, 1, 1, 2, 2, 2}, {12});
  for (Index count = 0; count <= 12; count++) {
    const auto chosen = draw_part(12, count, labels, Part::valid);
    CHECK(Index(chosen.size()) == count);
    std::array<double, 3> got{};
    for (const std::int32_t i : chosen) got[std::size_t(labels.at<std::int32_t>({i}))]++;
    for (std::size_t c = 0; c < 3; c++) CHECK(std::abs(got[c] - double(count) * double(2 + 2 * c) / 12) < 1);
  }
}

TEST_CASE("data.valid: none, a share, a number") {
  const auto size = [](double valid) {
    Dataset data = numbered(1000, 100, 10);
    divide(data, {.valid = valid});
    CHECK(data.train.size() + data.valid.size() == 1000);
    return data.valid.size();
  };
  CHECK(size(0) == 0);
  CHECK(size(0.25) == 250);
  CHECK(size(0.9) == 900);
  CHECK(size(1) == 1);
  CHECK(size(999) == 999);
  for (const double bad : {1000.0, -1.0, 2.5}) {
    Dataset data = numbered(1000, 100, 10);
    CHECK(message_of<UsageError>([&] { divide(data, {.valid = bad}); }).find("[data.valid]") == 0);
  }
  Dataset own = numbered(1000, 100, 10);  // 0 means none also where the source has one
  own.valid = numbered(50, 0, 10).train;
  divide(own, {.valid = 0});
  CHECK(own.valid.size() == 0);
  CHECK(own.train.size() == 1000);
}

TEST_CASE("data.use_test trains on the test part as well") {
  Dataset data = numbered(1000, 100, 10);
  divide(data, {.valid = 100, .use_test = true});
  CHECK(data.train.size() == 1000);
  CHECK(data.valid.size() == 100);
  CHECK(data.test.size() == 100);
  CHECK(numbers(data.train).back() == 1099);
  CHECK(data.train.labels.shape() == Shape{1000});
  CHECK(data.train.factors[0].shape() == Shape{1000});
}

TEST_CASE("data.use_test: what is joined lies in a file where a part of it does") {
  for (const bool train_in_file : {false, true}) {
    Dataset data = numbered(1000, 100, 10);
    for (Split* split : {&data.train, &data.test})
      if ((split == &data.train) == train_in_file) {
        Tensor far = Tensor::in_file(split->values.shape());
        far.copy_from(split->values);
        split->values = far;
      }
    divide(data, {.valid = 0, .use_test = true});
    CHECK(data.train.values.is_in_file());
    CHECK(data.train.size() == 1100);
    CHECK(numbers(data.train).back() == 1099);
  }
  Dataset near = numbered(1000, 100, 10);
  divide(near, {.valid = 0, .use_test = true});
  CHECK_FALSE(near.train.values.is_in_file());
}

TEST_CASE("data.exclude_labels leaves labels to the test part alone") {
  Dataset data = numbered(1000, 100, 10);
  divide(data, {.exclude_labels = {3, 9}});
  const auto has = [](const Split& split, int label) {
    const auto v = split.labels.values<std::int32_t>();
    return std::find(v.begin(), v.end(), label) != v.end();
  };
  for (const int label : {3, 9}) {
    CHECK_FALSE(has(data.train, label));
    CHECK_FALSE(has(data.valid, label));
    CHECK(has(data.test, label));
  }
  CHECK(has(data.train, 4));
  CHECK(data.train.labels.size(0) == data.train.values.size(0));
  CHECK(data.train.origin.find("without the") != std::string::npos);

  Dataset wrong = numbered(1000, 100, 10), unlabelled = numbered(1000, 100, 0), nothing = numbered(1000, 100, 1);
  CHECK(message_of<UsageError>([&] { divide(wrong, {.exclude_labels = {10}}); }).find("labels are 0 to 9") != std::string::npos);
  CHECK(message_of<UsageError>([&] { divide(unlabelled, {.exclude_labels = {0}}); }).find("no labels") != std::string::npos);
  CHECK(message_of<Error>([&] { divide(nothing, {.exclude_labels = {0}}); }).find("nothing is left") != std::string::npos);
}
