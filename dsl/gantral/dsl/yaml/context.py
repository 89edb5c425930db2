"""The context of a YAML file: the places of its texts and doc comments."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from gantral.dsl.build import Context
from gantral.dsl.build_text import closing, open_hole
from gantral.dsl.diagnostics import Edit, Label
from gantral.dsl.span import Span
from gantral.dsl.yaml.nodes import EnoughError, Scalar
from gantral.grammar.lexer import Token
from gantral.grammar.machine import MAX_ERRORS

# What ruamel.yaml takes between double quotes; what each becomes is its own to say.
_ESCAPE = re.compile(r"\\(?:x[0-9a-fA-F]{2}|u[0-9a-fA-F]{4}|U[0-9a-fA-F]{8}|[^xuU\n])")


@dataclass(slots=True)
class YamlContext(Context):
    """A context whose texts and docs are scalars of YAML.

    `quotes` has each quoted scalar that is read as text, `said` the doc comment of what begins at
    a place, both by where they start.
    """

    quotes: dict[int, Scalar] = field(default_factory=dict)
    said: dict[int, str] = field(default_factory=dict)

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
        """Adds a finding, without the edits of the text form: put into YAML they may say
        something else.

        Raises:
            EnoughError: there are too many; nobody reads on.
        """
        if len(self.found) >= MAX_ERRORS:
            raise EnoughError
        Context.error(self, code, span, message, help, labels)

    def doc(self, span: Span) -> str:
        """The `doc` of what begins at a place."""
        return self.said.get(span.start, "")

    def same_line(self, word: str, after: int, value: object) -> None:
        """Nothing: a key tells which value is its own."""

    def quoted(self, token: Token, holes: bool) -> list[str | tuple[int, int]] | None:
        """What a quoted scalar says: YAML's value of it. In that a backslash before a brace or a
        backslash makes a sign of it, and `{…}` is a hole where there are any."""
        node = self.quotes.get(token.start)
        return None if node is None else self._pieces(node, holes)

    def _pieces(self, node: Scalar, holes: bool) -> list[str | tuple[int, int]]:
        value = node.value
        places = self._places(node)
        bad = next(
            (at for at, sign in enumerate(value) if sign == "\0" or "\ud800" <= sign <= "\udfff"),
            -1,
        )
        if places is None or bad >= 0:
            self.error(
                "G0103",
                self.span(node.start, node.end),
                "an escape that is no character"
                if places is not None
                else "an escape of YAML that is not read here",
                "write the character itself",
            )
            return []
        found: list[str | tuple[int, int]] = []
        at = 0
        while at < len(value):
            sign = value[at]
            if sign == "\\":
                if value[at + 1 : at + 2] not in ("\\", "{"):
                    self.error(
                        "G0103",
                        self.span(places[at], places[at + 1]),
                        "a lone backslash in a text",
                        "write two for one (four in double quotes); a line end is `\\n` in double "
                        "quotes",
                    )
                found.append(value[at + 1 : at + 2])
                at += 2
            elif sign == "{" and holes:
                close = closing(value, at + 1, len(value))
                if close < 0:
                    open_hole(self, places[at])
                    break
                start, end = places[at + 1], places[close]
                if end - start != close - at - 1:
                    self.error(
                        "G0130",
                        self.span(start, end),
                        "an escape of YAML inside a hole of a text",
                        "write the expression as it is",
                    )
                else:
                    found.append((start, end))
                at = close + 1
            else:
                found.append(sign)
                at += 1
        return found

    def _places(self, node: Scalar) -> list[int] | None:
        """Where each character of the value stands, and where the last ends; None when the two do
        not go together."""
        text, at, last = self.text, node.first, node.last
        double = text[node.start] == '"'
        places: list[int] = []
        while at < last:
            places.append(at)
            if double and text[at] == "\\":
                match = _ESCAPE.match(text, at, last)
                if match is None:
                    return None
                at = match.end()
            elif not double and text[at] == "'":
                at += 2
            else:
                at += 1
        return [*places, last] if len(places) == len(node.value) else None
