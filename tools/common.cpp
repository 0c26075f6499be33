#include "tools/common.h"

#include <fmt/core.h>
#include <signal.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <filesystem>
#include <new>

#include "models/run_folder.h"
#include "tensor/blas.h"
#include "tensor/error.h"
#include "tensor/isa.h"
#include "tensor/nearest.h"
#include "tensor/parallel.h"
#include "tools/signals.h"
#include "tools/terminal.h"

namespace elbo {
namespace {

[[noreturn]] void wrong(const std::string& option, const std::string& value, const std::string& expected) {
  throw UsageError(fmt::format("{} {}: expected {}", option, value, expected));
}

template <class T>
bool read(const std::string& text, T& value) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  return error == std::errc() && end == text.data() + text.size() && !text.empty();
}

Index read_index(const std::string& name, const std::string& text, Index least, Index most) {
  Index value = 0;
  if (!read(text, value) || value < least || value > most) wrong(name, text, fmt::format("a whole number from {} to {}", least, most));
  return value;
}

std::string joined(const std::vector<std::string>& values, std::string_view between) {
  std::string text;
  for (const std::string& v : values) text += (text.empty() ? "" : std::string(between)) + v;
  return text;
}

std::string compiler() {
#if defined(__clang__)
  return fmt::format("clang {}.{}.{}", __clang_major__, __clang_minor__, __clang_patchlevel__);
#else
  return fmt::format("gcc {}.{}.{}", __GNUC__, __GNUC_MINOR__, __GNUC_PATCHLEVEL__);
#endif
}

std::string version(const std::string& program) {
  std::string blas;
  try {
    blas = fmt::format("{}, {}, {}", blas_version(), blas_core(), blas_threading());
  } catch (const Error&) {
    blas = "OpenBLAS, not installed";
  }
  return fmt::format("{} (elbo {})\nfile format: {}\ncompiler: {}\ninstruction set: {}\nBLAS: {}\n", program, program_version, file_format,
                     compiler(), isa_name(isa()), blas);
}

// Breaks `text` into lines that fit behind `indent` columns. A line end in it stays one.
std::string wrapped(const std::string& text, std::size_t indent, std::size_t width = 100) {
  if (const std::size_t end = text.find('\n'); end != std::string::npos)
    return wrapped(text.substr(0, end), indent, width) + "\n" + std::string(indent, ' ') + wrapped(text.substr(end + 1), indent, width);
  std::string out, line;
  std::size_t at = 0;
  while (at < text.size()) {
    const std::size_t end = std::min(text.find(' ', at), text.size());
    const std::string word = text.substr(at, end - at);
    if (!line.empty() && indent + line.size() + 1 + word.size() > width) {
      out += line + "\n" + std::string(indent, ' ');
      line.clear();
    }
    line += (line.empty() ? "" : " ") + word;
    at = end + 1;
  }
  return out + line;
}

}  // namespace

Tool::Tool(std::string name, std::string summary, std::vector<std::string> examples)
    : name_(std::move(name)), summary_(std::move(summary)), examples_(std::move(examples)) {}

Tool& Tool::add(Row row) {
  rows_.push_back(std::move(row));
  return *this;
}

Tool& Tool::option(std::string name, std::string value, std::string help, std::string& to) {
  return add({name, value, help, Row::Kind::single, false, [&to](const std::string& text) { to = text; }});
}

Tool& Tool::option(std::string name, std::string value, std::string help, std::optional<std::string>& to) {
  return add({name, value, help, Row::Kind::single, false, [&to](const std::string& text) { to = text; }});
}

Tool& Tool::option(std::string name, std::string value, std::string help, Index& to, Index least, Index most) {
  return add(
      {name, value, help, Row::Kind::single, false, [=, &to](const std::string& text) { to = read_index(name, text, least, most); }});
}

Tool& Tool::option(std::string name, std::string value, std::string help, std::optional<Index>& to, Index least, Index most) {
  return add(
      {name, value, help, Row::Kind::single, false, [=, &to](const std::string& text) { to = read_index(name, text, least, most); }});
}

Tool& Tool::option(std::string name, std::string value, std::string help, double& to, double least, double most) {
  return add({name, value, help, Row::Kind::single, false, [=, &to](const std::string& text) {
                double v = 0;
                if (!read(text, v) || !std::isfinite(v) || v < least || v > most)
                  wrong(name, text, fmt::format("a number from {} to {}", least, most));
                to = v;
              }});
}

Tool& Tool::choice(std::string name, std::vector<std::string> values, std::string help, std::string& to) {
  const std::string shown = joined(values, "|");
  return add({name, shown, help, Row::Kind::single, false, [=, &to](const std::string& text) {
                if (std::find(values.begin(), values.end(), text) == values.end())
                  wrong(name, text, fmt::format("{}; the nearest is {}", joined(values, ", "), nearest(text, values)));
                to = text;
              }});
}

Tool& Tool::flag(std::string name, std::string help, bool& to) {
  return add({name, "", help, Row::Kind::flag, false, [&to](const std::string&) { to = true; }});
}

Tool& Tool::repeatable(std::string name, std::string value, std::string help, std::vector<std::string>& to) {
  return add({name, value, help, Row::Kind::repeatable, false, [&to](const std::string& text) { to.push_back(text); }});
}

Tool& Tool::several(std::string name, std::string value, std::string help, std::vector<std::string>& to) {
  return add({name, value + "...", help, Row::Kind::several, false, [&to](const std::string& text) { to.push_back(text); }});
}

Tool& Tool::positional(std::string value, std::string help, std::string& to) {
  return add({value, value, help, Row::Kind::positional, true, [&to](const std::string& text) { to = text; }});
}

Tool& Tool::positionals(std::string value, std::string help, std::vector<std::string>& to) {
  return add({value, value + "...", help, Row::Kind::positionals, true, [&to](const std::string& text) { to.push_back(text); }});
}

Tool& Tool::optional_positional(std::string value, std::string help, std::string& to) {
  return add({value, value, help, Row::Kind::positional, false, [&to](const std::string& text) { to = text; }});
}

Tool& Tool::share(std::initializer_list<std::string_view> names) {
  SharedOptions& s = shared_;
  const bool takes_run = !rows_.empty() && rows_[0].stands_alone();
  for (const std::string_view name : names) {
    if (name == "--data")
      option("--data", "SPEC",
             takes_run ? "the data, such as digits or mnist:FOLDER (default: what the run was trained on)"
                       : "the data, such as digits or mnist:FOLDER",
             s.data);
    else if (name == "--split")
      choice("--split", {"train", "valid", "test"}, "which part of the data (default test)", s.split);
    else if (name == "--weights")
      choice("--weights", {"best", "last"}, "which weights (default: best where the run has them)", s.weights);
    else if (name == "--label")
      option("--label", "L",
             "of a run with labels as conditions (model.classes): the label, a number, that is given to what is decoded, and to files and "
             "sentences, which have none of their own",
             s.label, 0, 1 << 16);
    else if (name == "--seed")
      add({"--seed", "S", "the seed of everything random (default: the configuration's when training, otherwise 1)", Row::Kind::single,
           false, [&s](const std::string& text) {
             std::uint64_t v = 0;
             if (!read(text, v) || v > std::uint64_t{1} << 53) wrong("--seed", text, "a whole number from 0 to 2^53");
             s.seed = v;
           }});
    else if (name == "--out") {
      option("--out", "PATH", "file or folder to write; parents are created", s.out);
      share({"--force"});
    } else if (name == "--force")
      flag("--force", "replace what exists: a file of the same kind, or a folder that this tool wrote", s.force);
    else if (name == "--json")
      flag("--json", "exactly one JSON object on standard output", s.json);
    else if (name == "--quiet")
      flag("--quiet", "no progress on standard error", s.quiet);
  }
  return *this;
}

Tool& Tool::usage(std::string line) {
  usage_ += (usage_.empty() ? "usage: " : "       ") + name_ + " " + line + "\n";
  return *this;
}

std::string Tool::help() const {
  std::string text = wrapped(summary_, 0) + "\n\n";
  if (!usage_.empty()) {
    text += usage_;
  } else {
    text += "usage: " + name_;
    for (const Row& row : rows_)
      if (row.stands_alone()) text += row.required ? " " + row.value : " [" + row.value + "]";
    text += " [options]\n";
  }
  std::vector<std::pair<std::string, std::string>> lines;
  for (const Row& row : rows_)
    lines.emplace_back(row.stands_alone() || row.value.empty() ? row.name : row.name + " " + row.value,
                       row.help + (row.kind == Row::Kind::repeatable ? "; may be repeated" : ""));
  std::size_t width = 0;
  for (const auto& [left, right] : lines) width = std::max(width, left.size() <= 26 ? left.size() : 0);
  text += "\n";
  for (const auto& [left, right] : lines) {
    const std::string indent(width + 4, ' ');
    text +=
        "  " + left + (left.size() <= width ? std::string(width + 2 - left.size(), ' ') : "\n" + indent) + wrapped(right, width + 4) + "\n";
  }
  text += examples_.size() == 1 ? "\nexample:\n" : "\nexamples:\n";
  for (const std::string& example : examples_) text += "  " + example + "\n";
  return text;
}

int Tool::run(int argc, char** argv, const std::function<int()>& body) {
  hold_standard_streams();
  ::signal(SIGPIPE, SIG_IGN);  // a reader that went away is an error of standard output
  ::signal(SIGXFSZ, SIG_IGN);  // a file-size limit is an error of that file
  std::optional<Index> thread_count;
  option("--threads", "N", "threads in all, BLAS included (default: the cores this process may run on)", thread_count, 1, 1024);
  flag("--version", "print program, file format, compiler, instruction set, BLAS", wants_version_);
  flag("--help", "print this", wants_help_);
  for (int i = 1; i < argc && std::string_view(argv[i]) != "--"; i++) {
    if (std::string_view(argv[i]) == "--help" || std::string_view(argv[i]) == "-h") wants_help_ = true;
    if (std::string_view(argv[i]) == "--version") wants_version_ = true;
  }
  try {
    isa();  // an unknown ELBO_ISA is wrong usage, whatever else is asked
    int status = 0;
    if (wants_help_) {
      print(help());
    } else if (wants_version_) {
      print(version(name_));
    } else {
      parse(argc, argv);
      if (thread_count) set_threads(int(*thread_count));
      install_signal_handlers();
      status = body();
    }
    flush_output();
    return status;
  } catch (const UsageError& error) {
    print_error(error.what());
    return 2;
  } catch (const Interrupted& by) {
    return 128 + by.signal;
  } catch (const std::bad_alloc&) {
    print_error("out of memory");
  } catch (const std::exception& error) {
    print_error(error.what());
  }
  return 1;
}

void warn_of_blas_core(bool quiet) {
  static bool done = false;
  if (done || quiet || !blas_core_below_machine()) return;
  done = true;
  print_warning("OPENBLAS_CORETYPE holds OpenBLAS below this machine; unset it for full speed");
}

}  // namespace elbo
