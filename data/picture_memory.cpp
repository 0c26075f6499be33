#include "data/picture_memory.h"

#include <algorithm>
#include <cstring>
#include <exception>
#include <limits>

#include "tensor/memory.h"

namespace elbo {
namespace {

// In front of each block stands its size; the block keeps the pool's alignment.
constexpr std::size_t header = 64;

std::size_t& size_of(void* block) { return *reinterpret_cast<std::size_t*>(static_cast<std::byte*>(block) - header); }

}  // namespace

void* picture_allocate(std::size_t bytes) noexcept {
  if (bytes > std::numeric_limits<std::size_t>::max() - header) return nullptr;
  try {
    void* block = static_cast<std::byte*>(pool_allocate(bytes + header)) + header;
    size_of(block) = bytes;
    std::memset(block, 0, bytes);
    return block;
  } catch (const std::exception&) {  // the caller is a library in C
    return nullptr;
  }
}

void* picture_reallocate(void* block, std::size_t bytes) noexcept {
  void* larger = picture_allocate(bytes);
  if (larger && block) {
    std::memcpy(larger, block, std::min(bytes, size_of(block)));
    picture_free(block);
  }
  return larger;
}

void picture_free(void* block) noexcept {
  if (!block) return;
  const std::size_t bytes = size_of(block) + header;
  pool_free(static_cast<std::byte*>(block) - header, bytes);
}

}  // namespace elbo
