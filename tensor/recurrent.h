#pragma once
// Recurrent layers over whole sequences, float32 and float64. Steps come first: x is (steps, batch, inputs), so that what a step needs
// lies together. The input's products of all steps are one gemm; a step then takes one product with the state, whose weights are packed
// once, and one pass of the cell (kernels/recurrent.h) over its rows.

#include "tensor/tensor.h"

namespace elbo {

struct Sequence {
  Tensor x;              // (steps, batch, inputs)
  Tensor lengths;        // int32 (batch,): the steps of each example that count, from 0 to `steps`; empty: all
  bool reverse = false;  // from each example's last step to its first

  Index steps() const { return x.size(0); }
  Index batch() const { return x.size(1); }
  Index inputs() const { return x.size(2); }
};

// What does not count changes nothing: there the state passes through, y repeats it, and x (which must be finite) gets the gradient 0.
struct RecurrentResult {
  Tensor y;      // (steps, batch, units): the states h
  Tensor h, c;   // (batch, units): the last states, in the direction of reading; c of an LSTM alone
  Tensor gates;  // (steps, batch, 4 units), for the backward pass
  Tensor cells;  // (steps, batch, units): the states c of an LSTM
};

struct RecurrentGradients {
  Tensor* x = nullptr;  // each is filled; null: not wanted
  Tensor* input_weights = nullptr;
  Tensor* recurrent_weights = nullptr;
  Tensor* bias = nullptr;
  Tensor* h = nullptr;
  Tensor* c = nullptr;
};

struct RecurrentWeights {
  Tensor input;      // LSTM: (4 units, inputs), gates i, f, g, o; GRU: (3 units, inputs), gates r, z, n. PyTorch's order
  Tensor recurrent;  // likewise (4 units, units) or (3 units, units)
  Tensor bias;       // (4 units,): of i, f, g, o; of r, z, n and, for the GRU, of the recurrent product of n

  Index units() const { return recurrent.size(1); }
};

// Throw Error for shapes and types that do not fit, and for lengths out of range. `h`, `c`: the states before the first step, (batch,
// units), or empty for zeros.
RecurrentResult lstm(const Sequence& s, const RecurrentWeights& w, const Tensor& h, const Tensor& c);
RecurrentResult gru(const Sequence& s, const RecurrentWeights& w, const Tensor& h);

// From the result and the gradients of y, h and c (each may be empty).
void lstm_backward(const Sequence& s, const RecurrentWeights& w, const Tensor& h, const Tensor& c, const RecurrentResult& result,
                   const RecurrentResult& cotangents, const RecurrentGradients& out);
void gru_backward(const Sequence& s, const RecurrentWeights& w, const Tensor& h, const RecurrentResult& result,
                  const RecurrentResult& cotangents, const RecurrentGradients& out);

}  // namespace elbo
