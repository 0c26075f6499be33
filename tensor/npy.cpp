#include "tensor/npy.h"

#include <fmt/core.h>

#include <charconv>
#include <optional>

#include "tensor/encoded.h"
#include "tensor/error.h"

namespace elbo {
namespace {

constexpr std::string_view magic = "\x93NUMPY";

struct Header {
  std::string descr;
  std::optional<bool> fortran_order;
  std::optional<std::vector<Index>> shape;
};

// The header is a Python dictionary such as {'descr': '<f4', 'fortran_order': False, 'shape': (3, 4), }, in any order of the keys.
class HeaderParser {
 public:
  HeaderParser(std::string_view text, const std::string& file) : text_(text), file_(file) {}

  Header parse() {
    Header header;
    expect('{');
    while (!accept('}')) {
      const std::string_view key = string();
      expect(':');
      if (key == "descr" && header.descr.empty()) {
        if (peek() == '[') fail_header("records (a list as 'descr') are not supported, expected an array of plain numbers");
        header.descr = string();
      } else if (key == "fortran_order" && !header.fortran_order) {
        header.fortran_order = boolean();
      } else if (key == "shape" && !header.shape) {
        header.shape = tuple();
      } else {
        fail_header(fmt::format("unexpected or repeated key {}", quote_name(key)));
      }
      if (!accept(',') && peek() != '}') fail_header("expected ',' or '}'");
    }
    if (peek() != 0) fail_header("text after the closing '}'");
    if (header.descr.empty() || !header.fortran_order || !header.shape)
      fail_header("expected the keys 'descr', 'fortran_order' and 'shape'");
    return header;
  }

 private:
  [[noreturn]] void fail_header(const std::string& message) const {
    fail("npy", fmt::format("{}: bad header at its byte {}: {}", file_, at_, message));
  }
  char peek() {  // the next character that is no space; 0 at the end
    while (at_ < text_.size() && (text_[at_] == ' ' || text_[at_] == '\n')) at_++;
    return at_ < text_.size() ? text_[at_] : '\0';
  }
  bool accept(char c) {
    if (peek() != c) return false;
    at_++;
    return true;
  }
  void expect(char c) {
    if (!accept(c)) fail_header(fmt::format("expected '{}'", c));
  }
  std::string_view string() {
    const char mark = peek();
    if (mark != '\'' && mark != '"') fail_header("expected a string");
    const std::size_t end = text_.find(mark, at_ + 1);
    if (end == std::string_view::npos) fail_header("a string without an end");
    const std::string_view result = text_.substr(at_ + 1, end - at_ - 1);
    at_ = end + 1;
    return result;
  }
  bool boolean() {
    peek();
    for (const bool value : {true, false}) {
      const std::string_view word = value ? "True" : "False";
      if (text_.substr(at_, word.size()) != word) continue;
      at_ += word.size();
      return value;
    }
    fail_header("expected True or False");
  }
  std::vector<Index> tuple() {
    std::vector<Index> sizes;
    expect('(');
    while (!accept(')')) {
      peek();
      Index size = 0;
      const auto [end, error] = std::from_chars(text_.data() + at_, text_.data() + text_.size(), size);
      if (error != std::errc{}) fail_header("expected a tuple of sizes, each below 2^63");
      at_ = std::size_t(end - text_.data());
      accept('L');  // Python 2 wrote large sizes as 123L
      sizes.push_back(size);
      if (sizes.size() > 64) fail_header("more than 64 axes");
      if (!accept(',') && peek() != ')') fail_header("expected ',' or ')'");
    }
    return sizes;
  }

  std::string_view text_;
  const std::string& file_;
  std::size_t at_ = 0;
};

// '<f4' and the like: byte order, kind, bytes.
Encoding parse_descr(std::string_view descr, const std::string& file) {
  constexpr std::pair<std::string_view, Encoding> known[] = {
      {"f2", Encoding::float16}, {"f4", Encoding::float32}, {"f8", Encoding::float64}, {"b1", Encoding::boolean},
      {"i1", Encoding::int8},    {"i2", Encoding::int16},   {"i4", Encoding::int32},   {"i8", Encoding::int64},
      {"u1", Encoding::uint8},   {"u2", Encoding::uint16},  {"u4", Encoding::uint32},  {"u8", Encoding::uint64},
  };
  if (descr.size() == 3 && std::string_view("<>|=").find(descr[0]) != std::string_view::npos) {
    for (const auto& [name, encoding] : known) {
      if (descr.substr(1) == name) return encoding;
    }
  }
  fail("npy", fmt::format("{}: expected numbers of type f2, f4, f8, i1 to i8, u1 to u8 or b1, got {}", file, quote_name(descr)));
}

}  // namespace

Tensor load_npy(const std::string& path) { return load_npy(InputFile(path)); }

Tensor load_npy(const InputFile& file) {
  const std::string& name = file.name();
  std::uint8_t start[12] = {};
  if (file.size() < 10) fail("npy", fmt::format("{}: expected an .npy file, got one of only {} bytes", name, file.size()));
  file.read(0, start, 10);
  if (std::string_view(reinterpret_cast<const char*>(start), magic.size()) != magic) {
    fail("npy", fmt::format("{}: expected an .npy file, but it does not begin with \\x93NUMPY", name));
  }
  const int major = start[6], minor = start[7];
  if (major < 1 || major > 3 || minor != 0)
    fail("npy", fmt::format("{}: expected format version 1.0, 2.0 or 3.0, got {}.{}", name, major, minor));
  const std::uint64_t text_begin = major == 1 ? 10 : 12;
  if (major > 1) file.read(10, start + 10, 2);
  const std::uint64_t length = start[8] | std::uint64_t(start[9]) << 8 | std::uint64_t(start[10]) << 16 | std::uint64_t(start[11]) << 24;
  constexpr std::uint64_t longest = 1 << 20;
  if (length > longest || length > file.size() - text_begin) {
    fail("npy", fmt::format("{}: a header of {} bytes, but the file has {} (and {} is the longest supported)", name, length, file.size(),
                            longest));
  }
  std::string text(length, ' ');
  file.read(text_begin, text.data(), length);

  const Header header = HeaderParser(text, name).parse();
  const Encoding encoding = parse_descr(header.descr, name);
  const Shape shape = checked_shape(*header.shape, name);
  const std::uint64_t begin = text_begin + length, need = std::uint64_t(shape.numel()) * encoding_bytes(encoding);
  if (file.size() - begin != need) {
    fail("npy", fmt::format("{}: shape {} of {} needs {} bytes, but {} follow the header; is the file {}?", name, shape.str(),
                            quote_name(header.descr), need, file.size() - begin,
                            file.size() - begin < need ? "truncated" : "more than one array"));
  }
  const bool big_endian = header.descr[0] == '>';
  return *header.fortran_order ? read_encoded_columns(file, begin, shape, encoding, big_endian, name)
                               : read_encoded(file, begin, shape, encoding, big_endian, name);
}

std::string npy_header(const Tensor& tensor) {
  if (!tensor) fail("npy", "an empty handle cannot be written");
  constexpr std::string_view descr[] = {"<f4", "<f8", "<i4", "|u1"};
  std::string shape;
  for (const Index size : tensor.shape()) shape += fmt::format("{}, ", size);
  if (tensor.rank() > 1) shape.resize(shape.size() - 2);  // (3, 4) and (3,), as Python prints tuples
  if (tensor.rank() == 1) shape.pop_back();
  std::string text = fmt::format("{{'descr': '{}', 'fortran_order': False, 'shape': ({}), }}", descr[int(tensor.dtype())], shape);
  text.resize((text.size() + 1 + 10 + 63) / 64 * 64 - 10 - 1, ' ');  // the numbers begin at a multiple of 64
  text += '\n';
  std::string header(magic);
  header += {1, 0, char(text.size() & 255), char(text.size() >> 8)};
  return header + text;
}

void save_npy(const std::string& path, const Tensor& tensor) {
  const std::string header = npy_header(tensor);
  const Bytes chunks[] = {bytes_of(header), {static_cast<const std::byte*>(tensor.raw()), tensor.bytes()}};
  write_file_atomically(path, chunks);
}

}  // namespace elbo
