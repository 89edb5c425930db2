"""What the verifier reads quickly, it reads as the slow way does, on hostile bytes too."""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest
from gantral.evidence import EvidenceError, canonical, parse
from gantral.evidence.bytes import MAX_DEPTH, encode, encode_slowly, parse_slowly
from gantral.evidence.context import covers
from gantral.evidence.envelope import unwrap
from gantral.evidence.schema import compile_schema, items, row, text
from gantral.evidence.tar import _sum
from hypothesis import example, given
from hypothesis import strategies as st

PIECES = st.sampled_from(
    ["{", "}", "[", "]", ",", ":", '"', "\\", "a", "b", " ", "\n", "1", "-0", "1e9", "1.5", "null",
     "true", "NaN", "Infinity", "\\u0041", "\\u0000", "\\u001f", "\\u007f", "\x7f", "\\/", "\\b",
     "\\ud800", "\\udc00", "\\ud83d\\ude00", "é", "\U0001f600",
     '"a":"b"', '"type":', "9" * 30, "[" * 11, "]" * 11, "[" * 300, "\x00", "\ufeff"]
)  # fmt: skip
HOSTILE = st.lists(PIECES, max_size=14).map(lambda parts: "".join(parts).encode())
# Any JSON at all, as Python would write it with whatever spaces, order, escapes and doubled keys.
KEYS = st.text(max_size=3)
SCALARS = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=6)
JSON = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=3),
    max_leaves=12,
)  # fmt: skip
TEXTS = st.recursive(
    st.text(st.characters(max_codepoint=0x2FF), max_size=6),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=3),
    max_leaves=12,
)  # fmt: skip


def told(read: Any, *given: Any) -> Any:
    try:
        return read(*given)
    except EvidenceError as error:
        return (error.code, error.message)


@given(HOSTILE)
@example(b'{"a":"b","a":"b"}')
@example(b'["\\ud800"]')
@example(b"[" * 200 + b"]" * 200)
@example(b"[" * 2000 + b"]" * 2000)
@example(b"[18446744073709551616]")
@example(b'{"a":1E400}')
def test_hostile_bytes_are_read_alike(data: bytes) -> None:
    assert told(parse, data) == told(parse_slowly, data, MAX_DEPTH)


@given(JSON, st.booleans(), st.booleans())
def test_other_json_is_read_alike(value: Any, ascii_only: bool, sort: bool) -> None:
    try:
        written = json.dumps(value, ensure_ascii=ascii_only, sort_keys=sort, separators=(",", ":"))
        data = written.encode()
    except ValueError:
        return
    assert told(parse, data) == told(parse_slowly, data, MAX_DEPTH)


@given(TEXTS, st.data())
def test_near_canonical_bytes_are_read_alike(value: Any, data: st.DataObject) -> None:
    """Right bytes with one changed, left out or doubled."""
    good = canonical(value, depth=64)
    assert good == encode(value) == encode_slowly(value)
    at = data.draw(st.integers(0, len(good) - 1))
    put = data.draw(st.sampled_from([b"", good[at : at + 1] * 2, b'"', b"1", b"\\", b" ", b"]"]))
    changed = good[:at] + put + good[at + 1 :]
    for one in (good, changed):
        assert told(parse, one) == told(parse_slowly, one, MAX_DEPTH)


@given(
    st.lists(
        st.sampled_from(["A", "z", "/", "+", "=", "==", "-", "_", "\n", " ", "é", "Ag==", "AAA="]),
        max_size=9,
    ).map("".join)
)
@example("Az==")
@example("AAz=")
def test_base64_has_one_text(sealed: str) -> None:
    """What passes is what encodes to itself again, and nothing else does."""
    envelope = {
        "payload": sealed,
        "payloadType": "application/vnd.gantral.use.v1+json",
        "signatures": [{"keyid": "k", "sig": base64.b64encode(bytes(64)).decode()}],
    }
    try:
        standard = base64.b64encode(base64.b64decode(sealed)).decode() == sealed
    except ValueError:
        standard = False
    code = told(unwrap, envelope, "use")[0]
    # The payload is no statement, so it is refused either way: for its base64, or for its bytes.
    assert code == ("bytes" if standard else "envelope")


ROWS = items(row(text("(?:/[^/]*)+"), text("none|[0-9a-f]{4}")))
CELL = st.sampled_from(["/a", "/a/b", "/", "", "none", "0a1b", "/\n", "/a\nnone", "none\n/b", "\n"])
ROW = (
    st.lists(CELL, max_size=3)
    | CELL
    | st.just(None)
    | st.just(("/a", "none"))
    | st.just({"/a": "x", "none": "y"})
)


# In these no text may hold a line end: what one row has too many another may lack.
NARROW = row(text("(?:/[a-z])+"), text("none|[0-9a-f]{4}"))
TORN = st.sampled_from(
    ["/a", "/b", "none", "0a1b", "/a\nnone", "none\n/b", "/a\nnone\n/b", "/", "\n"]
)


@given(st.lists(st.lists(TORN, min_size=2, max_size=2), max_size=4))
@example([["/a\nnone", "/b"], ["none\n/a", "none"]])
@example([["/a\nnone\n/b", "none"]])
def test_no_line_end_makes_up_for_what_is_missing(rows: Any) -> None:
    each = compile_schema(NARROW)
    assert bool(compile_schema(items(NARROW))(rows)) == any(bool(each(one)) for one in rows)


@given(st.lists(ROW, max_size=4))
@example([["/a", "none", "/b"], ["none"]])
@example([["/a\nnone\n/b", "none"]])
@example([["/a", "bad"], ["/b", "none"]])
def test_many_rows_pass_when_each_does(rows: Any) -> None:
    """A list is looked at in one match; the same rows one by one say the same."""
    each = compile_schema(row(text("(?:/[^/]*)+"), text("none|[0-9a-f]{4}")))
    assert bool(compile_schema(ROWS)(rows)) == any(bool(each(one)) for one in rows)


SHAPE = ["record", [["b", ["string", {}], []], ["a", ["record", [["x", ["int", {}], []]]], []]]]


@pytest.mark.parametrize(
    ("pointers", "right"),
    [
        (["/p/a/x", "/p/b"], True),
        (["/p/b", "/p/a/x"], True),
        (["/p/b"], False),
        (["/p/a/x", "/p/b", "/p/c"], False),
        (["/p/a", "/p/b"], False),
        (["/q/a/x", "/q/b"], False),
    ],
)  # fmt: skip
def test_a_shape_without_choice_has_these_pointers(pointers: list[str], right: bool) -> None:
    assert (covers(SHAPE, pointers, "/p") == "") == right


@given(st.binary(max_size=155).map(lambda data: bytes(33 + one % 94 for one in data)))
def test_a_sum_of_bytes(name: bytes) -> None:
    assert _sum(name) == sum(name)
