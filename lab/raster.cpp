#include "lab/raster.h"

#include <fmt/core.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <string>

#include "tensor/error.h"

#if defined(__GNUC__)
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wunused-function"
#endif
#include <stb/stb_easy_font.h>
#if defined(__GNUC__)
#pragma GCC diagnostic pop
#endif

namespace elbo::lab {
namespace {

// A copy that stb_easy_font may take: it looks characters up in a table without looking whether they are in it.
std::string printable(std::string_view text) {
  std::string out(text);
  for (char& c : out)
    if (c < 32 || c > 126) c = '?';
  return out;
}

}  // namespace

Raster::Raster(Index width, Index height) : width_(width), height_(height) {
  constexpr Index most = Index{1} << 14;
  if (width < 1 || height < 1 || width > most || height > most)
    fail("raster", fmt::format("expected 1 to {} pixels a side, got {} x {}", most, width, height));
  pixels_.assign(std::size_t(width * height * 3), 255);
}

void Raster::blend(Index pixel, double share, Colour colour) {
  for (std::size_t c = 0; c < 3; c++) {
    float& v = pixels_[std::size_t(pixel) * 3 + c];
    v += float(share) * (float(colour[c]) - v);
  }
}

void Raster::cover(double x0, double y0, double x1, double y1, double width, std::vector<float>& cover) const {
  const double reach = width / 2 + 0.5, dx = x1 - x0, dy = y1 - y0, squared = dx * dx + dy * dy;
  const auto within = [](double v, Index size) { return Index(std::clamp(std::floor(v), 0.0, double(size))); };
  for (Index y = within(std::min(y0, y1) - reach, height_); y < within(std::max(y0, y1) + reach + 1, height_); y++)
    for (Index x = within(std::min(x0, x1) - reach, width_); x < within(std::max(x0, x1) + reach + 1, width_); x++) {
      const double px = double(x) + 0.5 - x0, py = double(y) + 0.5 - y0;
      const double t = squared > 0 ? std::clamp((px * dx + py * dy) / squared, 0.0, 1.0) : 0;
      const double share = std::min(1.0, reach - std::hypot(px - t * dx, py - t * dy));
      float& at = cover[std::size_t(y * width_ + x)];
      at = std::max(at, float(share));
    }
}

void Raster::line(double x0, double y0, double x1, double y1, const Pen& pen) { path({{x0, y0}, {x1, y1}}, pen); }

void Raster::path(const std::vector<std::pair<double, double>>& points, const Pen& pen) {
  std::vector<float> covered(pixels_.size() / 3);
  double walked = 0;  // along the path: dashes go on around its corners
  for (std::size_t i = 1; i < points.size(); i++) {
    const auto [x0, y0] = points[i - 1];
    const auto [x1, y1] = points[i];
    const double length = std::hypot(x1 - x0, y1 - y0);
    if (pen.dash <= 0 || length == 0) {
      cover(x0, y0, x1, y1, pen.width, covered);
      continue;
    }
    for (double at = 0; at < length;) {
      const double number = std::floor((walked + at) / pen.dash + 1e-9), next = std::min(length, (number + 1) * pen.dash - walked);
      const double a = at / length, b = next / length;
      if (std::fmod(number, 2) == 0)
        cover(x0 + a * (x1 - x0), y0 + a * (y1 - y0), x0 + b * (x1 - x0), y0 + b * (y1 - y0), pen.width, covered);
      at = std::max(next, at + 1e-6);
    }
    walked += length;
  }
  for (std::size_t p = 0; p < covered.size(); p++)
    if (covered[p] > 0) blend(Index(p), covered[p], pen.colour);
}

void Raster::text(double x, double y, std::string_view text, int scale, Colour colour, bool upwards) {
  std::string shown = printable(text);
  std::vector<float> vertices(shown.size() * 400 + 64);  // 4 floats a corner, 4 corners a bar; a letter has at most some twenty bars
  const int bars = stb_easy_font_print(0, 0, shown.data(), nullptr, vertices.data(), int(vertices.size() * sizeof(float)));
  const Index left = Index(std::lround(x)), top = Index(std::lround(y));
  for (int b = 0; b < bars; b++) {
    const float *first = &vertices[std::size_t(b) * 16], *opposite = first + 8;
    for (Index v = Index(first[1]) * scale; v < Index(opposite[1]) * scale; v++)
      for (Index u = Index(first[0]) * scale; u < Index(opposite[0]) * scale; u++) {
        const Index px = upwards ? left + v : left + u, py = upwards ? top - 1 - u : top + v;
        if (px >= 0 && px < width_ && py >= 0 && py < height_) blend(py * width_ + px, 1, colour);
      }
  }
}

Index Raster::text_width(std::string_view text, int scale) {
  std::string shown = printable(text);
  return Index(stb_easy_font_width(shown.data())) * scale;
}

Tensor Raster::picture() const {
  Tensor out({height_, width_, 3}, DType::uint8);
  auto* to = out.mutable_data<std::uint8_t>();
  for (std::size_t i = 0; i < pixels_.size(); i++) to[i] = std::uint8_t(std::lround(std::clamp(pixels_[i], 0.0f, 255.0f)));
  return out;
}

}  // namespace elbo::lab
