#pragma once
// The matrix product, on which everything's speed rests. One seam, four ways behind it: our own packed micro-kernel
// (kernels/gemm.cpp), kernels that pack only A where it has few rows (kernels/gemm_few.cpp) and nothing for products with a narrow side
// (kernels/gemm_narrow.cpp), and OpenBLAS tile by tile; gemm_choice() says which serves a shape. All matrices are row-major.
//
// Work is cut by (M, N, K) alone, and each element is summed in one fixed order: the same bits for any number of threads. Below the
// sizes at which OpenBLAS is chosen (gemm_choice.cpp), a row of C has the same bits whatever M is.

#include "tensor/activation.h"
#include "tensor/memory.h"
#include "tensor/shape.h"

namespace elbo {

// What happens to C once it is summed: while a tile of it is in registers, but for narrow products.
template <class T>
struct Epilogue {
  const T* bias = nullptr;  // N numbers, added to each row
  Activation activation = Activation::none;
  bool accumulate = false;  // adds to what C holds instead of replacing it
};

// C = activation(op(A) op(B) + bias), with `accumulate` C = activation(C + op(A) op(B) + bias).
//
//   op(A): (M, K)   A itself is (M, K), or (K, M) with transpose_a; its rows lie lda apart
//   op(B): (K, N)   B itself is (K, N), or (N, K) with transpose_b; its rows lie ldb apart
//   C:     (M, N)   rows ldc apart; overlaps neither A nor B
//
// Any of M, N, K may be 0; K = 0 gives activation(bias). T is float or double.
template <class T>
void gemm(bool transpose_a, bool transpose_b, Index M, Index N, Index K, const T* A, Index lda, const T* B, Index ldb, T* C, Index ldc,
          const Epilogue<T>& e = {});

// op(B) laid out as the micro-kernel reads it: for weights that meet several products before they change (the steps of an LSTM,
// several latent samples). Memory comes from the tensors' cache; packing again reuses it. The layout belongs to the instruction
// set in use: pack after set_isa(), not before.
template <class T>
class PackedMatrix {
 public:
  PackedMatrix() = default;
  PackedMatrix(PackedMatrix&&) = default;  // moved, not copied: a copy would share the memory that pack() writes
  PackedMatrix& operator=(PackedMatrix&&) = default;
  PackedMatrix(bool transpose_b, Index K, Index N, const T* B, Index ldb) { pack(transpose_b, K, N, B, ldb); }
  void pack(bool transpose_b, Index K, Index N, const T* B, Index ldb);

  Index K() const { return k_; }
  Index N() const { return n_; }
  const T* data() const { return storage_ ? reinterpret_cast<const T*>(storage_->data) : nullptr; }

 private:
  StorageRef storage_;
  Index k_ = 0, n_ = 0;
};

// The same product with B packed: K and N are B's. The same bits as gemm_own on the matrix that was packed.
template <class T>
void gemm(bool transpose_a, Index M, const T* A, Index lda, const PackedMatrix<T>& B, T* C, Index ldc, const Epilogue<T>& e = {});

// The ways by themselves, for tests and benchmarks, and the choice between them.
enum class GemmWay : std::uint8_t { own, few, narrow, openblas };
template <class T>
GemmWay gemm_choice(bool transpose_a, bool transpose_b, Index M, Index N, Index K);
template <class T>
void gemm_own(bool transpose_a, bool transpose_b, Index M, Index N, Index K, const T* A, Index lda, const T* B, Index ldb, T* C, Index ldc,
              const Epilogue<T>& e = {});
template <class T>  // right for every shape, fast where A has few rows; the same bits as gemm_own
void gemm_few(bool transpose_a, bool transpose_b, Index M, Index N, Index K, const T* A, Index lda, const T* B, Index ldb, T* C, Index ldc,
              const Epilogue<T>& e = {});
template <class T>  // right for every shape, fast where M, N or K is at most 4
void gemm_narrow(bool transpose_a, bool transpose_b, Index M, Index N, Index K, const T* A, Index lda, const T* B, Index ldb, T* C,
                 Index ldc, const Epilogue<T>& e = {});
template <class T>
void gemm_openblas(bool transpose_a, bool transpose_b, Index M, Index N, Index K, const T* A, Index lda, const T* B, Index ldb, T* C,
                   Index ldc, const Epilogue<T>& e = {});

// out[j] = sum over i of x[i * cols + j]: bias gradients. Fixed chunks of rows, summed in a fixed order.
template <class T>
void column_sums(const T* x, Index rows, Index cols, T* out);

}  // namespace elbo
