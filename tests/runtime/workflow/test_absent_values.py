"""Absent and a text are never the same leaf (FORMAT section 4): the text {} is refused where a
value may be absent, on every way in."""

from __future__ import annotations

from typing import Annotated, Any

import pytest
from gantral.policy.shapes import ShapeError, check, leaves
from gantral.runtime import ListOf, Record, StringOf
from pydantic import ValidationError


class Inner(Record):
    text: Annotated[str, StringOf()] | None = None


class Note(Record):
    sure: Annotated[str, StringOf()]
    maybe: Annotated[str, StringOf()] | None = None
    inner: Inner | None = None
    tags: Annotated[tuple[Annotated[str, StringOf()], ...], ListOf(max=3)] | None = None


TEXT: list[Any] = ["string", {"min": "none", "max": "none", "pattern": "none"}]
SHAPE: list[Any] = [
    "record",
    [
        ["sure", TEXT, {}],
        ["maybe", ["optional", TEXT], {}],
        ["inner", ["optional", ["record", [["text", ["optional", TEXT], {}]]]], {}],
        ["tags", ["optional", ["list", {"min": "none", "max": "3"}, TEXT]], {}],
    ],
]


@pytest.mark.parametrize("data", [{"maybe": "{}"}, {"inner": {"text": "{}"}}])
def test_the_text_that_stands_for_absent_is_refused(data: dict[str, Any]) -> None:
    whole = {"sure": "x", **data}
    for read in (Note.from_wire, Note.from_service):
        with pytest.raises(ValidationError, match="stands for absent in evidence"):
            read(whole)
    with pytest.raises(ShapeError, match="stands for absent in evidence"):
        check(SHAPE, whole)


def test_code_cannot_make_it_either() -> None:
    with pytest.raises(ValidationError, match="stands for absent in evidence"):
        Inner(text="{}")


@pytest.mark.parametrize(
    "data", [{}, {"maybe": "{ }"}, {"maybe": "[]"}, {"tags": []}, {"tags": ["[]", "{}"]}]
)
def test_all_else_has_leaves_of_its_own(data: dict[str, Any]) -> None:
    whole = {"sure": "{}", **data}
    check(SHAPE, whole)
    note = Note.from_wire(whole)
    assert note.to_wire() == whole
    assert {p: v for p, v in note.leaves().items() if p != "/inner"} == {
        p: v for p, v in leaves(SHAPE, whole).items() if p != "/inner"
    }
    # Only an absent value has the leaf {} here, and only an empty list has [] at its own place.
    assert note.leaves()["/maybe"] == data.get("maybe", {})
    tags = data.get("tags", {})
    assert note.leaves().get("/tags", "none") == (tags if not tags else "none")
