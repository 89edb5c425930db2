"""What may be sent to a run, by whom, and how long it waits (ADR 0121).

No change of these is shown to be stricter: an event may set off or call off, and so may silence.
"""

from __future__ import annotations

from collections.abc import Iterator

from gantral.compiler.compare.report import Finding, Sides, time
from gantral.compiler.digest import meaning
from gantral.compiler.program import Event, Program, Wait
from gantral.compiler.program.walk import waits


def events(old: Program, new: Program) -> Iterator[Finding]:
    """Each event that both wait for and that differs, and each `wait` that lasts another time."""
    for name in sorted(old.events.keys() & new.events.keys()):
        yield from _event(old.events[name], new.events[name])
    before = {one.id: one for one in waits(old.run)}
    for one in waits(new.run):
        if one.id in before:
            yield from _wait(before[one.id], one)


def _event(was: Event, now: Event) -> Iterator[Finding]:
    before, after = (", ".join(_senders(one)) for one in (was, now))
    about, places = f"event {now.name}", (was.span, now.span)
    if before != after:
        more = not set(_senders(now)) <= set(_senders(was))
        unclear = "lets others send it" if more else "lets fewer send it: what it could stop, less"
        sides = Sides(about, "`from`", before, after, *places)
        yield from sides.judged(False, False, unclear=unclear)
    if meaning(was.data) != meaning(now.data):
        yield from Sides(about, "its data", "", "", *places).judged(
            False, False, unclear="is of another type"
        )


def _wait(was: Wait, now: Wait) -> Iterator[Finding]:
    sides = Sides(now.id, "it", time(was.longest), time(now.longest), was.head, now.head)
    if now.longest > was.longest:
        unclear = "may wait longer: what is done before it stands longer"
        yield from sides.judged(False, False, unclear=unclear)
    elif now.longest < was.longest:
        unclear = "waits less: there is less time to send an event"
        yield from sides.judged(False, False, unclear=unclear)
    before, after = (
        ", ".join(sorted(each.event.name for each in one.arrivals)) for one in (was, now)
    )
    if before != after:
        sides = Sides(now.id, "it", before, after, was.head, now.head)
        yield from sides.judged(False, False, unclear="is for other events")


def _senders(one: Event) -> list[str]:
    return [*(["initiator"] if one.initiator else []), *one.roles]
