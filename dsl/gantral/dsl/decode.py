"""Bytes to text, and what no text of a spec may hold (G00xx): decided before anything is read."""

from __future__ import annotations

import re

from gantral.dsl.diagnostics import Diagnostic, Edit
from gantral.dsl.span import Span

MAX_BYTES = 4 * 1024 * 1024
# Beyond this many of one kind the file is no spec; more lines of the same tell nothing.
MAX_FINDINGS = 20

# C0 and C1 controls but tab and line ends, lone surrogates, noncharacters at U+FFFE.
_CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff]|\r(?!\n)")
# Bidirectional controls and invisible signs: what is shown is not what is read (CVE-2021-42574).
_HIDDEN = re.compile("[\u061c\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff\U000e0000-\U000e007f]")


def decode(source: str, data: bytes) -> tuple[str, tuple[Diagnostic, ...]]:
    """The text of a source and what forbids reading it; with findings the text is for showing.

    Line ends are kept as they are. Findings: G0002 not UTF-8, G0003 control, G0004 hidden sign,
    G0006 longer than 4 MiB.
    """
    if len(data) > MAX_BYTES:
        text = data[: 4 * 1024].decode("utf-8", "replace")
        return text, (_too_long(source),)
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as error:
        start = len(data[: error.start].decode("utf-8"))
        found = Diagnostic(
            "G0002",
            "error",
            f"byte {error.start} is not UTF-8",
            Span(source, start, start + 1),
            help="save the file as UTF-8",
        )
        return data.decode("utf-8", "replace"), (found,)
    return text, forbidden(source, text)


def forbidden(source: str, text: str) -> tuple[Diagnostic, ...]:
    """What the text holds that no spec may hold, wherever it stands."""
    if len(text) > MAX_BYTES:
        return (_too_long(source),)
    if text.isascii() and text.isprintable():
        return ()
    found = [
        Diagnostic(
            "G0003",
            "error",
            f"a control character, U+{ord(match.group()):04X}",
            Span(source, match.start(), match.end()),
            help="take it out; in text, write it as an escape",
            edits=(Edit(Span(source, match.start(), match.end()), ""),),
        )
        for match, _ in zip(_CONTROL.finditer(text), range(MAX_FINDINGS), strict=False)
    ]
    found += [
        Diagnostic(
            "G0004",
            "error",
            f"a hidden character, U+{ord(match.group()):04X}: what is read is not what is seen",
            Span(source, match.start(), match.end()),
            help="take it out; in text, write it as \\u{…}",
            edits=(Edit(Span(source, match.start(), match.end()), ""),),
            # The mark that some editors put before all text hides nothing. Any other may be there
            # to deceive, and a human must look.
            sure=match.start() == 0 and match.group() == "\ufeff",
        )
        for match, _ in zip(_HIDDEN.finditer(text), range(MAX_FINDINGS), strict=False)
    ]
    return tuple(found)


def _too_long(source: str) -> Diagnostic:
    return Diagnostic(
        "G0006",
        "error",
        "the file is longer than 4 MiB",
        Span(source, 0, 0),
        help="split it, and import the parts",
    )
