#pragma once
// Structural similarity of pictures (Wang, Bovik, Sheikh and Simoncelli 2004, "Image quality assessment: from error visibility to
// structural similarity"). Of two windows with means m, variances v and covariance c
//
//   SSIM = (2 m_x m_y + C1) (2 c + C2) / ((m_x^2 + m_y^2 + C1) (v_x + v_y + C2)),    C1 = 0.01^2, C2 = 0.03^2 for numbers 0 .. 1
//
// Each window weighs its pixels by a Gaussian of standard deviation 1.5 pixels over 11x11 pixels, weights that sum to 1. Only windows that
// lie wholly inside the picture count; a picture's figure is the mean over its windows and channels. 1 for equal pictures, about 0 for
// unrelated ones, down to -1 for contrasts turned round. The squared error asks how far pixels are off; this asks whether edges and
// strokes stand in the same places, so that a blurred picture loses more of it than a slightly darker one.
//
// A picture whose shorter side has fewer than 11 pixels is measured with the largest odd window that fits, of the same standard deviation.
// Such figures are not comparable to those of larger pictures.

#include <vector>

#include "tensor/tensor.h"

namespace elbo {

// One number for each pair of pictures x[i], y[i] of shape (n, h, w, c), numbers 0 .. 1, any float type; summed in float64. Throws Error
// for other shapes, shapes that differ and pictures without pixels.
std::vector<double> structural_similarity(const Tensor& x, const Tensor& y);

// The side of the window for pictures of this height and width: 11 where it fits.
Index similarity_window(Index height, Index width);

}  // namespace elbo
