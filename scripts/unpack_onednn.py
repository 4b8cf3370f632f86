#!/usr/bin/env python3
"""Unpacks the wheels of oneDNN into one prefix: unpack_onednn.py WHEEL_FOLDER PREFIX.

Each wheel holds one tree `<name>.data/data` with include/, lib/ and share/. The library comes as three equal files
(a wheel has no symbolic links): the one with the full version is kept, the shorter names become links to it.
"""

import pathlib
import re
import sys
import zipfile


def unpack(wheel: pathlib.Path, prefix: pathlib.Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        libraries = [name for name in archive.namelist() if re.search(r"/lib/libdnnl\.so[.0-9]*$", name)]
        kept = max(libraries, key=len, default=None)
        for name in archive.namelist():
            inside = re.match(r"[^/]+\.data/data/(.+[^/])$", name)
            if not inside:
                continue
            target = prefix / inside.group(1)
            if ".." in target.parts:
                raise SystemExit(f"{wheel}: {name} leaves the prefix")
            target.parent.mkdir(parents=True, exist_ok=True)
            if name in libraries and name != kept:
                target.symlink_to(pathlib.PurePosixPath(kept).name)
            else:
                target.write_bytes(archive.read(name))


def main() -> None:
    folder, prefix = map(pathlib.Path, sys.argv[1:])
    wheels = sorted(folder.glob("*.whl"))
    if len(wheels) != 2:
        raise SystemExit(f"{folder}: expected the two wheels of oneDNN, got {len(wheels)}")
    for wheel in wheels:
        unpack(wheel, prefix)


if __name__ == "__main__":
    main()
