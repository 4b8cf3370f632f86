"""What every record under benchmarks/results says of its making: commit, command, processor, kernels, compiler, date."""

import datetime
import json
import os
import pathlib
import platform
import subprocess

ROOT = pathlib.Path(__file__).resolve().parent.parent


def output_of(*command):
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout.strip()


def processor():
    for line in pathlib.Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            return line.split(":", 1)[1].strip()
    return platform.processor()


def devices(build):
    """What `lanc devices --json` says, so that a record names the kernels that made it."""
    return json.loads(output_of(str(build / "bin" / "lanc"), "devices", "--json"))


def made_by(command, build):
    dirty = " with changes" if output_of("git", "status", "--porcelain", "--", ".", ":!benchmarks/results") else ""
    return {
        "command": command,
        "commit": output_of("git", "rev-parse", "HEAD") + dirty,
        "date": datetime.date.today().isoformat(),
        "cpu": processor(),
        "cores": len(os.sched_getaffinity(0)),
        "devices": devices(build),
        "compiler": output_of("c++", "--version").splitlines()[0],
    }
