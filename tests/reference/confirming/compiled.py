"""What the compiler says of a text, with the typed program of what it refuses as well."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from unittest.mock import patch

from gantral.compiler import analysis
from gantral.compiler.flow import Flow
from gantral.compiler.program import Program
from gantral.dsl.diagnostics import Diagnostic


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
    build = analysis.build_flow

    def built(program: Program) -> Flow:
        found.append(program)
        return build(program)

    with patch.object(analysis, "build_flow", built):
        told = analysis.check_text("sample.gantral", text, others)
    errors = tuple(one for one in told if one.severity == "error")
    return Compiled(tuple(found), errors, tuple(one for one in told if one not in errors))
