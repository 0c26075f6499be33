#include "tensor/json.h"

#include <fmt/core.h>

#include <utility>

#include "tensor/error.h"
#include "tensor/file.h"

namespace elbo {

// ---- making

Json::Json() = default;
Json::~Json() = default;
Json::Json(const Json&) = default;
Json::Json(Json&&) noexcept = default;
Json& Json::operator=(const Json&) = default;
Json& Json::operator=(Json&&) noexcept = default;

Json::Json(std::nullptr_t) {}
Json::Json(bool value) : value_(value) {}
Json::Json(int value) : value_(std::int64_t{value}) {}
Json::Json(long value) : value_(std::int64_t{value}) {}
Json::Json(long long value) : value_(std::int64_t{value}) {}
Json::Json(unsigned value) : value_(std::int64_t{value}) {}
Json::Json(unsigned long value) : Json(static_cast<unsigned long long>(value)) {}
Json::Json(unsigned long long value) {
  if (std::in_range<std::int64_t>(value))
    value_ = std::int64_t(value);
  else
    value_ = std::uint64_t{value};
}
Json::Json(double value) : value_(value) {}
Json::Json(const char* text) : value_(std::string(text)) {}
Json::Json(std::string_view text) : value_(std::string(text)) {}
Json::Json(std::string text) : value_(std::move(text)) {}
Json::Json(std::vector<Json> elements) : value_(std::move(elements)) {}
Json::Json(const std::vector<double>& elements) : value_(Array(elements.begin(), elements.end())) {}
Json::Json(const std::vector<Index>& elements) : value_(Array(elements.begin(), elements.end())) {}
Json::Json(const std::vector<std::string>& elements) : value_(Array(elements.begin(), elements.end())) {}

Json::Member::Member(std::string_view its_key, Json its_value) : key(its_key), value(std::move(its_value)) {}

Json Json::array(std::initializer_list<Json> elements) { return Array(elements); }

Json Json::object(std::initializer_list<Member> members) {
  Json made;
  made.value_ = Object();
  made.update(members);
  return made;
}

// ---- looking

const char* Json::type_name() const {
  constexpr const char* names[] = {"null", "boolean", "number", "number", "number", "string", "array", "object"};
  return names[value_.index()];
}

void Json::fail_type(std::string_view expected) const {
  std::string came = type_name();
  if (is_boolean()) came = boolean() ? "true" : "false";
  if (is_number()) came = dump();
  if (is_string()) came = "the string " + quote_name(string());
  if (is_array() || is_object()) came = fmt::format("an {} of {}", came, size());
  fail("json", fmt::format("expected {}, got {}", expected, came));
}

bool Json::boolean() const {
  if (!is_boolean()) fail_type("true or false");
  return std::get<bool>(value_);
}

std::int64_t Json::integer() const {
  if (const auto* v = std::get_if<std::int64_t>(&value_)) return *v;
  fail_type("a whole number below 2^63");
}

std::uint64_t Json::unsigned_integer() const {
  if (const auto* v = std::get_if<std::uint64_t>(&value_)) return *v;
  if (const auto* v = std::get_if<std::int64_t>(&value_); v && *v >= 0) return std::uint64_t(*v);
  fail_type("a whole number from 0");
}

double Json::number() const {
  if (const auto* v = std::get_if<std::int64_t>(&value_)) return double(*v);
  if (const auto* v = std::get_if<std::uint64_t>(&value_)) return double(*v);
  if (const auto* v = std::get_if<double>(&value_)) return *v;
  fail_type("a number");
}

const std::string& Json::string() const {
  if (!is_string()) fail_type("a string");
  return std::get<std::string>(value_);
}

const std::vector<Json>& Json::elements() const {
  if (!is_array()) fail_type("an array");
  return std::get<Array>(value_);
}

const std::vector<Json::Member>& Json::members() const {
  if (!is_object()) fail_type("an object");
  return std::get<Object>(value_);
}

std::size_t Json::size() const {
  if (!is_array() && !is_object()) fail_type("an array or an object");
  return is_array() ? elements().size() : members().size();
}

const Json& Json::operator[](std::size_t i) const {
  if (i >= elements().size()) fail_type(fmt::format("an array of more than {}", i));
  return elements()[i];
}

Json& Json::operator[](std::size_t i) { return const_cast<Json&>(std::as_const(*this)[i]); }

void Json::push_back(Json element) {
  if (is_null()) value_ = Array();
  if (!is_array()) fail_type("an array");
  std::get<Array>(value_).push_back(std::move(element));
}

Json::Object& Json::make_object() {
  if (is_null()) value_ = Object();
  if (!is_object()) fail_type("an object");
  return std::get<Object>(value_);
}

const Json* Json::find(std::string_view key) const {
  if (!is_object()) return nullptr;
  for (const Member& m : members())
    if (m.key == key) return &m.value;
  return nullptr;
}

Json* Json::find(std::string_view key) { return const_cast<Json*>(std::as_const(*this).find(key)); }

const Json& Json::operator[](std::string_view key) const {
  if (const Json* found = find(key)) return *found;
  fail_type(fmt::format("an object with {}", quote_name(key)));
}

Json& Json::operator[](std::string_view key) {
  if (Json* found = find(key)) return *found;
  return make_object().emplace_back(key, Json()).value;
}

void Json::update(std::initializer_list<Member> members) {
  for (const auto& [key, value] : members) (*this)[key] = value;
}

double Json::number_or(std::string_view key, double otherwise) const {
  const Json* found = find(key);
  return found && found->is_number() ? found->number() : otherwise;
}

std::string Json::string_or(std::string_view key, std::string_view otherwise) const {
  const Json* found = find(key);
  return found && found->is_string() ? found->string() : std::string(otherwise);
}

bool operator==(const Json& a, const Json& b) {
  if (a.is_number() && b.is_number()) return a.value_.index() == b.value_.index() ? a.value_ == b.value_ : a.number() == b.number();
  if (a.value_.index() != b.value_.index()) return false;
  if (!a.is_object()) return a.value_ == b.value_;
  if (a.size() != b.size()) return false;
  for (const auto& [key, value] : a.members())
    if (const Json* other = b.find(key); !other || !(value == *other)) return false;
  return true;
}

}  // namespace elbo
