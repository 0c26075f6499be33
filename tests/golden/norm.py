"""Makes norm.safetensors with PyTorch: layers that normalise, in float64, for tests/nn/test_norm.cpp.

    pip install torch safetensors && python tests/golden/norm.py

batch/...: three training steps of BatchNorm2d on images (n, h, w, c): x0, x1, x2, the outputs y0, ..., the gradients dx0, ..., dgain0, ... of
cotangents dy0, ..., running_mean0, running_variance0, ... after each; then x3, y3, dx3, dgain3, dbias3 in evaluation. rows/...: BatchNorm1d,
likewise. group/...: GroupNorm, one step.
"""
import torch
import torch.nn as nn

from golden import write

torch.manual_seed(12)
torch.set_default_dtype(torch.float64)
tensors = {}


def step(name, number, layer, x):
    x = x.requires_grad_()
    y = layer(x.movedim(-1, 1)).movedim(1, -1)
    dy = torch.randn_like(y)
    layer.zero_grad()
    y.backward(dy)
    found = {"x": x, "y": y, "dy": dy, "dx": x.grad, "dgain": layer.weight.grad, "dbias": layer.bias.grad}
    if isinstance(layer, (nn.BatchNorm1d, nn.BatchNorm2d)):
        found |= {"running_mean": layer.running_mean, "running_variance": layer.running_var}
    tensors.update({f"{name}/{key}{number}": t.detach().clone() for key, t in found.items()})


def layer_of(name, layer):
    nn.init.normal_(layer.weight)
    nn.init.normal_(layer.bias)
    tensors.update({f"{name}/gain": layer.weight.detach().clone(), f"{name}/bias": layer.bias.detach().clone()})
    return layer


for name, layer, shapes in [
    ("batch", nn.BatchNorm2d(5, eps=1e-5, momentum=0.1), [(3, 4, 2, 5), (2, 3, 3, 5), (1, 2, 1, 5), (2, 2, 2, 5)]),
    ("rows", nn.BatchNorm1d(7, eps=1e-3, momentum=0.25), [(4, 7), (2, 7), (9, 7), (1, 7)]),
]:
    layer_of(name, layer)
    for number, shape in enumerate(shapes):
        layer.train(number < 3)
        step(name, number, layer, 2 * torch.randn(shape) + 1)
step("group", 0, layer_of("group", nn.GroupNorm(2, 6)), 2 * torch.randn(3, 4, 3, 6) + 1)

write("norm", tensors, {})
