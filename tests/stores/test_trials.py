"""Trials before a decision: what was found holds for seconds; a part is tried once at a time."""

from __future__ import annotations

import asyncio

import pytest
from gantral.api.problems import Problem
from gantral.api.readiness import Faulty, Readiness


class Part:
    """A part that can be broken. ``asked``: how often it was tried."""

    def __init__(self) -> None:
        self.fault = ""
        self.asked = 0
        self.slow = asyncio.Event()
        self.slow.set()

    async def trial(self) -> None:
        self.asked += 1
        await self.slow.wait()
        if self.fault:
            raise Faulty(self.fault)


def test_what_was_found_holds_for_seconds() -> None:
    async def main() -> None:
        part, now = Part(), [0.0]
        ready = Readiness({"store": part.trial}, lambda: now[0])
        for at, asked in ((0.0, 1), (4.9, 1), (5.0, 2)):
            now[0] = at
            await ready.require("store")
            assert part.asked == asked
        part.fault = "broken"
        now[0] = 9.9
        await ready.require("store")
        for at, asked in ((10.0, 3), (10.9, 3), (11.0, 4)):
            now[0] = at
            with pytest.raises(Problem) as told:
                await ready.require("store")
            assert told.value.members == {"part": "store"}
            assert part.asked == asked
        part.fault = ""
        now[0] = 12.0
        await ready.require("store")

    asyncio.run(main())


def test_many_at_once_are_one_trial() -> None:
    async def main() -> None:
        part = Part()
        part.slow.clear()
        ready = Readiness({"store": part.trial})
        many = [asyncio.create_task(ready.require("store")) for _ in range(20)]
        # Every one has come as far as it gets.
        for _ in range(10):
            await asyncio.sleep(0)
        part.slow.set()
        await asyncio.gather(*many)
        assert part.asked == 1

    asyncio.run(main())


def test_silence_is_a_fault(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gantral.api.readiness._MOST", 0.01)

    async def main() -> None:
        part = Part()
        part.slow.clear()
        with pytest.raises(Problem) as told:
            await Readiness({"policy": part.trial}).require("policy")
        assert told.value.status == 503

    asyncio.run(main())
