"""The proofs of DESIGN section 4 on the flow graph, each in its own file."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

from gantral.compiler.flow import Flow
from gantral.compiler.proofs import p1, p2, p3, p5, p6, p7, p8, p9, p11, p12
from gantral.dsl.diagnostics import Diagnostic, in_order

__all__ = ["PROOFS", "PROVED", "prove"]

PROOFS: Mapping[str, Callable[[Flow], Iterator[Diagnostic]]] = {
    "P1": p1.prove,
    "P2": p2.prove,
    "P3": p3.prove,
    "P5": p5.prove,
    "P6": p6.prove,
    "P7": p7.prove,
    "P8": p8.prove,
    "P9": p9.prove,
    "P11": p11.prove,
    "P12": p12.prove,
}

PROVED = frozenset(
    {
        *("G0301", "G0302", "G0303", "G0305", "G0306", "G0309", "G0330", "G0331", "G0349"),
        *("G0429", "G0430", "G0431", "G0432", "G0434", "G0502"),
    }
)
"""The codes of rules that the type checker holds by itself as well: a program that breaks no other
can still be built, so that the proof tells the path."""


def prove(flow: Flow) -> tuple[Diagnostic, ...]:
    """Every way in which the flow breaks a property, in the order of the source; empty: proved."""
    found = [one for proof in PROOFS.values() for one in proof(flow)]
    # What nobody approved is often what was amended too, and reading the approval mends both.
    unapproved = {one.span for one in found if one.code == "G0306"}
    return in_order([one for one in found if one.code != "G0308" or one.span not in unapproved])
