#pragma once
// IDX files, the format of MNIST (http://yann.lecun.com/exdb/mnist): a magic number (0, 0, 8 for bytes, the number of axes), one
// big-endian 32-bit size for each axis, then the bytes. Plain or gzip.

#include <string>

#include "tensor/tensor.h"

namespace elbo {

// The file's array as uint8, of `rank` axes (3: pictures (n, rows, columns); 1: labels (n,)). Throws Error naming the file for another
// format, a size that does not fit what the file holds, or no elements; memory is taken only after the size has been checked.
Tensor read_idx(const std::string& path, int rank);

}  // namespace elbo
