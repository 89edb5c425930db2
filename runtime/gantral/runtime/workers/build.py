"""The build id of a worker deployment: what decides how a workflow replays (DESIGN section 5).

It is the digest of the generated code, the lock file and the Python version, so two workers have
the same id exactly when they replay every history alike.
"""

from __future__ import annotations

import hashlib
import sys
from collections.abc import Iterable
from importlib.metadata import version
from importlib.resources import files
from pathlib import Path
from typing import Final

_LOCKS: Final = ("uv.lock", "poetry.lock", "pdm.lock", "requirements.txt")
_GENERATED: Final = ("manifest.json", "services.py", "types.py", "workflow.py")


def build_id(packages: Iterable[str], folder: Path) -> str:
    """32 hex digits over the generated packages, the lock file found at or above ``folder``, the
    runtime's own version and Python's minor version."""
    digest = hashlib.sha256(b"gantral.dev/build/v1\n")

    def add(name: str, content: bytes) -> None:
        digest.update(f"{name}\n{len(content)}\n".encode())
        digest.update(content)

    for package in sorted(packages):
        for name in _GENERATED:
            add(f"{package}/{name}", files(package).joinpath(name).read_bytes())
    lock = _lock(folder)
    add("lock", lock.read_bytes() if lock else b"none")
    for name in ("gantral", "temporalio", "pydantic"):
        add(name, version(name).encode())
    add("python", ".".join(map(str, sys.version_info[:2])).encode())
    return digest.hexdigest()[:32]


def _lock(folder: Path) -> Path | None:
    for place in (folder, *folder.parents):
        for name in _LOCKS:
            if (place / name).is_file():
                return place / name
    return None
