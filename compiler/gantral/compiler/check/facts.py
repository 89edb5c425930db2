"""What a condition that came out one way shows of the values it reads."""

from __future__ import annotations

from typing import TypeAlias

from gantral.compiler.program import expressions as ex
from gantral.compiler.program.types import EnumType, OptionalType
from gantral.dsl.frozen import frozen

Key: TypeAlias = tuple[object, ...]


@frozen
class Fact:
    """What is known of a value: that it is there, and which enum words it can have."""

    some: bool
    words: tuple[str, ...] | None


def access(value: ex.Expr) -> Key | None:
    """The path by which a value is read, when it is one that can't change."""
    match value:
        case ex.LetRef() | ex.ElementRef() | ex.ApprovalRef():
            return (value.binding,)
        case ex.ProposedRef():
            return (value.binding, "decision", "proposed")
        case ex.ApprovalMeta():
            return (value.binding, "decision", value.field)
        case ex.InputRef():
            return ("input",)
        case ex.ParamRef():
            return ("parameter", value.name)
        case ex.OldRef():
            return ("old",)
        case ex.NewRef():
            return ("new",)
        case ex.FailureRef():
            return (value.binding, value.field)
        case ex.Narrowed():
            return access(value.base)
        case ex.Member():
            base = access(value.base)
            return None if base is None else (*base, value.name)
        case _:
            return None


def both(one: Fact, other: Fact) -> Fact:
    """What two facts of one value say together."""
    if one.words is None or other.words is None:
        return Fact(one.some or other.some, one.words if other.words is None else other.words)
    words = tuple(word for word in one.words if word in other.words)
    return Fact(one.some or other.some, words)


def facts(condition: ex.Expr, truth: bool) -> dict[Key, Fact]:
    """What is known of the paths a condition reads where it came out as `truth`."""
    match condition:
        case ex.Not():
            return facts(condition.operand, not truth)
        case ex.Logic():
            left, right = facts(condition.left, truth), facts(condition.right, truth)
            if (condition.operator == "and") == truth:
                for key, fact in right.items():
                    left[key] = both(left[key], fact) if key in left else fact
                return left
            return _either(left, right)
        case ex.Test():
            if condition.some != truth:
                return {}
            return _some(condition.operand)
        case ex.Compare() if condition.operator in ("==", "!="):
            return _words(condition, truth == (condition.operator == "=="))
        case _:
            return {}


def _some(operand: ex.Expr) -> dict[Key, Fact]:
    """That a path has a value says that all it is read through by `?.` have one."""
    found: dict[Key, Fact] = {}
    value: ex.Expr | None = operand
    while value is not None:
        key = access(value)
        if key is None:
            break
        if value is operand or isinstance(value.type, OptionalType):
            found[key] = Fact(True, None)
        value = value.base if isinstance(value, (ex.Member, ex.Narrowed)) else None
    return found


def _words(condition: ex.Compare, equal: bool) -> dict[Key, Fact]:
    for value, other in (
        (condition.left, condition.right),
        (condition.right, condition.left),
    ):
        key = access(value)
        if key is None or not isinstance(value.type, EnumType) or not isinstance(other, ex.Literal):
            continue
        if equal:
            return {key: Fact(False, (other.value,))}
        return {key: Fact(False, tuple(w for w in value.type.words if w != other.value))}
    return {}


def _either(left: dict[Key, Fact], right: dict[Key, Fact]) -> dict[Key, Fact]:
    found: dict[Key, Fact] = {}
    for key, one in left.items():
        other = right.get(key)
        if other is None:
            continue
        words = None
        if one.words is not None and other.words is not None:
            words = tuple(dict.fromkeys(one.words + other.words))
        found[key] = Fact(one.some and other.some, words)
    return found


def unproved(value: ex.Expr, known: set[Key]) -> dict[Key, ex.Expr]:
    """What must be some for the value to be read and is not `known` to be, nor shown by the value
    itself before it is read; each is an expression that is some then, the outer ones first."""
    found: dict[Key, ex.Expr] = {}
    if isinstance(value, ex.Narrowed) and isinstance(value.base.type, OptionalType):
        step: ex.Expr = value.base
        steps = [step]
        while isinstance(step, (ex.Member, ex.Narrowed)):
            step = step.base
            if isinstance(step.type, OptionalType):
                steps.append(step)
        for one in reversed(steps):
            key = access(one)
            if key is not None and key not in known:
                found[key] = ex.Narrowed(span=one.span, type=value.type, base=one)
        return found
    parts = [(part, known) for part in ex.children(value)]
    if isinstance(value, (ex.Logic, ex.Conditional)):
        first = parts[0][0]
        sides = [{*known, *shown(first, truth)} for truth in (True, False)]
        if isinstance(value, ex.Conditional):
            parts = [parts[0], (value.then, sides[0]), (value.otherwise, sides[1])]
        else:
            parts = [parts[0], (value.right, sides[value.operator == "or"])]
    if isinstance(value, ex.Comprehension) and value.condition is not None:
        parts[-1] = (value.element, {*known, *shown(value.condition, True)})
    for part, so_far in parts:
        for key, one in unproved(part, so_far).items():
            found.setdefault(key, one)
    return found


def shown(condition: ex.Expr, truth: bool) -> set[Key]:
    """The paths that have a value where a condition came out as `truth`."""
    return {key for key, fact in facts(condition, truth).items() if fact.some}
