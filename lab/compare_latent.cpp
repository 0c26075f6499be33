// The report's pictures of the latent space: codes of test examples, by label.

#include <fmt/core.h>

#include <algorithm>

#include "lab/compare_page.h"
#include "lab/plot.h"
#include "lab/plot_text.h"
#include "lab/tsne.h"
#include "tensor/elementwise.h"
#include "tensor/linalg.h"
#include "tensor/matmul.h"

namespace elbo::lab {
namespace {

// The codes' two main directions, or the codes themselves where there are no more than two.
struct Plane {
  Tensor points;     // (n, 2), float32
  double share = 1;  // of the codes' variance that the plane holds
};

Plane plane_of(const Tensor& codes) {
  const Index n = codes.size(0), latent = codes.size(1);
  Plane plane{Tensor({n, 2}), 1};
  float* to = plane.points.mutable_data<float>();
  if (latent <= 2) {
    for (Index i = 0; i < n; i++)
      for (Index j = 0; j < 2; j++) to[2 * i + j] = j < latent ? codes.data<float>()[i * latent + j] : 0;
    return plane;
  }
  const PrincipalComponents p = principal_components(codes, latent);
  double all = 0;
  for (Index j = 0; j < latent; j++) all += double(p.variances.data<float>()[j]);
  if (all > 0) plane.share = (double(p.variances.data<float>()[0]) + double(p.variances.data<float>()[1])) / all;
  plane.points = matmul(subtract(codes, p.mean), p.components.slice(0, 2).clone(), false, true);
  return plane;
}

std::string latent_plot(const Comparison& c, const OpenRun& r, const std::string& title, const Tensor& points, const char* x,
                        const char* y) {
  ScatterPlot plot{.title = title,
                   .description = "Codes of test examples, by label.",
                   .x = {x},
                   .y = {y},
                   .equal_units = true,
                   .names_inside = c.data.classes > 1 && c.data.classes <= 12};
  const Tensor& labels = r.codes.labels;
  const int classes = labels ? std::max(1, c.data.classes) : 1;
  for (int k = 0; k < classes; k++) plot.classes.push_back({.name = labels ? label_name(c.data, k) : "examples"});
  for (Index i = 0; i < points.size(0); i++) {
    PointClass& k = plot.classes[labels ? std::size_t(labels.data<std::int32_t>()[i]) : 0];
    k.x.push_back(points.element(2 * i));
    k.y.push_back(points.element(2 * i + 1));
    k.hover.push_back(labels ? fmt::format("{}: {}", k.name, i) : std::to_string(i));
  }
  return svg(plot);
}

std::string settings_of(const Tsne& t, const TsneOptions& o) {
  return fmt::format(
      "t-SNE: perplexity {}, {} iterations of learning rate {}, the first {} with exaggeration {}, begun at the principal components; "
      "KL(P, Q) {} nats at the end.",
      number_text(t.perplexity, 3), o.iterations, number_text(t.learning_rate, 3), o.exaggerated, number_text(o.exaggeration, 3),
      number_text(t.divergence, 3));
}

}  // namespace

void add_latent_space(Page& page, const Comparison& c, const std::vector<OpenRun>& runs) {
  const std::vector<const OpenRun*> shown = few_coded(runs);
  if (shown.empty() || c.data.test.size() == 0) return;
  Content& s = page.section("Latent space");
  const bool large = std::any_of(shown.begin(), shown.end(), [](const OpenRun* r) { return r->run.model->latent() > 2; });
  s.paragraph(
      fmt::format(
          "Mean codes of the first {} test examples{}, seed {}; one unit is as long across as up. **What to look at:** whether labels form "
          "regions, whether there are gaps between them, and the scale: a VAE's codes are held near N(0, I), a plain autoencoder's may lie "
          "anywhere.{}",
          shown[0]->codes.mean.size(0), shown[0]->codes.labels ? ", coloured and marked by label" : "", c.options.first_seed,
          large ? " With more than two dimensions there are two pictures: the two directions in which that model's codes vary most, to "
                  "scale, "
                  "and "
                  "t-SNE (van der Maaten and Hinton 2008), which keeps who is near whom and nothing else."
                : "") +
      left_out(runs));
  std::vector<Figure> plain;
  for (const OpenRun* r : shown) {
    const Tensor& codes = r->codes.mean;
    const Index latent = codes.size(1);
    const Plane plane = plane_of(codes);
    if (latent <= 2) {
      plain.push_back({.svg = latent_plot(c, *r, r->entry->label, plane.points, "z 1", "z 2"), .caption = "The codes themselves."});
      continue;
    }
    std::vector<Figure> pair = {{.svg = latent_plot(c, *r, r->entry->label + ": principal components", plane.points,
                                                    "first principal direction", "second principal direction"),
                                 .caption = fmt::format("{:.0f}% of the variance of its {} dimensions.", 100 * plane.share, latent)}};
    if (codes.size(0) >= 4) {
      const TsneOptions options;
      const Tsne t = tsne(codes, options);
      pair.push_back({.svg = latent_plot(c, *r, r->entry->label + ": t-SNE", t.points, "t-SNE 1, no unit", "t-SNE 2, no unit"),
                      .caption = settings_of(t, options)});
    }
    s.figures(pair);
  }
  if (!plain.empty()) s.figures(plain);
  s.note(
      "What not to conclude: no model was told the labels, and two directions of many may hide or invent a separation. Distances in two "
      "such pictures are not to be compared with each other; in t-SNE neither the size of a group nor its distance to another means "
      "anything.");
}

}  // namespace elbo::lab
