#include "data/text_files.h"

#include <fmt/core.h>

#include <algorithm>
#include <cstring>
#include <numeric>

#include "data/memory_limit.h"
#include "data/utf8.h"
#include "tensor/error.h"
#include "tensor/file.h"

namespace elbo {
namespace {

constexpr std::uint64_t piece = 64 << 20;  // bytes read between two words on how far it is

Tensor array_of(std::uint64_t bytes) {
  const Shape shape{Index(bytes)};
  return bytes > memory_there_is() / 2 ? Tensor::in_file(shape, DType::uint8) : Tensor(shape, DType::uint8);
}

[[noreturn]] void fail_bad_byte(const TextFile& file, std::string_view text, std::size_t at) {
  const std::string_view before = text.substr(0, at);
  const auto line = std::count(before.begin(), before.end(), '\n') + 1;
  const std::string_view in_line = before.substr(before.rfind('\n') + 1);  // npos + 1 is 0
  std::size_t column = 1;
  for (std::size_t i = 0; i < in_line.size(); i += character_length(in_line, i)) column++;
  fail("text", fmt::format("{}: line {}, column {}: byte \\x{:02x} is not UTF-8; convert the file, or add ?bad_bytes=replace", file.path,
                           line, column, static_cast<unsigned char>(text[at])));
}

}  // namespace

DataOption bad_bytes_option() {
  return DataOption::choice("bad_bytes", {"error", "replace"},
                            "what is done with bytes that are not UTF-8 (default error); replace: U+FFFD for each");
}

BadBytes bad_bytes_of(const DataSpec& spec) { return spec.text("bad_bytes", "error") == "replace" ? BadBytes::replace : BadBytes::error; }

Tensor read_texts(std::vector<TextFile>& files, BadBytes bad_bytes, const OnRead& on_read) {
  std::vector<InputFile> open;
  std::uint64_t total = 0;
  for (const TextFile& file : files) total += open.size() < 512 ? open.emplace_back(file.path).size() : InputFile(file.path).size();
  Tensor bytes = array_of(total);
  auto* data = reinterpret_cast<char*>(bytes.mutable_data<std::uint8_t>());
  std::uint64_t at = 0;
  bool bad = false;
  for (std::size_t i = 0; i < files.size(); i++) {
    const InputFile input = i < open.size() ? open[i] : InputFile(files[i].path);
    if (input.size() > total - at) fail("text", fmt::format("{}: grew while it was read", files[i].path));
    files[i].begin = at;
    for (std::uint64_t done = 0; done < input.size();) {
      const std::uint64_t n = std::min(piece, input.size() - done);
      input.read(done, data + at, n);
      done += n, at += n;
      if (on_read) on_read("reading text", Index(at), Index(total));
    }
    files[i].end = at;
    const std::string_view text(data + files[i].begin, at - files[i].begin);
    if (const std::size_t first = first_bad_byte(text); first < text.size()) {
      if (bad_bytes == BadBytes::error) fail_bad_byte(files[i], text, first);
      bad = true;
    }
  }
  if (bad) {  // rare: the whole once more, longer
    std::string good;
    for (TextFile& file : files) {
      const std::string text = with_bad_bytes_replaced({data + file.begin, file.end - file.begin});
      file.begin = good.size();
      good += text;
      file.end = good.size();
    }
    bytes = array_of(good.size());
    data = reinterpret_cast<char*>(bytes.mutable_data<std::uint8_t>());
    std::memcpy(data, good.data(), good.size());
  }
  for (TextFile& file : files)
    if (std::string_view(data + file.begin, file.end - file.begin).starts_with("\xef\xbb\xbf")) file.begin += 3;
  return bytes;
}

}  // namespace elbo
