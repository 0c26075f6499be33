#pragma once
// Random numbers from a counter: Philox 4x32-10 (Salmon, Moraes, Dror and Shaw 2011, "Parallel random numbers: as easy as 1, 2, 3").
//
// A draw is a function of (seed, purpose, step, example, number of the draw within the example) and of nothing else: not of how much
// was drawn before, of threads, or of how a batch is split. Nothing has a state; what a checkpoint saves of randomness is the step.

#include <array>
#include <cstdint>

#include "tensor/tensor.h"

namespace elbo {

// What a draw is for. Numbers are part of the file format: never renumber, only append.
enum class Purpose : std::uint8_t {
  initial = 1,  // initial weights; step: a hash of the parameter's name
  shuffle = 2,  // order of the examples; step: the epoch
  latent = 3,   // noise of the reparameterised sample; step: the update
  dropout = 4,
  binarize = 5,
  dequantize = 6,
  split = 7,     // parts of a data set
  sample = 8,    // codes and choices of the sampling tools
  evaluate = 9,  // latent noise of evaluation
  digits = 10,
  shapes = 11,
  sentences = 12,
  test = 13,  // tests, examples, benchmarks
  bootstrap = 14,
  prior = 15,            // codes whose pictures an adversary is shown; step: the update
  augment = 16,          // step: the epoch
  shuffle_batches = 17,  // step: the epoch
  word_dropout = 18,     // step: the update
  tokens = 19,           // choices of words when text is generated
};

// One block of Philox 4x32-10: four words from a counter of four and a key of two.
using PhiloxBlock = std::array<std::uint32_t, 4>;
PhiloxBlock philox(PhiloxBlock counter, std::array<std::uint32_t, 2> key);

// A stream of draws: the key without example and draw.
struct RandomKey {
  std::uint64_t seed = 1;  // below 2^56: the purpose takes the top byte of Philox's key
  Purpose purpose = Purpose::test;
  std::uint64_t step = 0;

  // Word `draw` (four to a block) of example `example`.
  PhiloxBlock block(std::uint32_t example, std::uint32_t number) const;
  std::uint32_t word(std::uint32_t example, std::uint32_t draw) const { return block(example, draw / 4)[draw % 4]; }
  double uniform(std::uint32_t example, std::uint32_t draw) const { return double(word(example, draw)) * 0x1p-32; }  // [0, 1)
};

// Fills `out`, whose leading axis counts examples first_example, first_example + 1, ...; the draws of an example are numbered
// in row-major order over the other axes. float32 or float64. The same numbers for both types but for rounding.
void fill_uniform(Tensor& out, const RandomKey& key, std::uint32_t first_example = 0);  // [0, 1), multiples of 2^-24
void fill_normal(Tensor& out, const RandomKey& key, std::uint32_t first_example = 0);   // N(0, 1), Box and Muller 1958
// out = 1 with probability p (same shape, values in [0, 1]), otherwise 0.
void fill_bernoulli(Tensor& out, const Tensor& p, const RandomKey& key, std::uint32_t first_example = 0);
// The same with a row of `examples` (int32 (n,)) naming the example of each row of `out`: what a shuffled batch needs.
void fill_uniform(Tensor& out, const RandomKey& key, std::span<const std::int32_t> examples);
void fill_normal(Tensor& out, const RandomKey& key, std::span<const std::int32_t> examples);

// The words themselves: 4 * first_block .. 4 * (first_block + blocks) - 1 of one example, on the calling thread.
void fill_words(std::uint32_t* out, std::uint32_t first_block, Index blocks, const RandomKey& key, std::uint32_t example);

// A permutation of 0 .. n-1, n below 2^31 (Fisher and Yates); the second form writes it into memory that exists.
std::vector<std::int32_t> permutation(Index n, const RandomKey& key);
void permutation(std::span<std::int32_t> out, const RandomKey& key);

}  // namespace elbo
