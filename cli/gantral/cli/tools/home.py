"""Where fetched tools lie, and how one gets there whole or not at all."""

from __future__ import annotations

import fcntl
import os
import shutil
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path


def tools_folder() -> Path:
    """The folder of fetched tools.

    ``GANTRAL_TOOLS`` if set; ``.tools`` of the clone when this file lies in one; else the user's
    own cache folder (never a shared temporary one: what lies there is run).
    """
    override = os.environ.get("GANTRAL_TOOLS")
    if override:
        return Path(override).expanduser().absolute()
    clone = _clone()
    if clone is not None:
        return clone / ".tools"
    if sys.platform == "darwin":
        return Path.home() / "Library" / "Caches" / "gantral" / "tools"
    cache = os.environ.get("XDG_CACHE_HOME")
    return (Path(cache) if cache else Path.home() / ".cache") / "gantral" / "tools"


def _clone() -> Path | None:
    # cli/gantral/cli/tools/home.py: the fourth folder up is the root of a clone, if it is one.
    root = Path(__file__).resolve().parents[4]
    is_clone = (root / "uv.lock").is_file() and (root / "runtime" / "gantral").is_dir()
    return root if is_clone else None


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
