#include "tensor/safetensors.h"

#include <fmt/core.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <optional>
#include <unordered_set>

#include "tensor/error.h"

namespace elbo {
namespace {

using json = nlohmann::ordered_json;  // as in json_text.cpp: the same code for both
using Entry = SafetensorsReader::Entry;
using Metadata = std::vector<std::pair<std::string, std::string>>;

constexpr std::uint64_t longest_header = 100'000'000;  // the limit of the reference implementation
constexpr std::string_view metadata_key = "__metadata__";

[[noreturn]] void fail_file(const std::string& file, const std::string& message) {
  fail("safetensors", fmt::format("{}: {}", file, message));
}

constexpr std::pair<std::string_view, Encoding> encodings[] = {
    {"F16", Encoding::float16},  {"BF16", Encoding::bfloat16}, {"F32", Encoding::float32}, {"F64", Encoding::float64},
    {"BOOL", Encoding::boolean}, {"I8", Encoding::int8},       {"U8", Encoding::uint8},    {"I16", Encoding::int16},
    {"U16", Encoding::uint16},   {"I32", Encoding::int32},     {"U32", Encoding::uint32},  {"I64", Encoding::int64},
    {"U64", Encoding::uint64},
};

// Takes the header's JSON piece by piece, so that no piece of a hostile header is kept that does not belong there. The only form is
//   {"__metadata__": {text: text}, name: {"dtype": text, "shape": [sizes], "data_offsets": [begin, end]}}
class HeaderReader : public nlohmann::json_sax<json> {
 public:
  HeaderReader(const std::string& file, std::vector<Entry>& entries, Metadata& metadata)
      : file_(file), entries_(entries), metadata_(metadata) {}

  bool start_object(std::size_t) override {
    depth_++;
    if (depth_ > 2 || in_list_) unexpected("an object");
    if (depth_ == 2 && name_ != metadata_key) {
      dtype_.reset();
      shape_.reset();
      offsets_.reset();
    }
    return true;
  }
  bool key(string_t& key) override {
    if (depth_ == 1) {
      if (!names_.insert(key).second) fail_file(file_, fmt::format("{} stands in its header twice", quote_name(key)));
      name_ = std::move(key);
    } else {
      if (name_ == metadata_key) {
        if (!metadata_keys_.insert(key).second)
          fail_file(file_, fmt::format("metadata key {} stands in its header twice", quote_name(key)));
      } else if (key != "dtype" && key != "shape" && key != "data_offsets") {
        fail_tensor(fmt::format("expected dtype, shape and data_offsets, got {}", quote_name(key)));
      }
      key_ = std::move(key);
    }
    return true;
  }
  bool string(string_t& value) override {
    if (depth_ == 2 && name_ == metadata_key) {
      metadata_.emplace_back(std::move(key_), std::move(value));
    } else if (depth_ == 2 && key_ == "dtype" && !in_list_ && !dtype_) {
      const auto* found = std::find_if(std::begin(encodings), std::end(encodings), [&](const auto& e) { return e.first == value; });
      if (found == std::end(encodings)) {
        fail_tensor(
            fmt::format("dtype {} is not supported; expected F16, BF16, F32, F64, BOOL, or an integer of 8 to 64 bits", quote_name(value)));
      }
      dtype_ = found->second;
    } else {
      unexpected("text");
    }
    return true;
  }
  bool start_array(std::size_t) override {
    auto& list = depth_ == 2 && name_ != metadata_key && !in_list_ && key_ == "shape" ? shape_ : offsets_;
    if (depth_ != 2 || name_ == metadata_key || in_list_ || key_ == "dtype" || list) unexpected("a list");
    list.emplace();
    in_list_ = &*list;
    return true;
  }
  bool number_unsigned(number_unsigned_t value) override {
    if (!in_list_) unexpected("a number");
    if (value > std::uint64_t(std::numeric_limits<Index>::max()))
      fail_tensor(fmt::format("{} holds {}, which is too large", quote_name(key_), value));
    if (in_list_->size() >= 64) fail_tensor(fmt::format("{} is a list of more than 64 numbers", quote_name(key_)));
    in_list_->push_back(Index(value));
    return true;
  }
  bool end_array() override {
    in_list_ = nullptr;
    return true;
  }
  bool end_object() override {
    if (depth_-- == 2 && name_ != metadata_key) add_tensor();
    return true;
  }
  bool null() override { unexpected("null"); }
  bool boolean(bool) override { unexpected("a boolean"); }
  bool number_integer(number_integer_t value) override { unexpected(fmt::format("the number {}", value)); }
  bool number_float(number_float_t value, const string_t&) override { unexpected(fmt::format("the number {}", value)); }
  bool binary(binary_t&) override { unexpected("bytes"); }
  bool parse_error(std::size_t position, const std::string&, const json::exception&) override {
    fail_file(file_,
              fmt::format("its header is not valid JSON at byte {}; is it a damaged file, or not a safetensors file?", position + 8 - 1));
  }

 private:
  [[noreturn]] void fail_tensor(const std::string& message) const {
    fail_file(file_, fmt::format("tensor {}: {}", quote_name(name_), message));
  }
  [[noreturn]] void unexpected(const std::string& what) const {
    if (depth_ == 0 || name_.empty())
      fail_file(file_, fmt::format("its header holds {} where names with their tensors were expected", what));
    if (name_ == metadata_key) fail_file(file_, fmt::format("its metadata holds {}, expected text under each key", what));
    fail_tensor(fmt::format("{} in its header, where dtype, shape and data_offsets of a tensor were expected", what));
  }
  void add_tensor() {
    if (!dtype_ || !shape_ || !offsets_) fail_tensor("expected dtype, shape and data_offsets, one is missing");
    if (offsets_->size() != 2) fail_tensor(fmt::format("expected two data_offsets, got {}", offsets_->size()));
    const Shape shape = checked_shape(*shape_, fmt::format("{} tensor {}", file_, quote_name(name_)));
    const auto begin = std::uint64_t((*offsets_)[0]), end = std::uint64_t((*offsets_)[1]);
    const std::uint64_t need = std::uint64_t(shape.numel()) * encoding_bytes(*dtype_);
    if (end < begin || end - begin != need) {
      fail_tensor(fmt::format("shape {} needs {} bytes, but its data_offsets are {} to {}", shape.str(), need, begin, end));
    }
    entries_.push_back({name_, *dtype_, shape, begin, end});
  }

  const std::string& file_;
  std::vector<Entry>& entries_;
  Metadata& metadata_;
  std::unordered_set<std::string> names_, metadata_keys_;
  std::string name_, key_;
  int depth_ = 0;
  std::optional<Encoding> dtype_;
  std::optional<std::vector<Index>> shape_, offsets_;
  std::vector<Index>* in_list_ = nullptr;
};

std::string json_text(const std::string& path, const std::string& text) {
  try {
    return json(text).dump();
  } catch (const json::exception&) {
    fail_file(path, fmt::format("cannot write {}: it is not valid UTF-8", quote_name(text)));
  }
}

template <class T>
const T* find_named(const std::vector<std::pair<std::string, T>>& list, std::string_view name) {
  const auto found = std::find_if(list.begin(), list.end(), [&](const auto& entry) { return entry.first == name; });
  return found == list.end() ? nullptr : &found->second;
}

}  // namespace

const Tensor* TensorFile::find(std::string_view name) const { return find_named(tensors, name); }
const std::string* TensorFile::find_metadata(std::string_view key) const { return find_named(metadata, key); }

SafetensorsReader::SafetensorsReader(InputFile file) : file_(std::move(file)) {
  const std::string& name = file_.name();
  if (file_.size() < 8) fail_file(name, fmt::format("expected a safetensors file, got one of only {} bytes", file_.size()));
  std::uint64_t length = 0;
  file_.read(0, &length, 8);
  if (length > longest_header || length > file_.size() - 8) {
    fail_file(name, fmt::format("its header claims {} bytes, the file has {} (limit {}); is it truncated, or not a safetensors file?",
                                length, file_.size(), longest_header));
  }
  data_begin_ = 8 + length;
  std::string header(length, ' ');
  file_.read(8, header.data(), length);
  if (!header.starts_with('{') || header.find('\0') != std::string::npos) {
    fail_file(name, "its header is not a JSON object; is it a safetensors file?");
  }
  HeaderReader reader(name, entries_, metadata_);
  json::sax_parse(header, &reader);

  std::stable_sort(entries_.begin(), entries_.end(),
                   [](const Entry& a, const Entry& b) { return std::pair(a.begin, a.end) < std::pair(b.begin, b.end); });
  std::uint64_t at = 0;
  for (const Entry& e : entries_) {
    if (e.begin != at) {
      fail_file(name, fmt::format("tensor {}: expected its data to begin at {}, where the one before ends, got {} ({})", quote_name(e.name),
                                  at, e.begin, e.begin < at ? "they overlap" : "a hole"));
    }
    at = e.end;
  }
  if (at != file_.size() - data_begin_) {
    fail_file(name, fmt::format("its tensors take {} bytes, but {} follow the header; is it truncated?", at, file_.size() - data_begin_));
  }
}

const Entry* SafetensorsReader::find(std::string_view name) const {
  const auto found = std::find_if(entries_.begin(), entries_.end(), [&](const Entry& e) { return e.name == name; });
  return found == entries_.end() ? nullptr : &*found;
}

Tensor SafetensorsReader::load(const Entry& entry) const {
  return read_encoded(file_, data_begin_ + entry.begin, entry.shape, entry.encoding, false,
                      fmt::format("{} tensor {}", file_.name(), quote_name(entry.name)));
}

Tensor SafetensorsReader::load(std::string_view name) const {
  const Entry* entry = find(name);
  if (!entry) fail_file(file_.name(), fmt::format("expected a tensor {}, there is none among its {}", quote_name(name), entries_.size()));
  return load(*entry);
}

TensorFile load_safetensors(const std::string& path) { return load_safetensors(InputFile(path)); }

TensorFile load_safetensors(const InputFile& file) {
  const SafetensorsReader reader(file);
  TensorFile contents;
  for (const Entry& e : reader.entries()) contents.tensors.emplace_back(e.name, reader.load(e));
  contents.metadata = reader.metadata();
  return contents;
}

void save_safetensors(const std::string& path, const TensorFile& contents) {
  constexpr std::string_view dtypes[] = {"F32", "F64", "I32", "U8"};
  std::string header = "{";
  std::unordered_set<std::string_view> names, keys;
  const auto require_new = [&](std::unordered_set<std::string_view>& seen, std::string_view name) {
    if (name == metadata_key || !seen.insert(name).second)
      fail_file(path, fmt::format("cannot write the name {}: it is there twice or reserved", quote_name(name)));
  };
  if (!contents.metadata.empty()) {
    header += fmt::format("\"{}\":{{", metadata_key);
    for (const auto& [key, value] : contents.metadata) {
      require_new(keys, key);
      header += fmt::format("{}{}:{}", keys.size() > 1 ? "," : "", json_text(path, key), json_text(path, value));
    }
    header += '}';
  }
  std::vector<Bytes> chunks(1);
  std::uint64_t offset = 0;
  for (const auto& [name, tensor] : contents.tensors) {
    require_new(names, name);
    if (!tensor) fail_file(path, fmt::format("cannot write {}: it is an empty handle", quote_name(name)));
    std::string sizes;
    for (const Index size : tensor.shape()) sizes += fmt::format("{}{}", sizes.empty() ? "" : ",", size);
    header += fmt::format("{}{}:{{\"dtype\":\"{}\",\"shape\":[{}],\"data_offsets\":[{},{}]}}", header.size() > 1 ? "," : "",
                          json_text(path, name), dtypes[int(tensor.dtype())], sizes, offset, offset + tensor.bytes());
    chunks.emplace_back(static_cast<const std::byte*>(tensor.raw()), tensor.bytes());
    offset += tensor.bytes();
  }
  header += '}';
  header.resize((header.size() + 7) / 8 * 8, ' ');
  if (header.size() > longest_header)
    fail_file(path, fmt::format("cannot write it: a header of {} bytes, {} are allowed", header.size(), longest_header));
  std::string start;
  for (int i = 0; i < 8; i++) start += char(header.size() >> (8 * i) & 255);
  header.insert(0, start);
  chunks[0] = bytes_of(header);
  write_file_atomically(path, chunks);
}

}  // namespace elbo
