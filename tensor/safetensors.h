#pragma once
// safetensors: named tensors and text metadata in one file. Format: https://github.com/huggingface/safetensors#format
//
// Eight bytes: the length of the header. The header: JSON with each tensor's type, shape and place. Then the numbers, without holes.
// F32, F64, I32, U8 keep their type; F16 and BF16 become float32, BOOL uint8, every other integer int32 where each number fits.

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "tensor/encoded.h"
#include "tensor/file.h"
#include "tensor/tensor.h"

namespace elbo {

struct TensorFile {
  std::vector<std::pair<std::string, Tensor>> tensors;  // in the order of the file's numbers
  std::vector<std::pair<std::string, std::string>> metadata;

  const Tensor* find(std::string_view name) const;  // null where there is none
  const std::string* find_metadata(std::string_view key) const;
};

// All throw Error naming file and tensor, what was expected and what came: a bad header, names twice, places that overlap, leave holes
// or reach outside of the file, a size that disagrees with type and shape, a type that is not supported.
TensorFile load_safetensors(const std::string& path);
TensorFile load_safetensors(const InputFile& file);

// Written atomically (file.h); the bytes depend on `contents` alone. The header is padded, so that the numbers begin at a multiple of 8.
// Throws Error for a name twice, the name __metadata__, an empty handle, or text that is not UTF-8.
void save_safetensors(const std::string& path, const TensorFile& contents);

// Reads the header at once, and of the tensors only those asked for.
class SafetensorsReader {
 public:
  struct Entry {
    std::string name;
    Encoding encoding;
    Shape shape;
    std::uint64_t begin, end;  // bytes, counted from the first number
  };

  explicit SafetensorsReader(const std::string& path) : SafetensorsReader(InputFile(path)) {}
  explicit SafetensorsReader(InputFile file);

  const std::vector<Entry>& entries() const { return entries_; }  // in the order of the file's numbers
  const std::vector<std::pair<std::string, std::string>>& metadata() const { return metadata_; }
  const Entry* find(std::string_view name) const;
  Tensor load(const Entry& entry) const;
  Tensor load(std::string_view name) const;  // throws Error where there is none

 private:
  InputFile file_;
  std::uint64_t data_begin_ = 0;
  std::vector<Entry> entries_;
  std::vector<std::pair<std::string, std::string>> metadata_;
};

}  // namespace elbo
