#pragma once
// Memory for tensors and graph nodes: 64-byte aligned blocks from a caching allocator.
//
// Blocks are rounded up to size classes (four to each power of two) and kept when freed, so a training step in steady state takes
// all its memory from the cache and never calls malloc. All functions may be called from any thread.

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <utility>

namespace elbo {

struct MemoryStats {
  std::size_t live_bytes = 0;      // handed out and not yet returned (rounded to size classes)
  std::size_t peak_bytes = 0;      // the largest live_bytes since the start or reset_peak_memory()
  std::size_t cached_bytes = 0;    // returned and kept for the next request
  std::uint64_t requests = 0;      // blocks handed out so far
  std::uint64_t system_calls = 0;  // of these, how many the cache could not serve
};

MemoryStats memory_stats();
void reset_peak_memory();
void release_cached_memory();  // gives everything cached back to the system

// When on, every new block is filled with 0xff bytes (NaN as float32 and float64): what is not written shows. For tests.
void set_poison(bool on);

void* pool_allocate(std::size_t bytes);          // throws Error when the system has no memory left
void pool_free(void* block, std::size_t bytes);  // `bytes` as given to pool_allocate

// Reference-counted memory shared by tensor handles. `version` counts writes, so that damage to a saved tensor is noticed.
struct Storage {
  std::atomic<int> references{1};
  std::atomic<std::uint32_t> version{0};
  std::size_t bytes = 0;      // size of `data`
  std::byte* data = nullptr;  // behind this header, or inside `parent`'s data
  Storage* parent = nullptr;  // kept alive by this one
  bool in_file = false;       // `data` is a file's, mapped
};

class StorageRef {
 public:
  StorageRef() = default;
  static StorageRef allocate(std::size_t bytes);
  // Zeros in a file without a name (open_scratch_file in tensor/file.h), mapped: the system keeps in memory what there is room for.
  static StorageRef in_file(std::size_t bytes);
  // A part of `whole` with a version counter of its own: a parameter within its block.
  static StorageRef part(const StorageRef& whole, std::size_t offset, std::size_t bytes);

  StorageRef(const StorageRef& other) : p_(other.p_) {
    if (p_) p_->references.fetch_add(1, std::memory_order_relaxed);
  }
  StorageRef(StorageRef&& other) noexcept : p_(std::exchange(other.p_, nullptr)) {}
  StorageRef& operator=(StorageRef other) noexcept {
    std::swap(p_, other.p_);
    return *this;
  }
  ~StorageRef() {
    if (p_ && p_->references.fetch_sub(1, std::memory_order_acq_rel) == 1) release(p_);
  }
  Storage* operator->() const { return p_; }
  explicit operator bool() const { return p_ != nullptr; }
  friend bool operator==(const StorageRef& a, const StorageRef& b) { return a.p_ == b.p_; }

 private:
  explicit StorageRef(Storage* p) : p_(p) {}
  static void release(Storage* p);
  Storage* p_ = nullptr;
};

}  // namespace elbo
