#!/usr/bin/env python3
"""Values of the scalar functions that libm lacks, by mpmath with 200 bits: scalar_values.py

Writes tests/data/scalar_functions.json for tests/scalar/accuracy_test.cpp: rows [x..., head, tail], where head is the value rounded to
double and tail what is left of it. Arguments are numbers that f32 holds.
"""

import json
import pathlib
import random

import mpmath
import numpy as np

mpmath.mp.prec = 200
OUT = pathlib.Path(__file__).resolve().parent.parent.parent / "tests" / "data" / "scalar_functions.json"


def single(v):
    return float(np.float32(v))


def row(args, value):
    head = float(value)
    return [*args, head, float(value - mpmath.mpf(head))]


def spread(rng, lo, hi, count):
    """Evenly in the logarithm between lo and hi, either sign by the caller."""
    return [single(lo * (hi / lo) ** rng.random()) for _ in range(count)]


def erfinv_arguments(rng):
    near_one = [single(1 - t) for t in spread(rng, 2.0 ** -24, 0.5, 100)]
    middle = spread(rng, 1e-12, 0.9, 100)
    return [s * x for x in near_one + middle for s in (1, -1) if abs(x) < 1]


def main():
    rng = random.Random(1)
    positive = spread(rng, 1e-3, 1e6, 250) + [single(rng.uniform(0.5, 6)) for _ in range(250)]
    negative = [single(-rng.uniform(0.05, 30)) for _ in range(200)]
    negative = [x for x in negative if abs(x - round(x)) > 0.02]
    functions = {
        "erfinv": [row([x], mpmath.erfinv(x)) for x in erfinv_arguments(rng)],
        "digamma": [row([x], mpmath.psi(0, x)) for x in positive + negative],
        "trigamma": [row([x], mpmath.psi(1, x)) for x in positive + negative],
        "polygamma": [row([n, x], mpmath.psi(n, x)) for n in range(0, 6) for x in positive[::5] + (negative[::3] if n % 2 else [])
                      if 1e-6 < abs(x) < 1e4],  # even orders cross 0 between the poles
    }
    lines = [f'"{name}": {json.dumps(rows, separators=(",", ":"))}' for name, rows in functions.items()]
    OUT.write_text('{"system": "mpmath ' + mpmath.__version__ + '",\n"functions": {\n' + ",\n".join(lines) + "\n}}\n", encoding="utf-8")
    print(f"{OUT}: {sum(map(len, functions.values()))} values")


if __name__ == "__main__":
    main()
