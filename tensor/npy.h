#pragma once
// NumPy's files: `.npy`, one array, and `.npz`, several with names in a zip archive.
// Format: numpy.lib.format, https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html
//
// Read are versions 1.0, 2.0 and 3.0, either byte order, row-major and column-major (transposed into row-major), up to six axes.
// f4, f8, i4, u1 keep their type; f2 becomes float32, b1 uint8, every other integer int32 where each number fits (Error otherwise).

#include <string>
#include <utility>
#include <vector>

#include "tensor/file.h"
#include "tensor/tensor.h"

namespace elbo {

// All throw Error naming the file: not readable, not this format, sizes that disagree with the file, a type that is not supported.
Tensor load_npy(const std::string& path);
Tensor load_npy(const InputFile& file);

// The array is written atomically (file.h) as version 1.0, little-endian, row-major; np.load gives the same type and shape.
void save_npy(const std::string& path, const Tensor& tensor);

using NamedTensors = std::vector<std::pair<std::string, Tensor>>;

// The arrays in the order of the archive; entries are stored or deflated, their checksums are verified.
NamedTensors load_npz(const std::string& path);
NamedTensors load_npz(const InputFile& file);

// Stored entries with fixed dates: the bytes depend on names and numbers alone. Throws Error for a name twice or an empty handle, and
// where the archive would exceed 4 GiB.
void save_npz(const std::string& path, const NamedTensors& entries);

// What stands before the numbers of `tensor` in an .npy file; a multiple of 64 bytes.
std::string npy_header(const Tensor& tensor);

}  // namespace elbo
