#!/usr/bin/env python3
"""Who may include whom: include_rules.py ROOT, or --self-test.

The folders of the library form layers; a file includes its own layer and those in MAY_INCLUDE. Other people's headers
are seen only where THIRD_PARTY says. A public header, that is, one that lanc.h reaches, includes the standard library
and <lanc/...> only.
"""

import os
import pathlib
import re
import sys
import tempfile

# Layer -> the layers that it may include beside itself. A layer not named here (tests, benchmarks, tools, examples,
# lanc.h) may include all of them.
MAY_INCLUDE = {
    "graph": [],
    "ops": ["graph"],
    "autodiff": ["graph", "ops"],
    "passes": ["graph", "ops", "autodiff"],
    "schedule": ["graph"],
    "backends": ["schedule", "graph", "ops"],
    "models": ["graph", "ops", "autodiff"],
    "runtime": ["graph", "ops", "autodiff", "passes", "schedule", "backends"],
    "train": ["graph", "ops", "autodiff", "passes", "schedule", "backends", "runtime", "models"],
    "interop": ["graph", "ops", "autodiff", "passes", "schedule", "backends", "runtime", "models", "train"],
}
# Within backends, each stands alone; all see backends/*.h, and the CPU's calls the JIT library through its C header.
BACKENDS_MAY_INCLUDE = {"cpu": ["jit"], "reference": [], "cuda": [], "jit": []}

ANYWHERE = r".*"
OUTSIDE_THE_LIBRARY = r"(tests|benchmarks|tools)/"
# What an include begins with -> where it may stand, as a pattern of the file's path. The first that fits counts.
THIRD_PARTY = [
    (r"(cuda|cublas|cudnn|cufft|cusolver|curand|nvrtc|cub/|thrust/|nvtx)", r"backends/cuda/"),
    (r"(dnnl|oneapi/)", r"backends/cpu/"),
    (r"llvm(-c)?/", r"backends/jit/"),
    (r"Eigen/", r"(backends/.*|ops/linalg.*)\.cpp$"),
    (r"boost/", r"(graph/boost\.h$|.*\.cpp$|tests/)"),
    (r"(fmt|nlohmann)/", r".*\.cpp$|" + OUTSIDE_THE_LIBRARY),
    (r"zlib\.h", r".*\.cpp$"),
    (r"CLI/", OUTSIDE_THE_LIBRARY),
    (r"gtest/", r"tests/"),
    (r"gmock/", r"tests/"),
    (r"benchmark/", r"benchmarks/"),
]
# The system's own headers with a path or a suffix, which a public header may not include.
SYSTEM = r"([a-z0-9]+mmintrin\.h|x86intrin\.h|cpuid\.h|cxxabi\.h|dlfcn\.h|fcntl\.h|fenv\.h|link\.h|poll\.h|pthread\.h" \
         r"|sched\.h|signal\.h|spawn\.h|termios\.h|unistd\.h|(sys|linux|asm|ext|bits)/.*)$"
SKIPPED_FOLDERS = {"build", "include", "runs", "docs", "node_modules", "consumers", "compile_fail"}
INCLUDE = re.compile(r'^[ \t]*#[ \t]*include[ \t]*([<"])([^>"]+)[>"]', re.MULTILINE)


def sources(root):
    for folder, folders, files in os.walk(root):
        folders[:] = sorted(f for f in folders if not f.startswith(".") and f not in SKIPPED_FOLDERS)
        for name in sorted(files):
            if name.endswith((".h", ".cpp", ".cu", ".cuh", ".inc")):
                yield pathlib.Path(folder, name).relative_to(root)


def layer(path):
    return path.parts[0] if len(path.parts) > 1 else ""


def layer_problem(path, target):
    """What is wrong when the file `path` includes our file `target`, or None."""
    here, there = layer(path), layer(target)
    if here not in MAY_INCLUDE:
        return None
    if here == there == "backends" and len(path.parts) > 2 and len(target.parts) > 2:
        a, b = path.parts[1], target.parts[1]
        if a != b and b not in BACKENDS_MAY_INCLUDE.get(a, []):
            return f"backends/{a} may not include backends/{b}"
        return None
    if here != there and there not in MAY_INCLUDE[here]:
        return f"{here} may include {', '.join([here] + MAY_INCLUDE[here])} only"
    return None


def foreign_problem(path, target):
    for begins, where in THIRD_PARTY:
        if re.match(begins, target):
            return None if re.match(where, path.as_posix()) else f"only files that match {where} may see it"
    if "/" in target or target.endswith(".h"):
        if not re.match(SYSTEM, target):
            return "not a header that the rules know; add it to THIRD_PARTY with the files that may see it"
    return None


def cycle(graph):
    """A cycle of headers as a list, or None."""
    done, open_ = set(), []

    def visit(node):
        if node in open_:
            return open_[open_.index(node):] + [node]
        if node in done:
            return None
        open_.append(node)
        for target in graph.get(node, []):
            found = visit(target)
            if found:
                return found
        open_.pop()
        done.add(node)
        return None

    for node in sorted(graph):
        found = visit(node)
        if found:
            return found
    return None


def problems(root):
    ours, foreign, found = {}, {}, []
    for path in sources(root):
        text = (root / path).read_text(encoding="utf-8")
        if path.suffix == ".h" and "#pragma once" not in text:
            found.append(f"{path}: a header begins with #pragma once")
        for match in INCLUDE.finditer(text):
            line = text.count("\n", 0, match.start()) + 1
            quote, target = match.groups()
            where = f"{path}:{line}: #include {target}"
            if quote == '"':
                found.append(f"{where}: our files are included as <lanc/...>, others' as <...>")
            elif target.startswith("lanc/"):
                inside = pathlib.Path(target[len("lanc/"):])
                if not (root / inside).is_file():
                    found.append(f"{where}: there is no such file")
                    continue
                ours.setdefault(path, []).append(inside)
                problem = layer_problem(path, inside)
                if problem:
                    found.append(f"{where}: {problem}")
            else:
                foreign.setdefault(path, []).append((where, target))
                problem = foreign_problem(path, target)
                if problem:
                    found.append(f"{where}: {problem}")

    reached, todo = set(), [pathlib.Path("lanc.h")]
    while todo:
        path = todo.pop()
        if path not in reached:
            reached.add(path)
            todo += ours.get(path, [])
    for path in sorted(reached):
        for where, target in foreign.get(path, []):
            if "/" in target or target.endswith(".h"):
                found.append(f"{where}: lanc.h reaches this header, so it may include the standard library and lanc/ only")
    if pathlib.Path("graph/boost.h") in reached:
        found.append("lanc.h reaches graph/boost.h, which only those who use Boost.Graph include")
    headers = {path: [t for t in targets if t.suffix == ".h"] for path, targets in ours.items() if path.suffix == ".h"}
    loop = cycle(headers)
    if loop:
        found.append("headers include each other: " + " -> ".join(map(str, loop)))
    return found


def self_test():
    """Small trees with one mistake each, and one without."""
    good = {"lanc.h": "<lanc/runtime/session.h>", "graph/value.h": "<vector>", "ops/sum.h": "<lanc/graph/value.h>",
            "runtime/session.h": "<lanc/ops/sum.h>", "backends/cpu/gemm.cpp": "<dnnl.h>", "ops/sum.cpp": "<fmt/core.h>"}
    cases = [
        ({}, None),
        ({"graph/value.h": "<lanc/ops/sum.h>"}, "graph may include graph only"),
        ({"models/dense.h": "<lanc/runtime/session.h>"}, "models may include"),
        ({"runtime/a.cpp": "<dnnl.h>"}, "may see it"),
        ({"backends/cpu/a.cpp": "<llvm-c/Core.h>"}, "may see it"),
        ({"backends/cpu/a.h": "<lanc/ops/sum.h>", "backends/reference/b.cpp": "<lanc/backends/cpu/a.h>"},
         "backends/reference may not include backends/cpu"),
        ({"ops/sum.h": "<sys/mman.h>"}, "lanc.h reaches"),
        ({"ops/sum.h": '"value.h"'}, "as <lanc/...>"),
        ({"ops/sum.h": "<lanc/graph/gone.h>"}, "no such file"),
        ({"graph/value.h": "<lanc/graph/b.h>", "graph/b.h": "<lanc/graph/value.h>"}, "include each other"),
        ({"graph/x.cpp": "<unheard/of.h>"}, "not a header that the rules know"),
    ]
    for changes, expected in cases:
        with tempfile.TemporaryDirectory() as folder:
            root = pathlib.Path(folder)
            for name, include in {**good, **changes}.items():
                (root / name).parent.mkdir(parents=True, exist_ok=True)
                (root / name).write_text(f"#pragma once\n#include {include}\n", encoding="utf-8")
            found = problems(root)
        if expected is None:
            assert not found, found
        else:
            assert any(expected in problem for problem in found), (changes, expected, found)
    print(f"{len(cases)} trees as expected")


def main():
    if sys.argv[1:] == ["--self-test"]:
        return self_test()
    found = problems(pathlib.Path(sys.argv[1]).resolve())
    for problem in found:
        print(problem)
    print(f"{len(found)} problems")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
