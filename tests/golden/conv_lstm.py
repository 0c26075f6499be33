"""Makes conv_lstm.safetensors with PyTorch: models of kind conv-lstm for tests/models/test_conv_lstm.cpp.

    pip install torch safetensors && python tests/golden/conv_lstm.py

CASE/x, noise, mean, logvar, output, output_logvar, objective, the parameters under our names, and their gradients, CASE/d/...
Images are (n, h, w, c) and filters (kh, kw, in, out), as ours.
"""
import math

import torch
import torch.nn.functional as F

from golden import uniform, write

torch.manual_seed(41)
tensors = {}


def conv(x, filters, bias):
    """Without padding."""
    return F.conv2d(x.permute(0, 3, 1, 2), filters.permute(3, 2, 0, 1), bias).permute(0, 2, 3, 1)


def recurrent(cell, x, w, name):
    """States at all steps of x: (n, steps, features)."""
    inputs, states, bias = w[name + "/input_weights"], w[name + "/recurrent_weights"], w[name + "/bias"]
    units = states.shape[1]
    own, other = bias, torch.zeros_like(bias)
    if cell == "gru":  # the last part of the bias stands at the recurrent product of n
        own, other = bias[: 3 * units], torch.cat([torch.zeros(2 * units, dtype=bias.dtype), bias[3 * units :]])
    first = torch.zeros(1, x.shape[0], units, dtype=x.dtype)
    run = torch._VF.lstm if cell == "lstm" else torch._VF.gru
    return run(x, (first, first) if cell == "lstm" else first, [inputs, states, own, other], True, 1, 0.0, True, False, True)[0]


def case(name, image, cell, filters, kernel, units, encoder_units, latent, hidden, decoder_hidden, activation, objective, n=3):
    h, w, channels = image
    gates = 4 if cell == "lstm" else 3
    lost = len(filters) * (kernel - 1)
    small = [max(math.ceil(side / 4), lost + 1) for side in (h, w)]
    start = 2 * filters[0]
    weights = {}

    def parameter(at, *shape):
        weights[at] = uniform(shape, -0.5, 0.5).requires_grad_()

    def dense(at, inputs, outputs):
        parameter(at + "/weight", outputs, inputs)
        parameter(at + "/bias", outputs)

    def layer(at, inputs, size):
        parameter(at + "/input_weights", gates * size, inputs)
        parameter(at + "/recurrent_weights", gates * size, size)
        parameter(at + "/bias", 4 * size)

    def convolution(at, inputs, outputs):
        parameter(at + "/filters", kernel, kernel, inputs, outputs)
        parameter(at + "/bias", outputs)

    for i, (inputs, outputs) in enumerate(zip([channels, *filters], filters)):
        convolution(f"encoder/conv{i}", inputs, outputs)
    layer(f"encoder/{cell}", (w - lost) * filters[-1], encoder_units)
    for i, (inputs, outputs) in enumerate(zip([encoder_units, *hidden], hidden)):
        dense(f"encoder/hidden/{i}", inputs, outputs)
    for head in ("mean", "logvar"):
        dense("encoder/" + head, [encoder_units, *hidden][-1], latent)
    for i, (inputs, outputs) in enumerate(zip([latent, *decoder_hidden], decoder_hidden)):
        dense(f"decoder/hidden/{i}", inputs, outputs)
    dense("decoder/start", [latent, *decoder_hidden][-1], small[0] * small[1] * start)
    layer(f"decoder/{cell}", start, units)
    back = filters[::-1]
    for i, (inputs, outputs) in enumerate(zip([units, *back], back)):
        convolution(f"decoder/conv{i}", inputs, outputs)
    numbers = (small[0] - lost) * (small[1] - lost) * filters[0]
    for head in ("output", "output_logvar") if objective == "gaussian-learned" else ("output",):
        dense("decoder/" + head, numbers, h * w * channels)

    linear = lambda x, at: F.linear(x, weights[at + "/weight"], weights[at + "/bias"])
    x, noise = uniform((n, h, w, channels), 0, 1), uniform((n, latent), -2, 2)

    y = x
    for i in range(len(filters)):
        y = activation(conv(y, weights[f"encoder/conv{i}/filters"], weights[f"encoder/conv{i}/bias"]))
    y = recurrent(cell, y.reshape(n, h - lost, -1), weights, f"encoder/{cell}")[:, -1]  # a row a step, the last state
    for i in range(len(hidden)):
        y = activation(linear(y, f"encoder/hidden/{i}"))
    mean, logvar = linear(y, "encoder/mean"), linear(y, "encoder/logvar")
    assert logvar.abs().max() < 8  # our soft clamp changes nothing there

    y = mean + torch.exp(logvar / 2) * noise
    for i in range(len(decoder_hidden)):
        y = activation(linear(y, f"decoder/hidden/{i}"))
    y = activation(linear(y, "decoder/start")).reshape(n, small[0] * small[1], start)  # a pixel a step
    y = recurrent(cell, y, weights, f"decoder/{cell}").reshape(n, small[0], small[1], units)
    for i in range(len(filters)):
        y = activation(conv(y, weights[f"decoder/conv{i}/filters"], weights[f"decoder/conv{i}/bias"]))
    y = y.reshape(n, -1)
    output = torch.sigmoid(linear(y, "decoder/output")).reshape(x.shape)
    kl = 0.5 * (mean**2 + logvar.exp() - logvar - 1).sum(1)
    own = {"x": x, "noise": noise, "mean": mean, "logvar": logvar, "output": output}
    if objective == "gaussian-learned":
        own["output_logvar"] = v = linear(y, "decoder/output_logvar").reshape(x.shape)
        assert v.min() > -5.1 and v.max() < 2.1  # likewise
        loss = (0.5 * (math.log(2 * math.pi) + v + (x - output) ** 2 / v.exp())).sum((1, 2, 3)) + kl
    else:
        loss = ((x - output) ** 2).sum((1, 2, 3)) + 0.784 * kl
    own["objective"] = loss.mean().reshape(1)
    loss.mean().backward()
    for at, p in weights.items():
        own[at], own["d/" + at] = p, p.grad
    tensors.update({f"{name}/{key}": t for key, t in own.items()})


case("lstm", (13, 10, 2), "lstm", [3], 3, 5, 4, 2, [], [], torch.relu, "squared-error")
case("gru", (7, 17, 1), "gru", [2, 3], 2, 4, 3, 2, [5], [6], torch.tanh, "gaussian-learned")
write("conv_lstm", tensors, {})
