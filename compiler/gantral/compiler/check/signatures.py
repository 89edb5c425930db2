"""What two declarations of one operation must agree in (LANGUAGE section 2)."""

from __future__ import annotations

from gantral.compiler import formulas
from gantral.compiler.program.declarations import Operation
from gantral.compiler.program.types import EnumType, ListType, OptionalType, RecordType, Type


def signature(one: Operation) -> tuple[object, ...]:
    """Comparable with another declaration's."""
    undo = None
    if one.undo is not None:
        given = one.undo.arguments
        undo = (one.undo.operation, tuple((n, r.source, r.path, r.value) for n, r in given))
    return (one.kind, _bare(one.parameters), _bare(one.result), one.idempotent, _needs(one), undo)


def _bare(type_: Type | None) -> object:
    """The type without the names it has in this program."""
    match type_:
        case RecordType():
            return tuple((f.name, _bare(f.type), f.personal, f.wire) for f in type_.fields)
        case EnumType():
            return type_.words
        case OptionalType():
            return ("optional", _bare(type_.inner))
        case ListType():
            return ("list", type_.min, type_.max, _bare(type_.element))
        case _:
            return type_


def _needs(one: Operation) -> object:
    if one.needs is None:
        return None
    return (formulas.alternatives(one.needs.formula), one.needs.initiator_may_decide)
