#include "lab/page.h"

#include <doctest/doctest.h>

#include "lab/plot.h"
#include "support.h"
#include "tensor/file.h"
#include "xml_check.h"

using namespace elbo;
using namespace elbo::lab;
using elbo::testing::contains;
using elbo::testing::count;
using elbo::testing::error_of;
using elbo::testing::xml_fault;

namespace {

const std::string nasty = "<script>alert(\"1\")</script> & 'x'";

std::string fault(const Content& content) { return xml_fault("<div>" + content.html() + "</div>"); }

}  // namespace

TEST_CASE("prose: marks become elements, everything else is escaped") {
  CHECK(prose_html("plain") == "plain");
  CHECK(prose_html("`a<b`, **b&c** and [here](#plots)") == "<code>a&lt;b</code>, <strong>b&amp;c</strong> and <a href=\"#plots\">here</a>");
  CHECK(prose_html("5 * 3 ** 2, [1], a ` b, [x](http://example.org)") == "5 * 3 ** 2, [1], a ` b, [x](http://example.org)");
  CHECK(prose_html("[x](#a\" onclick=\"b)") == "[x](#a&quot; onclick=&quot;b)");
  CHECK(prose_html("`**a**`") == "<code>**a**</code>");
  CHECK(prose_html("`a,b:c`") == "<code>a,<wbr/>b:<wbr/>c</code>");
  CHECK(prose_html("``") == "``");
  CHECK(prose_html("") == "");
}

TEST_CASE("a page: title, contents, sections with ids of their own") {
  Page page("A & B", "lead `x`");
  Content& first = page.section("Figures, and more");
  page.section("Figures and more");
  page.section("Zahlen", "numbers");
  page.section("±");
  first.paragraph("written after other sections");
  page.footer("end");
  const std::string html = page.html();
  CHECK(html.starts_with("<!DOCTYPE html>\n<html lang=\"en\">"));
  CHECK(contains(html, "<title>A &amp; B</title>"));
  CHECK(contains(html, "<a href=\"#figures-and-more\">Figures, and more</a>"));
  CHECK(contains(html, "<section id=\"figures-and-more-2\""));
  CHECK(contains(html, "<section id=\"numbers\""));
  CHECK(contains(html, "<section id=\"section\""));
  CHECK(contains(html, "<p>written after other sections</p>"));
  CHECK(contains(html, "prefers-color-scheme:dark"));
  CHECK(!contains(html, "<script"));
  CHECK(!contains(html, "src=\"http"));
  CHECK(contains(error_of([&] { page.section("x", "a b"); }), "'a b'"));
}

TEST_CASE("everything that is written is escaped, and the elements are well formed") {
  Content inside;
  inside.paragraph(nasty);
  Content content;
  content.heading(nasty).paragraph(nasty).list({nasty, nasty}).note(nasty).commands(nasty).details(nasty, inside);
  content.table({.caption = nasty, .columns = {{nasty}, {nasty, true, nasty}}, .rows = {{nasty, nasty}}, .note = nasty});
  LinePlot plot;
  plot.title = nasty;
  content.figures({{.svg = svg(plot), .caption = nasty}});
  CHECK(fault(content) == "");
  CHECK(!contains(content.html(), "<script"));
  CHECK(count(content.html(), "&lt;script&gt;") >= 14);
  Page page(nasty, nasty);
  page.section(nasty);
  page.footer(nasty);
  CHECK(!contains(page.html(), "<script"));
}

TEST_CASE("a table: caption, head, row names, numbers to the right; rows of another length are errors") {
  Content content;
  content.table({.caption = "c", .columns = {{"name"}, {"value", true, "what it is"}}, .rows = {{"a", "1.5"}}, .note = "n"});
  CHECK(fault(content) == "");
  CHECK(contains(content.html(), "<th scope=\"col\" class=\"number\" title=\"what it is\">value</th>"));
  CHECK(contains(content.html(), "<figcaption>c</figcaption>"));
  CHECK(contains(content.html(), "<th scope=\"row\">a</th><td class=\"number\">1.5</td>"));
  CHECK(contains(error_of([&] { content.table({.caption = "short", .columns = {{"a"}, {"b"}}, .rows = {{"1"}}}); }), "'short'"));
}

TEST_CASE("pictures: PNG data in the page, one description a row") {
  const Tensor pictures = Tensor::full({3, 4, 5, 1}, 0.5);
  Content content;
  content.pictures(
      {.caption = "rows", .columns = {"a", "b", "c"}, .rows = {{"input & more", pictures}, {"output", pictures.slice(0, 2), {"x", "y"}}}});
  std::string html = content.html();
  CHECK(count(html, "src=\"data:image/png;base64,") == 5);
  CHECK(contains(html, "role=\"img\" aria-label=\"input &amp; more: 3 pictures\""));
  CHECK(contains(html, "title=\"y\""));
  CHECK(contains(html, "--n:3"));
  Content one;
  one.figure({.picture = Tensor::full({4, 5, 3}, 9, DType::uint8), .alt = "nine", .caption = "c", .scale = 3});
  CHECK(contains(one.html(), "width=\"15\" height=\"12\" alt=\"nine\""));
  CHECK(contains(error_of([&] { one.figure({.caption = "none"}); }), "neither"));
  CHECK(contains(error_of([&] {
                   one.figure({.svg = "<svg/>", .picture = Tensor::full({4, 5, 3}, 9, DType::uint8), .caption = "two"});
                 }),
                 "both"));
  CHECK(contains(error_of([&] { one.figure({.picture = Tensor::full({4, 5, 3}, 9, DType::uint8), .caption = "silent"}); }), "alt"));
  CHECK(contains(error_of([&] { content.pictures({.columns = {"a"}, .rows = {{"r", pictures}}}); }), "3 headings"));
  CHECK(contains(error_of([&] { content.pictures({.rows = {{"r", Tensor::full({2, 2}, 0)}}}); }), "(2, 2)"));
}

TEST_CASE("a page is saved whole") {
  const elbo::testing::Folder folder;
  Page page("Saved");
  page.section("One").paragraph("text");
  page.save(folder / "index.html");
  const std::vector<std::byte> bytes = read_file(folder / "index.html", 1 << 20);
  CHECK(std::string(reinterpret_cast<const char*>(bytes.data()), bytes.size()) == page.html());
}
