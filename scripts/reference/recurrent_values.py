#!/usr/bin/env python3
"""Recurrent layers by PyTorch, values, last states and gradients, and 50 steps of an LSTM's training: tests/data/recurrent.json.

    scripts/reference/recurrent_values.py

Runs on a Python that has torch. CI never runs this: the result is in the repository. All in f64. Inputs and parameters are wave(shape, phase,
scale), which tests/models/support.h makes as well: x has phase 0.3, the states 0.5 and 0.6, parameter k (in the order of PyTorch's
named_parameters) 2 + k; the loss is the sum of outputs times a wave of phase 0.7 and of the last states times waves of phase 0.8 and 0.9.
"""
import json
import math
import pathlib

import torch

OUT = pathlib.Path(__file__).resolve().parents[2] / "tests" / "data" / "recurrent.json"
T, B, F, H = 4, 3, 2, 3
LENGTHS = [2, 4, 1]
STEPS = 50

torch.set_default_dtype(torch.float64)
torch.set_num_threads(1)


def wave(shape, phase, scale):
    n = math.prod(shape)
    return torch.tensor([scale * math.sin(1.7 * i + phase + 0.05 * i * i) for i in range(n)]).reshape(shape)


def path(name):
    """layer1/reverse/weight_ih for weight_ih_l1_reverse."""
    kind, which, layer, *reverse = name.split("_")
    return f"layer{layer[1:]}/" + ("reverse/" if reverse else "") + f"{kind}_{which}"


def fill(module, scale):
    with torch.no_grad():
        for k, p in enumerate(module.parameters()):
            p.copy_(wave(p.shape, 2.0 + k, scale))


KINDS = {"rnn_tanh": lambda **o: torch.nn.RNN(F, H, nonlinearity="tanh", **o), "rnn_relu": lambda **o: torch.nn.RNN(F, H, nonlinearity="relu", **o),
         "lstm": lambda **o: torch.nn.LSTM(F, H, **o), "gru": lambda **o: torch.nn.GRU(F, H, **o)}


def case(kind, layers, bidirectional, with_state, lengths):
    module = KINDS[kind](num_layers=layers, bidirectional=bidirectional)
    fill(module, 0.6)
    x = wave((T, B, F), 0.3, 1.0).requires_grad_()
    count = layers * (2 if bidirectional else 1)
    states = [wave((count, B, H), 0.5 + 0.1 * k, 0.7).requires_grad_() for k in range(2 if kind == "lstm" else 1)]
    begin = (tuple(states) if kind == "lstm" else states[0]) if with_state else None
    fed = torch.nn.utils.rnn.pack_padded_sequence(x, torch.tensor(LENGTHS), enforce_sorted=False) if lengths else x
    outputs, last = module(fed, begin)
    if lengths:
        outputs = torch.nn.utils.rnn.pad_packed_sequence(outputs, total_length=T)[0]
    last = list(last) if kind == "lstm" else [last]
    loss = (outputs * wave(outputs.shape, 0.7, 1.0)).sum()
    for k, state in enumerate(last):
        loss = loss + (state * wave(state.shape, 0.8 + 0.1 * k, 1.0)).sum()
    loss.backward()
    gradients = {path(n): p.grad for n, p in module.named_parameters()} | {"x": x.grad}
    if with_state:
        gradients |= {f"state{k}": s.grad for k, s in enumerate(states)}
    return {"kind": kind, "layers": layers, "bidirectional": bidirectional, "state": with_state, "lengths": LENGTHS if lengths else [],
            "outputs": outputs.flatten().tolist(), "states": [s.flatten().tolist() for s in last],
            "gradients": {n: g.flatten().tolist() for n, g in gradients.items()}}


def trajectory():
    """LSTM 2 -> 5 and a dense layer on its last output, mean squared error, Adam 0.01, 6 sequences of 7."""
    lstm, dense = torch.nn.LSTM(2, 5), torch.nn.Linear(5, 1)
    fill(lstm, 0.5)
    fill(dense, 0.5)
    x, t = wave((7, 6, 2), 0.3, 1.0), wave((6, 1), 1.1, 0.8)
    optimizer = torch.optim.Adam([*lstm.parameters(), *dense.parameters()], lr=0.01)
    losses = []
    for _ in range(STEPS):
        optimizer.zero_grad()
        loss = torch.nn.functional.mse_loss(dense(lstm(x)[0][-1]), t)
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    last = {"lstm/" + path(n): p for n, p in lstm.named_parameters()} | {"dense/" + n: p for n, p in dense.named_parameters()}
    return {"losses": losses, "last": {n: p.detach().flatten().tolist() for n, p in last.items()}}


cases = {}
for kind in KINDS:
    cases[f"{kind}_one_layer"] = case(kind, 1, False, False, False)
    cases[f"{kind}_two_layers_both_ways_ragged"] = case(kind, 2, True, True, True)
    if kind in ("lstm", "gru"):
        cases[f"{kind}_two_layers"] = case(kind, 2, False, True, False)
result = {"made_by": "scripts/reference/recurrent_values.py", "torch": torch.__version__, "cases": cases, "trajectory": trajectory()}
OUT.write_text(json.dumps(result, separators=(",", ":")).replace('},"', '},\n"') + "\n")
print(OUT, OUT.stat().st_size, "bytes, torch", torch.__version__)
print("loss", result["trajectory"]["losses"][0], "->", result["trajectory"]["losses"][-1])
