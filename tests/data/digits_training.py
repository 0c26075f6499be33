#!/usr/bin/env python3
"""The built-in digits are informative: what models trained on them for ten epochs must find.

Usage: digits_training.py TOOLS
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


with tempfile.TemporaryDirectory() as folder:
    out = pathlib.Path(folder)
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
sys.exit(1 if failed else 0)
