#pragma once
// How the rows of the table of keys are made: by type, with range and help. For models/config_table.cpp.

#include "models/config_table.h"

namespace elbo {

[[noreturn]] void expected(const std::string& what);  // throws it: what a setter does with a value that does not fit
double number_of(const Json& v, double low, double high);
Index integer_of(const Json& v, Index low, Index high);
std::vector<Index> integers_of(const Json& v, Index low, Index high);

// Where a key's value stands in a configuration.
template <class T>
using Place = T& (*)(Config&);

class Table {
 public:
  std::vector<ConfigRow> rows;

  void number(std::string name, double low, double high, std::string help, Place<double> at);
  void integer(std::string name, Index low, Index high, std::string help, Place<Index> at);
  void integers(std::string name, Index low, Index high, std::string help, Place<std::vector<Index>> at);
  void boolean(std::string name, std::string help, Place<bool> at);
  void choice(std::string name, std::vector<std::string> choices, std::string help, Place<std::string> at);
  template <class T>
  void optional(std::string name, std::string type, std::string help, Place<std::optional<T>> at, T (*read)(const Json&)) {
    rows.push_back({{std::move(name), std::move(type), std::move(help)},
                    [at](const Config& c) {
                      const auto& v = at(const_cast<Config&>(c));
                      return v ? Json(*v) : Json();
                    },
                    [=](Config& c, const Json& v) {
                      if (v.is_null())
                        at(c).reset();
                      else
                        at(c) = read(v);
                    }});
  }
  template <class T>
  void add(std::string name, std::string type, std::string help, Place<T> at, std::function<void(Config&, const Json&)> set) {
    rows.push_back({{std::move(name), std::move(type), std::move(help)},
                    [at](const Config& c) { return Json(at(const_cast<Config&>(c))); },
                    std::move(set)});
  }

  static std::string chosen(const std::vector<std::string>& choices, const Json& v);
};

// In models/config_table_text.cpp: `model`, `objective`, `data`.
void recurrent_rows(Table& t);
void schedule_rows(Table& t);
void text_rows(Table& t);
constexpr Index most_steps = Index{1} << 40;

template <class Names>
std::vector<std::string> strings(const Names& names) {
  return {names.begin(), names.end()};
}

}  // namespace elbo
