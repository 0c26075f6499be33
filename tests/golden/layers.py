#!/usr/bin/env python3
"""Makes layers.safetensors: layers in PyTorch, values and gradients in float64.

    pip install torch safetensors && python tests/golden/layers.py

For each layer NAME: NAME/x, its parameters, NAME/y, the cotangent NAME/dy and the gradients NAME/d... of everything.
"""
import pathlib

import torch
import torch.nn as nn
from safetensors.torch import save_file

torch.manual_seed(11)
torch.set_default_dtype(torch.float64)
tensors = {}


def case(name, layer, x, parameters):
    x.requires_grad_()
    y = layer(x)
    dy = torch.randn_like(y)
    y.backward(dy)
    tensors.update({f"{name}/x": x.detach(), f"{name}/y": y.detach(), f"{name}/dy": dy, f"{name}/dx": x.grad})
    for key, p in parameters.items():
        tensors.update({f"{name}/{key}": p.detach(), f"{name}/d{key}": p.grad})


norm = nn.LayerNorm(7, eps=1e-5)
nn.init.normal_(norm.weight)
nn.init.normal_(norm.bias)
case("norm", norm, 3 * torch.randn(5, 7) + 1, {"gain": norm.weight, "bias": norm.bias})
first, second = nn.Linear(6, 5), nn.Linear(5, 4)
mlp = nn.Sequential(first, nn.Tanh(), second, nn.Tanh())
case("mlp", mlp, torch.randn(3, 6), {"0/weight": first.weight, "0/bias": first.bias, "1/weight": second.weight, "1/bias": second.bias})
save_file({k: v.contiguous() for k, v in tensors.items()}, pathlib.Path(__file__).with_name("layers.safetensors"))
