// The report's last words: what each figure means, and the commands that make the page again.

#include <fmt/core.h>

#include <algorithm>

#include "lab/compare_page.h"
#include "lab/picture_figures.h"

namespace elbo::lab {
namespace {

struct Meaning {
  const char *key, *name, *text;
};

// In the order of the report; those that no run has are left out.
constexpr Meaning meanings[] = {
    {"total", "total",
     "Reconstruction + KL: the negative ELBO, an upper bound on -log p(x) under the model. Of a plain autoencoder no bound, so not shown"},
    {"reconstruction", "reconstruction, distortion", "-log p(x given z) of one code drawn from the encoder: what the code leaves open"},
    {"kl", "KL, rate", "How far the encoder's distribution of the code is from the prior N(0, I): what a code costs, nats"},
    {"nll", "nll",
     "-log p(x), estimated by importance sampling: nearer to the truth than the total, which is above it. A language model's is exact"},
    {"squared_error", "squared error", "Sum of squared differences between input and output, one code drawn from the encoder"},
    {"squared_error_at_mean", "squared error, mean code",
     "The same from the mean of the encoder's code: where plain autoencoders and VAEs compare"},
    {"reconstruction_at_mean", "reconstruction, mean code", "-log p(x given z) at the mean of the encoder's code"},
    {"psnr", "PSNR", "Peak signal to noise ratio of the mean code's pictures, decibels: 10 less is ten times the squared error"},
    {"active_units", "active units",
     "Dimensions whose encoder mean has a variance above 0.01 over the test part: those that say something"},
    {"perplexity", "perplexity", "exp(total per token): between how many words the model hesitates; of a VAE an upper bound"},
    {"token_accuracy", "token accuracy", "Share of words for which the likeliest is the right one, given those before and the mean code"},
    {"exact_match", "exact match", "Share of sentences that come back word by word from their code's mean alone"},
    {"edit_distance", "edit distance", "Words to insert, delete or exchange until the sentence that came back is the right one"},
    {"mutual_information", "information",
     "Nats that a code tells of which example it is of (Hoffman and Johnson 2016); zero after collapse"},
    {"aggregate_kl", "aggregate KL", "KL of the mean code distribution from the prior: the KL less the information"},
    {"bits_per_dim", "bits a dimension", "nll in bits, over the number of pixels and channels: the length of a lossless code"},
    {"ssim", "SSIM", "Structural similarity of pictures and their reconstructions at the mean code: 1 is equal"},
    {"probe_accuracy", "linear probe", "Share of labels that a softmax regression reads from the codes"},
    {"knn_accuracy", "nearest neighbours", "Share of labels that the ten nearest codes vote for rightly"},
    {"shuffled_reconstruction", "shuffled code",
     "Reconstruction where each sentence is given the code of another: no higher than the reconstruction if the code is ignored"},
    {"laplacian_ratio_samples", "Laplacian, data = 1",
     "Variance of the pictures' Laplacian over the test pictures': below 1 blurrier than they, above 1 sharper"},
    {"laplacian_distance_samples", "distance", "|ln| of that ratio: 0 is as sharp as the data"},
    {"spectrum_distance_samples", "spectrum, distance",
     "Root mean square over spatial frequencies of the ln of the ratio of powers: 0 is the data's own spectrum"},
};

bool any_has(const Comparison& c, const char* key) {
  return std::any_of(c.runs.begin(), c.runs.end(), [&](const ComparedRun& run) { return run.figures.numbers.contains(key); });
}

}  // namespace

void add_glossary(Page& page, const Comparison& c) {
  Content& s = page.section("What each figure means");
  s.paragraph(
      "Sums over an example (its pixels, or its words and their end), averaged over the test part; logarithms are natural, so nats. In "
      "brackets the name in `compare.json`.");
  Table t{.columns = {{"figure"}, {"meaning"}}};
  for (const Meaning& m : meanings)
    if (any_has(c, m.key)) t.rows.push_back({m.name, m.key == std::string_view(m.name) ? m.text : fmt::format("{} (`{}`)", m.text, m.key)});
  for (const PictureFigure& f : picture_figure_list())
    if (any_has(c, f.key)) t.rows.push_back({fmt::format("`{}`", f.key), f.meaning});
  t.rows.push_back({"± spread", "Standard deviation over the seeds (n - 1): how much another seed changes the figure (`sd`)"});
  if (std::any_of(c.entries.begin(), c.entries.end(), [](const Entry& e) { return e.config.model.latent > 0; }))
    t.rows.push_back({"ratio of holes", "Distance of decoded random codes to data over the same of codes of data: 1 is as near as they"});
  t.rows.push_back({"entropy of holes",
                    "How unsure a classifier is of decoded random codes, nats: of data it is sure, log(classes) where it sees nothing"});
  s.table(t);
}

void add_commands(Page& page, const Comparison& c) {
  Content& s = page.section("Make it again");
  s.paragraph(
      "The first command makes this page and everything in it; the others look into its runs. Where the folder exists, finished "
      "runs are kept. The programs lie in `build/tools/` of elbo's folder.");
  std::string text = command_line(c.options) + "\n";
  if (!c.runs.empty() && !c.runs.front().folder.empty()) {
    const ComparedRun* shown = &c.runs.front();
    for (const ComparedRun& run : c.runs)
      if (run.figures.numbers.contains("kl")) {
        shown = &run;
        break;
      }
    const std::string folder = c.options.out + "/" + shown->folder;
    text += fmt::format("elbo-eval {} --importance-samples 100\n", folder);
    text += c.data.texts ? fmt::format(
                               "elbo-sample {0} --count 10\nelbo-reconstruct {0} --text \"...\"\nelbo-traverse {0}\n"
                               "elbo-interpolate {0} --from 0 --to 1\n",
                               folder)
                         : fmt::format(
                               "elbo-sample {0} --count 64 --out samples.png\nelbo-reconstruct {0} --count 32 --out reconstructions.png\n"
                               "elbo-traverse {0} --out dimensions.png\nelbo-interpolate {0} --from 0 --to 1 --out path.png\n"
                               "elbo-encode {0} --out codes.npz\n",
                               folder);
  }
  s.commands(text);
}

}  // namespace elbo::lab
