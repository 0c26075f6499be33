#!/usr/bin/env python3
"""Makes small comparisons with elbo-compare (of pictures, of texts, a sweep) and opens their pages in headless Chromium: no complaint in the
console, nothing loaded from elsewhere, nothing wider than the window, every section there. Skipped (exit status 77) where Chromium is not installed.

usage: comparison_chromium.py ELBO_COMPARE [--shots FOLDER]
"""
import os
import subprocess
import sys
import tempfile
from pathlib import Path

import page_chromium

sys.path.insert(0, str(Path(__file__).parents[1] / "tools"))
import small_data  # noqa: E402


SECTIONS = ["rate-and-distortion", "learning-curves", "reconstructions", "samples", "holes", "what-each-unit-carries", "latent-space",
            "one-unit-at-a-time", "interpolation", "what-each-figure-means", "make-it-again"]


def run(program, *options):
    return subprocess.run([program, *options], capture_output=True, text=True, timeout=300)


def write_texts(file):
    who, does, where = ("a dog", "the old man", "a child", "two women"), ("runs", "sleeps", "waits", "sings"), ("here", "in the snow", "at home")
    lines = [f"{a} {b} {c} , {d} {e} ." for a in who for b in does for c in where for d in who for e in does]
    Path(file).write_text("\n".join(lines) + "\n")
    return f"text:{file}"


def judge(page, sections, shots):
    text = page.read_text()
    missing = [s for s in sections if f'<section id="{s}"' not in text]
    for section in missing:
        print(f"{page}: no section {section}")
    if text.count("<svg") != text.count("<desc"):
        print(f"{page}: a plot without a description")
        return 1
    sys.argv[1:] = [str(page), *shots]
    return page_chromium.main() or len(missing)


def main():
    program, shots = sys.argv[1], sys.argv[2:]
    if not page_chromium.installed():
        return 77
    with tempfile.TemporaryDirectory() as folder:
        os.environ["XDG_CACHE_HOME"] = str(Path(folder) / "cache")  # a classifier is trained
        data = small_data.write(str(Path(folder) / "data"), train=800, test=200)
        texts = write_texts(Path(folder) / "texts.txt")
        steps, small = ["--set", "train.steps=20"], ["--set", "model.embed=8", "--set", "model.units=16"]
        comparisons = {
            "report": (["--presets", "dense-ae,dense-vae", "--data", data, "--seeds", "2", *steps, "--baselines"], SECTIONS + ["sharpness"]),
            "sweep": (["--presets", "mlp-vae-2d", "--data", data, "--seeds", "2", *steps, "--sweep", "objective.beta=0,0.25,1,4"],
                      SECTIONS + ["the-trade-off"]),
            "budgets": (["--presets", "mlp-vae,conv-vae:train.steps=8", "--data", data, "--seeds", "1", "--set", "train.steps=4", "--quick"],
                        ["expected-and-found", "what-was-compared"]),
            "texts": (["--presets", "text-ae,text-vae,text-lm", "--data", texts, "--seeds", "1", *steps, *small], SECTIONS),
        }
        for name, (options, sections) in comparisons.items():
            report = Path(folder) / name
            made = run(program, *options, "--out", str(report))
            if made.returncode != 0:
                print(f"elbo-compare: exit status {made.returncode}\n{made.stderr}", file=sys.stderr)
                return 1
            if status := judge(report / "index.html", sections, [shots[0], str(Path(shots[1]) / name)] if shots else []):
                return status
        options = comparisons["report"][0]
        other = run(program, *options, "--out", str(Path(folder) / "report"), "--set", "train.batch=64")
        if other.returncode != 1 or not other.stderr.startswith("error: ") or "other options" not in other.stderr:
            print(f"other options: exit status {other.returncode}, expected 1 and why\n{other.stderr}", file=sys.stderr)
            return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
