#pragma once
// Text as bytes that must be UTF-8.

#include <cstdint>
#include <string>
#include <string_view>

namespace elbo {

// How many bytes the character that begins at text[i] has, 1 to 4; 0: they are not well-formed (RFC 3629).
std::size_t character_length(std::string_view text, std::size_t i);

// Where the first character begins that is not well-formed; text.size() where all are.
std::size_t first_bad_byte(std::string_view text);

// Each byte that is not part of a well-formed character becomes U+FFFD.
std::string with_bad_bytes_replaced(std::string_view text);

// In lower case: Latin letters with and without accents, Greek, Cyrillic; the rest as it is. `text` must be well-formed.
std::string in_lower_case(std::string_view text);

// The character at text[i], which must be well-formed; and one at the end of `text`.
std::uint32_t code_point(std::string_view text, std::size_t i);
void append_code_point(std::string& text, std::uint32_t code);

}  // namespace elbo
