#include "data/dataset.h"

#include <algorithm>

#include "data/checksum.h"
#include "data/kinds.h"
#include "data/parts.h"
#include "tensor/error.h"
#include "tensor/nearest.h"

namespace elbo {
namespace {

const std::vector<std::string> part_names = {"train", "valid", "test"};

std::uint64_t checksum_of(const Dataset& data) {
  std::uint64_t sum = 0;
  for (const Split* split : {&data.train, &data.valid, &data.test})
    for (const Tensor* t : {&split->values, &split->labels}) {
      if (!*t) continue;
      sum = xxh64(t->shape().begin(), std::size_t(t->rank()) * sizeof(Index), sum);
      sum = xxh64_of_pieces(t->raw(), t->bytes(), sum);
    }
  if (data.texts) sum = xxh64_of_pieces(data.texts->bytes().raw(), data.texts->bytes().bytes(), sum);
  return sum;
}

}  // namespace

std::string_view part_name(Part part) { return part_names[std::size_t(part)]; }

Split Split::first(Index count) const {
  if (count >= size()) return *this;
  Split s = *this;
  s.values = values.slice(0, count);
  if (labels) s.labels = labels.slice(0, count);
  for (Tensor& factor : s.factors) factor = factor.slice(0, count);
  return s;
}

Part part_from_name(std::string_view name) {
  for (std::size_t i = 0; i < part_names.size(); i++)
    if (part_names[i] == name) return Part(i);
  throw UsageError("[data] " + unknown_message("part", name, part_names));
}

std::string_view values_name(Values kind) { return kind == Values::bytes ? "bytes" : kind == Values::unit ? "0 to 1" : "other"; }

Values kind_of_values(const Tensor& values) {
  if (!values || values.dtype() == DType::uint8 || values.dtype() == DType::int32) return Values::bytes;
  bool unit = true;
  for_float("data", values.dtype(), [&]<class T>(T) {
    const T* v = values.data<T>();
    unit = std::all_of(v, v + values.numel(), [](T x) { return x >= 0 && x <= 1; });
  });
  return unit ? Values::unit : Values::other;
}

Dataset load_dataset(const DataSpec& spec, const PartsOptions& options, const OnRead& on_read) {
  Dataset data = data_kind(spec.kind).load(spec, on_read);
  data.spec = spec;
  data.train.part = Part::train, data.valid.part = Part::valid, data.test.part = Part::test;
  data.examples = data.train.size() + data.valid.size() + data.test.size();
  data.checksum = checksum_of(data);
  divide(data, options);
  return data;
}

Dataset load_dataset(std::string_view spec, const PartsOptions& options, const OnRead& on_read) {
  return load_dataset(parse_data_spec(spec), options, on_read);
}

}  // namespace elbo
