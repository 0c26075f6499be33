// A variational autoencoder (Kingma and Welling 2013) with a loop that hides nothing: reconstruction, KL, and every gradient.

#include <cmath>

#include "autograd/ops.h"
#include "data/batches.h"
#include "examples/expect.h"
#include "nn/layers.h"
#include "nn/optim/methods.h"

using namespace elbo;

double norm(const Tensor& t) { return std::sqrt(sum(square(t)).item()); }

int main() {
  const Dataset data = load_dataset("digits");
  Batches batches = Batches::training(data.train, {.size = 128, .binarize = Binarize::dynamic}, 1);

  ParamStore store({.seed = 1});
  const Scope encoder = Scope(store) / "encoder", decoder = Scope(store) / "decoder";
  const Linear hidden(encoder / "hidden", 784, 200, Nonlinearity::relu), mean_of(encoder / "mean", 200, 10),
      logvar_of(encoder / "logvar", 200, 10), back(decoder / "hidden", 10, 200, Nonlinearity::relu),
      logits_of(decoder / "logits", 200, 784);
  store.seal();
  Adam optimizer(store, {.learning_rate = 1e-3});

  double before = 0, after = 0;
  for (Index step = 1; step <= 400; step++) {
    const Batch& batch = batches.load(1, step - 1);
    const Index n = batch.size();
    const Tensor x = batch.x.reshape({n, 784});

    // The encoder gives a Gaussian over codes for each picture, q(z | x) = N(mu, exp(v)); z = mu + exp(v / 2) epsilon is drawn from it
    // in such a way that gradients reach mu and v. Noise is keyed by update and example: the same for any batch size and thread count.
    const Var h = hidden(x), mu = mean_of(h), v = logvar_of(h);
    Tensor epsilon({n, 10});
    fill_normal(epsilon, {.seed = 1, .purpose = Purpose::latent, .step = std::uint64_t(step)}, batch.examples.values<std::int32_t>());
    const Var z = reparameterise(mu, v, epsilon);

    // Both terms are nats per example: summed over pixels or dimensions, averaged over the batch.
    const Var reconstruction = mean(bernoulli_loss(logits_of(back(z)), x));
    const Var kl = mean(sum(kl_normal(mu, v), {1}));
    const Var objective = reconstruction + kl;

    const Var wanted[] = {mu, z};  // gradients of intermediates are there for the asking
    const Gradients g = backward(objective, {.also = wanted});
    after = objective.item();
    if (step == 1) before = after;
    if (step % 100 == 0) std::printf("step %3td   reconstruction %6.2f   KL %5.2f\n", step, reconstruction.item(), kl.item());

    if (step == 400) {
      for (const Parameter& p : store.parameters()) std::printf("|d %-22s| = %.4f\n", p.name().c_str(), norm(g[p]));
      // mu reaches the objective twice: through z, with slope 1, and through the KL term mu^2 / 2, averaged over the batch.
      const Tensor expected = add(g[z], scale_shift(mu.value(), 1.0 / double(n)));
      std::printf("|dz| = %.4f, |dmu| = %.4f\n", norm(g[z]), norm(g[mu]));
      expect(norm(subtract(g[mu], expected)) < 1e-5 * norm(expected), "dmu = dz + mu / n");
    }
    optimizer.step(g);
  }
  expect(after < before / 3, "the negative ELBO has fallen to a third");
}
