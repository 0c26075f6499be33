#include "data/spec.h"

#include <fmt/core.h>

#include <algorithm>
#include <charconv>
#include <filesystem>

#include "data/kinds.h"
#include "tensor/error.h"
#include "tensor/nearest.h"

namespace elbo {
namespace {

template <class T>
bool read_whole(std::string_view text, T& value) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  return error == std::errc() && end == text.data() + text.size() && value == value;
}

void check_value(const DataKind& kind, const std::string& key, const std::string& value) {
  std::vector<std::string> names;
  for (const DataOption& option : kind.options) {
    names.push_back(option.name);
    if (option.name != key) continue;
    if (!option.accepts(value)) throw UsageError(fmt::format("[data] {}?{}={}: {}", kind.name, key, value, option.refusal(value)));
    return;
  }
  if (names.empty()) throw UsageError(fmt::format("[data] {}?{}: {} has no options", kind.name, key, kind.name));
  throw UsageError("[data] " + unknown_message("option of " + kind.name, key, names));
}

std::string options_text(const DataSpec& spec) {
  std::string text;
  for (const auto& [key, value] : spec.options) text += (text.empty() ? "?" : "&") + key + "=" + value;
  return text;
}

const std::string* find(const DataSpec& spec, std::string_view key) {
  const auto it = std::find_if(spec.options.begin(), spec.options.end(), [&](const auto& o) { return o.first == key; });
  return it == spec.options.end() ? nullptr : &it->second;
}

}  // namespace

std::string DataSpec::str() const { return kind + (path.empty() ? "" : ":" + path) + options_text(*this); }
std::string DataSpec::str_without_path() const { return kind + options_text(*this); }

std::int64_t DataSpec::integer(std::string_view key, std::int64_t otherwise) const {
  if (const std::string* text = find(*this, key)) read_number(*text, otherwise);
  return otherwise;
}

double DataSpec::number(std::string_view key, double otherwise) const {
  if (const std::string* text = find(*this, key)) read_number(*text, otherwise);
  return otherwise;
}

std::string DataSpec::text(std::string_view key, std::string_view otherwise) const {
  const std::string* text = find(*this, key);
  return text ? *text : std::string(otherwise);
}

bool DataSpec::flag(std::string_view key) const {
  const std::string* text = find(*this, key);
  return text && (*text == "1" || *text == "true");
}

bool read_number(std::string_view text, std::int64_t& value) { return read_whole(text, value); }
bool read_number(std::string_view text, double& value) { return read_whole(text, value); }

DataSpec parse_data_spec(std::string_view text, bool path_left_out) {
  const std::size_t question = std::min(text.find('?'), text.size());
  const std::string_view source = text.substr(0, question);
  std::string_view rest = text.substr(std::min(question + 1, text.size()));
  const std::size_t colon = std::min(source.find(':'), source.size());

  DataSpec spec;
  spec.kind = source.substr(0, colon);
  const DataKind& kind = data_kind(spec.kind);
  const std::string_view path = source.substr(std::min(colon + 1, source.size()));
  if (kind.has_path() && path.empty() && !path_left_out) throw UsageError(fmt::format("[data] '{}': expected {}", text, kind.usage));
  if (!kind.has_path() && colon < source.size()) throw UsageError(fmt::format("[data] '{}': {} takes no path", text, kind.name));
  if (!path.empty()) {
    const auto absolute = std::filesystem::absolute(path).lexically_normal();
    spec.path = (absolute.has_filename() ? absolute : absolute.parent_path()).string();  // no slash at the end
  }

  while (!rest.empty()) {
    const std::string_view item = rest.substr(0, rest.find('&'));
    rest.remove_prefix(std::min(item.size() + 1, rest.size()));
    const std::size_t equals = item.find('=');
    if (equals == std::string_view::npos) throw UsageError(fmt::format("[data] '{}': expected key=value after '?', got '{}'", text, item));
    const std::string_view key = item.substr(0, equals), value = item.substr(equals + 1);
    if (find(spec, key)) throw UsageError(fmt::format("[data] '{}': {} is given twice", text, key));
    set_data_option(spec, key, value);
  }
  return spec;
}

void set_data_option(DataSpec& spec, std::string_view key, std::string_view value) {
  check_value(data_kind(spec.kind), std::string(key), std::string(value));
  const auto it = std::find_if(spec.options.begin(), spec.options.end(), [&](const auto& option) { return option.first == key; });
  if (it == spec.options.end())
    spec.options.emplace_back(key, value);
  else
    it->second = value;
}

}  // namespace elbo
