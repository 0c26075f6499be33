// The axes of a tensor in another order.

#include <fmt/core.h>

#include <array>
#include <cstring>
#include <utility>

#include "tensor/error.h"
#include "tensor/parallel.h"
#include "tensor/shape_ops.h"

namespace elbo {
namespace {

constexpr Index permute_grain = 1 << 16;  // bytes a chunk

// Calls f with an unsigned integer as wide as the elements: moving does not look at the numbers.
template <class F>
void for_width(DType type, F&& f) {
  switch (dtype_bytes(type)) {
    case 1:
      return f(std::uint8_t{});
    case 4:
      return f(std::uint32_t{});
    default:
      return f(std::uint64_t{});
  }
}

// A block of 4 x 4 numbers of 32 bits, transposed in registers.
void transpose_block(const std::uint32_t* from, Index from_step, std::uint32_t* to, Index to_step) {
  using Four [[gnu::vector_size(16)]] = std::uint32_t;
  Four a, b, c, d;
  std::memcpy(&a, from, sizeof a);
  std::memcpy(&b, from + from_step, sizeof b);
  std::memcpy(&c, from + 2 * from_step, sizeof c);
  std::memcpy(&d, from + 3 * from_step, sizeof d);
  const Four ab_low = __builtin_shufflevector(a, b, 0, 4, 1, 5), ab_high = __builtin_shufflevector(a, b, 2, 6, 3, 7);
  const Four cd_low = __builtin_shufflevector(c, d, 0, 4, 1, 5), cd_high = __builtin_shufflevector(c, d, 2, 6, 3, 7);
  a = __builtin_shufflevector(ab_low, cd_low, 0, 1, 4, 5);
  b = __builtin_shufflevector(ab_low, cd_low, 2, 3, 6, 7);
  c = __builtin_shufflevector(ab_high, cd_high, 0, 1, 4, 5);
  d = __builtin_shufflevector(ab_high, cd_high, 2, 3, 6, 7);
  std::memcpy(to, &a, sizeof a);
  std::memcpy(to + to_step, &b, sizeof b);
  std::memcpy(to + 2 * to_step, &c, sizeof c);
  std::memcpy(to + 3 * to_step, &d, sizeof d);
}

// to[i * to_step + j] = from[i + j * from_step], i < m, j < n: in tiles of 64 x 16, which stay in the first cache both ways.
template <class T>
void copy_transposed(const T* from, Index from_step, T* to, Index to_step, Index m, Index n) {
  constexpr Index tile_m = 64, tile_n = 16, block = 4;
  for (Index i0 = 0; i0 < m; i0 += tile_m)
    for (Index j0 = 0; j0 < n; j0 += tile_n) {
      const Index i1 = std::min(m, i0 + tile_m), j1 = std::min(n, j0 + tile_n);
      Index i = i0;
      if constexpr (sizeof(T) == 4)
        for (; i + block <= i1; i += block) {
          Index j = j0;
          for (; j + block <= j1; j += block) transpose_block(from + i + j * from_step, from_step, to + i * to_step + j, to_step);
          for (; j < j1; j++)
            for (Index k = i; k < i + block; k++) to[k * to_step + j] = from[k + j * from_step];
        }
      for (; i < i1; i++)
        for (Index j = j0; j < j1; j++) to[i * to_step + j] = from[i + j * from_step];
    }
}

// A permutation of axes in which neighbours that stay neighbours count as one and axes of size 1 are left out.
struct Permutation {
  int rank = 0;
  std::array<Index, Shape::max_rank> size{}, from{}, to{};  // of the result's axes: size, step in x, step in the result
};

Permutation simplify(const Shape& x, std::span<const int> axes) {
  std::array<Index, Shape::max_rank> step{};
  Index s = 1;
  for (int i = x.rank() - 1; i >= 0; i--) step[std::size_t(i)] = s, s *= x[i];
  Permutation p;
  for (int a : axes) {
    const auto last = std::size_t(p.rank - 1);
    if (x[a] == 1) continue;
    if (p.rank > 0 && p.from[last] == step[std::size_t(a)] * x[a]) {
      p.size[last] *= x[a];
      p.from[last] = step[std::size_t(a)];
    } else {
      p.size[std::size_t(p.rank)] = x[a];
      p.from[std::size_t(p.rank++)] = step[std::size_t(a)];
    }
  }
  s = 1;
  for (int i = p.rank; i-- > 0;) p.to[std::size_t(i)] = s, s *= p.size[std::size_t(i)];
  return p;
}

// Two axes are copied in tiles: the result's last (j) and the one that is last in x (i); the others are counted through.
template <class T>
void permute(const T* x, T* y, const Permutation& p, Index numel) {
  if (p.rank <= 1) {
    std::memcpy(y, x, std::size_t(numel) * sizeof(T));
    return;
  }
  const auto j = std::size_t(p.rank - 1);
  std::size_t i = 0;
  while (p.from[i] != 1) i++;
  const bool rows = i == j;  // the last axis stays: whole rows move
  Index outer = 1;
  for (std::size_t a = 0; a < std::size_t(p.rank); a++)
    if (a != i && a != j) outer *= p.size[a];
  const auto offsets = [&](Index k) {
    std::pair<Index, Index> o{0, 0};
    for (std::size_t a = std::size_t(p.rank); a-- > 0;) {
      if (a == i || a == j) continue;
      const Index at = k % p.size[a];
      k /= p.size[a];
      o.first += at * p.from[a];
      o.second += at * p.to[a];
    }
    return o;
  };
  if (rows) {  // one walk after another along the axis before; the axes outside are counted through for each walk, not for each row
    const Index walk = p.size[j - 1], from_step = p.from[j - 1], to_step = p.to[j - 1];
    const Index chunks = std::clamp<Index>(numel * Index(sizeof(T)) / permute_grain, 1, outer);
    parallel(chunks, [&](Index c) {
      const Index end = outer * (c + 1) / chunks;
      for (Index k = outer * c / chunks; k < end;) {
        const auto [from, to] = offsets(k);
        const Index n = std::min(end - k, walk - k % walk);
        for (Index r = 0; r < n; r++) std::memcpy(y + to + r * to_step, x + from + r * from_step, std::size_t(p.size[j]) * sizeof(T));
        k += n;
      }
    });
    return;
  }
  const Index m = p.size[i], n = p.size[j];
  const Index pieces = std::clamp<Index>(numel * Index(sizeof(T)) / permute_grain / outer, 1, (m + 31) / 32);
  const Index step = ((m + pieces - 1) / pieces + 31) / 32 * 32, used = (m + step - 1) / step;
  const Index chunks = std::clamp<Index>(numel * Index(sizeof(T)) / permute_grain, 1, outer * used);
  parallel(chunks, [&](Index c) {
    for (Index t = outer * used * c / chunks; t < outer * used * (c + 1) / chunks; t++) {
      const auto [from, to] = offsets(t / used);
      const Index begin = t % used * step;
      copy_transposed(x + from + begin, p.from[j], y + to + begin * p.to[i], p.to[i], std::min(step, m - begin), n);
    }
  });
}

}  // namespace

Tensor permute(const Tensor& x, std::span<const int> axes) {
  if (int(axes.size()) != x.rank())
    fail("permute", fmt::format("expected {} axes for shape {}, got {}", x.rank(), x.shape().str(), axes.size()));
  std::array<int, Shape::max_rank> order{};
  std::array<bool, Shape::max_rank> seen{};
  Shape shape;
  for (std::size_t i = 0; i < axes.size(); i++) {
    order[i] = normal_axis("permute", axes[i], x.rank());
    if (std::exchange(seen[std::size_t(order[i])], true)) fail("permute", fmt::format("axis {} is named twice", order[i]));
    shape = shape.append(x.shape()[order[i]]);
  }
  Tensor y(shape, x.dtype());
  if (y.numel() == 0) return y;
  for_width(x.dtype(), [&]<class T>(T) {
    permute(static_cast<const T*>(x.raw()), static_cast<T*>(const_cast<void*>(y.raw())), simplify(x.shape(), {order.data(), axes.size()}),
            x.numel());
  });
  return y;
}

Tensor transpose(const Tensor& x) {
  require_rank("transpose", "a matrix", x, 2);
  return permute(x, {1, 0});
}

Tensor move_axis(const Tensor& x, int from, int to) {
  from = normal_axis("move_axis", from, x.rank());
  to = normal_axis("move_axis", to, x.rank());
  std::array<int, Shape::max_rank> order{};
  for (int i = 0, k = 0; i < x.rank(); i++) {
    if (k == from) k++;
    order[std::size_t(i)] = i == to ? from : k++;
  }
  return permute(x, std::span<const int>(order.data(), std::size_t(x.rank())));
}

}  // namespace elbo
