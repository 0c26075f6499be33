#pragma once
// Numbers as files hold them: more types than tensors compute with, in either byte order.

#include "tensor/file.h"
#include "tensor/tensor.h"

namespace elbo {

enum class Encoding : std::uint8_t {
  float16,
  bfloat16,
  float32,
  float64,
  boolean,
  int8,
  uint8,
  int16,
  uint16,
  int32,
  uint32,
  int64,
  uint64
};

std::size_t encoding_bytes(Encoding encoding);

// The type of the tensor that these numbers become: float16, bfloat16 -> float32; boolean -> uint8; integers of any other size -> int32.
DType decoded_dtype(Encoding encoding);

// Reads shape.numel() numbers at byte `offset`, in row-major order. `what` names them in messages. Throws Error where the file is too
// short, before memory is taken, and for an integer beyond int32 or a boolean other than 0 and 1: nothing is rounded or cut silently.
Tensor read_encoded(const InputFile& file, std::uint64_t offset, const Shape& shape, Encoding encoding, bool big_endian,
                    const std::string& what);

// Likewise, of numbers that lie in column-major (Fortran) order.
Tensor read_encoded_columns(const InputFile& file, std::uint64_t offset, const Shape& shape, Encoding encoding, bool big_endian,
                            const std::string& what);

// The shape of these sizes, checked before Shape sees it: at most six axes, none negative, and numbers that no computer could hold
// are refused also where another size is 0. Throws Error naming `what`.
Shape checked_shape(std::span<const Index> sizes, const std::string& what);

}  // namespace elbo
