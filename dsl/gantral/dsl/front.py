"""The two forms of a spec, told by the file's name: text and YAML (LANGUAGE section 10)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace

from gantral.dsl.diagnostics import Diagnostic
from gantral.dsl.parse import ParseResult, parse

TEXT, YAML = ".gantral", ".gantral.yaml"
_WORD = re.compile(r"[A-Za-z0-9_.]+")
_PART = re.compile(r"\w")
# What YAML's other readers take for a value of their own (gantral.dsl.yaml.nodes refuses them).
_TAKEN = re.compile(r"(?i)y|n|yes|no|on|off|null")


def is_spec(name: str) -> bool:
    """Whether a file of that name is a spec."""
    return name.endswith((TEXT, YAML))


def is_yaml(name: str) -> bool:
    """Whether a file of that name is a spec in YAML."""
    return name.endswith(YAML)


def read(source: str, text: str) -> ParseResult:
    """The syntax tree of a source in the form that its name tells; never raises for any text."""
    if not is_yaml(source):
        return parse(source, text)
    # Only here: a spec in text form needs no reader of YAML.
    from gantral.dsl.yaml import parse_yaml

    return parse_yaml(source, text)


def writable(found: Diagnostic, texts: Mapping[str, str]) -> Diagnostic:
    """A finding whose edits leave YAML what it was: those of the text form that put one word in
    another's place. Others would put what YAML reads otherwise, and go; the help stays."""
    for edit in found.edits:
        if not is_yaml(edit.span.source):
            continue
        text, start, end = texts.get(edit.span.source, ""), edit.span.start, edit.span.end
        words = _WORD.fullmatch(text, start, end) and _WORD.fullmatch(edit.text)
        whole = not (_PART.match(text, end) or _PART.match(text, max(0, start - 1), start))
        if not words or not whole or _TAKEN.fullmatch(edit.text):
            return replace(found, edits=(), sure=False)
    return found
