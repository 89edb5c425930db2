"""The title that Temporal's memo shows others names nobody (ADR 0098)."""

from __future__ import annotations

import pytest
from gantral.compiler import Project, analyse
from gantral.compiler.generate import generate

SPEC = """
role boss
workflow w version "1.0.0" {
  team t
  start by boss
  input { id: string, name: string personal }
  gate review(id: string, who: person, name: string, said: string, by: person?) {
    title  "TITLE"
    decide 1 of boss
    clock  { after 1h reject }
  }
  run {
    ask review(id: input.id, who: initiator, name: input.name, said: "by {initiator}")
    complete
  }
}
"""


def public(title: str) -> str:
    text = SPEC.replace("TITLE", title)
    (program,) = analyse(Project({"w.gantral": text}.get), "w.gantral").programs
    files = generate(program, {"w.gantral": text}).files
    made = files["workflow.py"].decode()
    _, found, rest = made.partition("def title_public_(self) -> str:")
    return rest[: rest.index("\n\n")].strip() if found else ""


@pytest.mark.parametrize("hole", ["who", "name", "said"])
def test_a_memo_s_title_has_dots_for_persons_and_what_is_personal(hole: str) -> None:
    assert public(f"Pay {{id}} to {{{hole}}}") == 'return f"Pay {self.id} to …"'


def test_a_title_without_them_is_shown_whole() -> None:
    assert public("Pay {id}") == ""
