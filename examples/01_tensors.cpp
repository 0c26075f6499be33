// Tensors: numbers in a shape, and which of them share memory.

#include "examples/expect.h"
#include "tensor/elementwise.h"
#include "tensor/error.h"
#include "tensor/matmul.h"
#include "tensor/reduce.h"

using namespace elbo;

int main() {
  // Six numbers in two rows. Every tensor is dense and row-major: element (i, j) of this one is number 3 i + j in memory.
  Tensor x = Tensor::from<float>({1, 2, 3, 4, 5, 6}, {2, 3});
  std::printf("x = %s\n", x.str().c_str());
  expect(x.at<float>({1, 0}) == 4, "row 1 starts with 4");

  // A tensor is a handle. Copies, reshapes and rows of the leading axis all name the same memory: a write through one is seen by all.
  Tensor copy = x, tall = x.reshape({3, 2}), row = x[1];
  row.set<float>({0}, 40);
  expect(copy.at<float>({1, 0}) == 40 && tall.at<float>({1, 1}) == 40, "a reshape sees the write");
  expect(x.shares_storage_with(tall) && row.shape() == Shape{3}, "they share one memory");

  // clone() copies the numbers.
  Tensor own = x.clone();
  own.fill(0);
  expect(x.at<float>({0, 0}) == 1, "the clone has memory of its own");

  // Arithmetic gives new tensors. A missing or single-element axis is repeated as often as the other side asks: broadcasting.
  const Tensor shifted = add(x, Tensor::from<float>({10, 20, 30}));
  std::printf("x + (10, 20, 30) = %s\n", shifted.str().c_str());
  expect(shifted.at<float>({1, 0}) == 50, "(10, 20, 30) was added to each row");

  // Reductions run over the axes that are named, or over all. A transpose is a flag of the product: nothing moves in memory.
  expect(sum(x, {0}).shape() == Shape{3} && sum(x).item() == 57, "sums of columns, and of everything");
  expect(matmul(x, x, false, true).shape() == Shape{2, 2}, "x times its own transpose");

  // Shapes are checked before anything is computed, and the error says what was expected, what came, and where.
  try {
    add(x, Tensor::ones({2}));
    expect(false, "(2, 3) and (2) do not broadcast");
  } catch (const Error& error) {
    std::printf("error: %s\n", error.what());
  }
}
