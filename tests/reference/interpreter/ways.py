"""What a block may do, by its words: whether the run may go on after it, and what it sets."""

from __future__ import annotations

from gantral.compiler import program as p
from gantral.compiler.program.walk import assigned, blocks, gives
from gantral.dsl.span import Span

Block = tuple[p.Statement, ...]


def goes_on(block: Block) -> bool:
    """Whether the run may go on after the block, off its end or by a value that leaves it."""
    through, out = _ways(block)
    return through or bool(out)


def sets(*around: Block) -> set[Span]:
    """The variables that the blocks set, by where they are declared."""
    return {one.binding for block in around for one in assigned(block)}


def may_give(block: Block) -> bool:
    """Whether it gives a value to the construct that it is a block of."""
    return any(True for _ in gives(block))


def _ways(block: Block) -> tuple[bool, frozenset[type]]:
    """Whether it comes to its end, and by which statements a value leaves it."""
    out: frozenset[type] = frozenset()
    for one in block:
        match one:
            case p.Complete() | p.Terminate():
                return False, out
            case p.Give() | p.Collect():
                return False, out | {type(one)}
            case p.If(then=then, otherwise=otherwise):
                sides = tuple(_ways(inner) for inner in (then, otherwise))
                out = out.union(*(side[1] for side in sides))
                if not any(side[0] for side in sides):
                    return False, out
            case p.Repeat(body=body, otherwise=otherwise):
                through, other = _ways(otherwise)
                out = out | _ways(body)[1] | other
                if not through:
                    return False, out
            case p.WaitStatement():
                sides = tuple(_ways(inner) for inner in blocks(one))
                out = out.union(*(side[1] for side in sides))
                if not any(side[0] for side in sides):
                    return False, out
            case p.Parallel(branches=branches) | p.Let(value=p.Parallel(branches=branches)):
                # Every branch runs: one that always ends the run ends it. Nothing leaves one but
                # what it gives to the name.
                bound = isinstance(one, p.Let)
                for side in (_ways(branch.body) for branch in branches):
                    if not (side[0] or (bound and side[1])):
                        return False, out
            case p.Let(value=value):
                # What is given inside is given to the name, and what is collected to its list.
                taken = p.Collect if isinstance(value, p.ForEach) else p.Give
                out = out.union(*(_ways(inner)[1] - {taken} for inner in blocks(one)))
            case _:
                out = out.union(*(_ways(inner)[1] for inner in blocks(one)))
    return True, out
