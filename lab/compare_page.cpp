// The report's words and figures. Its pictures are in compare_pictures.cpp.

#include "lab/compare_page.h"

#include <fmt/core.h>

#include <cmath>
#include <set>
#include <tuple>

#include "lab/compare_table.h"
#include "lab/plot_text.h"
#include "models/objective.h"
#include "models/run_folder.h"
#include "tensor/json.h"

namespace elbo::lab {
namespace {

std::string cell(const Comparison& c, const std::string& name, const char* figure) { return figure_text(c, name, figure); }

std::string list_of(const std::vector<Index>& widths) {
  std::string text;
  for (const Index w : widths) text += (text.empty() ? "" : "-") + std::to_string(w);
  return text.empty() ? "none" : text;
}

// "256 relu", "filters 32-64, then 16 relu": what stands between input and code.
std::string trunk(const ModelConfig& m) {
  if (m.kind == "text") {
    std::string cell = m.cell == "lstm" ? "LSTM" : "GRU";
    return fmt::format("embedding {}, {}{} {}{}", m.embed, m.layers > 1 ? fmt::format("{} x ", m.layers) : "", cell, m.units,
                       m.decoder_input == "none" ? ", decoder without words" : "");
  }
  const bool dense = m.kind == "dense";
  std::string text = dense ? "" : "filters " + list_of(m.filters);
  if (m.kind == "conv-lstm") text += ", " + m.cell + " " + std::to_string(m.encoder_units.value_or(m.units));
  if (dense || !m.hidden.empty()) text += (dense ? "" : ", then ") + list_of(m.hidden);
  return text + " " + m.activation;
}

bool same_trunk(const ModelConfig& a, const ModelConfig& b) {
  const auto of = [](const ModelConfig& m) {
    return std::tie(m.kind, m.hidden, m.decoder_hidden, m.filters, m.kernel, m.strides, m.upsample, m.normalisation, m.activation, m.embed,
                    m.units, m.encoder_units, m.layers, m.cell);
  };
  const bool codes = a.latent == b.latent || a.latent == 0 || b.latent == 0;  // a language model has the decoder's trunk, and no code
  return codes && of(a) == of(b);
}

bool has_twin(const Comparison& c) {
  return std::any_of(c.entries.begin(), c.entries.end(), [](const Entry& e) { return e.twin; });
}

bool has_plain(const Comparison& c) {
  return std::any_of(c.entries.begin(), c.entries.end(), [](const Entry& e) { return !e.variational(); });
}

bool has_likelihood(const Comparison& c, std::string_view name) {
  const std::vector<std::string> all = likelihoods(c);
  return std::find(all.begin(), all.end(), name) != all.end();
}

// Keys of the budget in which the lines differ, for their own settings say so.
std::vector<std::string> differing_budget(const Comparison& c) {
  std::vector<std::string> keys;
  for (const std::string_view key : budget_keys)
    if (std::any_of(c.entries.begin(), c.entries.end(),
                    [&](const Entry& e) { return get_key(e.config, key) != get_key(c.entries[0].config, key); }))
      keys.emplace_back(key);
  return keys;
}

// "iwae-vae: data.binarize none instead of dynamic": what a preset has otherwise than the first line, whose value it is given.
std::vector<std::string> replaced_settings(const Comparison& c) {
  std::vector<std::string> all;
  if (c.options.seconds > 0) return all;
  for (const Entry& e : c.entries) {
    if (e.preset.ends_with(".json")) continue;
    for (const std::string_view key : budget_keys) {
      const std::string now = get_key(e.config, key), own = get_key(preset(e.preset).config, key);
      if (key == "train.epochs" && e.config.train.steps > 0) continue;  // not asked
      const auto sets = [&](const std::string& s) { return s.starts_with(std::string(key) + "="); };
      if (now != own && std::none_of(c.options.set.begin(), c.options.set.end(), sets) && std::none_of(e.set.begin(), e.set.end(), sets))
        all.push_back(fmt::format("{}: `{}` {} instead of {}", e.label, key, now, own));
    }
  }
  return all;
}

std::string seeds_text(const CompareOptions& o) {
  if (o.seeds == 1) return fmt::format("seed {}", o.first_seed);
  return fmt::format("seeds {} to {}", o.first_seed, o.first_seed + std::uint64_t(o.seeds) - 1);
}

}  // namespace

std::vector<std::string> likelihoods(const Comparison& c) {
  std::vector<std::string> names;
  for (const Entry& e : c.entries)
    if (std::find(names.begin(), names.end(), e.config.objective.likelihood) == names.end()) names.push_back(e.config.objective.likelihood);
  return names;
}

std::string unit_of(const std::string& likelihood) {
  return likelihood == "squared-error" ? "squared error an example" : "nats an example";
}

void add_setup(Page& page, const Comparison& c) {
  Content& s = page.section("What was compared");
  const Config& first = c.entries[0].config;
  const std::vector<std::string> unequal = differing_budget(c);
  s.paragraph(fmt::format(
      "Data `{}`: {} training, {} validation and {} test examples {}. Every line below was trained {} ({}). Under one seed all "
      "see the same examples in the same order{}, and start from the same weights wherever two networks have a "
      "weight of one name and size: what differs between two lines is what the table names.{}",
      c.options.data, grouped_number(c.data.train.size()), grouped_number(c.data.valid.size()), grouped_number(c.data.test.size()),
      c.data.codec ? fmt::format("over {} words", grouped_number(c.data.codec->vocabulary.size()))
                   : "of shape " + c.data.example_shape.str(),
      c.options.seeds == 1 ? "once" : fmt::format("{} times", c.options.seeds), seeds_text(c.options),
      unequal.empty() ? fmt::format(", in batches of {}, for {}", first.train.batch, budget_text(c)) : "",
      c.options.seeds == 1 ? ""
                           : fmt::format(" Pictures, sentences and codes that this page shows are of seed {}.", c.options.first_seed)));
  Table t{.columns = {{"name"},
                      {"kind"},
                      {"network"},
                      {"code", true},
                      {"likelihood"},
                      {"beta", true, "weight of the KL"},
                      {"optimizer"},
                      {"parameters", true}}};
  for (const std::string& key : unequal) t.columns.push_back({key, true, "not the same for all lines"});
  bool all_alike = true;
  for (const Entry& e : c.entries) {
    const ModelConfig& m = e.config.model;
    all_alike &= same_trunk(m, first.model);
    const Spread parameters = c.spread(e.name, "parameters");
    t.rows.push_back({e.label,
                      std::string(e.variational() ? "VAE"
                                  : m.latent == 0 ? "language model"
                                                  : "plain autoencoder") +
                          (m.classes > 0 ? ", given the label" : ""),
                      trunk(m), m.latent == 0 ? "–" : std::to_string(m.latent), e.config.objective.likelihood,
                      e.variational() ? number_text(e.config.objective.beta) : "–",
                      fmt::format("{} {:g}", e.config.optimizer.name, e.config.optimizer.learning_rate),
                      parameters.n ? grouped_number(std::llround(parameters.mean)) : "–"});
    for (const std::string& key : unequal) t.rows.back().push_back(get_key(e.config, key));
  }
  s.table(t);
  if (!unequal.empty())
    s.note(
        "**Not one budget:** the last columns differ from line to line, and what is due to them this comparison cannot tell from the "
        "rest.");
  if (const std::vector<std::string> replaced = replaced_settings(c); !replaced.empty()) {
    Content inside;
    inside.list(replaced);
    s.details("Settings of presets that gave way to the first line's, so that all have one budget", inside);
  }
  if (!all_alike)
    s.note(
        "These networks differ in more than their objective: in their layers, code size or activation. What is due to which, this "
        "comparison alone cannot say.");
  if (has_twin(c))
    s.note(
        "Squared error + KL is a Gaussian likelihood with variance 1/2 for every pixel: noise far above what these pictures hold. It "
        "pays a VAE to blur, and to make little use of its code. The line with `gaussian-optimal` is the same network with the variance "
        "at its optimum (Rybkin et al. 2021), and shows how much of the blur is that noise and not the VAE.");
  if (first.data.use_test) s.note("`data.use_test` is on: the test examples were trained on, so no figure here is a test.");
}

void add_figures(Page& page, const Comparison& c) {
  Content& s = page.section("Figures");
  s.paragraph(
      fmt::format("Means over {} on the test part{}. `squared error, mean code` decodes the encoder's mean without noise: it is "
                  "the figure in which plain autoencoders and VAEs can be compared. A VAE's `squared error` decodes one noisy code, "
                  "as in training.",
                  c.options.seeds == 1 ? "one run" : fmt::format("{} runs", c.options.seeds),
                  c.options.seeds == 1 ? "" : ", ± their standard deviation"));
  Table t{.caption = "Sums over an example, averaged over the test part.",
          .columns = {{"name"},
                      {"squared error, mean code", true, "squared_error_at_mean"},
                      {"squared error", true, "squared_error: one code drawn from the encoder"},
                      {"KL, nats", true, "kl"},
                      {"active units", true, "dimensions whose encoder mean has a variance above 0.01"},
                      {"total", true, "reconstruction + KL: the negative ELBO; in the unit of the line's likelihood"},
                      {"unit of total"}}};
  const bool pictures = c.data.example_shape.rank() == 3;
  if (pictures) {
    t.caption = "Sums over an example, averaged over the test part; PSNR is that of the averaged squared error.";
    t.columns.insert(t.columns.begin() + 2, {"PSNR, dB", true, "psnr: peak signal to noise ratio of the mean code's pictures"});
  }
  std::set<std::string> shown;
  const auto row = [&](const std::string& name, const std::string& label, const std::string& total_unit, bool variational) {
    if (!shown.insert(name).second) return;
    t.rows.push_back({label, cell(c, name, "squared_error_at_mean"), cell(c, name, "squared_error"), cell(c, name, "kl"),
                      cell(c, name, "active_units"), variational ? cell(c, name, "total") : "–", variational ? total_unit : "no bound"});
    if (pictures) t.rows.back().insert(t.rows.back().begin() + 2, cell(c, name, "psnr"));
  };
  for (const Entry& e : c.entries) {
    const std::string& l = e.config.objective.likelihood;
    const bool grey = l == "bernoulli" && e.config.data.binarize == "none";
    row(e.name, e.label, l == "squared-error" ? "squares + nats" : grey ? "nats, grey values" : "nats", e.variational());
  }
  for (const ComparedRun& run : c.runs)
    if (!run.seed) row(run.name, run.name, "", false);
  s.table(t);
  s.paragraph(
      "**What to look at.** First the squared error of the mean code, then how many units carry it, then the KL: what a code costs "
      "in nats. A VAE pays for every nat it keeps, so it drops directions of the code that save less than they cost.");
  std::vector<std::string> warnings;
  if (has_plain(c))
    warnings.emplace_back(
        "A plain autoencoder's loss is no bound on anything: it has no distribution of codes, may spend any number of digits on one, and "
        "so has no total to be ranked against a VAE's.");
  if (likelihoods(c).size() > 1)
    warnings.emplace_back("Totals under different likelihoods are in different units. Do not subtract one from the other.");
  if (has_likelihood(c, "squared-error"))
    warnings.emplace_back("A squared error is no log-likelihood: constants and the noise's variance are missing.");
  if (has_likelihood(c, "gaussian-optimal"))
    warnings.emplace_back(
        fmt::format("A density can be negative in nats: pixels are continuous there, and a value is known far better than to one unit. The "
                    "logarithm of the optimal variance is softly clamped to [{}, {}].",
                    lowest_pixel_logvar, highest_pixel_logvar));
  if (c.options.seeds < 5)
    warnings.emplace_back("Fewer than five runs give the size of the spread very roughly: a difference of about one ± is none.");
  s.list(warnings);

  Table all{.columns = {{"run"},
                        {"total", true},
                        {"reconstruction", true},
                        {"KL", true},
                        {"squared error", true},
                        {"squared error, mean code", true},
                        {"active units", true},
                        {"weights"}}};
  for (const ComparedRun& run : c.runs) {
    const auto at = [&](const char* key) {
      const auto it = run.figures.numbers.find(key);
      return it == run.figures.numbers.end() ? std::string("–") : number_text(it->second, 6);
    };
    const Json figures = Json::parse(run.figures.json, run.name);
    all.rows.push_back({run.folder.empty() ? run.name : run.folder.substr(5), run.figures.numbers.contains("kl") ? at("total") : "–",
                        at("reconstruction"), at("kl"), at("squared_error"), at("squared_error_at_mean"), at("active_units"),
                        figures.string_or("weights", "")});
  }
  Content inside;
  inside.table(all);
  inside.paragraph("`compare.json` holds every figure of every run.");
  s.details("Every run", inside);
}

Page comparison_page(const Comparison& c) {
  std::string names;
  for (const Entry& e : c.entries)
    if (!e.twin) names += (names.empty() ? "" : "; ") + e.label;
  Page page("Comparison: " + names, fmt::format("{} on `{}`, {}{}.", names, c.options.data, seeds_text(c.options),
                                                differing_budget(c).empty() ? ", the same budget for each" : ""));
  const std::vector<OpenRun> runs = open_runs(c);
  add_question(page, c);
  add_setup(page, c);
  if (c.data.texts)
    add_text_figures(page, c, [&](const std::string& name, const char* figure) { return cell(c, name, figure); });
  else
    add_figures(page, c);
  add_expectations(page, c);
  add_sweep(page, c);
  add_rate_distortion(page, c);
  add_curves(page, c);
  add_nll_curves(page, c);
  if (c.data.texts) {
    add_text_reconstructions(page, c, runs);
    add_text_samples(page, c, runs);
  } else {
    add_reconstructions(page, c, runs);
    add_samples(page, c, runs);
    add_sharpness(page, c);
  }
  add_holes(page, c, runs);
  add_unit_weights(page, c, runs);
  add_latent_space(page, c, runs);
  add_traversals(page, c, runs);
  add_interpolation(page, c, runs);
  add_differences(page, c);
  add_all_figures(page, c);
  add_glossary(page, c);
  add_commands(page, c);
  page.footer(fmt::format("Made by `elbo-compare`, elbo {}. Figures: `compare.json` beside this page.", program_version));
  return page;
}

}  // namespace elbo::lab
