// Reading the command line, by CLI11.

#include <fmt/core.h>

#include <CLI/CLI.hpp>
#include <algorithm>

#include "tensor/error.h"
#include "tensor/nearest.h"
#include "tools/common.h"

namespace elbo {

void Tool::parse(int argc, char** argv) {
  CLI::App app;
  app.set_help_flag();
  app.allow_extras();  // what is unknown is named here, together with the nearest that exists
  app.fallthrough(false);
  std::vector<CLI::Option*> options;
  std::vector<std::string> known;
  for (const Row& row : rows_) {
    if (row.stands_alone()) {
      const bool one = row.kind == Row::Kind::positional;
      options.push_back(app.add_option(row.name + "_positional")->expected(1, one ? 1 : 1 << 20)->allow_extra_args(!one));
      continue;
    }
    known.push_back(row.name);
    CLI::Option* o = row.kind == Row::Kind::flag ? app.add_flag(row.name)->disable_flag_override() : app.add_option(row.name);
    if (row.kind == Row::Kind::several)
      o->expected(1, 1 << 20);
    else if (row.kind != Row::Kind::flag)
      o->expected(1);
    o->take_all();
    options.push_back(o);
  }
  try {
    app.parse(argc, argv);
  } catch (const CLI::ArgumentMismatch& error) {
    const std::string text = error.what();
    if (text.find("flag override") != std::string::npos)
      throw UsageError(fmt::format("--{}: takes no value", text.substr(0, text.find(' '))));
    throw UsageError(fmt::format("{}: expected a value after it", text.substr(0, text.find(':'))));
  } catch (const CLI::ParseError& error) {
    throw UsageError(error.what());
  }
  const auto is_option = [](const std::string& text) { return text.size() > 1 && text[0] == '-'; };
  for (const std::string& extra : app.remaining())
    if (is_option(extra)) throw UsageError(unknown_message("option", extra.substr(0, extra.find('=')), known));
  for (const std::string& extra : app.remaining()) throw UsageError(fmt::format("unexpected argument '{}'", extra));
  for (std::size_t i = 0; i < rows_.size(); i++) {
    const Row& row = rows_[i];
    if (row.kind == Row::Kind::flag) {
      if (options[i]->count() > 0) row.take("");
      continue;
    }
    const std::vector<std::string>& values = options[i]->results();
    if (values.empty() && row.required) throw UsageError(fmt::format("{} is missing", row.value));
    if (values.size() > 1 && (row.kind == Row::Kind::single || row.kind == Row::Kind::positional))
      throw UsageError(fmt::format("{} was given {} times", row.name, values.size()));
    for (const std::string& value : values) {
      if (std::find(known.begin(), known.end(), value) != known.end())
        throw UsageError(fmt::format("{}: expected {}, got the option {}", row.name, row.value, value));
      row.take(value);
    }
  }
}

}  // namespace elbo
