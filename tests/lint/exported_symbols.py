#!/usr/bin/env python3
"""liblanc.so exports what is in namespace lanc, and nothing else: exported_symbols.py LIBRARY."""

import re
import subprocess
import sys

# The mangled name of something in lanc, of its type information, or of its tables, thunks and guards.
OURS = re.compile(r"_Z(T[VTCISHW]|Th?n?[0-9]*_|Tv[n0-9_]*|GV|GR|Z|GVZ)?N[VKRO]*4lanc")


def main():
    listing = subprocess.run(["nm", "-D", "--defined-only", "--format=posix", sys.argv[1]], check=True,
                             stdout=subprocess.PIPE, encoding="utf-8").stdout
    names = [line.split()[0] for line in listing.splitlines() if line]
    foreign = [name for name in names if not OURS.match(name)]
    for name in foreign[:40]:
        print(name)
    print(f"{len(names)} exported symbols, {len(foreign)} of them not in namespace lanc")
    return 1 if foreign or not names else 0


if __name__ == "__main__":
    sys.exit(main())
