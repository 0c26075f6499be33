#pragma once
// PNM, the pictures of netpbm: P1 to P6, text and binary. stb_image reads two of the six, takes short data for whole, and does not look
// at the largest value.

#include <optional>
#include <string>

#include "data/decode.h"

namespace elbo {

// P1 and P4 are bitmaps, P2 and P5 grey, P3 and P6 colour. Values from 0 to `largest`, below 65536, become 0 to 255, rounded; those above
// 255 take two bytes each, the high one first. In bitmaps 1 is black.
bool is_pnm(Bytes begin);

// The size that a header claims; none where `begin` ends within the header. Throws Error naming `name` where it is damaged, or claims more
// than most_pixels or than a file of `file_size` bytes can hold.
std::optional<DecodedPicture> pnm_header(Bytes begin, std::uint64_t file_size, const std::string& name);

// The first picture of the file; throws Error naming `name` where something of it is missing or a value is above the largest.
DecodedPicture decode_pnm(Bytes file, const std::string& name);

}  // namespace elbo
