#pragma once
// One self-contained HTML page: title, contents, sections with prose, tables, figures, pictures in rows, commands, details. All in one
// file: no script, font or link to elsewhere. It reads on a phone and on a wide screen (what is wider than the page scrolls in its own
// box), in light and dark, and in print.
//
//   Page page("Autoencoders against VAEs", "Three presets, three seeds each, the same budget.");
//   Content& figures = page.section("Figures");
//   figures.paragraph("The `total` of a plain autoencoder is **no bound**.");
//   figures.table({.caption = "Test split", .columns = {{"preset"}, {"total", true}}, .rows = {{"dense-vae", mean_spread(105.6, 0.24)}}});
//   figures.figure({.svg = svg(plot), .caption = "Learning curves."});
//   page.save("report/index.html");
//
// All text is escaped. In prose (paragraphs, lists, captions, notes, table cells) `...` is set as code, **...** bold, and [text](#id) is
// a link to a section of this page; other marks stand as they are.

#include <deque>
#include <string>
#include <string_view>
#include <vector>

#include "tensor/tensor.h"

namespace elbo::lab {

struct Column {
  std::string name;
  bool numeric = false;  // aligned to the right, digits of equal width
  std::string hover;     // what the column means
};

struct Table {
  std::string caption;
  std::vector<Column> columns;
  std::vector<std::vector<std::string>> rows;  // as many cells as columns; the first cell names its row
  std::string note;                            // below the table
};

// Either a plot or a picture.
struct Figure {
  std::string svg;  // of lab/plot.h
  Tensor picture;  // uint8 (h, w, 1), (h, w, 3) or (h, w, 4); shown `scale` times as large (smaller where the page is narrow), pixels sharp
  std::string alt;  // what a picture shows, for those who cannot see it (a plot describes itself)
  std::string caption;
  int scale = 2;
};

// One row of pictures under the same inputs as the other rows.
struct PictureRow {
  std::string label;
  Tensor pictures;                 // uint8, or numbers 0 .. 1, (n, h, w, 1), (n, h, w, 3) or (n, h, w, 4)
  std::vector<std::string> hover;  // a text for each picture; empty, or n
};

struct PictureRows {
  std::string caption;
  std::vector<std::string> columns;  // headings above the pictures; empty, or as many as the longest row
  std::vector<PictureRow> rows;
};

// What stands in a section or in details. Each function appends; errors are thrown where lengths or shapes do not agree.
class Content {
 public:
  Content& heading(std::string_view text);  // below the section's
  Content& paragraph(std::string_view prose);
  Content& list(const std::vector<std::string>& items);
  Content& note(std::string_view prose);  // set apart: what not to conclude
  Content& table(const Table& table);
  Content& figure(const Figure& figure);
  Content& figures(const std::vector<Figure>& figures);  // side by side where the page is wide enough
  Content& pictures(const PictureRows& rows);
  Content& commands(std::string_view text);  // a block of code
  Content& details(std::string_view summary, const Content& inside);

  const std::string& html() const { return html_; }

 private:
  std::string html_;
};

class Page {
 public:
  // `lead` is prose below the title.
  explicit Page(std::string title, std::string lead = "");

  // A new section, in the contents as well. `id` for links to it; by default made of the heading's letters. The reference stays valid.
  Content& section(std::string_view heading, std::string_view id = "");

  void footer(std::string_view prose) { footer_ = prose; }
  void reload_every(int seconds) { reload_ = seconds; }  // a browser loads the page anew; 0: never

  std::string html() const;
  void save(const std::string& path) const;  // atomically

 private:
  struct Section {
    std::string heading, id;
    Content content;
  };
  std::string title_, lead_, footer_;
  int reload_ = 0;
  std::deque<Section> sections_;
};

// Prose with its marks as HTML.
std::string prose_html(std::string_view prose);

}  // namespace elbo::lab
