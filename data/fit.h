#pragma once
// Pictures of any size as examples of one shape.

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "data/decode.h"
#include "tensor/tensor.h"

namespace elbo {

// What happens to a picture whose sides are in another proportion than the example's: its middle is cut out (crop), white is put beside it
// (pad; with four channels, transparent white), or it is distorted (stretch).
enum class Fit : std::uint8_t { crop, pad, stretch };
std::string_view name_of(Fit fit);
Fit fit_from_name(std::string_view name);  // throws UsageError

// Resizes `picture`, which has the example's channels, into height x width pixels at `out`, by stb_image_resize: Mitchell and Netravali's
// filter (1988) where it shrinks, Catmull and Rom's spline where it grows. `name` is for messages. Throws Error for sides above 65,535.
void fit_picture(const DecodedPicture& picture, const std::string& name, Index height, Index width, Fit fit, std::uint8_t* out);

// Picture files as examples of `shape` (h, w, c), c being 1, 3 or 4: uint8 (n, h, w, c). Threaded. Throws Error for the first file that
// cannot be read.
Tensor load_pictures(std::span<const std::string> files, const Shape& shape, Fit fit = Fit::crop);

// One file, into h * w * c bytes at `out`.
void load_picture_into(const std::string& file, const Shape& shape, Fit fit, std::uint8_t* out);

}  // namespace elbo
