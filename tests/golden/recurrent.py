"""Makes recurrent.safetensors with PyTorch: the ops of recurrent layers and of models of text for
tests/autograd/test_golden.cpp.

    pip install torch safetensors && python tests/golden/recurrent.py

Sequences are (steps, batch, inputs). Where an example has ended, y repeats its last state (before its first step, where the layer reads
backwards, the state that it begins with); PyTorch has zeros there. A length of 0 is PyTorch's layer without that example.
"""
import torch

from golden import Cases, uniform

case = Cases()
torch.manual_seed(31)


def recurrent(kind, reverse, states, lengths):
    """The layer as a function of our op's inputs, by PyTorch's packed sequences."""
    gates = 4 if kind == "lstm" else 3

    def layer(x, input_weights, recurrent_weights, bias, *more):
        steps, batch, units = x.shape[0], x.shape[1], recurrent_weights.shape[1]
        first = list(more[: {"lstm": 2, "gru": 1}[kind]]) if states else [torch.zeros(batch, units, dtype=x.dtype)] * (2 if kind == "lstm" else 1)
        count = more[-1].tolist() if lengths else [steps] * batch
        kept = [i for i in range(batch) if count[i] > 0]
        own, recurrent_bias = bias[: gates * units], torch.zeros_like(bias[: gates * units])
        if kind == "gru":
            recurrent_bias = torch.cat([torch.zeros_like(bias[: 2 * units]), bias[3 * units :]])
        # Reading backwards is the second half of a layer that reads both ways.
        weights = [input_weights, recurrent_weights, own, recurrent_bias] * (2 if reverse else 1)
        packed = torch.nn.utils.rnn.pack_padded_sequence(x[:, kept], [count[i] for i in kept], enforce_sorted=False)
        begin = [torch.stack([s[kept][packed.sorted_indices]] * (2 if reverse else 1)) for s in first]
        run = torch._VF.lstm if kind == "lstm" else torch._VF.gru
        out = run(packed.data, packed.batch_sizes, begin if kind == "lstm" else begin[0], weights, True, 1, 0.0, True, reverse)
        data, last = out[0], out[1:]
        ours = torch.nn.utils.rnn.PackedSequence(data[:, -units:], packed.batch_sizes, packed.sorted_indices, packed.unsorted_indices)
        y, _ = torch.nn.utils.rnn.pad_packed_sequence(ours, total_length=steps)
        ends = [f.clone() for f in first]
        for e, l in zip(ends, last):
            e[kept] = l[-1][packed.unsorted_indices]
        whole = torch.zeros(steps, batch, units, dtype=x.dtype)
        whole[:, kept] = y
        counts = torch.arange(steps)[:, None, None] < torch.tensor(count)[None, :, None]
        whole = torch.where(counts, whole, (first[0] if reverse else ends[0])[None])
        return (whole, *ends)

    return layer


for kind, gates in (("lstm", 4), ("gru", 3)):
    for steps, batch, inputs, units, reverse, states, lengths in [
        (1, 2, 3, 4, False, False, None),
        (5, 3, 4, 5, False, False, None),
        (4, 2, 3, 9, True, False, None),
        (6, 5, 7, 9, False, True, [6, 1, 4, 0, 3]),
        (5, 4, 2, 8, True, True, [2, 5, 0, 3]),
        (3, 5, 6, 18, False, True, None),
        (4, 3, 5, 6, True, False, [1, 4, 2]),
    ]:
        tensors = [uniform((steps, batch, inputs)), uniform((gates * units, inputs)), uniform((gates * units, units)), uniform((4 * units,))]
        if states:
            tensors += [uniform((batch, units)) for _ in range(2 if kind == "lstm" else 1)]
        if lengths:
            tensors.append(torch.tensor(lengths, dtype=torch.int32))
        terms = steps * (max(inputs, units) * gates + batch + 30)
        case(kind, recurrent(kind, reverse, states, lengths is not None), tensors, terms=terms, reverse=int(reverse), states=int(states), lengths=int(lengths is not None))

# ---- the layer with a vocabulary of outputs

for n, features, classes, size in [(4, 3, 5, 1), (7, 17, 33, 2), (3, 4, 19, 30), (1, 2, 3, 1)]:
    inputs = [uniform((n, features), -size, size), uniform((classes, features)), uniform((classes,)), torch.randint(classes, (n,), dtype=torch.int32)]
    loss = lambda x, w, b, targets: torch.nn.functional.cross_entropy(torch.nn.functional.linear(x, w, b), targets.long(), reduction="none")
    # A rounding of a logit as large as size * features counts that often in its exponential.
    case("linear_cross_entropy", loss, inputs, terms=(features + classes + n) * size)

# ---- layers one over the other, for tests/nn/test_recurrent.cpp: KIND_stack/x, y, last (of all layers and directions), dy, dlast, dx, and
# the parameters under our names with their gradients, KIND_stack/d...

for kind, module, both in (("lstm", torch.nn.LSTM, True), ("gru", torch.nn.GRU, False)):
    layer = module(3, 4, num_layers=2, bidirectional=both, dtype=torch.float64)
    with torch.no_grad():
        for name, p in layer.named_parameters():
            p.copy_(uniform(p.shape))
            if name.startswith("bias_hh"):
                p[: 16 if kind == "lstm" else 8] = 0
    x = uniform((5, 2, 3)).requires_grad_()
    y, last = layer(x)
    last = last[0] if kind == "lstm" else last
    dy, dlast = uniform(y.shape), uniform(last.shape)
    ((y * dy).sum() + (last * dlast).sum()).backward()
    own = {"x": x, "y": y, "last": last, "dy": dy, "dlast": dlast, "dx": x.grad}
    for i in range(2):
        for way in ("", "_reverse") if both else ("",):
            place = f"{i}/" + ({"": "forwards/", "_reverse": "backwards/"}[way] if both else "")
            get = lambda what: getattr(layer, f"{what}_l{i}{way}")
            for what, whose in (("input_weights", get("weight_ih")), ("recurrent_weights", get("weight_hh"))):
                own[place + what], own["d" + place + what] = whose, whose.grad
            bias = lambda f: f(get("bias_ih")) if kind == "lstm" else torch.cat([f(get("bias_ih")), f(get("bias_hh"))[8:]])
            own[place + "bias"], own["d" + place + "bias"] = bias(lambda t: t), bias(lambda t: t.grad)
    case.tensors.update({f"{kind}_stack/{key}": t for key, t in own.items()})

case.write("recurrent")
