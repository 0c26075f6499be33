#include "tensor/memory.h"

#include <fmt/core.h>
#include <sys/mman.h>

#include <algorithm>
#include <array>
#include <bit>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <mutex>
#include <new>

#include "tensor/error.h"
#include "tensor/file.h"

namespace elbo {
namespace {

constexpr std::size_t alignment = 64;
constexpr std::size_t huge_page = std::size_t{2} << 20;

// Class c holds blocks of (4 + c % 4) << (4 + c / 4) bytes: 64, 80, 96, 112, 128, 160, ... rounded up to the alignment.
constexpr int classes = 4 * 56;
int class_of(std::size_t bytes) {
  if (bytes <= alignment) return 0;
  const int exponent = std::bit_width(bytes - 1) - 1;  // 2^exponent <= bytes - 1
  const std::size_t quarter = std::size_t{1} << (exponent - 2);
  const std::size_t step = (bytes - 1 - (std::size_t{1} << exponent)) / quarter;  // 0..3: which quarter above the power of two
  return 4 * (exponent - 6) + int(step) + 1;
}
std::size_t class_bytes(int c) {
  const std::size_t bytes = std::size_t(4 + c % 4) << (4 + c / 4);
  return (bytes + alignment - 1) / alignment * alignment;
}

struct FreeBlock {
  FreeBlock* next;
};

struct Pool {
  std::mutex mutex;
  std::array<FreeBlock*, classes> free{};
  MemoryStats stats;
  bool poison = false;
};
Pool& pool() {  // never destroyed: tensors in static objects may be freed after main
  static Pool* p = new Pool;
  return *p;
}

void* system_allocate(std::size_t bytes) {
  void* block = std::aligned_alloc(bytes >= huge_page ? huge_page : alignment,
                                   bytes >= huge_page ? (bytes + huge_page - 1) / huge_page * huge_page : bytes);
  if (!block)
    fail("memory", fmt::format("out of memory: {} bytes wanted, {} in use; a smaller batch or model would need less", bytes,
                               pool().stats.live_bytes));
#if defined(MADV_HUGEPAGE)
  if (bytes >= huge_page) madvise(block, bytes / huge_page * huge_page, MADV_HUGEPAGE);  // fewer page-table misses in large matrices
#endif
  return block;
}

}  // namespace

void* pool_allocate(std::size_t bytes) {
  const int c = class_of(bytes);
  if (c >= classes) fail("memory", fmt::format("out of memory: {} bytes wanted", bytes));
  const std::size_t size = class_bytes(c);
  Pool& p = pool();
  void* block = nullptr;
  bool poison = false;
  {
    std::lock_guard lock(p.mutex);
    if (FreeBlock* f = p.free[std::size_t(c)]) {
      p.free[std::size_t(c)] = f->next;
      p.stats.cached_bytes -= size;
      block = f;
    } else {
      block = system_allocate(size);
      p.stats.system_calls++;
    }
    p.stats.requests++;
    p.stats.live_bytes += size;
    p.stats.peak_bytes = std::max(p.stats.peak_bytes, p.stats.live_bytes);
    poison = p.poison;
  }
  if (poison) std::memset(block, 0xff, size);
  return block;
}

void pool_free(void* block, std::size_t bytes) {
  if (!block) return;
  const int c = class_of(bytes);
  Pool& p = pool();
  std::lock_guard lock(p.mutex);
  p.stats.live_bytes -= class_bytes(c);
  p.stats.cached_bytes += class_bytes(c);
  p.free[std::size_t(c)] = new (block) FreeBlock{p.free[std::size_t(c)]};
}

MemoryStats memory_stats() {
  std::lock_guard lock(pool().mutex);
  return pool().stats;
}

void reset_peak_memory() {
  std::lock_guard lock(pool().mutex);
  pool().stats.peak_bytes = pool().stats.live_bytes;
}

void release_cached_memory() {
  Pool& p = pool();
  std::lock_guard lock(p.mutex);
  for (FreeBlock*& head : p.free)
    while (head) std::free(std::exchange(head, head->next));
  p.stats.cached_bytes = 0;
}

void set_poison(bool on) {
  std::lock_guard lock(pool().mutex);
  pool().poison = on;
}

namespace {
constexpr std::size_t header = alignment;
static_assert(sizeof(Storage) <= header);
}  // namespace

StorageRef StorageRef::allocate(std::size_t bytes) {
  auto* s = new (pool_allocate(header + bytes)) Storage;
  s->bytes = bytes;
  s->data = reinterpret_cast<std::byte*>(s) + header;
  return StorageRef(s);
}

StorageRef StorageRef::in_file(std::size_t bytes) {
  StorageRef storage(new (pool_allocate(header)) Storage);
  if (bytes == 0) return storage;
  const int descriptor = open_scratch_file(bytes);
  void* data = ::mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_SHARED, descriptor, 0);
  const int error = errno;
  close_file(descriptor);  // the mapping keeps the file
  if (data == MAP_FAILED) fail("memory", fmt::format("cannot map a file of {} bytes: {}", bytes, std::strerror(error)));
  storage->bytes = bytes;
  storage->data = static_cast<std::byte*>(data);
  storage->in_file = true;
  return storage;
}

StorageRef StorageRef::part(const StorageRef& whole, std::size_t offset, std::size_t bytes) {
  if (!whole || offset > whole->bytes || bytes > whole->bytes - offset) fail("storage", "a part must lie within the whole");
  auto* s = new (pool_allocate(header)) Storage;
  s->bytes = bytes;
  s->data = whole->data + offset;
  s->parent = whole.p_;
  s->parent->references.fetch_add(1, std::memory_order_relaxed);
  return StorageRef(s);
}

void StorageRef::release(Storage* p) {
  while (p) {  // a part releases its whole: a loop, not recursion
    Storage* parent = p->parent;
    const std::size_t bytes = parent || p->in_file ? header : header + p->bytes;
    if (p->in_file) ::munmap(p->data, p->bytes);
    p->~Storage();
    pool_free(p, bytes);
    p = parent && parent->references.fetch_sub(1, std::memory_order_acq_rel) == 1 ? parent : nullptr;
  }
}

}  // namespace elbo
