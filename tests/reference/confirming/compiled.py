"""What the compiler says of a text, with the typed program of what it refuses as well."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from unittest.mock import patch

from gantral.compiler import analysis
from gantral.compiler.check import acting, workflow
from gantral.compiler.flow import Flow
from gantral.compiler.flow.walk import witness
from gantral.compiler.program import Program
from gantral.compiler.proofs import PROVED
from gantral.dsl.diagnostics import Diagnostic

_RUN = PROVED | {"G0324"}


@dataclass(frozen=True)
class Compiled:
    """The programs that there are to run: a rule of types alone may leave none."""

    programs: tuple[Program, ...]
    errors: tuple[Diagnostic, ...]
    warnings: tuple[Diagnostic, ...] = ()

    @property
    def program(self) -> Program | None:
        """The workflow `sample`."""
        return next((one for one in self.programs if one.name == "sample"), None)


def compiled(text: str, others: Mapping[str, str] | None = None) -> Compiled:
    """Checks and proves a text, which may import the others. A program that is refused never leaves
    `analyse`, so it is taken where its flow is built."""
    found: list[Program] = []
    flows: list[Flow] = []
    build = analysis.build_flow

    def built(program: Program) -> Flow:
        found.append(program)
        flows.append(build(program))
        return flows[-1]

    with (
        patch.object(analysis, "build_flow", built),
        # Of who decides the types alone say it: what they refuse is to be run as well.
        patch.object(workflow, "PROVED", _RUN),
        patch.object(acting, "PROVED", _RUN),
    ):
        told = analysis.check_text("sample.gantral", text, others)
    errors = tuple(_pathed(one, flows) for one in told if one.severity == "error")
    return Compiled(tuple(found), errors, tuple(one for one in told if one.severity != "error"))


def _pathed(one: Diagnostic, flows: Sequence[Flow]) -> Diagnostic:
    """A finding of the types alone has no path: a way to the `ask` will do."""
    for flow in flows if one.code == "G0324" else ():
        for node in flow.nodes:
            if any(each.span == one.span for each in node.arguments):
                return replace(one, path=witness(flow, node.id))
    return one
