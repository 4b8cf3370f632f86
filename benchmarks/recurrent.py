#!/usr/bin/env python3
"""Times training steps of recurrent layers, beside PyTorch's on the same thread count, and writes benchmarks/results/recurrent.json.

    benchmarks/recurrent.py [--build build/release] [--torch PYTHON] [--seconds 1] [--threads 1]

Medians of processor time, which other processes disturb least; a case is measured by both in turn. Without a Python that has torch only ours is measured.
"""

import argparse
import json
import pathlib
import subprocess
import sys

from record import ROOT, made_by

# kind, T, B, H: what one iteration costs (small ones), and what products cost (large ones)
CASES = [("lstm", 200, 1, 16), ("lstm", 200, 50, 64), ("lstm", 64, 32, 128), ("lstm", 16, 32, 128), ("lstm", 64, 128, 256), ("gru", 64, 32, 128), ("rnn", 64, 32, 128)]

TORCH = r"""
import json, sys, time, statistics, torch
kind, T, B, H, seconds, threads = sys.argv[1], *map(int, sys.argv[2:5]), float(sys.argv[5]), int(sys.argv[6])
torch.set_num_threads(threads)
torch.manual_seed(1)
layer = {"lstm": torch.nn.LSTM, "gru": torch.nn.GRU, "rnn": torch.nn.RNN}[kind](H, H)
optimizer = torch.optim.SGD(layer.parameters(), lr=0.01)
x = torch.rand(T, B, H) * 2 - 1
def forward():
    with torch.no_grad():
        y, _ = layer(x)
        return (y * y).mean().item()
def train():
    optimizer.zero_grad()
    y, _ = layer(x)
    loss = (y * y).mean()
    loss.backward()
    optimizer.step()
    return loss.item()
def median(f):
    for _ in range(5): f()
    times, start = [], time.perf_counter()
    while time.perf_counter() - start < seconds or len(times) < 5:
        begin = time.process_time(); f(); times.append((time.process_time() - begin) * 1e6)
    return statistics.median(times)
print(json.dumps({"forward_us": median(forward), "train_us": median(train), "torch": torch.__version__}))
"""


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--build", type=pathlib.Path, default=ROOT / "build/release", help="build folder")
    parser.add_argument("--torch", default="", help="a Python that has torch")
    parser.add_argument("--seconds", type=float, default=1, help="per case and function")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--output", type=pathlib.Path, default=ROOT / "benchmarks/results/recurrent.json")
    options = parser.parse_args()
    build = options.build.resolve()
    runs = []
    for kind, *sizes in CASES:
        command = [str(build / "bin" / "recurrent"), "--kind", kind, "--seconds", str(options.seconds), "--threads", str(options.threads)]
        for name, size in zip(("--time", "--batch", "--hidden"), sizes):
            command += [name, str(size)]
        run = json.loads(subprocess.run(command, capture_output=True, text=True, check=True).stdout)["results"][0]
        if options.torch:
            other = [options.torch, "-c", TORCH, kind, *map(str, sizes), str(options.seconds), str(options.threads)]
            run["pytorch"] = json.loads(subprocess.run(other, capture_output=True, text=True, check=True).stdout)
        runs.append(run)
        beside = f", PyTorch {run['pytorch']['train_us']:.0f} us (forward {run['pytorch']['forward_us']:.0f})" if options.torch else ""
        print(f"{kind} T={sizes[0]} B={sizes[1]} H={sizes[2]}: step {run['train_us']:.0f} us (forward {run['forward_us']:.0f}){beside}", flush=True)
    command = f"benchmarks/recurrent.py --seconds {options.seconds:g} --threads {options.threads}"
    record = {"what": "training step of one recurrent layer: forward, backward, SGD; medians of processor microseconds", **made_by(command, build), "threads": options.threads, "runs": runs}
    options.output.parent.mkdir(parents=True, exist_ok=True)
    options.output.write_text(json.dumps(record, indent=2) + "\n", encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
