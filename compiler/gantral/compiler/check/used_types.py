"""The named types of a program, each after those it is made of."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from gantral.compiler.program.declarations import Program
from gantral.compiler.program.expressions import ReadJson
from gantral.compiler.program.types import (
    EnumType,
    ListType,
    OptionalType,
    RecordType,
    Type,
)
from gantral.compiler.program.walk import bindings, variables


def used_types(program: Program) -> Program:
    """The program with its `types` filled in."""
    found: dict[str, Type] = {}
    for one in _mentioned(program):
        _collect(one, found)
    return replace(program, types=found)


def _mentioned(program: Program) -> Iterator[Type]:
    yield program.input
    yield program.output
    for service in program.services.values():
        for operation in service.operations:
            yield operation.parameters
            if operation.result is not None:
                yield operation.result
    for gate in program.gates.values():
        yield gate.parameters
    for event in program.events.values():
        yield event.data
    for block in (program.run, program.on_failure):
        for variable in variables(block):
            yield variable.type
        for one in bindings(block):
            if isinstance(one.value, ReadJson):
                yield one.value.type


def _collect(one: Type, found: dict[str, Type]) -> None:
    match one:
        case OptionalType():
            _collect(one.inner, found)
        case ListType():
            _collect(one.element, found)
        case EnumType():
            if one.name is not None:
                found.setdefault(one.name, one)
        case RecordType():
            if one.name is not None and one.name in found:
                return
            for field in one.fields:
                _collect(field.type, found)
            if one.name is not None:
                found[one.name] = one
        case _:
            return
