#!/usr/bin/env python3
"""Makes a small comparison with elbo-compare and opens its page in headless Chromium: no complaint in the console, nothing loaded from
elsewhere, nothing wider than the window. Skipped (exit status 77) where Chromium is not installed.

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


def run(program, *options):
    return subprocess.run([program, *options], capture_output=True, text=True, timeout=300)


def main():
    program, shots = sys.argv[1], sys.argv[2:]
    with tempfile.TemporaryDirectory() as folder:
        os.environ["XDG_CACHE_HOME"] = str(Path(folder) / "cache")  # a classifier is trained
        report = str(Path(folder) / "report")
        data = small_data.write(str(Path(folder) / "data"))
        options = ["--presets", "dense-ae,dense-vae", "--data", data, "--seeds", "2", "--set", "train.steps=20", "--baselines"]
        made = run(program, *options, "--out", report)
        if made.returncode != 0:
            print(f"elbo-compare: exit status {made.returncode}\n{made.stderr}", file=sys.stderr)
            return 1
        other = run(program, *options, "--out", report, "--set", "train.batch=64")
        if other.returncode != 1 or not other.stderr.startswith("error: ") or "other options" not in other.stderr:
            print(f"other options: exit status {other.returncode}, expected 1 and why\n{other.stderr}", file=sys.stderr)
            return 1
        sys.argv[1:] = [str(Path(report) / "index.html"), *shots]
        return page_chromium.main()


if __name__ == "__main__":
    sys.exit(main())
