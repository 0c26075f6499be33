#include "tensor/recurrent.h"

#include <fmt/core.h>

#include <algorithm>
#include <array>

#include "tensor/error.h"
#include "tensor/gemm.h"
#include "tensor/kernels/recurrent.h"
#include "tensor/parallel.h"

namespace elbo {
namespace {

enum class Cell { lstm, gru };

void check(std::string_view op, Cell cell, const Sequence& s, const RecurrentWeights& w, const Tensor& h, const Tensor& c) {
  if (s.x.rank() != 3) fail(op, fmt::format("expected x of shape (steps, batch, inputs), got {}", s.x.shape().str()));
  if (w.recurrent.rank() != 2) fail(op, fmt::format("expected recurrent weights of rank 2, got {}", w.recurrent.shape().str()));
  const Index units = w.units(), rows = (cell == Cell::lstm ? 4 : 3) * units;
  require_shape(op, "recurrent weights", w.recurrent, {rows, units});
  require_shape(op, "input weights", w.input, {rows, s.inputs()});
  require_shape(op, "a bias", w.bias, {4 * units});
  for (const Tensor* state : {&h, &c})
    if (*state) require_shape(op, "a state", *state, {s.batch(), units});
  for (const Tensor* t : {&w.input, &w.recurrent, &w.bias, &h, &c})
    if (*t) require_same_dtype(op, s.x, *t);
  if (s.steps() < 1) fail(op, "expected at least one step");
  if (!s.lengths) return;
  require_shape(op, "lengths", s.lengths, {s.batch()});
  for (const std::int32_t length : s.lengths.values<std::int32_t>())
    if (length < 0 || length > s.steps())
      fail(op, fmt::format("expected lengths from 0 to {}, the number of steps, got {}", s.steps(), length));
}

// Rows `begin` to `begin` + `count` - 1 of the recurrent weights, and the column of the gates that their products go to.
struct Product {
  Index begin, count, column;
};

template <class T, Cell cell>
class Recurrence {
 public:
  Recurrence(const Sequence& s, const RecurrentWeights& w, const Tensor& h, const Tensor& c)
      : s_(s),
        steps_(s.steps()),
        batch_(s.batch()),
        units_(w.units()),
        inputs_(s.inputs()),
        input_gates_(w.input.size(0)),
        w_(w),
        lengths_(s.lengths ? s.lengths.data<std::int32_t>() : nullptr),
        h_first_(h ? h.data<T>() : nullptr),
        c_first_(c ? c.data<T>() : nullptr),
        zeros_(Tensor::zeros({std::max<Index>(units_, 1)}, s.x.dtype())) {}

  RecurrentResult forward() const {
    const DType type = s_.x.dtype();
    RecurrentResult r{.y = Tensor({steps_, batch_, units_}, type), .gates = Tensor({steps_, batch_, 4 * units_}, type)};
    if (cell == Cell::lstm) r.cells = Tensor({steps_, batch_, units_}, type);
    T *gates = r.gates.mutable_data<T>(), *y = r.y.mutable_data<T>(), *cells = r.cells ? r.cells.mutable_data<T>() : nullptr;
    const T* bias = w_.bias.data<T>();
    gemm(false, true, steps_ * batch_, input_gates_, inputs_, s_.x.data<T>(), inputs_, w_.input.data<T>(), inputs_, gates, 4 * units_,
         Epilogue<T>{.bias = bias});
    if (cell == Cell::gru)  // the product that the reset gate acts on begins with a bias of its own
      for (Index row = 0; row < steps_ * batch_; row++) std::copy_n(bias + 3 * units_, units_, gates + row * 4 * units_ + 3 * units_);

    const Packed packed = pack(true);
    in_groups([&](const Rows& rows) {
      for (Index taken = 0; taken < steps_; taken++) {
        const Index t = step(taken);
        const T *h_before = before(taken, y, h_first_), *c_before = before(taken, cells, c_first_);
        T* gates_now = gates + t * batch_ * 4 * units_;
        for (std::size_t p = 0; h_before && p < products.size(); p++)
          gemm(false, rows.count(), h_before + rows.begin * units_, units_, packed[p],
               gates_now + rows.begin * 4 * units_ + products[p].column * units_, 4 * units_, Epilogue<T>{.accumulate = true});
        T *y_now = y + t * batch_ * units_, *cells_now = cells ? cells + t * batch_ * units_ : nullptr;
        for_rows(rows, [&](Index row) {
          const Index at = row * units_;
          const T *h_row = h_before ? h_before + at : zero(), *c_row = c_before ? c_before + at : zero();
          if (!counts(t, row)) {
            std::copy_n(h_row, units_, y_now + at);
            if (cells) std::copy_n(c_row, units_, cells_now + at);
          } else if constexpr (cell == Cell::lstm) {
            recurrent_kernels.of<T>().lstm(gates_now + 4 * at, c_row, cells_now + at, y_now + at, units_);
          } else {
            recurrent_kernels.of<T>().gru(gates_now + 4 * at, h_row, y_now + at, units_);
          }
        });
      }
    });
    const Index last = step(steps_ - 1);
    r.h = r.y[last];
    if (cells) r.c = r.cells[last];
    return r;
  }

  void backward(const RecurrentResult& r, const RecurrentResult& cotangents, const RecurrentGradients& out) const {
    const T *gates = r.gates.data<T>(), *y = r.y.data<T>(), *cells = r.cells ? r.cells.data<T>() : nullptr;
    const T* dy = cotangents.y ? cotangents.y.data<T>() : nullptr;
    Tensor sums({steps_, batch_, 4 * units_}, s_.x.dtype());  // gradients of the sums that the gates are functions of
    Tensor h_gradient = carried(cotangents.h, out.h), c_gradient = carried(cotangents.c, out.c);
    T *dsums = sums.mutable_data<T>(), *dh = h_gradient.mutable_data<T>(), *dc = c_gradient.mutable_data<T>();
    const Packed packed = pack(false);
    const bool adds = cell == Cell::gru || lengths_;  // whether h's gradient does not come through products alone
    in_groups([&](const Rows& rows) {
      for (Index taken = steps_ - 1; taken >= 0; taken--) {
        const Index t = step(taken);
        const T *h_before = before(taken, y, h_first_), *c_before = before(taken, cells, c_first_);
        const Index now = t * batch_ * units_;
        for_rows(rows, [&](Index row) {
          const Index at = row * units_;
          const T* dy_row = dy ? dy + now + at : nullptr;
          T* dsums_row = dsums + 4 * (now + at);
          if (!counts(t, row)) {
            std::fill_n(dsums_row, 4 * units_, T(0));
            for (Index k = 0; dy_row && k < units_; k++) dh[at + k] += dy_row[k];
          } else if constexpr (cell == Cell::lstm) {
            recurrent_kernels.of<T>().lstm_backward(gates + 4 * (now + at), c_before ? c_before + at : zero(), cells + now + at, dh + at,
                                                    dy_row, dc + at, dsums_row, units_);
            if (adds) std::fill_n(dh + at, units_, T(0));
          } else {
            recurrent_kernels.of<T>().gru_backward(gates + 4 * (now + at), h_before ? h_before + at : zero(), dh + at, dy_row, dh + at,
                                                   dsums_row, units_);
          }
        });
        if (taken > 0 || out.h) products_backward(rows, dsums + 4 * now, packed, dh, adds);
      }
    });
    weights_backward(dsums, y, out);
  }

 private:
  // In units of `units` rows or columns.
  static constexpr auto products = [] {
    if constexpr (cell == Cell::lstm)
      return std::array{Product{0, 4, 0}};
    else
      return std::array{Product{0, 2, 0}, Product{2, 1, 3}};
  }();

  Index step(Index taken) const { return s_.reverse ? steps_ - 1 - taken : taken; }
  bool counts(Index t, Index row) const { return !lengths_ || t < lengths_[row]; }
  const T* zero() const { return zeros_.data<T>(); }
  // The state before a step, null for zeros.
  const T* before(Index taken, const T* states, const T* first) const {
    return !states ? nullptr : taken == 0 ? first : states + step(taken - 1) * batch_ * units_;
  }

  struct Rows {  // of the batch
    Index begin, end;
    Index count() const { return end - begin; }
  };

  // Calls f for groups of rows, which go through all steps by themselves: threads take groups, and none waits for another between two steps
  // (measured on 32 rows of 256 units: 10% of the forward pass; on 256 rows 1 to 3% of a whole training step). Every group reads all
  // recurrent weights at each step, so they must come from the second cache; where they are larger there is one group, whose products and
  // cells are shared out step by step.
  template <class F>
  void in_groups(F&& f) const {
    constexpr Index least_rows = 16, most_groups = 8, largest_weights = 2 << 20;
    const bool fits = Index(w_.recurrent.bytes()) <= largest_weights && steps_ > 1;
    const Index groups = fits ? std::clamp<Index>(divide_up(batch_, least_rows), 1, most_groups) : 1;
    parallel(groups, [&](Index g) { f(Rows{batch_ * g / groups, batch_ * (g + 1) / groups}); });
  }

  template <class F>
  void for_rows(const Rows& rows, F&& f) const {
    const Index chunks = std::clamp<Index>(rows.count() * units_ / 2048, 1, std::max<Index>(rows.count(), 1));
    parallel(chunks, [&](Index chunk) {
      for (Index row = rows.count() * chunk / chunks; row < rows.count() * (chunk + 1) / chunks; row++) f(rows.begin + row);
    });
  }

  // The gradient of the last state, in the memory of the first state's where that is wanted.
  Tensor carried(const Tensor& last, Tensor* first) const {
    Tensor gradient = first ? *first : Tensor({batch_, units_}, s_.x.dtype());
    if (last)
      gradient.copy_from(last);
    else
      gradient.fill(0);
    return gradient;
  }

  // The weights of each product, used at every step: transposed for the forward pass, as they lie for the backward pass.
  using Packed = std::array<PackedMatrix<T>, products.size()>;
  Packed pack(bool transposed) const {
    Packed packed;
    for (std::size_t p = 0; p < products.size(); p++) {
      const Index count = products[p].count * units_;
      const T* weights = w_.recurrent.data<T>() + products[p].begin * units_ * units_;
      packed[p].pack(transposed, transposed ? units_ : count, transposed ? count : units_, weights, units_);
    }
    return packed;
  }

  void products_backward(const Rows& rows, const T* dsums, const Packed& packed, T* dh, bool adds) const {
    for (std::size_t p = 0; p < products.size(); p++) {
      gemm(false, rows.count(), dsums + rows.begin * 4 * units_ + products[p].column * units_, 4 * units_, packed[p],
           dh + rows.begin * units_, units_, Epilogue<T>{.accumulate = adds});
      adds = true;
    }
  }

  void weights_backward(const T* dsums, const T* y, const RecurrentGradients& out) const {
    const Index rows = steps_ * batch_, later = (steps_ - 1) * batch_, row = 4 * units_;
    if (out.x) gemm(false, false, rows, inputs_, input_gates_, dsums, row, w_.input.data<T>(), inputs_, out.x->mutable_data<T>(), inputs_);
    if (out.input_weights)
      gemm(true, false, input_gates_, inputs_, rows, dsums, row, s_.x.data<T>(), inputs_, out.input_weights->mutable_data<T>(), inputs_);
    if (out.bias) column_sums(dsums, rows, row, out.bias->mutable_data<T>());
    if (!out.recurrent_weights) return;
    for (const Product& p : products) {
      T* gradient = out.recurrent_weights->mutable_data<T>() + p.begin * units_ * units_;
      const T* column = dsums + p.column * units_;
      // Every step but the first taken has the state of the step beside it.
      const T *after = column + (s_.reverse ? 0 : batch_ * row), *states = y + (s_.reverse ? batch_ * units_ : 0);
      gemm(true, false, p.count * units_, units_, later, after, row, states, units_, gradient, units_);
      if (h_first_)
        gemm(true, false, p.count * units_, units_, batch_, column + step(0) * batch_ * row, row, h_first_, units_, gradient, units_,
             Epilogue<T>{.accumulate = true});
    }
  }

  const Sequence& s_;
  Index steps_, batch_, units_, inputs_, input_gates_;
  const RecurrentWeights& w_;
  const std::int32_t* lengths_;
  const T *h_first_, *c_first_;
  Tensor zeros_;
};

template <Cell cell>
RecurrentResult forward(std::string_view op, const Sequence& s, const RecurrentWeights& w, const Tensor& h, const Tensor& c) {
  check(op, cell, s, w, h, c);
  return for_float(op, s.x.dtype(), [&]<class T>(T) { return Recurrence<T, cell>(s, w, h, c).forward(); });
}

template <Cell cell>
void backward(std::string_view op, const Sequence& s, const RecurrentWeights& w, const Tensor& h, const Tensor& c,
              const RecurrentResult& result, const RecurrentResult& cotangents, const RecurrentGradients& out) {
  check(op, cell, s, w, h, c);
  for_float(op, s.x.dtype(), [&]<class T>(T) { Recurrence<T, cell>(s, w, h, c).backward(result, cotangents, out); });
}

}  // namespace

RecurrentResult lstm(const Sequence& s, const RecurrentWeights& w, const Tensor& h, const Tensor& c) {
  return forward<Cell::lstm>("lstm", s, w, h, c);
}
RecurrentResult gru(const Sequence& s, const RecurrentWeights& w, const Tensor& h) { return forward<Cell::gru>("gru", s, w, h, {}); }

void lstm_backward(const Sequence& s, const RecurrentWeights& w, const Tensor& h, const Tensor& c, const RecurrentResult& result,
                   const RecurrentResult& cotangents, const RecurrentGradients& out) {
  backward<Cell::lstm>("lstm", s, w, h, c, result, cotangents, out);
}
void gru_backward(const Sequence& s, const RecurrentWeights& w, const Tensor& h, const RecurrentResult& result,
                  const RecurrentResult& cotangents, const RecurrentGradients& out) {
  backward<Cell::gru>("gru", s, w, h, {}, result, cotangents, out);
}

}  // namespace elbo
