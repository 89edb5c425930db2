"""The LALR(1) machine that runs table.json: no grammar is compiled, no recursion, linear time.

It knows nothing of what is built: a caller gives a function that makes a value of a reduced rule,
and one that is told of each error. After an error it mends by one token where that is plain, else
it goes on at the next place where a statement, clause or declaration can begin.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

from gantral.grammar.lexer import RESERVED, Token
from gantral.grammar.recovery import Recovery

# Where one of these can be shifted a list of statements, clauses or declarations is open.
_OPENERS = ("let", "gate", "import", "decide", "timeout", "read", "after", "branch")
MAX_ERRORS = 50
# A level of nesting leaves fewer states than this on the stack; what is open and not yet built is
# bounded so too, and with it the time of recovery.
_STACK = 12

Build = Callable[[str, int, int, list[Any]], Any]


@dataclass(frozen=True, slots=True)
class Table:
    """The parser table. A state's row maps a symbol to a state to go to (0 or more) or to
    -1 - the rule to reduce by. `lists` are the states in which a list is open."""

    starts: dict[str, int]
    ends: dict[str, int]
    rules: list[tuple[str, str, int, list[int]]]
    states: list[dict[str, int]]
    lists: frozenset[int]
    opened: frozenset[int]
    closed: frozenset[int]
    keywords: frozenset[str]


@cache
def load() -> Table:
    """The shipped table, read once."""
    plain = json.loads(files("gantral.grammar").joinpath("table.json").read_bytes())
    states: list[dict[str, int]] = plain["states"]
    return Table(
        starts=plain["starts"],
        ends=plain["ends"],
        rules=[(origin, name, size, kept) for origin, name, size, kept in plain["rules"]],
        states=states,
        lists=frozenset(
            number
            for number, row in enumerate(states)
            if any(row.get(word, -1) >= 0 for word in _OPENERS)
        ),
        opened=frozenset(row["{"] for row in states if row.get("{", -1) >= 0),
        closed=frozenset(row["}"] for row in states if row.get("}", -1) >= 0),
        keywords=frozenset(symbol for row in states for symbol in row if symbol[0].islower()),
    )


def symbol(token: Token, row: dict[str, int]) -> str:
    """What a token is in a state: a keyword wins over a name where both could stand, and a
    reserved word is never a name (LANGUAGE section 2)."""
    if token.kind != "WORD":
        return token.kind
    if token.label and "LABEL" in row:
        return "LABEL"
    if "MEMBER" in row:
        return "MEMBER"
    if token.text in row:
        return token.text
    if token.text in RESERVED:
        return token.text
    return "NAME"


@dataclass(frozen=True, slots=True)
class SyntaxFault:
    """An error: the token that can't stand there and the symbols that could.

    `mend` is "" or what to put in the token's place (`replace`) or before it; `open_brace` is the
    offset of the innermost brace not yet closed, -1 when there is none; `after` is where the token
    before ends.
    """

    token: Token
    expected: frozenset[str]
    mend: str
    replace: bool
    open_brace: int
    after: int
    unclosed: bool


class TooDeepError(Exception):
    """Too many rules in one another; `start` and `end` are where the last token read is."""

    def __init__(self, start: int, end: int) -> None:
        super().__init__(start, end)
        self.start = start
        self.end = end


def run(
    tokens: list[Token],
    start: str,
    build: Build,
    report: Callable[[SyntaxFault], None],
    limit: int,
) -> Any:
    """The value of the start rule, or None when it could not be reached.

    Raises TooDeepError when a value would hold more than `limit` built values in one another, so
    that whoever walks what is built may recurse.
    """
    table = load()
    states_of, rules = table.states, table.rules
    goal = f"<{start}>"
    stack = [table.starts[start]]
    values: list[Any] = []
    starts: list[int] = []
    ends: list[int] = []
    depths: list[int] = []
    recovery = Recovery(table.states, table.rules, table.lists, table.opened, table.closed, symbol)
    errors = 0
    at = 0
    while True:
        token = tokens[at]
        row = states_of[stack[-1]]
        action = row.get(symbol(token, row))
        if action is None:
            # At the end only what is not a consequence is told: a brace that is open for certain.
            quiet = token.kind == "ERROR" or (
                token.kind == "$END" and errors > 0 and not recovery.unbalanced(token)
            )
            quiet = quiet or recovery.doubtful
            plan = recovery.plan(stack, tokens, at)
            # A colon can be missing before this token, or after it where a label must stand.
            spot = at + (plan.label and plan.go_on == at)
            if not quiet:
                errors += 1
                brace = _open_brace(table, stack, starts)
                expected = recovery.expected(stack)
                if plan.label and plan.go_on == at:
                    token, expected = tokens[at + 1], frozenset((":",))
                after = tokens[spot - 1].end if spot else token.start
                report(
                    SyntaxFault(
                        token, expected, plan.mend, plan.replace, brace, after, plan.unclosed
                    )
                )
            if plan.keep < 0 or errors >= MAX_ERRORS:
                return None
            del stack[plan.keep :], values[plan.keep - 1 :]
            del starts[plan.keep - 1 :], ends[plan.keep - 1 :], depths[plan.keep - 1 :]
            if plan.mend:
                # The mended word or mark is one that no value is built of.
                place = tokens[spot].start
                made = Token(plan.mend, plan.mend, place, place, False, token.depth)
                tokens[spot : spot + plan.replace] = [made]
                if plan.label:
                    at = plan.go_on
                    tokens[at].label = True
            else:
                at = plan.go_on
            continue
        if action >= 0:
            if len(stack) > _STACK * limit:
                raise TooDeepError(token.start, token.end)
            stack.append(action)
            values.append(token)
            starts.append(token.start)
            ends.append(token.end)
            depths.append(0)
            at += 1
            continue
        origin, name, size, kept = rules[-1 - action]
        if size:
            first, last = starts[-size], ends[-1]
            parts = values[-size:]
            depth = max(depths[-size:])
            del stack[-size:], values[-size:], starts[-size:], ends[-size:], depths[-size:]
        else:
            first = last = ends[-1] if ends else token.start
            parts, depth = [], 0
        value: Any
        if name == "":
            value = parts[kept[0]]
        else:
            children: list[Any] = []
            for place in kept:
                if place < 0:
                    children.extend(parts[-1 - place])
                else:
                    children.append(parts[place])
            if name == "*":
                value = children
            else:
                depth += 1
                if depth > limit:
                    raise TooDeepError(tokens[at - 1].start, tokens[at - 1].end)
                value = build(name, first, last, children)
        if origin == goal and token.kind == "$END" and len(stack) == 1:
            return value
        stack.append(states_of[stack[-1]][origin])
        values.append(value)
        starts.append(first)
        ends.append(last)
        depths.append(depth)


def _open_brace(table: Table, stack: list[int], starts: list[int]) -> int:
    """Where the innermost brace stands that is open on the stack, -1 when there is none."""
    closed = 0
    for place in range(len(stack) - 1, 0, -1):
        if stack[place] in table.closed:
            closed += 1
        elif stack[place] in table.opened:
            if not closed:
                return starts[place - 1]
            closed -= 1
    return -1
