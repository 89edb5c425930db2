"""Where fetched tools lie, and which OPA is pinned."""

from __future__ import annotations

import os
import sys
from pathlib import Path

OPA_VERSION = "1.22.2"


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
