"""`apart deciders of`: gates whose deciders must be other persons (LANGUAGE section 6), and what
reads as two persons and may be one (section 8, rule 9)."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

from gantral.compiler.names.findings import Findings
from gantral.compiler.program import declarations as de
from gantral.compiler.program import statements as st
from gantral.dsl import syntax as syn
from gantral.dsl.diagnostics import Label
from gantral.dsl.span import Span


def decided(
    findings: Findings,
    kept: Sequence[tuple[syn.DecidersOf, Span]],
    asked: Collection[Span],
) -> None:
    """That each gate after `deciders of` is one that this workflow asks: nobody would be kept out
    else. `asked` are the places where the gates that it asks are declared."""
    for one, declared in kept:
        if declared in asked:
            continue
        findings.error(
            "G0347",
            one.gate.span,
            f"nobody decides `{one.gate.text}` in this workflow, so this keeps nobody apart",
            "name a gate that this workflow asks, or leave it out; the deciders of a parent or a"
            " child are not kept apart yet",
            (Label(declared, "this gate is not asked"),),
        )


def two_persons(findings: Findings, call: st.ServiceCall, asked: Mapping[Span, de.Gate]) -> None:
    """Rule 9: a warning where one person may decide at two of an effect's gates."""
    gates = [gate for one in call.under if (gate := asked.get(one.binding))]
    pairs = [(one, other) for at, one in enumerate(gates) for other in gates[at + 1 :]]
    told: set[frozenset[str]] = set()
    for gate, other in pairs:
        if (pair := frozenset({gate.name, other.name})) in told:
            continue
        told.add(pair)
        if keeps(gate, other.name) or keeps(other, gate.name):
            continue
        both = (
            f"whenever `{gate.name}` is asked"
            if gate is other
            else f"at both `{gate.name}` and `{other.name}`"
        )
        findings.warning(
            "G0348",
            call.head,
            f"`{call.operation}` reads as two persons' yes, and one person may decide {both}",
            f"write `apart deciders of {gate.name}` in gate `{other.name}`",
        )


def keeps(gate: de.Gate, other: str) -> bool:
    """Whether the gate itself says that the deciders of the other may not decide."""
    return any(isinstance(one, de.DecidersOf) and one.gate == other for one in gate.apart)
