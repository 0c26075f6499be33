#include "tensor/scratch.h"

#include <algorithm>
#include <atomic>

#include "tensor/memory.h"

namespace elbo {

Scratch::Scratch(std::size_t size) : bytes(size), data(pool_allocate(size)) {}
Scratch::~Scratch() { pool_free(data, bytes); }

void* thread_memory(std::size_t bytes) {
  // All threads grow to what any has needed. Which of them meets the largest piece of work first is chance; without this one of them might
  // do so after a thousand steps, and allocate then.
  static std::atomic<std::size_t> most = 0;
  std::size_t wanted = most.load(std::memory_order_relaxed);
  while (wanted < bytes && !most.compare_exchange_weak(wanted, bytes, std::memory_order_relaxed)) {
  }
  wanted = std::max(wanted, bytes);
  struct Memory {
    std::size_t bytes = 0;
    void* data = nullptr;
    Memory() = default;
    Memory(const Memory&) = delete;
    Memory& operator=(const Memory&) = delete;
    ~Memory() { pool_free(data, bytes); }
  };
  thread_local Memory memory;
  if (memory.bytes < wanted) {
    pool_free(memory.data, memory.bytes);
    memory.bytes = 0, memory.data = nullptr;  // should the next line throw
    memory.data = pool_allocate(wanted);
    memory.bytes = wanted;
  }
  return memory.data;
}

}  // namespace elbo
