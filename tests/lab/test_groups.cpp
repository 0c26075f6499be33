#include "lab/groups.h"

#include <doctest/doctest.h>

#include "tests/support.h"

using namespace elbo;
using elbo::testing::contains;
using elbo::testing::error_of;
using elbo::testing::message_of;

namespace {

using Places = std::vector<std::int32_t>;

// Six examples with a label and three factors: a kind by name, an angle on a circle by name or number, a size by number alone.
Dataset small_set() {
  Dataset data;
  data.classes = 2;
  data.label_names = {"odd", "even"};
  data.factor_names = {"kind", "angle", "size"};
  data.factor_values = {{"round", "square"}, {"north", "east", "south", "west"}, {}};
  data.factor_ranges = {{}, {0, 360, true}, {}};
  data.train.values = Tensor::from<float>({0, 1, 2, 3, 4, 5}, {6, 1});
  data.train.labels = Tensor::from<std::int32_t>({0, 1, 0, 1, 0, 0});
  data.train.factors = {Tensor::from<float>({0, 1, 1, 0, 1, 0}), Tensor::from<float>({350, 44, 45, 180, 314.9f, 10}),
                        Tensor::from<float>({3, 3.4f, 4, 5, 3.6f, 3})};
  return data;
}

}  // namespace

TEST_CASE("groups: labels by name and number; factors by number, by name, and by a name that stands for a stretch of a circle") {
  const Dataset data = small_set();
  const auto places = [&](const std::string& name) { return places_of_group(data, data.train, name); };
  CHECK(places("even") == Places{1, 3});
  CHECK(places("0") == Places{0, 2, 4, 5});
  CHECK(places("kind=square") == Places{1, 2, 4});
  CHECK(places("kind=0") == Places{0, 3, 5});
  CHECK(places("angle=north") == Places{0, 1, 5});
  CHECK(places("angle=east") == Places{2});
  CHECK(places("angle=west") == Places{4});
  CHECK(places("angle=180") == Places{3});
  CHECK(places("size=3") == Places{0, 5});  // to within a fortieth of what they span
  CHECK(places("size=3.42") == Places{1});
  CHECK(places("angle=-10") == Places{0});  // a circle
  CHECK(group_of(data, data.train, "angle=north").values.element(2) == 5);
  CHECK(group_of(data, data.train, "angle=north").factors[2].element(1) == doctest::Approx(3.4));
  CHECK(contains(message_of<UsageError>([&] { places("evn"); }), "even"));
  CHECK(contains(message_of<UsageError>([&] { places("kin=round"); }), "kind"));
  CHECK(contains(message_of<UsageError>([&] { places("angle=eest"); }), "east"));
  CHECK(contains(message_of<UsageError>([&] { places("size=large"); }), "expected a number"));
  CHECK(contains(error_of([&] { places("size=9"); }), "no example of the train part is size=9: size goes from 3 to 5"));
}

TEST_CASE("groups: a name of a factor of the coloured shapes is the label of that name") {
  const Dataset data = load_dataset("shapes?label=hue");
  for (const std::string& name : data.label_names)
    CHECK(places_of_group(data, data.test, "hue=" + name) == places_of_group(data, data.test, name));
}
