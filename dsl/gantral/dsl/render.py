"""Diagnostics as text: `full` (like rustc's), `concise`, `json`, `github` (LANGUAGE section 11)."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Literal, TypeAlias, get_args

from gantral.dsl.positions import Lines, shown
from gantral.dsl.render_full import Frame

if TYPE_CHECKING:
    from gantral.dsl.diagnostics import Diagnostic
    from gantral.dsl.span import Span

Format: TypeAlias = Literal["full", "concise", "json", "github"]
FORMATS: tuple[str, ...] = get_args(Format)


def render(
    diagnostics: Sequence[Diagnostic],
    sources: Mapping[str, str],
    format: Format = "full",
    color: bool = False,
) -> str:
    """The diagnostics, in the order given.

    `sources` has the text of each source by the path that spans carry; a source that is not there
    (it could not be read) is named without its lines. The answer ends with a newline unless it is
    empty; `json` is never empty. `color` is for `full` and `concise`.
    """
    lines = {name: Lines(text) for name, text in sources.items()}
    if format == "json":
        found = [_plain(one, lines) for one in diagnostics]
        return json.dumps(found, indent=2, ensure_ascii=False) + "\n"
    if format == "github":
        return "".join(_github(one, lines) for one in diagnostics)
    if format == "concise":
        return "".join(_concise(one, lines, color) for one in diagnostics)
    return "".join(Frame(lines, color).text(one) + "\n" for one in diagnostics)


def _place(span: Span, lines: Mapping[str, Lines]) -> tuple[int, int, int, int]:
    known = lines.get(span.source)
    if known is None:
        return (1, 1, 1, 1)
    return (*known.place(span.start), *known.place(span.end))


def _concise(one: Diagnostic, lines: Mapping[str, Lines], color: bool) -> str:
    line, column, _, _ = _place(one.span, lines)
    head = f"{one.severity}[{one.code}]"
    if color:
        head = f"\x1b[1;{31 if one.severity == 'error' else 33}m{head}\x1b[0m"
    return f"{shown(one.span.source)}:{line}:{column}: {head}: {shown(one.message)}\n"


def _github(one: Diagnostic, lines: Mapping[str, Lines]) -> str:
    line, column, end_line, end_column = _place(one.span, lines)
    where = {
        "file": one.span.source,
        "line": line,
        "col": column,
        "endLine": end_line,
        "endColumn": end_column,
        "title": one.code,
    }
    listed = ",".join(f"{key}={_escape(str(value), True)}" for key, value in where.items())
    text = one.message if not one.help else f"{one.message}\nhelp: {one.help}"
    return f"::{one.severity} {listed}::{_escape(text, False)}\n"


def _escape(text: str, attribute: bool) -> str:
    """GitHub's own escapes, so that no name or message can start another command."""
    text = text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")
    return text.replace(":", "%3A").replace(",", "%2C") if attribute else text


def _plain(one: Diagnostic, lines: Mapping[str, Lines]) -> dict[str, object]:
    def where(span: Span) -> dict[str, object]:
        line, column, end_line, end_column = _place(span, lines)
        return {
            "source": span.source,
            "start": {"offset": span.start, "line": line, "column": column},
            "end": {"offset": span.end, "line": end_line, "column": end_column},
        }

    return {
        "code": one.code,
        "severity": one.severity,
        "message": one.message,
        "span": where(one.span),
        "labels": [{"span": where(part.span), "text": part.text} for part in one.labels],
        "path": [{"span": where(part.span), "text": part.text} for part in one.path],
        "help": one.help,
        "edits": [{"span": where(part.span), "text": part.text} for part in one.edits],
        "sure": one.sure,
    }
