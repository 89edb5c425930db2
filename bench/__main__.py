"""`make bench`: every measurement, in one run."""

from __future__ import annotations

import os
import platform
import sys
import tempfile
from pathlib import Path

import bundles
import checking
import instances
import scaling
import simulating
import stores
import verifying
import waiting


def main() -> None:
    """Run them one after the other: they would disturb each other."""
    print(f"Python {platform.python_version()}, {os.cpu_count()} cores", flush=True)
    checking.run()
    scaling.run()
    simulating.run()
    sys.stdout.flush()
    with tempfile.TemporaryDirectory(prefix="gantral-bench-") as folder:
        folders, trust = instances.run(Path(folder))
        sys.stdout.flush()
        verifying.run(folders, trust)
        sys.stdout.flush()
        stores.run(Path(folder) / "stores")
        sys.stdout.flush()
        waiting.run(Path(folder) / "waiting", int(os.environ.get("WAITING", waiting.MANY)))
    sys.stdout.flush()
    bundles.run(int(os.environ.get("ARTIFACTS", bundles.ARTIFACTS)))


main()
sys.stdout.flush()
# Temporal's native core can crash an interpreter that ends the usual way.
os._exit(0)
