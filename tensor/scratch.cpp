#include "tensor/scratch.h"

#include "tensor/memory.h"

namespace elbo {

Scratch::Scratch(std::size_t size) : bytes(size), data(pool_allocate(size)) {}
Scratch::~Scratch() { pool_free(data, bytes); }

void* thread_memory(std::size_t bytes) {
  struct Memory {
    std::size_t bytes = 0;
    void* data = nullptr;
    Memory() = default;
    Memory(const Memory&) = delete;
    Memory& operator=(const Memory&) = delete;
    ~Memory() { pool_free(data, bytes); }
  };
  thread_local Memory memory;
  if (memory.bytes < bytes) {
    pool_free(memory.data, memory.bytes);
    memory.bytes = 0, memory.data = nullptr;  // should the next line throw
    memory.data = pool_allocate(bytes);
    memory.bytes = bytes;
  }
  return memory.data;
}

}  // namespace elbo
