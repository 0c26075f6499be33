"""Ways through the codes of pictures: elbo-interpolate, elbo-traverse, elbo-edit, for a VAE and a plain autoencoder."""

import unittest

from harness import DATA, SMALL, Case, path, picture_size, read_bytes, tool

VAE, AE = path("vae"), path("ae")
HEAD, PICTURE = 128, 28 * 28 * 4  # bytes of a .npy: its head, one picture of float32


def setUpModule():
    for run, more in ((VAE, []), (AE, ["--set", "model.variational=false"])):
        result = tool("elbo-train", *SMALL, *more, "--set", "train.steps=60", "--quiet", "--out", run)
        assert result.returncode == 0, result.stderr
    assert tool("elbo-data", "--data", DATA, "--count", 6, "--out", path("pictures")).returncode == 0


def grid(rows, columns):
    return columns * 30 + 2, rows * 30 + 2, 1


def pictures(name):
    data = read_bytes(name)[HEAD:]
    return [data[i:i + PICTURE] for i in range(0, len(data), PICTURE)]


class Paths(Case):
    @classmethod
    def setUpClass(cls):
        for run in (VAE, AE):
            assert tool("elbo-reconstruct", run, "--count", 6, "--out", run + "-back.npy").returncode == 0

    def test_interpolate(self):
        for name, run in (("vae", VAE), ("ae", AE)):
            back = pictures(name + "-back.npy")
            self.good("elbo-interpolate", run, "--from", 2, "--to", 5, "--steps", 4, "--out", path(name + "-both.npy"))
            both = pictures(name + "-both.npy")  # the straight one, then the spherical one
            self.assertEqual(len(both), 8)
            self.assertEqual((both[0], both[3]), (back[2], back[5]))
            self.assertNotEqual(both[1], both[0])
            self.good("elbo-interpolate", run, "--from", path("pictures", "2.png"), "--to", 5, "--steps", 4, "--path", "linear", "--out", path(name + "-one.npy"))
            self.assertEqual(pictures(name + "-one.npy"), both[:4])
            self.good("elbo-interpolate", run, "--from", 2, "--to", 5, "--out", path(name + "-both.png"))
            self.assertEqual(picture_size(path(name + "-both.png")), grid(2, 9))
        self.bad(2, "expected --from X and --to Y", "elbo-interpolate", VAE, "--from", 1, "--out", path("no.png"))
        self.bad(2, "examples 0 to", "elbo-interpolate", VAE, "--from", 1, "--to", 100000, "--out", path("no.png"))
        self.bad(1, "missing.png: no such file", "elbo-interpolate", VAE, "--from", 1, "--to", "missing.png", "--out", path("no.png"))
        self.bad(2, "or a picture file", "elbo-interpolate", VAE, "--from", 1, "--to", "missing", "--out", path("no.png"))

    def test_traverse(self):
        for name, run in (("vae", VAE), ("ae", AE)):
            said = self.good_json("elbo-traverse", run, "--top", 2, "--steps", 5, "--range", 2, "--out", path(name + "-moved.npy"))
            moved = pictures(name + "-moved.npy")
            self.assertEqual((len(said["dimensions"]), len(moved)), (2, 10))
            self.assertEqual(moved[2], moved[7])  # the middle of every row is one code
            self.assertNotEqual(moved[0], moved[4])
            self.good("elbo-traverse", run, "--out", path(name + "-all.png"))
            self.assertEqual(picture_size(path(name + "-all.png")), grid(4, 9))
        kl = self.good_json("elbo-eval", VAE)["kl_per_unit"]
        order = self.good_json("elbo-traverse", VAE, "--out", path("order.npy"))["dimensions"]
        self.assertEqual(order, sorted(range(4), key=lambda j: -kl[j]))
        self.bad(2, "has 4 dimensions", "elbo-traverse", VAE, "--top", 5, "--out", path("no.png"))
        self.assertIn("standard deviations", self.good("elbo-traverse", AE, "--top", 1, "--out", path("told.png")))

    def test_edit(self):
        for name, run in (("vae", VAE), ("ae", AE)):
            back = pictures(name + "-back.npy")
            for strength, same in ((0, True), (1, False)):
                out = f"{name}-edited-{strength}.npy"
                self.good("elbo-edit", run, "--from", 1, "--to", 7, "--strength", strength, "--count", 6, "--out", path(out))
                self.assertEqual(pictures(out) == back, same)
            self.good("elbo-edit", run, "--from", path("pictures"), "--to", 7, "--input", path("pictures", "0.png"), "--out", path(name + "-folder.png"))
            self.assertEqual(picture_size(path(name + "-folder.png")), grid(2, 1))
        self.bad(2, "unknown label 'eleven'", "elbo-edit", VAE, "--from", 1, "--to", "eleven", "--out", path("no.png"))
        self.bad(1, "there is no direction", "elbo-edit", VAE, "--from", 1, "--to", 1, "--count", 1, "--out", path("no.png"))
        self.bad(2, "has no factors", "elbo-edit", VAE, "--from", "hue=red", "--to", 1, "--out", path("no.png"))
        self.bad(2, "expected one of them", "elbo-edit", VAE, "--from", 1, "--to", 2, "--count", 1, "--input", path("pictures", "0.png"), "--out", path("no.png"))


if __name__ == "__main__":
    unittest.main()
