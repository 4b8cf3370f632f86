#!/usr/bin/env python3
"""Times single convolutions against PyTorch's, round after round in turns, and prints medians, and ratios of medians and of least times (below 1: ours is faster).

    benchmarks/conv.py [--build build/release] [--seconds 0.3] [--rounds 3] [--threads 1 2]

To be run with a python that has torch. PyTorch is timed with plain and with channels_last tensors.
"""

import argparse
import json
import pathlib
import statistics
import subprocess
import time

import torch

from record import ROOT, processor

LAYERS = ["128,1,28,32,5,1,0", "128,32,14,64,3,1,1", "64,20,12,50,5,1,0", "32,64,32,64,3,1,1", "32,3,32,64,3,1,1", "32,64,32,128,3,2,1", "32,128,16,128,1,1,0"]
RESULTS = ("y", "dx", "dw")


def timed(call, threads, seconds):
    clock = time.process_time_ns if threads == 1 else time.perf_counter_ns  # as conv.cpp
    for _ in range(3):
        call()
    times, start = [], time.perf_counter()
    while time.perf_counter() - start < seconds or len(times) < 5:
        begin = clock()
        call()
        times.append((clock() - begin) / 1e3)
    return statistics.median(times), min(times)


def torch_times(layer, threads, seconds, memory_format):
    torch.set_num_threads(threads)
    n, c, h, o, k, stride, padding = map(int, layer.split(","))
    x, w = torch.randn(n, c, h, h).to(memory_format=memory_format), torch.randn(o, c, k, k).to(memory_format=memory_format)
    y = torch.nn.functional.conv2d(x, w, stride=stride, padding=padding)
    dy = torch.randn_like(y)

    def back(mask):
        return torch.ops.aten.convolution_backward(dy, x, w, None, [stride] * 2, [padding] * 2, [1, 1], False, [0, 0], 1, mask)

    return {"y": timed(lambda: torch.nn.functional.conv2d(x, w, stride=stride, padding=padding), threads, seconds),
            "dx": timed(lambda: back([True, False, False]), threads, seconds), "dw": timed(lambda: back([False, True, False]), threads, seconds)}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--build", type=pathlib.Path, default=ROOT / "build/release", help="build folder")
    parser.add_argument("--seconds", type=float, default=0.3, help="of each measurement")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--threads", type=int, nargs="+", default=[1, 2])
    parser.add_argument("--layers", nargs="+", default=LAYERS, help="N,C,H,O,K,stride,padding")
    options = parser.parse_args()
    print(f"{processor()}, torch {torch.__version__}; microseconds, ours / torch / torch channels_last; ratios to the better of torch's")
    for threads in options.threads:
        for layer in options.layers:
            rounds = {name: [] for name in ("ours", "torch", "last")}
            for _ in range(options.rounds):
                command = [str(options.build.resolve() / "bin" / "conv"), layer, "--threads", str(threads), "--seconds", str(options.seconds)]
                rounds["ours"].append(json.loads(subprocess.run(command, capture_output=True, text=True, check=True).stdout)[0])
                rounds["torch"].append(torch_times(layer, threads, options.seconds, torch.contiguous_format))
                rounds["last"].append(torch_times(layer, threads, options.seconds, torch.channels_last))
            parts, ratios = [], []
            for of, which in (("median", 0), ("least", 1)):
                totals = dict.fromkeys(rounds, 0.0)
                for result in RESULTS:
                    m = {name: statistics.median(r[result][which] for r in runs) for name, runs in rounds.items()}
                    for name in totals:
                        totals[name] += m[name]
                    if which == 0:
                        parts.append(f"{result} {m['ours']:.0f} / {m['torch']:.0f} / {m['last']:.0f}")
                ratios.append(f"{of} {totals['ours'] / min(totals['torch'], totals['last']):.2f} (plain {totals['ours'] / totals['torch']:.2f})")
            print(f"{layer:20} threads {threads}: {'; '.join(parts)}; all {', '.join(ratios)}", flush=True)


if __name__ == "__main__":
    main()
