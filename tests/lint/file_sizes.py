#!/usr/bin/env python3
"""No source file is longer than 700 lines, and there are at most 400 translation units: file_sizes.py ROOT."""

import os
import pathlib
import sys

LONGEST = 700
MOST_UNITS = 400
SUFFIXES = (".h", ".cpp", ".cu", ".cuh", ".py", ".cmake", ".sh")
SKIPPED_FOLDERS = {"build", "include", "runs", "data"}


def main():
    root = pathlib.Path(sys.argv[1]).resolve()
    units, too_long = 0, []
    for folder, folders, files in os.walk(root):
        folders[:] = sorted(f for f in folders if not f.startswith(".") and f not in SKIPPED_FOLDERS)
        for name in files:
            if name.endswith(SUFFIXES):
                path = pathlib.Path(folder, name)
                lines = path.read_bytes().count(b"\n")
                units += name.endswith((".cpp", ".cu"))
                if lines > LONGEST:
                    too_long.append(f"{path.relative_to(root)}: {lines} lines, at most {LONGEST}")
    for line in sorted(too_long):
        print(line)
    print(f"{units} translation units, at most {MOST_UNITS}")
    return 1 if too_long or units > MOST_UNITS else 0


if __name__ == "__main__":
    sys.exit(main())
