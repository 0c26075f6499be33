#!/usr/bin/env python3
"""The built-in data are worth training on: what models must find in them.

Usage: training.py TOOLS digits|sentences
"""
import json
import pathlib
import subprocess
import sys
import tempfile

tools = pathlib.Path(sys.argv[1])
failed = 0


def run(tool, *arguments):
    done = subprocess.run([tools / tool, *map(str, arguments)], capture_output=True, text=True)
    if done.returncode != 0:
        sys.exit(f"{tool} {arguments}: exit status {done.returncode}: {done.stderr}")
    return done.stdout


def expect(what, holds):
    global failed
    failed += not holds
    print(f"{'passed' if holds else 'FAILED'}: {what}")


def digits(out):
    """Ten epochs on the digits."""
    report = run("elbo-compare", "--presets", "dense-ae", "--data", "digits", "--seeds", 1, "--set", "train.epochs=10", "--baselines",
                 "--out", out / "report", "--json", "--quiet")  # fmt: skip
    error = {r["name"]: r["figures"]["squared_error"] for r in json.loads(report)["runs"]}
    share = error["dense-ae"] / error["principal-components-32"]
    expect(f"dense-ae leaves {share:.0%} of the error of 32 principal components, under 60%", share < 0.6)
    run("elbo-train", "--preset", "mlp-vae", "--set", "model.hidden=[400]", "--set", "train.epochs=10", "--data", "digits", "--out",
        out / "vae", "--quiet")  # fmt: skip
    vae = json.loads(run("elbo-eval", out / "vae", "--json"))
    expect(f"a 400-20 VAE has a KL of {vae['kl']:.1f} nats, 12 to 30", 12 <= vae["kl"] <= 30)
    expect(f"and {vae['active_units']} active units, at least 8", vae["active_units"] >= 8)


def sentences(out):
    """The sentences can be learned: a language model comes within a nat of what no model can be below, their entropy."""
    floor = json.loads(run("elbo-data", "--data", "sentences", "--json"))["entropy"]
    settings = ["model.dropout=0.35", "optimizer.learning_rate=0.003", "optimizer.schedule.name=cosine", "train.batch=64", "train.epochs=8"]
    run("elbo-train", "--preset", "text-lm", "--data", "sentences", "--out", out / "lm", "--quiet", *(w for s in settings for w in ("--set", s)))
    nats = json.loads(run("elbo-eval", out / "lm", "--json"))["total"]
    # The standard error of 5,000 sentences is 0.06 nats: a model further below the entropy than a few of them would have seen the data.
    expect(f"a language model's {nats:.2f} nats are {nats - floor:.2f} above the entropy, {floor:.2f}", -0.25 < nats - floor < 1)


with tempfile.TemporaryDirectory() as folder:
    {"digits": digits, "sentences": sentences}[sys.argv[2]](pathlib.Path(folder))
sys.exit(1 if failed else 0)
