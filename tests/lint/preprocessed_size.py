#!/usr/bin/env python3
"""A user's file with `#include <lanc/lanc.h>` preprocesses to at most 90,000 lines: preprocessed_size.py COMPILER...

The time that it takes to compile at -O0 is reported, not asserted.
"""

import pathlib
import subprocess
import sys
import tempfile
import time

MOST_LINES = 90_000


def main():
    compiler = sys.argv[1:]
    with tempfile.TemporaryDirectory() as folder:
        user = pathlib.Path(folder, "user.cpp")
        user.write_text("#include <lanc/lanc.h>\nint main() {}\n")
        text = subprocess.run([*compiler, "-E", user], check=True, stdout=subprocess.PIPE).stdout
        start = time.monotonic()
        subprocess.run([*compiler, "-O0", "-c", user, "-o", pathlib.Path(folder, "user.o")], check=True)
        seconds = time.monotonic() - start
    lines = text.count(b"\n")
    print(f"#include <lanc/lanc.h>: {lines} lines, at most {MOST_LINES}; {seconds:.1f} s to compile at -O0")
    return 1 if lines > MOST_LINES else 0


if __name__ == "__main__":
    sys.exit(main())
