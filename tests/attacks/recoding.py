"""The same JSON, or nearly, in other bytes: what a lenient reader would take for the original."""

from __future__ import annotations

import json
import random
import re
import unicodedata
from collections.abc import Callable

Recode = Callable[[bytes, random.Random], bytes]


def _tree(data: bytes) -> object:
    return json.loads(data)


def spaced(data: bytes, rng: random.Random) -> bytes:
    """A blank at one of the places where JSON lets one stand, at the ends too."""
    places = [0, len(data), *(match.end() for match in re.finditer(rb"[\[\]{},:]", data))]
    at = rng.choice(places)
    blank = rng.choice([b" ", b"\t", b"\n", b"\r", b"\r\n", b"\xef\xbb\xbf", b"\xc2\xa0", b"\x00"])
    return data[:at] + blank + data[at:]


def _in_a_text(data: bytes, rng: random.Random) -> tuple[int, int]:
    found = [match.span() for match in re.finditer(rb'(?<=")[^"\\\x00-\x1f\x80-\xff]+(?=")', data)]
    return rng.choice(found) if found else (0, 0)


def escaped(data: bytes, rng: random.Random) -> bytes:
    """One character of a text as an escape: upper or lower hex, or one that is never needed."""
    start, end = _in_a_text(data, rng)
    if start == end:
        return data
    at = rng.randrange(start, end)
    code = f"{data[at]:04x}"
    made = rng.choice([f"\\u{code}", f"\\u{code.upper()}", f"\\{chr(data[at])}", f"\\U{code}"])
    return data[:at] + made.encode() + data[at + 1 :]


def surrogates(data: bytes, rng: random.Random) -> bytes:
    """A surrogate, alone, as a pair, the wrong way round, or in the bytes of CESU-8."""
    start, end = _in_a_text(data, rng)
    at = rng.randint(start, end)
    made = [
        b"\\ud800", b"\\udfff", b"\\ud83d\\ude00", b"\\ude00\\ud83d", b"\xed\xa0\x80",
        b"\xed\xa0\xbd\xed\xb8\x80", b"\xf4\x90\x80\x80", b"\xc0\xaf", b"\xff", b"\xe2\x82",
    ]  # fmt: skip
    return data[:at] + rng.choice(made) + data[at:]


def normalised(data: bytes, rng: random.Random) -> bytes:
    """A text in another of Unicode's forms, or with a letter that looks alike."""
    text = data.decode("utf-8", "surrogateescape")
    form = rng.choice(["NFC", "NFD", "NFKC", "NFKD"])
    try:
        other = unicodedata.normalize(form, text).encode()
    except UnicodeEncodeError:
        return data
    if other != data:
        return other
    start, end = _in_a_text(data, rng)
    at = rng.randint(start, end)
    alike = ["\u0301", "\u200b", "\u00ad", "\u202e", "\ufeff", "\u0430", "\u0661", "\uff11"]
    return data[:at] + rng.choice(alike).encode() + data[at:]


def reordered(data: bytes, rng: random.Random) -> bytes:
    """The members of the objects in another order."""

    def turn(value: object) -> object:
        if isinstance(value, dict):
            keys = list(value)
            rng.shuffle(keys)
            return {key: turn(value[key]) for key in keys}
        return [turn(one) for one in value] if isinstance(value, list) else value

    return json.dumps(turn(_tree(data)), ensure_ascii=False, separators=(",", ":")).encode()


def twice(data: bytes, rng: random.Random) -> bytes:
    """A member that stands twice, before or after its own, with the same value or another."""
    members = list(re.finditer(rb'"([a-z_A-Z]+)":("[^"\\]*")', data))
    if not members:
        return data
    one = rng.choice(members)
    other = b'"%b":%b' % (one[1], rng.choice([one[2], b'"none"', b"[]", b"null"]))
    whole = rng.choice([other + b"," + one[0], one[0] + b"," + other])
    return data[: one.start()] + whole + data[one.end() :]


def retyped(data: bytes, rng: random.Random) -> bytes:
    """A text as a number, a word of JSON, a list; or as something that only some parsers read."""
    texts = list(re.finditer(rb'"[^"\\]*"(?!:)', data))
    if not texts:
        return data
    one = rng.choice(texts)
    bare = one[0].strip(b'"')
    made = [
        bare, b"null", b"true", b"false", b"0", b"-0", b"1.0", b"1e0", b"1E400", b"NaN",
        b"Infinity", b"9" * 400, b"0x1", b"01", b"+1", b".5", b"[" + one[0] + b"]",
        b"{" + one[0] + b":" + one[0] + b"}", b"'" + bare + b"'", b"/**/" + one[0], b"",
    ]  # fmt: skip
    return data[: one.start()] + rng.choice(made) + data[one.end() :]


def deep(data: bytes, rng: random.Random) -> bytes:
    """Nested deeper than anything reads, closed or not."""
    texts = list(re.finditer(rb'"[^"\\]*"(?!:)', data)) or list(re.finditer(rb"", data))
    one = rng.choice(texts)
    levels = rng.choice([1, 12, 13, 64, 65, 1000, 100_000])
    opened, closed = rng.choice([(b"[", b"]"), (b'{"a":', b"}"), (b"[[],", b"]")])
    closing = closed * levels if rng.randrange(2) else b""
    return data[: one.start()] + opened * levels + one[0] + closing + data[one.end() :]


def huge(data: bytes, rng: random.Random) -> bytes:
    """Longer than anything may be, in one text, in many, in numbers, in blanks."""
    start, end = _in_a_text(data, rng)
    at = rng.randint(start, end)
    grown = rng.choice([b"x", b'","', b"\\\\", b" ", b"9", b"\\u0041", "\u00e9".encode()])
    size = rng.choice([1 << 10, 1 << 16, 1 << 20, 3 << 19])
    return data[:at] + grown * (size // len(grown)) + data[at:]


def followed(data: bytes, rng: random.Random) -> bytes:
    """Something behind the end, or the whole twice, or cut."""
    made = [data + data, data + b"{}", data + b"\n", data[: rng.randrange(len(data) + 1)],
            data + b"\x00", data + b",", b"[" + data + b"]", b"", data[1:], data[:-1]]  # fmt: skip
    return rng.choice(made)


RECODINGS: dict[str, Recode] = {
    one.__name__: one
    for one in (
        spaced, escaped, surrogates, normalised, reordered, twice, retyped, deep, huge, followed
    )
}  # fmt: skip
