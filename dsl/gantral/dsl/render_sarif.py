"""Diagnostics as one SARIF 2.1.0 log (OASIS, errata 01), for what shows the findings of many tools.

Section numbers below are the standard's. The same findings give the same bytes: nothing in the log
is of a machine, a moment or a folder above the paths that spans carry.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from gantral.dsl.positions import Lines, shown

if TYPE_CHECKING:
    from gantral.dsl.diagnostics import Diagnostic
    from gantral.dsl.span import Span

SCHEMA = (
    "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
)


def sarif(
    diagnostics: Sequence[Diagnostic],
    sources: Mapping[str, str],
    titles: Mapping[str, str],
    version: str,
) -> str:
    """The log, in the order given, one run.

    `sources` is as `render` takes it: a place in a source that is not there is told without its
    region. `titles` has that of the page of every code; `version` is that of this tool.
    """
    lines = {name: Lines(text) for name, text in sources.items()}
    codes = sorted({one.code for one in diagnostics})
    log = {
        "$schema": SCHEMA,
        "version": "2.1.0",
        "runs": [
            {
                "tool": {
                    "driver": {
                        "name": "gantral",
                        "version": version,
                        "rules": [_rule(code, titles[code]) for code in codes],
                    }
                },
                "columnKind": "unicodeCodePoints",
                "results": [_result(one, codes.index(one.code), lines) for one in diagnostics],
            }
        ],
    }
    return json.dumps(log, indent=2) + "\n"


def _rule(code: str, title: str) -> dict[str, Any]:
    return {
        "id": code,
        "shortDescription": _message(title),
        "help": _message(f"gantral explain {code}"),
    }


def _result(one: Diagnostic, index: int, lines: Mapping[str, Lines]) -> dict[str, Any]:
    result: dict[str, Any] = {
        "ruleId": one.code,
        "ruleIndex": index,
        "level": one.severity,
        "message": _message(one.message + (f"\nhelp: {one.help}" if one.help else "")),
        "locations": [_location(one.span, lines)],
    }
    if one.labels:
        result["relatedLocations"] = [
            {"id": number, **_location(label.span, lines, label.text)}
            for number, label in enumerate(one.labels, 1)
        ]
    if one.path:
        taken = [{"location": _location(step.span, lines, step.text)} for step in one.path]
        result["codeFlows"] = [{"threadFlows": [{"locations": taken}]}]
    if one.edits and all(edit.span.source in lines for edit in one.edits):
        result["fixes"] = [_fix(one, lines)]
    return result


def _fix(one: Diagnostic, lines: Mapping[str, Lines]) -> dict[str, Any]:
    changes = []
    for source in sorted({edit.span.source for edit in one.edits}):
        here = sorted((e for e in one.edits if e.span.source == source), key=lambda e: e.span)
        changes.append(
            {
                "artifactLocation": {"uri": _uri(source)},
                "replacements": [
                    {
                        "deletedRegion": _region(edit.span, lines[source]),
                        "insertedContent": {"text": edit.text},
                    }
                    for edit in here
                ],
            }
        )
    return {
        "description": _message(one.help or one.message),
        "artifactChanges": changes,
        "properties": {"sure": one.sure},
    }


def _location(span: Span, lines: Mapping[str, Lines], text: str = "") -> dict[str, Any]:
    place: dict[str, Any] = {"artifactLocation": {"uri": _uri(span.source)}}
    known = lines.get(span.source)
    if known is not None:
        place["region"] = _region(span, known)
    return {"physicalLocation": place, **({"message": _message(text)} if text else {})}


def _region(span: Span, lines: Lines) -> dict[str, int]:
    line, column = _place(span.start, lines)
    end_line, end_column = _place(span.end, lines)
    return {
        "startLine": line,
        "startColumn": column,
        "endLine": end_line,
        "endColumn": end_column,
    }


def _place(offset: int, lines: Lines) -> tuple[int, int]:
    line, column = lines.place(offset)
    if column == 1 and line > 1 and offset >= len(lines.text):
        # The end of a text is the end of its last line, whose newline counts (3.30.2, example 8).
        before = len(lines.text) - 1
        line, column = lines.place(before)
        return line, column + 1
    return line, column


def _uri(source: str) -> str:
    """The path as a relative reference; a `:` in it would make it a scheme (3.4.3)."""
    return quote(source.replace("\\", "/"))


def _message(text: str) -> dict[str, str]:
    """A plain text message (3.11): nothing that an author named is a placeholder or a link."""
    text = "\n".join(shown(line) for line in text.split("\n"))
    return {"text": text.replace("{", "{{").replace("}", "}}").replace("](", "] (")}
