"""Runs an example on Fashion-MNIST with several seeds, and records what came out: what fashion_mlp.py and fashion_cnn.py share."""

import argparse
import json
import pathlib
import re
import resource
import statistics
import subprocess
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
    parameters = re.search(r"^total\s+([\d,]+) ", result.stdout, re.MULTILINE)
    return {
        "seed": seed,
        **({"parameters": int(parameters.group(1).replace(",", ""))} if parameters else {}),
        "test_accuracy_percent": float(re.search(r"^test accuracy (\d+\.\d+) %$", result.stdout, re.MULTILINE).group(1)),
        "validation_accuracy_percent": float(epochs[-1][1]),
        "epochs": len(epochs),
        "training_seconds": round(sum(float(s) for s, _ in epochs), 1),
        "whole_seconds": round(seconds, 1),
        "whole_cpu_seconds": round(after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime, 1),
    }


def record_runs(example, seeds, documentation):
    parser = argparse.ArgumentParser(description=documentation, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--build", type=pathlib.Path, default=ROOT / "build/release", help="build folder")
    parser.add_argument("--seeds", type=int, nargs="+", default=seeds)
    parser.add_argument("--output", type=pathlib.Path, default=ROOT / f"benchmarks/results/{example}.json")
    options = parser.parse_args()
    build = options.build.resolve()
    made = made_by(f"benchmarks/{example}.py --seeds " + " ".join(map(str, options.seeds)), build)
    runs = []
    for seed in options.seeds:
        runs.append(train(build / "bin" / example, seed))
        print(runs[-1], flush=True)
    record = {
        "what": f"examples/{example}.cpp on Fashion-MNIST, accuracy on its 10,000 test images",
        **made,
        "mean_test_accuracy_percent": round(statistics.mean(r["test_accuracy_percent"] for r in runs), 2),
        "runs": runs,
    }
    options.output.parent.mkdir(parents=True, exist_ok=True)
    options.output.write_text(json.dumps(record, indent=2) + "\n", encoding="utf-8")
    print(f"mean test accuracy {record['mean_test_accuracy_percent']} %, written to {options.output}")
    return 0
