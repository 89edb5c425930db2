"""Steps that are event loops of their own, run apart from the caller's loop, if it has one."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from typing import TypeVar

_T = TypeVar("_T")


@cache
def _thread() -> ThreadPoolExecutor:
    return ThreadPoolExecutor(1, "gantral-simulation")


def apart(step: Callable[[], _T]) -> _T:
    """Run a step where no event loop runs, and return what it gives."""
    if asyncio._get_running_loop() is None:
        return step()
    return _thread().submit(step).result()
