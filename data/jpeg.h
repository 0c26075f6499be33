#pragma once
// A check that a JPEG file must pass before stb_image sees it.

#include "tensor/file.h"

namespace elbo {

// Throws Error naming `name` when `file` defines a Huffman table of more than 256 codes: stb_image 2.27, the version of Debian 12,
// writes past its tables when it reads one. All other files, JPEG or not, pass: the decoder judges them.
void check_jpeg_tables(Bytes file, const std::string& name);

}  // namespace elbo
