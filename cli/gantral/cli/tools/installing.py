"""How a tool gets into the tools folder, whole or not at all."""

from __future__ import annotations

import fcntl
import shutil
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

from gantral.cli.tools.home import tools_folder


def install(name: str, build: Callable[[Path], None]) -> Path:
    """Return the folder ``name`` of the tools folder, made by ``build`` if it is not there.

    ``build`` fills an empty folder beside the final one, which is then renamed: a reader sees all
    of a tool or nothing. A lock file makes a second process wait for the first instead of doing
    the work twice; the system drops the lock when its holder dies.

    Raises:
        whatever ``build`` raises, with nothing left behind.
    """
    home = tools_folder()
    final = home / name
    if final.is_dir():
        return final
    home.mkdir(parents=True, exist_ok=True)
    with (home / f".{name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if final.is_dir():
            return final
        print(f"gantral: fetching {name} into {home}, this once", file=sys.stderr, flush=True)
        work = Path(tempfile.mkdtemp(prefix=f".{name}.", dir=home))
        try:
            build(work)
            work.chmod(0o755)
            work.rename(final)
        finally:
            shutil.rmtree(work, ignore_errors=True)
    return final
