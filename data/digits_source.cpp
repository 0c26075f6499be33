// digits: the built-in data set, drawn when it is loaded.

#include "data/digits.h"
#include "data/kinds.h"
#include "tensor/parallel.h"

namespace elbo {
namespace {

Dataset digits_dataset(const DataSpec& spec, const OnRead&) {
  const auto noise = std::int32_t(spec.number("noise", 0) * 255 * 256);
  Dataset data;
  data.example_shape = {digits_side, digits_side, 1};
  data.classes = 10;
  for (int c = 0; c < 10; c++) data.label_names.push_back(std::to_string(c));
  data.factor_names = {"slant", "rotation", "width", "aspect", "size", "bend", "waist", "skeleton", "writer"};

  const auto draw = [&](Split& split, Index first, Index count, const char* origin) {
    split.values = Tensor(data.example_shape.prepend(count), DType::uint8);
    split.labels = Tensor({count}, DType::int32);
    split.origin = origin;
    auto* pixels = split.values.mutable_data<std::uint8_t>();
    auto* labels = split.labels.mutable_data<std::int32_t>();
    std::vector<float*> factors;
    for (std::size_t i = 0; i < data.factor_names.size(); i++) {
      split.factors.emplace_back(Shape{count});
      factors.push_back(split.factors.back().mutable_data<float>());
    }
    constexpr Index chunk = 500;
    parallel((count + chunk - 1) / chunk, [&](Index c) {
      for (Index i = c * chunk; i < std::min(count, (c + 1) * chunk); i++) {
        const DigitFactors f = draw_digit(first + i, pixels + i * digits_side * digits_side, noise);
        labels[i] = f.label;
        const std::int32_t fixed[] = {f.slant, f.rotation, f.width, f.aspect, f.size, f.bend, f.waist};
        for (std::size_t k = 0; k < std::size(fixed); k++) factors[k][i] = float(fixed[k]) / 65536;
        factors[7][i] = float(f.skeleton);
        factors[8][i] = float(f.writer);
      }
    });
  };
  draw(data.train, 0, digits_train, "digits drawn from 600 writers");
  draw(data.test, digits_train, digits_test, "digits drawn from 100 other writers");
  return data;
}

}  // namespace

DataKind digits_kind() {
  return {.name = "digits",
          .usage = "digits",
          .help = "built in: handwritten-looking digits, 28x28x1, 60,000 and 10,000, with what they were drawn from",
          .options = {DataOption::number("noise", 0, 1, "standard deviation of noise added to every pixel (default 0)")},
          .load = digits_dataset};
}

}  // namespace elbo
