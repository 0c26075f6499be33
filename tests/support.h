#pragma once
// What several tests need: golden files, a folder of their own, messages of expected errors, other programs.

#include <doctest/doctest.h>

#include <cstdlib>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <typeinfo>

#include "tensor/error.h"

namespace elbo::testing {

// A file of tests/golden.
inline std::string golden(const std::string& name) { return std::string(ELBO_GOLDEN) + "/" + name; }

// A new empty folder, removed with everything in it at the end of the scope.
class Folder {
 public:
  Folder() {
    std::string name = (std::filesystem::temp_directory_path() / "elbo-test-XXXXXX").string();
    REQUIRE(::mkdtemp(name.data()) != nullptr);
    path_ = name;
  }
  ~Folder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;
  std::string operator/(const std::string& name) const { return path_ + "/" + name; }
  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

// Gives a variable of the environment another value until the end of the scope.
class Environment {
 public:
  Environment(const char* name, const std::string& value) : name_(name) {
    if (const char* before = std::getenv(name)) before_ = before;
    ::setenv(name, value.c_str(), 1);
  }
  ~Environment() { before_ ? ::setenv(name_, before_->c_str(), 1) : ::unsetenv(name_); }
  Environment(const Environment&) = delete;
  Environment& operator=(const Environment&) = delete;

 private:
  const char* name_;
  std::optional<std::string> before_;
};

// How often `part` stands in `text`, overlaps included.
inline int count_of(std::string_view text, std::string_view part) {
  int n = 0;
  for (std::size_t at = text.find(part); at != std::string_view::npos; at = text.find(part, at + 1)) n++;
  return n;
}

// The message of the Error that `run` throws; empty when it throws none.
template <class F>
std::string error_of(F&& run) {
  try {
    run();
  } catch (const Error& error) {
    return error.what();
  }
  return {};
}

// The message of the E (Error itself, or UsageError) that `run` throws; fails the test, and gives "", for anything else.
template <class E, class F>
std::string message_of(F&& run) {
  try {
    run();
  } catch (const Error& error) {
    CHECK(typeid(error) == typeid(E));
    return error.what();
  }
  CHECK_MESSAGE(false, "expected an error");
  return {};
}

inline bool contains(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

// Whether python3 can import `modules` ("numpy, safetensors"). Tests that need it are skipped with a message otherwise.
inline bool python_has(const std::string& modules) { return std::system(("python3 -c 'import " + modules + "' 2>/dev/null").c_str()) == 0; }

}  // namespace elbo::testing
