"""Makes text.safetensors with PyTorch: losses and gradients of text-vae and text-lm for tests/models/test_text.cpp.

    pip install torch safetensors && python tests/golden/text.py

A small text-vae in PyTorch's own layers: embedding shared by encoder and decoder; the encoder's state after a sentence's last token gives
mean and log-variance; tanh(linear(z)) is the decoder's first h, and z stands beside each word it is fed. Sentences of different lengths,
0 is padding. All is float64; weights are stored under our names.
"""
import torch
import torch.nn.functional as F

from golden import uniform, write

torch.manual_seed(7)
words, embed, units, latent = 19, 6, 5, 3
tokens = torch.tensor([[1, 7, 9, 4, 11, 2, 0], [1, 5, 18, 2, 0, 0, 0], [1, 8, 8, 6, 3, 12, 13], [1, 2, 0, 0, 0, 0, 0]])  # the third is cut
noise = uniform((len(tokens), latent))
tensors = {"tokens": tokens.int(), "noise": noise}


def lstm(name, inputs):
    layer = torch.nn.LSTM(inputs, units, batch_first=True).double()
    with torch.no_grad():
        layer.bias_hh_l0.zero_()  # ours has one bias
    names = {"weight_ih_l0": "input_weights", "weight_hh_l0": "recurrent_weights", "bias_ih_l0": "bias"}
    return layer, {f"{name}/{ours}": getattr(layer, theirs) for theirs, ours in names.items()}


def dense(name, inputs, outputs):
    layer = torch.nn.Linear(inputs, outputs).double()
    return layer, {f"{name}/weight": layer.weight, f"{name}/bias": layer.bias}


def loss_of(output, y):
    target = tokens[:, 1:]
    ce = F.cross_entropy(output(y).transpose(1, 2), target, reduction="none")
    return (ce * (target != 0)).sum(1)


def store(kind, parameters, reconstruction, extra):
    loss = reconstruction.mean() + (extra["kl"].sum(1).mean() if extra else 0)
    loss.backward()
    for name, p in parameters.items():
        tensors[f"{kind}/{name}"] = p
        tensors[f"{kind}/grad/{name}"] = p.grad
    tensors[f"{kind}/reconstruction"] = reconstruction
    for name, value in extra.items():
        tensors[f"{kind}/{name}"] = value


embedding = torch.nn.Embedding(words, embed).double()
encoder, encoder_names = lstm("encoder/0", embed)
mean, mean_names = dense("encoder/mean", units, latent)
logvar, logvar_names = dense("encoder/logvar", units, latent)
first, first_names = dense("decoder/first_state", latent, units)
decoder, decoder_names = lstm("decoder/0", embed + latent)
output, output_names = dense("decoder/output", units, words)
x = embedding(tokens)
last = (tokens != 0).sum(1) - 1
h = encoder(x)[0][torch.arange(len(tokens)), last]
mu = mean(h)
lv = logvar(h)
assert lv.abs().max() < 8  # where the soft clamp to [-10, 10] changes nothing
z = mu + torch.exp(lv / 2) * noise
h0 = torch.tanh(first(z))[None]
y, _ = decoder(torch.cat([x[:, :-1], z[:, None].expand(-1, tokens.shape[1] - 1, -1)], -1), (h0, torch.zeros_like(h0)))
names = {"embedding/weight": embedding.weight, **encoder_names, **mean_names, **logvar_names, **first_names, **decoder_names, **output_names}
store("vae", names, loss_of(output, y), {"mean": mu, "logvar": lv, "kl": 0.5 * (mu**2 + lv.exp() - lv - 1)})

embedding = torch.nn.Embedding(words, embed).double()
decoder, decoder_names = lstm("decoder/0", embed)
output, output_names = dense("decoder/output", units, words)
y, _ = decoder(embedding(tokens[:, :-1]))
store("lm", {"embedding/weight": embedding.weight, **decoder_names, **output_names}, loss_of(output, y), {})

write("text", tensors, {})
