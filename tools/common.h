#pragma once
// What every tool shares: options, help, errors and exit status.
//
//   int main(int argc, char** argv) {
//     std::string op;
//     Tool tool("elbo-gradcheck", "Checks the gradient of every op.", {"elbo-gradcheck --op linear"});
//     tool.option("--op", "NAME", "only this op", op).share({"--json"});
//     return tool.run(argc, argv, [&] { ...; return 0; });
//   }
//
// Exit status: 0 done, 1 Error, 2 UsageError, 130 Ctrl-C, 143 SIGTERM; for 1 and 2 exactly one line `error: ...` on standard error.

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "tensor/shape.h"

namespace elbo {

// Options that mean the same in every tool that has them.
struct SharedOptions {
  bool json = false, quiet = false, force = false;
  std::optional<std::uint64_t> seed;  // none: 1, or when training the configuration's
  std::string out, data, split = "test", weights;
  std::optional<Index> label;
};

class Tool {
 public:
  Tool(std::string name, std::string summary, std::vector<std::string> examples);

  // Options, bound to variables that hold their defaults. `value`: how help shows what follows the option.
  Tool& option(std::string name, std::string value, std::string help, std::string& to);
  Tool& option(std::string name, std::string value, std::string help, std::optional<std::string>& to);
  Tool& option(std::string name, std::string value, std::string help, Index& to, Index least, Index most);
  Tool& option(std::string name, std::string value, std::string help, std::optional<Index>& to, Index least, Index most);
  Tool& option(std::string name, std::string value, std::string help, double& to, double least, double most);
  Tool& choice(std::string name, std::vector<std::string> values, std::string help, std::string& to);
  Tool& flag(std::string name, std::string help, bool& to);
  Tool& repeatable(std::string name, std::string value, std::string help, std::vector<std::string>& to);  // one value each time
  Tool& several(std::string name, std::string value, std::string help, std::vector<std::string>& to);     // any number of values
  Tool& positional(std::string value, std::string help, std::string& to);                // missing: UsageError, unless optional_positional
  Tool& positionals(std::string value, std::string help, std::vector<std::string>& to);  // one or more
  Tool& optional_positional(std::string value, std::string help, std::string& to);
  // Names out of: --json --quiet --seed --out (with --force) --data --split --weights --label.
  Tool& share(std::initializer_list<std::string_view> names);
  Tool& usage(std::string line);  // another line of usage than the one made from positionals

  const SharedOptions& shared() const { return shared_; }
  std::uint64_t seed() const { return shared_.seed.value_or(1); }

  // Reads the command line, answers --help and --version, runs `body` and returns the exit status: the body's, or that of its exception.
  int run(int argc, char** argv, const std::function<int()>& body);

 private:
  struct Row {
    std::string name, value, help;
    enum class Kind { flag, single, repeatable, several, positional, positionals } kind;
    bool stands_alone() const { return kind == Kind::positional || kind == Kind::positionals; }
    bool required = false;
    std::function<void(const std::string&)> take;  // throws UsageError
  };
  Tool& add(Row row);
  void parse(int argc, char** argv);
  std::string help() const;

  std::string name_, summary_, usage_;
  std::vector<std::string> examples_;
  std::vector<Row> rows_;
  SharedOptions shared_;
  bool wants_help_ = false, wants_version_ = false;
};

// The warning for OPENBLAS_CORETYPE set below the machine, once, when work has started; never with --quiet.
void warn_of_blas_core(bool quiet);

}  // namespace elbo
