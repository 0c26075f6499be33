// Colours and text of all plots.

#include <string_view>

#include "lab/plot.h"
#include "tensor/error.h"

namespace elbo::lab {

std::string plot_css() {
  // Ten colours of different lightness, each at least 3 : 1 against its background. --paper, --ink, --muted and --line serve the page too.
  return R"(:root{color-scheme:light dark;--paper:#fdfdfc;--ink:#1c2126;--muted:#5a636d;--line:#dcdfe2;--accent:#1d5c9c;
--c0:#1d5c9c;--c1:#c8501e;--c2:#1a7a58;--c3:#8d4aa0;--c4:#977000;--c5:#1c86ad;--c6:#bd3c78;--c7:#74482a;--c8:#6b7178;--c9:#4b6a1c}
@media screen and (prefers-color-scheme:dark){:root{--paper:#15181b;--ink:#e5e7e9;--muted:#a1a9b1;--line:#343a40;--accent:#86b6f0;
--c0:#7fb2ef;--c1:#ff966b;--c2:#58c89b;--c3:#cd9be4;--c4:#e3bb4d;--c5:#72cbea;--c6:#f38dbd;--c7:#cda17e;--c8:#aab1b8;--c9:#a8cd70}}
.plot{color:var(--ink);font-family:system-ui,-apple-system,"Segoe UI","Noto Sans","DejaVu Sans",sans-serif;font-variant-numeric:tabular-nums}
.plot text{fill:currentColor;font-size:13px}
.plot .heading{font-weight:600;font-size:14px}
.plot .muted{fill:var(--muted)}
.plot .middle{text-anchor:middle}
.plot .end{text-anchor:end}
.plot .strong{font-weight:700}
.plot .halo{paint-order:stroke;stroke:var(--paper);stroke-width:4px;stroke-linejoin:round;fill:var(--ink)}
.plot .halo.muted{fill:var(--muted)}
.plot .value{fill:var(--ink);paint-order:stroke;stroke:var(--paper);stroke-width:3px}
.plot .grid{stroke:var(--line);fill:none}
.plot .axis{stroke:var(--muted);fill:none}
.plot .rule{stroke:var(--muted);fill:none;stroke-width:1.5;stroke-dasharray:5 4}
.plot .sum{stroke:var(--muted);fill:none;stroke-dasharray:1.5 4;stroke-linecap:round}
.plot .line{fill:none;stroke:currentColor;stroke-width:2;stroke-linejoin:round}
.plot .d1{stroke-dasharray:8 4}
.plot .d2{stroke-dasharray:2.5 3}
.plot .d3{stroke-dasharray:10 3 2.5 3}
.plot .d4{stroke-dasharray:15 5}
.plot .d5{stroke-dasharray:6 2 2 2 2 2}
.plot .band{fill:currentColor;fill-opacity:.17}
.plot .solid{fill:currentColor;stroke:currentColor;stroke-width:1}
.plot .open{fill:var(--paper);stroke:currentColor;stroke-width:1.6}
.plot .strokes{fill:none;stroke:currentColor;stroke-width:1.8}
.plot .small{stroke-width:1.1}
.plot .small.open{fill:none}
.plot .points{fill:none;stroke:none}
.plot .targets path{stroke:transparent;stroke-width:9;stroke-linecap:round;pointer-events:stroke}
.plot .bar{stroke:currentColor;stroke-width:1}
.plot .hatch{fill:none;stroke:currentColor;stroke-width:1.5}
.plot .error{fill:none;stroke:var(--ink);stroke-width:1.5}
.plot .cell{fill:currentColor}
.plot .outline{fill:none;stroke:var(--line)}
.plot .c0{color:var(--c0)}.plot .c1{color:var(--c1)}.plot .c2{color:var(--c2)}.plot .c3{color:var(--c3)}.plot .c4{color:var(--c4)}
.plot .c5{color:var(--c5)}.plot .c6{color:var(--c6)}.plot .c7{color:var(--c7)}.plot .c8{color:var(--c8)}.plot .c9{color:var(--c9)}
@media screen and (max-width:480px){.plot text,.plot .heading{font-size:16px}}
)";
}

std::string standalone_svg(const std::string& svg) {
  const std::string_view box = "viewBox=\"0 0 480 ";
  const std::size_t at = svg.find(box);
  const std::size_t end = svg.find('>');
  if (!svg.starts_with("<svg ") || at == std::string::npos || end < at) fail("standalone_svg", "expected a plot of svg()");
  // A margin on both sides, which a page has by itself.
  const std::string head = svg.substr(0, at) + "viewBox=\"-12 0 504 " + svg.substr(at + box.size(), end + 1 - at - box.size());
  return "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n" + head + "<style>" + plot_css() +
         "</style><rect x=\"-12\" width=\"504\" height=\"100%\" style=\"fill:var(--paper)\"/>" + svg.substr(end + 1) + "\n";
}

}  // namespace elbo::lab
