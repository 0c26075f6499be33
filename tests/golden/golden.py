"""What the scripts of this folder share: writing a safetensors file whose bytes depend on its contents alone."""
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
