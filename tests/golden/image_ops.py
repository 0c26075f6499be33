"""Makes image_ops.safetensors with PyTorch: the ops of images (pooling, enlargement, padding, normalisation) for tests/autograd/test_golden.cpp.

    pip install torch safetensors && python tests/golden/image_ops.py

Images are (n, h, w, c) in the file; PyTorch's are (n, c, h, w). The keys of the file: golden.Cases.
"""
import math

import torch
import torch.nn.functional as F

from golden import Cases, exact, uniform

case = Cases()
torch.manual_seed(21)


def images(f):
    """f of PyTorch's images as a function of ours."""
    return lambda x, *more: f(x.permute(0, 3, 1, 2), *more).permute(0, 2, 3, 1)


# ---- pooling: kernel, stride and padding, each down and across

windows = [((2, 4, 6, 3), (2, 2), (2, 2), (0, 0)), ((2, 7, 5, 9), (3, 3), (2, 2), (1, 1)), ((1, 9, 11, 2), (3, 2), (1, 3), (1, 0)), ((1, 6, 5, 17), (4, 3), (1, 1), (2, 1)), ((3, 5, 4, 1), (5, 4), (5, 4), (0, 0)), ((1, 8, 7, 4), (2, 1), (3, 2), (0, 0))]
for shape, kernel, stride, padding in windows:
    terms = kernel[0] * kernel[1]
    case("max_pool2d", images(lambda x: F.max_pool2d(x, kernel, stride, padding)), [uniform(shape)], terms=terms, kernel=kernel, stride=stride, padding=padding)
    for count in [True, False]:
        pool = lambda x: F.avg_pool2d(x, kernel, stride, padding, count_include_pad=count)
        case("average_pool2d", images(pool), [uniform(shape)], terms=terms, kernel=kernel, stride=stride, padding=padding, count_padding=int(count))
# Equal numbers: the first of a window has the gradient.
ties = exact(1, 3, 3, 0, 3, 3, 1, 2, 2, 2, 2, 2, 0, 0, 0, -1).reshape(1, 4, 4, 1)
for kernel, stride in [((2, 2), (2, 2)), ((3, 3), (1, 1))]:
    case("max_pool2d", images(lambda x: F.max_pool2d(x, kernel, stride)), [ties], terms=9, kernel=kernel, stride=stride, padding=(0, 0))

# ---- enlargement (and the other way) to a size

for shape, size in [((2, 2, 3, 3), (8, 12)), ((1, 3, 4, 9), (5, 9)), ((2, 5, 4, 1), (2, 3)), ((1, 4, 3, 17), (4, 6)), ((1, 1, 1, 2), (3, 2))]:
    case("upsample", images(lambda x: F.interpolate(x, size=size, mode="nearest")), [uniform(shape)], terms=8, mode="nearest", size=size)
    case("upsample", images(lambda x: F.interpolate(x, size=size, mode="bilinear")), [uniform(shape)], terms=64, mode="bilinear", size=size)

# ---- margins: top, bottom, left, right (PyTorch counts from the last axis: left, right, top, bottom)

for shape, (top, bottom, left, right) in [((2, 3, 4, 2), (1, 2, 3, 0)), ((1, 5, 3, 9), (0, 4, 2, 2)), ((2, 4, 4, 1), (0, 0, 0, 0)), ((1, 4, 5, 17), (3, 3, 4, 4))]:
    for mode, name in [("zeros", "constant"), ("reflect", "reflect")]:
        pad = lambda x: F.pad(x, (left, right, top, bottom), mode=name)
        case("pad", images(pad), [uniform(shape)], terms=9, mode=mode, margins=(top, bottom, left, right))

# ---- normalisation: of images, and of rows (n, c)


def first(f):
    """f of images or rows, channels second in PyTorch, as a function of ours, where they are last."""
    return lambda x, *more: f(x.movedim(-1, 1), *more).movedim(1, -1)


for shape, epsilon in [((3, 2, 4, 5), 1e-5), ((7, 3), 1e-2), ((2, 3, 3, 19), 1e-3)]:
    over, c, terms = tuple(range(len(shape) - 1)), shape[-1], math.prod(shape[:-1])
    channels = lambda low=-1, high=1: uniform((c,), low, high)
    norm = first(lambda x, g, b: F.batch_norm(x, None, None, g, b, training=True, eps=epsilon))
    for used in [None, [0]]:
        f = lambda x, g, b: (norm(x, g, b), x.mean(over), x.var(over, correction=0))
        case("batch_norm", f, [uniform(shape, -1, 2), channels(0.3, 2), channels()], used=used, terms=terms, epsilon=epsilon)
    # written out: F.batch_norm gives running statistics no gradient
    f = lambda x, g, b, m, v: g * (x - m) / (v + epsilon).sqrt() + b
    inputs = [uniform(shape, -1, 2), channels(0.3, 2), channels(), channels(), channels(0.3, 2)]
    assert torch.allclose(f(*inputs), first(lambda x, g, b, m, v: F.batch_norm(x, m, v, g, b, eps=epsilon))(*inputs), rtol=1e-13)
    case("standardise", f, inputs, terms=terms, epsilon=epsilon)
for shape, groups, epsilon in [((2, 3, 2, 6), 2, 1e-5), ((3, 8), 1, 1e-2), ((2, 2, 2, 3), 3, 1e-5), ((1, 2, 5, 18), 2, 1e-3)]:
    f = first(lambda x, g, b: F.group_norm(x, groups, g, b, epsilon))
    case("group_norm", f, [uniform(shape, -1, 2), uniform(shape[-1:], 0.3, 2), uniform(shape[-1:])], terms=math.prod(shape[:-1]) + math.prod(shape[1:]) // groups, groups=groups, epsilon=epsilon)

case.write("image_ops")
