#!/usr/bin/env python3
"""Trajectories of a small network under each optimizer, by PyTorch: tests/data/optimizers.json.

    scripts/reference/optimizer_trajectories.py [--venv FOLDER]

Makes a virtual environment with torch from PyPI (3 GB) unless torch can be imported. CI never runs this: the result is in the
repository. A 4-8-3 network, tanh, mean squared error, f64, 100 steps on 16 fixed examples. Two rules that PyTorch does not have
(Lion; Adam with epsilon inside the root) are written out below, from their papers, with PyTorch's gradients.
"""
import json
import math
import pathlib
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
OUT = ROOT / "tests" / "data" / "optimizers.json"
STEPS = 100
KEPT = (1, 10, 100)  # parameters are stored after so many steps


def torch_or_venv():
    try:
        import torch
        return torch
    except ImportError:
        venv = pathlib.Path(sys.argv[sys.argv.index("--venv") + 1] if "--venv" in sys.argv else "/tmp/lanc_torch")
        python = venv / "bin" / "python"
        if python == pathlib.Path(sys.executable):
            raise
        subprocess.run([sys.executable, "-m", "venv", venv], check=True)
        subprocess.run([python, "-m", "pip", "install", "--quiet", "torch", "numpy"], check=True)
        raise SystemExit(subprocess.run([python, *sys.argv], check=False).returncode)


torch = torch_or_venv()
torch.set_default_dtype(torch.float64)
torch.set_num_threads(1)


def wave(shape, phase, scale):
    n = math.prod(shape)
    return torch.tensor([scale * math.sin(1.7 * i + phase + 0.05 * i * i) for i in range(n)]).reshape(shape)


X = wave((16, 4), 0.3, 1.0)
T = wave((16, 3), 1.1, 0.8)
SHAPES = {"net/layer0/weight": (8, 4), "net/layer0/bias": (8,), "net/layer1/weight": (3, 8), "net/layer1/bias": (3,)}
START = {name: wave(shape, 2.0 + i, 0.5) for i, (name, shape) in enumerate(SHAPES.items())}


def loss_of(p):
    hidden = torch.tanh(X @ p["net/layer0/weight"].T + p["net/layer0/bias"])
    y = hidden @ p["net/layer1/weight"].T + p["net/layer1/bias"]
    return torch.nn.functional.mse_loss(y, T)


class Lion:
    """Chen et al. 2023, algorithm 2."""

    def __init__(self, params, lr, beta1, beta2, weight_decay):
        self.params, self.lr, self.b1, self.b2, self.decay = params, lr, beta1, beta2, weight_decay
        self.m = [torch.zeros_like(p) for p in params]

    @torch.no_grad()
    def step(self):
        for p, m in zip(self.params, self.m):
            c = self.b1 * m + (1 - self.b1) * p.grad
            p -= self.lr * (torch.sign(c) + self.decay * p)
            m.copy_(self.b2 * m + (1 - self.b2) * p.grad)


class AdamInside:
    """Kingma and Ba 2015, algorithm 1, with epsilon inside the root."""

    def __init__(self, params, lr, beta1, beta2, eps):
        self.params, self.lr, self.b1, self.b2, self.eps, self.t = params, lr, beta1, beta2, eps, 0
        self.m = [torch.zeros_like(p) for p in params]
        self.v = [torch.zeros_like(p) for p in params]

    @torch.no_grad()
    def step(self):
        self.t += 1
        for p, m, v in zip(self.params, self.m, self.v):
            m.copy_(self.b1 * m + (1 - self.b1) * p.grad)
            v.copy_(self.b2 * v + (1 - self.b2) * p.grad**2)
            p -= self.lr * (m / (1 - self.b1**self.t)) / torch.sqrt(v / (1 - self.b2**self.t) + self.eps)


def clip_value(limit):
    return lambda params: torch.nn.utils.clip_grad_value_(params, limit)


def clip_norm(limit):
    return lambda params: [torch.nn.utils.clip_grad_norm_([p], limit) for p in params]


def clip_global_norm(limit):
    return lambda params: torch.nn.utils.clip_grad_norm_(params, limit)


O = torch.optim
RUNS = {
    "sgd": lambda p: O.SGD(p, lr=0.1),
    "sgd_weight_decay": lambda p: O.SGD(p, lr=0.1, weight_decay=0.01),
    "momentum": lambda p: O.SGD(p, lr=0.05, momentum=0.9),
    "momentum_weight_decay": lambda p: O.SGD(p, lr=0.05, momentum=0.8, weight_decay=0.01),
    "nesterov": lambda p: O.SGD(p, lr=0.05, momentum=0.9, nesterov=True),
    "nesterov_weight_decay": lambda p: O.SGD(p, lr=0.05, momentum=0.9, nesterov=True, weight_decay=0.01),
    "adagrad": lambda p: O.Adagrad(p, lr=0.1),
    "adagrad_initial": lambda p: O.Adagrad(p, lr=0.1, initial_accumulator_value=0.1, weight_decay=0.01),
    "rmsprop": lambda p: O.RMSprop(p, lr=0.01),
    "rmsprop_centered": lambda p: O.RMSprop(p, lr=0.01, centered=True),
    "rmsprop_momentum": lambda p: O.RMSprop(p, lr=0.003, alpha=0.9, momentum=0.9, centered=True, weight_decay=0.01),
    "adadelta": lambda p: O.Adadelta(p, lr=1.0),
    "adadelta_weight_decay": lambda p: O.Adadelta(p, lr=0.5, rho=0.95, eps=1e-5, weight_decay=0.01),
    "adam": lambda p: O.Adam(p, lr=0.01),
    "adam_weight_decay": lambda p: O.Adam(p, lr=0.01, betas=(0.8, 0.95), eps=1e-6, weight_decay=0.01),
    "adamw": lambda p: O.AdamW(p, lr=0.01, weight_decay=0.1),
    "adam_clip_value": lambda p: O.Adam(p, lr=0.01),
    "sgd_clip_norm": lambda p: O.SGD(p, lr=0.1),
    "sgd_clip_global_norm": lambda p: O.SGD(p, lr=0.1),
    "adam_inside": lambda p: AdamInside(p, 0.01, 0.9, 0.999, 1e-6),
    "lion": lambda p: Lion(p, 0.003, 0.9, 0.99, 0.1),
}
CLIPS = {"adam_clip_value": clip_value(0.02), "sgd_clip_norm": clip_norm(0.03), "sgd_clip_global_norm": clip_global_norm(0.05)}


def trajectory(name):
    p = {k: v.clone().requires_grad_() for k, v in START.items()}
    params = list(p.values())
    optimizer = RUNS[name](params)
    losses, kept = [], {}
    for step in range(1, STEPS + 1):
        for q in params:
            q.grad = None
        loss = loss_of(p)
        loss.backward()
        if name in CLIPS:
            CLIPS[name](params)
        optimizer.step()
        losses.append(loss.item())
        if step in KEPT:
            kept[str(step)] = {k: v.detach().flatten().tolist() for k, v in p.items()}
    return {"losses": losses, "parameters": kept}


result = {
    "made_by": "scripts/reference/optimizer_trajectories.py",
    "torch": torch.__version__,
    "by_formula": ["adam_inside", "lion"],
    "x": X.flatten().tolist(),
    "t": T.flatten().tolist(),
    "start": {k: v.flatten().tolist() for k, v in START.items()},
    "runs": {name: trajectory(name) for name in RUNS},
}
OUT.parent.mkdir(exist_ok=True)
OUT.write_text(json.dumps(result, separators=(",", ":")).replace('},"', '},\n"') + "\n")
print(OUT, OUT.stat().st_size, "bytes, torch", torch.__version__)
for name, run in result["runs"].items():
    print(f"{name:24s} {run['losses'][0]:.6f} -> {run['losses'][-1]:.6f}")
