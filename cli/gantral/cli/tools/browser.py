"""A Chromium for the tests of the page."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

from gantral.cli.tools.failure import ToolMissing
from gantral.cli.tools.run import CommandError, run

_NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")


def chromium() -> Path:
    """A Chromium from PATH, else Debian's package when we may install one.

    Raises:
        ToolMissing: neither way worked.
    """
    found = _on_path()
    if found is not None:
        return found
    attempts = [("PATH", f"none of {', '.join(_NAMES)}")]
    apt = shutil.which("apt-get")
    if apt is None:
        attempts.append(("apt-get install chromium", "apt-get is not on PATH"))
    elif os.geteuid() != 0:
        attempts.append(("apt-get install chromium", "only root may"))
    else:
        quiet = {"DEBIAN_FRONTEND": "noninteractive"}
        # A second process may hold dpkg's lock: wait for it, it may be installing the same.
        wait = ["-o", "DPkg::Lock::Timeout=300"]
        try:
            run([apt, *wait, "-q", "update"], limit=300, env=quiet)
            package = ["install", "-y", "--no-install-recommends", "chromium"]
            run([apt, *wait, "-q", *package], limit=900, env=quiet)
            found = _on_path()
            if found is not None:
                return found
            attempts.append(("apt-get install chromium", "it left no chromium on PATH"))
        except CommandError as error:
            attempts.append(("apt-get install chromium", str(error)))
    raise ToolMissing("Chromium", attempts, "install the package chromium of your system")


def _on_path() -> Path | None:
    for name in _NAMES:
        found = shutil.which(name)
        if found is not None:
            return Path(found)
    return None
