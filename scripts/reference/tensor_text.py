#!/usr/bin/env python3
"""What NumPy prints for the tensors of tests/graph/tensor_text_test.cpp: writes tests/data/tensor_text.json. Needs NumPy >= 2.4.

    scripts/reference/tensor_text.py

Each case is a dtype, sizes, the elements as bits (hexadecimal, so that nothing is lost on the way), and the text.
"""

import json
import pathlib

import numpy as np

OUTPUT = pathlib.Path(__file__).resolve().parents[2] / "tests/data/tensor_text.json"
NAMES = {np.float64: "f64", np.float32: "f32", np.float16: "f16", np.int64: "i64", np.int32: "i32", np.uint8: "u8", np.bool_: "bool"}


def arrays():
    rng = np.random.default_rng(7)
    f64, f32, f16 = np.float64, np.float32, np.float16
    with np.errstate(over="ignore"):
        yield "one axis", np.array([1, 2.5, -3], f32)
        yield "two axes", np.array([[1, 2], [3, 4]], f32)
        yield "three axes", np.arange(12, dtype=f64).reshape(2, 3, 2) / 3
        yield "whole numbers", np.arange(7, dtype=f32)
        yield "mixed exponents", np.array([1e-5, 1, 123456], f32)
        yield "quotient over 1000", np.array([0.001, 2], f64)
        yield "quotient of 1000", np.array([0.001, 1], f64)
        yield "large", np.array([1e8, 1], f64)
        yield "just not large", np.array([99999999, 100000], f64)
        yield "large in f32", np.array([1e6, 1e4], f32)
        yield "small in f32", np.array([1e-4, 0.05], f32)
        yield "small in f64", np.array([9.9e-5, 0.05], f64)
        yield "three digits of exponent", np.array([1e-300, 1, 1e300], f64)
        yield "cut at eight digits", np.array([np.pi, np.e, 1 / 3, 0.1], f64)
        yield "cut in the middle", np.array([0.123456785, 0.1234567850000001, 0.5], f64)
        yield "cut at an exact half", np.array([2.0 ** -9 + 0.5, 0.001953125, 0.998046875], f64)
        yield "cut with carry", np.array([0.9999999999, 99.9999999999], f64)
        yield "cut with exponent", np.array([1.23456789012e-7, 9.9999999999e9], f64)
        yield "not finite", np.array([np.nan, np.inf, -np.inf, 1.5], f32)
        yield "only not finite", np.array([np.nan, np.inf], f32)
        yield "only minus infinity", np.array([-np.inf], f32)
        yield "not finite with exponents", np.array([np.nan, -np.inf, 1e-9, -1e9], f64)
        yield "zeros", np.zeros((2, 3), f32)
        yield "minus zero", np.array([-0.0, 0.0, 1], f32)
        yield "booleans", np.array([[True, False], [False, True]])
        yield "integers", np.array([1, -20, 300], np.int32)
        yield "extreme integers", np.array([-2**63, 2**63 - 1, 0], np.int64)
        yield "bytes", np.array([[0, 255], [7, 16]], np.uint8)
        yield "no elements", np.zeros(0, f32)
        yield "no rows", np.zeros((0, 3), f32)
        yield "no columns", np.zeros((3, 0), f32)
        yield "half precision", np.array([0.1, 0.3333, 65504, 6e-8], f16)
        yield "half precision, plain", np.array([0.1, 1.5, 2.25], f16)
        yield "half precision, quotient", np.array([0.06, 59.97, 60], f16)
        yield "wrapped row", rng.normal(size=30).astype(f32)
        yield "wrapped rows", rng.normal(size=(3, 17)).astype(f32)
        yield "wrapped blocks", rng.normal(size=(2, 2, 11))
        yield "wrapped booleans", rng.random(40) < 0.5
        yield "wrapped integers", rng.integers(-1000, 1000, 60)
        yield "thousand elements", np.arange(1000, dtype=np.int32)
        yield "summarized row", np.arange(1001, dtype=f32)
        yield "summarized table", rng.normal(size=(40, 50)).astype(f32)
        yield "summarized columns", rng.normal(size=(3, 500)).astype(f32)
        yield "summarized rows", rng.normal(size=(600, 2))
        yield "summarized blocks", rng.integers(0, 256, (10, 12, 14)).astype(np.uint8)
        yield "summarized, the rest in other exponents", np.concatenate([np.ones(600), [1e-9], np.ones(600)])
        for dtype in (f64, f32, f16):
            for value in (0.1, 0.0, -0.0, 3, 123456.789, 999, 1000, 999999, 1e6, 1e15, 1e16, 1e20, 1e-4, 9.9e-5, 1e-7, np.nan, np.inf, -np.inf, 1 / 3):
                yield f"number {value}", np.array(value, dtype)
        yield "integer", np.array(-42, np.int64)
        yield "byte", np.array(200, np.uint8)
        yield "truth", np.array(True)
        for dtype in (f64, f32, f16):
            for k in range(40):
                size = int(rng.integers(1, 12))
                data = rng.normal(size=size) * 10.0 ** rng.integers(-4, 4, size) if k % 2 else rng.normal(size=size)
                yield f"random {k}", data.astype(dtype)


def bits(array):
    return np.ascontiguousarray(array).view(f"u{array.itemsize}").ravel()


def compact(array):
    """Runs of equal steps are not worth storing one by one, but exact bits are: hexadecimal without separators."""
    width = 2 * array.itemsize
    return "".join(f"{int(b):0{width}x}" for b in bits(array))


def main():
    cases = [{"name": name, "dtype": NAMES[a.dtype.type], "sizes": list(a.shape), "bits": compact(a), "text": str(a)} for name, a in arrays()]
    record = {"made_by": "scripts/reference/tensor_text.py", "numpy": np.__version__, "cases": cases}
    OUTPUT.write_text(json.dumps(record, indent=1) + "\n", encoding="utf-8")
    print(f"{len(cases)} cases, NumPy {np.__version__}, {OUTPUT.stat().st_size} bytes")


if __name__ == "__main__":
    main()
