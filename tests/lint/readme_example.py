#!/usr/bin/env python3
"""The first program of README.md compiles as it stands there and is at most 30 lines long: readme_example.py ROOT COMPILER..."""

import pathlib
import re
import subprocess
import sys
import tempfile


def main():
    root, compiler = pathlib.Path(sys.argv[1]), sys.argv[2:]
    program = re.search(r"^```cpp\n(.*?)^```", (root / "README.md").read_text(encoding="utf-8"), re.DOTALL | re.MULTILINE)
    if not program:
        sys.exit("README.md has no program")
    lines = program.group(1).rstrip("\n").count("\n") + 1
    if lines > 30:
        sys.exit(f"README.md: its program must have at most 30 lines, got {lines}")
    with tempfile.NamedTemporaryFile("w", suffix=".cpp", encoding="utf-8") as file:
        file.write(program.group(1))
        file.flush()
        done = subprocess.run([*compiler, "-Wall", "-Wextra", "-fsyntax-only", file.name])
    if done.returncode == 0:
        print(f"README.md: {lines} lines compile")
    return done.returncode


if __name__ == "__main__":
    sys.exit(main())
