#pragma once
// JSON values: what reports, configurations and metrics are read from and written as.
//
//   Json report = Json::object({{"run", path}, {"epochs", 20}, {"dims", Json::array({0, 1})}});
//   report["figures"]["kl"] = 25.3;                     // members keep the order in which they came
//   print(report.dump(2));
//
//   const Json read = Json::parse(text, "config.json");  // Error: "[json] config.json: not valid JSON: line 3, column 8: ..."
//   for (const auto& [key, value] : read.members()) ...
//   read["epochs"].integer();                            // Error where it is missing or no whole number
//
// nlohmann reads and writes the text, behind this door alone: a file that includes its header takes five seconds more to compile.

#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "tensor/shape.h"

namespace elbo {

class Json {
 public:
  struct Member;

  // Arrays and objects in a text may be nested this deep: what is taken apart by recursion must not be deeper than the stack.
  static constexpr int deepest = 512;

  Json();  // null
  ~Json();
  Json(const Json& other);
  Json(Json&& other) noexcept;
  Json& operator=(const Json& other);
  Json& operator=(Json&& other) noexcept;

  Json(std::nullptr_t);
  Json(bool value);
  Json(int value);
  Json(long value);
  Json(long long value);
  Json(unsigned value);
  Json(unsigned long value);
  Json(unsigned long long value);
  Json(double value);  // one that is not finite is written as null
  Json(const char* text);
  Json(std::string_view text);
  Json(std::string text);
  Json(std::vector<Json> elements);
  Json(const std::vector<double>& elements);
  Json(const std::vector<Index>& elements);
  Json(const std::vector<std::string>& elements);
  Json(const void*) = delete;  // no pointer is a boolean

  static Json array(std::initializer_list<Json> elements = {});
  static Json object(std::initializer_list<Member> members = {});  // of equal keys the last counts

  // Reads a text; of equal keys the last counts. Throws Error("[json] SOURCE: not valid JSON: line 1, column 2: ...").
  static Json parse(std::string_view text, std::string_view source);
  // The same without an exception: nothing where the text is not valid, and in `why` the place and what is wrong there.
  static std::optional<Json> try_parse(std::string_view text, std::string* why = nullptr);
  // The text: on one line, or with every element on a line of its own, `indent` spaces deeper than what holds it. Doubles are written
  // with the fewest digits that give the same double back. Throws Error for a string that is not valid UTF-8.
  std::string dump(int indent = -1) const;

  bool is_null() const { return value_.index() == 0; }
  bool is_boolean() const { return value_.index() == 1; }
  bool is_integer() const { return value_.index() == 2 || value_.index() == 3; }  // written without point and exponent
  bool is_number() const { return is_integer() || value_.index() == 4; }
  bool is_string() const { return value_.index() == 5; }
  bool is_array() const { return value_.index() == 6; }
  bool is_object() const { return value_.index() == 7; }
  const char* type_name() const;  // "null", "boolean", "number", "string", "array", "object"

  // The value as what it must be. Throws Error that says what was expected and what came. References are into this object.
  bool boolean() const;
  std::int64_t integer() const;  // no double, however whole
  std::uint64_t unsigned_integer() const;
  double number() const;
  const std::string& string() const;
  const std::vector<Json>& elements() const;
  const std::vector<Member>& members() const;

  std::size_t size() const;  // elements or members; Error for other types
  // Elements: Error beyond the last. push_back makes null an array.
  const Json& operator[](std::size_t i) const;
  Json& operator[](std::size_t i);
  void push_back(Json element);
  // Members: find gives null where there is none; operator[] of a const object throws Error there, of others appends a null (and makes
  // null an object). The pointers and references hold until the next member comes.
  const Json* find(std::string_view key) const;
  Json* find(std::string_view key);
  bool contains(std::string_view key) const { return find(key) != nullptr; }
  const Json& operator[](std::string_view key) const;
  Json& operator[](std::string_view key);
  void update(std::initializer_list<Member> members);  // sets each
  // The member where there is one of this type, otherwise `otherwise`.
  double number_or(std::string_view key, double otherwise) const;
  std::string string_or(std::string_view key, std::string_view otherwise) const;

  // Numbers are equal by value, whatever their type; objects whatever the order of their members.
  friend bool operator==(const Json& a, const Json& b);

 private:
  using Array = std::vector<Json>;
  using Object = std::vector<Member>;
  class Reader;
  [[noreturn]] void fail_type(std::string_view expected) const;
  Object& make_object();
  // An unsigned integer stands in the fourth place only where it is too large for the third.
  std::variant<std::nullptr_t, bool, std::int64_t, std::uint64_t, double, std::string, Array, Object> value_;
};

struct Json::Member {
  std::string key;
  Json value;
  Member(std::string_view key, Json value);
  friend bool operator==(const Member& a, const Member& b) = default;
};

}  // namespace elbo
