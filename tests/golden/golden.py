"""What the scripts of this folder share: numbers to test with, cases of ops, and writing a safetensors file whose bytes depend on its
contents alone."""
import json
import struct
import sys
from pathlib import Path

import torch
from safetensors.torch import save

here = Path(__file__).parent


def write(name, tensors, metadata):
    """Writes NAME.safetensors beside this script, with the command and the versions that made it in its metadata."""
    command = f"python tests/golden/{name}.py"
    metadata = {"made_by": command, "torch": torch.__version__, **metadata}
    data = save({key: t.detach().clone(memory_format=torch.contiguous_format) for key, t in tensors.items()})
    size = struct.unpack("<Q", data[:8])[0]
    header = json.loads(data[8 : 8 + size])
    header = {"__metadata__": dict(sorted(metadata.items())), **header}  # the package writes the metadata in any order
    text = json.dumps(header, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)
    path = here / f"{name}.safetensors"
    path.write_bytes(struct.pack("<Q", len(text)) + text + data[8 + size :])
    print(f"{path.name}: {path.stat().st_size} bytes, {len(tensors)} tensors; made by `{command}` with torch {torch.__version__}, Python {sys.version.split()[0]}")


def uniform(shape, low=-1.0, high=1.0, gap=0.0):
    """Numbers in [low, high), none closer to 0 than gap, exact in float32."""
    x = torch.empty(shape, dtype=torch.float32).uniform_(low, high)
    while bool((close := x.abs() < gap).any()):
        x = torch.where(close, torch.empty_like(x).uniform_(low, high), x)
    return x.double()


def exact(*values):
    """Numbers as given, rounded to float32."""
    return torch.tensor(values, dtype=torch.float32).double()


class Cases:
    """Inputs, outputs, cotangents and gradients of ops, what tests/autograd/test_golden.cpp checks.

    Keys: OP/CASE/in0, in1, ... (inputs), out0, ... (outputs), dy0, ... (cotangents; none for an output that is not used), grad0, ...
    (gradients of the sum over outputs of <dy, out>; none for an input that has none, such as a target). The op's name is the one that
    it has in autograd/ops/. The metadata holds the attributes as OP/CASE/NAME, and as OP/CASE/terms the length of the longest sum in a
    case, forward or backward: from it follows the bound for float32.

    All is float64, but every input and cotangent is a number that float32 holds too: what float32 kernels get wrong on them is their
    own rounding, none of the input's.
    """

    def __init__(self):
        self.tensors, self.metadata, self.counts = {}, {}, {}

    def __call__(self, op, f, inputs, constants=(), used=None, terms=1, **attributes):
        """Notes one case of `op`: f(*inputs) gives a tensor or several; `constants` are inputs without gradient; `used` outputs count."""
        key = f"{op}/{self.counts.setdefault(op, 0)}"
        self.counts[op] += 1
        inputs = [x.clone() for x in inputs]
        for i, x in enumerate(inputs):
            x.requires_grad_(x.is_floating_point() and i not in constants)
            self.tensors[f"{key}/in{i}"] = x
        outputs = f(*inputs)
        outputs = list(outputs) if isinstance(outputs, (tuple, list)) else [outputs]
        loss = 0
        for k, y in enumerate(outputs):
            self.tensors[f"{key}/out{k}"] = y
            if used is None or k in used:
                dy = self.tensors[f"{key}/dy{k}"] = uniform(y.shape, 0.3, 1.7)
                loss = loss + (y * dy).sum()
        wanted = [i for i, x in enumerate(inputs) if x.requires_grad]
        for i, g in zip(wanted, torch.autograd.grad(loss, [inputs[i] for i in wanted])):
            self.tensors[f"{key}/grad{i}"] = g
        self.metadata[f"{key}/terms"] = str(terms)
        for name, value in attributes.items():
            self.metadata[f"{key}/{name}"] = " ".join(map(str, value)) if isinstance(value, (tuple, list)) else str(value)

    def write(self, name):
        write(name, self.tensors, self.metadata)
