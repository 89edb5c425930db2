"""A clock of a part that can be put wrong while the part runs: libfaketime, loaded before the part.

What of the process asks the operating system for the time of day is lied to, our code and
Temporal's native core alike. Its monotonic clock goes on as it does when an operator or a time
server moves a machine's clock, and so do the times of files.
"""

from __future__ import annotations

from datetime import UTC, datetime
from importlib.util import find_spec
from pathlib import Path

# The package's wheel has the library for Linux on x86-64, where alone it is installed (pyproject).
FAKED = find_spec("libfaketime") is not None

MINUTE, HOUR, DAY = 60, 3600, 86400


def ahead(seconds: float) -> str:
    """What the file of a clock holds that goes so many seconds before the true one."""
    return f"{seconds:+.0f}"


def now() -> str:
    """What time it is, as evidence writes it."""
    return datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def environment(file: Path) -> dict[str, str]:
    """What a process needs whose clock follows a file; nothing where that can't be."""
    found = find_spec("libfaketime")
    if found is None or found.origin is None:
        return {}
    library = Path(found.origin).parent / "vendor" / "libfaketime" / "src" / "libfaketime.so.1"
    return {
        "LD_PRELOAD": str(library),
        "FAKETIME_TIMESTAMP_FILE": str(file),
        "FAKETIME_NO_CACHE": "1",
        "FAKETIME_DONT_FAKE_MONOTONIC": "1",
        "NO_FAKE_STAT": "1",
    }
