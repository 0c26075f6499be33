// What models make of the built-in sentences.

#include <doctest/doctest.h>

#include <cmath>

#include "autograd/engine.h"
#include "autograd/mode.h"
#include "autograd/ops.h"
#include "data/sentences.h"
#include "data/text_batches.h"
#include "models/run.h"
#include "models/text.h"
#include "nn/optim/methods.h"
#include "tensor/reduce.h"

using namespace elbo;

TEST_CASE("sentences: what an untrained encoder happens to keep tells fewer than 60% of the scenes") {
  Config c = preset("text-vae").config;
  c.data.spec = "sentences";
  const Dataset data = load_data(c);
  ParamStore store(store_options(c));
  const auto model = make_model(c, data.example_shape, store);
  constexpr Index train = 5000, all = 7000;
  Tensor codes({all, 32}), labels({all}, DType::int32);
  Split split = data.train;
  split.values = split.values.slice(0, all);
  split.labels = split.labels.slice(0, all);
  const auto source = TextBatches::evaluation(split, 100);
  {
    NoGrad guard;
    for (Index b = 0; b < source->count(); b++) {
      const Batch& batch = source->load(1, b);
      const Tensor mean = model->encode(Var(batch.x)).mean.value();
      for (Index i = 0; i < batch.size(); i++) codes[batch.examples.at<std::int32_t>({i})].copy_from(mean[i]);
    }
  }
  labels.copy_from(split.labels);
  // Each dimension to variance 1; then softmax regression.
  for (Index j = 0; j < 32; j++) {
    double sum = 0, square = 0;
    for (Index i = 0; i < train; i++) {
      const double v = codes.at<float>({i, j});
      sum += v, square += v * v;
    }
    const double mean = sum / train, deviation = std::sqrt(square / train - mean * mean);
    for (Index i = 0; i < all; i++) codes.set<float>({i, j}, float((codes.at<float>({i, j}) - mean) / deviation));
  }
  ParamStore probe_store;
  const Linear probe(Scope(probe_store) / "probe", 32, sentence_scenes);
  probe_store.seal();
  Adam adam(probe_store, {.learning_rate = 0.05});
  for (int step = 0; step < 200; step++)
    adam.step(backward(mean(cross_entropy(probe(Var(codes.slice(0, train))), labels.slice(0, train)))));
  const Tensor found = argmax(probe(Var(codes.slice(train, all))).value(), {1});
  Index right = 0;
  for (Index i = train; i < all; i++) right += found.element(i - train) == labels.element(i);
  const double share = double(right) / double(all - train);
  MESSAGE("scenes told by a linear probe: " << share);
  CHECK(share > 1.2 / sentence_scenes);
  CHECK(share < 0.6);
}
