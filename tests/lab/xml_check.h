#pragma once
// A strict check of small XML documents, for the tests of plots.

#include <cctype>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace elbo::testing {

// What is wrong with `text` as one XML element (names, attributes in quotes and once each, nesting, references, no stray '<' or '&',
// no character that XML forbids, ids used once); empty when nothing is.
inline std::string xml_fault(std::string_view text) {
  std::vector<std::string> open;
  std::set<std::string> ids;
  std::size_t at = 0;
  bool done = false;  // the outermost element is closed
  const auto around = [&](const char* what) { return std::string(what) + " near: " + std::string(text.substr(at > 20 ? at - 20 : 0, 60)); };
  const auto name = [&] {
    const std::size_t start = at;
    while (at < text.size() &&
           (std::isalnum(static_cast<unsigned char>(text[at])) || text[at] == '-' || text[at] == ':' || text[at] == '_'))
      ++at;
    return std::string(text.substr(start, at - start));
  };
  const auto space = [&] {
    while (at < text.size() && (text[at] == ' ' || text[at] == '\n')) ++at;
  };
  // One character of text or of an attribute's value; false where it may not stand there.
  const auto character = [&] {
    if (text[at] == '<' || (static_cast<unsigned char>(text[at]) < 0x20 && text[at] != '\n' && text[at] != '\t')) return false;
    if (text[at] != '&') return ++at, true;
    for (const std::string_view reference : {"&amp;", "&lt;", "&gt;", "&quot;", "&#39;"})
      if (text.substr(at).starts_with(reference)) return at += reference.size(), true;
    return false;
  };
  while (at < text.size()) {
    if (text[at] != '<') {
      if (open.empty()) return around("text outside the element");
      if (!character()) return around("a character that must be escaped");
      continue;
    }
    ++at;
    if (at < text.size() && text[at] == '/') {
      ++at;
      const std::string closed = name();
      if (open.empty() || open.back() != closed) return around("an end tag that closes nothing");
      open.pop_back();
      if (at >= text.size() || text[at] != '>') return around("an end tag without '>'");
      ++at;
      done = open.empty();
      continue;
    }
    if (done) return around("a second element");
    const std::string tag = name();
    if (tag.empty()) return around("a tag without a name");
    std::set<std::string> attributes;
    for (space(); at < text.size() && text[at] != '>' && text[at] != '/'; space()) {
      const std::string attribute = name();
      if (attribute.empty() || !attributes.insert(attribute).second) return around("an attribute without a name, or twice");
      if (!text.substr(at).starts_with("=\"")) return around("an attribute without a value in quotes");
      at += 2;
      const std::size_t start = at;
      while (at < text.size() && text[at] != '"')
        if (!character()) return around("a character that must be escaped in an attribute");
      if (at >= text.size()) return around("a value without an end");
      if (attribute == "id" && !ids.insert(std::string(text.substr(start, at - start))).second) return around("an id used twice");
      ++at;
      if (at < text.size() && text[at] != ' ' && text[at] != '>' && text[at] != '/') return around("no space between attributes");
    }
    if (text.substr(at).starts_with("/>")) {
      at += 2;
      done = open.empty();
    } else if (at < text.size() && text[at] == '>') {
      ++at;
      open.push_back(tag);
    } else {
      return around("a tag without an end");
    }
  }
  if (!open.empty()) return "never closed: " + open.back();
  return done ? "" : "no element";
}

inline std::size_t count(std::string_view text, std::string_view part) {
  std::size_t found = 0;
  for (std::size_t at = text.find(part); at != std::string_view::npos; at = text.find(part, at + part.size())) ++found;
  return found;
}

}  // namespace elbo::testing
