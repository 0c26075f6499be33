#include <doctest/doctest.h>

#include <filesystem>

#include "data/checksum.h"
#include "data/kinds.h"
#include "data/spec.h"
#include "tensor/error.h"
#include "tests/support.h"

using namespace elbo;
using elbo::testing::message_of;

TEST_CASE("a data specification is kind, path and options") {
  const DataSpec digits = parse_data_spec("digits?noise=0.25");
  CHECK(digits.kind == "digits");
  CHECK(digits.path.empty());
  CHECK(digits.number("noise", 0) == 0.25);
  CHECK(digits.integer("classes", 10) == 10);
  CHECK(digits.str() == "digits?noise=0.25");

  const DataSpec mnist = parse_data_spec("mnist:some/../folder/?classes=47");
  CHECK(mnist.path == (std::filesystem::current_path() / "folder").string());
  CHECK(mnist.integer("classes", 10) == 47);
  CHECK(mnist.str() == "mnist:" + mnist.path + "?classes=47");
  CHECK(mnist.str_without_path() == "mnist?classes=47");
  CHECK(parse_data_spec("mnist:/a:b").path == "/a:b");

  DataSpec changed = mnist;
  set_data_option(changed, "classes", "26");
  CHECK(changed.str_without_path() == "mnist?classes=26");
  CHECK(message_of<UsageError>([&] { set_data_option(changed, "classes", "many"); }).find("a whole number") != std::string::npos);
}

TEST_CASE("a wrong specification is wrong usage, and says what was meant") {
  const auto message = [](const char* text) { return message_of<UsageError>([&] { parse_data_spec(text); }); };
  CHECK(message("digit").find("the nearest is 'digits'") != std::string::npos);
  CHECK(message("minst:/data").find("the nearest is 'mnist'") != std::string::npos);
  CHECK(message("").find("unknown kind of data ''") != std::string::npos);
  CHECK(message("mnist").find("expected mnist:FOLDER") != std::string::npos);
  CHECK(message("mnist:").find("expected mnist:FOLDER") != std::string::npos);
  CHECK(message("digits:/x").find("takes no path") != std::string::npos);
  CHECK(message("mnist:/x?clases=3").find("the nearest is 'classes'") != std::string::npos);
  CHECK(message("mnist:/x?classes=0").find("expected a whole number from 1 to 256") != std::string::npos);
  CHECK(message("mnist:/x?classes=3.5").find("expected a whole number") != std::string::npos);
  CHECK(message("digits?noise=nan").find("expected a number") != std::string::npos);
  CHECK(message("digits?noise").find("expected key=value") != std::string::npos);
  CHECK(message("digits?noise=0&noise=1").find("given twice") != std::string::npos);
}

TEST_CASE("every kind of data is described") {
  for (const DataKind& kind : data_kinds()) {
    INFO(kind.name);
    CHECK(kind.usage.starts_with(kind.name));
    CHECK(kind.help.size() > 10);
    CHECK(&data_kind(kind.name) == &kind);
    for (const DataOption& option : kind.options) CHECK(option.help.size() > 5);
  }
}

TEST_CASE("XXH64 gives the published sums") {  // xxHash's own sanity values: seed 0
  CHECK(xxh64("", 0) == 0xEF46DB3751D8E999);
  CHECK(xxh64("a", 1) == 0xD24EC4F1A98C6E5B);
  CHECK(xxh64("abc", 3) == 0x44BC2CF5AD770999);
  const std::string long_text = "Nobody inspects the spammish repetition";
  CHECK(xxh64(long_text.data(), long_text.size()) == 0xFBCEA83C8A378BF1);
  std::string pieces((1 << 20) + 1, 'x');
  CHECK(xxh64_of_pieces(pieces.data(), 1 << 20, 7) == xxh64(pieces.data(), 1 << 20, 7));
  const std::uint64_t sums[] = {xxh64(pieces.data(), 1 << 20, 7), xxh64("x", 1, 7)};
  CHECK(xxh64_of_pieces(pieces.data(), pieces.size(), 7) == xxh64(sums, sizeof sums, 7));
}
