"""Functions of what is known, and of all lines that somebody gave."""

from __future__ import annotations

from generator.tape import Tape

LINES = frozenset({"input.lines"})
"""What each of them reads beside."""
_TESTS = (
    "any(Q.amount > N for Q in input.lines)",
    "all(Q.amount > N for Q in input.lines where Q.amount < 9)",
    'starts_with(text(N), "a")',
    "(sum(Q.amount for Q in input.lines where Q.amount > N) > 3)",
)
_NUMBERS = (
    "sum(Q.amount for Q in input.lines)",
    "sum(Q.amount for Q in input.lines where Q.amount > N)",
    "len([Q.name for Q in input.lines where Q.amount > N])",
    "(max(Q.amount for Q in input.lines) ?? N)",
    "count(Q for Q in input.lines where Q.amount != N)",
    "mod(N, by: 7)",
)
_STRINGS = (
    "lower(S)",
    'join([S, input.name], ",")',
    "(first(Q.name for Q in input.lines where Q.name != S) ?? S)",
    "join([upper(Q.name) for Q in input.lines], S)",
)


def test(tape: Tape, name: str, number: str) -> str:
    """A condition over a number; `name` is free for what it binds."""
    return _filled(tape.one(_TESTS), name, "N", number)


def number(tape: Tape, name: str, number: str) -> str:
    """A number made of one."""
    return _filled(tape.one(_NUMBERS), name, "N", number)


def string(tape: Tape, name: str, string: str) -> str:
    """A text made of one."""
    return _filled(tape.one(_STRINGS), name, "S", string)


def _filled(text: str, name: str, of: str, value: str) -> str:
    head, *rest = text.replace("Q", name).split(of)
    return head + "".join(f"{value}{one}" for one in rest)
