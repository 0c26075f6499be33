#pragma once
// Texts one behind the other in one array, and the same as tokens: ten million sentences are two arrays each, not ten million objects.

#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "tensor/tensor.h"

namespace elbo {

// Texts by number. What they are parts of may hold more than they: line ends, labels.
class Texts {
 public:
  // `bytes`: uint8 (n,), UTF-8; every text is a stretch of it.
  explicit Texts(Tensor bytes) : bytes_(std::move(bytes)) {}

  void add(std::uint64_t begin, std::uint64_t length) {
    begins_.push_back(begin);
    lengths_.push_back(std::uint32_t(length));
  }
  Index size() const { return Index(begins_.size()); }
  std::string_view operator[](Index i) const {
    return {reinterpret_cast<const char*>(bytes_.raw()) + begins_[std::size_t(i)], lengths_[std::size_t(i)]};
  }
  const Tensor& bytes() const { return bytes_; }

 private:
  Tensor bytes_;
  std::vector<std::uint64_t> begins_;
  std::vector<std::uint32_t> lengths_;
};

// The tokens of texts, by number: those of text i are ids[begin[i]] to ids[begin[i + 1] - 1], start and end included.
struct Tokens {
  Tensor ids;                 // int32 (all,)
  std::vector<Index> begins;  // one more than there are texts

  Index size() const { return begins.empty() ? 0 : Index(begins.size()) - 1; }
  Index length(Index i) const { return begins[std::size_t(i) + 1] - begins[std::size_t(i)]; }
  std::span<const std::int32_t> operator[](Index i) const {
    return {ids.data<std::int32_t>() + begins[std::size_t(i)], std::size_t(length(i))};
  }
};

}  // namespace elbo
