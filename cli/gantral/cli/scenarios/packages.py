"""Generated packages as files that Python imports."""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Mapping
from pathlib import Path


def write_packages(packages: Iterable[Mapping[str, bytes]], source: Path) -> list[str]:
    """Write packages (file name -> bytes of each) below a folder; their importable names."""
    # Python keeps modules by name: a second world in this process must not find the first's.
    parent = f"scenarios_{secrets.token_hex(4)}"
    names = []
    for number, files in enumerate(packages):
        name = f"{parent}.program{number}"
        folder = source / parent / f"program{number}"
        folder.mkdir(parents=True)
        for file, data in files.items():
            (folder / file).write_bytes(data)
        names.append(name)
    return names
