"""Makes norm_ops.safetensors with PyTorch: the ops that normalise, for tests/autograd/test_golden.cpp.

    pip install torch safetensors && python tests/golden/norm_ops.py

Images are (n, h, w, c) in the file, rows (n, c); PyTorch's images are (n, c, h, w). The keys of the file: golden.Cases.
"""
import math

import torch
import torch.nn.functional as F

from golden import Cases, uniform

case = Cases()
torch.manual_seed(22)


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

case.write("norm_ops")
