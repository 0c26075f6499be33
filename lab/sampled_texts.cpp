#include "lab/sampled_texts.h"

#include <fmt/core.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <limits>

#include "lab/codes.h"
#include "lab/generate.h"
#include "models/trainer.h"
#include "tensor/error.h"

namespace elbo {
namespace {

namespace fs = std::filesystem;

// A folder for a run that nobody keeps.
class ScratchFolder {
 public:
  ScratchFolder() : path_((fs::temp_directory_path() / "elbo-XXXXXX").string()) {
    if (!mkdtemp(path_.data())) fail("reverse perplexity", "cannot make a folder in " + fs::temp_directory_path().string());
  }
  ~ScratchFolder() {
    std::error_code ignored;
    fs::remove_all(path_, ignored);
  }
  ScratchFolder(const ScratchFolder&) = delete;
  ScratchFolder& operator=(const ScratchFolder&) = delete;

  std::string run() const { return path_ + "/run"; }

 private:
  std::string path_;
};

TokenLists drawn_texts(const Run& run, Index count, std::uint64_t seed) {
  const Tensor codes = run.model->latent() == 0 ? Tensor({count, 0}) : draw_codes(run, count, default_code_source(*run.model), 1, seed);
  return generate_tokens(dynamic_cast<const TextModel&>(*run.model), codes,
                         {.method = DecodeMethod::sample, .unknown = true, .max_tokens = run.codec->max_tokens, .seed = seed});
}

std::vector<std::string> decoded(const TextCodec& codec, const TokenLists& tokens) {
  std::vector<std::string> texts;
  for (const auto& text : tokens) texts.push_back(codec.decode(text));
  return texts;
}

double reverse_perplexity(const Run& lm, const Dataset& data, const std::vector<std::string>& texts, const SampledTextOptions& o) {
  Dataset mixed = data;
  tokenise(mixed, lm.codec, false);
  mixed.train = tokenised_split(*lm.codec, texts);
  mixed.train.part = Part::train;
  Config config = lm.config;
  config.train.patience = 1;  // what follows a worse epoch is worse: texts that are drawn are soon learned by heart
  const ScratchFolder folder;
  TrainOptions training{.out = folder.run(), .data = &mixed};
  if (o.on_note)
    training.on_epoch = [&](const Metrics& m) {
      if (m.split == "valid")
        o.on_note(fmt::format("reverse perplexity: epoch {} of at most {}, valid: {:.2f} nats", m.epoch, config.train.epochs, m.total));
    };
  train(config, training);
  return perplexity_under(open_run(folder.run()), mixed.part(o.part));
}

}  // namespace

SampledTextFigures sampled_text_figures(const Run& run, const Dataset& data, const SampledTextOptions& o) {
  constexpr double none = std::numeric_limits<double>::quiet_NaN();
  if (o.language_model) require_language_model(*o.language_model);
  TokenLists drawn = drawn_texts(run, o.language_model ? std::max(o.texts, o.training_texts) : o.texts, o.seed);
  const TokenLists first(drawn.begin(), drawn.begin() + std::ptrdiff_t(std::min(o.texts, Index(drawn.size()))));
  const SampleFigures alike = sample_figures(first);
  SampledTextFigures f{.distinct_1 = alike.distinct_1,
                       .distinct_2 = alike.distinct_2,
                       .self_bleu = alike.self_bleu,
                       .copied = copied(first, data.train),
                       .parsed = data.spec.kind == "sentences" ? parsed(decoded(*run.codec, first)) : none,
                       .sample_lm_perplexity = none,
                       .reverse_perplexity = none};
  if (!o.language_model) return f;
  f.sample_lm_perplexity = perplexity_under(*o.language_model, decoded(*run.codec, first));
  drawn.resize(std::size_t(o.training_texts));
  f.reverse_perplexity = reverse_perplexity(*o.language_model, data, decoded(*run.codec, drawn), o);
  return f;
}

}  // namespace elbo
