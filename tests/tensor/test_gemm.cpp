#include "tensor/gemm.h"

#include <doctest/doctest.h>

#include <atomic>
#include <cmath>
#include <limits>
#include <random>
#include <vector>

#include "tensor/blas.h"
#include "tensor/isa.h"
#include "tensor/parallel.h"
#include "tensor/tensor.h"

using namespace elbo;

namespace {

// One product with everything that can vary; leading dimensions exceed widths by `gap`, and the gaps of C must stay as they were.
template <class T>
struct Case {
  bool transpose_a, transpose_b, with_bias, accumulate;
  Index M, N, K, gap;
  Activation activation;
  Index lda = 0, ldb = 0, ldc = 0;
  std::vector<T> a, b, c, bias;

  Case(Index m, Index n, Index k, std::mt19937& random, bool plain = false) : M(m), N(n), K(k) {
    const auto pick = [&](int count) { return int(random() % unsigned(count)); };
    transpose_a = pick(2), transpose_b = pick(2);
    with_bias = !plain && pick(2), accumulate = !plain && pick(2), gap = pick(3) * 5;
    activation = plain ? Activation::none : Activation(pick(4));
    lda = (transpose_a ? M : K) + gap, ldb = (transpose_b ? K : N) + gap, ldc = N + gap;
    const auto fill = [&](std::vector<T>& v, Index size) {
      v.resize(std::size_t(size));
      for (T& x : v) x = T(std::uniform_real_distribution<double>(-1, 1)(random));
    };
    fill(a, (transpose_a ? K : M) * lda), fill(b, (transpose_b ? N : K) * ldb), fill(c, M * ldc), fill(bias, N);
  }
  Epilogue<T> epilogue() const { return {with_bias ? bias.data() : nullptr, activation, accumulate}; }
  std::vector<T> run(auto way) const {
    std::vector<T> out = c;
    way(transpose_a, transpose_b, M, N, K, a.data(), lda, b.data(), ldb, out.data(), ldc, epilogue());
    return out;
  }
  std::vector<T> run_packed() const {
    std::vector<T> out = c;
    gemm(transpose_a, M, a.data(), lda, PackedMatrix<T>(transpose_b, K, N, b.data(), ldb), out.data(), ldc, epilogue());
    return out;
  }
};

template <class T>  // of the two overloads, the one that takes B as it is
constexpr void (*gemm_of)(bool, bool, Index, Index, Index, const T*, Index, const T*, Index, T*, Index, const Epilogue<T>&) = gemm<T>;

double activate(Activation f, double x) {
  return f == Activation::relu      ? std::fmax(x, 0)
         : f == Activation::tanh    ? std::tanh(x)
         : f == Activation::sigmoid ? 1 / (1 + std::exp(-x))
                                    : x;
}

// The largest error in units of its bound. Summing n products in any order, each step rounded, errs by at most n eps sum |a b|
// (Higham, Accuracy and Stability of Numerical Algorithms, section 3.1, to first order); here n = K products, C and the bias. The
// activations have slopes of at most 1 and add 4 eps of their own.
template <class T>
double error(const Case<T>& t, const std::vector<T>& out) {
  constexpr double eps = std::numeric_limits<T>::epsilon();
  double worst = 0;
  for (Index m = 0; m < t.M; m++)
    for (Index n = 0; n < t.ldc; n++) {
      const auto at = std::size_t(m * t.ldc + n);
      if (n >= t.N) {
        if (out[at] != t.c[at]) return INFINITY;  // a write past the last column
        continue;
      }
      double sum = t.accumulate ? double(t.c[at]) : 0, size = std::fabs(sum);
      const auto add = [&](double x) { sum += x, size += std::fabs(x); };
      for (Index k = 0; k < t.K; k++)
        add(double(t.a[std::size_t(t.transpose_a ? k * t.lda + m : m * t.lda + k)]) *
            double(t.b[std::size_t(t.transpose_b ? n * t.ldb + k : k * t.ldb + n)]));
      if (t.with_bias) add(double(t.bias[std::size_t(n)]));
      const double off = std::fabs(double(out[at]) - activate(t.activation, sum));
      const double bound = eps * (double(t.K + 2) * size + 4);
      if (!(off <= bound)) worst = std::fmax(worst, std::isnan(off) ? INFINITY : off / bound);
    }
  return worst;
}

struct Restore {  // instruction set and threads as they were
  Isa isa = elbo::isa();
  int threads = elbo::threads();
  ~Restore() { set_isa(isa), set_threads(threads); }
};

void for_each_isa(auto f) {
  const Restore restore;
  for (int i = 0; i < isa_count; i++)
    if (isa_available(Isa(i))) {
      set_isa(Isa(i));
      CAPTURE(std::string(isa_name(Isa(i))));
      f();
    }
}

template <class T>
void check_ways(const Case<T>& t) {
  CAPTURE(t.M);
  CAPTURE(t.N);
  CAPTURE(t.K);
  CAPTURE(t.transpose_a);
  CAPTURE(t.transpose_b);
  CAPTURE(t.accumulate);
  const std::vector<T> own = t.run(gemm_own<T>);
  CHECK(error(t, own) == 0);
  CHECK(error(t, t.run(gemm_openblas<T>)) == 0);
  CHECK(error(t, t.run(gemm_narrow<T>)) == 0);
  CHECK(error(t, t.run(gemm_of<T>)) == 0);
  CHECK(t.run_packed() == own);
  CHECK(t.run(gemm_few<T>) == own);
}

}  // namespace

TEST_CASE_TEMPLATE("gemm: random shapes, transposes and epilogues agree with plain sums", T, float, double) {
  for_each_isa([] {
    std::mt19937 random(1);
    for (int i = 0; i < 150; i++) {
      const auto size = [&] { return Index(random() % 71); };
      const Index m = size(), n = size(), k = size();
      check_ways(Case<T>(m, n, k, random));
    }
  });
}

TEST_CASE_TEMPLATE("gemm: shapes of the models and around the blocks of the kernels", T, float, double) {
  const Index shapes[][3] = {{128, 400, 784}, {300, 400, 128}, {1, 784, 400},  {128, 2, 200},   {128, 20, 200},
                             {500, 3, 300},   {3, 500, 300},   {97, 33, 513},  {32, 1024, 256}, {400, 40, 2300},
                             {401, 70, 2304}, {10500, 400, 9}, {300, 70, 2304}};
  for_each_isa([&] {
    std::mt19937 random(2);
    for (const auto& s : shapes) {
      const Case<T> t(s[0], s[1], s[2], random);
      for (auto* way : {gemm_own<T>, gemm_openblas<T>}) CHECK(error(t, t.run(way)) == 0);
    }
  });
}

TEST_CASE_TEMPLATE("gemm: few rows have the bits that many have, around the heights and the blocks of the kernel", T, float, double) {
  for_each_isa([] {
    std::mt19937 random(12);
    for (Index m = 1; m <= 33; m++)
      for (const Index n : {32, 200, 251})
        for (const Index k : {16, 203, 401}) {
          Case<T> t(m, n, k, random);
          t.transpose_a = false, t.lda = k + t.gap;
          t.a.resize(std::size_t(m * t.lda));
          CAPTURE(m);
          CAPTURE(n);
          CAPTURE(k);
          CAPTURE(t.transpose_b);
          const std::vector<T> own = t.run(gemm_own<T>);
          if (m == 20) CHECK(error(t, own) == 0);
          CHECK(t.run(gemm_few<T>) == own);
        }
  });
}

TEST_CASE_TEMPLATE("gemm: the same bits for any number of threads, packed or not", T, float, double) {
  for_each_isa([] {
    std::mt19937 random(3);
    for (int i = 0; i < 6; i++) {
      const auto size = [&] { return Index(100 + random() % 200); };
      const Index m = size(), n = i % 2 ? 400 + size() : size(), k = size();  // from 353 columns on every kernel packs by chunks
      const Case<T> t(m, n, k, random);
      set_threads(1);
      const std::vector<T> own = t.run(gemm_own<T>), narrow = t.run(gemm_narrow<T>), blas = t.run(gemm_openblas<T>);
      for (int threads : {2, 5}) {
        set_threads(threads);
        CHECK(t.run(gemm_own<T>) == own);
        CHECK(t.run_packed() == own);
        CHECK(t.run(gemm_few<T>) == own);
        CHECK(t.run(gemm_narrow<T>) == narrow);
        CHECK(t.run(gemm_openblas<T>) == blas);
      }
    }
  });
}

TEST_CASE_TEMPLATE("gemm: a row has the same bits whatever the number of rows is", T, float, double) {
  for_each_isa([] {
    std::mt19937 random(11);
    for (const Index n : {1, 2, 4, 5, 20, 200})
      for (const Index k : {1, 2, 20, 400}) {
        const Case<T> whole(130, n, k, random);
        const std::vector<T> all = whole.run(gemm_of<T>);
        for (const Index m : {1, 3, 4, 5, 64}) {
          Case<T> t = whole;
          t.M = m;
          for (Index i = 0; t.transpose_a && i < k * m; i++) t.a[std::size_t(i)] = whole.a[std::size_t(i / m * whole.lda + i % m)];
          if (t.transpose_a) t.lda = m;
          const std::vector<T> some = t.run(gemm_of<T>);
          CHECK(std::equal(some.begin(), some.begin() + m * t.ldc, all.begin()));
        }
      }
  });
}

TEST_CASE_TEMPLATE("gemm: NaN reaches every result that it is part of, and only those", T, float, double) {
  for_each_isa([] {
    std::mt19937 random(4);
    int wrong = 0;
    for (int i = 0; i < 8; i++) {
      Case<T> t(37, 45, 29, random, true);
      t.activation = i % 2 ? Activation::relu : Activation::none;
      t.a[std::size_t(t.transpose_a ? 11 * t.lda + 5 : 5 * t.lda + 11)] = T(NAN);  // A(5, 11)
      t.b[std::size_t(t.transpose_b ? 40 * t.ldb + 3 : 3 * t.ldb + 40)] = T(NAN);  // B(3, 40)
      for (const std::vector<T>& out : {t.run(gemm_own<T>), t.run(gemm_few<T>), t.run(gemm_narrow<T>), t.run(gemm_openblas<T>)})
        for (Index m = 0; m < t.M; m++)
          for (Index n = 0; n < t.N; n++) wrong += std::isnan(out[std::size_t(m * t.ldc + n)]) != (m == 5 || n == 40);
    }
    CHECK(wrong == 0);
  });
}

TEST_CASE("OpenBLAS gives the same bits when many threads call it at a time") {
  const Restore restore;
  set_threads(8);
  std::mt19937 random(9);
  const Case<float> t(96, 96, 96, random, true);
  const std::vector<float> expected = t.run(gemm_openblas<float>);
  std::atomic<int> wrong = 0;
  parallel(8, [&](Index) {
    for (int i = 0; i < 200; i++) wrong += t.run(gemm_openblas<float>) != expected;
  });
  CHECK(wrong == 0);
}

TEST_CASE("gemm: the choice between the ways keeps results right") {
  std::mt19937 random(10);
  const Case<float> few_rows(32, 1024, 2048, random);  // OpenBLAS on AVX2 when B is not transposed
  CHECK(error(few_rows, few_rows.run(gemm_of<float>)) == 0);
  for_each_isa([] {
    CHECK(gemm_choice<float>(false, true, 128, 400, 784) == GemmWay::own);
    if (isa() == Isa::reference) CHECK(gemm_choice<float>(false, false, 2048, 2048, 2048) == GemmWay::own);
  });
}

TEST_CASE("gemm: what C held does not matter unless it is accumulated") {
  for_each_isa([] {
    std::mt19937 random(5);
    for (const Index k : {0, 7, 600}) {
      Case<float> t(33, 21, k, random, true);
      const std::vector<float> clean = t.run(gemm_own<float>), narrow = t.run(gemm_narrow<float>), blas = t.run(gemm_openblas<float>);
      for (Index m = 0; m < t.M; m++)
        for (Index n = 0; n < t.N; n++) t.c[std::size_t(m * t.ldc + n)] = NAN;
      int wrong = 0;
      const std::vector<float> own_after = t.run(gemm_own<float>), few_after = t.run(gemm_few<float>),
                               narrow_after = t.run(gemm_narrow<float>), blas_after = t.run(gemm_openblas<float>);
      for (Index m = 0; m < t.M; m++)
        for (Index n = 0; n < t.N; n++) {
          const auto at = std::size_t(m * t.ldc + n);
          wrong += own_after[at] != clean[at] || few_after[at] != clean[at] || narrow_after[at] != narrow[at] || blas_after[at] != blas[at];
        }
      CHECK(wrong == 0);
    }
  });
}

TEST_CASE("gemm: a packed matrix is packed again into the same memory") {
  std::mt19937 random(6);
  const Case<float> first(20, 50, 30, random, true), second(20, 40, 30, random, true);
  PackedMatrix<float> packed(first.transpose_b, first.K, first.N, first.b.data(), first.ldb);
  const float* memory = packed.data();
  packed.pack(second.transpose_b, second.K, second.N, second.b.data(), second.ldb);
  CHECK(packed.data() == memory);
  std::vector<float> out = second.c;
  gemm(second.transpose_a, second.M, second.a.data(), second.lda, packed, out.data(), second.ldc);
  CHECK(out == second.run(gemm_own<float>));
}

TEST_CASE("gemm: no memory from the system once shapes repeat") {
  std::mt19937 random(7);
  const Case<float> t(128, 400, 200, random);
  t.run(gemm_own<float>);
  const std::uint64_t before = memory_stats().system_calls;
  for (int i = 0; i < 5; i++) t.run(gemm_own<float>);
  CHECK(memory_stats().system_calls == before);
}

TEST_CASE_TEMPLATE("column_sums: agrees with plain sums, the same bits for any number of threads", T, float, double) {
  for_each_isa([] {
    std::mt19937 random(8);
    for (const auto& [rows, cols] :
         std::vector<std::pair<Index, Index>>{{0, 5}, {1, 1}, {7, 3}, {128, 400}, {128, 784}, {33, 37}, {5000, 20}, {20000, 3}}) {
      std::vector<T> x(std::size_t(rows * cols)), out(static_cast<std::size_t>(cols), T(-1));
      for (T& v : x) v = T(std::uniform_real_distribution<double>(-1, 1)(random));
      set_threads(1);
      column_sums(x.data(), rows, cols, out.data());
      for (Index j = 0; j < cols; j++) {
        double sum = 0, size = 0;
        for (Index i = 0; i < rows; i++)
          sum += double(x[std::size_t(i * cols + j)]), size += std::fabs(double(x[std::size_t(i * cols + j)]));
        CHECK(std::fabs(double(out[std::size_t(j)]) - sum) <= double(rows) * std::numeric_limits<T>::epsilon() * size);
      }
      for (int threads : {2, 5}) {
        set_threads(threads);
        std::vector<T> again(out.size());
        column_sums(x.data(), rows, cols, again.data());
        CHECK(again == out);
      }
    }
  });
}

TEST_CASE("blas: what is loaded says what it is") {
  CHECK(blas_version().starts_with("OpenBLAS 0."));
  CHECK(!blas_core().empty());
  const std::string threading = blas_threading();
  CHECK((threading == "pthread" || threading == "openmp" || threading == "serial"));
}
