"""What a comprehension means is what it reads and makes, not what it calls an element."""

from __future__ import annotations

import pytest
from gantral.compiler import Project, analyse
from gantral.compiler.compare.meaning import Meaning
from gantral.compiler.program import Let

SPEC = """
role clerk

workflow sample version "1.0.0" {
  team payments
  start by clerk
  input { items: list(max: 9) of { id: string, tags: list(max: 9) of string, ok: bool } }
  run {
    let made = EXPRESSION
    require text(len(made)) != "" else "no"
    complete
  }
}
"""
ONE = "[[t for t in x.tags where t != x.id] for x in input.items where x.ok]"


def key(text: str) -> str:
    spec = SPEC.replace("EXPRESSION", text)
    analysis = analyse(Project({"x": spec}.get), "x")
    assert [one for one in analysis.diagnostics if one.severity == "error"] == []
    (program,) = analysis.programs
    meaning = Meaning(program)
    (let,) = (one for one in program.run if isinstance(one, Let))
    found = meaning.key(let.value)
    assert meaning.understood
    return found


def test_names_of_elements_mean_nothing() -> None:
    assert key(ONE) == key(ONE.replace("x.", "item.").replace("for x", "for item"))


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("[t for", "[x.id for"),
        ("t != x.id", "x.id != t"),
        ("t != x.id", "t != t"),
        (" where x.ok", ""),
        ("where x.ok", "where not x.ok"),
        ("in x.tags", "in [x.id]"),
    ],
)
def test_what_is_read_and_made_is_its_meaning(old: str, new: str) -> None:
    assert key(ONE) != key(ONE.replace(old, new))


def test_the_scale_and_the_rounding_are_meant() -> None:
    said = '[div(1.00, by: 3, scale: 2, rounding: "up")]'
    others = [said.replace("up", "down"), said.replace("scale: 2", "scale: 3")]
    assert len({key(one) for one in [said, *others]}) == 3
