"""elbo-score from the command line: files, areas, likelihood ratios, the failure that it names."""

import csv
import os
import random
import unittest

import small_data
from harness import SMALL, Case, path, picture_size, tool

SETTINGS = [a for a in SMALL if not a.startswith("mnist:") and a != "--data"]


def speckled(folder, clean):
    """The small data set with bright specks on all pictures but those of one label: these are simpler than the rest."""
    spec, draw = small_data.write(folder), random.Random(2)
    for name in ("train", "t10k"):
        with open(os.path.join(folder, name + "-labels-idx1-ubyte"), "rb") as f:
            labels = f.read()[8:]
        with open(os.path.join(folder, name + "-images-idx3-ubyte"), "rb") as f:
            pictures = bytearray(f.read())
        for i, label in enumerate(labels):
            if label != clean:
                for _ in range(60):
                    pictures[16 + 784 * i + draw.randrange(784)] = 255
        with open(os.path.join(folder, name + "-images-idx3-ubyte"), "wb") as f:
            f.write(pictures)
    return spec


def area(rows):
    """The share of pairs in which the anomaly scores higher, ties counted half."""
    odd = [float(r["score"]) for r in rows if r["anomaly"] == "1"]
    rest = [float(r["score"]) for r in rows if r["anomaly"] == "0"]
    return sum((a > b) + (a == b) / 2 for a in odd for b in rest) / len(odd) / len(rest)


class Score(Case):
    @classmethod
    def setUpClass(cls):
        cls.data = speckled(path("speckled"), 9)
        for name, more in (("vae", []), ("ae", ["--set", "model.variational=false"]), ("other", ["--seed", "2"]),
                           ("grey", ["--set", "objective.likelihood=gaussian"])):
            done = tool("elbo-train", *SETTINGS, "--data", cls.data, "--set", "data.exclude_labels=[9]", "--set", "train.epochs=6", *more,
                        "--out", path("score-" + name), "--quiet")
            assert done.returncode == 0, done.stderr
        cls.vae, cls.ae, cls.other, cls.grey = (path("score-" + n) for n in ("vae", "ae", "other", "grey"))

    def test_csv(self):
        said = self.good_json("elbo-score", self.vae, "--anomaly", 9, "--out", path("scores.csv"))
        with open(path("scores.csv"), newline="") as f:
            rows = list(csv.DictReader(f))
        self.assertEqual(list(rows[0]), ["index", "label", "score", "anomaly"])
        self.assertEqual(sorted(int(r["index"]) for r in rows), list(range(small_data.TEST)))
        self.assertTrue(all((r["label"] == "9") == (r["anomaly"] == "1") for r in rows))
        scores = [float(r["score"]) for r in rows]
        self.assertEqual(scores, sorted(scores, reverse=True))
        self.assertAlmostEqual(area(rows), said["area"], 6)
        self.assertEqual((said["score"], said["background"], said["anomalies"], said["anomaly"]), ("elbo", None, 100, "9"))
        self.good("elbo-score", self.ae, "--out", path("plain.csv"))
        with open(path("plain.csv")) as f:
            self.assertEqual(f.readline(), "index,label,score\n")
        self.assertIsNone(self.good_json("elbo-score", self.ae)["area"])

    def test_picture(self):
        self.assertIn("the ROC", self.good("elbo-score", self.ae, "--anomaly", 9, "--out", path("roc.png")))
        self.assertEqual(picture_size(path("roc.png")), (632, 656, 3))
        self.bad(2, "needs --anomaly", "elbo-score", self.ae, "--out", path("never.png"))
        self.bad(2, "this tool writes .csv or .png", "elbo-score", self.ae, "--out", path("never.npy"))

    def test_the_known_failure_and_what_helps(self):
        for run, code in ((self.vae, "learns it alone"), (self.grey, "PNG")):
            told = self.good("elbo-score", run, "--anomaly", 9, "--score", "nll")
            self.assertIn("Nalisnick et al. 2019", told)
            self.assertIn("try --score likelihood-ratio", told)
            failed = self.good_json("elbo-score", run, "--anomaly", 9, "--score", "nll")
            self.assertTrue(failed["worse_than_chance"])
            self.assertLess(failed["area"], 0.3)
            told = self.good_json("elbo-score", run, "--anomaly", 9, "--score", "likelihood-ratio")
            self.assertGreater(told["area"], 0.7)
            self.assertFalse(told["worse_than_chance"])
            self.assertIn("Serra et al. 2020", told["background"])
            self.assertIn(code, told["background"])
        self.assertNotIn("Nalisnick", self.good("elbo-score", self.vae, "--anomaly", 9, "--score", "likelihood-ratio"))

    def test_background(self):
        told = self.good_json("elbo-score", self.vae, "--background", self.other, "--anomaly", 9)
        self.assertEqual((told["score"], told["background"]), ("likelihood-ratio", self.other))
        own = self.good_json("elbo-score", self.vae, "--background", self.vae, "--anomaly", 9)
        self.assertEqual((own["mean"], own["area"]), (0, 0.5))
        self.bad(2, "goes with --score likelihood-ratio", "elbo-score", self.vae, "--background", self.other, "--score", "nll")
        self.bad(2, "different kinds", "elbo-score", self.vae, "--background", self.grey)
        self.bad(2, "is no VAE", "elbo-score", self.vae, "--background", self.ae)
        self.bad(2, "is no VAE", "elbo-score", self.ae, "--score", "likelihood-ratio")

    def test_labels(self):
        self.assertNotIn("was trained on", self.good("elbo-score", self.vae, "--anomaly", 9))
        self.assertIn("was trained on 3", self.good("elbo-score", self.vae, "--anomaly", 3))
        self.assertIs(self.good_json("elbo-score", self.vae, "--anomaly", 3)["trained_on"], True)
        self.assertIs(self.good_json("elbo-score", self.vae, "--anomaly", 9)["trained_on"], False)
        self.assertNotIn("Nalisnick", self.good("elbo-score", self.vae, "--anomaly", 3))
        self.bad(2, "unknown label", "elbo-score", self.vae, "--anomaly", 10)
        self.bad(2, "--input has none", "elbo-score", self.vae, "--anomaly", 9, "--input", "some.png")


if __name__ == "__main__":
    unittest.main()
