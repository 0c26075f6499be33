#include "tools/run_pictures.h"

#include <algorithm>

#include "data/picture.h"
#include "lab/codes.h"

namespace elbo {

Tensor paired_rows(const Tensor& inputs, const Tensor& outputs, Index columns) {
  const Index n = inputs.size(0), rows = (n + columns - 1) / columns;
  Tensor all = Tensor::ones(inputs.shape().with(0, rows * 2 * columns));
  for (Index r = 0; r < rows; r++) {
    const Index first = r * columns, count = std::min(columns, n - first), at = 2 * r * columns;
    all.slice(at, at + count).copy_from(inputs.slice(first, first + count));
    all.slice(at + columns, at + columns + count).copy_from(outputs.slice(first, first + count));
  }
  return all;
}

void write_run_pictures(const Run& run, const Dataset& data) {
  const Shape& shape = run.example_shape;
  if (shape.rank() != 3 || shape[2] == 2 || shape[2] > 4) return;
  const auto save = [&](const char* name, const Tensor& pictures, Index columns, Index padding) {
    save_png(run.path + "/" + name, grid(to_pixels(pictures), pictures.size(0) / columns, columns, padding));
  };
  const Index count = std::min<Index>(20, data.test.size());
  if (count > 0) {
    const Tensor inputs = model_inputs(run, data.test, count);
    save("reconstructions.png", paired_rows(inputs, reconstruct(*run.model, inputs, data.test.labels), 10), 10, 2);
  }
  const Tensor samples = decode_codes(*run.model, draw_codes(run, 100, default_code_source(*run.model), 1, 1));
  save("samples.png", samples, 10, 2);
  if (run.config.model.kind == "conv-lstm") save("samples-5x5.png", samples.slice(0, 25), 5, 2);  // what its source shows
  if (run.model->latent() == 2)
    save("manifold.png", decode_codes(*run.model, with_labels(*run.model, plane_codes(run, 15, 4, 0, 1))), 15, 0);
}

}  // namespace elbo
