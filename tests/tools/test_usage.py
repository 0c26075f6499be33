"""Help, errors and exit status of every tool."""

import math
import os
import re
import subprocess
import unittest

from harness import NAMES, TOOLS, Case, tool


class Usage(Case):
    def test_help_of_every_tool(self):
        self.assertIn("elbo-train", NAMES)
        for name in NAMES:
            with self.subTest(name):
                text = self.good(name, "--help")
                self.assertRegex(text, r"\nusage: " + name)
                self.assertRegex(text, r"\nexamples?:\n  " + name)
                examples = text[text.index("\nexample"):]
                described = text[:text.index("\nexample")].split("\n\n", 1)[1]
                options = set(re.findall(r"^  (--[a-z-]+)", described, re.M))
                self.assertTrue({"--help", "--version", "--threads"} <= options)
                if name == "elbo":
                    continue
                # What usage and examples speak of is described.
                self.assertLessEqual(set(re.findall(r"(?<![\w-])--[a-z][a-z-]+", examples + described)), options)
                self.assertTrue(all(len(line) <= 100 for line in described.split("\n\n", 1)[1].splitlines()))

    def test_version_of_every_tool(self):
        for name in NAMES:
            with self.subTest(name):
                self.assertRegex(self.good(name, "--version"),
                                 name + r" \(elbo \d+\.\d+\.\d+\)\nfile format: \d+\ncompiler: \w+ [\d.]+\ninstruction set: \w+\nBLAS: OpenBLAS.*\n")

    def test_unknown_options_name_the_nearest(self):
        for name in NAMES:
            with self.subTest(name):
                self.bad(2, "unknown option '--thread'; the nearest is '--threads'", name, "--thread", "2")
        self.bad(2, "unknown option '--presett'; the nearest is '--preset'", "elbo-train", "--presett=mlp-vae")

    def test_values_are_checked(self):
        for value in ["0", "1025", "x", "", "2.5"]:
            self.bad(2, "--threads", "elbo-data", "--data", "digits", "--threads", value)
        self.bad(2, "--seed", "elbo-sample", "nowhere", "--out", "x.png", "--seed", "-1")
        self.bad(2, "--split tset: expected train, valid, test; the nearest is test", "elbo-eval", "nowhere", "--split", "tset")
        self.bad(2, "--temperature", "elbo-sample", "nowhere", "--out", "x.png", "--temperature", "nan")
        self.bad(2, "--grid", "elbo-sample", "nowhere", "--out", "x.png", "--grid", "4by4")
        self.bad(2, "--grid", "elbo-sample", "nowhere", "--out", "x.png", "--grid", "2x2", "--count", "5")
        self.bad(2, "--dims", "elbo-manifold", "nowhere", "--out", "x.png", "--dims", "0;1")
        self.bad(2, "was given 2 times", "elbo-data", "--data", "digits", "--data", "digits")
        self.bad(2, "got the option --json", "elbo-data", "--data", "--json")
        self.bad(2, "--data", "elbo-data", "--data")
        self.bad(2, "unexpected argument 'two'", "elbo-eval", "one", "two")
        self.bad(2, "RUN is missing", "elbo-eval")
        self.bad(2, "batch is '0'", "elbo-eval", "--translate", "pytorch-sum-mse,batch=0")
        self.bad(2, "the nearest is 'batch'", "elbo-eval", "--translate", "pytorch-sum-mse,bach=2")
        self.bad(2, "--preset: expected a value", "elbo-train", "--preset")
        self.bad(2, "--json: takes no value", "elbo-eval", "run", "--json=false")
        self.bad(2, "--data SPEC is missing", "elbo-data")
        self.bad(2, "nearest is 'digits'", "elbo-data", "--data", "digts")
        self.bad(2, "nearest is 'linear'", "elbo-gradcheck", "--op", "linaer")
        self.bad(2, "nearest is 'mlp-vae'", "elbo-graph", "--preset", "mlpvae")

    def test_translated_losses(self):
        theirs = self.good_json("elbo-eval", "--translate", "pytorch-mean-mse,beta=0.00025,loss=0.03")
        self.assertAlmostEqual(theirs["nats"], 0.03 * 784 / 0.196 + 392 * math.log(math.pi * 0.196))
        self.assertIsNone(theirs["bits_per_dim"])
        summed = self.good_json("elbo-eval", "--translate", "pytorch-sum-bce,loss=13500,data=binary")
        self.assertEqual((summed["nats"], summed["why_no_nats"]), (None, "a sum over the batch, and batch=N was not given"))
        self.assertAlmostEqual(self.good_json("elbo-eval", "--translate", "pytorch-sum-bce,loss=13500,data=binary,batch=100")["nats"], 135)

    def test_missing_files_are_failures_not_usage(self):
        self.bad(1, "nowhere", "elbo-eval", "nowhere")
        self.bad(1, "nowhere", "elbo-data", "--data", "mnist:/nowhere")

    def test_an_error_is_one_line_whatever_is_in_it(self):
        self.bad(1, "two lines", "elbo-eval", "two\nlines".replace("\n", " "))
        self.bad(1, "two lines", "elbo-eval", "two\nlines")

    def test_options_and_arguments_in_any_order(self):
        for order in (["nowhere", "--split", "valid", "--json"], ["--split", "valid", "nowhere", "--json"], ["--json", "--split=valid", "nowhere"]):
            self.bad(1, "nowhere", "elbo-eval", *order)

    def test_instruction_set(self):
        for name in NAMES:
            self.bad(2, "ELBO_ISA=sse9", name, "--help", env={"ELBO_ISA": "sse9"})
        self.assertIn("instruction set: reference", self.good("elbo-data", "--version", env={"ELBO_ISA": "reference"}))

    def test_standard_output_that_cannot_be_written(self):
        for name, arguments in (("elbo-data", ["--help"]), ("elbo-gradcheck", ["--op", "exp"])):
            with open("/dev/full", "w") as full:
                result = subprocess.run([os.path.join(TOOLS, name), *arguments], stdout=full, stderr=subprocess.PIPE, text=True)
            self.assertEqual(result.returncode, 1)
            self.assertRegex(result.stderr, r"\Aerror: .*standard output[^\n]*\n\Z")
            closed = subprocess.run(["sh", "-c", f'exec "{TOOLS}/{name}" {" ".join(arguments)} >&-'], stderr=subprocess.PIPE, text=True)
            self.assertEqual(closed.returncode, 1)
            self.assertRegex(closed.stderr, r"\Aerror: .*standard output[^\n]*\n\Z")


class Elbo(Case):
    def test_alone_lists_the_tools(self):
        text = self.good("elbo")
        for name in NAMES:
            if name != "elbo":
                self.assertRegex(text, r"(?m)^  " + name[len("elbo-"):] + r" +\w")

    def test_runs_a_tool(self):
        self.assertEqual(self.good("elbo", "data", "--version"), self.good("elbo-data", "--version"))
        self.bad(2, "unknown option '--dta'; the nearest is '--data'", "elbo", "data", "--dta")

    def test_unknown_tool_names_the_nearest(self):
        self.bad(2, "unknown tool 'trian'; the nearest is 'train'", "elbo", "trian")


class Gradcheck(Case):
    def test_one_op(self):
        checks = self.good_json("elbo-gradcheck", "--op", "linear")
        self.assertEqual(checks["failed"], 0)
        self.assertGreater(checks["passed"], 0)
        self.assertTrue(all(c["name"] == "linear" and 0 <= c["error64"] < checks["tolerance"] for c in checks["checks"]))

    def test_table(self):
        lines = self.good("elbo-gradcheck", "--op", "linear").splitlines()
        self.assertRegex(lines[0], "op +sample")
        self.assertRegex(lines[2], r"^linear +0 .* passed$")

    def test_plain_autoencoders_whose_encoders_have_small_gradients(self):
        for preset in ("conditional-ae", "conv-ae"):
            self.assertEqual(self.good_json("elbo-gradcheck", "--preset", preset)["failed"], 0)


class Graph(Case):
    def test_text(self):
        text = self.good("elbo-graph", "--preset", "mlp-vae")
        self.assertRegex(text, r"= linear\(%\d+, %\d+ encoder/0/weight, %\d+ encoder/0/bias\)   \(128, 400\)   activation relu   in encoder/0   [\d.]+ us")
        self.assertIn("reparameterise", text)

    def test_dot(self):
        text = self.good("elbo-graph", "--preset", "mlp-vae", "--dot")
        self.assertTrue(text.startswith("digraph"))
        declared, used = set(re.findall(r"^ +(\w+) \[label", text, re.M)), set(re.findall(r"(\w+) -> (\w+)", text))
        self.assertGreater(len(used), 20)
        self.assertTrue(all(a in declared and b in declared for a, b in used))

    def test_svg(self):
        if tool("elbo-graph", "--preset", "dense-ae", "--svg", env={"PATH": "/nowhere"}).returncode != 1:
            self.fail("--svg without Graphviz should fail")
        self.bad(1, "graphviz", "elbo-graph", "--preset", "dense-ae", "--svg", env={"PATH": "/nowhere"})
        if any(os.access(os.path.join(p, "dot"), os.X_OK) for p in os.environ.get("PATH", "").split(":")):
            self.assertIn("<svg", self.good("elbo-graph", "--preset", "dense-ae", "--svg"))


if __name__ == "__main__":
    unittest.main()
