#include "tests/fuzz/readers.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  return elbo::testing::read_or_refuse(elbo::testing::idx_reader, data, size);
}
