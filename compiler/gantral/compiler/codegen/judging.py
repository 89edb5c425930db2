"""Conditions that are judged again with what was decided, in a function of their own."""

from __future__ import annotations

from gantral.compiler.again import Judged
from gantral.compiler.check.facts import Key, shown, unproved
from gantral.compiler.codegen.expressions import Expressions
from gantral.compiler.codegen.layout import AND, COMPARISON, OR, Chain, Piece, joined
from gantral.compiler.program import Expr


def judged(write: Expressions, one: Judged) -> Piece:
    """Whether a condition comes out as it has to with the decided values."""
    known: set[Key] = set()
    ways: list[tuple[Piece, list[Piece]]] = []
    for guard, holds in one.guards:
        # Where another way was taken the condition was not judged.
        way = write.negation(guard) if holds else write.write(guard)
        ways.append((way, _some(write, guard, known)))
        known.update(shown(guard, holds))
    if one.holds is None:
        tests = [*_some(write, one.then, known), *_some(write, one.first, known)]
        sides = (("", write.write(one.then)), ("== ", write.write(one.first)))
        piece: Piece = Chain(sides, COMPARISON)
    else:
        tests = _some(write, one.then, known)
        piece = write.write(one.then) if one.holds else write.negation(one.then)
    piece = joined("and", AND, [*tests, piece])
    for way, before in reversed(ways):
        piece = joined("and", AND, [*before, joined("or", OR, [way, piece])])
    return piece


def _some(write: Expressions, expression: Expr, known: set[Key]) -> list[Piece]:
    """Tests of what was known to be some where the condition stands: in a function of its own
    a type checker knows it no more. They are true there."""
    needed = unproved(expression, known)
    known.update(needed)
    return [write.test(one, some=True) for one in needed.values()]
