#include "models/config_rows.h"

#include <fmt/core.h>

#include <algorithm>
#include <cmath>

#include "tensor/nearest.h"

namespace elbo {
namespace {

std::string joined(const std::vector<std::string>& names) {
  std::string text;
  for (const std::string& n : names) text += (text.empty() ? "" : ", ") + n;
  return text;
}

}  // namespace

void expected(const std::string& what) { throw what; }

double number_of(const Json& v, double low, double high) {
  const std::string range = fmt::format("a number from {} to {}", low, high);
  if (!v.is_number()) expected(range);
  const double d = v.number();
  if (!(d >= low && d <= high)) expected(range);
  return d;
}

Index integer_of(const Json& v, Index low, Index high) {
  const std::string range = fmt::format("a whole number from {} to {}", low, high);
  if (!v.is_number()) expected(range);
  const double d = v.number();
  if (d != std::floor(d) || d < double(low) || d > double(high)) expected(range);
  return v.is_integer() ? v.integer() : Index(d);
}

std::vector<Index> integers_of(const Json& v, Index low, Index high) {
  if (!v.is_array()) expected(fmt::format("a list of whole numbers from {} to {}", low, high));
  std::vector<Index> all;
  for (const Json& e : v.elements()) all.push_back(integer_of(e, low, high));
  return all;
}

void Table::number(std::string name, double low, double high, std::string help, Place<double> at) {
  add(std::move(name), fmt::format("number, {} to {}", low, high), std::move(help), at,
      [=](Config& c, const Json& v) { at(c) = number_of(v, low, high); });
}

void Table::integer(std::string name, Index low, Index high, std::string help, Place<Index> at) {
  add(std::move(name), fmt::format("whole number, {} to {}", low, high), std::move(help), at,
      [=](Config& c, const Json& v) { at(c) = integer_of(v, low, high); });
}

void Table::integers(std::string name, Index low, Index high, std::string help, Place<std::vector<Index>> at) {
  add(std::move(name), "list of whole numbers", std::move(help), at, [=](Config& c, const Json& v) { at(c) = integers_of(v, low, high); });
}

void Table::boolean(std::string name, std::string help, Place<bool> at) {
  add(std::move(name), "true or false", std::move(help), at, [=](Config& c, const Json& v) {
    if (!v.is_boolean()) expected("true or false");
    at(c) = v.boolean();
  });
}

void Table::choice(std::string name, std::vector<std::string> choices, std::string help, Place<std::string> at) {
  add(std::move(name), "one of " + joined(choices), std::move(help), at, [=](Config& c, const Json& v) { at(c) = chosen(choices, v); });
}

std::string Table::chosen(const std::vector<std::string>& choices, const Json& v) {
  if (!v.is_string()) expected("one of " + joined(choices));
  const std::string s = v.string();
  if (std::find(choices.begin(), choices.end(), s) == choices.end())
    expected(fmt::format("one of {}; the nearest is {}", joined(choices), nearest(s, choices)));
  return s;
}

}  // namespace elbo
