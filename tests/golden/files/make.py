"""Makes the files of this folder with NumPy, Pillow and the safetensors package: what the readers are tested against.

    pip install numpy pillow safetensors && python tests/golden/files/make.py

Made with NumPy 2.4.6, Pillow 13.0.0 and safetensors 0.8.0. Every array holds integers 0, 1, 2, ... times a factor, so that tests can say what they expect.
"""
import gzip
import json
import struct
import zipfile
from pathlib import Path

import numpy as np
from PIL import Image
from safetensors.numpy import save_file

here = Path(__file__).parent


def ramp(shape, dtype, factor=1.0, offset=0.0):
    return (np.arange(np.prod(shape, dtype=int)).reshape(shape) * factor + offset).astype(dtype)


def npy(name, array, version=None):
    with open(here / f"{name}.npy", "wb") as f:
        np.lib.format.write_array(f, array, version=version)


npy("f4", ramp((2, 3, 4), "<f4", 0.5, -3))
npy("f8", ramp((3, 5), "<f8", 0.1))
npy("i4", ramp((7,), "<i4", 1, -3))
npy("u1", ramp((4, 4, 1), "|u1", 17))
npy("f4_big", ramp((2, 3), ">f4", 0.5, -3))
npy("i2_big", ramp((5,), ">i2", 1000, -2000))
npy("f8_fortran", np.asfortranarray(ramp((2, 3, 4), "<f8", 0.25)))
npy("i8", ramp((6,), "<i8", 1, -3))
npy("i8_too_large", np.array([1, 2**31], "<i8"))
npy("u4", np.array([0, 1, 2**31 - 1], "<u4"))
npy("u8_too_large", np.array([2**64 - 1], "<u8"))
npy("i1", ramp((3,), "|i1", 1, -1))
npy("u2", ramp((3,), "<u2", 32767))
npy("b1", np.array([[True, False], [False, True]]))
npy("f2", np.array([0, -0.0, 1, -2.5, 65504, 2**-24, 2**-14, np.inf, -np.inf, np.nan], "<f2"))
npy("scalar", np.array(2.5, "<f4"))
npy("empty", np.zeros((0, 3), "<f4"))
npy("version2", ramp((2, 2), "<f4"), (2, 0))
npy("version3", ramp((2, 2), "<f4"), (3, 0))
npy("rank6", ramp((1, 2, 1, 3, 1, 2), "<i4"))
npy("rank7", ramp((1, 1, 1, 1, 1, 1, 2), "<i4"))
npy("complex", np.array([1 + 2j]))
npy("records", np.array([(1, 2.0)], dtype=[("a", "<i4"), ("b", "<f4")]))

arrays = {"mean": ramp((3, 2), "<f4", 0.5), "label": ramp((3,), "<i4"), "big": np.zeros((100, 100), "u1")}
np.savez(here / "stored.npz", **arrays)
np.savez_compressed(here / "deflated.npz", **arrays)
# The 64-bit fields of large archives, forced upon a small one.
zipfile.ZIP64_LIMIT, zipfile.ZIP_FILECOUNT_LIMIT = 100, 1
np.savez(here / "zip64.npz", **arrays)

tensors = {
    "encoder.weight": ramp((2, 3), "<f4", 0.5, -1),
    "encoder.bias": ramp((2,), "<f8", 0.1),
    "label": ramp((3,), "<i4", 1, -1),
    "picture": ramp((2, 2, 1), "u1", 50),
    "half": np.array([1, -2.5, 65504], "<f2"),
    "count": np.array(12345, "<i8"),
    "flag": np.array([True, False]),
    "empty": np.zeros((0, 4), "<f4"),
}
save_file(tensors, here / "numpy.safetensors", metadata={"format": "1", "note": "größer \"quoted\""})


def raw(name, header, data):
    text = json.dumps(header).encode()
    (here / f"{name}.safetensors").write_bytes(struct.pack("<Q", len(text)) + text + data)


# bfloat16 is no type of NumPy: 1, -2.5 and infinity by hand.
raw("bfloat16", {"w": {"dtype": "BF16", "shape": [3], "data_offsets": [0, 6]}}, bytes.fromhex("803f20c0807f"))

# Pictures of 5 x 7 pixels: red 40 y, green 30 x, blue 10 y + 20 x; grey 40 y + 10 x; alpha 255 in the left four columns, 0 right of them.
y, x = np.mgrid[0:5, 0:7].astype("u1")
rgb, grey = np.stack([40 * y, 30 * x, 10 * y + 20 * x], -1), 40 * y + 10 * x
alpha = np.where(x < 4, 255, 0).astype("u1")
Image.fromarray(grey).save(here / "grey.png")
Image.fromarray(grey.astype("u2") * 257).save(here / "grey16.png")
Image.fromarray(grey).convert("1", dither=Image.Dither.NONE).save(here / "bit.png")
Image.fromarray(np.stack([grey, alpha], -1)).save(here / "grey_alpha.png")
Image.fromarray(np.concatenate([rgb, alpha[..., None]], -1)).save(here / "rgb_alpha.png")
Image.fromarray(rgb).quantize(64, dither=Image.Dither.NONE).save(here / "palette.png")
for kind in "png", "bmp", "tga", "ppm":
    Image.fromarray(rgb).save(here / f"rgb.{kind}")
Image.fromarray(rgb).resize((28, 20)).save(here / "rgb.jpg", quality=95, subsampling=0)
Image.fromarray(grey).save(here / "grey.pgm")
# What Pillow does not write: a bitmap with a comment, 16 bits that are no multiples of 257, text with a largest value of its own.
(here / "bit.pbm").write_bytes(b"P4\n# more than 127 is white\n7 5\n" + np.packbits(grey <= 127, axis=1).tobytes())
(here / "grey16.pgm").write_bytes(b"P5 7 5 65535\n" + (grey.astype(">u2") * 257 + 100).astype(">u2").tobytes())
text = "\n".join(f"{8 * y} {6 * x} {2 * y + 4 * x}" for y in range(5) for x in range(7))
(here / "text.ppm").write_text(f"P3 # a fifth of every value\n7 5\n51\n{text}\n")

# IDX, the format of MNIST: pictures, labels, and a gzipped one.
pictures = struct.pack(">IIII", 0x803, 3, 4, 5) + bytes(range(60))
(here / "pictures.idx").write_bytes(pictures)
(here / "pictures.idx.gz").write_bytes(gzip.compress(pictures, mtime=0))
(here / "labels.idx").write_bytes(struct.pack(">II", 0x801, 6) + bytes(range(6)))
