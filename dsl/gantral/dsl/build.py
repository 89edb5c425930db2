"""What all builders of nodes share: the context, parts that are no nodes, and clauses."""

from __future__ import annotations

import decimal
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from gantral.dsl.diagnostics import Diagnostic, Edit, Label
from gantral.dsl.frozen import frozen
from gantral.dsl.positions import Lines
from gantral.dsl.span import Span
from gantral.dsl.syntax import Decimal, Duration, Identifier, Integer
from gantral.grammar.lexer import Token

Builder = Callable[["Context", Span, list[Any]], Any]

_MILLISECONDS = {"ms": 1, "s": 1000, "m": 60_000, "h": 3_600_000, "d": 86_400_000, "w": 604_800_000}
# Longer than any number a decimal or an int of a service holds; int() of endless digits is slow.
MAX_DIGITS = 40


@dataclass(slots=True)
class Context:
    """One text being read: where findings go, the doc comments by the line they stand on, and the
    names of a wrong case whose mend is sure."""

    source: str
    text: str
    docs: dict[int, str] = field(default_factory=dict)
    found: list[Diagnostic] = field(default_factory=list)
    sure_names: frozenset[str] = frozenset()
    _lines: Lines | None = None

    def span(self, start: int, end: int) -> Span:
        """The span of an offset range in this text."""
        return Span(self.source, start, end)

    def error(
        self,
        code: str,
        span: Span,
        message: str,
        help: str = "",
        labels: tuple[Label, ...] = (),
        edits: tuple[Edit, ...] = (),
        sure: bool = False,
    ) -> None:
        """Adds a finding."""
        self.found.append(Diagnostic(code, "error", message, span, labels, (), help, edits, sure))

    def doc(self, span: Span) -> str:
        """The text of the `##` lines right above a declaration that begins its line: what stands
        further along on it is not what they speak of (ADR 0070)."""
        begin = self.text.rfind("\n", 0, span.start) + 1
        if not self.docs or self.text[begin : span.start].strip():
            return ""
        if self._lines is None:
            self._lines = Lines(self.text)
        line = self._lines.place(span.start)[0] - 1
        lines: list[str] = []
        while line - 1 in self.docs:
            line -= 1
            lines.append(self.docs[line])
        return "\n".join(reversed(lines))

    def quoted(self, token: Token, holes: bool) -> list[str | tuple[int, int]] | None:
        """What a text says that is written in another way than in quotes of ours: pieces, and the
        places of its holes where it takes `holes`. None: it is written in quotes of ours."""
        return None

    def damaged(self, span: Span) -> bool:
        """Whether something inside is wrong, so that what seems missing may be there."""
        return any(span.start <= one.span.start <= span.end for one in self.found)

    def same_line(self, word: str, after: int, value: Any) -> None:
        """LANGUAGE section 4: the value starts on its word's line."""
        if "\n" in self.text[after : value.span.start]:
            self.error(
                "G0108",
                value.span,
                f"the value of `{word}` starts on another line",
                f"start it on the line of `{word}`",
            )


@frozen
class Part:
    """What a rule gave that is no node of its own: a clause, or a list in brackets."""

    name: str
    span: Span
    items: list[Any]


def ident(context: Context, token: Token) -> Identifier:
    """The identifier a word stands for."""
    return Identifier(context.span(token.start, token.end), token.text)


def part(items: Sequence[Any], name: str) -> Part | None:
    """The part of that name, if there is one."""
    return next((item for item in items if isinstance(item, Part) and item.name == name), None)


def first_of(items: Sequence[Any], kind: type[Any]) -> Any:
    """The first item of a kind, or None."""
    return next((item for item in items if isinstance(item, kind)), None)


def all_of(items: Sequence[Any], kinds: type[Any] | tuple[type[Any], ...]) -> tuple[Any, ...]:
    """Every item of the kinds, in order."""
    return tuple(item for item in items if isinstance(item, kinds))


def integer(context: Context, token: Token) -> Integer:
    """The number a token of digits stands for."""
    span = context.span(token.start, token.end)
    if _long(context, span, token.text):
        return Integer(span, 0)
    return Integer(span, int(token.text))


def exact(context: Context, token: Token) -> Decimal:
    """The decimal a token stands for, its scale kept."""
    span = context.span(token.start, token.end)
    text = "0.0" if _long(context, span, token.text) else token.text
    return Decimal(span, decimal.Decimal(text))


def duration(context: Context, token: Token) -> Duration:
    """The duration a token stands for."""
    span = context.span(token.start, token.end)
    digits = token.text.rstrip("mshdw")
    unit = token.text[len(digits) :]
    count = 0 if _long(context, span, digits) else int(digits)
    return Duration(span, count * _MILLISECONDS[unit], token.text)


def _long(context: Context, span: Span, text: str) -> bool:
    if len(text) <= MAX_DIGITS:
        return False
    context.error("G0114", span, f"a number of more than {MAX_DIGITS} digits")
    return True


class Clauses:
    """The clauses of one declaration: each once, the required ones there."""

    def __init__(self, context: Context, span: Span, owner: str, items: Sequence[Any]) -> None:
        self._context = context
        self._span = span
        self._owner = owner
        self._parts = [item for item in items if isinstance(item, Part)]

    def many(self, name: str) -> list[Part]:
        """All clauses of the name, in order."""
        return [one for one in self._parts if one.name == name]

    def one(self, *names: str) -> Part | None:
        """The clause of any of these names; a second one is an error."""
        here = [one for one in self._parts if one.name in names]
        for again in [] if self._context.damaged(self._span) else here[1:]:
            word = self._context.text[here[0].span.start : here[0].span.end].split(None, 1)[0]
            self._context.error(
                "G0106",
                again.span,
                f"{self._owner} says `{word.rstrip('{(,')}` twice",
                "keep one of them",
                (Label(here[0].span, "said here first"),),
            )
        return here[0] if here else None

    def need(self, name: str, wanted: str, at: Span) -> Part | None:
        """The one clause of the name; without it an error that says what to write."""
        found = self.one(name)
        if found is None:
            self.missing(wanted, at)
        return found

    def missing(self, wanted: str, at: Span) -> None:
        """Says that a clause is not there."""
        if not self._context.damaged(self._span):
            self._context.error(
                "G0107", at, f"{self._owner} has no `{wanted.split(' ')[0]}`", f"add `{wanted}`"
            )
