#include "tensor/parallel.h"

#include <fmt/core.h>
#include <pthread.h>
#include <sched.h>

#include <atomic>
#include <chrono>
#include <exception>
#include <memory>
#include <mutex>
#include <thread>
#include <utility>
#include <vector>

#include "tensor/error.h"

#if defined(__x86_64__)
#include <immintrin.h>
#endif

namespace elbo {
namespace {

int available_cores() {
  cpu_set_t set;
  if (sched_getaffinity(0, sizeof set, &set) == 0 && CPU_COUNT(&set) > 0) return CPU_COUNT(&set);
  return 1;
}

int count = 0;
thread_local bool inside = false;  // this thread is at work on a chunk

void pause_briefly() {
#if defined(__x86_64__)
  _mm_pause();
#else
  std::this_thread::yield();
#endif
}

// Waits until done() holds: at first awake, for the next piece of work mostly comes within microseconds, then leaving the core to whoever
// wants it. Returns false when `patience` has passed.
template <class Done>
bool wait_for(Done&& done, std::chrono::microseconds patience) {
  for (int i = 0; i < 2000; i++) {
    if (done()) return true;
    pause_briefly();
  }
  const auto end = std::chrono::steady_clock::now() + patience;
  while (!done()) {
    if (std::chrono::steady_clock::now() > end) return false;
    sched_yield();
  }
  return true;
}

// Threads that take chunks of one job at a time. The caller takes chunks too, and waits at the end only for chunks that somebody has
// begun, never for a thread that has not woken: on a machine whose cores are wanted by others, a barrier would wait for every thread
// to get its turn (measured with OpenMP on two cores at a load of ten: a step of mlp-vae in 80 to 400 ms, with this pool in 14 to 20).
class ThreadPool {
 public:
  explicit ThreadPool(int workers) {
    for (int i = 0; i < workers; i++) threads_.emplace_back([this] { work(); });
  }
  ~ThreadPool() {
    stop_ = true;
    wake();
    for (std::thread& t : threads_) t.join();
  }
  int workers() const { return int(threads_.size()); }

  void run(Index chunks, void (*body)(void*, Index), void* context) {
    body_ = body;
    context_ = context;
    chunks_ = std::uint32_t(chunks);
    finished_.store(0, std::memory_order_relaxed);
    error_ = nullptr;
    job_++;
    ticket_.store(std::uint64_t(job_) << 32 | chunks_);
    wake();
    take_chunks();
    wait_for([&] { return finished_.load(std::memory_order_acquire) == chunks_; }, std::chrono::hours(24 * 365));
    if (error_) std::rethrow_exception(std::exchange(error_, nullptr));
  }

 private:
  // Claims chunks until none is left. A ticket holds the job's number and how many chunks are unclaimed: a thread that comes late
  // finds another number and takes nothing of a job that it did not see begin. What the job is may be read once a chunk of it is
  // claimed, for the caller waits for that chunk.
  void take_chunks() {
    inside = true;
    for (std::uint64_t t = ticket_.load(std::memory_order_acquire); std::uint32_t(t) > 0;) {
      if (!ticket_.compare_exchange_weak(t, t - 1, std::memory_order_acq_rel, std::memory_order_acquire)) continue;
      try {
        body_(context_, Index(chunks_ - std::uint32_t(t)));
      } catch (...) {
        std::lock_guard lock(error_mutex_);
        if (!error_) error_ = std::current_exception();
      }
      finished_.fetch_add(1, std::memory_order_release);
      t = ticket_.load(std::memory_order_acquire);
    }
    inside = false;
  }

  void wake() {
    calls_.fetch_add(1);
    if (sleepers_.load() > 0) calls_.notify_all();
  }

  void work() {
    for (std::uint32_t seen = 0; !stop_;) {
      const auto called = [&] { return calls_.load(std::memory_order_acquire) != seen; };
      if (!wait_for(called, std::chrono::microseconds(500))) {
        sleepers_.fetch_add(1);
        calls_.wait(seen);
        sleepers_.fetch_sub(1);
      }
      seen = calls_.load();
      take_chunks();
    }
  }

  std::vector<std::thread> threads_;
  void (*body_)(void*, Index) = nullptr;
  void* context_ = nullptr;
  std::uint32_t chunks_ = 0, job_ = 0;
  std::exception_ptr error_;
  std::mutex error_mutex_;
  std::atomic<bool> stop_{false};
  std::atomic<int> sleepers_{0};
  alignas(64) std::atomic<std::uint64_t> ticket_{0};
  alignas(64) std::atomic<std::uint32_t> finished_{0};
  alignas(64) std::atomic<std::uint32_t> calls_{0};
};

std::mutex owner;  // held by the thread whose job the pool runs
std::unique_ptr<ThreadPool> thread_pool;

// A forked child has none of its parent's threads: it forgets the pool (whose memory cannot be given back) and makes its own.
void forget_pool() {
  (void)thread_pool.release();
  new (&owner) std::mutex;
}

}  // namespace

int threads() {
  if (count == 0) count = available_cores();
  return count;
}

void set_threads(int n) {
  if (n < 1 || n > 1024) throw UsageError(fmt::format("--threads {}: expected 1 to 1024", n));
  count = n;
}

namespace detail {

void run_chunks(Index chunks, void (*body)(void*, Index), void* context) {
  std::unique_lock lock(owner, std::defer_lock);
  if (threads() == 1 || inside || chunks >= (Index{1} << 31) || !lock.try_lock()) {
    for (Index i = 0; i < chunks; i++) body(context, i);
    return;
  }
  if (!thread_pool || thread_pool->workers() != threads() - 1) {
    static const int registered = pthread_atfork(nullptr, nullptr, forget_pool);
    (void)registered;
    thread_pool.reset();
    thread_pool = std::make_unique<ThreadPool>(threads() - 1);
  }
  thread_pool->run(chunks, body, context);
}

}  // namespace detail
}  // namespace elbo
