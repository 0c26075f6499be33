#pragma once
// What somebody meant who typed a name that does not exist.

#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace elbo {

// The name with the fewest edits to `word` (insertions, deletions, exchanges, swaps of neighbours); the first among equals; empty for no
// names.
std::string nearest(std::string_view word, std::span<const std::string> names);

// "unknown WHAT 'WORD'; the nearest is 'NAME'; known: A, B, C": for UsageError.
std::string unknown_message(std::string_view what, std::string_view word, std::span<const std::string> names);

}  // namespace elbo
