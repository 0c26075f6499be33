#pragma once
// A fingerprint of data, to notice on resume that they have changed. No protection against an adversary.

#include <cstddef>
#include <cstdint>

namespace elbo {

// XXH64 of `bytes` bytes (Collet 2012, https://github.com/Cyan4973/xxHash/blob/dev/doc/xxhash_spec.md).
std::uint64_t xxh64(const void* data, std::size_t bytes, std::uint64_t seed = 0);

// The same of up to 1 MiB. Of more, that of the sums of its pieces of 1 MiB (little-endian), which are formed in parallel.
std::uint64_t xxh64_of_pieces(const void* data, std::size_t bytes, std::uint64_t seed = 0);

}  // namespace elbo
