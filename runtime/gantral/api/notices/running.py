"""The background tasks of ``serve`` that tell: one that looks, and one for each target.

Whatever goes wrong here is said on stderr and tried again. Nothing here is awaited by a request,
writes evidence or talks to Temporal, so no failure here changes an outcome (docs/adr/0164).
"""

from __future__ import annotations

import asyncio
import contextlib
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import datetime
from functools import partial
from time import monotonic
from typing import Final

from gantral.api.comments import Comments
from gantral.api.notices.outbox import Notice, Outbox, OutboxError
from gantral.api.notices.watching import Watch
from gantral.api.notices.ways import NotTakenError, deliver
from gantral.api.story import Library
from gantral.evidence import Store, StoreError
from gantral.runtime.settings import SettingsError, Target

_PAUSE_SECONDS: Final = 1.0
# A look rests so many times as long as it took: a far store is not asked without end.
_REST: Final = 10
_LONGEST_BACKOFF: Final = 3600.0
_PRUNE_SECONDS: Final = 3600.0


class Notices:
    """Everything that tells of a deployment's gates.

    Args:
        url: where people open the page. now: the clock.
    """

    def __init__(
        self, *, targets: tuple[Target, ...], outbox: Outbox, store: Store, drafts: Store,
        library: Library, comments: Comments, url: str, now: Callable[[], datetime],
    ) -> None:  # fmt: skip
        self._targets = targets
        self._outbox = outbox
        self._url = url
        self._now = now
        self._pruned = 0.0
        self._watch = Watch(
            store=store,
            drafts=drafts,
            library=library,
            comments=comments,
            outbox=outbox,
            targets=targets,
            say=_say,
        )

    def over(self, instance: str) -> bool:
        """Whether nothing more can be told of an instance; False while nobody knows."""
        try:
            return self._watch.over(instance)
        except OutboxError as error:
            _say(str(error))
            return False

    @contextlib.asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Tell, as long as the context is open."""
        works: list[Callable[[], Awaitable[float]]] = [self._look]
        works += [partial(self._send, target) for target in self._targets]
        tasks = [asyncio.create_task(_always(work)) for work in works]
        try:
            yield
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            self._outbox.close()

    async def _look(self) -> float:
        began = monotonic()
        await asyncio.to_thread(self._watch.look, self._now())
        if monotonic() - self._pruned > _PRUNE_SECONDS:
            await asyncio.to_thread(self._outbox.prune, self._now().timestamp())
            self._pruned = monotonic()
        return max(_PAUSE_SECONDS, _REST * (monotonic() - began))

    async def _send(self, target: Target) -> float:
        now = self._now().timestamp()
        for notice in await asyncio.to_thread(self._outbox.due, target.name, now):
            await self._attempt(target, notice)
        return _PAUSE_SECONDS

    async def _attempt(self, target: Target, notice: Notice) -> None:
        try:
            remark = await deliver(target.way, self._url, notice, self._now())
        except (NotTakenError, SettingsError) as error:
            await self._failed(target, notice, str(error))
            return
        if remark:
            _say(f"{target.name}: {notice.id}: {remark}")
        now = self._now().timestamp()
        await asyncio.to_thread(self._outbox.settle, notice, "sent", now)

    async def _failed(self, target: Target, notice: Notice, why: str) -> None:
        now = self._now().timestamp()
        due = now + min(2.0**notice.attempts, _LONGEST_BACKOFF)
        if due >= notice.until:
            _say(f"{target.name}: {notice.id} is given up after {notice.attempts + 1} tries: {why}")
            await asyncio.to_thread(self._outbox.settle, notice, "given_up", now)
            return
        if notice.attempts == 0:
            _say(f"{target.name}: {notice.id} was not taken and is tried again: {why}")
        await asyncio.to_thread(self._outbox.postpone, notice, due, now)


async def _always(work: Callable[[], Awaitable[float]]) -> None:
    """Do the work again and again; it says how many seconds to rest."""
    pause = _PAUSE_SECONDS
    said = ""
    while True:
        try:
            pause, said = await work(), ""
        except Exception as error:
            # The task must outlive what nobody thought of: a notice is owed, and nothing waits.
            known = isinstance(error, (OutboxError, StoreError, SettingsError))
            why = str(error) if known else f"{type(error).__name__}, which is our fault"
            if why != said:
                _say(why)
            pause, said = min(max(2 * pause, _PAUSE_SECONDS), 60.0), why
        await asyncio.sleep(pause)


def _say(line: str) -> None:
    print(f"notices: {line}", file=sys.stderr, flush=True)
