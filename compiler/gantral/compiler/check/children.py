"""Workflows that run another as their child (LANGUAGE sections 2 and 7).

A child is proved by itself before a workflow may run it, and what it takes and gives are types of
its own: they have no names in the workflow that runs it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from gantral.compiler.names.findings import Findings
from gantral.compiler.names.module import Names
from gantral.compiler.program.declarations import Program
from gantral.compiler.program.types import (
    EnumType,
    ListType,
    OptionalType,
    RecordType,
    Type,
)
from gantral.dsl import syntax as syn
from gantral.dsl.diagnostics import Label
from gantral.dsl.span import Span


class Programs:
    """The workflows of one file, each checked once, be it that another runs it as its child.

    `check` checks one of the file; `elsewhere` gives one of another file by path and name, None
    after its own findings.
    """

    def __init__(
        self,
        findings: Findings,
        path: str,
        check: Callable[[syn.Workflow], Program | None],
        elsewhere: Callable[[str, str], Program | None],
    ) -> None:
        self._findings = findings
        self._path = path
        self._check = check
        self._elsewhere = elsewhere
        self._known: dict[Span, Program | None] = {}
        self._open: list[syn.Workflow] = []
        self.whole: list[Program] = []
        """Those that could be built, a child before those that run it."""

    def get(self, one: syn.Workflow) -> Program | None:
        """The program of a workflow of this file; None after findings."""
        if one.span not in self._known:
            self._open.append(one)
            found = self._known[one.span] = self._check(one)
            self._open.pop()
            if found is not None:
                self.whole.append(found)
        return self._known[one.span]

    def child(self, where: Names, one: syn.Workflow, span: Span) -> Program | None:
        """The program that is run as a child at `span`; None after findings. Imports form no
        circle, so workflows can form one within a file only."""
        if where.source.path != self._path:
            return self._elsewhere(where.source.path, one.name.text)
        if one in self._open:
            around = [each.name.text for each in self._open[self._open.index(one) :]]
            self._findings.error(
                "G0280",
                span,
                f"workflows run each other in a circle: {' -> '.join([*around, around[0]])}",
                "let the inner one end, and the outer one go on with how it ended",
                (Label(one.name.span, "this one is running already"),),
            )
            return None
        return self.get(one)


def may_run(
    findings: Findings, child: Program, parent: syn.Workflow, starters: tuple[str, ...], span: Span
) -> None:
    """Findings for a child that this workflow may not run."""
    missing = [role for role in starters if role not in child.start_by]
    if missing:
        listed = " and ".join(f"`{role}`" for role in missing)
        findings.error(
            "G0367",
            span,
            f"{listed} may not start `{child.name}`, and would do so by way of this workflow",
            f"add {listed} to its `start by`, or take them out of the `start by` here",
            (Label(child.name_span, f"started by {' or '.join(child.start_by)}"),),
        )
    if child.team != parent.team.text:
        findings.error(
            "G0351",
            span,
            f"`{child.name}` is of the team `{child.team}`, and a child writes its evidence where "
            f"this workflow of the team `{parent.team.text}` does",
            f"let `{child.team}` start it by itself, and `wait for` an event that says how it "
            "ended; or write a workflow of this team's own",
        )


def anonymous(record: RecordType) -> RecordType:
    """The record without the names by which its parts are declared elsewhere."""
    return RecordType(tuple(replace(one, type=_anonymous(one.type)) for one in record.fields))


def _anonymous(type_: Type) -> Type:
    match type_:
        case RecordType():
            return anonymous(type_)
        case EnumType(words=words):
            return EnumType(words)
        case ListType(element=element):
            return replace(type_, element=_anonymous(element))
        case OptionalType(inner=inner):
            return OptionalType(_anonymous(inner))
        case _:
            return type_
