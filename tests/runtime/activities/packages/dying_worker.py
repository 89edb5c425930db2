"""An evidence worker that stops right after a commit's put: ``dying_worker.py SETTINGS MARK``.

It writes MARK then, and answers nothing any more; the test kills it.
"""

from __future__ import annotations

import asyncio
import sys
import threading
from pathlib import Path

from gantral.evidence import LocalStore
from gantral.runtime.settings import load
from gantral.runtime.workers.running import run_worker

whole_put = LocalStore.put


def put(store: LocalStore, key: str, data: bytes) -> None:
    whole_put(store, key, data)
    if "/commits/00000001" in key:
        Path(sys.argv[2]).touch()
        threading.Event().wait()


LocalStore.put = put  # type: ignore[method-assign]
asyncio.run(run_worker(load(sys.argv[1]), ("evidence",), lambda _: print("polling", flush=True)))
