"""The roster: who holds which roles, for proof P4 (`check --roster`)."""

from __future__ import annotations

import tomllib
from dataclasses import replace
from pathlib import Path

from gantral.cli.failure import MISUSE, Failure
from gantral.cli.output import some
from gantral.cli.project import reason
from gantral.cli.specs import Checked
from gantral.compiler.proofs.p4 import MOST_ABSENT, Block, Roster, prove, smallest
from gantral.dsl.diagnostics import Diagnostic, in_order


def read(file: Path) -> Roster:
    """A roster file: TOML, a line a person, `maria = ["finance_manager"]`.

    Raises:
        Failure: it can't be read, or a line is something else.
    """
    try:
        table = tomllib.loads(file.read_text("utf-8"))
    except OSError as error:
        raise Failure(f"{file} can't be read: {reason(error)}", code=MISUSE) from None
    except ValueError as error:
        raise Failure(f"{file} is not TOML: {error}", "mend the line it names", MISUSE) from None
    persons: dict[str, frozenset[str]] = {}
    for person, roles in table.items():
        if not isinstance(roles, list) or not all(isinstance(one, str) for one in roles):
            raise Failure(
                f"{file}: {person} has no list of roles",
                f'write {person} = ["role"]',
                MISUSE,
            )
        persons[person] = frozenset(roles)
    return Roster(persons)


def held(checked: Checked, roster: Roster, absent: int) -> Checked:
    """The same, with an error for each `decide` that the roster can't meet. A spec that has an
    error is not held to it."""
    if any(one.severity == "error" for one in checked.shown):
        return checked
    found = [
        replace(one, span=replace(one.span, source=checked.seen(one.span.source)))
        for program in checked.analysis.programs
        for one in prove(program, roster, absent)
    ]
    if found:
        shown: tuple[Diagnostic, ...] = (*checked.shown, *in_order(found))
        return replace(checked, shown=shown)
    return replace(checked, proved=(*checked.proved, "P4"))


def margins(checked: Checked, roster: Roster) -> list[str]:
    """For each gate, how many have to be away for nobody to be able to decide it."""
    return [
        f"  {gate.name}: {_said(smallest(program, gate, roster))}"
        for program in checked.analysis.programs
        for gate in program.gates.values()
    ]


def _said(block: Block | None) -> str:
    if block is None:
        return f"more than {MOST_ABSENT} have to be absent to block it"
    when = [] if block.initiator is None else [f"{block.initiator} started the run"]
    when += [f"{', '.join(block.apart)} may not decide"] if block.apart else []
    said = f"{some(len(block.absent), 'absence')} can block it: {', '.join(block.absent)}"
    return f"{said} (where {' and '.join(when)})" if when else said
