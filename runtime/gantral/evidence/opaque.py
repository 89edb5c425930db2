"""`json` values: any JSON value as its canonical text, RFC 8785 (LANGUAGE section 3, FORMAT section
4). No number in it can lose a digit: whole numbers that every reader holds exactly, no others."""

from __future__ import annotations

import json
import unicodedata
from typing import Any

from gantral.evidence.bytes import encode
from gantral.evidence.errors import EvidenceError

MAX_TEXT = 100_000
MAX_DEPTH = 32
_MOST = 2**53 - 1  # what a reader that holds numbers as doubles reads exactly (RFC 7493)


def json_text(value: Any) -> str:
    """The canonical text of a value of texts, whole numbers, truth values, None, lists and dicts.
    Texts become NFC.

    Raises:
        EvidenceError: ``json``, for anything else: a number with a point, one beyond 2**53 - 1, a
            key that is no text or stands twice, half a surrogate pair, too deep or too long.
    """
    text = encode(_entered(value, MAX_DEPTH)).decode("utf-8")
    if len(text) > MAX_TEXT:
        raise EvidenceError("json", f"its text is longer than {MAX_TEXT}")
    return text


def read_json_text(text: str) -> Any:
    """The value of a canonical text.

    Raises:
        EvidenceError: ``json``, unless :func:`json_text` writes exactly this text.
    """
    try:
        value = json.loads(text, parse_float=_refuse, parse_constant=_refuse)
        same = json_text(value) == text
    except EvidenceError:
        raise
    except (ValueError, RecursionError):
        raise EvidenceError("json", "it can't be read") from None
    if not same:
        raise EvidenceError("json", "it is not in canonical form (RFC 8785)")
    return value


def _entered(value: Any, room: int) -> Any:
    if room < 0:
        raise EvidenceError("json", f"nested deeper than {MAX_DEPTH}")
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, str):
        text = unicodedata.normalize("NFC", value)
        if any("\ud800" <= sign <= "\udfff" for sign in text):
            raise EvidenceError("json", "half a surrogate pair is no text")
        return text
    if isinstance(value, int):
        if abs(value) > _MOST:
            raise EvidenceError("json", f"a number beyond {_MOST}: write it as text")
        return value
    if isinstance(value, list | tuple):
        return [_entered(item, room - 1) for item in value]
    if isinstance(value, dict):
        if not all(isinstance(key, str) for key in value):
            raise EvidenceError("json", "a key that is no text")
        made = {_entered(key, room): _entered(item, room - 1) for key, item in value.items()}
        if len(made) != len(value):
            raise EvidenceError("json", "a key stands twice")
        return made
    raise EvidenceError("json", f"{type(value).__name__} is no whole number, text, list or object")


def _refuse(text: str) -> Any:
    raise EvidenceError("json", f"{text[:40]} is no whole number: write it as text")
