"""Typed expressions as text for people: as they stand in a spec, or to be read aloud."""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping

from gantral.compiler.check.canonical import duration_ms
from gantral.compiler.program import (
    Absent,
    ActorOf,
    ActorsOf,
    AllOf,
    AnyOf,
    ApprovalMeta,
    ApprovalRef,
    Binary,
    BoolType,
    Case,
    Coalesce,
    Compare,
    Comprehension,
    Conditional,
    DurationType,
    ElementRef,
    Expr,
    FailureRef,
    Formula,
    FunctionCall,
    Gate,
    In,
    InitiatorRef,
    InputRef,
    InstanceIdRef,
    InstantType,
    IntType,
    LetRef,
    ListExpr,
    Literal,
    Logic,
    Member,
    Narrowed,
    Negate,
    NewRef,
    Not,
    Now,
    OldRef,
    OutcomeData,
    OutcomeTest,
    ParamRef,
    Points,
    Principal,
    ProposedRef,
    RecordExpr,
    Rounded,
    StartedAtRef,
    Test,
    TextExpr,
    VarRef,
    Widen,
    Within,
)
from gantral.compiler.program.types import DateType, DecimalType

_CODE: Mapping[str, str] = {
    "==": "==", "!=": "!=", "<": "<", "<=": "<=", ">": ">", ">=": ">=",
    "+": "+", "-": "-", "*": "*", "??": "??", "in": "in", "not in": "not in",
    "some": "is some", "none": "is none", "not": "not ",
}  # fmt: skip
_WORDS: Mapping[str, str] = {
    "==": "is", "!=": "is not", "<": "is less than", "<=": "is at most", ">": "is more than",
    ">=": "is at least", "+": "plus", "-": "minus", "*": "times", "??": "or, when not given,",
    "in": "is one of", "not in": "is none of", "some": "is given", "none": "is not given",
    "not": "it is not so that ",
}  # fmt: skip

_FAILURE = {
    "cause": "the cause of the failure",
    "happened": "whether it happened",
    "gate": "the gate that said no",
    "reason": "the reason of the no",
}

# What needs no parentheses inside of something larger.
_WHOLE = (
    Literal, Absent, TextExpr, LetRef, VarRef, InputRef, InitiatorRef, InstanceIdRef, StartedAtRef,
    Now, FailureRef, ElementRef, ParamRef, OldRef, NewRef, ApprovalRef, ApprovalMeta, ProposedRef,
    Member, RecordExpr, ListExpr, Comprehension, FunctionCall, Rounded, OutcomeData,
)  # fmt: skip
_BARE = (IntType, DecimalType, BoolType, DurationType, DateType, InstantType)


def visible(text: str) -> str:
    """The text in one line in which nothing hides: line breaks, controls, what changes the
    direction of reading, and what is no character, as ``\\u{…}``."""
    return "".join(f"\\u{{{ord(one):x}}}" if _hides(one) else one for one in text)


def _hides(one: str) -> bool:
    # Not by "unassigned": that depends on the version of Unicode, so on Python's.
    return (
        unicodedata.category(one) in ("Cc", "Cf", "Cs", "Co", "Zl", "Zp")
        or ord(one) & 0xFFFE == 0xFFFE
        or 0xFDD0 <= ord(one) <= 0xFDEF
    )


def code(expression: Expr) -> str:
    """The expression in the language's own signs, names and all; the same for any layout."""
    return visible(_Said(_CODE, plain=False).of(expression))


def words(expression: Expr) -> str:
    """The expression as words: "order total amount is at most 40.00"."""
    return visible(_Said(_WORDS, plain=True).of(expression))


def condition(expression: Expr) -> str:
    """What must hold, in words; a value that is yes or no by itself "is true"."""
    said = words(expression)
    return f"{said} is true" if isinstance(_seen(expression), _WHOLE) else said


def formula(tree: Formula) -> str:
    """A ``decide`` formula as it stands in a spec."""
    if isinstance(tree, AnyOf):
        return " or ".join(formula(one) for one in tree.parts)
    if isinstance(tree, AllOf):
        return " and ".join(
            f"({formula(one)})" if isinstance(one, AnyOf) else formula(one) for one in tree.parts
        )
    if isinstance(tree, Points):
        weights = ", ".join(f"{_principal(who)}: {weight}" for who, weight in tree.weights)
        return f"{tree.count} points of {{ {weights} }}"
    names = [_principal(one) for one in tree.principals]
    return f"{tree.count} of {names[0] if len(names) == 1 else '[' + ', '.join(names) + ']'}"


def decide(gate: Gate) -> list[str]:
    """The ``decide`` clauses of a gate as they stand in a spec, without that word."""
    return [case(one) for one in gate.cases]


def case(one: Case) -> str:
    """One ``decide`` clause, without that word."""
    return formula(one.formula) + (f" when {code(one.condition)}" if one.condition else "")


def _principal(one: Principal) -> str:
    match one:
        case ActorOf(path=path):
            return f"actor {'.'.join(path)}"
        case ActorsOf(path=path):
            return f"actors {'.'.join(path)}"
        case _:
            return one.name


def _seen(expression: Expr) -> Expr:
    while isinstance(expression, Narrowed | Widen | Within):
        expression = expression.base
    return expression


class _Said:
    def __init__(self, signs: Mapping[str, str], *, plain: bool) -> None:
        self._signs = signs
        self._plain = plain

    def of(self, expression: Expr) -> str:
        expression = _seen(expression)
        match expression:
            case Binary() | Compare():
                return self._two(expression.left, expression.operator, expression.right)
            case Coalesce(left=left, right=right):
                return self._two(left, "??", right)
            case In(item=item, items=items, negated=negated):
                return self._two(item, "not in" if negated else "in", items)
            case Logic(operator=operator, left=left, right=right):
                # A chain of one word, and what binds closer anyway, reads without parentheses.
                sides = [
                    self.of(one) if _closer(one, operator) else self._part(one)
                    for one in (left, right)
                ]
                return f" {operator} ".join(sides)
            case Comprehension():
                return f"[{self._each(expression)}]"
            case FunctionCall() | Rounded():
                return self._function(expression)
            case Not(operand=operand):
                return f"{self._signs['not']}{self._part(operand)}"
            case Negate(operand=operand):
                return f"-{self._part(operand)}"
            case OutcomeTest(child=child, outcome=outcome):
                return f"{self._part(child)} is {outcome}"
            case Test(operand=operand, some=some):
                return f"{self._part(operand)} {self._signs['some' if some else 'none']}"
            case Conditional(condition=asked, then=then, otherwise=otherwise):
                return f"if {self.of(asked)} then {self.of(then)} else {self.of(otherwise)}"
            case _:
                return self._whole(expression)

    def _two(self, left: Expr, operator: str, right: Expr) -> str:
        return f"{self._part(left)} {self._signs[operator]} {self._part(right)}"

    def _part(self, expression: Expr) -> str:
        seen = _seen(expression)
        said = self.of(seen)
        return said if isinstance(seen, _WHOLE) else f"({said})"

    def _whole(self, expression: Expr) -> str:
        match expression:
            case Literal(value=value, type=DurationType()):
                return _time(value)
            case Literal(value=value, type=type):
                return value if isinstance(type, _BARE) else self._quoted(value)
            case TextExpr(parts=parts):
                before, after = "‹›" if self._plain else "{}"
                inner = (
                    one if isinstance(one, str) else f"{before}{self.of(one)}{after}"
                    for one in parts
                )
                return self._quoted("".join(inner))
            case RecordExpr(fields=fields):
                inner = (f"{self._name(name)}: {self.of(value)}" for name, value in fields)
                return "{ " + ", ".join(inner) + " }"
            case ListExpr(items=items):
                return f"[{', '.join(self.of(one) for one in items)}]"
            case Member(base=base, name=name, optional=optional):
                dot = " " if self._plain else "?." if optional else "."
                return f"{self._base(base)}{dot}{self._name(name)}"
            case _:
                return self._root(expression)

    def _each(self, one: Comprehension) -> str:
        """`x.id for x in xs where x.ok`; in words "x id for each x in xs where x ok is true"."""
        each = "for each" if self._plain else "for"
        said = f"{self.of(one.element)} {each} {self._name(one.name)} in {self._part(one.items)}"
        return said if one.condition is None else f"{said} where {self._holds(one.condition)}"

    def _holds(self, condition: Expr) -> str:
        said = self.of(condition)
        return f"{said} is true" if self._plain and isinstance(_seen(condition), _WHOLE) else said

    def _function(self, one: FunctionCall | Rounded) -> str:
        first = _seen(one.arguments[0])
        alone = len(one.arguments) == 1 and isinstance(first, Comprehension)
        said = [self._each(first) if alone and isinstance(first, Comprehension) else self.of(first)]
        rest = [self.of(each) for each in one.arguments[1:]]
        if isinstance(one, Rounded):
            said += [f"by: {each}" for each in rest]
            said += [] if one.scale is None else [f"scale: {one.scale}"]
            said.append(f"rounding: {self._quoted(one.rounding)}")
            return f"{one.function}({', '.join(said)})"
        named = {"mod": "by: ", "date": "zone: ", "instant": "zone: "}.get(one.name, "")
        said += [f"{named}{each}" for each in rest]
        return f"{self._name(one.name)}({', '.join(said)})"

    def _base(self, base: Expr) -> str:
        seen = _seen(base)
        if self._plain and isinstance(seen, ApprovalRef):
            return "the approved"
        if self._plain and isinstance(seen, ProposedRef):
            return "the proposed"
        return self._part(seen)

    def _root(self, expression: Expr) -> str:
        match expression:
            case Absent():
                return "nothing" if self._plain else "none"
            case InputRef():
                return "the input's" if self._plain else "input"
            case InitiatorRef():
                return "the initiator" if self._plain else "initiator"
            case InstanceIdRef():
                return "the instance's id" if self._plain else "instance.id"
            case StartedAtRef():
                return "the time of the start" if self._plain else "instance.started_at"
            case Now():
                return "the time then" if self._plain else "now()"
            case FailureRef(name=name, field=field):
                said = _FAILURE[field]
                return said if self._plain else f"{name}.{field}"
            case OldRef():
                return "what was asked for" if self._plain else "old"
            case NewRef():
                return "the new value" if self._plain else "new"
            case ApprovalMeta(name=name, field=field):
                return f"the decision's {field}" if self._plain else f"{name}.decision.{field}"
            case ProposedRef(name=name):
                return f"{name}.proposed"
            case OutcomeData(child=child, outcome=outcome):
                return f"what {self.of(child)} {outcome} with" if self._plain else self.of(child)
            case (
                LetRef(name=name)
                | VarRef(name=name)
                | ElementRef(name=name)
                | ParamRef(name=name)
                | ApprovalRef(name=name)
            ):
                return self._name(name)
            case _:
                raise TypeError(f"{type(expression).__name__} has no words")

    def _quoted(self, text: str) -> str:
        return f"“{text}”" if self._plain else f'"{text}"'

    def _name(self, name: str) -> str:
        return name.replace("_", " ") if self._plain else name


def _closer(expression: Expr, operator: str) -> bool:
    seen = _seen(expression)
    if isinstance(seen, Logic):
        return seen.operator == operator
    return isinstance(seen, Compare | Test | In)


def _time(text: str) -> str:
    """A constant duration as a spec writes it, in the largest unit that says it whole."""
    milliseconds = duration_ms(text)
    for unit, size in (("d", 86_400_000), ("h", 3_600_000), ("m", 60_000), ("s", 1_000)):
        if milliseconds and milliseconds % size == 0:
            return f"{milliseconds // size}{unit}"
    return f"{milliseconds}ms"
