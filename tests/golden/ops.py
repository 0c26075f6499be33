"""Makes ops.safetensors with PyTorch: inputs, outputs, cotangents and gradients of every op, what tests/autograd/test_golden.cpp checks.

    pip install torch safetensors && python tests/golden/ops.py

The keys of the file: golden.Cases.
"""
import math

import torch
import torch.nn.functional as F
from torch.distributions import ContinuousBernoulli, Normal, kl_divergence

from golden import Cases, exact, uniform

case = Cases()
torch.manual_seed(20)

# ---- elementwise, one input: a matrix, a length with a tail for every vector width, a scalar; then the places where kernels break

unary = {
    "abs": (torch.abs, -2, 2, [0.0, -0.0, 1e-30]),
    "square": (torch.square, -2, 2, [0.0, 1e10]),
    "reciprocal": (torch.reciprocal, 0.5, 3, [-4.0, 1e-10]),
    "sqrt": (torch.sqrt, 0.2, 3, [1e-20, 1e20]),
    "rsqrt": (torch.rsqrt, 0.3, 3, [1e-10, 1e10]),
    "exp": (torch.exp, -2, 2, [0.0, -80.0, -20.0]),
    "expm1": (torch.expm1, -2, 2, [0.0, 1e-6, -1e-6, -20.0]),
    "log": (torch.log, 0.2, 3, [1.0, 1.0000001, 1e-30, 1e30]),
    "log1p": (torch.log1p, -0.7, 3, [0.0, 1e-6, -1e-6, 1e20]),
    "sin": (torch.sin, -3, 3, [0.0, 20.0, -30.0]),
    "cos": (torch.cos, -3, 3, [0.0, 20.0, -30.0]),
    "tanh": (torch.tanh, -2, 2, [0.0, 1e-6, 15.0, -40.0]),
    "sigmoid": (torch.sigmoid, -3, 3, [0.0, 30.0, -30.0, 80.0, -80.0]),
    "softplus": (lambda x: F.softplus(x, threshold=1000), -3, 3, [0.0, 30.0, -30.0, 100.0, -80.0]),
    "relu": (torch.relu, -2, 2, [0.0, -0.0]),
    "elu": (F.elu, -2, 2, [0.0, 1e-6, -1e-6, -20.0]),
    "gelu": (F.gelu, -3, 3, [0.0, 1e-6, 10.0, -10.0]),
    "silu": (F.silu, -3, 3, [0.0, 30.0, -30.0]),
}
for name, (f, low, high, special) in unary.items():
    for shape in [(3, 7), (19,), ()]:
        case(name, f, [uniform(shape, low, high)])
    case(name, f, [exact(*special)])

for scale, shift in [(2.5, -1.0), (-1.0, 0.0)]:
    case("scale_shift", lambda x: scale * x + shift, [uniform((3, 7))], scale=scale, shift=shift)
for x in [uniform((5, 7)), exact(-0.5, 0.25, 0.0, -3, 3)]:  # a number on a bound has slope 1
    case("clamp", lambda x: x.clamp(-0.5, 0.25), [x], low=-0.5, high=0.25)
for x in [uniform((5, 7), -2, 2), exact(0.0, -0.0)]:
    case("leaky_relu", lambda x: F.leaky_relu(x, 0.25), [x], slope=0.25)
for exponent, x in [(1.75, uniform((3, 5), 0.3, 2)), (3, uniform((11,), -2, 2, 0.2)), (2, exact(0.0, -1.5)), (0, uniform((4,), 0.5, 2)), (-2, uniform((2, 3), -2, 2, 0.5)), (0.5, uniform((7,), 0.2, 5))]:
    case("power_scalar", lambda x: x**exponent, [x], exponent=float(exponent))

# ---- elementwise, two inputs, broadcast on either side, on both, and not at all

pairs = [((3, 7), (3, 7)), ((2, 3), (3,)), ((1,), (2, 2)), ((4, 1), (1, 3)), ((), (5,)), ((2, 1, 3), (5, 1)), ((3, 19), (19,)), ((3, 19), (3, 1)), ((0, 3), (3,))]


def broadcast_terms(*inputs):
    """How many numbers the gradient of a broadcast input sums."""
    size = math.prod(torch.broadcast_shapes(*[x.shape for x in inputs]))
    return max(1, max(size // max(1, x.numel()) for x in inputs))


binary = {
    "add": (torch.add, -1, 1, 0),
    "subtract": (torch.sub, -1, 1, 0),
    "multiply": (torch.mul, -1, 1, 0),
    "divide": (torch.div, -2, 2, 0.4),
    "power": (torch.pow, 0.3, 2, 0),
    "maximum": (torch.maximum, -1, 1, 0),
    "minimum": (torch.minimum, -1, 1, 0),
}
for name, (f, low, high, gap) in binary.items():
    for a, b in pairs:
        inputs = [uniform(a, low, high, gap), uniform(b, low, high, gap)]
        case(name, f, inputs, terms=broadcast_terms(*inputs))
case("power", torch.pow, [exact(-2.0, -1.5, 3.0, 0.0), exact(2.0, 3.0, -2.0, 2.0)], constants=[1])  # negative bases: whole exponents
for name, f in [("maximum", torch.maximum), ("minimum", torch.minimum)]:  # equal numbers share the gradient
    case(name, f, [exact(1.0, 2.0, 3.0), exact(1.0, 3.0, 2.0)])
for c, a, b in [((3, 7), (3, 7), (3, 7)), ((2, 3), (3,), (2, 1)), ((3,), (4, 1), ()), ((1,), (2, 2), (2, 2))]:
    inputs = [(uniform(c) > 0).double(), uniform(a), uniform(b)]
    case("where", lambda c, a, b: torch.where(c != 0, a, b), inputs, constants=[0], terms=broadcast_terms(*inputs))

# ---- reductions: attribute axes (none: all), keepdims, unbiased

reductions = {
    "sum": lambda x, axes, keep: x.sum(axes, keepdim=keep),
    "mean": lambda x, axes, keep: x.mean(axes, keepdim=keep),
    "max": lambda x, axes, keep: x.amax(axes, keepdim=keep),
    "variance": lambda x, axes, keep: x.var(axes, correction=0, keepdim=keep),
    "logsumexp": lambda x, axes, keep: torch.logsumexp(x, axes, keepdim=keep),
}
for name, f in reductions.items():
    for shape, axes, keep in [((2, 3, 4), (), False), ((2, 3, 4), (1,), False), ((2, 3, 4), (0, -1), True), ((3, 19), (0,), False), ((3, 19), (-1,), True), ((7,), (0,), False)]:
        over = axes or tuple(range(len(shape)))
        case(name, lambda x: f(x, over, keep), [uniform(shape, -2, 2)], terms=math.prod(shape[a] for a in over), axes=axes, keepdims=int(keep))
case("max", lambda x: x.amax((1,)), [exact(1.0, 3.0, 3.0, -2.0, -2.0, -2.0).reshape(2, 3)], terms=3, axes=(1,), keepdims=0)  # equal numbers share the gradient
case("variance", lambda x: x.var((1,), correction=1), [uniform((3, 9), -2, 2)], terms=9, axes=(1,), keepdims=0, unbiased=1)
# dx = dy exp(x - y): y = 1000.3, so its one rounding counts as a thousand in dx
case("logsumexp", lambda x: torch.logsumexp(x, (0,)), [exact(1000.0, 999.0, -1000.0)], terms=1000, axes=(0,), keepdims=0)
for shape, axis in [((3, 4), 0), ((3, 21), -1), ((2, 3, 2), 1)]:
    case("cumulative_sum", lambda x: x.cumsum(axis), [uniform(shape)], terms=shape[axis], axis=axis)

# ---- shape and indexing

case("reshape", lambda x: x.reshape(3, 2), [uniform((2, 3))], shape=(3, 2))
case("reshape", lambda x: x.reshape(2, 1, 2), [uniform((4,))], shape=(2, 1, 2))
for shape, axes in [((2, 3), (1, 0)), ((2, 3, 4), (2, 0, 1)), ((2, 3, 4), (0, -1, 1)), ((9, 19), (1, 0))]:
    case("permute", lambda x: x.permute(axes), [uniform(shape)], axes=axes)
case("concatenate", lambda *xs: torch.cat(xs, 0), [uniform((2, 3)), uniform((1, 3))], axis=0)
case("concatenate", lambda *xs: torch.cat(xs, -1), [uniform((2, 3)), uniform((2, 0)), uniform((2, 2))], axis=-1)
case("stack", lambda *xs: torch.stack(xs, 0), [uniform((2, 3)), uniform((2, 3))], axis=0)
case("stack", lambda *xs: torch.stack(xs, -1), [uniform((2,)), uniform((2,)), uniform((2,))], axis=-1)
for shape, axis, begin, end in [((4, 2), 0, 1, 3), ((2, 3), -1, 0, 2), ((2, 3), 1, 2, 2), ((2, 3, 4), 1, 1, 3)]:
    case("slice", lambda x: x.narrow(axis, begin, end - begin), [uniform(shape)], axis=axis, begin=begin, end=end)
for shape, axis, at, used in [((3, 2), 0, 1, None), ((2, 5), -1, 2, None), ((4, 3), 0, 3, [1]), ((4, 3), 0, 3, [0])]:
    case("split", lambda x: x.tensor_split([at], axis), [uniform(shape)], used=used, axis=axis, at=at)
for shape, to in [((3,), (4, 3)), ((3, 1), (2, 3, 2)), ((2, 2), (2, 2)), ((), (5,))]:
    case("broadcast", lambda x: x.broadcast_to(to), [uniform(shape)], terms=math.prod(to) // max(1, math.prod(shape)), shape=to)
for shape, rows in [((4, 3), [2, 0, 2, 3, 2]), ((3, 2), [[0, 1], [1, 0]]), ((5, 17), [4, 4, 4, 1])]:
    case("gather", lambda x, i: x[i.long()], [uniform(shape), torch.tensor(rows, dtype=torch.int32)], terms=3)

# ---- softmax along the last axis, with large logits too

for name, f in [("softmax", F.softmax), ("log_softmax", F.log_softmax)]:
    for x in [uniform((3, 5), -3, 3), uniform((2, 2, 19), -3, 3), exact(500.0, 499.0, -500.0, 0.0).reshape(1, 4)]:
        case(name, lambda x: f(x, dim=-1), [x], terms=x.shape[-1])

# ---- products

activations = {"none": lambda x: x, "relu": torch.relu, "tanh": torch.tanh, "sigmoid": torch.sigmoid}
for name, f in activations.items():
    for batch, fan_in, fan_out in [(3, 4, 5), (5, 19, 11), (1, 1, 3)]:
        case("linear", lambda x, w, b: f(F.linear(x, w, b)), [uniform((batch, fan_in)), uniform((fan_out, fan_in)), uniform((fan_out,))], terms=max(batch, fan_in + 1, fan_out), activation=name)
for ta, tb, a, b in [
    (0, 0, (3, 4), (4, 2)), (1, 0, (4, 3), (4, 2)), (0, 1, (3, 4), (2, 4)), (1, 1, (4, 3), (2, 4)), (0, 0, (2, 3, 4), (2, 4, 2)), (1, 1, (2, 4, 3), (1, 2, 4)),
    (0, 1, (3, 4), (2, 2, 4)), (0, 0, (2, 1, 3, 2), (4, 2, 3)), (0, 0, (5, 17), (17, 9)), (1, 1, (17, 5), (9, 17)),
]:  # fmt: skip
    f = lambda a, b: torch.matmul(a.mT if ta else a, b.mT if tb else b)
    repeats = max(math.prod(a[:-2]), math.prod(b[:-2]))  # an operand repeated over leading axes: its gradient sums over them too
    case("matmul", f, [uniform(a), uniform(b)], terms=repeats * max(a[-2:] + b[-2:]), transpose_a=ta, transpose_b=tb)

# ---- losses: one number an example

rows = lambda x: x.flatten(1).sum(1) if x.dim() > 1 else x
bernoulli = lambda o, t: rows(F.binary_cross_entropy_with_logits(o, t, reduction="none"))
for o, t in [(uniform((3, 5), -4, 4), uniform((3, 5), 0, 1)), (uniform((2, 2, 3, 1), -30, 30), uniform((2, 2, 3, 1), 0, 1)), (uniform((2, 35), -4, 4), (uniform((2, 35)) > 0).double()), (exact(100, -100, 60, -60).reshape(2, 2), exact(1, 1, 0, 0).reshape(2, 2))]:
    case("bernoulli", bernoulli, [o, t], constants=[1], terms=o[0].numel())
continuous = lambda o, t: rows(-ContinuousBernoulli(logits=o).log_prob(t))
for o, t in [(uniform((3, 5), -4, 4), uniform((3, 5), 0, 1)), (uniform((2, 35), -9, 9), uniform((2, 35), 0, 1))]:
    case("continuous_bernoulli", continuous, [o, t], constants=[1], terms=o[0].numel())
# PyTorch's cancels near 0 and clamps probabilities: there, the formula itself.
case("continuous_bernoulli", lambda o, t: rows(o / 2 + torch.log(torch.sinh(o / 2) / (o / 2)) - o * t), [exact(0.5, -0.5, 0.01, -0.01).reshape(2, 2), exact(1, 0.25, 0, 0.5).reshape(2, 2)], constants=[1], terms=2)
case("continuous_bernoulli", lambda o, t: rows(torch.log(torch.expm1(o) / o) - o * t), [exact(100, -100, 60, -60).reshape(2, 2), exact(1, 1, 0, 0.5).reshape(2, 2)], constants=[1], terms=2)
for shape in [(3, 5), (4,), (2, 3, 7)]:
    case("squared_error", lambda p, t: rows(F.mse_loss(p, t, reduction="none")), [uniform(shape), uniform(shape)], constants=[1], terms=math.prod(shape[1:]))
for shape in [(3, 5), (2, 3, 7)]:
    case("gaussian", lambda m, v, t: rows(-Normal(m, torch.exp(v / 2)).log_prob(t)), [uniform(shape), uniform(shape, -2, 1), uniform(shape)], constants=[2], terms=math.prod(shape[1:]))
for o, labels in [(uniform((3, 4), -3, 3), [2, 0, 3]), (uniform((2, 41), -3, 3), [40, 7]), (exact(100, 0, -100, 50, 60, 0).reshape(2, 3), [2, 1])]:
    case("cross_entropy", lambda o, l: F.cross_entropy(o, l.long(), reduction="none"), [o, torch.tensor(labels, dtype=torch.int32)], terms=o.shape[1])

# ---- the Gaussian code

for shape in [(3, 4), (2,), (5, 21)]:
    case("kl_normal", lambda m, v: kl_divergence(Normal(m, torch.exp(v / 2)), Normal(torch.zeros_like(m), torch.ones_like(m))), [uniform(shape, -2, 2), uniform(shape, -3, 2)])
    case("reparameterise", lambda m, v, e: m + torch.exp(v / 2) * e, [uniform(shape, -2, 2), uniform(shape, -3, 2), uniform(shape, -2, 2)], constants=[2])


def soft_clamp(x, low, high):
    """No twin in PyTorch: x, but for the outer tenths of [low, high], where it nears the bound as m u / (1 + u); m the tenth, u = how far outside in m."""
    m = (high - low) / 10
    top, bottom = high - m, low + m
    up, down = (x - top).clamp(min=0) / m, (bottom - x).clamp(min=0) / m
    return torch.where(x > top, top + m * up / (1 + up), torch.where(x < bottom, bottom - m * down / (1 + down), x))


case("soft_clamp", lambda x: soft_clamp(x, -10, 10), [uniform((4, 9), -30, 30)], low=-10.0, high=10.0)
case("soft_clamp", lambda x: soft_clamp(x, -6, 3), [exact(-100, -6, -5.5, -1, 0, 2, 2.5, 3, 100)], low=-6.0, high=3.0)

case.write("ops")
