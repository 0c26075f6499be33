"""Makes optim.safetensors with PyTorch: 100 steps of every optimizer and the learning rates of schedules; tests/nn/test_optim.cpp checks them.

    pip install torch safetensors && python tests/golden/optim.py

Three parameters of `shapes` start at start0, start1, start2. The gradient of parameter p at step s is gradientp[s], whatever the weights
(weight decay alone looks at them); all are numbers that float32 holds. CASE/f32/p and CASE/f64/p are parameter p after each step of
`shown`, computed in float32 and float64; CASE is one of the names below, which the test repeats with its own options.
SCHEDULE/rates are the learning rates of 40 steps.
"""
import torch
from torch.nn.utils import clip_grad_norm_, clip_grad_value_
from torch.optim import SGD, Adam, AdamW, RMSprop
from torch.optim.lr_scheduler import ChainedScheduler, CosineAnnealingLR, ExponentialLR, LambdaLR, LinearLR, MultiStepLR, StepLR

from golden import write

steps, shown = 100, [1, 2, 10, 100]
shapes = [(3, 5), (4,), (2, 19)]
torch.manual_seed(30)
start = [torch.randn(s) for s in shapes]
# Gradients with a drift, noise, and now and then a large one, so that AMSGrad's maximum matters and clipping comes and goes.
gradients = [(torch.randn(s) * 0.3 + torch.randn(steps, *s)) * (1 + 5 * (torch.arange(steps) % 17 == 3)).reshape(-1, *[1] * len(s)) for s in shapes]
tensors = {f"start{p}": w for p, w in enumerate(start)} | {f"gradient{p}": g for p, g in enumerate(gradients)}


def case(name, make, before=lambda parameters: None, schedule=None):
    """make(parameters) gives the optimizer; before(parameters) runs between backward pass and update."""
    for key, dtype in [("f32", torch.float32), ("f64", torch.float64)]:
        parameters = [torch.nn.Parameter(w.to(dtype, copy=True)) for w in start]
        optimizer = make(parameters)
        scheduler = schedule(optimizer) if schedule else None
        seen = [[] for _ in parameters]
        for s in range(steps):
            for w, g in zip(parameters, gradients):
                w.grad = g[s].to(dtype, copy=True)  # clipping works in place
            before(parameters)
            optimizer.step()
            if scheduler:
                scheduler.step()
            if s + 1 in shown:
                for history, w in zip(seen, parameters):
                    history.append(w.detach().clone())
        for p, history in enumerate(seen):
            tensors[f"{name}/{key}/{p}"] = torch.stack(history)


case("sgd", lambda ps: SGD(ps, lr=0.05))
case("sgd-decay", lambda ps: SGD(ps, lr=0.05, weight_decay=0.1))
case("sgd-momentum", lambda ps: SGD(ps, lr=0.02, momentum=0.9))
case("sgd-dampening", lambda ps: SGD(ps, lr=0.05, momentum=0.8, dampening=0.3, weight_decay=0.1))
case("sgd-nesterov", lambda ps: SGD(ps, lr=0.02, momentum=0.9, nesterov=True, weight_decay=0.05))
case("rmsprop", lambda ps: RMSprop(ps, lr=0.01))
case("rmsprop-decay", lambda ps: RMSprop(ps, lr=0.01, alpha=0.9, eps=1e-4, weight_decay=0.1))
case("rmsprop-momentum", lambda ps: RMSprop(ps, lr=0.01, alpha=0.9, momentum=0.8))
case("rmsprop-centred", lambda ps: RMSprop(ps, lr=0.01, alpha=0.95, centered=True))
case("rmsprop-centred-momentum", lambda ps: RMSprop(ps, lr=0.01, alpha=0.95, centered=True, momentum=0.8, weight_decay=0.05))
case("adam", lambda ps: Adam(ps, lr=0.01))
case("adam-decay", lambda ps: Adam(ps, lr=0.01, betas=(0.8, 0.95), eps=1e-4, weight_decay=0.1))
case("adam-amsgrad", lambda ps: Adam(ps, lr=0.01, betas=(0.9, 0.9), amsgrad=True))
case("adamw", lambda ps: AdamW(ps, lr=0.01))
case("adamw-decay", lambda ps: AdamW(ps, lr=0.05, betas=(0.8, 0.95), eps=1e-4, weight_decay=0.2))
case("adamw-amsgrad", lambda ps: AdamW(ps, lr=0.01, betas=(0.9, 0.9), weight_decay=0.1, amsgrad=True))
case("clip-norm", lambda ps: Adam(ps, lr=0.01), before=lambda ps: clip_grad_norm_(ps, 9.0))
case("clip-value", lambda ps: SGD(ps, lr=0.05, momentum=0.9), before=lambda ps: clip_grad_value_(ps, 0.75))


def clip_both(parameters):
    clip_grad_norm_(parameters, 9.0)
    clip_grad_value_(parameters, 0.75)


case("clip-both", lambda ps: SGD(ps, lr=0.05), before=clip_both)
case("groups", lambda ps: AdamW([{"params": [ps[0]], "lr": 0.001}, {"params": [ps[1]], "weight_decay": 0.0}, {"params": [ps[2]]}], lr=0.01, weight_decay=0.1))
case("scheduled", lambda ps: Adam([{"params": [ps[0]], "lr": 0.005}, {"params": ps[1:]}], lr=0.01), schedule=lambda o: ExponentialLR(o, 0.97))


def rates(name, make):
    optimizer = SGD([torch.nn.Parameter(torch.zeros(1))], lr=0.3)
    scheduler = make(optimizer)
    seen = []
    for _ in range(40):
        seen.append(optimizer.param_groups[0]["lr"])
        optimizer.step()
        scheduler.step()
    tensors[f"{name}/rates"] = torch.tensor(seen, dtype=torch.float64)


def warmup(optimizer, n):
    return LinearLR(optimizer, start_factor=1 / n, total_iters=n - 1)


rates("constant", lambda o: LambdaLR(o, lambda s: 1.0))
rates("step", lambda o: StepLR(o, 7, 0.5))
rates("exponential", lambda o: ExponentialLR(o, 0.9))
rates("cosine", lambda o: CosineAnnealingLR(o, 40, 0.01))
rates("stages", lambda o: MultiStepLR(o, [5, 20], 0.1))  # 0.3 for 5 steps, 0.03 for 15, then 0.003
rates("epochs", lambda o: LambdaLR(o, lambda s: 0.8 ** (s // 6)))  # exponential, an epoch of 6 steps
rates("warmup-constant", lambda o: warmup(o, 8))
rates("warmup-step", lambda o: ChainedScheduler([warmup(o, 8), StepLR(o, 7, 0.5)]))
rates("warmup-exponential", lambda o: ChainedScheduler([warmup(o, 5), ExponentialLR(o, 0.9)]))

tensors["shown"] = torch.tensor(shown, dtype=torch.int32)
write("optim", tensors, {})
