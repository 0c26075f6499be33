#include "tensor/nearest.h"

#include <fmt/core.h>

#include <algorithm>

namespace elbo {
namespace {

// Damerau and Levenshtein's distance (optimal string alignment): d[i][j] edits turn the first i letters of a into the first j of b.
std::size_t edits(std::string_view a, std::string_view b) {
  std::vector<std::vector<std::size_t>> d(a.size() + 1, std::vector<std::size_t>(b.size() + 1));
  for (std::size_t i = 0; i <= a.size(); i++) d[i][0] = i;
  for (std::size_t j = 0; j <= b.size(); j++) d[0][j] = j;
  for (std::size_t i = 1; i <= a.size(); i++)
    for (std::size_t j = 1; j <= b.size(); j++) {
      d[i][j] = std::min({d[i - 1][j] + 1, d[i][j - 1] + 1, d[i - 1][j - 1] + (a[i - 1] != b[j - 1])});
      if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1]) d[i][j] = std::min(d[i][j], d[i - 2][j - 2] + 1);
    }
  return d[a.size()][b.size()];
}

}  // namespace

std::string nearest(std::string_view word, std::span<const std::string> names) {
  const auto best =
      std::min_element(names.begin(), names.end(), [&](const auto& a, const auto& b) { return edits(word, a) < edits(word, b); });
  return best == names.end() ? std::string() : *best;
}

std::string unknown_message(std::string_view what, std::string_view word, std::span<const std::string> names) {
  std::string known;
  for (const std::string& name : names) known += (known.empty() ? "" : ", ") + name;
  return fmt::format("unknown {} '{}'; the nearest is '{}'; known: {}", what, word, nearest(word, names), known);
}

}  // namespace elbo
