// The report's section on what lies between two test examples, for pictures and texts.

#include <fmt/core.h>

#include "autograd/mode.h"
#include "lab/compare_page.h"
#include "lab/paths.h"
#include "lab/plot_text.h"

namespace elbo::lab {
namespace {

// The codes of two test pictures as the decoder reads them: (2, decoder_inputs()).
Tensor ends_of(const OpenRun& r, const Split& test, Index from, Index to) {
  const NoGrad guard;
  const Tensor inputs = inputs_of(r.run, test, {from, to}), labels = labels_of(test, {from, to});
  const Model& model = *r.run.model;
  return model.given(model.encode(Var(inputs.to(model.dtype())), labels).mean, labels).value();
}

void add_picture_paths(Content& s, const Comparison& c, const std::vector<const OpenRun*>& runs) {
  constexpr Index steps = 9;
  const std::vector<Index> places = shown_examples(c.data.test, 6);
  for (std::size_t pair = 0; pair < 3; pair++) {
    PictureRows rows;
    for (Index k = 0; k < steps; k++) rows.columns.push_back(fmt::format("{:.3g}", double(k) / double(steps - 1)));
    for (const OpenRun* r : runs) {
      const Tensor ends = ends_of(*r, c.data.test, places[pair], places[5 - pair]);
      rows.rows.push_back(
          {.label = r->entry->label, .pictures = decode_codes(*r->run.model, path_between(ends[0], ends[1], steps, PathKind::linear))});
    }
    s.pictures(rows);
  }
}

void add_text_paths(Content& s, const Comparison& c, const std::vector<const OpenRun*>& runs) {
  constexpr Index steps = 7;
  const ShownTexts shown = shown_texts(c, 4);
  const std::vector<std::string>& ends = shown.texts;
  for (std::size_t pair = 0; pair + 1 < ends.size(); pair += 2) {
    Table t{.caption = fmt::format("From “{}” to “{}”.", ends[pair], ends[pair + 1]), .columns = {{"step", true}}};
    std::vector<std::vector<std::string>> columns;
    for (const OpenRun* r : runs) {
      const Tensor codes = mean_codes(*r, shown);
      columns.push_back(greedy(*r, path_between(codes[Index(pair)], codes[Index(pair) + 1], steps, PathKind::linear)));
      t.columns.push_back({r->entry->label});
    }
    for (Index i = 0; i < steps; i++) {
      t.rows.push_back({number_text(double(i) / double(steps - 1), 2)});
      for (const auto& column : columns) t.rows.back().push_back(column[std::size_t(i)]);
    }
    s.table(t);
  }
}

}  // namespace

void add_interpolation(Page& page, const Comparison& c, const std::vector<OpenRun>& runs) {
  const std::vector<const OpenRun*> shown = coded(runs);
  if (shown.empty()) return;
  Content& s = page.section("Interpolation");
  if (!c.data.texts && (!are_pictures(c.data.example_shape) || c.data.test.size() < 6)) {
    s.paragraph("The examples are no pictures (height, width, and 1, 3 or 4 channels), so there is nothing to show here.");
    return;
  }
  if (c.data.texts) {
    s.paragraph(
        "A straight line from the code of one test sentence to that of another, in equal steps, decoded greedily; the same pairs for every "
        "model. **What to look at:** whether what lies between are sentences, and whether they go over from one to the other.");
    add_text_paths(s, c, shown);
    return;
  }
  s.paragraph(
      "A straight line from the code of one test picture to that of another, in equal steps, decoded; the same pairs for every "
      "model. **What to look at:** whether the pictures in the middle are still such pictures as the data hold, or two of them laid "
      "over each other.");
  add_picture_paths(s, c, shown);
  s.note(
      "What not to conclude: a smooth path can be the decoder's smoothness alone. A network this small is smooth everywhere, also where "
      "no data are.");
}

}  // namespace elbo::lab
