#pragma once
// Memory for the length of one call, from the tensors' cache: nothing is allocated once a step has been done before.

#include <cstddef>

namespace elbo {

struct Scratch {
  explicit Scratch(std::size_t size);  // 64-byte aligned, not initialised
  Scratch(const Scratch&) = delete;
  Scratch& operator=(const Scratch&) = delete;
  ~Scratch();
  template <class T>
  T* as() const {
    return static_cast<T*>(data);
  }

  std::size_t bytes;
  void* data;
};

// Memory that stays with its thread, in whose second cache it lies: blocks that wander between threads cost a transfer of every line.
// The next call may give the same memory: one user at a time, within one chunk of parallel().
void* thread_memory(std::size_t bytes);

}  // namespace elbo
