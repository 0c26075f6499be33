#include "lab/page.h"

#include <fmt/core.h>

#include <algorithm>
#include <cctype>

#include "data/picture.h"
#include "lab/page_style.h"
#include "lab/plot.h"
#include "lab/plot_text.h"
#include "tensor/error.h"
#include "tensor/file.h"

namespace elbo::lab {
namespace {

// What a mark that begins `text` holds, and all of the mark; `inside` is empty where there is none.
struct Mark {
  std::string_view inside, all;
};

Mark mark(std::string_view text, std::string_view open, std::string_view close) {
  if (!text.starts_with(open)) return {};
  const std::size_t end = text.find(close, open.size());
  if (end == std::string_view::npos || end == open.size()) return {};
  return {text.substr(open.size(), end - open.size()), text.substr(0, end + close.size())};
}

bool is_id(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [](unsigned char c) { return std::isalnum(c) || c == '-' || c == '_'; });
}

// Code, escaped, that may be broken behind a comma, a colon or an underscore: names such as dense-vae:objective.beta=4,model.latent=2 are
// long.
std::string breakable(std::string_view code) {
  std::string out;
  for (std::size_t at = 0; at < code.size();) {
    const std::size_t end = std::min(code.find_first_of(",:_", at), code.size() - 1) + 1;
    out += escape_xml(code.substr(at, end - at));
    if (end < code.size()) out += "<wbr/>";
    at = end;
  }
  return out;
}

std::string figure_html(const Figure& figure) {
  std::string out = "<figure>";
  if (figure.svg.empty() == !figure.picture)
    fail("page", fmt::format("expected either a plot or a picture in figure '{}', came {}", figure.caption,
                             figure.svg.empty() ? "neither" : "both"));
  if (!figure.svg.empty()) {
    out += figure.svg;
  } else {
    if (figure.alt.empty()) fail("page", fmt::format("expected a text (alt) for the picture of figure '{}', came none", figure.caption));
    const Shape& shape = figure.picture.shape();
    const std::string url = png_data_url(figure.picture);  // also checks the shape
    out += fmt::format("<img class=\"picture\" src=\"{}\" width=\"{}\" height=\"{}\" alt=\"{}\">", url, shape[1] * figure.scale,
                       shape[0] * figure.scale, escape_xml(figure.alt));
  }
  if (!figure.caption.empty()) out += "<figcaption>" + prose_html(figure.caption) + "</figcaption>";
  return out + "</figure>\n";
}

std::string picture_row_html(const PictureRow& row, Index columns) {
  const Tensor pixels = to_pixels(row.pictures);
  const Shape& shape = pixels.shape();
  const Index n = shape[0];
  if (!row.hover.empty() && static_cast<Index>(row.hover.size()) != n)
    fail("page", fmt::format("expected {} texts for the pictures of row '{}', came {}", n, row.label, row.hover.size()));
  // One picture for a screen reader, which hears the label and the count.
  std::string out =
      fmt::format("<div class=\"row\" style=\"--n:{}\" role=\"img\" aria-label=\"{}: {} picture{}\"><div class=\"label\">{}</div>", columns,
                  escape_xml(row.label), n, n == 1 ? "" : "s", prose_html(row.label));
  for (Index i = 0; i < n; ++i) {
    const Tensor one = pixels.slice(i, i + 1).reshape({shape[1], shape[2], shape[3]});
    const std::string hover = row.hover.empty() ? row.label : row.hover[static_cast<std::size_t>(i)];
    out += fmt::format("<img src=\"{}\" width=\"{}\" height=\"{}\" alt=\"\" title=\"{}\">", png_data_url(one), shape[2], shape[1],
                       escape_xml(hover));
  }
  return out + "</div>\n";
}

}  // namespace

std::string prose_html(std::string_view prose) {
  std::string out;
  std::string_view plain = prose;  // up to where the marks begin
  std::size_t from = 0;
  const auto flush = [&](std::size_t to) { out += escape_xml(plain.substr(from, to - from)); };
  for (std::size_t at = 0; at < prose.size();) {
    const std::string_view rest = prose.substr(at);
    std::string html;
    std::size_t length = 0;
    if (const Mark code = mark(rest, "`", "`"); !code.inside.empty()) {
      html = "<code>" + breakable(code.inside) + "</code>";
      length = code.all.size();
    } else if (const Mark bold = mark(rest, "**", "**"); !bold.inside.empty()) {
      html = "<strong>" + escape_xml(bold.inside) + "</strong>";
      length = bold.all.size();
    } else if (const Mark text = mark(rest, "[", "]"); !text.inside.empty()) {
      const Mark target = mark(rest.substr(text.all.size()), "(#", ")");
      if (is_id(target.inside)) {
        html = fmt::format("<a href=\"#{}\">{}</a>", target.inside, escape_xml(text.inside));
        length = text.all.size() + target.all.size();
      }
    }
    if (length == 0) {
      ++at;
      continue;
    }
    flush(at);
    out += html;
    from = at += length;
  }
  flush(prose.size());
  return out;
}

Content& Content::heading(std::string_view text) {
  html_ += "<h3>" + prose_html(text) + "</h3>\n";
  return *this;
}

Content& Content::paragraph(std::string_view prose) {
  html_ += "<p>" + prose_html(prose) + "</p>\n";
  return *this;
}

Content& Content::list(const std::vector<std::string>& items) {
  html_ += "<ul>\n";
  for (const std::string& item : items) html_ += "<li>" + prose_html(item) + "</li>\n";
  html_ += "</ul>\n";
  return *this;
}

Content& Content::note(std::string_view prose) {
  html_ += "<p class=\"note\">" + prose_html(prose) + "</p>\n";
  return *this;
}

Content& Content::table(const Table& table) {
  // A wide table scrolls in its own box, which the keyboard reaches too.
  // The caption stays outside it, where it is never wider than the page.
  html_ += "<figure class=\"table\">";
  if (!table.caption.empty()) html_ += "<figcaption>" + prose_html(table.caption) + "</figcaption>\n";
  html_ += fmt::format("<div class=\"scroll\" tabindex=\"0\" role=\"region\" aria-label=\"{}\"><table>\n<thead><tr>",
                       escape_xml(table.caption.empty() ? "Table" : table.caption));
  for (const Column& column : table.columns)
    html_ += fmt::format("<th scope=\"col\"{}{}>{}</th>", column.numeric ? " class=\"number\"" : "",
                         column.hover.empty() ? "" : " title=\"" + escape_xml(column.hover) + "\"", prose_html(column.name));
  html_ += "</tr></thead>\n<tbody>\n";
  for (const std::vector<std::string>& row : table.rows) {
    if (row.size() != table.columns.size())
      fail("page", fmt::format("expected {} cells in each row of table '{}', came {}", table.columns.size(), table.caption, row.size()));
    html_ += "<tr>";
    for (std::size_t i = 0; i < row.size(); ++i) {
      const char* tag = i == 0 ? "th" : "td";
      html_ += fmt::format("<{}{}{}>{}</{}>", tag, i == 0 ? " scope=\"row\"" : "", table.columns[i].numeric ? " class=\"number\"" : "",
                           prose_html(row[i]), tag);
    }
    html_ += "</tr>\n";
  }
  html_ += "</tbody></table></div>\n";
  if (!table.note.empty()) html_ += "<p class=\"remark\">" + prose_html(table.note) + "</p>\n";
  html_ += "</figure>\n";
  return *this;
}

Content& Content::figure(const Figure& figure) {
  html_ += figure_html(figure);
  return *this;
}

Content& Content::figures(const std::vector<Figure>& figures) {
  html_ += "<div class=\"figures\">\n";
  for (const Figure& figure : figures) html_ += figure_html(figure);
  html_ += "</div>\n";
  return *this;
}

Content& Content::pictures(const PictureRows& rows) {
  Index columns = 1;
  for (const PictureRow& row : rows.rows) {
    if (row.pictures.rank() != 4)
      fail("page", fmt::format("expected pictures (n, h, w, channels) in row '{}', came {}", row.label, row.pictures.shape().str()));
    columns = std::max(columns, row.pictures.shape()[0]);
  }
  if (!rows.columns.empty() && static_cast<Index>(rows.columns.size()) != columns)
    fail("page", fmt::format("expected {} headings above the pictures of '{}', came {}", columns, rows.caption, rows.columns.size()));
  html_ += "<figure><div class=\"strip\">\n";
  if (!rows.columns.empty()) {
    html_ += fmt::format("<div class=\"columns\" style=\"--n:{}\">", columns);
    for (const std::string& column : rows.columns) html_ += "<span>" + prose_html(column) + "</span>";
    html_ += "</div>\n";
  }
  for (const PictureRow& row : rows.rows) html_ += picture_row_html(row, columns);
  html_ += "</div>";
  if (!rows.caption.empty()) html_ += "<figcaption>" + prose_html(rows.caption) + "</figcaption>";
  html_ += "</figure>\n";
  return *this;
}

Content& Content::commands(std::string_view text) {
  html_ += "<pre><code>" + escape_xml(text) + "</code></pre>\n";
  return *this;
}

Content& Content::details(std::string_view summary, const Content& inside) {
  html_ += "<details><summary>" + prose_html(summary) + "</summary>\n" + inside.html_ + "</details>\n";
  return *this;
}

Page::Page(std::string title, std::string lead) : title_(std::move(title)), lead_(std::move(lead)) {}

Content& Page::section(std::string_view heading, std::string_view id) {
  std::string name(id);
  if (name.empty()) {
    for (const unsigned char c : heading) {
      if (c < 0x80 && std::isalnum(c))
        name += static_cast<char>(std::tolower(c));
      else if (!name.empty() && name.back() != '-')
        name += '-';
    }
    if (name.ends_with('-')) name.pop_back();
    if (name.empty()) name = "section";
  }
  if (!is_id(name)) fail("page", fmt::format("expected letters, digits, '-' and '_' in a section's id, came '{}'", name));
  const auto taken = [&](const std::string& candidate) {
    return std::any_of(sections_.begin(), sections_.end(), [&](const Section& s) { return s.id == candidate; });
  };
  std::string unique = name;
  for (int i = 2; taken(unique); ++i) unique = fmt::format("{}-{}", name, i);
  sections_.push_back({std::string(heading), unique, {}});
  return sections_.back().content;
}

std::string Page::html() const {
  std::string out =
      "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
      "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
      "<link rel=\"icon\" href=\"data:,\">\n";  // no request for a /favicon.ico
  if (reload_ > 0) out += fmt::format("<meta http-equiv=\"refresh\" content=\"{}\">\n", reload_);
  out += "<title>" + escape_xml(title_) + "</title>\n<style>\n" + plot_css() + page_css() + "</style>\n</head>\n<body>\n";
  out += "<header><h1>" + prose_html(title_) + "</h1>\n";
  if (!lead_.empty()) out += "<p class=\"lead\">" + prose_html(lead_) + "</p>\n";
  out += "</header>\n";
  if (sections_.size() > 2) {
    out += "<nav aria-label=\"Contents\"><ul>\n";
    for (const Section& s : sections_) out += fmt::format("<li><a href=\"#{}\">{}</a></li>\n", s.id, prose_html(s.heading));
    out += "</ul></nav>\n";
  }
  out += "<main>\n";
  for (const Section& s : sections_)
    out += fmt::format("<section id=\"{0}\" aria-labelledby=\"{0}-h\"><h2 id=\"{0}-h\">{1}</h2>\n{2}</section>\n", s.id,
                       prose_html(s.heading), s.content.html());
  out += "</main>\n";
  if (!footer_.empty()) out += "<footer>" + prose_html(footer_) + "</footer>\n";
  return out + "</body>\n</html>\n";
}

void Page::save(const std::string& path) const {
  const std::string text = html();
  write_file_atomically(path, bytes_of(text));
}

}  // namespace elbo::lab
