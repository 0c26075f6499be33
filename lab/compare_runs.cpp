// The runs that the report opens, and the lines of a sweep.

#include <fmt/core.h>

#include <algorithm>
#include <charconv>
#include <cmath>

#include "lab/compare_page.h"
#include "lab/evaluate.h"

namespace elbo::lab {
namespace {

constexpr std::size_t few = 8;

double number_or_nan(const std::string& text) {
  double value = 0;
  const auto read = std::from_chars(text.data(), text.data() + text.size(), value);
  return read.ec == std::errc() && read.ptr == text.data() + text.size() ? value : no_figure;
}

}  // namespace

std::vector<OpenRun> open_runs(const Comparison& c) {
  const Split shown = c.data.test.first(shown_codes);
  std::vector<OpenRun> runs;
  for (const Entry& e : c.entries)
    for (const ComparedRun& compared : c.runs) {
      if (compared.name != e.name || compared.seed != c.options.first_seed) continue;
      runs.push_back({&e, &compared, open_run(c.options.out + "/" + compared.folder), {}});
      if (e.config.model.latent > 0) runs.back().codes = encode_examples(runs.back().run, shown);
    }
  return runs;
}

std::vector<const OpenRun*> coded(const std::vector<OpenRun>& runs) {
  std::vector<const OpenRun*> found;
  for (const OpenRun& r : runs)
    if (r.run.model->latent() > 0) found.push_back(&r);
  return found;
}

std::vector<const OpenRun*> few_coded(const std::vector<OpenRun>& runs) {
  const std::vector<const OpenRun*> all = coded(runs);
  if (all.size() <= few) return all;
  std::vector<const OpenRun*> chosen;
  for (std::size_t k = 0; k < few; k++) chosen.push_back(all[k * (all.size() - 1) / (few - 1)]);
  return chosen;
}

std::string left_out(const std::vector<OpenRun>& runs) {
  const std::size_t all = coded(runs).size();
  return all <= few ? "" : fmt::format(" Shown are {} of {} models.", few, all);
}

std::vector<SweptLine> swept_lines(const Comparison& c) {
  std::vector<SweptLine> lines;
  if (c.options.sweep.empty()) return lines;
  const std::string key = c.options.sweep.substr(0, c.options.sweep.find('=') + 1);
  for (std::size_t i = 0; i < c.entries.size(); i++) {
    const Entry& e = c.entries[i];
    const auto set = std::find_if(e.set.rbegin(), e.set.rend(), [&](const std::string& s) { return s.starts_with(key); });
    if (set == e.set.rend()) continue;
    const std::string value = set->substr(key.size());
    // The label without ", beta=0.5" (a likelihood's name stands there alone).
    std::string label = e.label;
    for (const std::string& part : {", " + set->substr(set->find('.') + 1), ", " + value})
      if (const std::size_t at = label.find(part); at != std::string::npos) {
        label.erase(at, part.size());
        break;
      }
    auto line = std::find_if(lines.begin(), lines.end(), [&](const SweptLine& l) { return l.label == label; });
    if (line == lines.end()) line = lines.insert(lines.end(), {label, i, {}, {}, {}});
    // Numbers in their own order, however they were given.
    std::size_t at = line->values.size();
    while (at > 0 && number_or_nan(value) < number_or_nan(line->values[at - 1])) at--;
    line->entries.insert(line->entries.begin() + std::ptrdiff_t(at), &e);
    line->values.insert(line->values.begin() + std::ptrdiff_t(at), value);
  }
  for (SweptLine& line : lines) {
    for (const std::string& value : line.values) line.numbers.push_back(number_or_nan(value));
    if (std::any_of(line.numbers.begin(), line.numbers.end(), [](double v) { return std::isnan(v); })) line.numbers.clear();
  }
  return lines;
}

}  // namespace elbo::lab
