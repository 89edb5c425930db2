"""The bytes of evidence: RFC 8785 on text, lists and objects only (FORMAT section 1)."""

from __future__ import annotations

import json
import re
from typing import Any, NoReturn, TypeAlias

import orjson
from gantral.evidence.errors import EvidenceError

# Text, a list of values, or an object of values. ``Any`` inside: Python has no cheap recursive
# type that callers could build on without casting at every step.
Value: TypeAlias = str | list[Any] | dict[str, Any]

MAX_BYTES = 1024 * 1024
MAX_DEPTH = 12
# manifest.json is no signed statement: shapes nest three deep for each record (docs/adr/0011).
MANIFEST_DEPTH = 64

_STRING = re.compile(rb'"[^"\\]*(?:\\.[^"\\]*)*"')
_BRACKETS = bytes.maketrans(b"{}", b"[]")


def _refuse(text: str) -> NoReturn:
    raise EvidenceError("bytes", f"a number stands where only text may ({text[:40]})")


_SORTED = orjson.OPT_SORT_KEYS
_decoder = json.JSONDecoder(parse_int=_refuse, parse_float=_refuse, parse_constant=_refuse)
_encoder = json.JSONEncoder(
    ensure_ascii=False, check_circular=False, sort_keys=True, separators=(",", ":")
)


def canonical(value: Value, limit: int = MAX_BYTES, depth: int = MAX_DEPTH) -> bytes:
    """The RFC 8785 bytes of ``value``: text, lists and objects with text keys.

    Raises:
        EvidenceError: ``bytes``, for any other type, lone surrogates, too deep a nesting, or
            more than ``limit`` bytes (FORMAT section 1).
    """
    _check(value, depth)
    data = encode(value)
    if len(data) > limit:
        raise EvidenceError("bytes", f"{len(data)} bytes, at most {limit} are allowed")
    return data


def parse(data: bytes, limit: int = MAX_BYTES, depth: int = MAX_DEPTH) -> Value:
    """Read ``data`` strictly: it must be exactly the bytes that ``canonical`` would write.

    Parse, re-encode and compare catches duplicate keys, escapes, spaces, order and byte order
    marks at once; what is left to check is that nothing but text stands outside the brackets.

    Raises:
        EvidenceError: ``bytes``, whatever the input (FORMAT section 1).
    """
    if len(data) > limit:
        raise EvidenceError("bytes", f"{len(data)} bytes, at most {limit} are allowed")
    if data.isascii():
        # A yes is quick, and whatever this reader makes of anything else counts for nothing: it is
        # read again below, with words for what is wrong (docs/adr/0191).
        try:
            value = orjson.loads(data)
            if orjson.dumps(value, option=_SORTED) == data and not _too_much(data, depth):
                return value  # type: ignore[no-any-return]
        except (ValueError, TypeError):
            pass
    return parse_slowly(data, depth)


def parse_slowly(data: bytes, depth: int) -> Value:
    """``parse`` by the standard library alone, which it agrees with on every input.

    Raises:
        EvidenceError: ``bytes``.
    """
    try:
        text = data.decode("utf-8")
        value = _decoder.decode(text)
        same = encode_slowly(value) == data
    except EvidenceError:
        raise
    except (ValueError, RecursionError) as error:
        raise EvidenceError("bytes", f"not strict JSON ({_short(error)})") from None
    if not same:
        raise EvidenceError("bytes", "not in canonical form (RFC 8785)")
    if wrong := _too_much(data, depth):
        raise EvidenceError("bytes", wrong)
    return value  # type: ignore[no-any-return]


def parse_object(data: bytes, limit: int = MAX_BYTES, depth: int = MAX_DEPTH) -> dict[str, Any]:
    """``parse``, for what must be an object.

    Raises:
        EvidenceError: ``bytes``.
    """
    value = parse(data, limit, depth)
    if not isinstance(value, dict):
        raise EvidenceError("bytes", "an object is wanted")
    return value


def _too_much(data: bytes, depth: int) -> str:
    """What valid JSON in canonical form holds beside the profile, or the empty text."""
    # Without its strings a text of the profile has nothing but marks, and each pass takes off
    # exactly one level of nesting.
    marks = _outside_strings(data).translate(_BRACKETS, b",:")
    for _ in range(depth):
        if not marks:
            return ""
        marks = marks.replace(b"[]", b"")
    if not marks:
        return ""
    if marks.strip(b"[]"):
        return "something else than text, a list or an object"
    return f"nested deeper than {depth}"


def _outside_strings(data: bytes) -> bytes:
    if b"\\" in data:
        return _STRING.sub(b"", data)
    # With nothing escaped, every second piece between quotes is outside, and this is far faster.
    return b"".join(data.split(b'"')[::2])


def encode(value: Value) -> bytes:
    """The bytes of a value that ``parse`` gave: canonical without the checks."""
    try:
        data = orjson.dumps(value, option=_SORTED)
    except TypeError:
        return encode_slowly(value)
    # Of ASCII every order of keys is one.
    return data if data.isascii() else encode_slowly(value)


def encode_slowly(value: Value) -> bytes:
    """``encode`` by the standard library alone."""
    text = _encoder.encode(value)
    # RFC 8785 sorts keys by UTF-16 code units, Python by code points: they differ only where a
    # character above the surrogates meets one outside the basic plane.
    if not text.isascii() and max(text) > "\ud7ff":
        text = json.dumps(
            _sorted(value), ensure_ascii=False, separators=(",", ":"), check_circular=False
        )
    return text.encode("utf-8")


def _sorted(value: Any) -> Any:
    if isinstance(value, dict):
        keys = sorted(value, key=lambda key: key.encode("utf-16-be", "surrogatepass"))
        return {key: _sorted(value[key]) for key in keys}
    if isinstance(value, list):
        return [_sorted(item) for item in value]
    return value


def _check(value: Any, room: int) -> None:
    kind = type(value)
    if kind is str:
        # Cheap for ASCII; a lone surrogate has no UTF-8 form and must not surface as a crash.
        if not value.isascii():
            try:
                value.encode("utf-8")
            except UnicodeEncodeError:
                raise EvidenceError("bytes", "text with a lone surrogate") from None
        return
    if room < 1:
        raise EvidenceError("bytes", "nested too deep")
    if kind is list:
        for item in value:
            _check(item, room - 1)
    elif kind is dict:
        for key, item in value.items():
            if type(key) is not str:
                raise EvidenceError("bytes", f"a key that is not text ({key!r:.40})")
            _check(key, room)
            _check(item, room - 1)
    elif isinstance(value, str):
        _check(str(value), room)
    else:
        raise EvidenceError("bytes", f"{kind.__name__} where text, a list or an object is wanted")


def _short(error: Exception) -> str:
    return type(error).__name__ if isinstance(error, RecursionError) else str(error)[:120]
