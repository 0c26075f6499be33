#pragma once
// Errors. Every message reads `[op] what was expected, what came, likely cause`; tools print it after `error: `.

#include <stdexcept>
#include <string>
#include <string_view>

namespace elbo {

// Something is wrong with data, files, memory or numbers: a tool exits with status 1.
class Error : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

// An unknown or invalid option, key, value, preset or kind of data: a tool exits with status 2.
class UsageError : public Error {
 public:
  using Error::Error;
};

// Throws Error("[op] message").
[[noreturn]] void fail(std::string_view op, std::string_view message);

}  // namespace elbo
