"""Offsets and an editor's positions, against Python's own encoders."""

from __future__ import annotations

import pytest
from gantral.cli.lsp.positions import Positions
from hypothesis import given
from hypothesis import strategies as st
from lsprotocol import types as lsp

CODECS = {"utf-16": ("utf-16-le", 2), "utf-8": ("utf-8", 1), "utf-32": ("utf-32-le", 4)}
# Much of what is wrong with lines and units, often.
TEXTS = st.text(st.sampled_from("ab é€🙂𝒳\n\r\t\u2028\x0b") | st.characters(codec="utf-8"))


@given(text=TEXTS, encoding=st.sampled_from(sorted(CODECS)), data=st.data())
def test_there_and_back(text: str, encoding: str, data: st.DataObject) -> None:
    offset = data.draw(st.integers(0, len(text)))
    found = Positions(text, encoding).position(offset)
    before = text[:offset].replace("\r\n", "\n")
    lines = before.replace("\r", "\n").split("\n")
    if text[offset - 1 : offset + 1] == "\r\n" and offset:
        # Inside of one line end: no editor can point there.
        return
    codec, unit = CODECS[encoding]
    assert found.line == len(lines) - 1
    assert found.character == len(lines[-1].encode(codec)) // unit
    assert Positions(text, encoding).offset(found) == offset


@given(text=TEXTS, line=st.integers(0, 9), character=st.integers(0, 99))
def test_any_position_is_a_place(text: str, line: int, character: int) -> None:
    offset = Positions(text).offset(lsp.Position(line, character))
    assert 0 <= offset <= len(text)


@pytest.mark.parametrize(
    ("position", "offset"),
    [
        ((0, 3), 2),
        ((0, 2), 1),
        ((0, 99), 4),
        ((1, 0), 6),
        ((9, 0), 7),
    ],
)
def test_an_astral_character_is_two_units(position: tuple[int, int], offset: int) -> None:
    # The second half of a pair is its whole; past a line's end is that end.
    assert Positions("a🙂bc\r\nd").offset(lsp.Position(*position)) == offset
