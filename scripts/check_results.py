#!/usr/bin/env python3
"""Counts the tests of a tree, and compares those that were skipped with tests/allowed_skips.txt.

    check_results.py BUILD_FOLDER ALLOWED_SKIPS      or      check_results.py --self-test

Reads BUILD_FOLDER/ctest.xml (what ctest ran), BUILD_FOLDER/results/*.json (what each GoogleTest program ran) and
BUILD_FOLDER/conditions.txt (what configure found true). A line of ALLOWED_SKIPS is `test pattern: condition`; the
pattern is a shell pattern for Suite.Name or for a ctest entry. The skipped tests must be exactly those that the lines
with a true condition name: another skip, a named test that ran, and a line that names no test are mistakes.
The last line is `N passed, N failed, N skipped`; the exit code is 1 when a test failed or a skip is wrong.
"""

import fnmatch
import json
import pathlib
import sys
import tempfile
import xml.etree.ElementTree


def gtest_results(path):
    """[(Suite.Name, "passed" | "failed" | "skipped")] of one GoogleTest program."""
    results = []
    for suite in json.loads(path.read_text(encoding="utf-8"))["testsuites"]:
        for test in suite["testsuite"]:
            outcome = "skipped" if test["result"] in ("SKIPPED", "SUPPRESSED") else "passed"
            if test.get("failures"):
                outcome = "failed"
            results.append((f"{suite['name']}.{test['name']}", outcome))
    return results


def all_results(build):
    results = []
    for case in xml.etree.ElementTree.parse(build / "ctest.xml").getroot().iter("testcase"):
        name = case.get("name")
        entry = {"run": "passed", "fail": "failed"}.get(case.get("status"), "skipped")
        path = build / "results" / f"{name}.json"
        inner = gtest_results(path) if path.exists() else []
        # A program that crashed has no results, or none that failed: its entry says so.
        if not inner or (entry == "failed" and all(outcome != "failed" for _, outcome in inner)):
            inner.append((name, entry))
        results += inner
    return results


def allowed(path, conditions):
    """The patterns whose condition holds."""
    patterns = []
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
        line = line.split("#")[0].strip()
        if line:
            pattern, colon, condition = line.rpartition(": ")
            if not colon:
                raise SystemExit(f"{path}:{number}: expected `test pattern: condition`")
            if condition.strip() in conditions:
                patterns.append(pattern.strip())
    return patterns


def skip_problems(results, patterns):
    found = []
    for name, outcome in results:
        named = any(fnmatch.fnmatchcase(name, pattern) for pattern in patterns)
        if outcome == "skipped" and not named:
            found.append(f"{name} was skipped, which tests/allowed_skips.txt does not allow here")
        elif outcome == "passed" and named:
            found.append(f"{name} ran, though tests/allowed_skips.txt names it as skipped here")
    for pattern in patterns:
        if not any(fnmatch.fnmatchcase(name, pattern) for name, _ in results):
            found.append(f"tests/allowed_skips.txt: {pattern} names no test")
    return found


def check(build, allowed_skips):
    results = all_results(build)
    conditions = set((build / "conditions.txt").read_text().split())
    problems = skip_problems(results, allowed(allowed_skips, conditions))
    for name, outcome in results:
        if outcome != "passed":
            print(f"{outcome.upper()} {name}")
    for problem in problems:
        print(problem)
    count = {outcome: sum(o == outcome for _, o in results) for outcome in ("passed", "failed", "skipped")}
    failed = count["failed"] + len(problems)
    print(f"{count['passed']} passed, {failed} failed, {count['skipped']} skipped")
    return 1 if failed or not count["passed"] else 0


def self_test():
    def run(tests, allowed_lines, conditions="no-gpu", entry="run"):
        with tempfile.TemporaryDirectory() as folder:
            build = pathlib.Path(folder)
            (build / "results").mkdir()
            (build / "ctest.xml").write_text(f'<testsuite><testcase name="test_a" status="{entry}"/></testsuite>')
            (build / "conditions.txt").write_text(conditions)
            (build / "allowed").write_text(allowed_lines)
            suite = [{"name": n, "result": r, **({"failures": [{}]} if f else {})} for n, r, f in tests]
            (build / "results" / "test_a.json").write_text(
                json.dumps({"testsuites": [{"name": "S", "testsuite": suite}]}))
            return check(build, build / "allowed")

    ran, skipped, broken = ("a", "COMPLETED", False), ("b", "SKIPPED", False), ("c", "COMPLETED", True)
    assert run([ran], "") == 0
    assert run([ran, broken], "") == 1
    assert run([ran, skipped], "") == 1                              # a skip that nobody allowed
    assert run([ran, skipped], "S.b: no-gpu") == 0
    assert run([ran, skipped], "S.b: no-llvm") == 1                  # allowed under another condition only
    assert run([ran, skipped], "S.*: no-gpu  # both") == 1           # S.a ran
    assert run([ran], "S.gone: no-gpu") == 1                         # names no test
    assert run([ran], "S.gone: no-llvm") == 0
    assert run([ran], "", entry="fail") == 1                         # the program crashed after its tests
    assert run([], "") == 0 and run([], "", entry="fail") == 1       # an entry that is no GoogleTest program
    print("the check of results behaves")
    return 0


if __name__ == "__main__":
    sys.exit(self_test() if sys.argv[1:] == ["--self-test"] else check(*map(pathlib.Path, sys.argv[1:])))
