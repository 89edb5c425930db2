"""`json` values: one text for a value, and no text but that one."""

from __future__ import annotations

import json
import unicodedata
from typing import Any

import pytest
import rfc8785
from gantral.evidence import EvidenceError
from gantral.evidence.opaque import MAX_DEPTH, MAX_TEXT, json_text, read_json_text
from hypothesis import given
from hypothesis import strategies as st

pytestmark = pytest.mark.hypothesis

TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=8)
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53) + 1, 2**53 - 1) | TEXTS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXTS, inner, max_size=4),
    max_leaves=20,
)


def nfc(value: Any) -> Any:
    if isinstance(value, str):
        return unicodedata.normalize("NFC", value)
    if isinstance(value, list):
        return [nfc(one) for one in value]
    if isinstance(value, dict):
        return {nfc(name): nfc(one) for name, one in value.items()}
    return value


def keys(value: Any) -> int:
    """How many keys there are, at every depth."""
    if isinstance(value, list):
        return sum(map(keys, value))
    return sum(1 + keys(one) for one in value.values()) if isinstance(value, dict) else 0


@given(VALUES)
def test_the_text_is_rfc_8785_of_the_value_in_nfc(value: Any) -> None:
    plain = nfc(value)
    if keys(plain) != keys(value):
        with pytest.raises(EvidenceError, match="a key stands twice"):
            json_text(value)
        return
    text = json_text(value)
    assert text.encode() == rfc8785.dumps(plain)
    assert read_json_text(text) == plain


@given(VALUES, st.data())
def test_no_other_text_is_read(value: Any, data: st.DataObject) -> None:
    try:
        text = json_text(value)
    except EvidenceError:
        return
    at = data.draw(st.integers(0, len(text)))
    put = data.draw(st.sampled_from([" ", "\\u0061", "0", "-", ".0", "e0", ","]))
    changed = text[:at] + put + text[at:]
    try:
        read = read_json_text(changed)
    except EvidenceError:
        return
    assert json_text(read) == changed


@pytest.mark.parametrize(
    ("value", "why"),
    [
        (1.5, "float is no whole number"),
        (2**53, "write it as text"),
        ({1: 2}, "a key that is no text"),
        ({"e\u0301": 1, "\u00e9": 2}, "a key stands twice"),
        ("\ud800", "surrogate"),
        (object(), "is no whole number"),
        ("x" * MAX_TEXT, "longer than"),
    ],
)
def test_what_has_no_text(value: Any, why: str) -> None:
    with pytest.raises(EvidenceError, match=why):
        json_text(value)


@pytest.mark.parametrize(
    "text",
    ["", "{", "1.0", "1e3", "NaN", "-0", "01", '{"a":1,"a":1}', ' 1', '"\\u0061"', "[" * 9999,
     "9007199254740992", '{"b":1,"a":1}', '"\\ud800"', "[1,]", "\ufeff1"],
)  # fmt: skip
def test_what_is_no_text_of_a_value(text: str) -> None:
    with pytest.raises(EvidenceError):
        read_json_text(text)


def test_it_ends_where_it_is_too_deep() -> None:
    value: Any = 0
    for _ in range(MAX_DEPTH):
        value = [value]
    assert json.loads(json_text(value)) == value
    with pytest.raises(EvidenceError, match="deeper"):
        json_text([value])
