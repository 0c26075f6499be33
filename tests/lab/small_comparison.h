#pragma once
// Comparisons for tests: one that trains in a moment, and one whose figures are written down.

#include "lab/compare.h"
#include "tensor/elementwise.h"
#include "tensor/npy.h"
#include "tensor/random.h"
#include "tests/support.h"

namespace elbo::testing {

// 240 pictures (or vectors) between 0 and 1 and a comparison of small networks on them.
inline lab::CompareOptions small_comparison(const Folder& folder, const Shape& example = {6, 6, 1}) {
  Tensor x(example.prepend(240));
  fill_uniform(x, {.seed = 3});
  save_npy(folder / "x.npy", power(x, 3));
  return {.presets = "dense-ae,dense-vae",
          .data = "npy:" + (folder / "x.npy"),
          .seeds = 2,
          .out = folder / "report",
          .set = {"model.hidden=[12]", "model.latent=3", "train.epochs=2", "train.batch=32"}};
}

// Of mlp-vae at beta 1 and 4 and a plain autoencoder of the same network, `seeds` runs each, without figures.
inline lab::Comparison bare_comparison(Index seeds) {
  lab::Comparison c{
      .options = {
          .presets = "mlp-vae:model.variational=false,mlp-vae,mlp-vae:objective.beta=4", .data = "digits", .seeds = seeds, .out = "x"}};
  c.entries = lab::plan(c.options);
  for (Index s = 0; s < seeds; s++)
    for (const lab::Entry& e : c.entries) c.runs.push_back({.name = e.name, .seed = 1 + std::uint64_t(s), .figures = {.json = "{}"}});
  return c;
}

}  // namespace elbo::testing
