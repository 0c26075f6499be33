#!/usr/bin/env python3
"""A newer program reads the runs of every older file format: a small run of each is kept beside this script and used here.

Usage: kept_run.py TOOLS            evaluates, samples from and resumes a copy of each kept run
       kept_run.py TOOLS --make     makes the run of the format that TOOLS write now (once, when the format's number is new)

A run knows the absolute path of its data, so a kept run's data are put where they were when it was made.
"""
import json
import pathlib
import shutil
import subprocess
import sys
import tempfile

KEPT = pathlib.Path(__file__).parent / "runs"
DATA = pathlib.Path("/tmp/elbo-kept-run/data.npy")
TEXTS = DATA.with_suffix(".txt")
# What the program of each format could do that those before could not is in its run.
PRESETS = {
    1: ("mlp-vae", ["model.hidden=[6]"]),
    2: ("conv-same-vae", ["model.filters=[3,4]", "model.normalisation=batch", "objective.adversarial.weight=1", "objective.likelihood=gaussian-learned"]),
    3: ("text-vae", ["model.embed=6", "model.units=6", "data.min_count=1", "objective.anneal.steps=0.3", "optimizer.learning_rate=0.01"]),
    4: ("iwae-vae", ["model.hidden=[6]", "objective.bound=iwae", "objective.samples=3", "optimizer.learning_rate=0.01"]),
}
SETTINGS = ["model.latent=2", "train.batch=16", "train.epochs=2", "train.seed=3", "data.valid=20"]


def tool(name, *arguments):
    done = subprocess.run([str(pathlib.Path(sys.argv[1]) / name), *map(str, arguments)], capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, (name, arguments, done.stderr)
    return done.stdout


def write_data():
    """120 pictures of 8 x 8 bytes: a bar whose place the number of the picture gives; and as many sentences."""
    header = "{'descr': '|u1', 'fortran_order': False, 'shape': (120, 8, 8, 1), }"
    header += " " * (63 - (10 + len(header)) % 64) + "\n"
    pixels = bytes(255 - 20 * (i % 7) if x == i % 8 or y == i // 8 % 8 else 0 for i in range(120) for y in range(8) for x in range(8))
    DATA.parent.mkdir(exist_ok=True)
    words = "anna tom ruth paul has sees wants apples boats coats".split()
    TEXTS.write_text("".join(f"{words[i % 4]} {words[4 + i // 4 % 3]} {words[7 + i // 12 % 3]}\n" for i in range(120)))
    DATA.write_bytes(b"\x93NUMPY\x01\x00" + len(header).to_bytes(2, "little") + header.encode() + pixels)


def metrics(run):
    lines = [json.loads(line) for line in (run / "metrics.jsonl").read_text().splitlines()]
    return [{k: v for k, v in line.items() if k not in ("seconds", "examples_per_second")} for line in lines]


def use(kept, folder):
    run = folder / kept.name
    shutil.copytree(kept, run)
    before = json.loads((run / "summary.json").read_text())
    for weights in ("best", "last"):
        figures = json.loads(tool("elbo-eval", run, "--weights", weights, "--json"))
        assert figures["weights"] == weights, figures
        if weights == before["weights"]:
            for key, value in before.items():
                if isinstance(value, float) and key not in ("seconds", "examples_per_second"):
                    assert abs(figures[key] - value) <= 1e-5 * abs(value), (key, figures[key], value)
    text = json.loads((run / "config.json").read_text())["model"]["kind"] == "text"
    samples = folder / (kept.name + (".txt" if text else ".npy"))
    tool("elbo-sample", run, "--count", 3, "--out", samples)
    assert len(samples.read_text().splitlines()) == 3 if text else samples.stat().st_size > 3 * 64 * 4
    lines = metrics(run)
    tool("elbo-train", "--resume", run, "--set", "train.epochs=3", "--quiet")
    resumed = metrics(run)
    assert resumed[: len(lines)] == lines and len(resumed) == len(lines) + 2, resumed
    assert resumed[-1]["epoch"] == 3 and resumed[-1]["objective"] < lines[0]["objective"], resumed[-1]
    print(f"{kept.name}: evaluated, sampled from and resumed")


def main():
    write_data()
    try:
        use_or_make()
    finally:
        shutil.rmtree(DATA.parent, ignore_errors=True)


def use_or_make():
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        if "--make" in sys.argv:
            run = folder / "run"
            preset, more = PRESETS[max(PRESETS)]
            settings = [word for setting in SETTINGS + more for word in ("--set", setting)]
            data = f"text:{TEXTS}" if preset.startswith("text") else f"npy:{DATA}"
            tool("elbo-train", "--preset", preset, "--data", data, "--out", run, *settings, "--quiet")
            for picture in run.glob("*.png"):
                picture.unlink()
            shutil.rmtree(run / "generated_texts", ignore_errors=True)
            number = json.loads((run / "config.json").read_text())["format"]
            assert number == max(PRESETS), f"add what is new in format {number} to PRESETS"
            shutil.copytree(run, KEPT / f"format-{number}")
            return
        runs = sorted(KEPT.glob("format-*"))
        assert runs, f"no kept run in {KEPT}"
        for kept in runs:
            use(kept, folder)


if __name__ == "__main__":
    main()
