"""Comprehensions and functions as Python: a generator where a function goes over it, else a tuple
made of one."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from gantral.compiler.codegen.constants import bare, constant
from gantral.compiler.codegen.layout import Atom, Invoke, Loop, Piece, literal
from gantral.compiler.program import (
    Comprehension,
    DecimalType,
    DurationType,
    FunctionCall,
    IntType,
    Program,
    Rounded,
    Type,
    ZonedCall,
    children,
)
from gantral.compiler.program.walk import expressions

if TYPE_CHECKING:
    from gantral.compiler.codegen.expressions import Expressions

_OVER = frozenset(
    {"sum", "count", "min", "max", "any", "all", "first", "last", "sorted", "distinct", "join"}
)
_NAMED = {"mod": "by=", "date": "zone=", "instant": "zone="}


def written(write: Expressions, one: Comprehension | FunctionCall | Rounded) -> Piece:
    """The expression."""
    match one:
        case Comprehension():
            return Invoke("tuple", (("", loop(write, one)),))
        case FunctionCall(name="text", arguments=(value,)):
            return Invoke("text", (("", write.write(value)),))
        case FunctionCall():
            return _call(write, one)
        case Rounded():
            arguments = [("", write.write(one.arguments[0]))]
            arguments += [("by=", write.write(each)) for each in one.arguments[1:]]
            if one.scale is not None:
                arguments.append(("scale=", Atom(str(one.scale))))
            arguments.append(("rounding=", Atom(literal(one.rounding))))
            return Invoke(f"expressions.{one.function}", tuple(arguments))


def loop(write: Expressions, one: Comprehension, wanted: Type | None = None) -> Loop:
    """`element for name in items if condition`, each element as a value of the type wanted."""
    element = write.write(one.element) if wanted is None else write.into(one.element, wanted)
    return Loop(
        element,
        write.loop_name(one),
        write.write(one.items),
        None if one.condition is None else write.write(one.condition),
    )


def _call(write: Expressions, one: FunctionCall) -> Piece:
    first, *rest = one.arguments
    named = _NAMED.get(one.name, "")
    others = [(named, write.write(each)) for each in rest]
    if isinstance(one, ZonedCall):
        others = [(named, Atom(zone_name(one.zone)))]
    if one.name == "sum":
        others.append(("", _zero(one.type)))
    piece: Piece
    if isinstance(first, Comprehension) and one.name in _OVER:
        piece = loop(write, first)
        if others:
            # Beside others it wants parentheses of its own.
            piece = Invoke("", (("", piece),))
    else:
        piece = write.write(first)
    return Invoke(f"expressions.{one.name}", (("", piece), *others))


def zone_name(zone: str) -> str:
    """What the zone is called in zones.py: no name of a spec ends in one `_`."""
    # A sign before a digit tells two zones apart: "Etc/GMT-1" and "Etc/GMT+1".
    told = re.sub(r"-(?=\d)", "_minus_", zone.replace("+", "_plus_"))
    return re.sub(r"[^A-Za-z0-9]", "_", told).upper() + "_"


def zones(program: Program) -> list[tuple[str, str, tuple[str, ...]]]:
    """The zones that a program names beside UTC: (name in zones.py, literal, lines of its table),
    sorted."""
    found: dict[str, str] = {}
    titles = [gate.title for gate in program.gates.values() if gate.title is not None]
    pending = [*expressions(program.run), *expressions(program.on_failure), *titles]
    while pending:
        one = pending.pop()
        pending += children(one)
        if isinstance(one, ZonedCall):
            found[one.zone] = one.shifts
    return [
        (zone_name(zone), literal(zone), tuple(_wrapped(table)))
        for zone, table in sorted(found.items())
    ]


def _wrapped(table: str) -> list[str]:
    """A table as string literals that stand one below the other."""
    lines, line = [], ""
    for row in table.split():
        if len(line) + len(row) > 80:
            lines.append(line)
            line = ""
        line += f"{row} "
    return [literal(one) for one in (*lines, line.rstrip())]


def _zero(type_: Type) -> Piece:
    match bare(type_):
        case DecimalType(scale=scale) as found:
            return constant(f"0.{'0' * scale}" if scale else "0", found)
        case DurationType() as found:
            return constant("PT0S", found)
        case _:
            return constant("0", IntType())
