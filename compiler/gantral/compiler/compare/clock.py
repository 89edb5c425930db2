"""The clock of a gate: how long its question stands, and who has joined the deciders when."""

from __future__ import annotations

from collections.abc import Iterator

from gantral.compiler.compare.cases import Deciding, in_words
from gantral.compiler.compare.report import Finding, Sides, time
from gantral.compiler.digest import meaning
from gantral.compiler.formulas import widened
from gantral.compiler.program import Calendar, Gate, Reject, Remind, Tick, Widening
from gantral.dsl.span import Span


def decide(deciding: Deciding, old: Gate, new: Gate) -> tuple[Finding, ...]:
    """Who decides at first: whoever can approve now could before."""
    if meaning(old.decide) == meaning(new.decide):
        return ()
    sides = Sides(
        f"gate {new.name}",
        "`decide`",
        in_words(old.cases),
        in_words(new.cases),
        old.decide.span,
        new.decide.span,
    )
    return sides.judged(*deciding.both(old.cases, new.cases))


def clock(deciding: Deciding, old: Gate, new: Gate) -> tuple[Finding, ...]:
    """When silence rejects, and at every moment until then who decides."""
    return (*_widening(deciding, old, new), *_reject(old, new), *_reminders(old, new))


def calendar(old: Gate, new: Gate) -> tuple[Finding, ...]:
    """What the clock counts. Open time is never shorter than elapsed time, so without a calendar
    silence rejects no later; a widening would strike no later either, which lets more people in."""
    was, now = old.calendar, new.calendar
    sides = Sides(
        f"gate {new.name}",
        "what its clock counts",
        _counted(was),
        _counted(now),
        was.span if was else old.span,
        now.span if now else new.span,
    )
    return sides.judged(
        now is None and not _wider(new),
        was is None and not _wider(old),
        less="is longer",
        more="is shorter",
    )


def _counted(one: Calendar | None) -> str:
    if one is None:
        return "elapsed time"
    hours = "..".join(
        f"{minutes // 60:02}:{minutes % 60:02}" for minutes in (one.opens, one.closes)
    )
    return f"{' '.join(one.days)} {hours} in {one.zone} but {len(one.closed)} days"


def _widening(deciding: Deciding, old: Gate, new: Gate) -> Iterator[Finding]:
    if _widenings(old) == _widenings(new):
        return
    moments = sorted({one.after for one in (*_wider(old), *_wider(new))})
    told: set[str] = set()
    # What `decide` says of the beginning is told there, and not again for every later moment.
    before = deciding.both(old.cases, new.cases)
    for moment in moments:
        was, now = widened(old, moment), widened(new, moment)
        after = deciding.both(was, now)
        if meaning(was) == meaning(now) or after == before:
            continue
        sides = Sides(
            f"gate {new.name}",
            f"after {time(moment)} who decides",
            in_words(was),
            in_words(now),
            _span_of(old, moment),
            _span_of(new, moment),
        )
        for one in sides.judged(*after):
            if one.effect not in told:
                told.add(one.effect)
                yield one


def _reject(old: Gate, new: Gate) -> tuple[Finding, ...]:
    was, now = _end(old), _end(new)
    if was is None or now is None:
        return ()
    sides = Sides(
        f"gate {new.name}",
        "the time until silence rejects",
        time(was.after),
        time(now.after),
        was.span,
        now.span,
    )
    return sides.judged(
        now.after <= was.after, was.after <= now.after, less="is longer", more="is shorter"
    )


def _reminders(old: Gate, new: Gate) -> tuple[Finding, ...]:
    was, now = _texts(old.clock), _texts(new.clock)
    if was == now:
        return ()
    sides = Sides(
        f"gate {new.name}", "the list of reminders", was, now, old.clock[0].span, new.clock[0].span
    )
    return sides.note()


def _wider(gate: Gate) -> list[Widening]:
    return [one for one in gate.clock if isinstance(one, Widening)]


def _widenings(gate: Gate) -> object:
    return meaning(tuple(_wider(gate)))


def _end(gate: Gate) -> Reject | None:
    return next((one for one in gate.clock if isinstance(one, Reject)), None)


def _texts(ticks: tuple[Tick, ...]) -> str:
    times = [time(one.after) for one in ticks if isinstance(one, Remind)]
    return ", ".join(times) or "none"


def _span_of(gate: Gate, moment: int) -> Span:
    """The last widening by then, else who decides."""
    found = [one.span for one in _wider(gate) if one.after <= moment]
    return found[-1] if found else gate.decide.span
