"""What a run may leave that its parent would have to undo (LANGUAGE section 8, rules 7 and 8)."""

from __future__ import annotations

from math import prod

from gantral.compiler.program.declarations import Program
from gantral.compiler.program.walk import looped, run_within


def undoes(program: Program) -> int:
    """How many effects with an `undo` a run of it may do at most, those of its own children too."""
    calls = sum(
        prod(loop.at_most for loop in around)
        for call, around in looped(program.run)
        if program.operations[call.operation].undo is not None
    )
    ran = (
        undoes(program.children[run.workflow]) * prod(loop.at_most for loop in around)
        for run, around in run_within(program.run)
    )
    return calls + sum(ran)
