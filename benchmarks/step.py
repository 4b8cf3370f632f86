#!/usr/bin/env python3
"""Times whole training steps and writes them to benchmarks/results/step.json, from which README.md has its table.

    benchmarks/step.py [--build build/release] [--seconds 5]
"""

import argparse
import json
import pathlib
import subprocess
import sys

from record import ROOT, made_by

WHAT = {"mlp_tiny": "784-64-10, ReLU, batch 32, SGD", "mlp": "784-1024-1024-10, ReLU, batch 128, Adam"}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--build", type=pathlib.Path, default=ROOT / "build/release", help="build folder")
    parser.add_argument("--seconds", type=float, default=5, help="per model")
    options = parser.parse_args()
    build = options.build.resolve()
    done = subprocess.run([str(build / "bin" / "step"), "--seconds", str(options.seconds)], capture_output=True, text=True, check=True)
    runs = [{"what": WHAT[r["model"]], **r} for r in json.loads(done.stdout)["results"]]
    record = {**made_by(f"benchmarks/step.py --seconds {options.seconds:g}", build), "runs": runs}
    path = ROOT / "benchmarks" / "results" / "step.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(record, indent=2) + "\n", encoding="utf-8")
    for run in runs:
        print(f"{run['what']}: median {run['median_us']:.0f} us")
    return 0


if __name__ == "__main__":
    sys.exit(main())
