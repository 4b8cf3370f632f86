#!/usr/bin/env python3
"""Values of ops by PyTorch in float64, for the case tables of tests/ops: op_values.py SAMPLES.json

SAMPLES.json is what `test_ops --dump-samples SAMPLES.json` writes: for each table, the operands of every sample and the expression that is
to be evaluated. The results go to tests/data/ops/TABLE.json, with the version of the system that gave them. Floats are written with as many
digits as read back to the same double. Expressions see x (the operands: float64, int64 and bool tensors), torch, F = torch.nn.functional,
np, scipy and mpmath, by_element, num, quotient, modulus from below, and the draws of seed 7 and step 0 (philox.py).
"""

import json
import pathlib
import sys

import numpy as np

try:
    import torch
except ImportError:
    raise SystemExit("op_values.py: the expressions are PyTorch's; run it with a python that has it (pip install torch, the CPU build is enough)")

try:
    import scipy
    import scipy.special
except ImportError:
    scipy = None
try:
    import mpmath
    mpmath.mp.prec = 200
except ImportError:
    mpmath = None

import philox

DRAWS = (philox.uniform, philox.normal, philox.gumbel, philox.truncated, philox.permutation)
DATA = pathlib.Path(__file__).resolve().parent.parent.parent / "tests" / "data" / "ops"
DTYPES = {"f": torch.float64, "i": torch.int64, "b": torch.bool}


def by_element(function, *tensors):
    """An mpmath function of numbers, on every element; operands broadcast."""
    tensors = torch.broadcast_tensors(*[t.double() for t in tensors])
    flat = [[float(v) for v in t.reshape(-1)] for t in tensors]
    return torch.tensor([float(function(*args)) for args in zip(*flat)], dtype=torch.float64).reshape(tensors[0].shape)


def num(t):
    """Bools count as integers."""
    return t.long() if t.dtype == torch.bool else t


def quotient(a, b, rounding="trunc"):
    """Of integers towards 0 (or "floor"), wrapping, by 0 gives 0; of floats as IEEE has it, floored on request."""
    a, b = torch.broadcast_tensors(num(a), num(b))
    if a.is_floating_point() or b.is_floating_point():
        return torch.floor(a / b) if rounding == "floor" else a / b
    safe = torch.where((b == 0) | (b == -1), 1, b)  # the machine traps on the lowest number by -1
    return torch.where(b == 0, 0, torch.where(b == -1, -a, torch.div(a, safe, rounding_mode=rounding)))


def modulus(a, b, rounding="floor"):
    """The remainder with the sign of b, or with that of a for "trunc"; of integers by 0 gives 0."""
    a, b = torch.broadcast_tensors(num(a), num(b))
    if a.is_floating_point() or b.is_floating_point():
        return torch.remainder(a, b) if rounding == "floor" else torch.fmod(a, b)
    return torch.where(b == 0, 0, a - quotient(a, b, rounding) * b)


def operand(given):
    values = [float(v) if given["kind"] == "f" else v for v in given["values"]]
    return torch.tensor(values, dtype=DTYPES[given["kind"]]).reshape(given["shape"])


def number(v):
    if v != v:
        return "nan"
    if v in (float("inf"), float("-inf")):
        return "inf" if v > 0 else "-inf"
    return v


def result(t):
    t = torch.as_tensor(t)
    kind = "f" if t.is_floating_point() else "b" if t.dtype == torch.bool else "i"
    values = t.reshape(-1).tolist()
    values = [number(float(v)) for v in values] if kind == "f" else [int(v) for v in values]
    return {"shape": list(t.shape), "kind": kind, "values": values}


def answer(question):
    x = [operand(given) for given in question["inputs"]]
    names = {"x": x, "torch": torch, "F": torch.nn.functional, "np": np, "scipy": scipy, "mpmath": mpmath, "by_element": by_element,
             "num": num, "quotient": quotient, "modulus": modulus, **{draw.__name__: draw for draw in DRAWS}}
    try:
        value = eval(question["expression"], names)
    except Exception as error:
        raise SystemExit(f"{question['name']}: {question['expression']}: {error!r}")
    return [result(t) for t in (value if isinstance(value, (tuple, list)) else (value,))]


def main():
    if len(sys.argv) != 2:
        raise SystemExit(__doc__)
    torch.set_default_dtype(torch.float64)
    tables = json.loads(pathlib.Path(sys.argv[1]).read_text(encoding="utf-8"))
    systems = [("torch", torch), ("numpy", np), ("scipy", scipy), ("mpmath", mpmath)]
    system = ", ".join(f"{name} {module.__version__}" for name, module in systems if module is not None)
    DATA.mkdir(parents=True, exist_ok=True)
    for table, questions in sorted(tables.items()):
        entries = [f"{json.dumps(key)}: {json.dumps(answer(q), separators=(',', ':'))}" for key, q in sorted(questions.items())]
        text = '{"system": ' + json.dumps(system) + ',\n"entries": {\n' + ",\n".join(entries) + "\n}}\n"
        path = DATA / f"{table}.json"
        if not path.exists() or path.read_text(encoding="utf-8") != text:
            path.write_text(text, encoding="utf-8")
            print(f"{path}: {len(entries)} entries, {len(text)} bytes")


if __name__ == "__main__":
    main()
