#pragma once
// A picture of lines and letters for tools that write a PNG: 8 bits a channel, red, green and blue, on white.
//
// Lines are anti-aliased by distance: a pixel takes the colour to the share w/2 + 1/2 - d of it, kept within 0 and 1, where d is the
// distance of its middle from the segment and w the line's width. Letters are stb_easy_font's (Barrett 2015), ASCII alone, a whole number
// of pixels to each of its dots. Coordinates are in pixels from the top left corner, the middle of the first pixel being (0.5, 0.5).

#include <array>
#include <cstdint>
#include <string_view>
#include <vector>

#include "tensor/tensor.h"

namespace elbo::lab {

using Colour = std::array<std::uint8_t, 3>;

struct Pen {
  Colour colour = {0, 0, 0};
  double width = 1;
  double dash = 0;  // pixels on, and as many off; 0: solid
};

class Raster {
 public:
  Raster(Index width, Index height);  // throws Error for less than 1 or more than 2^14 pixels a side

  void line(double x0, double y0, double x1, double y1, const Pen& pen);
  // Joined lines; a pixel that several of them touch takes the colour once.
  void path(const std::vector<std::pair<double, double>>& points, const Pen& pen);

  // With the top left corner of the text at (x, y); what the font has not is shown as '?'. Upwards: turned a quarter to the left, (x, y)
  // its bottom left corner.
  void text(double x, double y, std::string_view text, int scale, Colour colour = {0, 0, 0}, bool upwards = false);
  static Index text_width(std::string_view text, int scale);
  static Index text_height(int scale) { return 8 * scale; }  // of capitals and digits with the room that tails take

  Tensor picture() const;  // uint8 (height, width, 3)

 private:
  void cover(double x0, double y0, double x1, double y1, double width, std::vector<float>& cover) const;
  void blend(Index pixel, double share, Colour colour);

  Index width_, height_;
  std::vector<float> pixels_;
};

}  // namespace elbo::lab
