#!/usr/bin/env python3
"""Values and gradients of every loss, by PyTorch, and values at extreme logits, by mpmath: tests/data/losses.json.

    scripts/reference/loss_values.py      (needs torch and mpmath; CI never runs this: the result is in the repository)

Each example's loss comes from torch.nn.functional where it has the loss (reduction='none'), else from the formula; how they are
weighted, masked and reduced is written out here. Gradients are PyTorch's, in f64.
"""
import itertools
import json
import math
import pathlib

import mpmath
import torch

F = torch.nn.functional
OUT = pathlib.Path(__file__).resolve().parents[2] / "tests" / "data" / "losses.json"
torch.set_default_dtype(torch.float64)


def wave(shape, phase, scale):
    n = math.prod(shape)
    return torch.tensor([scale * math.sin(1.7 * i + phase + 0.05 * i * i) for i in range(n)]).reshape(shape)


def distribution(shape, phase):
    return torch.softmax(wave(shape, phase, 2.0), -1)


def per_example(x, how):
    """The elements of one example become one number; rank 0 and 1: each element is an example."""
    return x if x.dim() < 2 else getattr(x.flatten(1), how)(1)


def classes_first(x):
    return x.movedim(-1, 1) if x.dim() > 1 else x


LOSSES = {
    "half_squared_error": lambda p, t: per_example(0.5 * (p - t) ** 2, "sum"),
    "mse": lambda p, t: per_example(F.mse_loss(p, t, reduction="none"), "mean"),
    "mae": lambda p, t: per_example(F.l1_loss(p, t, reduction="none"), "mean"),
    "l1": lambda p, t: per_example(F.l1_loss(p, t, reduction="none"), "sum"),
    "huber": lambda p, t: per_example(F.huber_loss(p, t, reduction="none", delta=0.7), "mean"),
    "bce_with_logits": lambda p, t: per_example(F.binary_cross_entropy_with_logits(p, t, reduction="none"), "mean"),
    "hinge": lambda p, t: per_example(torch.clamp(1 - t * p, min=0), "mean"),
    "softmax_cross_entropy_labels": lambda p, t: F.cross_entropy(classes_first(p), t, reduction="none"),
    "softmax_cross_entropy": lambda p, t: F.cross_entropy(classes_first(p), classes_first(t), reduction="none"),
    "nll": lambda p, t: F.nll_loss(classes_first(p), t, reduction="none"),
    "kl_divergence": lambda p, t: F.kl_div(p, t, reduction="none").sum(-1),
}
BY_CLASS = {"softmax_cross_entropy_labels", "softmax_cross_entropy", "nll", "kl_divergence"}


def inputs(loss, shape):
    p = wave(shape, 0.4, 2.5)
    if loss in ("nll", "kl_divergence"):
        p = torch.log_softmax(p, -1)
    if loss in ("softmax_cross_entropy_labels", "nll"):
        return p, torch.tensor([(3 * i + 1) % shape[-1] for i in range(math.prod(shape[:-1]))]).reshape(shape[:-1])
    if loss in ("softmax_cross_entropy", "kl_divergence"):
        t = distribution(shape, 1.3)
        if len(shape) == 2:  # an exact zero in a distribution
            t[0] = 0
            t[0, 1] = 1
        return p, t
    if loss == "bce_with_logits":
        return p, torch.sigmoid(wave(shape, 2.1, 3.0))
    if loss == "hinge":
        return p, torch.sign(wave(shape, 2.1, 1.0))
    return p, wave(shape, 1.9, 1.5)


def reduced(l, weights, mask, reduction):
    w = torch.ones_like(l) if weights is None else weights
    m = torch.ones_like(l, dtype=torch.bool) if mask is None else mask
    terms = torch.where(m, w * l, 0.0)
    if reduction == "none":
        return terms
    if reduction == "sum":
        return terms.sum()
    total = torch.where(m, w, 0.0).sum()
    return terms.sum() / total if total != 0 else terms.sum()


def case(loss, shape, weighted, masked, reduction):
    p, t = inputs(loss, shape)
    p.requires_grad_()
    # The derivative by a target that is exactly 0 or a label is not compared.
    by_target = t.is_floating_point() and loss not in ("hinge",) and not (loss == "kl_divergence" and len(shape) == 2)
    if by_target:
        t.requires_grad_()
    l = LOSSES[loss](p, t)
    count = l.shape
    weights = torch.abs(wave(count, 0.9, 2.0)) if weighted else None
    mask = (wave(count, 0.2, 1.0) > -0.3) if masked else None
    y = reduced(l, weights, mask, reduction)
    direction = wave(y.shape, 0.7, 1.0)  # d<y, direction>, so that reduction none has a gradient, too
    grads = torch.autograd.grad((y * direction).sum(), [p] + ([t] if by_target else []))
    flat = lambda x: None if x is None else x.detach().flatten().tolist()
    return {
        "loss": loss, "shape": list(shape), "examples": list(count), "reduction": reduction, "prediction": flat(p), "target": flat(t),
        "weights": flat(weights), "mask": flat(mask), "value": flat(y), "d_prediction": flat(grads[0]), "d_target": flat(grads[1]) if by_target else None,
    }


def all_cases():
    for loss in LOSSES:
        shapes = [(4, 3), (2, 3, 4)] + ([(5,)] if loss in ("softmax_cross_entropy", "kl_divergence") else [] if loss in BY_CLASS else [(5,), ()])
        for shape in shapes:
            for weighted, masked, reduction in itertools.product((False, True), (False, True), ("mean", "sum", "none")):
                yield case(loss, shape, weighted, masked, reduction)


def extreme():
    """-t log s(x) - (1 - t) log(1 - s(x)), and -log softmax, with 60 digits."""
    mpmath.mp.dps = 60
    # exp(-10000) needs no exponent range in mpmath, which is what makes it an oracle here
    s = lambda x: 1 / (1 + mpmath.exp(-mpmath.mpf(x)))
    bce = []
    for x, t in itertools.product((-1e4, -745.0, -90.0, -37.0, -1e-9, 0.0, 1e-9, 37.0, 90.0, 745.0, 1e4), (0.0, 0.25, 1.0)):
        mpmath.mp.dps = 60 if abs(x) < 100 else 9000
        value = mpmath.mpf(0)
        if t != 0:
            value -= t * mpmath.log(s(x))
        if t != 1:
            value -= (1 - t) * mpmath.log(1 - s(x))
        bce.append({"x": x, "t": t, "value": float(value), "gradient": float(s(x) - t)})
    mpmath.mp.dps = 60
    ce = []
    for x in ([0.0, 0.0, 0.0], [1e4, 0.0, -1e4], [-1e4, -1e4, -1e4 + 1], [700.0, 710.0, 720.0], [88.0, 89.0, -103.0], [1e-9, -1e-9, 0.0],
              [3e4, 3e4, 3e4]):
        terms = [mpmath.exp(mpmath.mpf(v)) for v in x]
        total = sum(terms)
        for label in range(3):
            ce.append({"x": x, "label": label, "value": float(mpmath.log(total) - mpmath.mpf(x[label])),
                       "gradient": [float(e / total - (i == label)) for i, e in enumerate(terms)]})
    return {"bce_with_logits": bce, "softmax_cross_entropy": ce}


def main():
    result = {"made_by": "scripts/reference/loss_values.py", "torch": torch.__version__, "mpmath": mpmath.__version__,
              "cases": list(all_cases()), "extreme": extreme()}
    OUT.write_text(json.dumps(result, separators=(",", ":")).replace('},{"', '},\n{"') + "\n")
    print(OUT, OUT.stat().st_size, "bytes,", len(result["cases"]), "cases, torch", torch.__version__, "mpmath", mpmath.__version__)


main()
