// The one unit that holds the code of the stb headers: reading with stb_image, resizing with stb_image_resize, writing with
// stb_image_write on top of zlib.
#include <zlib.h>

#include <cstdlib>

#include "data/picture_memory.h"

#if defined(__GNUC__)
#pragma GCC diagnostic ignored "-Wunused-function"
#pragma GCC diagnostic ignored "-Wunused-parameter"
#pragma GCC diagnostic ignored "-Wsign-compare"
#pragma GCC diagnostic ignored "-Wtype-limits"
#pragma GCC diagnostic ignored "-Wshadow"
#pragma GCC diagnostic ignored "-Wimplicit-fallthrough"
#endif

// stb_image_write's own compressor knows fixed Huffman codes only; zlib's files are smaller. The buffer is freed by the caller.
static unsigned char* zlib_compress(unsigned char* data, int size, int* packed, int) {
  uLongf length = compressBound(uLong(size));
  auto* out = static_cast<unsigned char*>(std::malloc(length));
  if (out && compress2(out, &length, data, uLong(size), 6) != Z_OK) {
    std::free(out);
    return nullptr;
  }
  *packed = int(length);
  return out;
}

#define STBI_NO_STDIO
#define STBI_NO_GIF
#define STBI_NO_PSD
#define STBI_NO_PIC
#define STBI_NO_HDR
#define STBI_NO_LINEAR
#define STBI_NO_PNM
#define STBI_MALLOC(size) elbo::picture_allocate(size)
#define STBI_REALLOC(memory, size) elbo::picture_reallocate(memory, size)
#define STBI_FREE(memory) elbo::picture_free(memory)
#define STB_IMAGE_IMPLEMENTATION
#include <stb/stb_image.h>

#define STBI_WRITE_NO_STDIO
#define STBIW_ZLIB_COMPRESS zlib_compress
#define STB_IMAGE_WRITE_IMPLEMENTATION
#include <stb/stb_image_write.h>

#define STBIR_MALLOC(size, context) (static_cast<void>(context), elbo::picture_allocate(size))
#define STBIR_FREE(memory, context) (static_cast<void>(context), elbo::picture_free(memory))
#define STB_IMAGE_RESIZE_IMPLEMENTATION
#include <stb/stb_image_resize.h>
