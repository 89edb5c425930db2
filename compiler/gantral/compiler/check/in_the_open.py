"""What `as` calls lies open in Temporal's history: nothing personal goes there (ADR 0098).

All values of an instance are sealed there with the instance's key, which an erasure deletes
(ADR 0190). An operation with `as` is an activity of a team that knows no such key, so its
arguments, its result and its failures lie there as they are, out of reach of every erasure.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from collections.abc import Set as AbstractSet
from typing import TypeAlias

from gantral.compiler.names.findings import Findings
from gantral.compiler.program import expressions as ex
from gantral.compiler.program.declarations import Operation
from gantral.compiler.program.types import Field, OptionalType, RecordType, Type
from gantral.compiler.types.relate import names_somebody, reveals
from gantral.dsl import syntax as syn
from gantral.dsl.diagnostics import Label
from gantral.dsl.span import Span

Read: TypeAlias = Callable[[ex.Expr], Iterable[str | None]]
"""The plain names of the operations whose results an expression reads; None for others."""

_MEND = "leave `as` out and write a method of the service that calls the activity: what goes "
_MEND += "through it is sealed"


def declared(
    findings: Findings, one: syn.Operation, parameters: RecordType, result: Type | None
) -> None:
    """That an operation with `as` neither takes nor gives what is said to be personal."""
    if one.wire_name is None:
        return
    plain = one.wire_name
    spans = {each.name.text: each.name.span for each in one.parameters}
    marked = [
        (spans[field.name], f"`{field.name}`")
        for field in parameters.fields
        if field.personal or names_somebody(field.type)
    ]
    if one.result is not None and result is not None and names_somebody(result):
        marked.append((one.result.span, "what it gives"))
    for span, what in marked:
        findings.error(
            "G0283",
            span,
            f"{what} is personal, and `{plain.value}` would leave it open in Temporal's history",
            _MEND,
            (Label(plain.span, "called by its plain name"),),
        )


def given(
    findings: Findings,
    operation: Operation,
    values: Iterable[tuple[str, ex.Expr]],
    causes: AbstractSet[Span],
) -> None:
    """That nothing personal is given to an operation with `as`. `causes`: the names that stand for
    why a call failed, or are computed of it."""
    if operation.plain_name is None:
        return
    for name, value in values:
        if tells(value, causes):
            findings.error(
                "G0283",
                value.span,
                "this says why a call failed, which may name anybody, and "
                f"`{operation.plain_name}` would leave it open in Temporal's history",
                f"{_MEND}; or say what happened in words of your own",
            )
            continue
        field = operation.parameters.field(name)
        if value.personal and field is not None and not _marked(field):
            findings.error(
                "G0283",
                value.span,
                f"this is personal, and `{operation.plain_name}` would leave it open in "
                "Temporal's history",
                f"{_MEND}; or leave it out",
            )


def tells(value: ex.Expr, causes: AbstractSet[Span]) -> bool:
    """Whether it reads why a call failed: words of whoever wrote the service."""
    match value:
        case ex.FailureRef(field="cause", binding=binding) | ex.LetRef(binding=binding):
            return binding in causes
        case _:
            return any(tells(each, causes) for each in ex.children(value))


def called_personal(
    findings: Findings,
    wanted: RecordType,
    values: Iterable[tuple[str, ex.Expr]],
    read: Read,
) -> None:
    """That what an operation with `as` gave is not called personal where it goes."""
    for name, value in values:
        field = wanted.field(name)
        if field is not None:
            _called(findings, field, value, read)


def _called(findings: Findings, field: Field, value: ex.Expr, read: Read) -> None:
    if isinstance(value, ex.Widen | ex.Narrowed | ex.Within | ex.ReadJson):
        _called(findings, field, value.base, read)
        return
    type_ = field.type.inner if isinstance(field.type, OptionalType) else field.type
    if not field.personal and isinstance(value, ex.RecordExpr) and isinstance(type_, RecordType):
        called_personal(findings, type_, value.fields, read)
        return
    if value.personal or not (field.personal or reveals(field.type, value.type)):
        return
    plain = next((name for name in read(value) if name is not None), None)
    if plain is not None:
        findings.error(
            "G0283",
            value.span,
            f"`{field.name}` says that this is personal, and `{plain}` left it open in Temporal's "
            "history",
            f"{_MEND}, and say `personal` in its result too",
        )


def _marked(field: Field) -> bool:
    """Whether its own declaration is refused: one finding is enough."""
    return field.personal or names_somebody(field.type)
