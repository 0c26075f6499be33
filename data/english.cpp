#include "data/english.h"

namespace elbo {
namespace {

bool is_vowel(char c) { return std::string_view("aeiou").find(c) != std::string_view::npos; }

bool ends_in(std::string_view word, std::string_view end) {
  return word.size() >= end.size() && word.substr(word.size() - end.size()) == end;
}

// carry, but not play: the y turns into an i.
bool turns_y(const std::string& word) { return ends_in(word, "y") && !is_vowel(word[word.size() - 2]); }

std::string with_s(const std::string& word) {
  if (turns_y(word)) return word.substr(0, word.size() - 1) + "ies";
  for (const char* hiss : {"s", "x", "z", "ch", "sh"})
    if (ends_in(word, hiss)) return word + "es";
  return word + "s";
}

// drop -> dropp: one syllable with one short vowel before its last consonant.
std::string doubled(const std::string& verb) {
  const std::size_t vowel = verb.find_first_of("aeiou");
  if (vowel + 2 != verb.size() || is_vowel(verb.back()) || std::string_view("wxy").find(verb.back()) != std::string_view::npos) return verb;
  return verb + verb.back();
}

}  // namespace

std::vector<EnglishWord> english_words(std::string_view list) {
  std::vector<EnglishWord> words;
  for (std::size_t at = 0; at < list.size();) {
    const std::string_view word = list.substr(at, list.find(' ', at) - at);
    at += word.size() + 1;
    const std::size_t slash = word.find('/');
    words.push_back({std::string(word.substr(0, slash)), slash == word.npos ? "" : std::string(word.substr(slash + 1))});
  }
  return words;
}

std::string plural(const EnglishWord& noun) { return noun.irregular.empty() ? with_s(noun.base) : noun.irregular; }

std::string verb_form(const EnglishWord& verb, VerbForm form) {
  const std::string& base = verb.base;
  const bool silent_e = ends_in(base, "e") && !ends_in(base, "ee");
  switch (form) {
    case VerbForm::base:
      return base;
    case VerbForm::third:
      return with_s(base);
    case VerbForm::past:
      if (!verb.irregular.empty()) return verb.irregular;
      if (ends_in(base, "e")) return base + "d";
      if (turns_y(base)) return base.substr(0, base.size() - 1) + "ied";
      return doubled(base) + "ed";
    case VerbForm::gerund:
      return (silent_e ? base.substr(0, base.size() - 1) : doubled(base)) + "ing";
  }
  return base;
}

bool takes_an(std::string_view word) {
  for (const std::string_view silent_h : {"honest", "hour", "heir"})
    if (word.substr(0, silent_h.size()) == silent_h) return true;
  for (const std::string_view spoken_y : {"uni", "use", "eu"})
    if (word.substr(0, spoken_y.size()) == spoken_y) return false;
  return is_vowel(word[0]);
}

}  // namespace elbo
