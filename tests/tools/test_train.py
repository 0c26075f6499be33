"""elbo-train and elbo-eval: configurations, runs, signals, resuming."""

import fcntl
import json
import os
import pathlib
import pty
import re
import signal
import struct
import subprocess
import termios
import time
import unittest

from harness import DATA, SMALL, TOOLS, Case, path, read_bytes, tool

RUN_FILES = {"config.json", "model.safetensors", "best.safetensors", "state.safetensors", "metrics.jsonl", "summary.json", "reconstructions.png",
             "samples.png"}


def metrics(*parts):
    return [json.loads(line) for line in read_bytes(*parts).splitlines()]


class Configuration(Case):
    def test_print_config_is_read_back(self):
        printed = self.good("elbo-train", "--preset", "mlp-vae-2d", "--print-config", "--set", "objective.beta=2", "--set", "model.hidden=[8,4]", "--seed", "7")
        config = json.loads(printed)
        self.assertEqual((config["objective"]["beta"], config["model"]["hidden"], config["train"]["seed"]), (2, [8, 4], 7))
        self.assertIsNone(config["data"]["valid"])
        with open(path("config.json"), "w") as f:
            f.write(printed)
        self.assertEqual(self.good("elbo-train", "--config", path("config.json"), "--print-config"), printed)
        changed = json.loads(self.good("elbo-train", "--print-config", "--config", path("config.json"), "--set", "data.valid=0"))
        self.assertEqual(changed["data"]["valid"], 0)
        self.assertEqual(self.good("elbo-train", "--print-config", "--config", path("config.json"), "--set", "data.valid=0", "--set", "data.valid=null"), printed)

    def test_config_file_takes_defaults_for_missing_keys(self):
        with open(path("part.json"), "w") as f:
            f.write('{"model": {"latent": 3}}')
        config = json.loads(self.good("elbo-train", "--config", path("part.json"), "--print-config"))
        self.assertEqual((config["model"]["latent"], config["model"]["kind"]), (3, "dense"))

    def test_wrong_usage(self):
        self.bad(2, "--preset", "elbo-train", "--data", "digits", "--out", path("never"))
        self.bad(2, "expected one of them", "elbo-train", "--preset", "mlp-vae", "--config", "x")
        self.bad(2, "nearest is 'mlp-vae'", "elbo-train", "--preset", "mlp-va")
        self.bad(2, "nearest is 'train.epochs'", "elbo-train", "--preset", "mlp-vae", "--print-config", "--set", "train.epoch=3")
        self.bad(2, "train.epochs", "elbo-train", "--preset", "mlp-vae", "--print-config", "--set", "train.epochs=many")
        self.bad(2, "--data SPEC is missing", "elbo-train", "--preset", "mlp-vae", "--out", path("never"))
        self.bad(2, "--out RUN is missing", "elbo-train", "--preset", "mlp-vae", "--data", "digits")
        self.bad(2, ".png", "elbo-train", "--preset", "mlp-vae", "--data", "digits", "--out", path("never.png"))
        self.bad(2, "--resume", "elbo-train", "--resume", path("never"), "--data", "digits")
        self.bad(1, "never", "elbo-train", "--resume", path("never"))
        self.bad(1, "missing.json", "elbo-train", "--config", path("missing.json"), "--print-config")
        self.assertFalse(os.path.exists(path("never")))

    def test_summary(self):
        summary = self.good_json("elbo-train", "--preset", "mlp-vae", "--summary")
        self.assertEqual(summary["parameters"], sum(layer["parameters"] for layer in summary["layers"]))
        self.assertEqual(summary["layers"][0], {"name": "encoder/0", "kind": "linear, relu", "output": [400], "parameters": 785 * 400, "flops": 2.0 * 784 * 400})
        self.assertIn("314,000", self.good("elbo-train", "--preset", "mlp-vae", "--summary"))


class Runs(Case):
    def setUp(self):
        self.train_once()

    @classmethod
    def train_once(cls):
        """The run that the tests of this class look at."""
        if os.path.exists(path("runs", "whole")):
            return
        result = tool("elbo-train", *SMALL, "--set", "train.epochs=2", "--out", path("runs", "whole"))
        assert result.returncode == 0, result.stderr
        cls.shown = result

    def test_diagnosis(self):
        self.good("elbo-train", *SMALL, "--set", "objective.beta=1000", "--set", "train.epochs=2", "--out", path("ill"), "--quiet")
        self.assertNotIn("diagnosis", self.good_json("elbo-eval", path("ill")))
        found = self.good_json("elbo-eval", path("ill"), "--diagnose")["diagnosis"]
        self.assertEqual(found[0]["illness"], "posterior collapse")
        for finding in found:
            self.assertEqual(set(finding), {"illness", "evidence", "cause", "set"})
        self.assertIn("--set objective.beta=1", found[0]["set"])
        self.assertIn("posterior collapse\n    the code is not used", self.good("elbo-eval", path("ill"), "--diagnose"))
        self.bad(2, "--diagnose", "elbo-eval", path("ill"), "--diagnose", "--input", path("any.png"))

    def test_run_folder(self):
        self.assertEqual({n for n in os.listdir(path("runs", "whole")) if not n.startswith(".")}, RUN_FILES)
        lines = metrics("runs", "whole", "metrics.jsonl")
        self.assertEqual([(m["epoch"], m["split"]) for m in lines], [(1, "train"), (1, "valid"), (2, "train"), (2, "valid")])
        self.assertEqual(json.loads(read_bytes("runs", "whole", "config.json"))["data"]["spec"], DATA)

    def test_watch(self):
        run = path("runs", "whole")
        text = self.good("elbo-watch", run, "--html", path("live.html"))
        self.assertIn("finished", text)
        self.assertNotIn("http-equiv", read_bytes("live.html").decode())  # nothing more will come
        seen = self.good_json("elbo-watch", run, run)["runs"]
        self.assertEqual([(r["state"], r["progress"], r["seconds_left"]) for r in seen], [("finished", 1.0, None)] * 2)
        last = metrics("runs", "whole", "metrics.jsonl")[-1]
        self.assertEqual(seen[0][last["split"]]["objective"], last["objective"])
        self.assertIsInstance(seen[0]["valid"]["active_units"], int)
        self.assertIsNone(seen[0]["valid"]["gradient_norm"])
        self.assertGreater(seen[0]["train"]["gradient_norm"], 0)
        self.bad(2, "RUN... is missing", "elbo-watch")
        self.bad(1, "expected a run folder", "elbo-watch", path("nowhere"))

    def test_watch_on_a_terminal(self):
        run = path("runs", "whole")
        master, slave = pty.openpty()
        fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 5, 60, 0, 0))
        subprocess.run([os.path.join(TOOLS, "elbo-watch"), *[run] * 6, "--once"], stdin=subprocess.DEVNULL, stdout=slave, timeout=60, check=True)
        lines = os.read(master, 65536).decode().splitlines()
        os.close(master), os.close(slave)
        self.assertEqual(len(lines), 4)
        self.assertTrue(all(len(line) < 60 for line in lines), lines)
        self.assertEqual(lines[-1], "and 5 more")

    def test_watch_within_an_epoch_and_a_signal(self):
        run, page = path("runs", "watched"), path("watched.html")
        train = subprocess.Popen([os.path.join(TOOLS, "elbo-train"), *SMALL, "--set", "train.epochs=100000", "--set", "train.batch=1", "--out", run, "--quiet"],
                                 stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
        try:
            end = time.monotonic() + 60
            while not os.path.exists(os.path.join(run, "progress.json")) and time.monotonic() < end:
                time.sleep(0.05)
            (seen,) = self.good_json("elbo-watch", run)["runs"]
            self.assertEqual(seen["state"], "training")
            self.assertGreater(seen["step"], 0)
            self.assertGreater(seen["seconds_left"], 0)
            watch = subprocess.Popen([os.path.join(TOOLS, "elbo-watch"), run, "--html", page, "--interval", "0.2"], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
            while not (os.path.exists(page) and b"http-equiv" in pathlib.Path(page).read_bytes()) and time.monotonic() < end:
                time.sleep(0.05)
            watch.send_signal(signal.SIGINT)
            self.assertEqual(watch.wait(timeout=30), 130)
            self.assertNotIn("http-equiv", pathlib.Path(page).read_text())  # left behind, it reloads no more
        finally:
            train.send_signal(signal.SIGTERM)
            self.assertEqual(train.wait(timeout=60), 143)
        self.assertFalse(os.path.exists(os.path.join(run, "progress.json")))
        self.assertIn("stopped", self.good("elbo-watch", run))

    def test_progress_and_results(self):
        epochs = [line for line in self.shown.stderr.splitlines() if line.startswith("epoch ")]
        self.assertEqual([line.split()[1] for line in epochs], ["1/2", "2/2"])
        for line in epochs:
            self.assertRegex(line, r"objective .* = .* \+ .*, \d+ active, gradient [0-9.e+-]+  \d+ examples/s  \d+ s left  valid: .*, \d+ active")
        self.assertIn(" 0 s left", epochs[-1])
        self.assertNotIn("\r", self.shown.stderr)
        self.assertIn("2 epochs, 144 steps; best epoch ", self.shown.stdout)

    def test_quiet_and_json(self):
        result = tool("elbo-train", *SMALL, "--set", "train.steps=3", "--quiet", "--json", "--out", path("runs", "quiet"), env={"OPENBLAS_CORETYPE": "Nehalem"})
        self.assertEqual((result.returncode, result.stderr), (0, ""))
        shown = json.loads(result.stdout)
        self.assertEqual((shown["run"], shown["steps"], shown["stopped"]), (path("runs", "quiet"), 3, False))
        self.assertEqual(shown["figures"], json.loads(read_bytes("runs", "quiet", "summary.json")))

    def test_warning_of_a_slow_blas_core(self):
        slow = {"OPENBLAS_CORETYPE": "Prescott"}
        result = tool("elbo-train", *SMALL, "--set", "train.steps=3", "--out", path("runs", "slow"), env=slow)
        self.assertEqual(result.returncode, 0, result.stderr)
        fast = "instruction set: avx" in self.good("elbo-train", "--version")
        self.assertEqual(len([line for line in result.stderr.splitlines() if line.startswith("warning: ")]), 1 if fast else 0)
        self.bad(1, "--force", "elbo-train", *SMALL, "--out", path("runs", "slow"), env=slow)  # one line alone

    def test_a_damaged_run_is_a_failure(self):
        os.makedirs(path("damaged"))
        whole = read_bytes("runs", "whole", "model.safetensors")
        for name, content in (("cut", whole[:len(whole) // 2]), ("key", whole.replace(b"latent", b"patent")), ("empty", b"")):
            with open(path("damaged", name + ".safetensors"), "wb") as f:
                f.write(content)
            self.bad(1, name + ".safetensors", "elbo-eval", path("damaged", name + ".safetensors"), "--data", DATA)

    def test_second_signal_ends_at_once(self):
        process = subprocess.Popen([os.path.join(TOOLS, "elbo-train"), *SMALL, "--set", "train.batch=3600", "--set", "train.epochs=2000", "--out",
                                    path("runs", "twice")], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        while not os.path.exists(path("runs", "twice")):
            self.assertIsNone(process.poll())
            time.sleep(0.05)
        process.send_signal(signal.SIGINT)
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=60)
        self.assertIn(process.returncode, (130, 143))

    def on_terminal(self, name, *arguments):
        """Starts a tool whose standard error is a terminal; returns the process and the terminal's other end."""
        try:
            master, slave = pty.openpty()
        except OSError as error:
            self.skipTest(f"no terminal to be had here: {error}")
        process = subprocess.Popen([os.path.join(TOOLS, name), *arguments], stdout=subprocess.DEVNULL, stderr=slave)
        os.close(slave)
        return process, master

    def test_reading_a_folder_shows_progress_and_heeds_the_first_signal(self):
        os.makedirs(path("album"))
        self.good("elbo-data", "--data", "digits?noise=0.5", "--count", "1", "--out", path("one"))
        for i in range(20000):
            os.link(path("one", "0.png"), path("album", f"{i}.png"))
        common = ["--preset", "mlp-vae", "--data", "images:" + path("album") + "?size=192x192&channels=1"]
        for name, arguments in (("elbo-train", [*common, "--out", path("runs", "album")]),
                                ("elbo-compare", ["--presets", "mlp-vae", *common[2:], "--out", path("album-report")])):
            process, master = self.on_terminal(name, *arguments)
            shown = b""
            while b"decoding pictures [" not in shown:
                shown += os.read(master, 4096)
            process.send_signal(signal.SIGINT)
            self.assertEqual(process.wait(timeout=60), 130)
            os.close(master)
            self.assertNotIn(b"error", shown)
            self.assertFalse(os.path.exists(arguments[-1]))

    def test_progress_on_a_terminal_is_a_live_line(self):
        process, master = self.on_terminal("elbo-train", *SMALL, "--set", "train.epochs=3", "--out", path("runs", "terminal"))
        shown = b""
        try:
            while block := os.read(master, 4096):
                shown += block
        except OSError:  # the terminal has gone with its last writer
            pass
        self.assertEqual(process.wait(timeout=60), 0)
        os.close(master)
        lines = [re.sub(r".*\x1b\[K", "", line) for line in shown.decode().split("\r\n")]
        self.assertEqual([line.split()[1] for line in lines if line.startswith("epoch ")], ["1/3", "2/3", "3/3"])
        for live in re.findall(r"epoch [^\r]*\[[#.]+\][^\r]*", shown.decode()):
            self.assertLess(len(live), 80)
            self.assertIn("objective", live)

    def test_nothing_is_overwritten(self):
        before = read_bytes("runs", "whole", "state.safetensors")
        self.bad(1, "--force", "elbo-train", *SMALL, "--out", path("runs", "whole"))
        os.makedirs(path("precious"))
        with open(path("precious", "thesis.txt"), "w") as f:
            f.write("years of work")
        self.bad(1, "thesis.txt", "elbo-train", *SMALL, "--out", path("precious"), "--force")
        self.assertEqual(read_bytes("precious", "thesis.txt"), b"years of work")
        self.assertEqual(read_bytes("runs", "whole", "state.safetensors"), before)

    def test_force_replaces_a_run(self):
        for seed in ("1", "2"):
            self.good("elbo-train", *SMALL, "--set", "train.steps=2", "--out", path("runs", "forced"), "--force", "--quiet", "--seed", seed)
        self.assertEqual(json.loads(read_bytes("runs", "forced", "config.json"))["train"]["seed"], 2)

    def test_same_seed_same_bytes_for_any_threads(self):
        names = sorted(n for n in RUN_FILES if n not in ("metrics.jsonl", "summary.json"))
        for threads in ("1", "3"):
            self.good("elbo-train", *SMALL, "--set", "train.steps=30", "--seed", "5", "--quiet", "--threads", threads, "--out", path("runs", "t" + threads))
        for name in names:
            if os.path.exists(path("runs", "t1", name)):
                self.assertEqual(read_bytes("runs", "t1", name), read_bytes("runs", "t3", name), name)
        self.good("elbo-train", *SMALL, "--set", "train.steps=30", "--seed", "6", "--quiet", "--out", path("runs", "other"))
        self.assertNotEqual(read_bytes("runs", "t1", "model.safetensors"), read_bytes("runs", "other", "model.safetensors"))

    def test_signals_checkpoint_and_resume(self):
        for number, status in ((signal.SIGINT, 130), (signal.SIGTERM, 143)):
            run = path("runs", f"stopped{status}")
            process = subprocess.Popen([os.path.join(TOOLS, "elbo-train"), *SMALL, "--set", "train.epochs=2000", "--out", run],
                                       stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
            while not os.path.exists(run):
                self.assertIsNone(process.poll())
                time.sleep(0.05)
            locked = self.bad(1, "trained by", "elbo-train", "--resume", run)
            self.assertIn(str(process.pid), locked)
            process.send_signal(number)
            out, errors = process.communicate(timeout=60)
            self.assertEqual(process.returncode, status, errors)
            self.assertIn("--resume continues it", out)
            self.assertNotIn("error:", errors)
        stopped = self.good_json("elbo-train", "--resume", run, "--set", "train.steps=5", "--quiet")
        self.assertFalse(stopped["stopped"])
        self.bad(2, "train.batch", "elbo-train", "--resume", run, "--set", "train.batch=7")

    def test_resumed_run_has_the_bits_of_one_never_stopped(self):
        self.good("elbo-train", *SMALL, "--set", "train.epochs=1", "--quiet", "--out", path("runs", "halves"))
        self.good("elbo-train", "--resume", path("runs", "halves"), "--set", "train.epochs=2", "--quiet")
        self.assertEqual(read_bytes("runs", "halves", "model.safetensors"), read_bytes("runs", "whole", "model.safetensors"))

    def test_init_from(self):
        result = tool("elbo-train", *SMALL, "--set", "train.steps=1", "--set", "optimizer.learning_rate=1e-30", "--init-from", path("runs", "whole"),
                      "--out", path("runs", "warm"))
        self.assertEqual(result.returncode, 0, result.stderr)
        self.assertIn("weights taken", result.stderr)
        whole, warm = (self.good_json("elbo-eval", path("runs", r), "--examples", "200", "--weights", w)["total"] for r, w in (("whole", "best"), ("warm", "last")))
        self.assertAlmostEqual(whole, warm, places=3)
        other = tool("elbo-train", "--preset", "mlp-vae", "--data", DATA, "--set", "model.hidden=[7]", "--set", "train.steps=1", "--out", path("runs", "cold"),
                     "--init-from", path("runs", "whole"))
        self.assertIn("1 of 10 weights taken", other.stderr)  # the output's bias alone has the same shape

    def test_loss_that_is_not_finite(self):
        error = self.bad(1, "not finite", "elbo-train", *SMALL, "--set", "optimizer.name=sgd", "--set", "optimizer.learning_rate=1e20", "--quiet",
                         "--out", path("runs", "nan"))
        self.assertRegex(error, r"step \d+.*--set ")

    def test_eval(self):
        run = path("runs", "whole")
        figures = self.good_json("elbo-eval", run, "--examples", "300", "--importance-samples", "20")
        self.assertEqual((figures["examples"], figures["split"], figures["weights"], figures["importance_samples"]), (300, "test", "best", 20))
        self.assertAlmostEqual(figures["total"], figures["reconstruction"] + figures["kl"], places=6)
        self.assertEqual(len(figures["kl_per_unit"]), 4)
        self.assertLess(figures["nll"], figures["total"])
        self.assertEqual(self.good_json("elbo-eval", path("runs", "whole", "model.safetensors"), "--examples", "10")["weights"], "last")
        summary = json.loads(read_bytes("runs", "whole", "summary.json"))
        again = self.good_json("elbo-eval", run, "--threads", "1")
        for key in summary:
            if key not in ("seconds", "examples_per_second"):
                self.assertEqual(summary[key], again[key], key)

    def test_eval_per_example(self):
        run = path("runs", "whole")
        self.good("elbo-eval", run, "--examples", "30", "--per-example", path("each", "figures.csv"))
        rows = [line.split(",") for line in read_bytes("each", "figures.csv").decode().splitlines()]
        self.assertEqual(rows[0][:3], ["index", "label", "total"])
        self.assertEqual(len(rows), 31)
        mean = sum(float(row[2]) for row in rows[1:]) / 30
        self.assertAlmostEqual(mean, self.good_json("elbo-eval", run, "--examples", "30")["total"], places=4)
        self.bad(1, "--force", "elbo-eval", run, "--per-example", path("each", "figures.csv"))
        self.bad(2, ".png", "elbo-eval", run, "--per-example", path("each", "figures.png"))
        self.good("elbo-eval", run, "--examples", "30", "--per-example", path("each", "figures.npy"))
        self.assertTrue(read_bytes("each", "figures.npy").startswith(b"\x93NUMPY"))


if __name__ == "__main__":
    unittest.main()
