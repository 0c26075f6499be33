"""elbo-compare and elbo-bench: what they write, and when they complain."""

import fcntl
import json
import os
import pathlib
import signal
import subprocess
import time
import unittest

import small_data
from harness import Case, path, read_bytes, tool

DATA = small_data.write(path("few"), train=800, test=200)  # a comparison measures more than it trains
OPTIONS = ["--presets", "dense-ae,dense-vae", "--data", DATA, "--seeds", "2", "--set", "train.steps=4", "--set", "model.hidden=[16]"]
# The cache: a classifier is trained for the data.
SLOW = {"OPENBLAS_CORETYPE": "Prescott", "XDG_CACHE_HOME": path("cache")}


def fast_machine(case):
    return "instruction set: avx" in case.good("elbo-train", "--version")


def warnings(result):
    return [line for line in result.stderr.splitlines() if line.startswith("warning: ")]


class Comparison(Case):
    @classmethod
    def setUpClass(cls):
        cls.made = tool("elbo-compare", *OPTIONS, "--out", path("report"), env=SLOW)

    def test_files(self):
        self.assertEqual(self.made.returncode, 0, self.made.stderr)
        self.assertIn(path("report", "index.html"), self.made.stdout)
        twin = "dense-vae-objective.likelihood=gaussian-optimal"  # a VAE with a squared error brings it
        runs = sorted(f"{name}-seed{seed}" for name in ("dense-ae", "dense-vae", twin) for seed in (1, 2))
        self.assertEqual(sorted(os.listdir(path("report"))), ["compare.json", "index.html", "runs"])
        self.assertEqual(sorted(os.listdir(path("report", "runs"))), runs)
        compared = json.loads(read_bytes("report", "compare.json"))
        self.assertEqual(sorted(os.path.basename(r["folder"]) for r in compared["runs"]), runs)
        for r in compared["runs"]:
            self.assertEqual(r["figures"], json.loads(read_bytes("report", "runs", os.path.basename(r["folder"]), "summary.json")))
        mean = sum(r["figures"]["squared_error_at_mean"] for r in compared["runs"] if r["name"] == "dense-ae") / 2
        summary = compared["summary"]["dense-ae"]["squared_error_at_mean"]
        self.assertAlmostEqual(summary["mean"], mean, places=9)
        self.assertEqual(summary["n"], 2)
        page = read_bytes("report", "index.html").decode()
        for foreign in ("http://", "https://", "src=\"//"):
            self.assertNotIn(foreign, page.replace("http://www.w3.org/", ""))

    def test_continued_with_the_same_options_alone(self):
        before = os.stat(path("report", "runs", "dense-ae-seed1", "state.safetensors")).st_mtime_ns
        self.good("elbo-compare", *OPTIONS, "--out", path("report"))
        self.assertEqual(os.stat(path("report", "runs", "dense-ae-seed1", "state.safetensors")).st_mtime_ns, before)
        self.bad(1, "other options", "elbo-compare", *OPTIONS, "--out", path("report"), "--set", "train.batch=64", env=SLOW)
        self.bad(2, "dense-vae", "elbo-compare", "--presets", "dense-vee", "--data", DATA, "--out", path("none"), env=SLOW)
        self.assertFalse(os.path.exists(path("none")))

    def test_expectations(self):
        compared = json.loads(read_bytes("report", "compare.json"))
        self.assertTrue(compared["expectations"])
        for e in compared["expectations"]:
            self.assertIn(e["result"], ("as expected", "reversed", "undecided", "one seed", "only bounded", "not measured"))
            self.assertTrue(e["few_seeds"])
            if e["n"] >= 2:
                self.assertLess(e["interval"][0], e["interval"][1] + 1e-300)
            decided = e["interval"] is not None and (e["interval"][0] > 0 or e["interval"][1] < 0)
            self.assertEqual(decided, e["result"] in ("as expected", "reversed"), e)
        self.assertIn("expected beforehand: ", self.made.stdout)
        self.assertIn("few seeds (2)", self.made.stdout)
        page = read_bytes("report", "index.html").decode()
        for part in ("Expected, and found", "Differences", "All figures", "Initial weights", "ignores training noise"):
            self.assertIn(part, page)
        run = next(r for r in compared["runs"] if r["name"] == "dense-vae")
        for figure in ("nll", "mutual_information", "ssim", "probe_accuracy", "sample_distance", "hole_ratio_prior", "path_ratio"):
            self.assertIsNotNone(run["measured"]["figures"][figure], figure)

    def test_several_at_once_give_the_same_figures(self):
        made = tool("elbo-compare", *OPTIONS, "--jobs", "2", "--out", path("jobs"), env=SLOW)
        self.assertEqual(made.returncode, 0, made.stderr)
        self.assertIn("6 of 6 trained", made.stderr)
        one, two = (json.loads(read_bytes(name, "compare.json")) for name in ("report", "jobs"))
        for a, b in zip(one["runs"], two["runs"]):
            for figure in ("total", "squared_error_at_mean", "kl"):
                self.assertEqual(a["figures"][figure], b["figures"][figure])
        self.assertNotIn("--jobs", two["command"])
        self.bad(1, "-seed1: [train] ", "elbo-compare", "--presets", "dense-ae,dense-vae", "--data", DATA, "--seeds", "1", "--set", "train.steps=4",
                 "--set", "optimizer.learning_rate=1e30", "--jobs", "2", "--out", path("failing"), "--quiet", env=SLOW)

    def test_a_signal_ends_all_of_them(self):
        command = [os.path.join(os.environ["ELBO_TOOLS"], "elbo-compare"), "--presets", "dense-ae,dense-vae", "--data", DATA, "--seeds", "1",
                   "--set", "train.steps=1000000", "--set", "model.hidden=[16]", "--jobs", "2", "--out", path("ended")]
        compare = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        runs = [path("ended", "runs", f"{name}-seed1") for name in ("dense-ae", "dense-vae")]
        end = time.monotonic() + 60
        while not all(os.path.exists(r) for r in runs) and time.monotonic() < end:
            time.sleep(0.05)
        compare.send_signal(signal.SIGTERM)
        errors = compare.communicate(timeout=60)[1]
        self.assertEqual(compare.returncode, 143, errors)
        self.assertIn("stopped by a signal", errors)
        for r in runs:
            with open(os.path.join(r, ".lock"), "r+b") as lock:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)  # fails where a training still holds it
            self.assertTrue(os.path.exists(os.path.join(r, "state.safetensors")))
            self.assertFalse(os.path.exists(os.path.join(r, "summary.json")))

    def test_watch_until_the_comparison_ends(self):
        command = [os.path.join(os.environ["ELBO_TOOLS"], "elbo-compare"), *OPTIONS, "--jobs", "1", "--out", path("seen"), "--quiet"]
        compare = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
        end = time.monotonic() + 60
        while not os.path.exists(path("seen", ".lock")) and time.monotonic() < end:
            time.sleep(0.02)
        while not os.path.exists(path("seen", "compare.json")) and time.monotonic() < end:
            time.sleep(0.02)
        self.bad(1, "another elbo-compare is at work", "elbo-compare", *OPTIONS, "--out", path("seen"), env=SLOW)
        shown = self.good("elbo-watch", path("seen"), "--interval", "0.1")
        self.assertFalse(os.path.exists(path("seen", ".lock")))  # the watch ended after the comparison, not between two runs
        self.assertEqual(compare.wait(timeout=60), 0)
        self.assertEqual(shown.rstrip().split("\n\n")[-1].count("finished"), 6, shown)

    def test_a_budget_in_seconds(self):
        options = ["--presets", "dense-ae", "--data", DATA, "--seeds", "1", "--set", "model.hidden=[16]", "--out", path("seconds")]
        shown = self.good_json("elbo-compare", *options, "--seconds", "0.3", "--quiet", env=SLOW)
        self.assertEqual(shown["budget"], {"seconds": 0.3})
        (run,) = shown["runs"]
        self.assertGreaterEqual(run["training_seconds"], 0.3)
        self.assertGreater(run["updates"], 0)
        self.bad(2, "given twice", "elbo-compare", *options, "--seconds", "1", "--set", "train.epochs=1")

    def test_warning_of_a_slow_blas_core(self):
        self.assertEqual(len(warnings(self.made)), 1 if fast_machine(self) else 0, self.made.stderr)
        quiet = tool("elbo-compare", *OPTIONS, "--seed", "7", "--out", path("quiet"), "--quiet", env=SLOW)
        self.assertEqual((quiet.returncode, quiet.stderr), (0, ""))


class Benchmark(Case):
    def test_keys(self):
        shown = self.good_json("elbo-bench", "--model", "mlp-ae", "--seconds", "0.05", "--quiet", env=SLOW)
        machine = shown["machine"]
        for key in ("cores", "threads", "isa", "blas_version", "blas_core", "blas_threading", "sgemm_gflops", "fma_gflops", "copy_gbytes_per_second"):
            self.assertIn(key, machine)
        (step,) = shown["steps"]
        self.assertEqual((step["name"], step["batch"], step["parameters"]), ("mlp-ae", 128, 419120))
        self.assertEqual(step["flops"], 2 * 128 * (5 * 784 * 256 + 6 * 256 * 32))  # no input gradient of the first layer
        self.assertAlmostEqual(step["gflops"], step["flops"] / step["step_us"] * 1e-3, delta=0.01 * step["gflops"])
        self.assertAlmostEqual(step["fraction_of_sgemm"], step["gflops"] / machine["sgemm_gflops"], delta=0.01)
        self.assertAlmostEqual(step["fraction_of_peak"], step["gflops"] / machine["fma_gflops"], delta=0.01)
        floor = step["flops"] / machine["fma_gflops"] * 1e-3 + 28 * step["parameters"] / machine["copy_gbytes_per_second"] * 1e-3
        self.assertAlmostEqual(step["floor_us"], floor, delta=0.01 * floor)
        self.assertGreater(step["peak_rss_mb"], 1)

    def test_warning_of_a_slow_blas_core(self):
        result = tool("elbo-bench", "--model", "mlp-ae", "--seconds", "0.05", env=SLOW)
        self.assertEqual(result.returncode, 0, result.stderr)
        self.assertEqual(len(warnings(result)), 1 if fast_machine(self) else 0, result.stderr)
        self.bad(2, "mlp-vae", "elbo-bench", "--model", "mlp-vee", env=SLOW)

    def test_help_and_documentation_name_what_is_measured(self):
        shown = " ".join(tool("elbo-bench", "--help").stdout.split())
        page = (pathlib.Path(__file__).parents[2] / "docs" / "tools.md").read_text().split("## elbo-bench")[1].split("\n## ")[0]
        for name in ("mlp-ae", "mlp-vae-2d", "mlp-vae", "conv-vae", "conv-same-vae"):
            self.assertRegex(shown, rf"[(,] ?{name}[,)]")
            self.assertIn(f"`{name}`", page)
        for text in (shown, page):
            self.assertIn("convolutions", text)


if __name__ == "__main__":
    unittest.main()
