"""The time-skipping server's clock: it goes as ours does, and leaps when it is told to."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta

from google.protobuf.duration_pb2 import Duration
from google.protobuf.empty_pb2 import Empty
from temporalio.api.testservice.v1 import (
    LockTimeSkippingRequest,
    SleepRequest,
    UnlockTimeSkippingRequest,
)
from temporalio.client import Client

# How long, by our clock, a leap may take: it waits for the work of each timer on its way.
_LONGEST = timedelta(seconds=60)


class Clock:
    """Server time. ``now`` is a plain function: the API asks it in the midst of a decision."""

    def __init__(self, client: Client) -> None:
        self._service = client.test_service
        self._seen = datetime.now(UTC)
        self._mark = time.monotonic()

    def now(self) -> datetime:
        """The server's time."""
        return self._seen + timedelta(seconds=time.monotonic() - self._mark)

    async def look(self) -> datetime:
        """Ask the server for its time, after which ``now`` is right."""
        answer = await self._service.get_current_time(Empty())
        self._mark = time.monotonic()
        self._seen = answer.time.ToDatetime(tzinfo=UTC)
        return self._seen

    async def leap(self, by: timedelta) -> None:
        """Let time pass; timers on the way fire, and time waits for the work they cause.

        Raises:
            RPCError: DEADLINE_EXCEEDED, the server did not answer: its clock is of no more use.
        """
        duration = Duration()
        duration.FromTimedelta(by)
        await self._service.unlock_time_skipping_with_sleep(
            SleepRequest(duration=duration), timeout=_LONGEST
        )
        await self.look()

    @asynccontextmanager
    async def running_free(self) -> AsyncIterator[None]:
        """Time leaps to the next timer whenever nothing else is to be done."""
        await self._service.unlock_time_skipping(UnlockTimeSkippingRequest())
        try:
            yield
        finally:
            await self._service.lock_time_skipping(LockTimeSkippingRequest())
            await self.look()
