// page-sample FILE.html: a page with everything that lab/page.h and lab/plot.h can draw, for the test in a browser and for the eye.

#include <cmath>
#include <cstdio>
#include <numbers>

#include "lab/page.h"
#include "lab/plot.h"
#include "lab/plot_text.h"
#include "tensor/error.h"

namespace {

using namespace elbo;
using namespace elbo::lab;

// A plain congruential generator: the sample is the same on every machine.
double uniform() {
  static std::uint32_t state = 12345;
  state = state * 1664525u + 1013904223u;
  return (state >> 8) / 16777216.0;
}

double normal() { return std::sqrt(-2 * std::log(1 - uniform())) * std::cos(2 * std::numbers::pi * uniform()); }

LinePlot curves() {
  LinePlot plot{
      .title = "Learning curves", .description = "Both fall steeply for ten epochs.", .x = {"epoch"}, .y = {"nats per example", true}};
  const char* names[] = {"dense-ae", "dense-vae", "dense-vae, gaussian-optimal"};
  for (int k = 0; k < 3; ++k) {
    Series s{.name = names[k]};
    for (int epoch = 1; epoch <= 20; ++epoch) {
      const double y = (20 + 14 * k) * (1 + 3 * std::exp(-epoch / 3.0));
      const double spread = y * (0.02 + 0.1 / epoch);
      s.x.push_back(epoch);
      s.y.push_back(y);
      s.low.push_back(y - spread);
      s.high.push_back(y + spread);
    }
    plot.series.push_back(s);
  }
  plot.rules.push_back({"entropy of the data", 17});
  return plot;
}

LinePlot long_curves() {
  LinePlot plot{.title = "Gradient norm of every step, ten networks", .x = {"step"}, .y = {"norm"}};
  for (int k = 0; k < 10; ++k) {
    Series s{.name = "network " + std::to_string(k)};
    for (int step = 0; step < 400; ++step) {
      s.x.push_back(25 * step);
      s.y.push_back(step == 200 ? NAN : (k + 1) * (1 + std::exp(-step / 60.0)) + 0.1 * normal());
    }
    plot.series.push_back(s);
  }
  return plot;
}

ScatterPlot latent(int classes, int each, const std::string& title) {
  ScatterPlot plot{.title = title, .x = {"z 1"}, .y = {"z 2"}, .equal_units = true, .names_inside = classes > 3};
  for (int k = 0; k < classes; ++k) {
    PointClass c{.name = std::to_string(k)};
    const double angle = 2 * std::numbers::pi * k / classes;
    for (int i = 0; i < each; ++i) {
      c.x.push_back(1.8 * std::cos(angle) + 0.45 * normal());
      c.y.push_back(1.5 * std::sin(angle) + 0.45 * normal());
    }
    plot.classes.push_back(c);
  }
  return plot;
}

LinePlot plane() {
  LinePlot plot{.title = "Rate and distortion",
                .x = {.label = "rate: KL, nats per example", .low = 0},
                .y = {"distortion: reconstruction, nats per example"},
                .sum = "total"};
  Series means{.name = "dense-vae", .style = 1, .marks = false, .labels = {"0.5", "1", "4"}},
      runs{.name = "dense-vae", .style = 1, .line = false};
  for (int k = 0; k < 3; ++k) {
    means.x.push_back(32 - 9 * k);
    means.y.push_back(70 + 8 * k * k);
    for (int seed = 1; seed <= 5; ++seed) {
      runs.x.push_back(32 - 9 * k + normal());
      runs.y.push_back(70 + 8 * k * k + normal());
      runs.hover.push_back("beta " + means.labels[std::size_t(k)] + ", seed " + std::to_string(seed));
    }
  }
  plot.series = {means, runs};
  plot.rules = {{"dense-ae: no finite rate", 66}, {"dense-ae, wider: no finite rate", 65}};
  return plot;
}

BarPlot units(int count) {
  BarPlot plot{.title = "KL of each latent unit", .group_label = "unit, sorted", .y = {"nats"}};
  BarSeries one{.name = "dense-vae"}, two{.name = "dense-vae at beta 4"};
  for (int i = 0; i < count; ++i) {
    plot.groups.push_back(std::to_string(i + 1));
    one.values.push_back(3.2 * std::exp(-i * 0.12));
    one.spread.push_back(0.2 * std::exp(-i * 0.1));
    two.values.push_back(2.5 * std::exp(-i * 0.3));
    two.spread.push_back(0.15 * std::exp(-i * 0.2));
  }
  plot.series = {one, two};
  return plot;
}

BarPlot times() {
  BarPlot plot;
  plot.title = "Time for ten epochs";
  plot.y.label = "seconds";
  plot.groups = {"dense-ae", "dense-vae", "dense-vae:objective.beta=4"};
  plot.series.push_back({.values = {12.4, 14.9, 15.02}, .spread = {0.4, 0.2, NAN}});
  return plot;
}

Tensor pictures(Index n, int phase, Index channels = 1) {
  Tensor out({n, 28, 28, channels}, DType::float32);
  float* p = out.mutable_data<float>();
  for (Index i = 0; i < n; ++i)
    for (Index y = 0; y < 28; ++y)
      for (Index x = 0; x < 28; ++x)
        for (Index c = 0; c < channels; ++c) {
          const double r = std::hypot(double(x) - 13.5, double(y) - 13.5);
          *p++ = float(std::exp(-0.12 * std::pow(r - 3 - double((i + c) % 8), 2)) * (1 - 0.12 * phase));
        }
  return out;
}

Page sample() {
  Page page("A page with everything on it: \"quotes\", <tags> & `code`",
            "What the builder can draw, in one place, so that a browser and a pair of eyes can judge it. It runs from a file, without a "
            "script, a font or a link to anywhere.");
  Content& text = page.section("Prose and tables");
  text.paragraph(
      "A paragraph with `code`, **strong words**, a [link to the plots](#plots), and characters that must be escaped: < > & \" '. "
      "A very long word follows: averyveryverylongwordwithoutanyspacethatmustnotmakethepagewiderthanthephoneitisreadon.");
  text.note("What not to conclude: the `total` of a plain autoencoder is no bound, and is not ranked against that of a VAE.");
  text.table({.caption = "Figures on the test split: mean ± standard deviation over 3 seeds, nats per example.",
              .columns = {{"preset"},
                          {"total", true, "reconstruction + KL"},
                          {"reconstruction", true},
                          {"KL", true},
                          {"squared error", true},
                          {"active units", true},
                          {"probe accuracy", true},
                          {"seconds", true}},
              .rows = {{"`dense-ae`", mean_spread(68.02, 0.12), mean_spread(68.02, 0.12), number_text(NAN), mean_spread(5.02, 0.04), "20",
                        "0.931", "12.4"},
                       {"`dense-vae`", mean_spread(105.63, 0.24), mean_spread(80.21, 0.3), mean_spread(25.42, 0.2), mean_spread(18.6, 0.11),
                        "20", "0.955", "14.9"},
                       {"`dense-vae:objective.beta=4,likelihood=gaussian-optimal`", mean_spread(131.2, 1.7), mean_spread(120.9, 1.9),
                        mean_spread(10.3, 0.3), mean_spread(30.1, 0.9), "7", "0.874", "15.0"}},
              .note = "Fewer than five seeds: the intervals are wide."});
  text.list({"First look at the reconstruction.", "Then at the KL, and at how many units carry it.", "Only then at the total."});
  text.table({.caption = "A narrow table.", .columns = {{"name"}, {"value", true}}, .rows = {{"alpha", "1.5"}, {"beta", "−12.25"}}});

  Content& plots = page.section("Plots");
  plots.figure({.svg = svg(curves()), .caption = "Mean of three seeds, the band is one standard deviation. The axis is logarithmic."});
  plots.figures({{.svg = svg(latent(10, 500, "dense-vae: latent space")), .caption = "5,000 test pictures by label."},
                 {.svg = svg(latent(3, 60, "dense-ae: latent space")), .caption = "180 of them; each tells its place on hover."}});
  plots.figure({.svg = svg(latent(10, 1000, "10,000 points")), .caption = "As many as a page should hold."});
  plots.figures({{.svg = svg(plane()), .caption = "Every run on the plane."}, {.svg = svg(long_curves()), .caption = "Ten series."}});
  plots.figures({{.svg = svg(units(20)), .caption = "Two models over twenty units."},
                 {.svg = svg(times()), .caption = "A few bars show their values."}});
  HeatMap map{.title = "Which digit is taken for which", .x_label = "predicted", .y_label = "label", .value_label = "share"};
  for (int i = 0; i < 10; ++i) {
    map.rows.push_back(std::to_string(i));
    map.columns.push_back(std::to_string(i));
    for (int j = 0; j < 10; ++j) map.values.push_back(i == j ? 0.9 : i == 3 && j == 7 ? NAN : 0.1 * uniform());
  }
  std::vector<double> numbers, others;
  for (int i = 0; i < 4000; ++i) {
    numbers.push_back(normal());
    others.push_back(1 + 0.6 * normal());
  }
  LinePlot shares{.title = "Distance to the nearest training picture", .x = {"distance"}, .y = {"share of samples"}};
  shares.series = {histogram("codes from N(0, I)", numbers, -4, 4, 40), histogram("codes from a fitted Gaussian", others, -4, 4, 40)};
  plots.figures({{.svg = svg(map), .caption = "A heat map."}, {.svg = svg(shares), .caption = "Histograms."}});
  plots.figure({.svg = svg(LinePlot{.title = "Nothing yet", .x = {"epoch"}, .y = {"nats"}}), .caption = "A plot without data says so."});

  Content& images = page.section("Pictures");
  images.pictures(
      {.caption = "Reconstructions under the same inputs.",
       .columns = {"0", "1", "2", "3", "4", "5", "6", "7", "8", "9"},
       .rows = {{"input", pictures(10, 0)}, {"`dense-ae`", pictures(10, 1)}, {"`dense-vae:objective.beta=4`", pictures(10, 3)}}});
  images.figures(
      {{.picture = Tensor::full({112, 112, 1}, 128, DType::uint8), .alt = "a grey square", .caption = "From N(0, I).", .scale = 3},
       {.picture = Tensor::full({60, 600, 3}, 200, DType::uint8), .alt = "a wide grey picture", .caption = "A wide one."}});

  Content& again = page.section("Make it again");
  again.commands(
      "elbo-compare --presets dense-ae,dense-vae --data digits --seeds 3 --set train.epochs=10 --set objective.beta=1 --out report\n"
      "elbo-eval report/runs/dense-vae-seed1 --json");
  Content inside;
  inside.paragraph("Details open without a script, and are printed open.");
  inside.commands("seed 1\nthreads 2");
  again.details("How these runs were made", inside);
  page.footer("Made by `page-sample`.");
  return page;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 2) {
    std::fprintf(stderr, "usage: page-sample FILE.html\n");
    return 2;
  }
  try {
    sample().save(argv[1]);
  } catch (const Error& error) {
    std::fprintf(stderr, "error: %s\n", error.what());
    return 1;
  }
  return 0;
}
