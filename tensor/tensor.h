#pragma once
// Tensor: a value handle on shared memory. Copying a Tensor is cheap and aliases, like a shared pointer; clone() copies the numbers.
//
// Every tensor is dense and row-major: element (i, j, k) of shape (a, b, c) lies at i*b*c + j*c + k. Reshapes and slices of the
// leading axis share memory with the tensor they come from; everything else copies. There are no strides.
//
//   Tensor x = Tensor::from<float>({1, 2, 3, 4, 5, 6}, {2, 3});
//   Tensor row = x[1];                    // shape (3,), the same memory
//   row.mutable_data<float>()[0] = 40;    // x.at<float>({1, 0}) is 40 now

#include <initializer_list>
#include <span>
#include <string>
#include <vector>

#include "tensor/memory.h"
#include "tensor/shape.h"

namespace elbo {

// float32 and float64 compute, int32 holds tokens and labels, uint8 only stores (pictures).
enum class DType : std::uint8_t { float32, float64, int32, uint8 };
std::string_view dtype_name(DType type);
std::size_t dtype_bytes(DType type);

template <class T>
constexpr DType dtype_of = [] {
  static_assert(std::is_same_v<T, float> || std::is_same_v<T, double> || std::is_same_v<T, std::int32_t> ||
                std::is_same_v<T, std::uint8_t>);
  return std::is_same_v<T, float>          ? DType::float32
         : std::is_same_v<T, double>       ? DType::float64
         : std::is_same_v<T, std::int32_t> ? DType::int32
                                           : DType::uint8;
}();

class Tensor {
 public:
  Tensor() = default;                                                // no tensor: only assignment and `if (t)` make sense
  explicit Tensor(const Shape& shape, DType type = DType::float32);  // memory that is not initialised

  // Zeros in a file on a disk that is mapped and has no name: for data larger than memory. Throws Error where the disk has no room.
  static Tensor in_file(const Shape& shape, DType type = DType::float32);

  static Tensor zeros(const Shape& shape, DType type = DType::float32);
  static Tensor ones(const Shape& shape, DType type = DType::float32) { return full(shape, 1, type); }
  static Tensor full(const Shape& shape, double value, DType type = DType::float32);
  static Tensor scalar(double value, DType type = DType::float32) { return full({}, value, type); }
  static Tensor arange(double from, double to, double step = 1, DType type = DType::float32);  // from, from+step, ... below to
  static Tensor linspace(double from, double to, Index count, DType type = DType::float32);    // both ends included
  template <class T>
  static Tensor from(std::span<const T> values, const Shape& shape);  // throws unless values.size() == shape.numel()
  template <class T>
  static Tensor from(std::initializer_list<T> values, const Shape& shape) {
    return from(std::span<const T>(values.begin(), values.size()), shape);
  }
  template <class T>
  static Tensor from(const std::vector<T>& values, const Shape& shape) {
    return from(std::span<const T>(values), shape);
  }
  template <class T>
  static Tensor from(std::initializer_list<T> values) {
    return from(values, {Index(values.size())});
  }

  explicit operator bool() const { return bool(storage_); }
  const Shape& shape() const { return shape_; }
  DType dtype() const { return type_; }
  int rank() const { return shape_.rank(); }
  Index size(int axis) const { return shape_.size(axis); }  // negative axes count from the end
  Index numel() const { return shape_.numel(); }
  std::size_t bytes() const { return std::size_t(numel()) * dtype_bytes(type_); }

  // The numbers, in row-major order. Asking for another type than dtype() throws. `mutable_data` counts as a write.
  template <class T>
  const T* data() const {
    return static_cast<const T*>(raw(dtype_of<T>));
  }
  template <class T>
  T* mutable_data() {
    return static_cast<T*>(mutable_raw(dtype_of<T>));
  }
  template <class T>
  std::span<const T> values() const {
    return {data<T>(), std::size_t(numel())};
  }
  const void* raw() const { return storage_ ? storage_->data + offset_ : nullptr; }

  // One element, bounds checked; negative indices count from the end.
  template <class T>
  T at(std::initializer_list<Index> index) const {
    return data<T>()[offset_of(index)];
  }
  template <class T>
  void set(std::initializer_list<Index> index, T value) {
    mutable_data<T>()[offset_of(index)] = value;
  }
  double item() const;            // the only element, of any type; throws unless numel() == 1
  double element(Index i) const;  // element i in row-major order, of any type

  // These share memory with this tensor.
  Tensor reshape(const Shape& shape) const;  // the same number of elements
  Tensor flatten() const { return reshape({numel()}); }
  Tensor slice(Index begin, Index end) const;  // rows begin .. end-1 of the leading axis
  Tensor operator[](Index i) const;            // row i of the leading axis, that axis removed

  Tensor clone() const;
  // Itself when the type is the same; otherwise converted: from float to integer truncated, out of range to the nearest, NaN to 0.
  Tensor to(DType type) const;
  void copy_from(const Tensor& source);  // same shape and type
  void fill(double value);
  std::string str() const;  // readable: shape, type, long axes elided in the middle

  // Writes so far to the memory this handle names: a saved tensor whose version changed has been damaged.
  std::uint32_t version() const { return storage_ ? storage_->version.load(std::memory_order_relaxed) : 0; }
  void bump_version() {
    if (storage_) storage_->version.fetch_add(1, std::memory_order_relaxed);
  }
  bool shares_storage_with(const Tensor& other) const { return storage_ && storage_ == other.storage_; }
  bool is_in_file() const { return storage_ && storage_->in_file; }
  void will_read(Index begin, Index end) const;  // of a tensor in a file: rows that are wanted soon, which the system may read ahead
  // Elements offset .. offset + shape.numel() - 1 of a one-dimensional tensor, with a version counter of its own:
  // a parameter inside its block.
  Tensor part(Index offset, const Shape& shape) const;

 private:
  const void* raw(DType type) const;
  void* mutable_raw(DType type);
  Index offset_of(std::initializer_list<Index> index) const;

  StorageRef storage_;
  std::size_t offset_ = 0;  // bytes
  Shape shape_;
  DType type_ = DType::float32;
};

inline Tensor zeros_like(const Tensor& t) { return Tensor::zeros(t.shape(), t.dtype()); }
inline Tensor empty_like(const Tensor& t) { return Tensor(t.shape(), t.dtype()); }

// Same shape, type and bits.
bool identical(const Tensor& a, const Tensor& b);

// Calls f with a value of the tensor's element type: float or double; other types throw naming `op`.
[[noreturn]] void fail_dtype(std::string_view op, DType type);
template <class F>
decltype(auto) for_float(std::string_view op, DType type, F&& f) {
  if (type == DType::float32) return f(float{});
  if (type == DType::float64) return f(double{});
  fail_dtype(op, type);
}
// Likewise for all four types.
template <class F>
decltype(auto) for_any(DType type, F&& f) {
  switch (type) {
    case DType::float32:
      return f(float{});
    case DType::float64:
      return f(double{});
    case DType::int32:
      return f(std::int32_t{});
    default:
      return f(std::uint8_t{});
  }
}

// Throws naming `op` unless both have the same type.
void require_same_dtype(std::string_view op, const Tensor& a, const Tensor& b);
// Throws naming `op` and `what` unless `t` has this rank / this shape.
void require_rank(std::string_view op, std::string_view what, const Tensor& t, int rank);
void require_shape(std::string_view op, std::string_view what, const Tensor& t, const Shape& shape);

}  // namespace elbo
