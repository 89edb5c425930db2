"""The compiler against the reference interpreter, over programs made by chance (README.md)."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack
from typing import Any, get_args
from unittest.mock import patch
from zlib import crc32

import pytest
from confirming import RULES, WRITTEN, Tally, compiled, judge, violated
from gantral.compiler import proofs
from gantral.compiler.check import across, acting, apart, beside, calls, needs, only_if, workflow
from gantral.compiler.flow import Flow
from gantral.compiler.flow.graph import FlowNode
from gantral.compiler.flow.loops import Loops
from gantral.compiler.flow.walk import shortest
from gantral.compiler.proofs import p2, p3, p12
from generator import OTHERS, Tape, program
from hypothesis import Phase, given, settings
from hypothesis import strategies as st
from interpreter.book import Reached

# 2,000 in `make test`, 100,000 in `make soak`.
MANY = 20 * settings.default.max_examples
LENGTH = 220


@pytest.mark.hypothesis
def test_what_is_accepted_breaks_no_rule_and_what_is_refused_does() -> None:
    tally = Tally()

    # A program is short, and shrinking it would take as long as the thousands before it.
    @settings(max_examples=MANY, phases=(Phase.reuse, Phase.generate))
    @given(st.binary(min_size=LENGTH, max_size=LENGTH))
    def each(tape: bytes) -> None:
        judge(program(Tape(tape)), crc32(tape), tally)

    each()
    print(tally.told())
    # The generator reaches both, and every rule of a path.
    assert 0.5 < tally.accepted / tally.programs < 0.85
    assert {*tally.ends} == {"completed", "rejected", "terminated"}
    assert not (RULES.keys() | {"G0305"}) - tally.codes.keys() - {"G0348"}
    # What it can write it does, and it is accepted; executions come to all that there is to hold.
    assert not {*WRITTEN} - tally.accepts.keys(), "never accepted"
    assert not {*get_args(Reached)} - tally.reached.keys(), "never reached"
    # One warning says what may happen, and of nine executions some show every third.
    assert tally.warned["shown"] > tally.warned["told"] // 3
    # A finding's path is a run that shows it, but for the few that README.md names.
    # (G0324 has none of its own.)
    pathed = Counter({one: count for one, count in tally.confirmed.items() if one[0] != "G0324"})
    shown = sum(count for (_, how), count in pathed.items() if how.startswith("on its"))
    assert shown / pathed.total() > 0.9


def nothing(*rest: object) -> Iterator[object]:
    """A rule that finds nothing."""
    return iter(())


_most = Loops.most
_undoes = Flow.undoes


def _at_once(loops: Loops, leave: Callable[[FlowNode, int], int], **rest: Any) -> dict[int, int]:
    return _most(loops, leave, **{**rest, "at_once": True})


def _one_round(loops: Loops, leave: Callable[[FlowNode, int], int], **rest: Any) -> dict[int, int]:
    return _most(loops, leave, **{**rest, "once": {one.head.id for one in loops.all}})


def _no_child(self: Flow, node: FlowNode) -> int:
    return 0 if node.operator == "child" else _undoes(self, node)


def _no_round(flow: Flow, goal: object, start: int = 0, **rest: Any) -> object:
    """No node leads to itself."""
    return None if goal == start else shortest(flow, goal, start=start, **rest)  # type: ignore[arg-type]


Patches = list[Callable[[], AbstractContextManager[object]]]

# Where each rule is held: taken out everywhere, so that nothing else stands behind it.
MUTANTS: dict[str, tuple[str, Patches]] = {
    "uses are not counted (P2)": ("another approval", [lambda: patch.object(p2, "_uses", nothing)]),
    "an effect names any approval (P2)": (
        "another approval",
        [
            lambda: patch.object(p2, "_named", nothing),
            lambda: patch.object(calls.Authority, "effect", nothing),
            lambda: patch.object(calls, "releases", nothing),
            lambda: patch.object(only_if, "certain", nothing),
        ],
    ),
    "an argument is anybody's data (P8)": (
        "unseen",
        [
            lambda: patch.dict(proofs.PROOFS, {"P8": nothing}),
            lambda: patch.object(calls.Authority, "_unapproved", nothing),
            lambda: patch.object(across, "released", nothing),
        ],
    ),
    "what was amended may be read (P9)": (
        "stale",
        [lambda: patch.dict(proofs.PROOFS, {"P9": nothing})],
    ),
    "a floor is no floor (P11)": (
        "less than needed",
        [
            lambda: patch.dict(proofs.PROOFS, {"P11": nothing}),
            lambda: patch.object(needs, "met", nothing),
        ],
    ),
    "a no strands what was done (P12)": (
        "stranded",
        [lambda: patch.dict(proofs.PROOFS, {"P12": nothing})],
    ),
    "an earlier round strands nothing (P12)": (
        "stranded",
        [lambda: patch.object(p12, "shortest", _no_round)],
    ),
    "branches add no uses (P2)": (
        "used up",
        [lambda: patch.object(Loops, "most", _at_once)],
    ),
    "the rounds before use nothing (P2)": (
        "used up",
        [lambda: patch.object(Loops, "most", _one_round)],
    ),
    "anything stands in a branch (P7)": (
        "asked beside",
        [
            lambda: patch.dict(proofs.PROOFS, {"P7": nothing}),
            lambda: patch.object(beside, "refuse", nothing),
        ],
    ),
    "two branches wait for one event (P7)": (
        "one event",
        [
            lambda: patch.dict(proofs.PROOFS, {"P7": nothing}),
            lambda: patch.object(beside, "events", nothing),
        ],
    ),
    "nothing asks how a child ended (P3)": (
        "unasked child",
        [lambda: patch.object(p3, "_unasked", nothing)],
    ),
    "the starter says who decides": (
        "chosen person",
        [lambda: patch.object(workflow, "who", lambda gate: [])],
    ),
    "what is given carries no choice": (
        "chosen person",
        [lambda: patch.object(acting.Acting, "_left", lambda self, choice, gave: None)],
    ),
    "what a child did may be stranded (P12)": (
        "stranded child",
        [lambda: patch.object(Flow, "undoes", _no_child)],
    ),
    "nobody tells of one person at two gates": (
        "weaker argument",
        [lambda: patch.object(apart, "two_persons", nothing)],
    ),
    "a path just stops (P3)": ("no end", [lambda: patch.object(p3, "_endings", nothing)]),
}


@pytest.mark.parametrize("mutant", MUTANTS)
def test_a_rule_taken_out_is_missed(mutant: str) -> None:
    """With the rule gone a program is accepted that breaks it. (Aimed at, to be quick; README.md
    says how many programs it takes without.)"""
    fault, patches = MUTANTS[mutant]
    tally = Tally()
    with ExitStack() as stack:
        for each in patches:
            stack.enter_context(each())
        for seed in range(300):
            text = program(Tape(random.Random(seed).randbytes(LENGTH)), fault)
            found = compiled(text, OTHERS)
            if not found.errors and violated(found, seed, 16, tally):
                return
    pytest.fail(f"{tally.executions} executions, and nothing shows")
