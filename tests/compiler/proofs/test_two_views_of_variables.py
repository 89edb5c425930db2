"""What a variable, or an element of a comprehension, carries (LANGUAGE section 8, rule 3), told by
the typed rule and by proof P8 each alone: over the cases, and over random bodies of statements."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from gantral.compiler import analysis, check_text
from gantral.compiler.check import calls
from gantral.compiler.check.provenance import Origins
from gantral.compiler.flow.atoms import Names, atoms_of
from gantral.compiler.program import ApprovalRef, Comprehension, ElementRef, IntType, ListType
from gantral.dsl.span import Span
from hypothesis import given
from hypothesis import strategies as st

BOUND = Span("s", 9, 11)
_FOLDER = Path(__file__).parents[1] / "cases"
_TEXTS = {
    name: (_FOLDER / f"{name}.md").read_text(encoding="utf-8")
    for name in ("variables", "match", "functions", "waits", "parallel")
}
_FRAME = re.compile(r"^```frame run\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_CASE = re.compile(
    r"(.+?)\n```gantral in run\n(.*?)```\n```findings\n(G0306|G0321) [^\n]*\n```", re.DOTALL
)
CASES = [
    (name, *made.groups())
    for name, text in _TEXTS.items()
    for part in text.split("\n## ")
    if (made := _CASE.match(part))
]


def spec(body: str, name: str) -> str:
    frame = _FRAME.search(_TEXTS[name])
    assert frame
    return frame[1].replace("…\n", body)


def typed(body: str, name: str = "variables") -> set[str]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(analysis, "prove", lambda flow: ())
        return {one.code for one in check_text("s", spec(body, name)) if one.severity == "error"}


def proved(body: str, name: str = "variables") -> set[str]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(calls.Authority, "effect", lambda *rest: None)
        return {one.code for one in check_text("s", spec(body, name)) if one.severity == "error"}


def test_both_kinds_of_case_are_there() -> None:
    assert {code for *_, code in CASES} == {"G0306", "G0321"}


@pytest.mark.parametrize("view", [typed, proved])
@pytest.mark.parametrize(
    ("name", "title", "body", "code"), CASES, ids=[f"{one[0]}: {one[1]}" for one in CASES]
)
def test_either_view_alone_says_the_same(
    name: str, title: str, body: str, code: str, view: Callable[[str, str], set[str]]
) -> None:
    # What approvals do carry is refused as no part of a plan: by the rule, and by the plan itself.
    assert view(body, name) == {code}


Strategy = st.SearchStrategy[str]
CONDITIONS = st.sampled_from(["input.count > 1", "ok.amount > 1", 'ok.name == "x"'])
LEAVES = st.sampled_from(["set x = 1", 'bank.tell(text: "x")', 'require input.count > 0 else "n"'])
LAST = st.sampled_from(["", "complete { }", 'terminate "t"', "give none"])


def block(
    inner: st.SearchStrategy[list[str]], leaves: Strategy = LEAVES, last: Strategy = LAST
) -> st.SearchStrategy[list[str]]:
    branch = st.tuples(CONDITIONS, inner, st.none() | inner).map(
        lambda made: [
            f"if {made[0]} {{",
            *made[1],
            "}" if made[2] is None else "} else {",
            *([] if made[2] is None else [*made[2], "}"]),
        ]
    )
    match = st.tuples(st.sampled_from(["input.level", "kind"]), inner, inner).map(
        lambda made: [
            f"match {made[0]} {{",
            '"low" -> {',
            *made[1],
            '} "high" -> {',
            *made[2],
            "} }",
        ]
    )
    failing = inner.map(lambda made: ['bank.boss(name: "x") else {', *made, "}"])
    wait = st.tuples(inner, inner, inner).map(
        lambda made: [
            "wait { for paid {",
            *made[0],
            "} for stop {",
            *made[1],
            "} } within 1m else {",
            *made[2],
            "}",
        ]
    )
    beside = st.tuples(inner, inner).map(
        lambda made: ["parallel { branch a {", *made[0], "} branch b {", *made[1], "} }"]
    )
    # No wait stands in a branch, and none sets or gives to what is around.
    more = wait if leaves is LEAVES else beside
    step = st.one_of(leaves.map(lambda one: [one]), branch, match, failing, more)
    steps = st.lists(step, max_size=3)
    return st.tuples(steps, last).map(
        lambda made: [line for part in made[0] for line in part] + [made[1]]
    )


BLOCKS = st.recursive(LEAVES.map(lambda one: [one]), block, max_leaves=8)


@given(BLOCKS)
def test_over_random_blocks_both_views_say_the_same(lines: list[str]) -> None:
    # In a handler, where `give` leaves early; nothing approved is read after its block.
    text = "\n".join(
        [
            'let ok = ask review(amount: 1, name: "x")',
            'let kind: "low" | "high" = if ok.amount > 3 then "low" else "high"',
            "var x: decimal(scale: 2) = 0",
            "let done = bank.pay(amount: 1) under ok else {",
            *lines,
            "give none",
            "}",
            "if done is some { bank.tell(text: done.reference) }",
            "bank.pay(amount: x) under ok",
            "complete { }",
        ]
    )
    one, other = typed(text + "\n"), proved(text + "\n")
    if other & {"G0402", "G0274"}:
        return  # what nothing reaches is no run
    assert one == other, text


BESIDE = st.sampled_from(['bank.tell(text: "x")', 'require input.count > 0 else "n"'])
ENDS = st.sampled_from(["", 'terminate "t"', "give 2.00"])
BRANCHES = st.recursive(
    BESIDE.map(lambda one: [one]), lambda inner: block(inner, BESIDE, ENDS), max_leaves=8
)


@given(BRANCHES, BRANCHES)
def test_over_random_branches_both_views_say_the_same(one: list[str], other: list[str]) -> None:
    text = "\n".join(
        [
            'let ok = ask review(amount: 1, name: "x")',
            'let kind: "low" | "high" = if ok.amount > 3 then "low" else "high"',
            "let both = parallel {",
            *("branch first {", *one, "give 1.00", "}"),
            *("branch second {", *other, "give 1.00", "}"),
            "}",
            "bank.pay(amount: both.first) under ok",
            "complete { }",
        ]
    )
    views = typed(text + "\n"), proved(text + "\n")
    if views[1] & {"G0402", "G0222"}:
        return  # what nothing reaches is no run; what nothing binds takes nothing
    assert views[0] == views[1], text


# An end of the run is none here: in a loop the graph takes it for a way around, which is stricter.
LEAVING = st.sampled_from(["", "give none", 'collect "a"', 'collect "b"'])
ROUNDS = st.recursive(
    LEAVES.map(lambda one: [one]), lambda inner: block(inner, LEAVES, LEAVING), max_leaves=8
)
MAKERS = st.sampled_from(
    [
        ('let done = bank.boss(name: "x") else {', "give none", "}"),
        ("let done = repeat at most 2 {", "give 1", "} else { give 2 }"),
        ("let done = wait { for paid {", "give none", "} } within 1m else { give 1 }"),
        ('bank.boss(name: "x") else {', "", "}"),
        ("repeat at most 2 {", "", "} else { }"),
        ("wait { for paid {", "", "} } within 1m else { }"),
    ]
)


@given(MAKERS, ROUNDS, st.sampled_from(["", "set x = 1", "if ok.amount > 1 { set x = 1 }"]))
def test_over_random_rounds_both_views_say_the_same(
    maker: tuple[str, str, str], lines: list[str], after: str
) -> None:
    """What is collected leaves what makes another value, and plain loops."""
    head, last, end = maker
    if not last:
        lines = [line for line in lines if line != "give none"]
    text = "\n".join(
        [
            'let ok = ask review(amount: 1, name: "x")',
            'let kind: "low" | "high" = if ok.amount > 3 then "low" else "high"',
            "let made = for each level in [1, 2] at most 2 {",
            "var x: decimal(scale: 2) = 0",
            *(head, *lines, last, end, after),
            "bank.pay(amount: x) under ok",
            'collect "c"',
            "}",
            'bank.tell(text: "{len(made)}")',
            "complete { }",
        ]
    )
    views = typed(text + "\n"), proved(text + "\n")
    if any(one & {"G0402", "G0274"} for one in views):
        return  # what nothing reaches is no run
    seen = [one & {"G0306", "G0321"} for one in views]
    assert seen[0] == seen[1], text


def test_an_element_that_no_comprehension_binds_is_nobodys() -> None:
    stray = ElementRef(span=Span("s", 0, 1), type=IntType(), name="x", binding=Span("s", 5, 6))
    approved = ApprovalRef(span=stray.span, type=ListType(IntType()), name="ok", binding=BOUND)
    made = Comprehension(
        span=stray.span,
        type=approved.type,
        element=stray,
        name="x",
        binding=stray.binding,
        items=approved,
        condition=None,
    )
    origins, names = Origins(), Names()
    assert origins.of(stray).approved is None
    assert origins.of(made).approved == {(BOUND, None)}
    assert origins.of(replace(made, binding=BOUND)).approved is None
    # What was bound inside is bound no more.
    assert origins.of(stray).approved is None
    assert atoms_of(stray, names) == ("x",)
    assert atoms_of(made, names) == ("ok",)
    assert atoms_of(replace(made, binding=BOUND), names) == ("ok", "x")
