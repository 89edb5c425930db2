"""What a run waits for: which events, who may send them, how long (LANGUAGE section 7)."""

from __future__ import annotations

from gantral.api import words
from gantral.cli.describe import shapes
from gantral.cli.describe.text import code, length, listed, plain
from gantral.compiler import phrases
from gantral.compiler.program import Event, Program, Wait
from gantral.compiler.program.walk import waits as waits_of


def waits(program: Program) -> list[str]:
    """Every event and every wait; no line at all where the run waits for none."""
    found = [line for one in waits_of(program.run) for line in _wait(one)]
    if not found:
        return []
    return [
        "## What it waits for",
        "",
        "An event is taken only while the run waits for it; nobody approves what it carries.",
        "",
        *(line for one in program.events.values() for line in _event(one)),
        *found,
        "",
    ]


def _event(one: Event) -> list[str]:
    who = [words.role(role) for role in one.roles]
    senders = listed(["whoever started the instance"] * one.initiator + [
        f"somebody with the role {plain(name)}" for name in who
    ], "or")  # fmt: skip
    carried = shapes.fields(one.data, "  ")
    lines = [f"- The event {code(one.name)} is sent by {senders}."]
    return [*lines, "  It carries:", *carried] if carried else lines


def _wait(one: Wait) -> list[str]:
    named = listed((f"the event {code(each.event.name)}" for each in one.arrivals), "or")
    exact = one.least == one.longest
    time = length(one.longest) if exact else f"{plain(phrases.words(one.within))}, at most"
    most = "" if exact else f" {length(one.longest)}"
    return [f"- At {code(one.id)} it waits for {named}, for {time}{most}; then it goes on."]
