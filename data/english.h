#pragma once
// Forms of English words by rule, for the regular words of the built-in sentences; a word may name its own form after a slash.

#include <string>
#include <string_view>
#include <vector>

namespace elbo {

// "child/children" and the like: the part before the slash, and the irregular form after it (empty: none).
struct EnglishWord {
  std::string base, irregular;
};
std::vector<EnglishWord> english_words(std::string_view list);  // separated by spaces

std::string plural(const EnglishWord& noun);  // "child/children", "bush" -> "bushes"

enum class VerbForm : int { base, third, past, gerund };        // mend, mends, mended, mending
std::string verb_form(const EnglishWord& verb, VerbForm form);  // "bring/brought"

bool takes_an(std::string_view word);  // an apple, an hour, a uniform

}  // namespace elbo
