"""A result that is no record: the bare value for services and generated code, a record with the one
field `value` for evidence (ADR 0148)."""

from __future__ import annotations

from typing import Annotated, Any, ClassVar

import pytest
from gantral.evidence.context import flatten
from gantral.policy.shapes import check, leaves
from gantral.runtime import IntOf, ListOf, Record, Returned, StringOf
from gantral.runtime.returned import given, result, shape_of
from gantral.runtime.workers.results import wire_result
from hypothesis import given as given_by
from hypothesis import strategies as st
from pydantic import ValidationError

TEXT: list[Any] = ["string", {"min": "none", "max": "9", "pattern": "none"}]
COUNT: list[Any] = ["int", {"min": "0", "max": "9"}]
MARKS = {"personal": "false", "wire": "none"}


class Nothing(Record):
    pass


class Line(Record):
    wire_names_: ClassVar = {"id": "lineId"}

    id: Annotated[str, StringOf(max=9)]
    inner: Nothing


class Count(Returned[int]):
    value: Annotated[int, IntOf(min=0, max=9)]


class Note(Returned[str | None]):
    value: Annotated[str, StringOf(max=9)] | None = None


class Lines(Returned[tuple[Line, ...]]):
    value: Annotated[tuple[Line, ...], ListOf(max=2)]


def test_a_plain_activity_answers_the_bare_value_under_its_own_names() -> None:
    lines = Lines.from_service([{"lineId": "x", "inner": {}}])
    assert given(lines) == (Line(id="x", inner=Nothing()),)
    assert lines.to_service() == [{"lineId": "x", "inner": {}}]
    assert lines.to_wire() == {"value": [{"id": "x", "inner": {}}]}
    assert given(Note.from_service(None)) is None
    assert Note.holding(None).to_service() is None


def test_what_is_outside_its_type_is_refused() -> None:
    for wrong in (10, True, "3", None, 3.0):
        with pytest.raises(ValidationError):
            Count.holding(wrong)
        with pytest.raises(ValidationError):
            Count.from_service(wrong)
    with pytest.raises(ValidationError, match="stands for absent in evidence"):
        Note.holding("{}")


def test_a_record_stays_the_record_that_it_is() -> None:
    line = Line(id="x", inner=Nothing())
    assert given(line) is line
    assert result(Line, line.to_wire()) == line
    assert result(Note, None) is None
    record = ["record", [["id", TEXT, MARKS]]]
    assert shape_of(record) is record


def shapes() -> st.SearchStrategy[tuple[list[Any], Any]]:
    """(shape of a result, wire value); records without fields too, which can't be optional."""
    scalars = st.one_of(
        st.tuples(st.just(TEXT), st.text("ab{}", max_size=3)),
        st.tuples(st.just(COUNT), st.integers(0, 9)),
        st.tuples(st.just(["bool"]), st.booleans()),
    )

    def wider(inner: st.SearchStrategy[tuple[list[Any], Any]]) -> st.SearchStrategy[Any]:
        def record(parts: list[tuple[list[Any], Any]]) -> tuple[list[Any], Any]:
            names = [f"f{number}" for number in range(len(parts))]
            fields = [[name, shape, MARKS] for name, (shape, _) in zip(names, parts, strict=True)]
            values = {
                name: value
                for name, (_, value) in zip(names, parts, strict=True)
                if value is not None
            }
            return ["record", fields], values

        def maybe(one: tuple[list[Any], Any], there: bool) -> tuple[list[Any], Any]:
            shape, value = one
            if shape[0] == "optional" or shape == ["record", []] or value == "{}":
                return one
            return ["optional", shape], value if there else None

        return st.one_of(
            st.lists(inner, max_size=3).map(record),
            st.builds(maybe, inner, st.booleans()),
            st.tuples(inner, st.integers(0, 2)).map(
                lambda found: (
                    ["list", {"min": "none", "max": "9"}, found[0][0]],
                    [] if found[0][1] is None else [found[0][1]] * found[1],
                )
            ),
        )

    return st.recursive(scalars, wider, max_leaves=6)


@given_by(shapes())
def test_a_repeat_reads_the_same_value_from_its_leaves(one: tuple[list[Any], Any]) -> None:
    shape, value = one
    whole = shape_of(shape)
    record = whole is shape
    kept = value if record else {} if value is None else {"value": value}
    check(whole, kept)
    found = leaves(whole, kept)
    assert all(pointer.startswith("/") for pointer in found)
    texts = {pointer: text if isinstance(text, str) else "{}" if text == {} else "[]"
             for pointer, text in found.items()}  # fmt: skip
    assert wire_result(whole, texts) == kept
    if kept or not record:
        assert texts == flatten(kept, whole)
