"""Prints the values of test_ssim.cpp: structural similarity by loops over windows (Wang et al. 2004).

Usage: python3 tests/lab/ssim_reference.py (needs numpy)
"""
import numpy as np


def pictures(n, h, w, c, a, b):
    i = np.arange(n * h * w * c, dtype=np.int64)
    return ((i * a + i * i * b) % 251 / 250).astype(np.float32).reshape(n, h, w, c)


def similarity(x, y):
    h, w = x.shape
    side = min(11, h - (1 - h % 2), w - (1 - w % 2))
    d = np.arange(side) - (side - 1) / 2
    g = np.exp(-d * d / (2 * 1.5 ** 2))
    g = np.outer(g, g)
    g /= g.sum()
    values = []
    for i in range(h - side + 1):
        for j in range(w - side + 1):
            a, b = x[i:i + side, j:j + side], y[i:i + side, j:j + side]
            ma, mb = (g * a).sum(), (g * b).sum()
            va, vb, cov = (g * (a - ma) ** 2).sum(), (g * (b - mb) ** 2).sum(), (g * (a - ma) * (b - mb)).sum()
            values.append((2 * ma * mb + 1e-4) * (2 * cov + 9e-4) / ((ma ** 2 + mb ** 2 + 1e-4) * (va + vb + 9e-4)))
    return np.mean(values)


for h, w, c in ((14, 13, 2), (6, 9, 1)):
    x = pictures(2, h, w, c, 7, 3)
    y = (0.7 * x.astype(float) + 0.3 * pictures(2, h, w, c, 5, 11).astype(float)).astype(np.float32)
    x, y = x.astype(float), y.astype(float)
    print(h, w, c, [float(np.mean([similarity(x[k, :, :, j], y[k, :, :, j]) for j in range(c)])) for k in range(2)])
