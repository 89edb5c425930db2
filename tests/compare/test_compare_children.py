"""A workflow that runs others: what changed in them, as far as it is the parent's to say."""

from __future__ import annotations

import pytest
from gantral.compiler import Project, analyse
from gantral.compiler.compare import compare
from gantral.compiler.program import Program
from spec_pairs import findings

INNER = """
role clerk
role boss
workflow inner version "1.0.0" {
  team t  start by clerk  input { a: int }
  service s on queue "s" { effect act(a: int) { timeout 1s } }
  gate g(a: int) { releases s.act  decide 2 of boss  clock { after 1h reject }  lasts 1h }
  run { let ok = ask g(a: input.a)  s.act(a: ok.a) under ok  complete }
}
workflow other version "1.0.0" { team t  start by clerk  input { a: int }  run { complete } }
"""
OUTER = """
workflow outer version "VERSION" { team t  start by clerk  input { a: int }
  run {
    let one = run workflow inner(a: input.a)
    match one { completed -> { } else -> { terminate "no" } }
    complete
  }
}
"""


def outer(text: str, version: str) -> Program:
    files = {"s.gantral": text.replace("VERSION", version)}
    found = analyse(Project(files.get), "s.gantral")
    assert not [one for one in found.diagnostics if one.severity == "error"]
    return found.programs[-1]


def told(old: str, new: str) -> list[str]:
    return findings(compare(outer(old, "1.0.0"), outer(new, "1.1.0")))


def test_the_same_children_are_the_same() -> None:
    one = outer(INNER + OUTER, "1.0.0")
    assert compare(one, one).verdict == "same"
    assert told(INNER + OUTER, INNER + OUTER) == []


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (("decide 2 of boss", "decide 1 of boss"), "weaker workflow: the child `inner`"),
        (("decide 2 of boss", "decide 3 of boss"), "note workflow: the child `inner`"),
        (("start by clerk  input { a: int }\n  service", "start by clerk, boss  input { a: int }\n"
          "  service"), "weaker workflow: the child `inner`"),
    ],
)  # fmt: skip
def test_a_child_that_got_weaker_is_told(change: tuple[str, str], says: str) -> None:
    new = INNER.replace(*change)
    assert new != INNER
    (one,) = told(INNER + OUTER, new + OUTER)
    assert one.startswith(says)


def test_another_child_is_weaker_as_long_as_nobody_can_show_more() -> None:
    new = OUTER.replace("run workflow inner", "run workflow other")
    found = told(INNER + OUTER, INNER + new)
    assert any(one.startswith("weaker workflow: the child `other` is run now") for one in found)
    assert any(one.startswith("note workflow: the child `inner`") for one in found)
    assert any(one.startswith("weaker run: the run can't be shown") for one in found)
