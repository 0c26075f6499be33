"""Texts from the command line: training, figures, generation, reconstruction, paths, editing, scoring, comparing, describing."""

import json
import os
import unittest

from harness import DATA, Case, path, read_bytes, tool

KEYS = ["model.embed=12", "model.units=16", "model.latent=3", "optimizer.learning_rate=0.01"]
MODEL = [word for key in KEYS for word in ("--set", key)]
LANGUAGE_MODEL = [word for key in KEYS if "latent" not in key for word in ("--set", key)]
TEXT_KEYS = {"tokens", "perplexity", "token_accuracy", "exact_match", "edit_distance", "shuffled_reconstruction", "sample_lm_perplexity", "reverse_perplexity",
             "distinct_1", "distinct_2", "self_bleu", "copied", "samples_parsed", "entropy_gap"}
EVAL_KEYS = TEXT_KEYS | {"nll", "nll_standard_error", "nll_perplexity",
             "importance_samples", "effective_samples", "mutual_information", "mutual_information_bound", "mutual_information_saturated", "aggregate_kl",
             "nll_trusted", "total", "reconstruction", "kl", "beta", "objective", "active_units", "kl_per_unit", "squared_error", "bits_per_dim", "likelihood", "normalised"}


def write(name, text):
    file = path(name)
    os.makedirs(os.path.dirname(file), exist_ok=True)
    with open(file, "w", encoding="utf-8") as f:
        f.write(text)
    return file


def sentences(count, labelled=False):
    names, things = "anna tom ruth paul eve max".split(), "apple boat coat drum egg fan".split()
    lines = []
    for i in range(count):
        has = i % 2 == 0
        text = f"{names[i // 2 % 6]} has the {things[i // 12 % 6]} ." if has else f"the {things[i // 2 % 6]} of {names[i // 12 % 6]} is on the {things[i // 72 % 6]} ."
        lines.append((("has\t" if has else "is\t") if labelled else "") + text + "\n")
    return "".join(lines)


class Text(Case):
    @classmethod
    def setUpClass(cls):
        cls.file = write("text/lines.txt", sentences(600, labelled=True))
        cls.spec = f"text:{cls.file}?labels=first"
        for name, preset, more in (("vae", "text-vae", ["--set", "objective.free_bits_total=2"]), ("ae", "text-ae", []), ("lm", "text-lm", [])):
            settings = LANGUAGE_MODEL if preset == "text-lm" else MODEL
            done = tool("elbo-train", "--preset", preset, "--data", cls.spec, "--set", "train.epochs=6", *settings, *more, "--out", path("text", name), "--quiet")
            assert done.returncode == 0, done.stderr
        cls.vae, cls.ae, cls.lm = path("text/vae"), path("text/ae"), path("text/lm")

    def test_run_folder(self):
        self.assertEqual(set(os.listdir(self.vae)) - {".lock"}, {"config.json", "model.safetensors", "best.safetensors", "state.safetensors",
                                                                "metrics.jsonl", "summary.json", "generated_texts"})
        self.assertEqual(sorted(os.listdir(os.path.join(self.vae, "generated_texts"))), sorted(f"generated_text_{i}.txt" for i in range(10)))
        valid = [json.loads(line) for line in read_bytes("text/vae/metrics.jsonl").splitlines() if b'"valid"' in line]
        for line in valid:
            self.assertAlmostEqual(line["total"], line["reconstruction"] + line["kl"])
            self.assertIn("mutual_information", line)
        config = json.loads(self.good("elbo-train", "--preset", "text-vae", "--print-config"))
        self.assertEqual((config["data"]["tokenizer"], config["data"]["min_count"], config["data"]["overlong"], config["data"]["max_tokens"]),
                         ("basic", 2, "cut", 100))
        self.assertEqual((config["objective"]["anneal"]["shape"], config["objective"]["anneal"]["steps"], config["objective"]["free_bits_total"]),
                         ("linear", 0.2, 5))

    def test_eval(self):
        vae = self.good_json("elbo-eval", self.vae, "--all", "--importance-samples", 5)
        self.assertLessEqual(EVAL_KEYS, set(vae))
        self.assertIs(vae["nll_trusted"], False)  # five samples
        self.assertEqual((vae["likelihood"], vae["squared_error"], vae["bits_per_dim"]), ("categorical", None, None))
        self.assertLess(vae["nll"], vae["total"] + 0.5)
        self.assertEqual(len(vae["kl_per_unit"]), 3)
        by_threshold = {e["threshold"]: e["active_units"] for e in vae["active_units_by_threshold"]}
        self.assertEqual(by_threshold[0.01], vae["active_units"])
        self.assertGreaterEqual(by_threshold[0.001], by_threshold[0.3])
        lm = self.good_json("elbo-eval", self.lm, "--all")
        self.assertIsNone(lm["active_units_by_threshold"])
        self.assertEqual(set(lm), set(vae))
        self.assertEqual(lm["nll"], lm["total"])
        self.assertIs(lm["nll_trusted"], True)
        self.assertEqual(lm["nll_perplexity"], lm["perplexity"])
        for key in ("kl", "kl_per_unit", "active_units", "mutual_information", "aggregate_kl", "reconstruction_at_mean", "shuffled_reconstruction", "exact_match",
                    "edit_distance", "effective_samples"):
            self.assertIsNone(lm[key], key)
        self.assertGreater(lm["token_accuracy"], 0.3)
        ae = self.good_json("elbo-eval", self.ae, "--all")
        for key in ("kl", "nll", "nll_trusted", "mutual_information"):
            self.assertIsNone(ae[key], key)
        self.assertEqual(ae["total"], ae["reconstruction"])
        self.assertEqual(self.good_json("elbo-eval", self.lm)["tokens"], lm["tokens"])
        plain = self.good_json("elbo-eval", self.vae)
        self.assertNotIn("nll", plain)
        for key in TEXT_KEYS:  # the row of texts is always there
            self.assertIn(key, plain)
        for key in TEXT_KEYS - {"tokens", "perplexity", "token_accuracy", "exact_match", "edit_distance"}:
            self.assertIsNone(plain[key], key)
        mine = write("text/mine.txt", "anna has the boat .\nthe zebra of tom is on the fan .\n")
        given = self.good_json("elbo-eval", self.vae, "--input", mine)
        self.assertEqual((given["split"], given["examples"], given["tokens"]), (None, 2, 6 + 10))
        self.good("elbo-eval", self.vae, "--per-example", path("text/each.csv"))
        self.assertTrue(read_bytes("text/each.csv").startswith(b"index,label,tokens,total,"))

    def test_sampled_texts(self):
        alone = self.good_json("elbo-eval", self.vae, "--all", "--importance-samples", 2)
        for key in ("distinct_1", "distinct_2", "self_bleu", "copied"):
            self.assertTrue(0 <= alone[key] <= 1, key)
        for key in ("sample_lm_perplexity", "reverse_perplexity", "samples_parsed", "entropy_gap"):  # no grammar makes these texts
            self.assertIsNone(alone[key], key)
        own = self.good_json("elbo-eval", self.lm, "--language-model", self.lm)
        self.assertNotIn("mutual_information", own)
        # A model learns from the samples of another what that one knows, and no more.
        self.assertTrue(0.9 * own["perplexity"] < own["sample_lm_perplexity"] < 2 * own["perplexity"], own)
        self.assertTrue(0.97 * own["perplexity"] < own["reverse_perplexity"] < 1.3 * own["perplexity"], own)
        self.assertEqual(self.good_json("elbo-eval", self.lm, "--all")["distinct_1"], own["distinct_1"])
        self.assertIn("reverse perplexity", self.good("elbo-eval", self.lm, "--language-model", self.lm, "--split", "valid"))
        self.bad(2, "text-lm", "elbo-eval", self.vae, "--language-model", self.ae)
        self.bad(2, "--input has not", "elbo-eval", self.vae, "--language-model", self.lm, "--input", self.file)

    def test_sample(self):
        texts = self.good("elbo-sample", self.vae, "--count", 4, "--out", path("text/out"), "--per-file", 3).splitlines()
        self.assertEqual(len(texts), 4)
        self.assertEqual(read_bytes("text/out/generated_text_0.txt").decode().splitlines(), texts[:3])
        self.assertEqual(sorted(os.listdir(path("text/out"))), ["generated_text_0.txt", "generated_text_1.txt"])
        self.bad(1, "exists already", "elbo-sample", self.vae, "--count", 4, "--out", path("text/out"))
        self.good("elbo-sample", self.vae, "--count", 4, "--out", path("text/out"), "--force")
        self.assertEqual(len(os.listdir(path("text/out"))), 4)
        self.good("elbo-sample", self.vae, "--count", 2, "--out", path("text/out.txt"))
        self.assertEqual(read_bytes("text/out.txt").decode().splitlines(), texts[:2])  # text i depends on i alone
        for options in (["--decode", "beam", "--beam", 3], ["--decode", "sample", "--top-k", 5, "--token-temperature", 0.7], ["--decode", "sample", "--top-p", 0.9],
                        ["--codes", "gaussian"], ["--codes", "mixture"]):
            found = self.good_json("elbo-sample", self.vae, "--count", 3, *options)
            self.assertEqual(len(found["texts"]), 3)
        beside = self.good_json("elbo-sample", self.vae, "--count", 20, "--language-model", self.lm)
        for figures in (beside["figures"], beside["language_model"]):
            self.assertGreater(figures["sample_lm_perplexity"], 1)
            self.assertLessEqual(figures["distinct_1"], 1)
        self.assertEqual(len(self.good_json("elbo-sample", self.lm, "--count", 5)["texts"]), 5)
        self.bad(2, "--decode sample", "elbo-sample", self.vae, "--top-k", 3)
        self.bad(2, "--per-file", "elbo-sample", self.vae, "--count", 4, "--per-file", 2, "--out", path("text/never.txt"))
        self.bad(2, "text-lm", "elbo-sample", self.vae, "--language-model", self.vae)
        self.bad(2, "no codes for --codes", "elbo-sample", self.lm, "--codes", "prior")
        self.assertIsNone(self.good_json("elbo-sample", self.lm, "--count", 1)["codes"])

    def test_reconstruct_interpolate_traverse(self):
        back = self.good("elbo-reconstruct", self.ae, "--text", "anna has the boat .", "--text", "Tom has the EGG.").splitlines()
        self.assertEqual((back[0], back[2], len(back)), ("anna has the boat .", "Tom has the EGG.", 4))
        self.assertEqual(len(self.good("elbo-reconstruct", self.vae, "--count", 3, "--out", path("text/back.txt")).splitlines()), 6)
        self.assertEqual(len(read_bytes("text/back.txt").splitlines()), 6)
        self.bad(2, "language model", "elbo-reconstruct", self.lm, "--count", 2)
        both = self.good_json("elbo-interpolate", self.vae, "--from", "anna has the boat .", "--to", 3, "--steps", 5)
        self.assertEqual({k: len(v) for k, v in both["paths"].items()}, {"linear": 5, "spherical": 5})
        self.assertEqual(both["from"], "anna has the boat .")
        one = self.good("elbo-interpolate", self.vae, "--from", 0, "--to", 1, "--steps", 4, "--path", "linear", "--out", path("text/path.txt"))
        self.assertEqual(len(one.splitlines()), 5)
        self.bad(2, "examples 0 to", "elbo-interpolate", self.vae, "--from", 100000, "--to", 1)
        self.bad(1, "no such file", "elbo-interpolate", self.vae, "--from", "missing.txt", "--to", 1)
        self.bad(2, "is empty", "elbo-reconstruct", self.vae, "--text", " ")
        self.bad(1, "byte 6 is not UTF-8", "elbo-reconstruct", self.vae, "--text", "anna \udcff")
        self.assertEqual(self.good("elbo-reconstruct", self.vae, "--text", "anna has\nthe boat .").splitlines()[0], "anna has the boat .")
        moved = self.good_json("elbo-traverse", self.vae, "--top", 2, "--steps", 3)
        self.assertEqual([len(t["texts"]) for t in moved["traversals"]], [3, 3])
        self.bad(2, "has 3 dimensions", "elbo-traverse", self.vae, "--top", 4)
        self.bad(2, "elbo-traverse decodes texts", "elbo-manifold", self.vae, "--out", path("text/never.png"))

    def test_edit_score_encode(self):
        edited = self.good_json("elbo-edit", self.ae, "--from", "has", "--to", "is", "--count", 2)
        self.assertEqual(len(edited["texts"]), 2)
        same = self.good_json("elbo-edit", self.ae, "--from", "has", "--to", "is", "--strength", 0, "--text", "anna has the boat .")
        self.assertEqual(same["texts"][0]["edited"], self.good("elbo-reconstruct", self.ae, "--text", "anna has the boat .").splitlines()[1])
        self.good("elbo-edit", self.vae, "--from", write("text/a.txt", "anna has the egg .\n"), "--to", write("text/b.txt", "tom has the egg .\n"), "--count", 1)
        self.bad(2, "unknown label 'was'", "elbo-edit", self.ae, "--from", "has", "--to", "was", "--count", 2)
        strange = write("text/strange.txt", "anna has the boat .\non on on the . is of\n")
        self.good("elbo-score", self.vae, "--input", strange, "--out", path("text/scores.csv"))
        rows = read_bytes("text/scores.csv").decode().splitlines()
        self.assertEqual(rows[0], "index,score,text")
        exact = self.good_json("elbo-score", self.lm, "--score", "nll")
        self.assertEqual(exact["mean"], self.good_json("elbo-score", self.lm)["mean"])
        two = self.good_json("elbo-encode", self.vae, "--input", strange, "--neighbours", 2, "--out", path("text/near.csv"))
        self.assertEqual([(k, len(v)) for k, v in two["neighbours"].items()], [("anna has the boat .", 2), ("on on on the . is of", 2)])
        self.bad(2, "language model", "elbo-encode", self.lm, "--out", path("text/none.npz"))
        self.assertTrue(rows[1].startswith("1,"), rows)
        found = self.good_json("elbo-score", self.lm, "--anomaly", "has")
        self.assertEqual(found["unit"], "nats a token")
        self.assertTrue(0 <= found["area"] <= 1)
        ratio = self.good_json("elbo-score", self.vae, "--anomaly", "has", "--background", self.lm, "--out", path("text/ratio.csv"))
        self.assertEqual((ratio["score"], ratio["background"]), ("likelihood-ratio", self.lm))
        self.assertEqual(read_bytes("text/ratio.csv").decode().splitlines()[0], "index,label,score,anomaly,text")
        self.bad(2, "is a run on texts", "elbo-score", self.vae, "--score", "likelihood-ratio")
        self.good("elbo-encode", self.vae, "--out", path("text/codes.csv"), "--input", strange, "--neighbours", 2)
        self.assertEqual(len(read_bytes("text/codes.csv").splitlines()), 3)

    def test_data(self):
        described = self.good_json("elbo-data", "--data", self.spec)
        self.assertEqual(described["labels"].keys(), {"has", "is"})
        self.assertEqual((described["shape"], described["entropy"]), (None, None))
        self.assertGreater(described["vocabulary"], 15)
        other = self.good_json("elbo-data", "--data", self.spec, "--set", "data.tokenizer=characters")
        self.assertNotEqual(other["vocabulary"], described["vocabulary"])
        built_in = self.good_json("elbo-data", "--data", "sentences")
        self.assertEqual([built_in[p]["examples"] for p in ("train", "valid", "test")], [50000, 5000, 5000])
        self.assertAlmostEqual(built_in["entropy"], 22.220, 3)
        self.good("elbo-data", "--data", "sentences", "--count", 3, "--out", path("text/three.txt"))
        with open(path("text/three.txt"), "a") as f:
            f.write("no such sentence\n")
        parsed = self.good_json("elbo-data", "--data", "sentences", "--parse", path("text/three.txt"))
        self.assertEqual([s["parses"] for s in parsed["sentences"]], [True, True, True, False])
        self.assertEqual(parsed["parsed"], 0.75)
        self.bad(2, "has no grammar", "elbo-data", "--data", self.spec, "--parse", self.file)
        self.bad(2, "expects texts", "elbo-train", "--preset", "text-vae", "--data", DATA, "--out", path("text/never"))
        self.bad(2, "text-vae", "elbo-train", "--preset", "mlp-vae", "--data", self.spec, "--out", path("text/never"))
        bad = write("text/bad.txt", "fine\n")
        with open(bad, "ab") as f:
            f.write(b"caf\xe9 here\n")
        few = ("elbo-train", "--preset", "text-vae", "--data", "text:" + write("text/few.txt", "one two .\nthree four !\nfive six ?\n"))
        self.bad(1, "data.min_count=2", *few, "--out", path("text/never"))
        self.bad(2, "model.latent", "elbo-train", "--preset", "text-lm", "--data", self.spec, "--set", "model.latent=4", "--out", path("text/never"))
        self.bad(2, "objective.pretrain_epochs=3", "elbo-train", "--preset", "text-vae", "--data", self.spec, "--set", "objective.pretrain_epochs=3",
                 "--set", "train.epochs=3", "--out", path("text/never"))
        for key in ("target_kl=3", "pretrain_epochs=1", "aggressive=2"):
            self.bad(2, "objective." + key.split("=")[0], "elbo-train", "--preset", "text-lm", "--data", self.spec, "--set", "objective.anneal.shape=none",
                     "--set", "objective." + key, "--out", path("text/never"))
        self.bad(1, "line 2, column 4: byte \\xe9 is not UTF-8", "elbo-data", "--data", "text:" + bad)

    def test_given_sentences(self):
        long = write("text/long.txt", "anna has the boat .\n" + "anna has " * 60 + "\n")
        self.assertIn("1 of 2 texts have more than 100 tokens and are cut", tool("elbo-score", self.vae, "--input", long).stderr)
        with open(write("text/odd.txt", ""), "wb") as f:
            f.write(b"anna has the b\xe9 .\n")
        self.bad(1, "line 1, column 15", "elbo-score", self.vae, "--input", path("text/odd.txt"))
        tolerant = path("text/tolerant")
        self.good("elbo-train", "--preset", "text-lm", "--data", self.spec + "&bad_bytes=replace", *LANGUAGE_MODEL, "--set", "train.epochs=1", "--out", tolerant)
        self.good("elbo-score", tolerant, "--input", path("text/odd.txt"))
        other = write("text/other.txt", read_bytes(self.file).decode() + "has\tanna has the boat .\n" * 4)
        self.good("elbo-train", "--preset", "text-lm", "--data", f"text:{other}?labels=first", *LANGUAGE_MODEL, "--set", "train.epochs=1", "--out", path("text/foreign"))
        for lm, foreign in ((path("text/foreign"), True), (self.lm, False)):
            told = tool("elbo-sample", self.vae, "--count", 2, "--language-model", lm).stderr
            self.assertEqual("was trained on other data" in told, foreign, told)

    def test_controlled_weight(self):
        run = path("text/controlled")
        self.good("elbo-train", "--preset", "text-vae", "--data", self.spec, *MODEL, "--set", "train.epochs=3", "--set", "objective.anneal.shape=none",
                  "--set", "objective.free_bits_total=0", "--set", "objective.target_kl=0.01", "--out", run)
        last = json.loads(read_bytes("text/controlled/metrics.jsonl").decode().splitlines()[-1])
        figures = self.good_json("elbo-eval", run)
        self.assertEqual(figures["beta"], last["beta"])
        self.assertTrue(0 < figures["beta"] < 1, figures["beta"])
        self.assertAlmostEqual(figures["objective"], figures["reconstruction"] + figures["beta"] * figures["kl"], 9)

    def test_sentences_against_their_grammar(self):
        lm, ae = path("text/sentences-lm"), path("text/sentences-ae")
        for run, preset, settings in ((lm, "text-lm", LANGUAGE_MODEL), (ae, "text-ae", MODEL)):
            self.good("elbo-train", "--preset", preset, "--data", "sentences", *settings, "--set", "train.steps=20", "--quiet", "--out", run)
        figures = self.good_json("elbo-eval", lm, "--importance-samples", 1, "--examples", 200)
        self.assertAlmostEqual(figures["entropy_gap"], figures["nll"] - 22.2197, 3)
        self.assertIsNone(figures["samples_parsed"])
        whole = self.good_json("elbo-eval", lm, "--examples", 200)
        self.assertAlmostEqual(whole["entropy_gap"], whole["total"] - 22.2197, 3)
        self.assertIn("above the entropy", self.good("elbo-eval", lm, "--examples", 200))
        self.assertIsNone(self.good_json("elbo-eval", ae, "--importance-samples", 1, "--examples", 200)["entropy_gap"])  # no bound
        drawn = self.good_json("elbo-sample", lm, "--count", 5, "--language-model", lm)
        for of in (drawn["figures"], drawn["language_model"]):
            self.assertTrue(0 <= of["samples_parsed"] <= 1)
        self.assertIsNone(self.good_json("elbo-sample", self.lm, "--count", 2)["figures"]["samples_parsed"])

    def test_reviews(self):
        for part in ("train", "test"):
            for label, words in (("neg", "dull slow bad"), ("pos", "fine bright good")):
                for i in range(12):
                    text = " ".join(f"the {w} film number {(i + j) % 5} .<br /><br />It was {words.split()[(i + j) % 3]} !" for j, w in enumerate(words.split() * 4))
                    write(f"text/reviews/{part}/{label}/{i}_7.txt", text)
        spec = "imdb:" + path("text/reviews")
        out = self.good("elbo-train", "--preset", "text-vae", "--data", spec, *MODEL, "--set", "data.max_tokens=40", "--set", "train.epochs=3", "--out", path("text/reviewed"))
        self.assertIn("test part, 24 examples", out)
        self.assertEqual(len(self.good("elbo-sample", path("text/reviewed"), "--count", 3, "--quiet").splitlines()), 3)
        self.assertIn("area", self.good_json("elbo-score", path("text/reviewed"), "--anomaly", "neg"))
        notes = tool("elbo-data", "--data", spec, "--set", "data.max_tokens=40").stdout
        self.assertIn("have more than 40 tokens and are cut, without an end", notes)

    def test_compare(self):
        table = self.good("elbo-compare", "--presets", "text-ae,text-vae,text-lm", "--data", self.spec, "--seeds", 1, "--set", "model.embed=12", "--set", "model.units=16",
                          "--set", "train.epochs=2", "--out", path("text/report"), "--quiet")
        self.assertIn("text-lm", table)
        page = read_bytes("text/report/index.html").decode()
        for heading in ("Figures", "Reconstructions", "Samples", "Interpolation", "Learning curves"):
            self.assertIn(f">{heading}<", page)
        compared = json.loads(read_bytes("text/report/compare.json"))
        self.assertEqual([run["measured"]["figures"]["mutual_information"] is None for run in compared["runs"]], [True, False, True])
        figures = compared["summary"]
        self.assertIn("mutual_information", figures["text-vae"])
        self.assertEqual(figures["text-lm"]["nll"]["n"], 1)


if __name__ == "__main__":
    unittest.main()
