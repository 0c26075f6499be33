"""Makes image_ops.safetensors with PyTorch: the ops of images (convolution, pooling, enlargement, padding, normalisation) for
tests/autograd/test_golden.cpp.

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


# ---- convolution: filters are (kh, kw, in / groups, out), of a transposed one (kh, kw, in, out / groups)

activations = {"none": lambda y: y, "relu": torch.relu, "tanh": torch.tanh, "sigmoid": torch.sigmoid}
for shape, kernel, out, stride, padding, dilation, groups, activation in [
    ((2, 6, 7, 3), (3, 3), 4, (1, 1), (0, 0), (1, 1), 1, "none"),
    ((2, 8, 8, 1), (3, 3), 8, (2, 2), (1, 1), (1, 1), 1, "relu"),
    ((2, 5, 6, 8), (3, 3), 1, (1, 1), (1, 1), (1, 1), 1, "sigmoid"),
    ((1, 9, 8, 5), (3, 2), 6, (2, 1), (2, 0), (1, 2), 1, "tanh"),
    ((2, 7, 5, 6), (2, 3), 9, (1, 2), (1, 1), (2, 1), 3, "none"),
    ((2, 6, 5, 7), (3, 3), 7, (1, 1), (1, 1), (1, 1), 7, "relu"),
    ((3, 4, 5, 9), (1, 1), 10, (1, 1), (0, 0), (1, 1), 1, "relu"),
    ((1, 7, 7, 3), (5, 5), 17, (3, 3), (2, 2), (1, 1), 1, "none"),
]:
    layer = lambda x, w, b: activations[activation](F.conv2d(x, w.permute(3, 2, 0, 1).contiguous(), b, stride, padding, dilation, groups))
    # Without exact zeros before relu: there the sign of a rounding decides.
    inputs = [uniform(shape), uniform((*kernel, shape[3] // groups, out)), uniform((out,))]
    terms = shape[0] * shape[1] * shape[2] + kernel[0] * kernel[1] * max(shape[3], out)
    case("conv2d", images(layer), inputs, terms=terms, stride=stride, padding=padding, dilation=dilation, groups=groups, activation=activation)
for shape, kernel, out, stride, padding, extra, dilation, groups, activation in [
    ((2, 4, 3, 3), (3, 3), 4, (1, 1), (0, 0), (0, 0), (1, 1), 1, "none"),
    ((2, 4, 4, 8), (3, 3), 6, (2, 2), (1, 1), (1, 1), (1, 1), 1, "relu"),
    ((2, 3, 4, 8), (3, 3), 1, (2, 2), (1, 1), (0, 1), (1, 1), 1, "sigmoid"),
    ((1, 3, 4, 5), (3, 2), 9, (2, 3), (1, 0), (1, 2), (1, 2), 1, "tanh"),
    ((2, 3, 3, 6), (2, 3), 9, (1, 2), (0, 1), (0, 1), (2, 1), 3, "none"),
    ((2, 4, 5, 7), (3, 3), 7, (2, 1), (1, 1), (1, 0), (1, 1), 7, "relu"),
    ((1, 2, 3, 1), (4, 4), 17, (2, 2), (1, 1), (0, 0), (1, 1), 1, "none"),
]:
    layer = lambda x, w, b: activations[activation](F.conv_transpose2d(x, w.permute(2, 3, 0, 1).contiguous(), b, stride, padding, extra, groups, dilation))
    inputs = [uniform(shape), uniform((*kernel, shape[3], out // groups)), uniform((out,))]
    terms = shape[0] * shape[1] * shape[2] * stride[0] * stride[1] + kernel[0] * kernel[1] * max(shape[3], out)
    case("conv_transpose2d", images(layer), inputs, terms=terms, stride=stride, padding=padding, output_padding=extra, dilation=dilation, groups=groups, activation=activation)

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

# ---- convolution with other padding behind than before: `same` as Keras means it (an odd number of zeros has one more behind), and numbers
# (top, bottom, left, right). At the end, so that the cases above keep their random numbers.


def same_zeros(size, kernel, stride, dilation):
    """Zeros before and behind, so that the result has size / stride, rounded up."""
    zeros = max(0, (math.ceil(size / stride) - 1) * stride + dilation * (kernel - 1) + 1 - size)
    return zeros // 2, zeros - zeros // 2


def conv_padded(x, w, b, stride, dilation, groups, zeros):
    (top, bottom), (left, right) = zeros
    return F.conv2d(F.pad(x, (left, right, top, bottom)), w.permute(3, 2, 0, 1).contiguous(), b, stride, 0, dilation, groups)


def transposed_cut(x, w, b, stride, dilation, groups, zeros):
    """Without what falls on the zeros of the convolution whose input gradient it is."""
    (top, bottom), (left, right) = zeros
    y = F.conv_transpose2d(x, w.permute(2, 3, 0, 1).contiguous(), None, stride, 0, 0, groups, dilation)
    return F.pad(y, (-left, -right, -top, -bottom)) + b[:, None, None]


for shape, kernel, out, stride, dilation, groups, padding in [
    ((2, 6, 7, 3), (3, 3), 4, (2, 2), (1, 1), 1, "same"),
    ((2, 7, 6, 2), (4, 4), 5, (2, 2), (1, 1), 1, "same"),
    ((1, 8, 5, 1), (3, 4), 9, (2, 1), (1, 1), 1, "same"),
    ((1, 5, 8, 6), (4, 3), 4, (1, 2), (1, 2), 2, "same"),
    ((1, 7, 7, 2), (2, 2), 3, (3, 3), (1, 1), 1, "same"),
    ((2, 5, 6, 3), (3, 4), 7, (2, 2), (1, 1), 1, (2, 1, 0, 3)),
]:
    zeros = [same_zeros(shape[1 + i], kernel[i], stride[i], dilation[i]) for i in range(2)] if padding == "same" else [padding[:2], padding[2:]]
    layer = lambda x, w, b: conv_padded(x, w, b, stride, dilation, groups, zeros)
    inputs = [uniform(shape), uniform((*kernel, shape[3] // groups, out)), uniform((out,))]
    terms = shape[0] * shape[1] * shape[2] + kernel[0] * kernel[1] * max(shape[3], out)
    if padding == "same":
        assert images(layer)(*inputs).shape[1:3] == (math.ceil(shape[1] / stride[0]), math.ceil(shape[2] / stride[1]))
    case("conv2d", images(layer), inputs, terms=terms, stride=stride, padding=padding, dilation=dilation, groups=groups, activation="none")
for shape, kernel, out, stride, dilation, groups, padding in [
    ((2, 3, 4, 3), (3, 3), 4, (2, 2), (1, 1), 1, "same"),
    ((2, 4, 3, 2), (4, 4), 5, (2, 2), (1, 1), 1, "same"),
    ((1, 4, 5, 9), (3, 4), 1, (2, 1), (1, 1), 1, "same"),
    ((1, 5, 4, 6), (4, 3), 4, (1, 2), (1, 2), 2, "same"),
    ((1, 3, 3, 2), (2, 2), 3, (3, 3), (1, 1), 1, "same"),
    ((2, 3, 4, 3), (3, 4), 7, (2, 2), (1, 1), 1, (1, 2, 0, 3)),
]:
    if padding == "same":  # of the convolution from size * stride; a stride beyond the filter leaves pixels behind that it never met
        zeros = [same_zeros(shape[1 + i] * stride[i], kernel[i], stride[i], dilation[i]) for i in range(2)]
        missed = [max(0, stride[i] - dilation[i] * (kernel[i] - 1) - 1) for i in range(2)]
        zeros = [(before, behind - more) for (before, behind), more in zip(zeros, missed)]
    else:
        zeros = [padding[:2], padding[2:]]
    layer = lambda x, w, b: transposed_cut(x, w, b, stride, dilation, groups, zeros)
    inputs = [uniform(shape), uniform((*kernel, shape[3], out // groups)), uniform((out,))]
    if padding == "same":  # <y, transposed(x)> = <conv(y), x>, with the same filters
        x, w, b = inputs
        y = images(layer)(x, w, 0 * b)
        assert y.shape[1:3] == (shape[1] * stride[0], shape[2] * stride[1])
        back = [same_zeros(y.shape[1 + i], kernel[i], stride[i], dilation[i]) for i in range(2)]
        z = uniform(y.shape)
        conv = images(lambda z: F.conv2d(F.pad(z, (*back[1], *back[0])), w.permute(2, 3, 0, 1).contiguous(), None, stride, 0, dilation, groups))(z)
        assert torch.allclose((y * z).sum(), (conv * x).sum(), rtol=1e-12)
    terms = shape[0] * shape[1] * shape[2] * stride[0] * stride[1] + kernel[0] * kernel[1] * max(shape[3], out)
    case("conv_transpose2d", images(layer), inputs, terms=terms, stride=stride, padding=padding, dilation=dilation, groups=groups, activation="none")

case.write("image_ops")
