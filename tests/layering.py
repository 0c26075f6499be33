#!/usr/bin/env python3
"""Reads the sources and fails on a breach of the house rules that a compiler does not see.

Usage: layering.py [FOLDER]        (default: the repository that this script stands in)

- Layers: tensor <- autograd <- nn <- models <- lab <- tools. data includes tensor only; models, lab and tools may include data.
  Include lines and the libraries named in each folder's meson.build are read.
- Every op (a struct with a backward rule) stands in an OpList, and every such list in AllOps: the gradient check runs over them.
- No CLI11 or fmt in a header: they would slow down every build. nlohmann/json in tensor/json_text.cpp and tensor/safetensors.cpp alone:
  it takes five seconds a file to compile; everything else uses tensor/json.h.
- A file is one family of things: over 300 lines is a breach.
"""
import pathlib
import re
import sys
import tempfile

BELOW = {"tensor": set(), "autograd": {"tensor"}, "data": {"tensor"}}
BELOW["nn"] = BELOW["autograd"] | {"autograd"}
BELOW["models"] = BELOW["nn"] | {"nn", "data"}
BELOW["lab"] = BELOW["models"] | {"models"}
BELOW["tools"] = BELOW["lab"] | {"lab"}
HEAVY = re.compile(r"CLI/|fmt/")
WITH_NLOHMANN = {"tensor/json_text.cpp", "tensor/safetensors.cpp"}
LONG = 300


def without_comments(text):
    return re.sub(r"//[^\n]*|/\*.*?\*/", "", text, flags=re.S)


def body_after(text, start):
    """The text of the braces that open at or after `start`."""
    depth = 0
    for i in range(text.index("{", start), len(text)):
        depth += {"{": 1, "}": -1}.get(text[i], 0)
        if depth == 0:
            return text[start : i + 1]
    return text[start:]


def ops_of(text):
    """Names of the structs that are ops: called ...Op, or with a backward rule and no template."""
    for found in re.finditer(r"(template\s*<[^;{}]*>\s*)?\bstruct\s+(\w+)\s*(:[^;{}]*)?\{", text):
        template, name = found[1], found[2]
        rule = re.search(r"void\s+backward\s*\(\s*const\s+Saved", body_after(text, found.start(2)))
        if not template and (rule or re.fullmatch(r"\w+Op", name)):
            yield name


def problems(root):
    found = []
    ops, listed, families, used = [], set(), [], set()
    for folder, below in BELOW.items():
        allowed = below | {folder}
        for path in sorted((root / folder).rglob("*")):
            where = path.relative_to(root)
            if path.name == "meson.build":
                for n, line in enumerate(path.read_text().splitlines(), 1):
                    for library in re.findall(r"\b(\w+?)_(?:dep|lib)\b", line.split("#")[0]):
                        if library in BELOW and library not in allowed:
                            found.append(f"{where}:{n}: {folder} must not link {library}")
            if path.suffix not in (".h", ".cpp"):
                continue
            text = path.read_text()
            lines = text.splitlines()
            for n, line in enumerate(lines, 1):
                include = re.match(r'\s*#\s*include\s*["<]([^">]+)', line)
                if not include:
                    continue
                layer = include[1].split("/")[0]
                if layer in (*BELOW, "tests", "examples") and "/" in include[1] and layer not in allowed:
                    found.append(f"{where}:{n}: {folder} must not include {layer} ({include[1]})")
                if path.suffix == ".h" and HEAVY.match(include[1]):
                    found.append(f"{where}:{n}: {include[1]} in a header: include it in a .cpp")
                if include[1].startswith("nlohmann/") and str(where) not in WITH_NLOHMANN:
                    found.append(f"{where}:{n}: {include[1]}: include tensor/json.h")
            if len(lines) > LONG:
                found.append(f"{where}: {len(lines)} lines, more than {LONG}: split it by families")
            code = without_comments(text)
            ops += [(where, name) for name in ops_of(code)]
            for inside in re.findall(r"using\s+Ops\s*=\s*OpList\s*<([^;]*)>\s*;", code):
                listed |= set(re.findall(r"\w+", inside))
            families += [(where, name) for name in re.findall(r"namespace\s+(\w+_family)\b", code)]
            for inside in re.findall(r"Families\s*<([^;{}]*)>\s*;", code):
                used |= set(re.findall(r"\w+_family", inside))
    found += [f"{where}: {name} stands in no OpList, so that no test checks its gradient" for where, name in ops if name not in listed]
    found += [f"{where}: {name}::Ops does not stand in AllOps" for where, name in families if name not in used]
    return found


def check_that_breaches_are_seen():
    """Each of these files breaks one rule; a check that does not see it is broken itself."""
    breaches = {
        "tensor/a.h": '#include "autograd/var.h"\n',
        "data/a.cpp": '#include "nn/init.h"\n',
        "nn/meson.build": "nn_lib = static_library('nn', dependencies: [models_dep])\n",
        "lab/a.h": "#include <CLI/CLI.hpp>\n",
        "lab/a.cpp": "#include <nlohmann/json.hpp>\n",
        "models/a.cpp": "int a;\n" * (LONG + 1),
        "autograd/a.h": "struct LostOp { void backward(const Saved&, const Cotangents&, Targets&) const; };\n",
        "autograd/b.h": "struct Rule { int a; void backward(const Saved&, const Cotangents&, Targets&) const; };\n",
        "autograd/c.h": "namespace lost_family { using Ops = OpList<SomeOp>; }\n",
    }
    with tempfile.TemporaryDirectory() as folder:
        for name, text in breaches.items():
            path = pathlib.Path(folder) / name
            path.parent.mkdir(exist_ok=True)
            path.write_text(text)
        found = problems(pathlib.Path(folder))
        for name in breaches:
            assert any(line.startswith(name) for line in found), f"the breach in {name} was not seen"
        assert len(found) == len(breaches), found


check_that_breaches_are_seen()
root = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else __file__ + "/../..").resolve()
breaches = problems(root)
print("\n".join(breaches) or "no breach")
sys.exit(1 if breaches else 0)
