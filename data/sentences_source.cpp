// sentences: the built-in sentences with what they were derived from; the scene is the label.

#include <cstring>

#include "data/kinds.h"
#include "data/sentences.h"
#include "tensor/parallel.h"

namespace elbo {
namespace {

Dataset sentences_dataset(const DataSpec& spec, const OnRead&) {
  Dataset data;
  const auto& factors = sentence_factors();
  for (const SentenceFactor& factor : factors) {
    data.factor_names.push_back(factor.name);
    data.factor_values.push_back(factor.values);
  }
  const std::string by = spec.text("label", "scene");
  const auto label = std::size_t(std::find(data.factor_names.begin(), data.factor_names.end(), by) - data.factor_names.begin());
  data.label_names = factors[label].values;
  data.classes = int(data.label_names.size());

  constexpr Index all = sentences_train + sentences_valid + sentences_test;
  std::vector<std::string> sentences(all);
  std::vector<SentenceFactors> derived(all);
  constexpr Index chunk = 500;
  parallel(divide_up(all, chunk), [&](Index c) {
    for (Index i = c * chunk; i < std::min(all, (c + 1) * chunk); i++)
      sentences[std::size_t(i)] = draw_sentence(i, derived[std::size_t(i)]);
  });
  std::size_t bytes = 0;
  for (const std::string& s : sentences) bytes += s.size();
  Tensor text({Index(bytes)}, DType::uint8);
  auto* to = text.mutable_data<std::uint8_t>();
  const auto texts = std::make_shared<Texts>(text);
  std::size_t at = 0;
  for (const std::string& s : sentences) {
    std::memcpy(to + at, s.data(), s.size());
    texts->add(at, s.size());
    at += s.size();
  }

  Index next = 0;
  const auto fill = [&](Split& split, Index count, const char* origin) {
    split.values = Tensor({count}, DType::int32);
    split.labels = Tensor({count}, DType::int32);
    for (std::size_t f = 0; f < factors.size(); f++) split.factors.emplace_back(Shape{count});
    for (Index i = 0; i < count; i++, next++) {
      const SentenceFactors& from = derived[std::size_t(next)];
      split.values.set<std::int32_t>({i}, std::int32_t(next));
      split.labels.set<std::int32_t>({i}, from.*factors[label].place);
      for (std::size_t f = 0; f < factors.size(); f++) split.factors[f].set<float>({i}, float(from.*factors[f].place));
    }
    split.origin = origin;
  };
  fill(data.train, sentences_train, "sentences drawn");
  fill(data.valid, sentences_valid, "other sentences drawn");
  fill(data.test, sentences_test, "other sentences drawn");
  data.texts = texts;
  data.entropy = sentence_entropy();
  return data;
}

}  // namespace

DataKind sentences_kind() {
  std::vector<std::string> names;
  for (const SentenceFactor& factor : sentence_factors()) names.emplace_back(factor.name);
  return {.name = "sentences",
          .usage = "sentences",
          .help = "built in: English sentences from a grammar of known entropy, 50,000, 5,000 and 5,000, with what they were derived from",
          .options = {DataOption::choice("label", names, "the factor that serves as label (default scene)")},
          .load = sentences_dataset};
}

}  // namespace elbo
