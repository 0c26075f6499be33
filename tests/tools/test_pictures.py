"""Tools that write pictures and codes: sizes, kinds of output, what --out may replace, same seed same bytes."""

import json
import os
import shutil
import struct
import unittest

import small_data
from harness import DATA, SMALL, Case, path, picture_size, read_bytes, tool

try:
    import numpy
except ImportError:
    numpy = None

VAE, AE = path("vae"), path("ae")


def setUpModule():
    for run, more in ((VAE, ["--set", "model.latent=2"]), (AE, ["--set", "model.variational=false", "--set", "model.latent=3"])):
        result = tool("elbo-train", *SMALL, *more, "--set", "train.steps=60", "--quiet", "--out", run)
        assert result.returncode == 0, result.stderr


def grid(rows, columns, padding=2):
    return columns * (28 + padding) + padding, rows * (28 + padding) + padding, 1


class Conditional(Case):
    """A run that is given labels: every tool gives them, or says that they are missing."""

    @classmethod
    def setUpClass(cls):
        cls.run_path = path("conditional")
        result = tool("elbo-train", *SMALL, "--set", "model.classes=10", "--set", "train.steps=60", "--quiet", "--out", cls.run_path)
        assert result.returncode == 0, result.stderr

    def test_sample_with_and_without_label(self):
        outs = {}
        for name, more in (("turn", ()), ("label-3", ("--label", "3")), ("label-4", ("--label", "4"))):
            self.good("elbo-sample", self.run_path, "--count", "10", "--out", path(name + ".npy"), *more)
            outs[name] = read_bytes(path(name + ".npy"))[-10 * 28 * 28 * 4 :]
        size = 28 * 28 * 4
        self.assertEqual(outs["turn"][3 * size : 4 * size], outs["label-3"][3 * size : 4 * size])
        self.assertEqual(outs["turn"][4 * size : 5 * size], outs["label-4"][4 * size : 5 * size])
        self.assertNotEqual(outs["label-3"], outs["label-4"])
        self.bad(2, "labels from 0 to 9", "elbo-sample", self.run_path, "--label", "10", "--count", "1", "--out", path("no.png"))
        self.bad(2, "is given no labels", "elbo-sample", VAE, "--label", "1", "--count", "1", "--out", path("no.png"))

    def test_every_tool_has_labels(self):
        run = self.run_path
        for command in (["elbo-reconstruct", run, "--count", "5"], ["elbo-interpolate", run, "--from", "0", "--to", "1"],
                        ["elbo-manifold", run, "--size", "3", "--label", "7"], ["elbo-traverse", run, "--top", "2"],
                        ["elbo-edit", run, "--from", "1", "--to", "7", "--count", "4"], ["elbo-repair", run, "--mask", "left", "--count", "2"],
                        ["elbo-sample", run, "--codes", "mixture", "--count", "4"], ["elbo-sample", run, "--codes", "gaussian", "--count", "4"]):
            self.good(*command, "--out", path("-".join(command[:1] + command[2:]) + ".png"))
        figures = self.good_json("elbo-eval", run, "--examples", "200", "--importance-samples", "2")
        self.assertEqual(figures["condition"], "label")
        self.assertIn("of p(x | label)", self.good("elbo-eval", run, "--examples", "20"))
        self.good("elbo-score", run, "--out", path("conditional-scores.csv"))

    def test_files_need_a_label(self):
        self.good("elbo-data", "--data", "digits", "--count", "1", "--out", path("digit.png"))
        for command in (["elbo-reconstruct", "--out", path("given.png")], ["elbo-encode", "--out", path("given.npz")]):
            self.bad(1, "these examples have none", *command, self.run_path, "--input", path("digit.png"))
            self.good(*command, self.run_path, "--label", "5", "--input", path("digit.png"))

    def test_data_without_their_labels(self):
        self.bad(2, "have 10 labels, model.classes is 4", "elbo-train", *SMALL, "--set", "model.classes=4", "--out", path("four-classes"))
        self.bad(2, "model.classes=1", "elbo-train", *SMALL, "--set", "model.classes=1", "--out", path("one-class"))
        self.good("elbo-data", "--data", "digits", "--count", "1", "--out", path("pictures", "a.png"))
        self.bad(2, "have no labels", "elbo-eval", self.run_path, "--data", "images:" + path("pictures"))


class Data(Case):
    def test_json(self):
        data = self.good_json("elbo-data", "--data", "digits", "--split", "train")
        self.assertEqual([data[p]["examples"] for p in ("train", "valid", "test")], [55000, 5000, 10000])
        self.assertEqual((data["shape"], data["minimum"], data["maximum"], data["vocabulary"], data["entropy"]), ([28, 28, 1], 0, 1, None, None))
        self.assertTrue(0.10 < data["mean"] < 0.16 and 0.15 < data["nonzero"] < 0.25)
        self.assertEqual(sum(data["labels"].values()), 55000)

    def test_pictures(self):
        self.assertIn("60000", self.good("elbo-data", "--data", "digits", "--count", "10", "--out", path("new", "folders", "digits.png")).replace(",", ""))
        self.assertEqual(picture_size(path("new", "folders", "digits.png")), grid(3, 4))
        self.bad(1, "10000", "elbo-data", "--data", "digits", "--split", "valid", "--count", "10000", "--out", path("toomany.png"))

    def test_no_examples(self):
        self.good("elbo-data", "--data", "digits", "--count", "1", "--out", path("one", "0.png"))
        self.good("elbo-data", "--data", DATA, "--count", "3", "--out", path("three.npy"))  # as the source has them
        self.assertTrue(read_bytes("three.npy").startswith(b"\x93NUMPY"))
        self.assertEqual(len(read_bytes("three.npy")), 128 + 3 * 784)
        of_one = ("elbo-data", "--data", "images:" + path("one"))
        self.bad(1, "the test part has no examples", *of_one, "--out", path("none.png"))
        self.assertEqual(self.good_json(*of_one)["minimum"], None)
        self.good(*of_one, "--split", "train", "--out", path("again.png"))


class Samples(Case):
    def test_grid(self):
        self.assertIn("best weights", self.good("elbo-sample", VAE, "--count", "12", "--grid", "3x4", "--out", path("samples.png")))
        self.assertEqual(picture_size(path("samples.png")), grid(3, 4))
        about = self.good_json("elbo-sample", "--out", path("samples2.png"), "--grid", "2x3", AE, "--weights", "last")
        self.assertEqual((about["weights"], about["codes"], about["count"]), ("last", "gaussian", 6))
        self.assertEqual(picture_size(path("samples2.png")), grid(2, 3))

    def test_same_seed_same_bytes(self):
        for name, seed in (("a", "1"), ("b", "1"), ("c", "2")):
            self.good("elbo-sample", VAE, "--count", "4", "--seed", seed, "--out", path(f"seed-{name}.npy"), "--threads", "3" if name == "b" else "1")
        self.assertEqual(read_bytes("seed-a.npy"), read_bytes("seed-b.npy"))
        self.assertNotEqual(read_bytes("seed-a.npy"), read_bytes("seed-c.npy"))

    def test_array_and_more_samples_keep_the_first(self):
        self.good("elbo-sample", VAE, "--count", "5", "--out", path("five.npy"))
        self.good("elbo-sample", VAE, "--count", "2", "--out", path("two.npy"))
        body = lambda name: read_bytes(name)[10 + struct.unpack("<H", read_bytes(name)[8:10])[0]:]
        self.assertIn(b"'shape': (5, 28, 28, 1)", read_bytes("five.npy")[:128])
        self.assertIn(b"'<f4'", read_bytes("five.npy")[:128])
        self.assertEqual(len(body("five.npy")), 5 * 784 * 4)
        self.assertEqual(body("five.npy")[:2 * 784 * 4], body("two.npy"))

    def test_sources_of_codes(self):
        bodies = set()
        for source in ("prior", "gaussian", "mixture"):
            self.good("elbo-sample", AE, "--codes", source, "--count", "3", "--out", path(source + ".npy"))
            bodies.add(read_bytes(source + ".npy"))
        self.assertEqual(len(bodies), 3)
        self.bad(2, "nearest is mixture", "elbo-sample", AE, "--codes", "mixtur", "--out", path("no.png"))

    def test_temperature_zero_gives_one_picture(self):
        self.good("elbo-sample", VAE, "--count", "2", "--temperature", "0", "--out", path("cold"))
        self.assertEqual(read_bytes("cold", "0.png"), read_bytes("cold", "1.png"))


class Out(Case):
    def test_file(self):
        self.good("elbo-sample", VAE, "--count", "1", "--out", path("once.png"))
        self.bad(1, "--force", "elbo-sample", VAE, "--count", "2", "--out", path("once.png"))
        self.assertEqual(picture_size(path("once.png")), grid(1, 1))
        self.good("elbo-sample", VAE, "--count", "2", "--out", path("once.png"), "--force")
        self.assertEqual(picture_size(path("once.png")), grid(1, 2))
        with open(path("letter.png"), "w") as f:
            f.write("no picture")
        self.bad(1, "is no .png file", "elbo-sample", VAE, "--count", "1", "--out", path("letter.png"), "--force")
        self.assertEqual(read_bytes("letter.png"), b"no picture")

    def test_folder(self):
        self.good("elbo-sample", VAE, "--count", "3", "--out", path("single"))
        self.assertEqual(sorted(os.listdir(path("single"))), ["0.png", "1.png", "2.png"])
        self.assertEqual(picture_size(path("single", "0.png")), (28, 28, 1))
        self.bad(1, "--force", "elbo-sample", VAE, "--count", "2", "--out", path("single"))
        self.good("elbo-sample", VAE, "--count", "2", "--out", path("single"), "--force")
        self.assertEqual(sorted(os.listdir(path("single"))), ["0.png", "1.png"])
        with open(path("single", "notes"), "w") as f:
            f.write("mine")
        self.bad(1, "notes", "elbo-sample", VAE, "--count", "2", "--out", path("single"), "--force")
        self.assertEqual(sorted(os.listdir(path("single"))), ["0.png", "1.png", "notes"])

    def test_kinds(self):
        self.bad(2, ".csv", "elbo-sample", VAE, "--count", "1", "--out", path("x.csv"))
        self.bad(2, "a folder", "elbo-manifold", VAE, "--out", path("x"))
        self.bad(2, "--out", "elbo-encode", VAE)
        self.bad(1, "cannot make the folder", "elbo-sample", VAE, "--count", "1", "--out", path("vae", "config.json", "x.png"))


class Reconstructions(Case):
    def test_rows(self):
        self.good("elbo-reconstruct", VAE, "--count", "12", "--out", path("rec.png"))
        self.assertEqual(picture_size(path("rec.png")), grid(4, 10))
        self.good("elbo-reconstruct", VAE, "--count", "3", "--out", path("rec3.png"))
        self.assertEqual(picture_size(path("rec3.png")), grid(2, 3))

    def test_array(self):
        self.good("elbo-reconstruct", VAE, "--count", "3", "--out", path("rec.npy"))
        self.assertIn(b"'shape': (3, 28, 28, 1)", read_bytes("rec.npy")[:128])
        values = struct.unpack("<" + "f" * (3 * 784), read_bytes("rec.npy")[-3 * 784 * 4:])
        self.assertTrue(all(0 <= v <= 1 for v in values))
        self.assertGreater(max(values), min(values))

    def test_judging(self):
        run, cache = path("judged"), {"XDG_CACHE_HOME": path("cache")}
        self.good("elbo-train", *SMALL, "--set", "data.valid=3700", "--set", "train.steps=100", "--quiet", "--out", run)
        first = tool("elbo-eval", run, "--all", "--amortisation-gap", "--importance-samples", 2, "--examples", 200, "--json", env=cache)
        self.assertEqual(first.returncode, 0, first.stderr)
        self.assertIn("training a classifier", first.stderr)
        again = tool("elbo-eval", run, "--all", "--amortisation-gap", "--importance-samples", 2, "--examples", 200, "--json", env=cache)
        self.assertNotIn("training a classifier", again.stderr)
        figures, same = json.loads(first.stdout), json.loads(again.stdout)
        for key in figures:
            if key not in ("seconds", "examples_per_second"):
                self.assertEqual(figures[key], same[key], key)
        self.assertLess(figures["sample_distance_floor"], figures["sample_distance"])
        self.assertGreater(figures["path_ratio"], 0.999)
        self.assertGreater(figures["probe_accuracy"], figures["most_frequent_label"])
        self.assertTrue(0 < figures["ssim"] < 1)
        self.assertIsNone(figures["mutual_information_gap"])
        self.assertTrue(0 <= figures["precision"] <= 1 and 0 <= figures["recall"] <= 1)
        self.assertGreater(figures["amortisation_gap"]["gap"], 0)
        self.assertIn("elbo", os.listdir(path("cache")))
        self.bad(2, "is no VAE", "elbo-eval", AE, "--amortisation-gap")

    def test_repair(self):
        for mask in ("left", "noise"):
            found = self.good_json("elbo-repair", VAE, "--mask", mask, "--count", 4, "--steps", 150, "--out", path(f"repaired-{mask}.png"))
            self.assertLess(found["whole"], found["inferred"])
            self.assertTrue(300 < found["hidden"] < 480, found["hidden"])
        self.assertEqual(picture_size(path("repaired-left.png")), grid(6, 4))
        self.assertEqual(found["count"], 4)
        with open(path("mask.pgm"), "wb") as f:
            f.write(b"P5 28 28 255\n" + bytes(0 if i % 28 < 14 else 255 for i in range(784)))
        by_file = self.good_json("elbo-repair", VAE, "--mask", path("mask.pgm"), "--count", 4, "--steps", 150, "--out", path("repaired-file.npy"))
        left = self.good_json("elbo-repair", VAE, "--mask", "left", "--count", 4, "--steps", 150, "--out", path("again.npy"))
        self.assertEqual(by_file["inferred"], left["inferred"])
        self.bad(1, "no such file", "elbo-repair", VAE, "--mask", path("missing.png"), "--out", path("no.png"))
        self.bad(2, "left", "elbo-repair", VAE, "--mask", "lift", "--out", path("no.png"))
        self.bad(2, "--mask", "elbo-repair", VAE, "--out", path("no.png"))
        self.good("elbo-data", "--data", DATA, "--count", "4", "--out", path("to-repair"))
        given = self.good_json("elbo-repair", VAE, "--mask", "left", "--steps", 150, "--out", path("given.npy"),
                               "--input", *[path("to-repair", f"{i}.png") for i in range(4)])
        self.assertEqual((given["count"], given["inferred"]), (4, left["inferred"]))
        self.bad(2, "expected one of them", "elbo-repair", VAE, "--mask", "left", "--count", "1", "--out", path("no.png"),
                 "--input", path("to-repair", "0.png"))

    def test_files(self):
        self.good("elbo-data", "--data", DATA, "--count", "2", "--out", path("inputs"))
        self.good("elbo-reconstruct", VAE, "--out", path("mine.png"), "--input", path("inputs", "0.png"), path("inputs", "1.png"))
        self.good("elbo-reconstruct", VAE, "--count", "2", "--out", path("same.png"))
        self.assertEqual(read_bytes("mine.png"), read_bytes("same.png"))
        self.bad(2, "expected one of them", "elbo-reconstruct", VAE, "--count", "1", "--out", path("no.png"), "--input", path("inputs", "0.png"))
        self.bad(1, "config.json", "elbo-reconstruct", VAE, "--out", path("no.png"), "--input", path("vae", "config.json"))
        figures = self.good_json("elbo-eval", VAE, "--input", path("inputs", "0.png"), path("inputs", "1.png"))
        of_the_part = self.good_json("elbo-eval", VAE, "--examples", "2")
        self.assertIsNone(figures["split"])
        for key in of_the_part:
            if key not in ("split", "seconds", "examples_per_second"):
                self.assertEqual(figures[key], of_the_part[key], key)

    def test_a_lone_model_reads_pictures_as_it_was_trained_to(self):
        os.makedirs(path("album"))
        for i in range(24):
            with open(path("album", f"{i}.ppm"), "wb") as f:
                f.write(b"P6 9 5 255\n" + bytes((i * 37 + k * k) % 256 for k in range(9 * 5 * 3)))
        for fit in ("crop", "pad"):
            self.good("elbo-train", "--preset", "conv-ae", "--data", f"images:{path('album')}?size=8x8&channels=3&fit={fit}", "--set",
                      "model.filters=[4]", "--set", "model.strides=[2]", "--set", "model.latent=2", "--set", "train.steps=2", "--quiet", "--out",
                      path("album-" + fit))
            shutil.copy(path("album-" + fit, "model.safetensors"), path(f"lone-{fit}.safetensors"))
            for run, out in ((path("album-" + fit), f"here-{fit}.npy"), (path(f"lone-{fit}.safetensors"), f"there-{fit}.npy")):
                self.good("elbo-reconstruct", run, "--weights", "last", "--out", path(out), "--input", path("album", "3.ppm"))
            self.assertEqual(read_bytes(f"here-{fit}.npy"), read_bytes(f"there-{fit}.npy"))
        self.bad(2, "does not know its data", "elbo-eval", path("lone-pad.safetensors"))
        inputs = [self.good_json("elbo-eval", path("lone-crop.safetensors"), "--data", f"images:{path('album')}?size=8x8&channels=3&fit={fit}")
                  for fit in ("crop", "pad")]
        self.assertNotEqual(inputs[0]["total"], inputs[1]["total"])  # so the two would differ


    def test_a_part_without_examples(self):
        os.makedirs(path("lonely"))
        with open(path("lonely", "0.pgm"), "wb") as f:
            f.write(b"P5 8 8 255\n" + bytes(range(64)))
        run = path("lonely-run")
        self.good("elbo-train", "--preset", "conv-ae", "--data", "images:" + path("lonely"), "--set", "model.filters=[4]", "--set",
                  "model.strides=[2]", "--set", "model.latent=2", "--set", "train.steps=2", "--quiet", "--out", run)
        for part in ("valid", "test"):
            message = f"the {part} part has no examples"
            self.bad(1, message, "elbo-reconstruct", run, "--split", part, "--out", path("no.png"))
            self.bad(1, message, "elbo-encode", run, "--split", part, "--out", path("no.npz"))
            self.bad(1, message, "elbo-eval", run, "--split", part)
        self.good("elbo-reconstruct", run, "--split", "train", "--out", path("lonely.png"))

    def test_four_channels(self):
        os.makedirs(path("alpha"))
        for i in range(12):
            with open(path("alpha", f"{i}.ppm"), "wb") as f:
                f.write(b"P6 8 8 255\n" + bytes((i * 31 + k * k) % 256 for k in range(8 * 8 * 3)))
        run = path("alpha-run")
        self.good("elbo-train", "--preset", "conv-vae", "--data", f"images:{path('alpha')}?channels=4", "--set", "model.filters=[4]", "--set",
                  "model.strides=[2]", "--set", "model.latent=2", "--set", "train.steps=2", "--quiet", "--out", run)
        self.assertTrue(os.path.exists(os.path.join(run, "samples.png")))
        self.good("elbo-sample", run, "--count", "4", "--out", path("alpha.png"))
        self.assertEqual(picture_size(path("alpha.png"))[2], 4)
        self.good("elbo-reconstruct", run, "--split", "train", "--count", "2", "--out", path("alpha-again.png"))

    def test_conv_lstm_shows_25_of_its_100_samples(self):
        run = path("lstm-run")
        small = [part for s in ("filters=[2]", "units=4", "encoder_units=3", "latent=2") for part in ("--set", "model." + s)]
        arguments = ["elbo-train", "--preset", "conv-lstm-vae", "--data", DATA, *small, "--set", "train.steps=2", "--out", run]
        self.assertRegex(tool(*arguments).stderr, r"epoch 1 .* test: objective")
        self.assertEqual(picture_size(path("lstm-run", "samples.png")), grid(10, 10))
        self.assertEqual(picture_size(path("lstm-run", "samples-5x5.png")), grid(5, 5))
        self.good(*arguments, "--force")  # a file of the run like any other


class Manifold(Case):
    def test_sizes(self):
        self.good("elbo-manifold", VAE, "--out", path("plane.png"))
        self.assertEqual(picture_size(path("plane.png")), grid(15, 15, padding=0))
        self.assertEqual(read_bytes("plane.png"), read_bytes("vae", "manifold.png"))
        self.good("elbo-manifold", AE, "--size", "4", "--dims", "2,0", "--range", "2", "--out", path("plane4.png"))
        self.assertEqual(picture_size(path("plane4.png")), grid(4, 4, padding=0))
        self.good("elbo-manifold", AE, "--size", "4", "--out", path("plane4.npy"))
        self.assertEqual(len(read_bytes("plane4.npy")), 128 + 4 * 4 * 784 * 4)
        self.bad(2, "--dims 0,2", "elbo-manifold", VAE, "--dims", "0,2", "--out", path("no.png"))
        self.bad(2, "--dims 1,1", "elbo-manifold", VAE, "--dims", "1,1", "--out", path("no.png"))


class Codes(Case):
    def test_csv(self):
        self.good("elbo-encode", VAE, "--out", path("codes.csv"))
        lines = read_bytes("codes.csv").decode().splitlines()
        self.assertEqual(lines[0], "index,label,mean_0,mean_1,logvar_0,logvar_1")
        self.assertEqual(len(lines), small_data.TEST + 1)
        self.good("elbo-encode", AE, "--split", "valid", "--out", path("codes-ae.csv"))
        lines = read_bytes("codes-ae.csv").decode().splitlines()
        self.assertEqual((lines[0], len(lines)), ("index,label,mean_0,mean_1,mean_2", small_data.VALID + 1))

    def test_neighbours(self):
        self.good("elbo-data", "--data", DATA, "--count", "2", "--out", path("neighbour-inputs"))
        about = self.good_json("elbo-encode", VAE, "--out", path("near.csv"), "--neighbours", "3", "--input", path("neighbour-inputs", "0.png"),
                               path("neighbour-inputs", "1.png"))
        self.assertEqual([v[0] for v in about["neighbours"].values()], [0, 1])  # each is nearest to itself
        self.assertEqual(read_bytes("near.csv").decode().splitlines()[0],
                         "index,label,mean_0,mean_1,logvar_0,logvar_1,neighbour_0,neighbour_1,neighbour_2,distance_0,distance_1,distance_2")
        self.bad(2, ".npz or .csv", "elbo-encode", VAE, "--out", path("near.npy"), "--neighbours", "3")

    @unittest.skipIf(numpy is None, "NumPy is not installed")
    def test_arrays(self):
        self.good("elbo-encode", VAE, "--out", path("codes.npz"))
        with numpy.load(path("codes.npz")) as codes:
            self.assertEqual(sorted(codes), ["label", "logvar", "mean"])
            self.assertEqual((codes["mean"].shape, codes["logvar"].shape, codes["label"].shape), ((small_data.TEST, 2), (small_data.TEST, 2), (small_data.TEST,)))
            mean = codes["mean"]
        self.good("elbo-encode", VAE, "--out", path("codes.npy"))
        self.assertTrue((numpy.load(path("codes.npy")) == mean).all())
        self.good("elbo-encode", AE, "--out", path("codes-ae.npz"))
        with numpy.load(path("codes-ae.npz")) as codes:
            self.assertEqual(sorted(codes), ["label", "mean"])


if __name__ == "__main__":
    unittest.main()
