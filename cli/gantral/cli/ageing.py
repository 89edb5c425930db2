"""Holidays that end soon. The compiler reads no clock; the command does, here and nowhere else."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

from gantral.cli.specs import Checked
from gantral.dsl.diagnostics import Diagnostic

ENDING = "G0344"
# Time to get next year's file, and for the gates that open until then.
NOTICE = timedelta(days=120)


def today() -> date:
    """The day by this machine's clock."""
    return date.today()


def aged(checked: Checked) -> Checked:
    """The same, with a warning for each calendar whose file knows no holidays any more within
    NOTICE. A spec with an error has no calendars yet."""
    calendars = {
        gate.calendar.span: gate.calendar
        for program in checked.analysis.programs
        for gate in program.gates.values()
        if gate.calendar is not None
    }
    found = []
    for one in calendars.values():
        if one.known_until is None or one.holidays is None:
            continue
        if date.fromisoformat(one.known_until) - today() >= NOTICE:
            continue
        found.append(
            Diagnostic(
                ENDING,
                "warning",
                f"calendar `{one.name}` knows its holidays until {one.known_until}",
                replace(one.holidays, source=checked.seen(one.holidays.source)),
                help="put the holidays of the next years into the file, and give the workflow a new"
                " version: after that day each day of the week is an open one",
            )
        )
    return replace(checked, shown=(*checked.shown, *found)) if found else checked
