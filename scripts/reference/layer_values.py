#!/usr/bin/env python3
"""Values, gradients and running statistics of convolution and normalization layers, by PyTorch: tests/data/layers.json.

    scripts/reference/layer_values.py      (needs torch; CI never runs this: the result is in the repository)

Inputs and parameters are waves, which tests/models/support.h makes again; gradients are those of <y, wave(0.7)>. All in f64.
"""
import json
import math
import pathlib

import torch

F = torch.nn.functional
OUT = pathlib.Path(__file__).resolve().parents[2] / "tests" / "data" / "layers.json"
torch.set_default_dtype(torch.float64)
torch.set_num_threads(1)


def wave(shape, phase, scale=1.0):
    n = math.prod(shape)
    return torch.tensor([scale * math.sin(1.7 * i + phase + 0.05 * i * i) for i in range(n)]).reshape(shape)


def flat(t):
    return t.detach().reshape(-1).tolist()


def with_gradients(f, **arguments):
    """y = f(arguments) and the gradients of <y, wave>."""
    leaves = {name: value.requires_grad_() for name, value in arguments.items()}
    y = f(**leaves)
    (y * wave(y.shape, 0.7)).sum().backward()
    return {"sizes": list(y.shape), "y": flat(y), **{"d_" + name: flat(value.grad) for name, value in leaves.items()}}


CONVS = [
    {"x": [2, 3, 7], "outputs": 4, "kernel": [3]},
    {"x": [2, 4, 6], "outputs": 2, "kernel": [2], "strides": [2], "padding": [1], "groups": 2},
    {"x": [2, 2, 5, 4], "outputs": 3, "kernel": [3, 2], "padding": [1, 0], "strides": [2, 1]},
    {"x": [1, 2, 6, 7], "outputs": 2, "kernel": [3, 3], "dilations": [2, 2], "bias": False},
    {"x": [2, 2, 4, 5], "outputs": 3, "kernel": [3, 2], "same": True},
    {"x": [1, 2, 3, 4, 3], "outputs": 2, "kernel": [2, 2, 2]},
]


def conv_case(c):
    axes = len(c["kernel"])
    groups, outputs = c.get("groups", 1), c["outputs"]
    arguments = {"x": wave(c["x"], 0.3), "weight": wave([outputs, c["x"][1] // groups, *c["kernel"]], 1.1)}
    if c.get("bias", True):
        arguments["bias"] = wave([outputs], 2.3)
    conv = (F.conv1d, F.conv2d, F.conv3d)[axes - 1]
    options = {"stride": c.get("strides", 1), "padding": "same" if c.get("same") else c.get("padding", 0), "dilation": c.get("dilations", 1), "groups": groups}
    return {**c, **with_gradients(lambda x, weight, bias=None: conv(x, weight, bias, **options), **arguments)}


def rms_norm(x, scale, axes, eps):
    return F.rms_norm(x, x.shape[-axes:], scale, eps)


NORMS = [("batch", [5, 3]), ("batch", [3, 2, 4]), ("batch", [3, 2, 2, 3]), ("batch", [2, 2, 2, 2, 2]), ("layer", [4, 5]), ("layer2", [3, 2, 4]),
         ("group", [2, 6, 3]), ("group", [2, 4, 2, 2]), ("instance", [2, 3, 4]), ("instance", [2, 2, 3, 2]), ("rms", [4, 5]), ("rms2", [2, 3, 4])]


def norm_case(name, shape):
    x = 3 + wave(shape, 0.3, 2.0)   # far enough from 0 that one-pass variances would show
    last = 2 if name.endswith("2") else 1
    size = shape[-last:] if name[:5] in ("layer", "rms", "rms2") else [shape[1]]
    scale, shift = 1 + wave(size, 1.1, 0.5), wave(size, 2.3)
    case = {"norm": name, "x": shape}
    if name == "batch":
        mean, variance = torch.zeros(size), torch.ones(size)
        case |= with_gradients(lambda x, scale, shift: F.batch_norm(x, mean, variance, scale, shift, True, 0.1, 1e-5), x=x, scale=scale, shift=shift)
        case |= {"mean1": flat(mean), "variance1": flat(variance)}
        F.batch_norm(x.detach() * 0.5, mean, variance, None, None, True, 0.1, 1e-5)
        case |= {"mean2": flat(mean), "variance2": flat(variance)}
        case["inference"] = flat(F.batch_norm(x, mean, variance, scale, shift, False, 0.1, 1e-5))
    elif name.startswith("layer"):
        case |= with_gradients(lambda x, scale, shift: F.layer_norm(x, size, scale, shift, 1e-5), x=x, scale=scale, shift=shift)
    elif name == "group":
        case |= with_gradients(lambda x, scale, shift: F.group_norm(x, 2, scale, shift, 1e-5), x=x, scale=scale, shift=shift)
    elif name == "instance":
        case |= with_gradients(lambda x, scale, shift: F.instance_norm(x, None, None, scale, shift, True, 0.1, 1e-5), x=x, scale=scale, shift=shift)
    else:
        case |= with_gradients(lambda x, scale: rms_norm(x, scale, last, 1e-6), x=x, scale=scale)
    return case


def main():
    data = {"torch": torch.__version__, "convs": [conv_case(c) for c in CONVS], "norms": [norm_case(*n) for n in NORMS]}
    OUT.write_text(json.dumps(data, separators=(",", ":")) + "\n", encoding="utf-8")
    print(f"{OUT}: {OUT.stat().st_size} bytes")


if __name__ == "__main__":
    main()
