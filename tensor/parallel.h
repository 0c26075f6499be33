#pragma once
// The one thread pool. Work is divided by shapes, never by the number of threads: callers pass a number of chunks that
// depends on sizes alone, and threads take chunks. So results have the same bits for any number of threads.

#include <algorithm>

#include "tensor/shape.h"

namespace elbo {

int threads();            // default: the cores this process may run on
void set_threads(int n);  // 1 <= n <= 1024, otherwise UsageError

// How many pieces of at most b it takes to hold a.
constexpr Index divide_up(Index a, Index b) { return (a + b - 1) / b; }

namespace detail {
void run_chunks(Index chunks, void (*body)(void* context, Index chunk), void* context);
}

// Calls f(chunk) once for each chunk of 0 .. chunks-1, on several threads; returns when all are done. An exception thrown by f is
// thrown again here (the first one). Calls inside f run serially.
template <class F>
void parallel(Index chunks, F&& f) {
  if (chunks <= 0) return;
  if (chunks == 1) return f(Index{0});
  detail::run_chunks(
      chunks, [](void* c, Index i) { (*static_cast<std::remove_reference_t<F>*>(c))(i); }, const_cast<void*>(static_cast<const void*>(&f)));
}

// Cuts 0 .. n-1 into equal ranges of about `grain` and calls f(begin, end) for each, in parallel. Boundaries are multiples of 64
// elements. For elementwise work, where the cut cannot change a result.
template <class F>
void parallel_ranges(Index n, Index grain, F&& f) {
  if (n <= 0) return;
  const Index chunks = std::max<Index>(1, n / std::max<Index>(1, grain));
  if (chunks == 1) return f(Index{0}, n);
  const Index step = divide_up(divide_up(n, chunks), 64) * 64;
  parallel(divide_up(n, step), [&](Index i) { f(i * step, std::min(n, (i + 1) * step)); });
}

}  // namespace elbo
