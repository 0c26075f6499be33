// Reading and writing the text of a Json, by nlohmann.

#include <fmt/core.h>

#include <nlohmann/json.hpp>
#include <unordered_map>

#include "tensor/error.h"
#include "tensor/file.h"
#include "tensor/json.h"

namespace elbo {

using Written = nlohmann::ordered_json;

// Builds the value while nlohmann reads the text.
class Json::Reader : public nlohmann::json_sax<Written> {
 public:
  Json result;
  std::string why;

  bool null() override { return add({}); }
  bool boolean(bool value) override { return add(value); }
  bool number_integer(number_integer_t value) override { return add(value); }
  bool number_unsigned(number_unsigned_t value) override { return add(value); }
  bool number_float(number_float_t value, const string_t&) override { return add(value); }
  bool string(string_t& value) override { return add(std::move(value)); }
  bool binary(binary_t&) override { return false; }  // stands in no text
  bool start_array(std::size_t) override { return open(Array()); }
  bool start_object(std::size_t) override { return open(Object()); }
  bool end_array() override { return close(); }
  bool end_object() override { return close(); }
  bool key(string_t& name) override {
    Level& level = open_.back();
    Object& object = std::get<Object>(level.json.value_);
    const auto [known, is_new] = level.places.try_emplace(std::move(name), object.size());
    if (is_new) object.emplace_back(known->first, Json());
    level.place = known->second;
    return true;
  }
  // `error` says "[json.exception.parse_error.101] parse error at line 1, column 2: ...; last read: 'TOKEN'", or nothing of the place.
  bool parse_error(std::size_t position, const std::string& token, const nlohmann::detail::exception& error) override {
    constexpr std::string_view start = "parse error at ";
    why = error.what();
    if (const auto name = why.find("] "); name != why.npos) why.erase(0, name + 2);
    if (why.starts_with(start))
      why.erase(0, start.size());
    else
      why = fmt::format("byte {}: {}", position, why);
    if (const auto at = why.find("'" + token + "'"); at != why.npos) why.replace(at, token.size() + 2, quote_name(token));
    return false;
  }

 private:
  // An array or object that is not finished. `places` finds members: a search through all of them would take hours for a hostile object.
  struct Level {
    Json json;
    std::unordered_map<std::string, std::size_t> places;
    std::size_t place = 0;  // of the member whose value comes next
  };
  std::vector<Level> open_;

  template <class T>
  bool open(T empty) {
    if (open_.size() == deepest) {
      why = fmt::format("arrays and objects are nested more than {} deep", deepest);
      return false;
    }
    open_.emplace_back().json.value_ = std::move(empty);
    return true;
  }
  bool close() {
    Json finished = std::move(open_.back().json);
    open_.pop_back();
    return add(std::move(finished));
  }
  bool add(Json value) {
    if (open_.empty())
      result = std::move(value);
    else if (Level& level = open_.back(); level.json.is_array())
      std::get<Array>(level.json.value_).push_back(std::move(value));
    else
      std::get<Object>(level.json.value_)[level.place].value = std::move(value);
    return true;
  }
};

std::optional<Json> Json::try_parse(std::string_view text, std::string* why) {
  Reader reader;
  // nlohmann takes a zero byte for the end of the text.
  if (const auto zero = text.find('\0'); zero != text.npos)
    reader.why = fmt::format("byte {}: a zero byte", zero + 1);
  else if (Written::sax_parse(text, &reader))
    return std::move(reader.result);
  if (why) *why = std::move(reader.why);
  return {};
}

Json Json::parse(std::string_view text, std::string_view source) {
  std::string why;
  std::optional<Json> read = try_parse(text, &why);
  if (!read) fail("json", fmt::format("{}: not valid JSON: {}", source, why));
  return *std::move(read);
}

namespace {

Written written(const Json& j) {
  if (j.is_boolean()) return j.boolean();
  if (j.is_string()) return j.string();
  if (j.is_array()) {
    Written::array_t array;
    for (const Json& element : j.elements()) array.push_back(written(element));
    return array;
  }
  if (j.is_object()) {
    Written::object_t object;
    auto& list = static_cast<Written::object_t::Container&>(object);  // whose push_back does not search for the key
    for (const auto& [key, value] : j.members()) list.emplace_back(key, written(value));
    return object;
  }
  if (!j.is_number()) return nullptr;
  if (!j.is_integer()) return j.number();
  if (j.number() < 0) return j.integer();
  return j.unsigned_integer();
}

}  // namespace

std::string Json::dump(int indent) const {
  try {
    return written(*this).dump(indent);
  } catch (const Written::type_error&) {  // the one that dump throws
    fail("json", "cannot write a string that is not valid UTF-8");
  }
}

}  // namespace elbo
