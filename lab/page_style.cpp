#include "lab/page_style.h"

namespace elbo::lab {

std::string page_css() {
  return R"(*{box-sizing:border-box}
html{-webkit-text-size-adjust:100%;text-size-adjust:100%}
body{margin:0;background:var(--paper);color:var(--ink);line-height:1.55;
font-family:system-ui,-apple-system,"Segoe UI","Noto Sans","DejaVu Sans",sans-serif;font-size:1rem}
main,header,footer,nav{max-width:68rem;margin:0 auto;padding:0 1.1rem}
header{padding-top:2.6rem}
h1{font-size:clamp(1.6rem,1.2rem + 1.8vw,2.3rem);line-height:1.2;letter-spacing:-.01em;font-weight:650;margin:0 0 .6rem;text-wrap:balance}
.lead{font-size:1.1rem;color:var(--muted);margin:0 0 1.2rem}
h2{font-size:1.45rem;line-height:1.25;font-weight:650;margin:0 0 .8rem;letter-spacing:-.005em}
h3{font-size:1.1rem;line-height:1.3;font-weight:650;margin:2rem 0 .5rem}
h1,h2,h3,p,li,figcaption,summary,td,th{overflow-wrap:break-word}
p,ul,.lead,.note{max-width:44rem}
p{margin:0 0 1rem}
ul{padding-left:1.3rem;margin:0 0 1rem}
li{margin:.25rem 0}
section{padding:2.2rem 0 1rem;border-top:1px solid var(--line)}
section:target h2{text-decoration:underline;text-decoration-color:var(--line);text-underline-offset:.3em}
nav ul{list-style:none;display:flex;flex-wrap:wrap;gap:.2rem 1.3rem;padding:0;max-width:none;margin:0 0 1.8rem;font-size:.95rem}
a{color:var(--accent);text-underline-offset:.18em;text-decoration-thickness:1px}
nav a{text-decoration:none}
a:hover,a:focus-visible{text-decoration:underline}
:focus-visible{outline:2px solid var(--accent);outline-offset:2px}
code,pre{font-family:ui-monospace,"SF Mono","Cascadia Mono","DejaVu Sans Mono",monospace;font-size:.9em}
code{overflow-wrap:anywhere}
pre{background:color-mix(in srgb,var(--ink) 5%,var(--paper));border-radius:6px;padding:.8rem 1rem;white-space:pre-wrap;overflow-wrap:anywhere;margin:0 0 1.2rem;line-height:1.5}
pre code{font-size:1em}
.note{border-left:3px solid var(--accent);padding:.1rem 0 .1rem 1rem;margin:0 0 1.2rem}
.scroll{overflow-x:auto;margin:0 0 .4rem}
.table{margin:0 0 1.6rem}
.table figcaption{margin:0 0 .5rem}
table{border-collapse:collapse;font-size:.95rem;line-height:1.4}
figcaption{color:var(--muted);font-size:.92rem;line-height:1.45}
figcaption{margin-top:.4rem;max-width:44rem}
th,td{padding:.4rem .9rem;text-align:left;vertical-align:baseline;border-bottom:1px solid var(--line)}
th:first-child,td:first-child{padding-left:0}
thead th{border-bottom:1px solid var(--muted);vertical-align:bottom;font-weight:600}
tbody th{font-weight:500;min-width:7.5rem}
tbody th.number{min-width:0}
tbody th code,td code{overflow-wrap:normal}
.number{text-align:right;font-variant-numeric:tabular-nums;white-space:nowrap}
thead .number{white-space:normal}
.remark{color:var(--muted);font-size:.92rem;margin:0}
figure{margin:0 0 1.8rem;min-width:0}
.plot{display:block;width:100%;max-width:35rem;height:auto}
.picture{display:block;max-width:100%;height:auto;image-rendering:pixelated;border:1px solid var(--line)}
.figures{display:grid;grid-template-columns:repeat(auto-fit,minmax(min(100%,24rem),1fr));gap:.4rem 2.2rem;align-items:start}
.strip{display:grid;gap:3px 4px;align-items:center;margin:0 0 .2rem}
.strip .row,.strip .columns{display:grid;grid-template-columns:9.5rem repeat(var(--n),minmax(0,3.6rem));gap:4px;align-items:center}
.strip .columns{color:var(--muted);font-size:.82rem;text-align:center;line-height:1.2;align-items:end;grid-template-columns:repeat(var(--n),minmax(0,3.6rem));padding-left:calc(9.5rem + 4px)}
.strip .label{font-size:.92rem;line-height:1.25;padding-right:.6rem;overflow-wrap:anywhere}
.strip img{display:block;width:100%;height:auto;image-rendering:pixelated;background:#fff}
details{margin:0 0 1.2rem;border:1px solid var(--line);border-radius:6px;padding:.6rem 1rem}
details>:last-child{margin-bottom:.2rem}
summary{cursor:pointer;font-weight:550}
details[open]>summary{margin-bottom:.8rem}
footer{padding-top:1.4rem;padding-bottom:2.5rem;color:var(--muted);font-size:.92rem}
@media screen and (max-width:640px){
.strip .row{grid-template-columns:repeat(var(--n),minmax(0,3.6rem));gap:2px}
.strip .row .label{grid-column:1/-1;padding:.35rem 0 0}
.strip .columns{padding-left:0;gap:2px;font-size:.72rem}
.strip .columns{overflow-wrap:anywhere}
th,td{padding:.4rem .6rem}
}
@media print{
@page{margin:16mm 15mm}
html{font-size:10pt}
body{background:#fff}
main,header,footer,nav{max-width:none;padding-left:0;padding-right:0}
header{padding-top:0}
nav{display:none}
section{padding:1.2rem 0 .4rem}
h2,h3,.table figcaption{break-after:avoid}
:not(.table)>figcaption{break-before:avoid}
figure:not(.table),tr,.note,.strip,pre{break-inside:avoid}
.plot{max-width:11.5cm}
.figures .plot{max-width:100%}
.figures{grid-template-columns:1fr 1fr;gap:.4rem 1.2rem}
.scroll{overflow:visible}
pre{border:1px solid var(--line)}
table{font-size:8.5pt}
th,td{padding:.25rem .5rem}
details{border:0;padding:0}
details::details-content{content-visibility:visible;block-size:auto}
.strip img,.picture{print-color-adjust:exact;-webkit-print-color-adjust:exact}
}
)";
}

}  // namespace elbo::lab
