#pragma once
// What a call complains about, for tests of error messages.

#include <doctest/doctest.h>

#include <string>
#include <typeinfo>

#include "tensor/error.h"

// The message of the E (Error itself, or UsageError) that f throws; fails the test, and gives "", for anything else.
template <class E, class F>
std::string message_of(F&& f) {
  try {
    f();
  } catch (const elbo::Error& error) {
    CHECK(typeid(error) == typeid(E));
    return error.what();
  }
  CHECK_MESSAGE(false, "expected an error");
  return {};
}
