"""A small data set in MNIST's format: what a test of the tools asks for is their behaviour, not sixty thousand pictures."""

import os
import random
import struct

TRAIN, VALID, TEST = 3600, 400, 1000  # `train` as elbo splits it: a tenth of the training file is set apart


def write(folder, train=TRAIN + VALID, test=TEST):
    """Bright bars whose slope and place depend on the label, a little noise in both; returns the specification."""
    os.makedirs(folder)
    draw = random.Random(1)
    for name, count in (("train", train), ("t10k", test)):
        pictures, labels = bytearray(), bytearray()
        for i in range(count):
            label = i % 10
            slope, start = (label % 5 - 2) / 2 + draw.uniform(-0.1, 0.1), 9 + 9 * (label // 5) + draw.randint(-1, 1)
            picture = bytearray(28 * 28)
            for x in range(4, 24):
                y = round(start + slope * (x - 14))
                for line in range(max(y, 2), min(y + 4, 26)):
                    picture[28 * line + x] = draw.randint(160, 255)
            pictures += picture
            labels.append(label)
        with open(os.path.join(folder, name + "-images-idx3-ubyte"), "wb") as f:
            f.write(struct.pack(">IIII", 0x803, count, 28, 28) + pictures)
        with open(os.path.join(folder, name + "-labels-idx1-ubyte"), "wb") as f:
            f.write(struct.pack(">II", 0x801, count) + labels)
    return "mnist:" + folder
