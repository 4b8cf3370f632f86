#!/usr/bin/env python3
"""Programs that must not compile, and must say why: compile_fail.py FOLDER COMPILER...

Each FOLDER/*.cpp compiles as it is, and with -DMISTAKE it does not, and the compiler's output then holds the text of
each of its lines `// expect: text`.
"""

import concurrent.futures
import os
import pathlib
import re
import subprocess
import sys


def problem(compiler, source):
    expected = re.findall(r"^// expect: (.*\S)", source.read_text(encoding="utf-8"), re.MULTILINE)
    if not expected:
        return "has no line `// expect: text`"

    def compile_it(*more):
        done = subprocess.run([*compiler, "-fsyntax-only", *more, source], stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, encoding="utf-8", errors="replace",
                              env={**os.environ, "LC_ALL": "C"})
        return done.returncode, done.stdout

    code, output = compile_it()
    if code:
        return f"does not compile without -DMISTAKE:\n{output}"
    code, output = compile_it("-DMISTAKE")
    if not code:
        return "compiles with -DMISTAKE"
    missing = [text for text in expected if text not in output]
    return f"the compiler does not say {missing[0]!r}, but:\n{output}" if missing else None


def main():
    folder, compiler = pathlib.Path(sys.argv[1]), sys.argv[2:]
    sources = sorted(folder.glob("*.cpp"))
    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        found = [(s, p) for s, p in zip(sources, pool.map(lambda s: problem(compiler, s), sources)) if p]
    for source, text in found:
        print(f"{source.name}: {text}")
    print(f"{len(sources) - len(found)} of {len(sources)} mistakes are refused with their text")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
