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
    {"laplacian_ratio_reconstructions", "Laplacian of reconstructions", "The same ratio, of reconstructions at the mean code"},
    {"laplacian_distance_reconstructions", "distance of reconstructions", "The same distance, of reconstructions at the mean code"},
    {"spectrum_distance_reconstructions", "spectrum of reconstructions", "The same distance, of reconstructions at the mean code"},
    {"laplacian_ratio_training", "Laplacian of training pictures", "The same ratio, of training pictures: what chance makes of it"},
    {"laplacian_distance_training", "distance of training pictures", "The same distance, of training pictures: the floor"},
    {"spectrum_distance_training", "spectrum of training pictures", "The same distance, of training pictures: the floor"},
    {"nll_perplexity", "perplexity by nll", "exp(nll per token): below the perplexity of a VAE, which takes the bound"},
    {"nll_standard_error", "error of nll", "Standard error of nll over the test examples"},
    {"nll_tenth", "nll, a tenth of the samples", "nll with the first tenth of the importance samples: near nll where these are enough"},
    {"importance_samples", "importance samples", "How many codes nll is estimated with, each example"},
    {"effective_samples", "effective samples", "How many of these carry the weight: near 1, one outweighs the rest, and they are too few"},
    {"mutual_information_bound", "ceiling of information",
     "The logarithm of the examples it is measured on: codes cannot tell more of them apart"},
    {"probe_accuracy_raw", "linear probe, pixels", "The same, from the pixels themselves"},
    {"probe_accuracy_principal_components", "linear probe, linear code", "The same, from as many principal components"},
    {"probe_accuracy_untrained", "linear probe, untrained",
     "The same, from the code of the untrained encoder: what the network brings by itself"},
    {"knn_accuracy_raw", "nearest neighbours, pixels", "The same, from the pixels themselves"},
    {"knn_accuracy_principal_components", "nearest neighbours, linear code", "The same, from as many principal components"},
    {"knn_accuracy_untrained", "nearest neighbours, untrained", "The same, from the code of the untrained encoder"},
    {"most_frequent_label", "most frequent label", "Share of the test part that guessing the commonest training label gets right"},
    {"mutual_information_gap", "mutual information gap",
     "For each factor, by how much the unit that knows most of it is ahead of the next, over the factor's entropy (Chen et al. 2018): 1 is "
     "one unit each"},
    {"disentanglement", "disentanglement", "Whether a unit matters to one factor alone (Eastwood and Williams 2018): 1 is to one"},
    {"completeness", "completeness", "Whether a factor lies in one unit alone: 1 is in one"},
    {"informativeness", "informativeness", "How much of the factors a linear model reads from the codes: 1 is all"},
    {"self_bleu", "self-BLEU", "How much drawn sentences share with each other, in words and runs of up to four: lower is more varied"},
    {"distinct_1", "distinct words", "Different words over all words of drawn sentences"},
    {"distinct_2", "distinct pairs", "The same, of pairs of words that follow each other"},
    {"copied", "copied", "Share of drawn sentences that stand in the training part word by word"},
    {"samples_parsed", "parsed", "Share of drawn sentences that the grammar can make"},
    {"sample_lm_perplexity", "perplexity of samples", "Of drawn sentences under a language model"},
    {"reverse_perplexity", "reverse perplexity", "Of test sentences under a language model that is trained on drawn ones"},
    {"entropy_gap", "above the entropy", "nll less the exact entropy of the data, which no model can go below"},
    {"tokens", "tokens", "Words and ends of the test part"},
    {"objective", "objective", "What training minimises, with its weights: not to be compared from line to line"},
    {"beta", "beta", "The weight of the KL in the objective"},
    {"variance", "variance", "Of a pixel's noise under a Gaussian likelihood"},
    {"parameters", "parameters", "Numbers that are trained"},
    {"examples", "examples", "Of the test part"},
    {"seconds", "seconds", "That measuring the test part took"},
    {"examples_per_second", "speed", "Examples measured in a second"},
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
    if (any_has(c, m.key)) t.rows.push_back({m.name, fmt::format("{} (`{}`)", m.text, m.key)});
  for (const PictureFigure& f : picture_figure_list())
    if (any_has(c, f.key)) t.rows.push_back({fmt::format("`{}`", f.key), f.meaning});
  t.rows.push_back({"± spread", "Standard deviation over the seeds (n - 1): how much another seed changes the figure (`sd`)"});
  if (std::any_of(c.entries.begin(), c.entries.end(), [](const Entry& e) { return e.config.model.latent > 0; }))
    t.rows.push_back({"ratio of holes", "Distance of decoded random codes to data over the same of codes of data: 1 is as near as they"});
  if (any_has(c, "hole_entropy_test"))
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
