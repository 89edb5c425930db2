"""`releases aws.attach(user from directory.create)`: what an effect of one service gave, as an
argument of another one (LANGUAGE section 8, rule 3)."""

from __future__ import annotations

from gantral.compiler.check.services import Services
from gantral.compiler.names.findings import Findings
from gantral.compiler.names.module import Names
from gantral.compiler.program import declarations as de
from gantral.dsl import syntax as syn
from gantral.dsl.diagnostics import Label
from gantral.dsl.span import Span


def flows(
    findings: Findings,
    services: Services,
    names: Names,
    release: syn.Release,
    operation: de.Operation,
) -> tuple[de.From, ...]:
    """What stands in the brackets after a released operation."""
    made: dict[tuple[str, str], de.From] = {}
    for one in release.flows:
        found = services.operation(names, one.operation)
        name = one.argument.text
        if operation.parameters.field(name) is None:
            findings.error(
                "G0350",
                one.argument.span,
                f"`{operation.key}` takes no `{name}`",
                "name one of its arguments",
            )
        if found is None:
            continue
        source = found[1]
        if why := _nothing(operation, source):
            findings.error(
                "G0350", one.operation.span, why, "leave it out, or name an effect that gives it"
            )
            continue
        first = made.get((name, source.key))
        if first is not None:
            findings.error(
                "G0203",
                one.span,
                f"`{name} from {source.key}` stands here twice",
                "leave one of the two out",
                (Label(first.span, "first here"),),
            )
            continue
        made[name, source.key] = de.From(name, source.key, one.span)
    return tuple(made.values())


def _nothing(operation: de.Operation, source: de.Operation) -> str:
    """Why a `from` says nothing; "" when it does."""
    if not source.acts:
        return f"`{source.key}` is a {source.kind}: nobody approves what it gives"
    if source.service == operation.service:
        return f"`{source.key}` is of the same service: what it gives may go on without this"
    if source.result is None:
        return f"`{source.key}` gives nothing"
    return ""


def allows(gate: de.Gate, operation: str, argument: str, source: str) -> bool:
    """Whether the gate says `releases operation(argument from source)`."""
    return any(
        isinstance(one, de.ReleaseFrom)
        and one.operation == operation
        and any((flow.argument, flow.operation) == (argument, source) for flow in one.flows)
        for one in gate.releases
    )


def released(
    findings: Findings,
    wanted: tuple[str, str, Span, frozenset[tuple[Span, str]]],
    asked: dict[Span, de.Gate],
) -> None:
    """That each gate which approved a result of another service lets it into the argument.
    `wanted` is the operation, its argument, where its value stands, and the approvals by where they
    are bound, each with the effect that gave the result."""
    operation, argument, span, results = wanted
    for binding, source in sorted(results):
        gate = asked.get(binding)
        if gate is None or allows(gate, operation, argument, source):
            continue
        findings.error(
            "G0306",
            span,
            f"gate `{gate.name}` did not approve what `{source}` gives for another service",
            f"write `releases {operation}({argument} from {source})` in the gate: people then see"
            " that it goes there",
            (Label(gate.span, "this gate"),),
        )
        return
