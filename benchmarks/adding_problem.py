#!/usr/bin/env python3
"""Trains examples/adding_problem.cpp with several seeds and writes what came out to benchmarks/results/adding_problem.json.

    benchmarks/adding_problem.py [--build build/release] [--length 200] [--seeds 0 1 2] [--output FILE]

Of each seed: the steps until the error on sequences for validation was below the goal, the error on the test's 2,000 sequences, the best constant's
beside it, and the seconds; and what they depend on: commit, command, processor, kernel tier and libraries, compiler, date.
"""

import argparse
import json
import pathlib
import re
import resource
import statistics
import subprocess
import sys
import tempfile
import time

from record import ROOT, made_by


def train(program, length, seed):
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    start = time.monotonic()
    with tempfile.TemporaryDirectory() as folder:
        command = [program, "--length", str(length), "--seed", str(seed)]
        out = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=True).stdout
    seconds = time.monotonic() - start
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    found = re.search(r"^steps (\d+)\ntest MSE (\S+) \(of the constant 1: (\S+)\)$", out, re.MULTILINE)
    return {
        "seed": seed,
        "steps": int(found.group(1)),
        "test_mse": float(found.group(2)),
        "constant_mse": float(found.group(3)),
        "seconds": round(seconds, 1),
        "cpu_seconds": round(after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime, 1),
    }


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--build", type=pathlib.Path, default=ROOT / "build/release", help="build folder")
    parser.add_argument("--length", type=int, default=200)
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2])
    parser.add_argument("--output", type=pathlib.Path, default=ROOT / "benchmarks/results/adding_problem.json")
    options = parser.parse_args()
    build = options.build.resolve()
    runs = []
    for seed in options.seeds:
        runs.append(train(build / "bin" / "adding_problem", options.length, seed))
        print(runs[-1], flush=True)
    record = {
        "what": f"examples/adding_problem.cpp over {options.length} elements: LSTM 64, batches of 50, Adam 2e-3, until the validation MSE is below 0.002",
        **made_by(f"benchmarks/adding_problem.py --length {options.length} --seeds " + " ".join(map(str, options.seeds)), build),
        "median_steps": statistics.median(r["steps"] for r in runs),
        "worst_test_mse": max(r["test_mse"] for r in runs),
        "runs": runs,
    }
    options.output.parent.mkdir(parents=True, exist_ok=True)
    options.output.write_text(json.dumps(record, indent=2) + "\n", encoding="utf-8")
    print(f"median {record['median_steps']} steps, worst test MSE {record['worst_test_mse']}, written to {options.output}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
