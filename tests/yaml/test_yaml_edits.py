"""Which edits may go into YAML: one word for another, and nothing that YAML reads otherwise."""

from __future__ import annotations

import pytest
from gantral.compiler import Project, analyse
from gantral.dsl.diagnostics import Diagnostic, Edit
from gantral.dsl.front import writable
from gantral.dsl.span import Span

NAME = "a.gantral.yaml"
SPEC = """\
workflow: a
version: "1.0.0"
team: t
start by: clerk
roles: [clerk]
output:
  total: int
run:
  - {}
  - complete:
      total: total
"""


@pytest.mark.parametrize(
    ("statement", "mended"),
    [
        ("var: total\n    type: int\n    be: 1", "let: total\n    type: int\n    be: 1"),
        # The rule's edit stands at the first key, which here is another.
        ("type: int\n    var: total\n    be: 1", None),
    ],
)
def test_a_variable_that_is_never_set(statement: str, mended: str | None) -> None:
    text = SPEC.format(statement)
    (found,) = analyse(Project({NAME: text}.get), NAME).diagnostics
    assert found.help
    if mended is None:
        assert found.edits == ()
        return
    (edit,) = found.edits
    after = text[: edit.span.start] + edit.text + text[edit.span.end :]
    assert after == SPEC.format(mended)
    assert analyse(Project({NAME: after}.get), NAME).diagnostics == ()


@pytest.mark.parametrize(
    ("start", "end", "text", "kept"),
    [
        (8, 12, "gate", True),
        (8, 12, "people.gate", True),
        (8, 12, "no", False),
        (8, 12, "Null", False),
        (8, 12, "a: b", False),
        (8, 8, "gate", False),
        (8, 11, "gate", False),
        (9, 12, "gate", False),
        (6, 12, "gate", False),
    ],
)
def test_an_edit(start: int, end: int, text: str, kept: bool) -> None:
    edits = (Edit(Span(NAME, start, end), text),)
    found = Diagnostic("G0101", "error", "x", Span(NAME, 0, 1), edits=edits, sure=True)
    told = writable(found, {NAME: "roles: [rolf]\n"})
    assert (told.edits == edits) is kept
    assert told.sure is kept
    in_text = (Edit(Span("a.gantral", start, end), text),)
    found = Diagnostic("G0101", "error", "x", Span("a.gantral", 0, 1), edits=in_text, sure=True)
    assert writable(found, {}) is found
