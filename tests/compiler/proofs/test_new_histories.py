"""Why no new history can begin, as G0411 tells it."""

from __future__ import annotations

import pytest
from gantral.compiler.analysis import Project, analyse
from gantral.compiler.flow import build_flow
from gantral.compiler.proofs import p6

SPEC = """
role clerk
role head

workflow child version "1.0.0" {
  team payments
  start by clerk
  input  { a: string }
  output { a: string }
  run { complete { a: input.a } }
}

workflow sample version "1.0.0" {
  team payments
  start by clerk
  input  { tags: list(max: 9000) of string, wrong: bool }
  output { total: int }
  service bank on queue "bank" {
    notify tell(text: string) { timeout 10s }
    effect fee(text: string) { timeout 1m }
  }
  gate one(text: string) {
    releases bank.fee
    decide   1 of head
    clock    { after 24h reject }
    lasts    30m
  }
  run {
    ??
    complete { total: 1 }
  }
}
"""
LOOP = "for each t in input.tags at most 9000 { bank.tell(text: t) }"


def told(run: str) -> str:
    """The help of G0411, empty where there is no error."""
    text = SPEC.replace("??", run)
    found = analyse(Project({"a.gantral": text}.get), "a.gantral")
    wrong = [one for one in found.diagnostics if one.severity == "error"]
    assert {one.code for one in wrong} <= {"G0411"}, wrong
    return wrong[0].help if wrong else ""


@pytest.mark.parametrize(
    ("run", "why"),
    [
        (f"if input.wrong {{ {LOOP} }}", "inside another block, not in the list of `run` itself"),
        (
            f"parallel {{ branch a {{ {LOOP} }} branch b {{ }} }}",
            "stands in a branch of a `parallel`",
        ),
        (
            f'let ok = ask one(text: "a")\n{LOOP}\nbank.fee(text: ok.text) under ok',
            "the approval `ok` of one is in scope there",
        ),
        (
            'let ok = ask one(text: "a")\n'
            "for each t in input.tags at most 9000 { bank.tell(text: ok.text) }",
            "the approval `ok` of one is in scope there",
        ),
        (
            "var left: list(max: 9000) of string = input.tags\n"
            "for each t in left at most 9000 { bank.tell(text: t)  set left = [] }",
            "bind it by `let` before the loop",
        ),
        (
            f'let c = run workflow child(a: "a")\n{LOOP}\n'
            "match c { completed -> { } rejected -> { } terminated -> { } }",
            "how a child ended is read in the loop or after it",
        ),
        (
            f"{LOOP}\nfor each t in input.tags at most 9 {{ repeat at most 9000"
            " { bank.tell(text: t) } else { } }",
            "would still be too long",
        ),
    ],
)
def test_why_none_can_begin(run: str, why: str) -> None:
    assert why in told(run)


@pytest.mark.parametrize(
    "run",
    [
        LOOP,
        f"{LOOP}\n{LOOP}",
        f'let ok = ask one(text: "a")\nbank.fee(text: ok.text) under ok\n{LOOP}',
        "var left: list(max: 9000) of string = input.tags\nlet all = left\n"
        "for each t in all at most 9000 { bank.tell(text: t)  set left = [] }",
        f'let c = run workflow child(a: "a")\n'
        f"match c {{ completed -> {{ }} rejected -> {{ }} terminated -> {{ }} }}\n{LOOP}",
    ],
)
def test_where_one_can(run: str) -> None:
    assert told(run) == ""


@pytest.mark.parametrize(
    ("loops", "points"),
    [
        # One that is long enough to help alone.
        ((3, 9000, 300), [1]),
        ((9000, 3, 9000), [0, 2]),
        ((9000, 9000, 9000), [0, 1, 2]),
        # Without the first the others do.
        ((300, 9000, 9000), [1, 2]),
        ((3, 300), []),
        # Each is short enough, and together they are not.
        ((5000, 5000, 3), [0, 1]),
    ],
)
def test_as_few_loops_as_do(loops: tuple[int, ...], points: list[int]) -> None:
    run = "\n".join(LOOP.replace("9000", str(most)) for most in loops)
    found = analyse(Project({"a.gantral": SPEC.replace("??", run)}.get), "a.gantral")
    flow = build_flow(found.programs[-1])
    every = [one for one in flow.nodes if one.operator == "each"]
    assert [every.index(one) for one in p6.points(flow)] == points
