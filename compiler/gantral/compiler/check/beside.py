"""What can't stand in a branch of a `parallel` (LANGUAGE section 7, ADR 0128). Proof P7 finds the
same on the flow graph, independently."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, TypeAlias

from gantral.compiler.names.findings import Findings
from gantral.compiler.program.statements import Branch
from gantral.compiler.program.walk import waits
from gantral.dsl.diagnostics import Label
from gantral.dsl.span import Span

Code: TypeAlias = Literal["G0429", "G0430", "G0431", "G0432"]

_SAID: dict[Code, tuple[str, str]] = {
    "G0429": (
        "a gate can't be asked in a branch: people decide while nothing else acts",
        "ask before the `parallel`, and act under the approval in its branches",
    ),
    "G0430": (
        "a child can't be run in a branch: it asks gates of its own",
        "run it before or after the `parallel`",
    ),
    "G0431": (
        "a branch can't complete the run, while others still act",
        "give what the branch found, and complete after the `parallel`",
    ),
    "G0432": (
        "a variable from outside can't be set in a branch: others run beside it",
        "give the value, and set the variable to it after the `parallel`",
    ),
}


def events(findings: Findings, branches: Sequence[Branch]) -> None:
    """Two branches that wait for one event: its sender could not say which of them it is for."""
    first: dict[str, tuple[int, Span]] = {}
    for at, branch in enumerate(branches):
        for wait in waits(branch.body):
            for name in sorted(one.event.name for one in wait.arrivals):
                known = first.setdefault(name, (at, wait.head))
                if known[0] != at:
                    findings.error(
                        "G0434",
                        wait.head,
                        f"another branch may be waiting for `{name}` at this moment",
                        "give one of the two an event of its own, or wait after the `parallel`",
                        (Label(known[1], "waited for here"),),
                    )
                    break


def refuse(findings: Findings, code: Code, span: Span) -> None:
    """Says that this can't stand in a branch."""
    message, help_ = _SAID[code]
    findings.error(code, span, message, help_)
