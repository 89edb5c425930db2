"""A text as pieces with places where its lines may break, and the choice of those that do.

A group is set on one line when it fits; else its own breaks break, and each group in it is asked
again. (Wadler, "A prettier printer"; the choice looks one line ahead.)
"""

from __future__ import annotations

from typing import TypeAlias

from gantral.dsl.frozen import frozen
from gantral.dsl.positions import width as cells

INDENT = 2
WIDTH = 120


@frozen
class Line:
    """A place where a line may break; `flat` is what stands there when it does not, None where it
    always does. `blank` leaves an empty line."""

    flat: str | None
    blank: bool = False


@frozen
class Glue:
    """A mark that stays on the line of what is before it, so that a comment comes after it."""

    text: str


@frozen
class Remark:
    """A comment. `own`: on a line of its own; else at the end of the line that is being written.
    Nothing is written behind it. `below_blank`: its source has an empty line above it."""

    text: str
    own: bool
    below_blank: bool = False


@frozen
class Cat:
    parts: tuple[Doc, ...]
    hard: bool


@frozen
class Nest:
    """`inner`, its lines one step further in."""

    inner: Doc
    hard: bool


@frozen
class Group:
    """`yielding`: it breaks rather than that a group before it on the line has to."""

    inner: Doc
    broken: bool
    yielding: bool = False


@frozen
class IfBroken:
    """A mark that stands only where the group around it is broken."""

    text: str


Doc: TypeAlias = str | Line | Glue | Remark | Cat | Nest | Group | IfBroken

LINE = Line(" ")
SOFT = Line("")
WIDE = Line("  ")
HARD = Line(None)


def cat(*parts: Doc) -> Cat:
    """The parts one behind the other."""
    return Cat(parts, any(hard(one) for one in parts))


def nest(*parts: Doc) -> Nest:
    """The parts, their lines one step further in."""
    inner = cat(*parts)
    return Nest(inner, inner.hard)


def group(inner: Doc, broken: bool = False) -> Group:
    """What is set on one line or broken at each of its own breaks; `broken` leaves no choice."""
    return Group(inner, broken or hard(inner))


def hard(doc: Doc) -> bool:
    """Whether a line in it breaks in any case."""
    match doc:
        case Line():
            return doc.flat is None
        case Cat() | Nest():
            return doc.hard
        case Group():
            return doc.broken
    return False


# How far in, whether the group around is broken, and what is to be set.
_Job: TypeAlias = tuple[int, bool, Doc]


def render(doc: Doc, width: int = WIDTH) -> str:
    """The text; its last line has an end unless there is no line."""
    out: list[str] = []
    jobs: list[_Job] = [(0, True, doc)]
    page = _Page(out)
    while jobs:
        indent, broken, one = jobs.pop()
        match one:
            case str():
                page.write(one, indent)
            case Glue():
                page.glue(one.text)
            case Remark():
                page.remark(one, indent)
            case Line():
                if one.flat is None or broken:
                    page.end(indent, one.blank)
                else:
                    page.write(one.flat, indent)
            case Cat():
                jobs.extend((indent, broken, part) for part in reversed(one.parts))
            case Nest():
                jobs.append((indent + INDENT, broken, one.inner))
            case Group():
                at = page.column(indent)
                flat = not one.broken and _fits(jobs, (indent, False, one.inner), at, width)
                jobs.append((indent, not flat, one.inner))
            case IfBroken():
                if broken:
                    page.glue(one.text)
    page.end(0, False)
    return "".join(out)


class _Page:
    """The lines written so far. Spaces are held back until something follows them."""

    def __init__(self, out: list[str]) -> None:
        self._out = out
        self._line = ""
        self._gap = ""
        self._remark = ""
        self._full = False

    def column(self, indent: int) -> int:
        """Where the next piece would begin."""
        return indent if self._full else cells(self._line) + len(self._gap)

    def write(self, text: str, indent: int) -> None:
        if not text.strip():
            self._gap += text
            return
        if self._full:
            self.end(indent, False)
        self._line += self._gap + text
        self._gap = ""

    def glue(self, text: str) -> None:
        self._line += text

    def remark(self, remark: Remark, indent: int) -> None:
        if not remark.own:
            self._remark = f"  {remark.text}"
        else:
            if self._full or self._line.strip():
                self.end(indent, False)
            self._line += remark.text
        self._gap = ""
        self._full = True

    def end(self, indent: int, blank: bool) -> None:
        """Ends the line, unless nothing at all is written yet."""
        line = (self._line + self._remark).rstrip()
        if line or self._out:
            self._out.append(f"{line}\n" if line else "")
            if blank:
                self._out.append("\n")
        self._line, self._gap, self._remark, self._full = " " * indent, "", "", False


def _fits(rest: list[_Job], job: _Job, column: int, width: int) -> bool:
    """Whether the job, set flat, and what follows it up to where a line may break, fit. Comments
    take no room."""
    left = width - column
    jobs = [job]
    below = len(rest)
    while left >= 0:
        if not jobs:
            if below == 0:
                return True
            below -= 1
            jobs.append(rest[below])
        inside = below == len(rest)
        indent, broken, one = jobs.pop()
        match one:
            case str() | Glue():
                left -= cells(one if isinstance(one, str) else one.text)
            case Line():
                if one.flat is None or broken:
                    return True
                left -= len(one.flat)
            case Cat():
                jobs.extend((indent, broken, part) for part in reversed(one.parts))
            case Nest():
                jobs.append((indent + INDENT, broken, one.inner))
            case Group():
                jobs.append((indent, one.broken or (one.yielding and not inside), one.inner))
            case IfBroken():
                left -= len(one.text) if broken else 0
    return False
