"""What the tests of the tools share: running them, reading what they write. Standard library only."""

import atexit
import json
import os
import shutil
import struct
import subprocess
import tempfile
import unittest

import small_data

TOOLS = os.environ["ELBO_TOOLS"]
NAMES = sorted(n for n in os.listdir(TOOLS) if n.startswith("elbo") and os.access(os.path.join(TOOLS, n), os.X_OK)
               and os.path.isfile(os.path.join(TOOLS, n)) and "." not in n)
FOLDER = tempfile.mkdtemp(prefix="elbo-tools-")
atexit.register(shutil.rmtree, FOLDER, ignore_errors=True)

DATA = small_data.write(os.path.join(FOLDER, "data"))
# A model and data small enough to train in a second.
SMALL = ["--preset", "mlp-vae", "--data", DATA, "--set", "model.hidden=[32]", "--set", "model.latent=4", "--set", "train.batch=50"]


def path(*parts):
    return os.path.join(FOLDER, *parts)


def tool(name, *arguments, env=None, **options):
    """Runs a tool; returns the finished process with text in stdout and stderr."""
    environment = {k: v for k, v in os.environ.items() if not k.startswith("ELBO_ISA") and k != "OPENBLAS_CORETYPE"}
    environment.update(env or {})
    return subprocess.run([os.path.join(TOOLS, name), *map(str, arguments)], stdin=subprocess.DEVNULL, capture_output=True,
                          text=True, env=environment, timeout=300, **options)


def picture_size(file):
    """(width, height, channels) of a PNG."""
    with open(file, "rb") as f:
        head = f.read(26)
    assert head[:8] == b"\x89PNG\r\n\x1a\n" and head[12:16] == b"IHDR", file
    width, height, _, colour = struct.unpack(">IIBB", head[16:26])
    return width, height, {0: 1, 2: 3, 6: 4}[colour]


def read_bytes(*parts):
    with open(path(*parts), "rb") as f:
        return f.read()


class Case(unittest.TestCase):
    def good(self, name, *arguments, **options):
        result = tool(name, *arguments, **options)
        self.assertEqual(result.returncode, 0, result.stderr)
        return result.stdout

    def good_json(self, name, *arguments, **options):
        value = json.loads(self.good(name, *arguments, "--json", **options))  # fails for more than one value
        self.assertIsInstance(value, dict)
        return value

    def bad(self, status, part, name, *arguments, **options):
        """Exit status, one line `error: ...` on standard error that contains `part`, nothing on standard output."""
        result = tool(name, *arguments, **options)
        self.assertEqual(result.returncode, status, (arguments, result.stdout, result.stderr))
        self.assertRegex(result.stderr, r"\Aerror: [^\n]+\n\Z")
        self.assertIn(part, result.stderr)
        self.assertEqual(result.stdout, "")
        return result.stderr
