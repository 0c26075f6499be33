#pragma once
// Labels as conditions: a model of p(x | y) in place of p(x), y the example's label (Kingma et al. 2014, "Semi-supervised learning with
// deep generative models", their M2; Sohn, Lee and Yan 2015, "Learning structured output representation using deep conditional generative
// models").
//
//   decoder p(x | z, y),  encoder q(z | x, y),  prior p(z) = N(0, I), the same for every label
//   total = -E log p(x | z, y) + KL(q(z | x, y) || p(z))  >=  -log p(x | y)
//
// Both networks are given y as a one-hot vector beside what one of their dense layers reads: a decoder beside the code, an encoder of
// vectors beside the example, one of convolutions or words beside what these have made of it. A plain autoencoder is conditional alike.
// What the label says, the code need not: it is left with the rest (style, in digits). Where the label is a function of the example,
// log p(x) = log p(x | y) + log p(y), so a conditional `nll` lies at most the labels' entropy (10 equal classes: 2.30 nats) below one of
// the same data without labels.
//
//   model.classes=10   labels 0 to 9; 0: no conditions

#include "autograd/var.h"

namespace elbo {

class Condition {
 public:
  explicit Condition(Index classes = 0) : classes_(classes) {}
  explicit operator bool() const { return classes_ > 0; }
  Index width() const { return classes_; }  // of the numbers that stand for a label

  // labels: int32 (n,)  ->  (n, width), 1 at the label and 0 elsewhere. Throws Error for labels that there are not.
  Tensor one_hot(const Tensor& labels, DType type) const;
  // (n, d) -> (n, d + width): the label's numbers behind each row's own. Without conditions x itself, whatever `labels` are. Throws Error
  // where labels are missing.
  Var beside(const Var& x, const Tensor& labels) const;
  // n labels in turn, 0, 1, ..., 0, 1, ...: int32 (n,); empty without conditions.
  Tensor in_turn(Index n) const;

 private:
  Index classes_;
};

}  // namespace elbo
