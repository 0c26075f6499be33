#!/usr/bin/env python3
"""The built-in sentences can be learned: a language model comes within a nat of what no model can be below, their entropy.

Usage: sentences_training.py TOOLS
"""
import json
import pathlib
import subprocess
import sys
import tempfile

tools = pathlib.Path(sys.argv[1])
# An ordinary language model, with what a larger one for more epochs would do better by itself: a falling learning rate.
SETTINGS = ["model.dropout=0.35", "optimizer.learning_rate=0.003", "optimizer.schedule.name=cosine", "train.batch=64", "train.epochs=8"]


def run(tool, *arguments):
    done = subprocess.run([tools / tool, *map(str, arguments)], capture_output=True, text=True)
    if done.returncode != 0:
        sys.exit(f"{tool} {arguments}: exit status {done.returncode}: {done.stderr}")
    return done.stdout


with tempfile.TemporaryDirectory() as folder:
    out = pathlib.Path(folder) / "lm"
    floor = json.loads(run("elbo-data", "--data", "sentences", "--json"))["entropy"]
    run("elbo-train", "--preset", "text-lm", "--data", "sentences", "--out", out, "--quiet", *(w for s in SETTINGS for w in ("--set", s)))
    lm = json.loads(run("elbo-eval", out, "--json"))
    above = lm["total"] - floor
    # The standard error of 5,000 sentences is 0.06 nats: what lay further below the entropy than a few of them would have seen the data.
    right = -0.25 < above < 1
    print(f"{'passed' if right else 'FAILED'}: a language model's {lm['total']:.2f} nats are {above:.2f} above the entropy, {floor:.2f}")
sys.exit(0 if right else 1)
