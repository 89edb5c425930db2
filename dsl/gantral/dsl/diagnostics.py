"""What is wrong with a source, as one value that every stage makes and every face prints."""

from __future__ import annotations

from typing import Literal, TypeAlias

from gantral.dsl.frozen import frozen
from gantral.dsl.render import FORMATS, Format, render
from gantral.dsl.span import Span

__all__ = [
    "FORMATS",
    "Diagnostic",
    "Edit",
    "Format",
    "Label",
    "Severity",
    "Step",
    "in_order",
    "render",
]

Severity: TypeAlias = Literal["error", "warning"]


@frozen
class Label:
    """Another place that matters, with what it has to do with the finding."""

    span: Span
    text: str


@frozen
class Step:
    """One step of a witness path, in the order it is taken."""

    span: Span
    text: str


@frozen
class Edit:
    """A mend: put `text` in the place of `span` (an empty span inserts)."""

    span: Span
    text: str


@frozen
class Diagnostic:
    """One finding (LANGUAGE section 11).

    `code` is `G` and four digits, never reused, with a page `docs/codes/<code>.md`. `message` is
    one line without a full stop. `edits`, when there are any, are all of one mend. `sure` says
    that the mend is no guess and lets nobody and nothing be authorised that the text does not
    plainly name, so that it may be applied without a human (ADR 0073).
    """

    code: str
    severity: Severity
    message: str
    span: Span
    labels: tuple[Label, ...] = ()
    path: tuple[Step, ...] = ()
    help: str = ""
    edits: tuple[Edit, ...] = ()
    sure: bool = False


def in_order(found: tuple[Diagnostic, ...] | list[Diagnostic]) -> tuple[Diagnostic, ...]:
    """The findings by place, then code, each once: the order in which they are shown."""
    return tuple(sorted(dict.fromkeys(found), key=lambda one: (one.span, one.code, one.message)))
