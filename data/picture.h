#pragma once
// Pictures as tensors: uint8, shape (height, width, channels), rows from the top. Channels: 1 grey, 2 grey and alpha, 3 red green blue,
// 4 with alpha.

#include <string>
#include <vector>

#include "tensor/file.h"
#include "tensor/tensor.h"

namespace elbo {

// Reads a PNG, JPEG, BMP, TGA or PNM (P1 to P6) file; 16 bits a channel become 8, palettes their colours. `channels`: 0 as in the file, 1
// grey or 3 colour: converted, with what is transparent laid over white; 4: colour with alpha. Rotation marks of cameras (EXIF) are not
// applied. Throws Error naming the file where it is damaged, no picture, or of more than 2^26 pixels (before memory is taken for them).
Tensor load_picture(const std::string& path, int channels = 0);
Tensor decode_picture(Bytes file, const std::string& name, int channels = 0);

// Every pixel as a square of factor x factor pixels.
Tensor enlarge_picture(const Tensor& picture, int factor);

// Numbers 0 .. 1 of any shape as bytes round(255 x), clamped (NaN: 0); uint8 as it is.
Tensor to_pixels(const Tensor& values);

// Pictures (n, h, w, c), bytes or numbers 0 .. 1, row by row in a grid on white: `padding` white pixels around each, cells without a
// picture white. Result: uint8 (rows (h s + p) + p, columns (w s + p) + p, c) with s = `scale`, the pictures' integer enlargement.
// Throws Error where n exceeds rows * columns.
Tensor grid(const Tensor& pictures, Index rows, Index columns, Index padding = 2, int scale = 1);

// A uint8 picture of 1 to 4 channels as PNG: the same bytes for the same picture. save_png writes atomically (tensor/file.h).
std::vector<std::byte> encode_png(const Tensor& picture);
void save_png(const std::string& path, const Tensor& picture);
std::string png_data_url(const Tensor& picture);  // "data:image/png;base64,...", for <img src> in a page of one file

std::string base64(Bytes bytes);  // RFC 4648, section 4

}  // namespace elbo
