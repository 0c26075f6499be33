"""elbo-reproduce: what it prints, and its exit status inside and outside the bands."""

import json
import os
import pathlib
import signal
import subprocess
import time
import unittest

from harness import DATA, TOOLS, Case, path, read_bytes, tool

NAMES = ["mnist-mlp", "mnist-mlp-2d", "mnist-conv-keras", "iwae", "multi30k-text", "linear-vae"]


class Usage(Case):
    def test_list(self):
        shown = self.good("elbo-reproduce", "--list")
        listed = self.good_json("elbo-reproduce", "--list")["experiments"]
        self.assertEqual(list(dict.fromkeys(e["experiment"].split()[0] for e in listed)), NAMES)
        for e in listed:
            self.assertIn(e["experiment"], shown)
            self.assertIn(e["takes"], shown)
            self.assertTrue(e["source"] and e["what"] and e["models"])
        (paper,) = [e for e in listed if e["experiment"] == "iwae --k 5"]
        self.assertIn({"model": "vae", "figure": "nll", "reference": 85.54, "low": 84.9, "high": 86.2}, paper["figures"])

    def test_documentation_has_every_reference(self):
        page = (pathlib.Path(__file__).parents[2] / "docs" / "reproduce.md").read_text()
        for e in self.good_json("elbo-reproduce", "--list")["experiments"]:
            for figure in e["figures"]:
                if figure["low"] is not None:
                    self.assertRegex(page, rf"(?<![\d.]){figure['reference']:g}(?![\d])", e["experiment"])

    def test_wrong_usage(self):
        self.bad(2, "nearest is 'linear-vae'", "elbo-reproduce", "linear-vea")
        self.bad(2, "NAME is missing", "elbo-reproduce")
        self.bad(2, "no shorter form", "elbo-reproduce", "linear-vae", "--short")
        self.bad(2, "expected --k 1 or --k 5", "elbo-reproduce", "iwae", "--data", DATA)
        self.bad(2, "--k 2: mnist-mlp has none", "elbo-reproduce", "mnist-mlp", "--k", "2", "--data", DATA)
        self.bad(2, "makes its own data", "elbo-reproduce", "linear-vae", "--data", "digits")
        self.bad(2, "--data mnist:FOLDER", "elbo-reproduce", "mnist-mlp", "--data", "digits")
        self.bad(2, "--list goes alone", "elbo-reproduce", "--list", "linear-vae")
        self.bad(2, "says it is a file", "elbo-reproduce", "linear-vae", "--out", path("x.html"))

    def test_data_that_are_missing(self):
        self.bad(1, "--data mnist:FOLDER", "elbo-reproduce", "mnist-mlp")
        self.bad(1, path("nowhere"), "elbo-reproduce", "mnist-mlp", "--data", "mnist:" + path("nowhere"), "--out", path("unused"))
        self.assertFalse(os.path.exists(path("unused")))


class Inside(Case):
    @classmethod
    def setUpClass(cls):
        os.makedirs(path("scratch"))
        cls.scratch = {"TMPDIR": path("scratch")}
        cls.made = tool("elbo-reproduce", "linear-vae", "--out", path("linear"), "--quiet")

    def test_table(self):
        self.assertEqual((self.made.returncode, self.made.stderr), (0, ""))
        self.assertIn("linear-vae: inside every band", self.made.stdout)
        self.assertNotIn("OUTSIDE", self.made.stdout)
        self.assertEqual(sorted(os.listdir(path("linear"))), ["data.npy", "reproduce.json", "runs"])

    def test_finished_runs_are_used_again(self):
        state = path("linear", "runs", "linear-vae-seed1", "state.safetensors")
        before = os.stat(state).st_mtime_ns
        again = self.good_json("elbo-reproduce", "linear-vae", "--out", path("linear"))
        self.assertEqual(os.stat(state).st_mtime_ns, before)
        self.assertTrue(again["inside"])
        kept = json.loads(read_bytes("linear", "reproduce.json"))
        self.assertEqual({k: v for k, v in kept.items() if k != "measured"}, again)
        self.bad(1, "holds linear-vae, not mnist-mlp", "elbo-reproduce", "mnist-mlp", "--data", DATA, "--out", path("linear"))

    def test_without_out_nothing_stays(self):
        shown = self.good_json("elbo-reproduce", "linear-vae", env=self.scratch)
        self.assertEqual(os.listdir(path("scratch")), [])
        (excess,) = [f for f in shown["figures"] if f["figure"] == "total_excess"]
        self.assertEqual((excess["inside"], len(excess["values"])), (True, 1))
        self.assertLessEqual(abs(excess["mean"]), 0.01)


class Outside(Case):
    def test_other_data_are_outside_the_bands(self):
        result = tool("elbo-reproduce", "mnist-mlp", "--data", DATA, "--seeds", "1", "--out", path("mlp"))
        self.assertEqual(result.returncode, 3, result.stderr)
        self.assertIn("OUTSIDE", result.stdout)
        self.assertIn("the references are of 60000 and 10000", result.stderr)
        result = tool("elbo-reproduce", "mnist-mlp", "--data", DATA, "--seeds", "1", "--out", path("mlp"), "--json", "--quiet")
        self.assertEqual((result.returncode, result.stderr), (3, ""))
        shown = json.loads(result.stdout)
        self.assertEqual((shown["inside"], shown["seeds"]), (False, 1))
        for figure in shown["figures"]:
            run = json.loads(read_bytes("mlp", "runs", figure["model"] + "-seed1", "summary.json"))
            self.assertEqual(figure["values"], [run["total"]])
            self.assertEqual(figure["inside"], figure["low"] <= run["total"] <= figure["high"])

        # One that was stopped has no result; the same command goes on where it was, to the same figures.
        command = [os.path.join(TOOLS, "elbo-reproduce"), "mnist-mlp", "--data", DATA, "--seeds", "1", "--out", path("stopped"), "--json", "--quiet"]
        process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        end = time.monotonic() + 120
        while not os.path.exists(path("stopped", "runs", "vae-seed1")) and time.monotonic() < end:
            time.sleep(0.01)
        process.send_signal(signal.SIGTERM)
        out, err = process.communicate(timeout=120)
        self.assertEqual((process.returncode, out, err), (143, "", ""))
        self.assertIsNone(json.loads(read_bytes("stopped", "reproduce.json"))["inside"])
        self.assertFalse(os.path.exists(path("stopped", "runs", "ae-seed1")))
        continued = tool("elbo-reproduce", *command[1:])
        self.assertEqual(continued.returncode, 3, continued.stderr)
        self.assertEqual(json.loads(continued.stdout)["figures"], shown["figures"])


if __name__ == "__main__":
    unittest.main()
