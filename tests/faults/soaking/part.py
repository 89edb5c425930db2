"""A part of the deployment, started as ``gantral`` itself, in a world where things go wrong.

Nothing of the product is replaced but what lies under it: the two system calls of a store's put
fail as on a full or read-only disk, or take long; and the process says where it is (points.py).
Its clock is the world's (clocks.py). Run as ``python part.py worker --settings …``.
"""

from __future__ import annotations

import asyncio
import errno
import os
import sys
import time
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from gantral.evidence import store

from soaking import points


def _strike_disk() -> None:
    write, put = store._write, store.LocalStore.put

    def written(path: Path, data: bytes) -> None:
        state = points.disk()
        if state[:1] == ["full"]:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        if state[:1] == ["readonly"]:
            raise OSError(errno.EROFS, os.strerror(errno.EROFS))
        write(path, data)
        if state[:1] == ["slow"]:
            time.sleep(float(state[1]))

    def told(self: store.LocalStore, key: str, data: bytes) -> None:
        what = points.named(key)
        points.reached("before", what)
        put(self, key, data)
        points.reached("after", what)

    store._write = written
    store.LocalStore.put = told  # type: ignore[method-assign]


def _strike_opening() -> None:
    from gantral.runtime.workers.gate import GateOpener

    answer = GateOpener.answer

    async def told(self: GateOpener, command: Any) -> Any:
        await asyncio.to_thread(points.reached, "before", "opening")
        answered = await answer(self, command)
        await asyncio.to_thread(points.reached, "after", "opening")
        return answered

    GateOpener.answer = told  # type: ignore[method-assign]


def main() -> None:
    """Run the command with what is struck."""
    _strike_disk()
    if points.part_name() == "evidence":
        _strike_opening()
    from gantral.cli.main import main as command

    sys.exit(command(sys.argv[1:]))


main()
