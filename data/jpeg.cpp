#include "data/jpeg.h"

#include <fmt/core.h>

#include "tensor/error.h"

namespace elbo {
namespace {

// Follows the markers of a JPEG file (ISO/IEC 10918-1, annex B) just as stb_image does; behind the end of the file are zeros.
class Markers {
 public:
  explicit Markers(Bytes file) : file_(file) {}
  bool at_end() const { return at_ >= file_.size(); }
  int byte() { return at_ < file_.size() ? std::to_integer<int>(file_[at_++]) : 0; }
  int word() {
    const int high = byte();
    return high << 8 | byte();
  }
  void skip(int count) { at_ += std::size_t(count); }
  // The next marker: the first byte behind 0xff that is no 0xff; what stands before is padding, or the data of a scan, in which
  // 0xff 0 is a byte of data and 0xff 0xd0 to 0xd7 are restarts.
  int marker() {
    while (!at_end()) {
      if (byte() != 0xff) continue;
      int code = 0xff;
      while (code == 0xff) code = byte();
      if (code != 0 && (code < 0xd0 || code > 0xd7)) return code;
    }
    return end_of_image;
  }
  static constexpr int start_of_image = 0xd8, end_of_image = 0xd9, huffman_tables = 0xc4;

 private:
  Bytes file_;
  std::size_t at_ = 0;
};

}  // namespace

void check_jpeg_tables(Bytes file, const std::string& name) {
  Markers in(file);
  if (in.byte() != 0xff) return;
  in = Markers(file);
  if (in.marker() != Markers::start_of_image) return;
  for (int code = in.marker(); code != Markers::end_of_image; code = in.marker()) {
    int left = in.word() - 2;  // bytes of this segment
    if (left < 0) return;      // the decoder refuses that, too
    if (code != Markers::huffman_tables) {
      in.skip(left);
      continue;
    }
    while (left > 0) {
      in.byte();  // class and number of the table
      int codes = 0;
      for (int length = 1; length <= 16; length++) codes += in.byte();
      if (codes > 256) fail("picture", fmt::format("{}: damaged: a JPEG Huffman table of {} codes, at most 256 are possible", name, codes));
      in.skip(codes);
      left -= 17 + codes;
    }
    if (left < 0) return;
  }
}

}  // namespace elbo
