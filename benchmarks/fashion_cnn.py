#!/usr/bin/env python3
"""Trains the convolutional example and writes what came out to benchmarks/results/fashion_cnn.json.

    benchmarks/fashion_cnn.py [--build build/release] [--seeds 0] [--output FILE]

The file is as fashion_mlp.py makes it, with the number of parameters. A run takes some minutes on two cores.
"""

import sys

from fashion_runs import record_runs

if __name__ == "__main__":
    sys.exit(record_runs("fashion_cnn", [0], __doc__))
