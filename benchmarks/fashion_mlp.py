#!/usr/bin/env python3
"""Trains the quick start's network with several seeds and writes what came out to benchmarks/results/fashion_mlp.json.

    benchmarks/fashion_mlp.py [--build build/release] [--seeds 0 1 2] [--output FILE]

The figures of README and docs come from that file. It holds the accuracy and seconds of each seed, their mean, and what they depend on: commit, command,
processor, kernel tier and libraries, compiler, date. Wall-clock seconds are of this run, on whatever else the machine did; CPU seconds are of the process.
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


def train(program, seed):
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    start = time.monotonic()
    with tempfile.TemporaryDirectory() as folder:
        result = subprocess.run([program, "--seed", str(seed)], cwd=folder, capture_output=True, text=True, check=True)
    seconds = time.monotonic() - start
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    epochs = re.findall(r"^epoch .* (\d+(?:\.\d+)?) s  validation accuracy (\d+\.\d+) %$", result.stdout, re.MULTILINE)
    return {
        "seed": seed,
        "test_accuracy_percent": float(re.search(r"^test accuracy (\d+\.\d+) %$", result.stdout, re.MULTILINE).group(1)),
        "validation_accuracy_percent": float(epochs[-1][1]),
        "epochs": len(epochs),
        "training_seconds": round(sum(float(s) for s, _ in epochs), 1),
        "whole_seconds": round(seconds, 1),
        "whole_cpu_seconds": round(after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime, 1),
    }


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--build", type=pathlib.Path, default=ROOT / "build/release", help="build folder")
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2])
    parser.add_argument("--output", type=pathlib.Path, default=ROOT / "benchmarks/results/fashion_mlp.json")
    options = parser.parse_args()
    build = options.build.resolve()
    runs = []
    for seed in options.seeds:
        runs.append(train(build / "bin" / "fashion_mlp", seed))
        print(runs[-1], flush=True)
    record = {
        "what": "examples/fashion_mlp.cpp on Fashion-MNIST, accuracy on its 10,000 test images",
        **made_by("benchmarks/fashion_mlp.py --seeds " + " ".join(map(str, options.seeds)), build),
        "mean_test_accuracy_percent": round(statistics.mean(r["test_accuracy_percent"] for r in runs), 2),
        "runs": runs,
    }
    options.output.parent.mkdir(parents=True, exist_ok=True)
    options.output.write_text(json.dumps(record, indent=2) + "\n", encoding="utf-8")
    print(f"mean test accuracy {record['mean_test_accuracy_percent']} %, written to {options.output}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
