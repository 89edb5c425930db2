"""The faults, each with the moment at which it strikes, and the schedule that a seed gives."""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from dataclasses import dataclass

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


def clock(ahead: float, at: Point, length: float) -> Fault:
    """The clock of serve jumps, and back."""

    def strike(world: World) -> None:
        world.clock("serve", ahead)
        time.sleep(length)
        world.clock("serve", 0)

    return Fault(f"clock of serve jumps {ahead:+g} s", at, "free", strike)


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
    return [*found, clock(60, started, 5), clock(-60, started, 5), clock(7200, started, 5)]


def schedule(seed: int) -> list[Fault]:
    """Every fault in an order that the seed gives."""
    found = every()
    random.Random(seed).shuffle(found)
    return found


# What `make test` has time for: each part once, at the step where most is at stake.
SHORT = (
    dies("evidence", "after", "commit 2"),
    dies("serve", "before", "vote"),
    dies("service", "after", "call"),
    killed("workflow", Point("evidence", "before", "commit 2"), 0),
    killed("temporal", Point("evidence", "after", "commit 1"), 0),
    killed("opa", Point("evidence", "before", "opening"), 0),
    disk("full", Point("evidence", "before", "commit 2"), 0.5),
    cut("serve-temporal", "cut", Point("serve", "before", "vote"), 0.5),
)
