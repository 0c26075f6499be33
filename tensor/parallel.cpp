#include "tensor/parallel.h"

#include <fmt/core.h>
#include <omp.h>
#include <sched.h>

#include <exception>
#include <mutex>

#include "tensor/error.h"

namespace elbo {
namespace {

int available_cores() {
  cpu_set_t set;
  if (sched_getaffinity(0, sizeof set, &set) == 0 && CPU_COUNT(&set) > 0) return CPU_COUNT(&set);
  return 1;
}

int count = 0;

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
  const int team = int(std::min<Index>(threads(), chunks));
  if (team == 1 || omp_in_parallel()) {
    for (Index i = 0; i < chunks; i++) body(context, i);
    return;
  }
  std::exception_ptr error;
  std::mutex mutex;
#pragma omp parallel for schedule(static, 1) num_threads(team)
  for (Index i = 0; i < chunks; i++) {
    try {
      body(context, i);
    } catch (...) {
      std::lock_guard lock(mutex);
      if (!error) error = std::current_exception();
    }
  }
  if (error) std::rethrow_exception(error);
}

}  // namespace detail
}  // namespace elbo
