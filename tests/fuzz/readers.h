#pragma once
// The readers of files, each as a function from bytes: what the fuzzers and the mutation test call.

#include <string_view>

#include "tensor/file.h"

namespace elbo::testing {

struct Reader {
  std::string_view name;
  void (*read)(Bytes file);  // may throw Error, nothing else
  std::size_t expansion;     // tensor memory it may take for one byte of the file
};

extern const Reader idx_reader, npy_reader, npz_reader, safetensors_reader, picture_reader;

// For LLVMFuzzerTestOneInput: an Error is the right answer to a bad file; anything else escapes and stops the fuzzer.
int read_or_refuse(const Reader& reader, const std::uint8_t* data, std::size_t size);

}  // namespace elbo::testing
