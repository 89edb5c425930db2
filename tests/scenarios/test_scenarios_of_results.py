"""Results that are no record, the empty record and the empty output: shown, done, undone and told
in real runs, whose evidence is VALID. Values are held to the types that they enter."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

GOLDEN = Path(__file__).parents[1] / "compiler" / "codegen" / "golden"
SPEC = (GOLDEN / "results" / "spec.gantral").read_text("utf-8")

STORY = """
about: {about}
start:
  by: carol
  input: {{ account: a, {input} }}
given:
  books.count:
    - {count}
  books.lines:
    - result: [{{ id: x, amount: 1.10 }}, {{ id: y, amount: 2 }}]
  books.note:
    - {note}
  books.mood:
    - result: {mood}
  books.last:
    - {last}
  books.since:
    - result: [{{ at: 2026-02-27, open: true }}]
{given}
decisions: {decisions}
expect:
{expect}
"""
DONE = """\
  bank.pay:
    - result: R-1
  bank.stamp:
    - result: {stamps}
  bank.file:
    - {filed}
  books.tell:
    - result: {heard}"""
RECALLED = "\n  bank.recall:\n    - {}"
YES = "[{ at: 5m, by: dora, vote: approve }]"


def story(
    about: str,
    expect: str,
    given: str = "",
    decisions: str = "[]",
    count: str = "result: 2",
    note: str = "result: ok",
    mood: str = "good",
    last: str = "result: { id: y, amount: 2 }",
    input: str = "days: 1, tags: [ab, abcde], limit: 9.9",
) -> str:
    return STORY.format(
        about=about, count=count, note=note, mood=mood, last=last, given=given, input=input,
        decisions=decisions, expect=expect,
    )  # fmt: skip


STORIES = {
    "all_is_there": story(
        "each is what it is",
        """\
  effects:
    - bank.pay: { amount: 3.10, nothing: {} }
    - bank.stamp: { reference: R-1 }
    - bank.file: { stamps: [S, T] }
  end: COMPLETED
  output: {}
""",
        DONE.format(stamps="[S, T]", filed="result: 2026-03-01", heard="true"),
        YES,
    ),
    "nothing_is_there": story(
        "absent, empty and false, and what was done is undone",
        """\
  effects:
    - bank.pay: { amount: 3.10, nothing: {} }
    - bank.stamp: { reference: R-1 }
    - bank.file: { stamps: [] }
    - bank.recall: { reference: R-1, amount: 3.10 }
  end: TERMINATED
  cause: terminated_by_spec
""",
        DONE.format(stamps="[]", filed="{}", heard="false") + RECALLED,
        YES,
        note="{}",
        last="{}",
    ),
    "a_result_outside_the_type_beside_its_name": story(
        "it is done, but nobody may go on with what it gave, so it is undone",
        """\
  effects:
    - bank.pay: { amount: 3.10, nothing: {} }
    - bank.recall: { reference: R-12345, amount: 3.10 }
  end: TERMINATED
  cause: action_failed
""",
        "  bank.pay:\n    - result: R-12345" + RECALLED,
        YES,
    ),
    "a_handler_gives": story(
        "the count is not had",
        "  effects: []\n  end: TERMINATED\n  cause: terminated_by_spec\n",
        count="failure: unknown",
    ),
}

OUTSIDE = {
    "too_many_days": "days: 4, tags: []",
    "too_many_tags": "days: 1, tags: [a, b, c]",
    "a_tag_too_long": "days: 1, tags: [abcdef]",
    "a_tag_of_other_signs": "days: 1, tags: [A]",
    "a_limit_too_high": "days: 1, tags: [], limit: 10.0",
    "a_pause_too_long": "days: 2, tags: []",
}
FAILED = """
about: {name}
start:
  by: carol
  input: {{ account: a, {input} }}
given: {{}}
decisions: []
expect:
  effects: []
  end: TERMINATED
  cause: action_failed
"""
STORIES |= {name: FAILED.format(name=name, input=input) for name, input in OUTSIDE.items()}


def test_what_is_given_is_what_is_done(told: Callable[..., str]) -> None:
    told("results", SPEC, STORIES)
