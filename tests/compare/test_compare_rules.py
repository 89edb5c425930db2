"""Versions, what is not known, and implication against every small set of voters."""

from __future__ import annotations

import itertools
from dataclasses import fields, replace

import pytest
from gantral.compiler.compare import compare, effects, gates, operations, run, workflow
from gantral.compiler.compare.formulas import implies
from gantral.compiler.compare.run import Run, read_run
from gantral.compiler.program import (
    AllOf,
    AnyOf,
    Ask,
    Formula,
    Gate,
    Operation,
    Points,
    Program,
    Quorum,
    RoleOf,
)
from gantral.dsl.span import Span
from gantral.evidence.formula import Electorate, Voter, satisfied
from hypothesis import given
from hypothesis import strategies as st
from spec_pairs import BASE, findings, program

CHANGED = BASE.replace("uses 1", "uses 2")


def test_the_same_text_is_the_same() -> None:
    laid_out = BASE.replace("  run {", "\n  # as before\n  run {")
    told = compare(program(BASE, "1.0.0"), program(laid_out, "1.0.0"))
    assert (told.verdict, told.findings, told.fails) == ("same", (), False)


def test_a_new_version_alone_weakens_nothing() -> None:
    told = compare(program(BASE, "1.0.0"), program(BASE, "1.0.1"))
    assert (told.verdict, told.findings, told.fails) == ("new version", (), False)


@pytest.mark.parametrize(
    ("old", "new", "fault"),
    [
        ("1.0.0", "1.0.0", "the program differs under the same version: bump 1.0.0"),
        ("1.0.0", "0.9.9", "the version is not later: 0.9.9, it was 1.0.0"),
        ("1.10.0", "1.9.0", "the version is not later: 1.9.0, it was 1.10.0"),
        ("1.0.0", "1.0.0-rc.1", "the version is not later: 1.0.0-rc.1, it was 1.0.0"),
        ("1.0.0-rc.2", "1.0.0-rc.10", ""),
        ("1.0.0-rc.1", "1.0.0", ""),
        ("1.0.0-1", "1.0.0-a", ""),
        ("1.0.0-a", "1.0.0-a.1", ""),
        ("1.0.0+a", "1.0.0+b", "the version is not later: 1.0.0+b, it was 1.0.0+a"),
    ],
)
def test_another_program_has_a_later_version(old: str, new: str, fault: str) -> None:
    told = compare(program(CHANGED, old), program(BASE, new))
    found = [one.says for one in told.findings if one.effect == "version"]
    assert found == ([fault] if fault else [])
    assert told.fails == bool(fault)


def test_the_text_of_a_policy_is_compared() -> None:
    waived = BASE.replace("    veto ", "    waived by policy small\n    veto ")
    one = program(waived, "1.0.0")
    assert compare(one, one, {"small": "1"}, {"small": "1"}).verdict == "same"
    told = compare(one, one, {"small": "1"}, {"small": "2"})
    assert findings(told) == ["weaker policy small: it can't be shown to be no weaker"]


def test_each_clause_has_its_rule() -> None:
    # A clause without one counts as weaker whenever it changes: say what it means.
    known = {*gates.RULES, "decide", "clock", "title", "amend"}
    assert {one.name for one in fields(Gate)} - {"span"} == known
    assert {one.name for one in fields(Operation)} - {"span"} == set(operations.RULES)
    spans = {"span", "name_span", "run_span"}
    told = {*workflow.RULES, *workflow.ELSEWHERE}
    assert {one.name for one in fields(Program)} - spans == told


@pytest.mark.parametrize(
    ("rules", "clause", "change"),
    [
        (gates.RULES, "uses", ("uses 1", "uses 2")),
        (
            operations.RULES,
            "timeout",
            ("timeout 2m  idempotent  retry", "timeout 3m idempotent retry"),
        ),
        (workflow.RULES, "start_by", ("start by clerk", "start by clerk, auditor")),
    ],
)
def test_a_clause_that_nothing_knows_is_weaker(
    rules: dict[str, object],
    clause: str,
    change: tuple[str, str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delitem(rules, clause)
    for texts in ((BASE, BASE.replace(*change)), (BASE.replace(*change), BASE)):
        told = compare(program(texts[0], "1.0.0"), program(texts[1], "1.1.0"))
        assert [one.says for one in told.findings] == [f"`{clause}` can't be shown to be no weaker"]


def test_a_run_that_is_not_understood_is_weaker(monkeypatch: pytest.MonkeyPatch) -> None:
    def unread(one: Program) -> Run:
        run = read_run(one)
        return replace(run, understood=False)

    monkeypatch.setattr(effects, "read_run", unread)
    told = compare(
        program(BASE, "1.0.0"),
        program(BASE.replace("    complete {", '    book.other(id: "x")\n    complete {'), "1.1.0"),
    )
    assert told.verdict == "weaker"


def test_each_member_of_a_statement_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    # A member that this comparison doesn't know makes every changed run weaker: say what it means.
    assert read_run(program(BASE, "1.0.0")).understood
    monkeypatch.setitem(run.READ, Ask, frozenset(("gate",)))  # type: ignore[arg-type] # a dict
    assert not read_run(program(BASE, "1.0.0")).understood


def test_formulas_beyond_every_bound_are_equal_to_themselves_alone() -> None:
    many = " and ".join(["(1 of head or 1 of chief)"] * 9)
    large = BASE.replace("2 of head or 1 of chief", many)
    later = large.replace("after 24h widen head to chief", "after 9h widen head to clerk")
    told = compare(program(large, "1.0.0"), program(later, "1.1.0"))
    assert told.verdict == "weaker"
    assert compare(program(large, "1.0.0"), program(large, "1.1.0")).findings == ()


NOWHERE = Span("", 0, 1)
ROLES = ("a", "b", "c")
quorums = st.builds(
    lambda count, roles: Quorum(
        count, tuple(RoleOf(one, NOWHERE) for one in sorted(roles)), NOWHERE
    ),
    st.integers(1, 2),
    st.sets(st.sampled_from(ROLES), min_size=1, max_size=2),
)
points = st.builds(
    lambda count, weights: Points(
        count, tuple((RoleOf(one, NOWHERE), weights[one]) for one in sorted(weights)), NOWHERE
    ),
    st.integers(1, 4),
    st.dictionaries(st.sampled_from(ROLES), st.integers(1, 3), min_size=1, max_size=2),
)
formulas: st.SearchStrategy[Formula] = st.recursive(
    st.one_of(quorums, points),
    lambda inner: st.one_of(
        st.builds(
            lambda parts: AllOf(tuple(parts), NOWHERE), st.lists(inner, min_size=2, max_size=2)
        ),
        st.builds(
            lambda parts: AnyOf(tuple(parts), NOWHERE), st.lists(inner, min_size=2, max_size=2)
        ),
    ),
    max_leaves=3,
)
KINDS = [frozenset(one) for size in (1, 2) for one in itertools.combinations(ROLES, size)]


def _tree(formula: Formula) -> dict[str, object]:
    match formula:
        case AnyOf(parts=parts):
            return {"any": [_tree(one) for one in parts]}
        case AllOf(parts=parts):
            return {"all": [_tree(one) for one in parts]}
        case Points(count=count, weights=weights):
            brought = [[w.name, str(n)] for w, n in weights if isinstance(w, RoleOf)]
            return {"points": [str(count), brought]}
        case Quorum(count=count, principals=principals):
            names = [one.name for one in principals if isinstance(one, RoleOf)]
            return {"quorum": [str(count), names]}


@given(formulas, formulas, st.lists(st.sampled_from(KINDS), max_size=6))
def test_no_voters_meet_what_implies_and_not_what_is_implied(
    one: Formula, other: Formula, kinds: list[frozenset[str]]
) -> None:
    # The verifier's own matching is the judge: it shares nothing with the compiler.
    voters = [Voter(str(number), roles) for number, roles in enumerate(kinds)]
    if implies(one, other) and satisfied(_tree(one), voters, Electorate({})):
        assert satisfied(_tree(other), voters, Electorate({}))


@given(formulas, formulas)
def test_a_formula_implies_itself_and_what_offers_more(one: Formula, other: Formula) -> None:
    assert implies(one, one)
    assert implies(one, AnyOf((one, other), NOWHERE))
    assert implies(AllOf((one, other), NOWHERE), one)


LOOP = """
role clerk
workflow w version "VERSION" {
  team t  start by clerk
  input { tags: list(max: 9) of string }
  output { a: int }
  service s on queue "s" { notify tell(text: string) { timeout 1s } }
  run {
    for each tag in input.tags at most 3 { s.tell(text: tag) }
    complete { a: 1 }
  }
}
"""


def test_another_bound_of_a_loop_is_weaker_until_loops_are_compared() -> None:
    raised = LOOP.replace("at most 3", "at most 4")
    for old, new in ((LOOP, raised), (raised, LOOP)):
        found = compare(program(old, "1.0.0"), program(new, "1.1.0"))
        assert [one.effect for one in found.findings] == ["weaker"]
        assert found.fails
    assert compare(program(LOOP, "1.0.0"), program(LOOP, "1.1.0")).findings == ()
