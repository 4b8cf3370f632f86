#!/usr/bin/env python3
"""Trajectories of LeNet-5 and of a small ResNet and VGG, by PyTorch in f64: tests/data/convnets.json.

    scripts/reference/convnet_trajectories.py      (needs torch; CI never runs this: the result is in the repository)

The networks are written here as their papers have them, with parameters by the paths of models/. Parameter number i (in the order of the lists here) is
a wave of phase i; SGD with momentum 0.9 on softmax cross-entropy of 8 images, which are waves, too. Kept: the loss of each step, sums of squares of
all parameters and running statistics at the end, and the loss in inference then.
"""
import json
import math
import pathlib

import torch

F = torch.nn.functional
OUT = pathlib.Path(__file__).resolve().parents[2] / "tests" / "data" / "convnets.json"
torch.set_default_dtype(torch.float64)
torch.set_num_threads(1)
LABELS = torch.tensor([3, 1, 4, 1, 5, 9, 2, 6])


def wave(shape, phase, scale=1.0):
    n = math.prod(shape)
    return torch.tensor([scale * math.sin(1.7 * i + phase + 0.05 * i * i) for i in range(n)]).reshape(shape)


def start(path, shape, i):
    if path.endswith("weight"):
        return wave(shape, i, math.sqrt(2 / math.prod(shape[1:])))
    return wave(shape, i, 0.1) + (1 if path.endswith("scale") else 0)


class Net:
    """Parameters and running statistics by path."""

    def __init__(self):
        self.p, self.state = {}, {}

    def parameter(self, path, *shape):
        self.p[path] = start(path, shape, len(self.p)).requires_grad_()

    def norm_parameters(self, path, n):
        self.parameter(path + "/scale", n)
        self.parameter(path + "/shift", n)
        self.state[path + "/running_mean"], self.state[path + "/running_variance"] = torch.zeros(n), torch.ones(n)

    def norm(self, path, x, training):
        return F.batch_norm(x, self.state[path + "/running_mean"], self.state[path + "/running_variance"], self.p[path + "/scale"], self.p[path + "/shift"], training)

    def dense(self, path, x):
        return F.linear(x, self.p[path + "/weight"], self.p[path + "/bias"])


class LeNet(Net):
    images = (8, 1, 28, 28)

    def __init__(self):
        super().__init__()
        for path, shape in {"conv1": (6, 1, 5, 5), "conv2": (16, 6, 5, 5), "dense1": (120, 400), "dense2": (84, 120), "dense3": (10, 84)}.items():
            self.parameter(f"net/{path}/weight", *shape)
            self.parameter(f"net/{path}/bias", shape[0])

    def __call__(self, x, training):
        p = self.p
        x = F.max_pool2d(F.relu(F.conv2d(x, p["net/conv1/weight"], p["net/conv1/bias"], padding=2)), 2)
        x = F.max_pool2d(F.relu(F.conv2d(x, p["net/conv2/weight"], p["net/conv2/bias"])), 2)
        return self.dense("net/dense3", F.relu(self.dense("net/dense2", F.relu(self.dense("net/dense1", x.flatten(1))))))


class Vgg(Net):
    images = (8, 1, 8, 8)
    stages = ((3, 4), (6,))

    def __init__(self):
        super().__init__()
        n = 1
        for s, widths in enumerate(self.stages):
            for i, width in enumerate(widths):
                self.parameter(f"net/stage{s}/conv{i}/weight", width, n, 3, 3)
                self.norm_parameters(f"net/stage{s}/norm{i}", width)
                n = width
        for path, shape in {"hidden": (12, 24), "out": (10, 12)}.items():
            self.parameter(f"net/{path}/weight", *shape)
            self.parameter(f"net/{path}/bias", shape[0])

    def __call__(self, x, training):
        for s, widths in enumerate(self.stages):
            for i in range(len(widths)):
                x = F.relu(self.norm(f"net/stage{s}/norm{i}", F.conv2d(x, self.p[f"net/stage{s}/conv{i}/weight"], padding=1), training))
            x = F.max_pool2d(x, 2)
        return self.dense("net/out", F.relu(self.dense("net/hidden", x.flatten(1))))


class ResNet(Net):
    images = (8, 2, 9, 8)
    blocks = ((4, 4, 1), (4, 8, 2))

    def __init__(self):
        super().__init__()
        self.parameter("net/conv/weight", 4, 2, 3, 3)
        self.norm_parameters("net/norm", 4)
        for i, (n, m, _) in enumerate(self.blocks):
            self.parameter(f"net/block{i}/conv1/weight", m, n, 3, 3)
            self.norm_parameters(f"net/block{i}/norm1", m)
            self.parameter(f"net/block{i}/conv2/weight", m, m, 3, 3)
            self.norm_parameters(f"net/block{i}/norm2", m)
        self.parameter("net/out/weight", 10, 8)
        self.parameter("net/out/bias", 10)

    def __call__(self, x, training):
        p = self.p
        x = F.relu(self.norm("net/norm", F.conv2d(x, p["net/conv/weight"], padding=1), training))
        for i, (n, m, stride) in enumerate(self.blocks):
            y = F.relu(self.norm(f"net/block{i}/norm1", F.conv2d(x, p[f"net/block{i}/conv1/weight"], stride=stride, padding=1), training))
            y = self.norm(f"net/block{i}/norm2", F.conv2d(y, p[f"net/block{i}/conv2/weight"], padding=1), training)
            x = F.relu(y + F.pad(x[:, :, ::stride, ::stride], (0, 0, 0, 0, (m - n) // 2, m - n - (m - n) // 2)))
        return self.dense("net/out", x.mean((2, 3)))


def run(net, steps, rate):
    x = wave(net.images, 0.3)
    optimizer = torch.optim.SGD(net.p.values(), lr=rate, momentum=0.9)
    losses = []
    for _ in range(steps):
        optimizer.zero_grad()
        loss = F.cross_entropy(net(x, True), LABELS)
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    with torch.no_grad():
        inference = F.cross_entropy(net(x, False), LABELS).item()
    print(type(net).__name__, losses[0], "->", losses[-1], "inference", inference)
    squares = {path: (v.detach() ** 2).sum().item() for path, v in [*net.p.items(), *net.state.items()]}
    return {"images": net.images, "rate": rate, "parameters": list(net.p), "losses": losses, "squares": squares, "inference": inference}


def main():
    data = {"torch": torch.__version__, "labels": LABELS.tolist(), "lenet": run(LeNet(), 50, 0.01), "vgg": run(Vgg(), 20, 0.02), "resnet": run(ResNet(), 20, 0.02)}
    OUT.write_text(json.dumps(data, separators=(",", ":")) + "\n", encoding="utf-8")
    print(f"{OUT}: {OUT.stat().st_size} bytes")


if __name__ == "__main__":
    main()
