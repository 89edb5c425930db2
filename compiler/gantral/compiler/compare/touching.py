"""What of a run can touch authority: all of it, but for what is only told.

For runs whose acts are not compared one by one (loops, variables, children). What is left must be
the same to the letter, names too: so nothing has to be understood of it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields, is_dataclass, replace
from typing import Any

from gantral.compiler.digest import Tree, meaning
from gantral.compiler.program import (
    Complete,
    Do,
    Operation,
    Program,
    Require,
    Terminate,
)


def touching(program: Program) -> Tree:
    """The run without the messages of its ends, its output, and the notifies that nothing binds or
    handles (ADR 0094: none of these is a matter of authority)."""
    return meaning(_without(program.run, program.operations))


def _without(value: Any, operations: Mapping[str, Operation]) -> Any:
    match value:
        case Require(condition=condition):
            # The message is text: it decides nothing.
            return replace(value, message=condition)
        case Terminate() | Complete():
            return (type(value).__name__, value.ordinal)
        case tuple():
            return tuple(_without(one, operations) for one in value if not _told(one, operations))
        case _ if is_dataclass(value) and not isinstance(value, type):
            changed = {
                one.name: _without(getattr(value, one.name), operations) for one in fields(value)
            }
            return replace(value, **changed)
        case _:
            return value


def _told(one: Any, operations: Mapping[str, Operation]) -> bool:
    return (
        isinstance(one, Do)
        and one.call.handler is None
        and operations[one.call.operation].kind == "notify"
    )
