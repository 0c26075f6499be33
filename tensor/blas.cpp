#include "tensor/blas.h"

#include <cblas.h>
#include <dlfcn.h>
#include <fmt/core.h>
#include <strings.h>

#include <algorithm>
#include <cstdlib>
#include <limits>
#include <mutex>
#include <string_view>

#include "tensor/error.h"
#include "tensor/isa.h"
#include "tensor/memory.h"

namespace elbo {
namespace {

// Loaded by hand, not linked: when a program that links OpenBLAS starts, the library starts its threads, which spin for a while
// beside the work. Linked, that costs each start of each tool 2 ms and 3 MB, and most programs never need it.
struct OpenBlas {
  decltype(&cblas_sgemm) sgemm;
  decltype(&cblas_dgemm) dgemm;
  decltype(&openblas_get_config) config;
  decltype(&openblas_get_corename) core;
  decltype(&openblas_get_parallel) parallel;
  decltype(&openblas_set_num_threads) set_num_threads;
  void* handle;
  // Calls from several threads at a time are safe in the pthread flavour, which locks its table of buffers. The OpenMP flavour does so
  // against OpenMP's threads alone (OpenBLAS's issue 1401), the serial one only if built with USE_LOCKING=1 (issue 2126), which it does
  // not tell: of Debian's 0.3.21 a product in 32,000 is wrong. In both, one call at a time.
  bool one_at_a_time;
  std::mutex mutex;

  OpenBlas() {
    handle = dlopen("libopenblas.so.0", RTLD_NOW | RTLD_LOCAL);
    if (!handle) fail("blas", fmt::format("OpenBLAS cannot be loaded: {} (Debian package: libopenblas0)", dlerror()));
    find(sgemm, "cblas_sgemm");
    find(dgemm, "cblas_dgemm");
    find(config, "openblas_get_config");
    find(core, "openblas_get_corename");
    find(parallel, "openblas_get_parallel");
    find(set_num_threads, "openblas_set_num_threads");
    set_num_threads(1);
    one_at_a_time = parallel() != OPENBLAS_THREAD;
  }

  template <class Function>
  void find(Function& function, const char* name) {
    function = reinterpret_cast<Function>(dlsym(handle, name));
    if (!function) fail("blas", fmt::format("libopenblas.so.0 has no {}: it is not OpenBLAS, too old, or built without LAPACK", name));
  }
};

OpenBlas& library() {  // never destroyed: other threads may still be inside it when the program ends
  static OpenBlas* p = new OpenBlas;
  return *p;
}

template <class T, class Function>
void call(Function OpenBlas::*function, bool transpose_a, bool transpose_b, Index M, Index N, Index K, const T* A, Index lda, const T* B,
          Index ldb, T beta, T* C, Index ldc) {
  if (std::max({M, N, K, lda, ldb, ldc}) > std::numeric_limits<int>::max())
    fail("gemm", fmt::format("OpenBLAS takes extents below 2^31, got M {}, N {}, K {}, row distances {}, {}, {}", M, N, K, lda, ldb, ldc));
  OpenBlas& blas = library();
  const auto run = [&] {
    (blas.*function)(CblasRowMajor, transpose_a ? CblasTrans : CblasNoTrans, transpose_b ? CblasTrans : CblasNoTrans, int(M), int(N),
                     int(K), 1, A, int(lda), B, int(ldb), beta, C, int(ldc));
  };
  if (blas.one_at_a_time) {
    std::lock_guard lock(blas.mutex);
    blas.set_num_threads(1);  // the OpenMP flavour counts anew in each thread that calls it
    run();
  } else {
    run();
  }
}

}  // namespace

std::string blas_version() {
  const std::string_view config = library().config();  // "OpenBLAS 0.3.21 NO_LAPACKE DYNAMIC_ARCH ..."
  const std::size_t name = config.find(' ');
  return std::string(config.substr(0, name == config.npos ? name : config.find(' ', name + 1)));
}

std::string blas_core() { return library().core(); }

std::string blas_threading() {
  const int kind = library().parallel();
  return kind == OPENBLAS_SEQUENTIAL ? "serial" : kind == OPENBLAS_OPENMP ? "openmp" : "pthread";
}

bool blas_core_below_machine() {
#if defined(__x86_64__)
  const char* wish = std::getenv("OPENBLAS_CORETYPE");
  if (!wish || !*wish) return false;
  const auto is_one_of = [&](std::initializer_list<const char*> names) {
    for (const char* name : names)
      if (!strcasecmp(wish, name)) return true;
    return false;
  };
  if (is_one_of({"SkylakeX", "Cooperlake", "SapphireRapids"})) return false;
  if (is_one_of({"Haswell", "Zen", "Excavator"})) return isa_available(Isa::avx512);
  return isa_available(Isa::avx2);  // Prescott to Sandybridge, Bulldozer to Steamroller: no AVX2
#else
  return false;
#endif
}

void blas_gemm(bool transpose_a, bool transpose_b, Index M, Index N, Index K, const float* A, Index lda, const float* B, Index ldb,
               float beta, float* C, Index ldc) {
  call<float>(&OpenBlas::sgemm, transpose_a, transpose_b, M, N, K, A, lda, B, ldb, beta, C, ldc);
}

void blas_gemm(bool transpose_a, bool transpose_b, Index M, Index N, Index K, const double* A, Index lda, const double* B, Index ldb,
               double beta, double* C, Index ldc) {
  call<double>(&OpenBlas::dgemm, transpose_a, transpose_b, M, N, K, A, lda, B, ldb, beta, C, ldc);
}

void blas_symmetric_eigen(Index n, double* a, double* w) {
  if (n > 32000) fail("symmetric_eigen", fmt::format("expected at most 32,000 rows, got {}", n));
  // Fortran's interface: everything by address, the lengths of the two texts last.
  void (*dsyevd)(const char* job, const char* part, const int* n, double* a, const int* lda, double* w, double* work, const int* lwork,
                 int* iwork, const int* liwork, int* info, std::size_t, std::size_t);
  OpenBlas& blas = library();
  blas.find(dsyevd, "dsyevd_");
  const int order = int(n), doubles = 1 + 6 * order + 2 * order * order, integers = 3 + 5 * order;
  const StorageRef work = StorageRef::allocate(std::size_t(doubles) * sizeof(double)),
                   iwork = StorageRef::allocate(std::size_t(integers) * sizeof(int));
  int info = 0;
  std::lock_guard lock(blas.mutex);
  // Columns of what Fortran sees are rows here: our lower triangle is its upper one.
  dsyevd("V", "U", &order, a, &order, w, reinterpret_cast<double*>(work->data), &doubles, reinterpret_cast<int*>(iwork->data), &integers,
         &info, 1, 1);
  if (info != 0) fail("symmetric_eigen", fmt::format("LAPACK's dsyevd did not converge (info {})", info));
}

}  // namespace elbo
