#include "data/memory_limit.h"

#include <unistd.h>

#include <algorithm>
#include <fstream>

namespace elbo {

std::uint64_t memory_there_is(const std::string& group) {
  std::uint64_t bytes = std::uint64_t(::sysconf(_SC_PHYS_PAGES)) * std::uint64_t(::sysconf(_SC_PAGESIZE));
  for (const char* name : {"/memory.max", "/memory.high", "/memory/memory.limit_in_bytes"}) {
    std::uint64_t limit = 0;
    if (std::ifstream(group + name) >> limit) bytes = std::min(bytes, limit);  // "max" stands for none
  }
  return bytes;
}

}  // namespace elbo
