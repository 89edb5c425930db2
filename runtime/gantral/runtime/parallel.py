"""Branches that run at once in one governed run (LANGUAGE section 7, ADR 0129).

Each is a task of the workflow. What has failed in one stops the others between two statements,
never within one: an action in flight is waited for, as somebody must know what became of it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from types import TracebackType
from typing import Any, Generic, TypeVar

from gantral.runtime.ends import Terminated
from gantral.runtime.waiting import until

T = TypeVar("T")


class Stopped(Exception):  # noqa: N818 - it never leaves a run
    """A branch goes on no further, because another one has failed."""


class Begun(Generic[T]):
    """A branch that runs, or is done."""

    def __init__(self) -> None:
        self._values: list[T] = []

    @property
    def given(self) -> T:
        """What it gave. Only after the `async with` of its branches."""
        (value,) = self._values
        return value

    def give_(self, value: T) -> None:
        """Its end. Only for ``Branches``."""
        self._values.append(value)


class Branches:
    """The branches of one ``parallel``; leaving it waits for all of them."""

    def __init__(self, tasks: dict[asyncio.Task[Any], Branches]) -> None:
        self._tasks = tasks
        self._own: list[asyncio.Task[None]] = []
        current = asyncio.current_task()
        self._outer = None if current is None else tasks.get(current)
        # In the order in which they came, which is that of the history: the same in each replay.
        self._failures: list[Exception] = []

    @property
    def stopped(self) -> bool:
        """Whether nothing more is to be begun here."""
        return bool(self._failures) or (self._outer is not None and self._outer.stopped)

    def begin(self, body: Coroutine[Any, Any, T]) -> Begun[T]:
        """Begin a branch."""
        begun = Begun[T]()
        task = asyncio.create_task(self._run(body, begun))
        self._own.append(task)
        self._tasks[task] = self
        return begun

    async def __aenter__(self) -> Branches:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await until(lambda: all(one.done() for one in self._own))
        for task in self._own:
            del self._tasks[task]
        wrong = [one for one in self._failures if not isinstance(one, Terminated | Stopped)]
        # An error of the code is hidden by no end. Of the ends the first is why the others stopped.
        ends = [one for one in self._failures if isinstance(one, Terminated)]
        for first in (*wrong, *ends, *self._failures):
            raise first

    async def _run(self, body: Coroutine[Any, Any, T], begun: Begun[T]) -> None:
        try:
            begun.give_(await body)
        except Exception as error:
            self._failures.append(error)
