#pragma once
// Memory for decoding pictures, from the pool of tensor/memory.h. Every picture of a folder takes the same few blocks as the one before;
// malloc would give the large ones back to the system each time and then take them again, page by page. release_cached_memory() ends it.

#include <cstddef>

namespace elbo {

// All bytes are zero: a damaged file need not set everything that it uses, and then gives the same pixels each time. Null: no memory.
void* picture_allocate(std::size_t bytes) noexcept;
void* picture_reallocate(void* block, std::size_t bytes) noexcept;  // what is new is zero
void picture_free(void* block) noexcept;

}  // namespace elbo
