#include "tensor/json.h"

#include <doctest/doctest.h>

#include <cmath>
#include <cstring>
#include <limits>
#include <nlohmann/json.hpp>

#include "tests/support.h"

using namespace elbo;
using testing::contains;
using testing::error_of;

namespace {

constexpr double infinity = std::numeric_limits<double>::infinity();

std::string why_not(std::string_view text) {
  std::string why;
  CHECK_FALSE(Json::try_parse(text, &why));
  return why;
}

std::string nested(std::size_t depth, const std::string& open, const std::string& inside, const std::string& close) {
  std::string text;
  for (std::size_t i = 0; i < depth; i++) text += open;
  text += inside;
  for (std::size_t i = 0; i < depth; i++) text += close;
  return text;
}

}  // namespace

TEST_CASE("values of every type, and what each says it is") {
  const auto type = [](const Json& j) {
    const bool is[] = {j.is_null(), j.is_boolean(), j.is_number(), j.is_string(), j.is_array(), j.is_object()};
    constexpr const char* names[] = {"null", "boolean", "number", "string", "array", "object"};
    int found = -1, count = 0;
    for (int i = 0; i < 6; i++)
      if (is[i]) found = i, count++;
    REQUIRE(count == 1);
    CHECK(std::string(names[found]) == j.type_name());
    return std::string(j.type_name());
  };
  CHECK(type(Json()) == "null");
  CHECK(type(nullptr) == "null");
  CHECK(type(true) == "boolean");
  CHECK(type("a") == "string");
  CHECK(type(std::string("a")) == "string");
  CHECK(type(std::string_view("a")) == "string");
  CHECK(type(std::vector<double>{1}) == "array");
  CHECK(type(Json::array()) == "array");
  CHECK(type(Json::object()) == "object");
  for (const Json& whole : {Json(1), Json(1l), Json(1ll), Json(1u), Json(1ul), Json(1ull), Json(Index{1}), Json(std::size_t{1})}) {
    CHECK(type(whole) == "number");
    CHECK(whole.is_integer());
    CHECK(whole.integer() == 1);
    CHECK(whole.unsigned_integer() == 1);
    CHECK(whole.number() == 1);
  }
  CHECK(type(1.0) == "number");
  CHECK(type(1.0f) == "number");
  CHECK_FALSE(Json(1.0).is_integer());
  CHECK(Json(true).boolean());
  CHECK(Json("a").string() == "a");
}

TEST_CASE("arrays and objects: order, access, changes") {
  Json j;
  j["z"] = 1;
  j["a"]["b"]["c"] = "deep";
  j["list"].push_back(1.5);
  j["list"].push_back(Json::object({{"x", nullptr}}));
  j["z"] = 2;  // keeps its place
  CHECK(j.dump() == R"({"z":2,"a":{"b":{"c":"deep"}},"list":[1.5,{"x":null}]})");
  j.update({{"list", Json::array({1, "two", Json::array()})}, {"new", std::vector<std::string>{"x", "y"}}});
  CHECK(j.dump() == R"({"z":2,"a":{"b":{"c":"deep"}},"list":[1,"two",[]],"new":["x","y"]})");
  CHECK(j.size() == 4);
  CHECK(j["list"].size() == 3);
  CHECK(j["list"][1].string() == "two");
  std::string keys;
  for (const auto& [key, value] : j.members()) keys += key + (value.is_array() ? "[] " : " ");
  CHECK(keys == "z a list[] new[] ");
  double sum = 0;
  const Json numbers = std::vector<double>{1, 2.5};
  for (const Json& v : numbers.elements()) sum += v.number();
  CHECK(sum == 3.5);
  CHECK(Json(std::vector<Index>{3, -4}).dump() == "[3,-4]");
  CHECK(Json::object({{"a", 1}, {"b", 2}, {"a", 3}}).dump() == R"({"a":3,"b":2})");

  const Json& fixed = j;
  CHECK(fixed.find("no") == nullptr);
  CHECK(Json(3).find("no") == nullptr);
  CHECK(fixed.contains("z"));
  CHECK(fixed["z"] == 2);
  CHECK(fixed.number_or("z", 7) == 2);
  CHECK(fixed.number_or("new", 7) == 7);
  CHECK(fixed.string_or("no", "none") == "none");
  const Json copy = j, moved = std::move(j);
  CHECK(copy == moved);
  Json chain = Json::object({{"inner", Json::object({{"value", 5}})}});
  const Json inner = chain["inner"];
  chain = inner;
  CHECK(chain["value"] == 5);
}

TEST_CASE("a value that is not what it must be: the error names what was expected and what came") {
  CHECK(error_of([] { Json("text").number(); }) == "[json] expected a number, got the string 'text'");
  CHECK(error_of([] { Json(1.5).integer(); }) == "[json] expected a whole number below 2^63, got 1.5");
  CHECK(contains(error_of([] { Json(~0ull).integer(); }), "got 18446744073709551615"));
  CHECK(contains(error_of([] { Json(-1).unsigned_integer(); }), "a whole number from 0, got -1"));
  CHECK(contains(error_of([] { Json().string(); }), "expected a string, got null"));
  CHECK(contains(error_of([] { Json(false).elements(); }), "expected an array, got false"));
  CHECK(contains(error_of([] { Json::array({1, 2}).members(); }), "expected an object, got an array of 2"));
  CHECK(contains(error_of([] { Json(1).boolean(); }), "expected true or false, got 1"));
  CHECK(contains(error_of([] { Json(1).size(); }), "an array or an object"));
  CHECK(contains(error_of([] { Json(1).push_back(1); }), "expected an array"));
  CHECK(contains(error_of([] { Json(1)["key"] = 2; }), "expected an object"));
  const Json object = Json::object({{"a", 1}}), list = Json::array({1});
  CHECK(contains(error_of([&] { object["b"].number(); }), "expected an object with 'b', got an object of 1"));
  CHECK(contains(error_of([&] { list[1].number(); }), "expected an array of more than 1"));
  CHECK(contains(error_of([&] { Json::object()["b"].number(); }), "got null"));
}

TEST_CASE("numbers: whole ones to the last bit, doubles by the fewest digits that give them back") {
  const auto again = [](std::string_view text) { return Json::parse(text, "test").dump(); };
  for (const char* same : {"0", "-1", "9223372036854775807", "-9223372036854775808", "9223372036854775808", "18446744073709551615", "0.1",
                           "-0.0", "1.0", "5e-324", "1.7976931348623157e+308", "0.30000000000000004", "1e-07", "123456789012345.6"})
    CHECK(again(same) == same);
  CHECK(Json::parse("9223372036854775807", "").integer() == std::numeric_limits<std::int64_t>::max());
  CHECK(Json::parse("-9223372036854775808", "").integer() == std::numeric_limits<std::int64_t>::min());
  CHECK(Json::parse("18446744073709551615", "").unsigned_integer() == ~0ull);
  CHECK(again("18446744073709551616") == "1.8446744073709552e+19");  // beyond 64 bits: a double
  CHECK(again("-9223372036854775809") == "-9.223372036854776e+18");
  CHECK(again("1e2") == "100.0");
  CHECK(again("1e-400") == "0.0");
  CHECK(std::signbit(Json::parse("-0.0", "").number()));
  CHECK(Json(0.1f).dump() == "0.10000000149011612");
  CHECK(Json::array({infinity, -infinity, std::nan("")}).dump() == "[null,null,null]");
  for (const char* wrong : {"1e400", "-1e400", "01", "+1", ".5", "1.", "0x10", "NaN", "Infinity", "1e", "--1"})
    CHECK_FALSE(why_not(wrong).empty());
  CHECK(contains(why_not("[1,\n1e400]"), "number overflow parsing '1e400'"));
  CHECK(contains(why_not("[1,\n1e400]"), "byte 9"));
}

TEST_CASE("equality: numbers by value, objects whatever their order") {
  CHECK(Json(1) == Json(1.0));
  CHECK(Json(1) == 1u);
  CHECK(Json(~0ull) != Json(-1));
  CHECK(Json(~0ull) == Json(~0ull));
  CHECK(Json(1) != "1");
  CHECK(Json("a") == "a");
  CHECK(Json() == nullptr);
  CHECK(Json() != false);
  CHECK(Json(0) != false);
  CHECK(Json(std::nan("")) != Json(std::nan("")));
  CHECK(Json::array({1, 2}) == Json(std::vector<double>{1, 2}));
  CHECK(Json::array({1, 2}) != Json::array({2, 1}));
  const Json ab = Json::object({{"a", 1}, {"b", 2}});
  CHECK(ab == Json::object({{"b", 2}, {"a", 1}}));
  CHECK(Json::array({ab}) == Json::array({Json::object({{"b", 2}, {"a", 1}})}));
  CHECK(ab != Json::object({{"a", 1}, {"c", 2}}));
  CHECK(ab != Json::object({{"a", 1}}));
}

TEST_CASE("text: escapes, Unicode, bytes that are none") {
  const Json j = Json::parse(R"(["\u00e9\ud83d\ude00\n\u0000\"\\\/", "é😀"])", "test");
  CHECK(j[0].string() == std::string("é😀\n\0\"\\/", 11));
  CHECK(j[1].string() == "é😀");
  CHECK(j.dump() == R"(["é😀\n\u0000\"\\/","é😀"])");
  CHECK(Json("\x01\x1f\x7f\b\f\r\t").dump() == "\"\\u0001\\u001f\x7f\\b\\f\\r\\t\"");
  for (const char* wrong : {"\"\xff\"", "\"\xc0\x80\"", "\"\xed\xa0\x80\"", R"("\ud800")", R"("\x41")", "\"\n\"", "\"open"})
    CHECK_FALSE(why_not(wrong).empty());
  CHECK(contains(error_of([] { Json("\xff").dump(); }), "not valid UTF-8"));
  CHECK(contains(error_of([] { Json::object({{"\xff", 1}}).dump(); }), "not valid UTF-8"));
  CHECK(contains(error_of([] { Json("\xff").number(); }), "got the string '\\xff'"));
  for (const char c : why_not("\"\xff\"")) CHECK((c >= ' ' && c <= '~'));  // fit for one line of an error
  CHECK(why_not("[\"" + std::string(100000, 'x')).size() < 400);
}

TEST_CASE("texts that are not JSON: the error names source and place") {
  CHECK(
      error_of([] { Json::parse("{", "run/config.json"); }) ==
      "[json] run/config.json: not valid JSON: line 1, column 2: syntax error while parsing object key - unexpected end of input; expected "
      "string literal");
  CHECK(contains(why_not("{\"a\": 1,\n \"b\" 2}"), "line 2, column 6"));
  for (const char* wrong : {"", " ", "[1,]", "{\"a\":1,}", "[1] 2", "tru", "nul", "'a'", "{1:2}", "[1", "]", "// x\n1", "{\"a\"}"})
    CHECK_FALSE(why_not(wrong).empty());
  CHECK(contains(why_not(std::string_view("1\0 2", 4)), "byte 2: a zero byte"));
  CHECK_FALSE(Json::try_parse("{").has_value());
  CHECK(Json::try_parse("\xef\xbb\xbf[1]")->size() == 1);  // a byte order mark is skipped
}

TEST_CASE("equal keys: the last counts, at the place of the first") {
  const Json j = Json::parse(R"({"a": {"x": [1, 2]}, "b": 2, "a": 3, "a": {"y": 4}})", "test");
  CHECK(j.dump() == R"({"a":{"y":4},"b":2})");
  std::string many = "{\"0\":0";
  for (int i = 1; i < 200000; i++) many += ",\"" + std::to_string(i) + "\":1";
  CHECK(Json::parse(many + "}", "test").size() == 200000);  // in the time of a test: no search through all for each
}

TEST_CASE("depth: what is nested too deep is refused, however deep") {
  const std::size_t most = std::size_t(Json::deepest);
  const Json deep = Json::parse(nested(most, "[", "", "]"), "test");
  CHECK(deep.dump() == nested(most, "[", "", "]"));
  CHECK(Json(deep) == deep);
  CHECK(Json::parse(nested(most, "{\"a\":", "1", "}"), "test").dump() == nested(most, "{\"a\":", "1", "}"));
  CHECK(why_not(nested(most + 1, "[", "", "]")) == "arrays and objects are nested more than 512 deep");
  for (const std::size_t hostile : {std::size_t(100000), std::size_t(1000000)}) {
    CHECK(contains(why_not(nested(hostile, "[", "", "]")), "more than 512 deep"));
    CHECK(contains(why_not(std::string(hostile, '[')), "more than 512 deep"));
    CHECK(contains(why_not(nested(hostile, "{\"a\":", "1", "}")), "more than 512 deep"));
  }
  std::string wide = "[[]";
  for (int i = 0; i < 2000; i++) wide += ",[{}]";
  CHECK(Json::parse(wide + "]", "test").size() == 2001);  // depth is not number
}

TEST_CASE("the text is nlohmann's, byte for byte") {
  using Reference = nlohmann::ordered_json;
  const char* const sample = R"({"zeta": [1, -2, 3.5, 1e300, 1e-9, 0.1, 18446744073709551615, true, false, null, [], {}, [[]], ""],
      "text": "é\u001f\"\\\/ \u2028 日本", "empty": {}, "nested": {"b": {"a": [0.0, -0.0, -0, 1E5, 12345678.9]}, "a": "x"}, "": 7})";
  const Json j = Json::parse(sample, "sample");
  const Reference reference = Reference::parse(sample);
  for (const int indent : {-1, 0, 1, 2, 4}) CHECK(j.dump(indent) == reference.dump(indent));

  Json built = Json::object({{"run", std::string("runs/first")}, {"epochs", 20}, {"seed", Json()}, {"dims", Json::array({0, 1})}});
  Reference built_reference = {{"run", "runs/first"}, {"epochs", 20}, {"seed", nullptr}, {"dims", {0, 1}}};
  std::uint64_t bits = 1;
  for (int i = 0; i < 20000; i++) {  // doubles of every magnitude
    bits = bits * 6364136223846793005u + 1442695040888963407u;
    double value = 0;
    std::memcpy(&value, &bits, sizeof value);
    built["values"].push_back(value);
    built_reference["values"].push_back(value);
  }
  CHECK((built.dump(2) == built_reference.dump(2)));
  CHECK(Json::parse(built.dump(), "again").dump() == built.dump());
}
