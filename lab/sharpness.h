#pragma once
// How sharp pictures are, measured two ways that see only neighbouring pixels and frequencies, not what a picture shows:
//
//   Laplacian variance   of the response of each picture to the filter [0 1 0; 1 -4 1; 0 1 0] over its inner pixels, mean over pictures
//                        (the measure of focus of Pech-Pacheco et al. 2000): edges and fine strokes raise it, blur lowers it
//   spectrum             the power of each band of spatial frequency, mean over pictures: the discrete Fourier transform, all directions
//                        of one frequency together, from one cycle a picture to the corner, which is where a checkerboard lies
//
// More is not better. What decoded pictures should have is what the data have, so they are judged by their distance to the data's own
// values, in logarithms: half as sharp and twice as sharp are equally far.

#include <vector>

#include "models/run.h"

namespace elbo {

struct Sharpness {
  double laplacian_variance = 0;  // of numbers 0 .. 1
  std::vector<double> frequency;  // of each band, cycles a pixel: 1/n, 2/n, ... to 1/sqrt(2), n the shorter side
  std::vector<double> power;      // white noise of variance s has power s in every band
};

// Sums up pictures batch by batch.
class SharpnessMeter {
 public:
  // Of pictures (h, w, c), h and w from 3 to 4096. Throws Error for others.
  explicit SharpnessMeter(const Shape& example);
  static bool measures(const Shape& example);

  void add(const Tensor& pictures);  // (n, h, w, c), numbers 0 .. 1, any float type
  Sharpness result() const;          // throws Error where nothing was added

 private:
  Index height_, width_, channels_, pictures_ = 0;
  double laplacian_ = 0;
  std::vector<Index> band_;  // of each (u, v); 0: the mean, which is in none
  std::vector<double> power_, members_;
  Tensor cos_h_, sin_h_, cos_w_, sin_w_;  // (1, h, h) and (1, w, w)
};

// |ln(variance / the data's)|, and the root mean square over the bands of ln(power / the data's): 0 for the data themselves, 0.69 where
// everything has half or twice the data's. What is below the noise of rounding to bytes counts as that noise.
double laplacian_distance(const Sharpness& pictures, const Sharpness& data);
double spectrum_distance(const Sharpness& pictures, const Sharpness& data);

// A run beside its data, on the first `count` examples of the test part (fewer where there are fewer).
struct RunSharpness {
  Sharpness data, reconstructions, samples;  // reconstructions at the code's mean; samples from the model's own source of codes
  Sharpness training;                        // as many training pictures: how far apart two parts of the data are
  Index pictures = 0;
};
// Throws Error where the examples are no pictures, or one of the two parts is empty.
RunSharpness run_sharpness(const Run& run, const Dataset& data, Index count);

}  // namespace elbo
