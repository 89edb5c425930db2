"""What the proofs need of gates and operations."""

from __future__ import annotations

from gantral.compiler import formulas
from gantral.compiler.flow.graph import GateFacts, OperationFacts
from gantral.compiler.program import declarations as d


def gate_facts(gate: d.Gate) -> GateFacts:
    """Of a gate."""
    apart = [one for one in gate.apart if not isinstance(one, d.DecidersOf)]
    deciding = [one for case in gate.cases for one in _principals(case.formula)]
    principals = [*deciding, *gate.veto, *apart]
    for tick in gate.clock:
        if isinstance(tick, d.Widening):
            principals += [*tick.narrow, *tick.wide]
    last = gate.clock[-1] if gate.clock else None
    persons = {".".join(one.path) for one in principals if not isinstance(one, d.RoleOf)}
    return GateFacts(
        releases=tuple(one.operation for one in gate.releases),
        lasts=gate.lasts,
        uses=gate.uses,
        waivable=gate.waived_by is not None,
        reject=last.after if isinstance(last, d.Reject) else None,
        amends=tuple(".".join(one.path) for one in gate.amend),
        persons=tuple(sorted(persons)),
        span=gate.span,
        decides=formulas.asked(gate),
        initiator=gate.initiator_may_decide,
        ticks=len(gate.clock) or 1,
        flows=tuple(
            f"{one.operation}.{flow.argument}<{flow.operation}"
            for one in gate.releases
            if isinstance(one, d.ReleaseFrom)
            for flow in one.flows
        ),
    )


def operation_facts(one: d.Operation) -> OperationFacts:
    """Of an operation."""
    needs = one.needs
    return OperationFacts(
        kind=one.kind,
        timeout=one.timeout,
        undo=one.undo.operation if one.undo else None,
        needs=formulas.alternatives(needs.formula) if needs else (),
        initiator=needs is not None and needs.initiator_may_decide,
        longest=_longest(one),
    )


def _longest(one: d.Operation) -> int:
    """All attempts and what is waited between them, as the runtime asks the server to; 0 where
    there is one attempt."""
    count = one.retry.count if one.retry is not None else 3 if one.kind == "read" else 0
    if not count or not one.timeout:
        return 0
    every = (one.retry.every if one.retry is not None else None) or 1_000
    up_to = (one.retry.up_to if one.retry is not None else None) or 100 * every
    pauses: list[int] = [
        min(every * (1 << number), max(every, up_to)) for number in range(min(count, 64))
    ]
    # From there on each is as long as the last.
    return (count + 1) * one.timeout + sum(pauses) + (count - len(pauses)) * pauses[-1]


def _principals(formula: d.Formula) -> list[d.Principal]:
    if isinstance(formula, d.AnyOf | d.AllOf):
        return [one for part in formula.parts for one in _principals(part)]
    return list(formula.principals)
