#include "data/fit.h"

#include <fmt/core.h>
#include <stb/stb_image_resize.h>

#include <algorithm>
#include <cstring>

#include "tensor/error.h"
#include "tensor/nearest.h"
#include "tensor/parallel.h"

namespace elbo {
namespace {

const std::vector<std::string> fit_names = {"crop", "pad", "stretch"};
constexpr Index longest_side = 65535;

// A rectangle of rows of pixels within a picture.
struct Window {
  Index height, width, top = 0, left = 0;
};

// The largest rectangle in the proportion of `shape` that lies within `within`, in its middle.
Window middle_of(const Window& within, const Window& shape) {
  Window w{within.height, within.width};
  if (within.width * shape.height > within.height * shape.width)
    w.width = std::clamp<Index>((within.height * shape.width + shape.height / 2) / shape.height, 1, within.width);
  else
    w.height = std::clamp<Index>((within.width * shape.height + shape.width / 2) / shape.width, 1, within.height);
  w.top = (within.height - w.height) / 2;
  w.left = (within.width - w.width) / 2;
  return w;
}

}  // namespace

std::string_view name_of(Fit fit) { return fit_names[std::size_t(fit)]; }

Fit fit_from_name(std::string_view name) {
  const auto it = std::find(fit_names.begin(), fit_names.end(), name);
  if (it == fit_names.end()) throw UsageError("[data.fit] " + unknown_message("value", name, fit_names));
  return Fit(it - fit_names.begin());
}

void fit_picture(const DecodedPicture& picture, const std::string& name, Index height, Index width, Fit fit, std::uint8_t* out) {
  const Index channels = picture.channels;
  if (picture.height > longest_side || picture.width > longest_side)
    fail("picture", fmt::format("{}: {} x {} pixels; expected sides of at most {}", name, picture.width, picture.height, longest_side));
  const Window whole{picture.height, picture.width}, example{height, width};
  const Window from = fit == Fit::crop ? middle_of(whole, example) : whole, to = fit == Fit::pad ? middle_of(example, whole) : example;
  if (fit == Fit::pad && (to.height < height || to.width < width)) {
    std::memset(out, 255, std::size_t(height * width * channels));
    if (channels == 4)
      for (Index i = 3; i < height * width * 4; i += 4) out[i] = 0;
  }
  const std::uint8_t* pixels = picture.pixels.get() + (from.top * picture.width + from.left) * channels;
  const Index stride = picture.width * channels;
  out += (to.top * width + to.left) * channels;
  if (from.height == to.height && from.width == to.width) {
    for (Index y = 0; y < to.height; y++) std::memcpy(out + y * width * channels, pixels + y * stride, std::size_t(to.width * channels));
    return;
  }
  // stb_image_resize counts its memory in 32 bits; what grows fastest is one line of the result for each line that goes into it.
  if (to.width * channels * (4 * (from.height / to.height) + 16) > (Index{1} << 26))
    fail("picture", fmt::format("{}: {} x {} pixels are too many for {} x {}; make it smaller first", name, picture.width, picture.height,
                                width, height));
  const int alpha = channels == 4 ? 3 : STBIR_ALPHA_CHANNEL_NONE;
  if (!stbir_resize_uint8_generic(pixels, int(from.width), int(from.height), int(stride), out, int(to.width), int(to.height),
                                  int(width * channels), int(channels), alpha, 0, STBIR_EDGE_CLAMP, STBIR_FILTER_DEFAULT,
                                  STBIR_COLORSPACE_LINEAR, nullptr))
    fail("picture", fmt::format("{}: no memory to resize {} x {} pixels", name, picture.width, picture.height));
}

void load_picture_into(const std::string& file, const Shape& shape, Fit fit, std::uint8_t* out) {
  const DecodedPicture picture = convert_channels(decode(read_file(file, longest_file), file), int(shape[2]));
  fit_picture(picture, file, shape[0], shape[1], fit, out);
}

Tensor load_pictures(std::span<const std::string> files, const Shape& shape, Fit fit) {
  if (shape.rank() != 3 || (shape[2] != 1 && shape[2] != 3 && shape[2] != 4) || shape[0] < 1 || shape[1] < 1)
    fail("picture", fmt::format("expected a shape (height, width, 1, 3 or 4), got {}", shape.str()));
  Tensor pictures(shape.prepend(Index(files.size())), DType::uint8);
  auto* out = pictures.mutable_data<std::uint8_t>();
  std::vector<std::string> errors(files.size());  // the first in their order is thrown, whichever thread met it
  parallel(Index(files.size()), [&](Index i) {
    try {
      load_picture_into(files[std::size_t(i)], shape, fit, out + i * shape.numel());
    } catch (const Error& error) {
      errors[std::size_t(i)] = error.what();
    }
  });
  for (const std::string& error : errors)
    if (!error.empty()) throw Error(error);
  return pictures;
}

}  // namespace elbo
