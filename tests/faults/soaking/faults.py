"""The faults, each with the moment at which it strikes, and the schedule that a seed gives."""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from soaking.clocks import DAY, FAKED, HOUR, MINUTE
from soaking.points import Point
from soaking.world import World

# Who puts what: the points that a part gets to by itself.
_STEPS: dict[str, tuple[str, ...]] = {
    "evidence": (
        "salts", "opening", "manifest", "commit 0", "commit 1", "commit 2", "commit 3",
    ),
    "service": ("claim", "call", "outcome"),
    "serve": ("draft", "text", "vote"),
}  # fmt: skip
MOMENTS = ("before", "after")


@dataclass(frozen=True)
class Fault:
    """``act``: what the part at the point does, ``die`` or ``hold``; ``strike``: what the world
    does then; None for what is only killed and started again."""

    name: str
    point: Point
    act: str
    strike: Callable[[World], None]

    @property
    def at(self) -> str:
        """The moment, in words."""
        nth = f", time {self.point.nth}" if self.point.nth > 1 else ""
        return f"{self.point.moment} {self.point.what}{nth}"


def _killed(part: str, down: float) -> Callable[[World], None]:
    def strike(world: World) -> None:
        world.kill(part)
        time.sleep(down)
        world.start(part)

    return strike


def dies(part: str, moment: str, what: str, nth: int = 1) -> Fault:
    """The part is killed at its own point, within the very call, and started again."""
    return Fault(f"kill -9 {part}", Point(part, moment, what, nth), "die", _killed(part, 0))


def killed(part: str, at: Point, down: float = 0.5) -> Fault:
    """The part is killed while another one holds still at a point."""
    return Fault(f"kill -9 {part}", at, "hold", _killed(part, down))


def disk(state: str, at: Point, length: float) -> Fault:
    """The disk of every part is in a bad state for so many seconds."""

    def strike(world: World) -> None:
        world.disk(state)
        time.sleep(length)
        world.disk("")

    words = {"full": "full disk", "readonly": "read-only store"}
    name = words.get(state, f"store {state} s a put".replace("slow ", "that takes "))
    return Fault(name, at, "free", strike)


def cut(wire: str, how: str, at: Point, length: float) -> Fault:
    """A wire is cut, or held so that nothing comes through, for so many seconds."""

    def strike(world: World) -> None:
        (world.wires[wire].cut if how == "cut" else world.wires[wire].hold)()
        time.sleep(length)
        world.wires[wire].mend()

    return Fault(f"{how} {wire} for {length:g} s", at, "free", strike)


def clock(part: str, jumps: Sequence[float], at: Point, length: float) -> Fault:
    """The clock of a part jumps to so many seconds before the true one, to the next after
    ``length`` seconds, and at last is right again."""

    def strike(world: World) -> None:
        for ahead in jumps:
            world.clock(part, ahead)
            time.sleep(length)
        world.clock(part, 0)

    return Fault(f"clock of {part} jumps {_jumps(jumps)}", at, "free", strike)


def clocks(jumps: Mapping[str, float], at: Point, length: float) -> Fault:
    """The clocks of several parts jump at once, each by its own."""

    def strike(world: World) -> None:
        for part, ahead in jumps.items():
            world.clock(part, ahead)
        time.sleep(length)
        for part in jumps:
            world.clock(part, 0)

    words = ", ".join(f"{part} {_jumps([ahead])}" for part, ahead in jumps.items())
    return Fault(f"clocks jump: {words}", at, "free", strike)


def starts_wrong(part: str, ahead: float, at: Point, length: float) -> Fault:
    """A part is killed and comes back with a wrong clock, or refuses to, which is right after
    ``length``."""

    def strike(world: World) -> None:
        world.kill(part)
        world.clock(part, ahead)
        mended = threading.Timer(length, world.clock, (part, 0))
        mended.start()
        world.start(part)
        mended.join()

    return Fault(f"clock of {part} is {_jumps([ahead])} when it starts", at, "free", strike)


def _jumps(jumps: Sequence[float]) -> str:
    units = ((DAY, "d"), (HOUR, "h"), (MINUTE, "min"))
    found = [
        next(f"{ahead / size:+g} {unit}" for size, unit in units if abs(ahead) >= size)
        for ahead in jumps
    ]
    return ", ".join(found)


def every() -> list[Fault]:
    """Every fault at every step that it can have."""
    found = [
        dies(part, moment, what)
        for part, steps in _STEPS.items()
        for what in steps
        for moment in MOMENTS
    ]
    elsewhere = [
        *(Point("evidence", moment, f"commit {n}") for n in range(4) for moment in MOMENTS),
        *(Point("service", moment, "claim") for moment in MOMENTS),
        Point("serve", "after", "vote"),
    ]
    for part in ("workflow", "temporal"):
        found += [killed(part, point) for point in elsewhere]
    opening, voted = Point("evidence", "before", "opening"), Point("serve", "before", "vote")
    started = Point("serve", "before", "draft")
    found += [killed("opa", opening), killed("opa", opening, 8), killed("opa", voted, 3)]
    found += [killed("identity", started, 2), killed("identity", voted, 2)]
    stored = [Point("evidence", "before", f"commit {n}") for n in range(4)]
    stored += [Point("service", "before", what) for what in ("claim", "outcome")] + [voted]
    for state in ("full", "readonly"):
        found += [disk(state, point, 2) for point in stored]
    found += [disk("slow 0.5", started, 10), disk("slow 12", stored[2], 2)]
    for wire, point in (
        ("people-serve", voted), ("all-identity", started), ("serve-temporal", voted),
        ("serve-opa", voted), ("workflow-temporal", stored[2]), ("evidence-temporal", stored[2]),
        ("evidence-opa", opening), ("service-temporal", Point("service", "after", "call")),
    ):  # fmt: skip
        found += [cut(wire, "cut", point, 3), cut(wire, "hold", point, 6)]
    return [*found, *_wrong_clocks(started, stored[2])] if FAKED else found


def _wrong_clocks(started: Point, decided: Point) -> list[Fault]:
    """Of every process of ours, in the middle of work, to and fro; each far enough to be past the
    last instant of every gate; and those that look at the clock when they start."""
    far = (MINUTE, -MINUTE, 2 * HOUR, -2 * HOUR, 4 * DAY, -4 * DAY)
    claimed, voted = Point("service", "before", "claim"), Point("serve", "before", "vote")
    return [
        *(clock("serve", [ahead], started, 5) for ahead in (MINUTE, -MINUTE, 4 * DAY)),
        *(clock(part, far, decided, 2) for part in ("workflow", "evidence")),
        clock("service", far, claimed, 2),
        clock("serve", far, voted, 2),
        clocks(_MIXED, started, 8),
        *(starts_wrong("evidence", ahead, decided, 8) for ahead in (4 * DAY, -4 * DAY)),
        starts_wrong("service", 4 * DAY, claimed, 5),
        starts_wrong("workflow", -4 * DAY, decided, 5),
    ]


def schedule(seed: int) -> list[Fault]:
    """Every fault in an order that the seed gives."""
    found = every()
    random.Random(seed).shuffle(found)
    return found


_MIXED = {"serve": -MINUTE, "workflow": -4 * DAY, "evidence": 4 * DAY, "service": 2 * HOUR}
# What `make test` has time for: each part once, at the step where most is at stake. The clocks are
# the last: nothing that strikes later may end what they met.
SHORT = (
    dies("evidence", "after", "commit 2"),
    dies("serve", "before", "vote"),
    dies("service", "after", "call"),
    killed("workflow", Point("evidence", "before", "commit 2"), 0),
    killed("temporal", Point("evidence", "after", "commit 1"), 0),
    killed("opa", Point("evidence", "before", "opening"), 0),
    disk("full", Point("evidence", "before", "commit 2"), 0.5),
    cut("serve-temporal", "cut", Point("serve", "before", "vote"), 0.5),
    *([clocks(_MIXED, Point("evidence", "before", "commit 2"), 2)] if FAKED else ()),
)
