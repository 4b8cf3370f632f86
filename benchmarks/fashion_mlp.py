#!/usr/bin/env python3
"""Trains the quick start's network with several seeds and writes what came out to benchmarks/results/fashion_mlp.json.

    benchmarks/fashion_mlp.py [--build build/release] [--seeds 0 1 2] [--output FILE]

The figures of README and docs come from that file. It holds the accuracy and seconds of each seed, their mean, and what they depend on: commit, command,
processor, kernel tier and libraries, compiler, date. Wall-clock seconds are of this run, on whatever else the machine did; CPU seconds are of the process.
"""

import sys

from fashion_runs import record_runs

if __name__ == "__main__":
    sys.exit(record_runs("fashion_mlp", [0, 1, 2], __doc__))
