"""One diagnostic with the source, carets, labels, the path taken, help and the mend."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from gantral.dsl.positions import Lines, shown, width

if TYPE_CHECKING:
    from gantral.dsl.diagnostics import Diagnostic, Edit
    from gantral.dsl.span import Span

_COLORS = {"error": "1;31", "warning": "1;33", "rule": "1;34", "bold": "1", "help": "1;36"}


class Frame:
    """Prints diagnostics over the given sources."""

    def __init__(self, lines: Mapping[str, Lines], color: bool) -> None:
        self._lines = lines
        self._color = color

    def text(self, one: Diagnostic) -> str:
        """The whole of it, each line ended."""
        gutter = self._gutter(one)
        head = self._paint(one.severity, f"{one.severity}[{one.code}]")
        out = [head + self._paint("bold", f": {shown(one.message)}")]
        marks: list[tuple[Span, str, str, str]] = [(one.span, "", "^", one.severity)]
        marks += [(label.span, label.text, "-", "rule") for label in one.labels]
        files = list(dict.fromkeys(span.source for span, *_ in marks))
        for name in files:
            here = sorted(
                (mark for mark in marks if mark[0].source == name), key=lambda mark: mark[0].start
            )
            anchor = one.span if name == one.span.source else here[0][0]
            arrow = "-->" if name == one.span.source else ":::"
            out.append(self._rule(gutter, arrow) + " " + self._where(anchor))
            out += self._source(name, here, gutter)
        if one.path:
            out.append(self._rule(gutter, "=") + self._paint("bold", " the path taken:"))
            for number, step in enumerate(one.path, 1):
                place = f"{number}. {self._where(step.span)}: {shown(step.text)}"
                out.append(" " * (gutter + 3) + place)
                out += [" " * (gutter + 6) + line for line in self._first_line(step.span)]
        if one.help:
            out.append(self._rule(gutter, "=") + self._paint("help", " help: ") + shown(one.help))
        out += self._mend(one.edits, gutter)
        out.append(self._rule(gutter, "=") + f" see `gantral explain {one.code}`")
        return "\n".join(out) + "\n"

    def _gutter(self, one: Diagnostic) -> int:
        spans = [one.span, *(x.span for x in one.labels), *(x.span for x in one.edits)]
        last = [self._lines[s.source].place(s.end)[0] for s in spans if s.source in self._lines]
        return len(str(max(last, default=1)))

    def _rule(self, gutter: int, mark: str) -> str:
        indent = gutter if mark in ("-->", ":::") else gutter + 1
        return " " * indent + self._paint("rule", mark)

    def _where(self, span: Span) -> str:
        known = self._lines.get(span.source)
        if known is None:
            return shown(span.source)
        line, column = known.place(span.start)
        return f"{shown(span.source)}:{line}:{column}"

    def _first_line(self, span: Span) -> list[str]:
        known = self._lines.get(span.source)
        return [] if known is None else [shown(known.line(known.place(span.start)[0])).strip()]

    def _source(self, name: str, marks: list[tuple[Span, str, str, str]], gutter: int) -> list[str]:
        known = self._lines.get(name)
        if known is None:
            return []
        empty = self._rule(gutter, "|")
        out = [empty]
        last = 0
        for span, text, mark, paint in marks:
            line, column = known.place(span.start)
            end_line, end_column = known.place(span.end)
            source = known.line(line)
            stop = end_column - 1 if end_line == line else len(source)
            before = width(shown(source[: column - 1]))
            carets = max(1, width(shown(source[column - 1 : stop])))
            if line != last:
                if last and line > last + 1:
                    out.append(self._paint("rule", "..."))
                number = self._paint("rule", f"{line:>{gutter}} |")
                out.append(f"{number} {shown(source)}".rstrip())
            note = mark * carets + (f" {shown(text)}" if text else "")
            out.append(f"{empty} {' ' * before}{self._paint(paint, note)}")
            last = line
        out.append(empty)
        return out

    def _mend(self, edits: tuple[Edit, ...], gutter: int) -> list[str]:
        """The lines that the mend touches, as they would read after it."""
        out: list[str] = []
        for source in dict.fromkeys(edit.span.source for edit in edits):
            known = self._lines.get(source)
            if known is None:
                continue
            here = sorted((e for e in edits if e.span.source == source), key=lambda e: e.span)
            first = known.place(here[0].span.start)[0]
            last = known.place(here[-1].span.end)[0]
            start = here[0].span.start - known.place(here[0].span.start)[1] + 1
            mended, at = [], start
            for edit in here:
                mended += [known.text[at : edit.span.start], edit.text]
                at = edit.span.end
            mended.append(known.text[at : at + len(known.line(last)) - known.place(at)[1] + 1])
            for number, line in enumerate("".join(mended).split("\n"), first):
                out.append(self._paint("help", f"{number:>{gutter}} +") + " " + shown(line))
        return out

    def _paint(self, what: str, text: str) -> str:
        return f"\x1b[{_COLORS[what]}m{text}\x1b[0m" if self._color else text
