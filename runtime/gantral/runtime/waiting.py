"""Waiting inside a governed run: a request to cancel is a note to act on, never an exception."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from temporalio import workflow


@dataclass
class Notes:
    """What reached the run from outside its main coroutine, to be acted on by it."""

    cancelled: bool = False
    broken: str = ""  # why the run fails: evidence could not be committed


async def until(condition: Callable[[], bool], deadline: datetime | None = None) -> bool:
    """Wait for a condition, at most to ``deadline`` (workflow time). False: time is up first."""
    while not condition():
        left = None if deadline is None else (deadline - workflow.now()).total_seconds()
        if left is not None and left <= 0:
            return False
        try:
            await workflow.wait_condition(condition, timeout=left)
        except TimeoutError:
            return condition()
        except asyncio.CancelledError:
            # Temporal raises this in every waiting coroutine when a request to cancel arrives in
            # the same task as the condition; the request is in the notes. It also cancels the
            # coroutine itself when the run is evicted from the cache: that must pass.
            current = asyncio.current_task()
            if current is None or current.cancelling():
                raise
    return True


class Rounds:
    """The rounds of a loop, with a wait between two of them. No generator: one that a loop leaves
    half-way would be ended by whoever collects it, at a time that no replay repeats."""

    def __init__(
        self,
        at_most: int,
        every: timedelta,
        sleep: Callable[[timedelta], Awaitable[None]],
        first: int = 0,
    ) -> None:
        self._first = first  # it was waited for it in the history before
        self._at_most = at_most
        self._every = every
        self._sleep = sleep
        self._next = first

    def __aiter__(self) -> Rounds:
        return self

    async def __anext__(self) -> int:
        index = self._next
        if index == self._at_most:
            raise StopAsyncIteration
        if index > self._first:
            await self._sleep(self._every)
        self._next = index + 1
        return index
