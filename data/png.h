#pragma once
// A check that a PNG file must pass before stb_image sees it.

#include "tensor/file.h"

namespace elbo {

bool is_png(Bytes begin);

// Throws Error naming `name` where a chunk of a PNG `file` ends behind the file, or its packed pixels are more than twice what they take
// unpacked: stb_image unpacks all that there is, up to a thousandfold, before it looks how much the picture needs. An honest deflate
// stream is never longer than that. All else passes: the decoder judges it, and the size in the header is for the caller to check.
void check_png_chunks(Bytes file, const std::string& name);

}  // namespace elbo
