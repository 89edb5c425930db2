"""Where the stages below put what they find, and the hints that name what was meant."""

from __future__ import annotations

import difflib
from collections.abc import Iterable

from gantral.dsl.diagnostics import Diagnostic, Edit, Label
from gantral.dsl.span import Span


class Findings:
    """The diagnostics of one analysis, in the order found."""

    def __init__(self) -> None:
        self.all: list[Diagnostic] = []
        self.errors = 0

    def error(
        self,
        code: str,
        span: Span,
        message: str,
        help: str,
        labels: tuple[Label, ...] = (),
        edits: tuple[Edit, ...] = (),
    ) -> None:
        """One error; every one says how to mend it."""
        self.errors += 1
        self.all.append(Diagnostic(code, "error", message, span, labels, (), help, edits))

    def warning(
        self, code: str, span: Span, message: str, help: str, edits: tuple[Edit, ...] = ()
    ) -> None:
        """One warning."""
        self.all.append(Diagnostic(code, "warning", message, span, (), (), help, edits))

    def once(self, since: int) -> None:
        """Of equal ones from that number on only the first is kept: they were looked for again."""
        found = self.all[since:]
        self.all[since:] = [one for at, one in enumerate(found) if one not in found[:at]]
        self.errors = sum(one.severity == "error" for one in self.all)


def nearest(name: str, known: Iterable[str]) -> str | None:
    """The known name that `name` most likely was meant to be (ties: the first in order)."""
    found = difflib.get_close_matches(name, sorted(set(known)), n=1, cutoff=0.6)
    return found[0] if found else None


def meant(
    span: Span, name: str, known: Iterable[str], otherwise: str
) -> tuple[str, tuple[Edit, ...]]:
    """Help and edit for an unknown name: the nearest known one, else `otherwise`."""
    listed = sorted(set(known))
    close = nearest(name, listed)
    if close is not None:
        return f"did you mean `{close}`?", (Edit(span, close),)
    if listed and len(listed) <= 8:
        return f"{otherwise}; known here: " + ", ".join(f"`{one}`" for one in listed), ()
    return otherwise, ()
