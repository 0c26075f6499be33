#!/usr/bin/env python3
"""Runs what the documentation shows: README.md and the pages below docs/ do what they say, or this fails.

Usage: documentation.py BUILD [FILE...]

- A ```console block is run line by line, in one scratch folder for each page that looks like the repository's root (build/ is BUILD):
      $ build/tools/elbo-data --data digits        must exit 0, or fail where the shown output starts with `error:`
      digits: ... 28x28x1 ...                      the output that must come, white space aside; `...` stands for anything
  No lines after a command: its output is not looked at.
- A ```cpp block whose first line is a comment that names a file (`// autograd/engine.h`) stands in that file, line by line; `...` on a
  line of its own leaves lines out.
- A relative link leads to a file that exists.
"""
import os
import pathlib
import re
import subprocess
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent
LONGEST = 120  # seconds a command may take
problems = []


def squeezed(text):
    return " ".join(text.split())


def run_console(where, block, folder):
    for command, shown in re.findall(r"^\$ (.*(?:\\\n.*)*)\n((?:(?!\$ ).*\n)*)", block + "\n", re.M):
        start = time.monotonic()
        try:
            done = subprocess.run(["bash", "-o", "pipefail", "-c", command], cwd=folder, capture_output=True, text=True, timeout=LONGEST)
        except subprocess.TimeoutExpired:
            problems.append(f"{where}: more than {LONGEST} seconds: {command}")
            continue
        output = done.stdout + done.stderr
        print(f"{time.monotonic() - start:6.1f} s  {command}")
        shown = squeezed(shown)
        if (done.returncode != 0) != shown.startswith("error:"):
            problems.append(f"{where}: exit status {done.returncode}: {command}\n{output}")
        elif shown and not re.fullmatch(".*".join(re.escape(part.strip()) for part in shown.split("...")), squeezed(output), re.S):
            problems.append(f"{where}: another output than shown: {command}\n{output}")


def compare_code(where, block):
    named = re.match(r"// ([\w./-]+\.(?:h|cpp))\n", block)
    if not named:
        return
    path = ROOT / named[1]
    if not path.exists():
        problems.append(f"{where}: there is no {named[1]}")
        return
    source = [squeezed(line) for line in path.read_text().splitlines()]
    at, anywhere = 0, True  # anywhere: lines may be left out before the next one
    for line in filter(None, map(squeezed, block.splitlines()[1:])):
        if line in ("...", "// ..."):
            anywhere = True
            continue
        after = source[at:]
        if not anywhere:
            while after and not after[0]:
                after = after[1:]
        if line not in after or (not anywhere and after[0] != line):
            problems.append(f"{where}: not in {named[1]} any more: {line}")
            return
        at = len(source) - len(after) + after.index(line) + 1
        anywhere = False


def check_page(path, build):
    text = path.read_text()
    name = path.relative_to(ROOT)
    for link in re.findall(r"\]\(([^)#\s]+)", re.sub(r"```.*?```", "", text, flags=re.S)):
        if "://" not in link and not (path.parent / link).exists():
            problems.append(f"{name}: a link to nothing: {link}")
    with tempfile.TemporaryDirectory() as folder:
        for entry in ROOT.iterdir():
            if not entry.name.startswith((".", "build")):
                os.symlink(entry, f"{folder}/{entry.name}")
        os.symlink(build, f"{folder}/build")
        for found in re.finditer(r"^```(console|cpp)\n(.*?)^```", text, re.M | re.S):
            where = f"{name}:{text.count(chr(10), 0, found.start()) + 1}"
            if found[1] == "console":
                run_console(where, found[2], folder)
            else:
                compare_code(where, found[2])


build = pathlib.Path(sys.argv[1]).resolve()
pages = [pathlib.Path(p).resolve() for p in sys.argv[2:]] or [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
for page in pages:
    check_page(page, build)
print("\n".join(problems) or f"{len(pages)} pages")
sys.exit(1 if problems else 0)
