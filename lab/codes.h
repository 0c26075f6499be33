#pragma once
// From examples to codes and from codes to pictures: what sampling, reconstruction, encoding and the picture of the latent plane share.

#include <string_view>
#include <vector>

#include "models/run.h"

namespace elbo {

// Where codes are drawn from.
//   prior     N(0, I): what a VAE was trained towards; a plain autoencoder has none, so there it shows the holes between the codes
//   gaussian  a Gaussian with mean and covariance of the training codes
//   mixture   ten Gaussians fitted to the codes of the data (lab/mixture.h)
enum class CodeSource { prior, gaussian, mixture };
CodeSource code_source_from_name(std::string_view name);  // throws UsageError naming the nearest
std::string_view code_source_name(CodeSource source);
CodeSource default_code_source(
    const Model& model);  // prior for a VAE, gaussian for a plain autoencoder; prior (of no numbers) for a language model

// `count` codes (count, latent), float64, from prior or gaussian; `temperature` scales their deviation from the mean. Code i depends on
// `seed` and i alone. Of a conditional model with labels beside them, as with_labels(). Throws Error where the Gaussian is wanted and the
// run has no statistics of its codes.
Tensor draw_codes(const Run& run, Index count, CodeSource source, double temperature, std::uint64_t seed, const Tensor& labels = {});

// Codes (n, latent) as the decoder reads them, float64: of a conditional model with `labels`, int32 (n,), beside them, or where these are
// empty with every label in turn (0, 1, ..., 0, 1, ...); otherwise the codes themselves.
Tensor with_labels(const Model& model, const Tensor& codes, const Tensor& labels = {});

// The decoder's mean for codes (n, decoder_inputs()) of any float type: (n, example...), float32.
Tensor decode_codes(const Model& model, const Tensor& codes);

// The encoder's code of each example, float32. logvar is empty for a plain autoencoder, labels where there are none.
struct EncodedExamples {
  Tensor mean, logvar;  // (n, latent)
  Tensor labels;        // int32 (n,)
};
EncodedExamples encode_examples(const Run& run, const Split& split);

// The first `count` examples of a part as the model sees them (binarised or dequantised where it was trained so): (count, example...).
Tensor model_inputs(const Run& run, const Split& split, Index count);

// Each input decoded from its code's mean; labels: int32 (n, or more), of a conditional model.
Tensor reconstruct(const Model& model, const Tensor& inputs, const Tensor& labels);

// Picture files as a part without labels: converted to the channels and resized to the size of the run's examples, as the pictures that it
// was trained on were. Throws Error for a file that is no picture, UsageError where the run's examples are none.
Split load_pictures(const Run& run, const std::vector<std::string>& files);

// The codes of a regular grid over two dimensions, (size * size, latent), row by row from the top of a picture: `first` grows from left
// to right, `second` from bottom to top, both over [-range, range]. All others are 0. For a plain autoencoder the same in standard
// deviations of the training codes around their mean. Throws UsageError for dimensions that do not exist.
Tensor plane_codes(const Run& run, Index size, double range, Index first, Index second);

// The lower triangle L with L L^T = a for a symmetric positive semi-definite a (n, n), float64; columns without variance are 0.
Tensor cholesky(const Tensor& a);

}  // namespace elbo
