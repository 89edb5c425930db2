"""What an expression comes to: who saw it and where it comes from, exactly; its value as far as the
way of a run can depend on it. What is computed (`a + b`, a function, a text) is any value of its
type: which one is of no concern here, and so more ways are tried than there are."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import TypeAlias

from gantral.compiler import program as p
from gantral.dsl.span import Span

from interpreter.book import Approval, Book, Outcome
from interpreter.data import GIVEN, NOBODY, Datum, Place, Places, Seers, Unknown, unknown
from interpreter.schedule import Schedule

Bound: TypeAlias = Datum | Approval | Outcome
_NOBODYS: Seers = frozenset({NOBODY})
GIVENS: Seers = frozenset({NOBODY, GIVEN})
"""What nobody here has seen, and others may say."""


@dataclass
class Names:
    """What names hold: by where they are bound, so that no two are one."""

    bound: dict[Span, Bound] = field(default_factory=dict)
    input: Datum = field(default_factory=lambda: Datum({}))
    parameters: Mapping[str, Datum] = field(default_factory=dict)
    """In a clause of a gate."""
    old: Datum | None = None
    new: Datum | None = None


class Values:
    """Values that are chosen when something depends on them; of one place always the same."""

    def __init__(self, schedule: Schedule, book: Book) -> None:
        self.schedule = schedule
        self.book = book
        self._known: dict[Place, object] = {}

    def made(self, type: p.Type, by: Seers, of: Places) -> Datum:
        """A computed value."""
        self.book.made += 1
        return Datum(Unknown(("made", self.book.made), type), by, of)

    def known(self, datum: Datum) -> Datum:
        """The datum with its value, or with its shape when it has parts."""
        if not isinstance(datum.value, Unknown):
            return datum
        place, type = datum.value.place, datum.value.type
        match type:
            case p.RecordType(fields=fields):
                made = {one.name: _part(datum, place, one.name, one.type) for one in fields}
                return Datum(made, datum.by, datum.of)
            case p.OptionalType(inner=inner):
                if self._choice(place, (True, False)):
                    return self.known(Datum(Unknown((*place, "?"), inner), datum.by, datum.of))
                return Datum(None, datum.by, datum.of)
            case p.ListType(element=element, min=least, max=most):
                longest = 2 if most is None else min(most, 4)
                lengths = sorted({least or 0, 1, min(longest, 2), longest}, reverse=True)
                length = self._choice(place, tuple(lengths))
                assert isinstance(length, int)
                items = tuple(_part(datum, place, at, element) for at in range(length))
                return Datum(items, datum.by, datum.of)
            case _:
                return Datum(self._choice(place, _pool(type)), datum.by, datum.of)

    def field(self, datum: Datum, name: str) -> Datum:
        """A field of a record, or none, of which nothing else is asked."""
        value = datum.value
        if isinstance(value, Unknown) and isinstance(value.type, p.RecordType):
            (type,) = (one.type for one in value.type.fields if one.name == name)
            return _part(datum, value.place, name, type)
        known = self.known(datum)
        if isinstance(known.value, dict) and (name in known.value or known.value):
            return known.field(name)
        if known.value is None:
            return Datum(None, known.by, known.of)
        raise KeyError(name)

    def plain(self, datum: Datum) -> object:
        """The value with all its parts, to be compared."""
        value = self.known(datum).value
        match value:
            case dict():
                return {name: self.plain(part) for name, part in value.items()}
            case tuple():
                return tuple(self.plain(part) for part in value)
            case _:
                return value

    def _choice(self, place: Place, options: tuple[object, ...]) -> object:
        if place not in self._known:
            self._known[place] = self.schedule.pick(options)
        return self._known[place]


def _part(whole: Datum, place: Place, name: str | int, type: p.Type) -> Datum:
    places = frozenset([(*one, name) for one in whole.of])
    return Datum(Unknown((*place, name), type), whole.by, places)


def _pool(type: p.Type) -> tuple[object, ...]:
    match type:
        case p.BoolType():
            return (True, False)
        case p.IntType(min=least, max=most):
            inside = [
                one for one in (2, 0, 9) if (least or 0) <= one <= (9 if most is None else most)
            ]
            return tuple(inside or [least or most or 0])
        case p.DecimalType():
            return (Decimal(2), Decimal(0), Decimal(9))
        case p.EnumType(words=words):
            return words
        case p.NothingType():
            return (None,)
        case _:
            return ("a", "b")


def constant(one: p.Literal) -> object:
    """The value of a literal; what has an order only in its own type stays text."""
    match one.type:
        case p.BoolType():
            return one.value == "true"
        case p.IntType() | p.DecimalType():
            return Decimal(one.value)
        case _:
            return one.value


class Failed(Exception):  # noqa: N818
    """A value does not fit where it goes in: a failed action."""


class Evaluator:
    """Evaluates the expressions of one workflow."""

    def __init__(self, values: Values, names: Names) -> None:
        self.values = values
        self.names = names

    def evaluate(self, one: p.Expr) -> Datum:
        """What it comes to."""
        match one:
            case p.Literal():
                return Datum(constant(one))
            case p.Absent():
                return Datum(None)
            case p.InputRef():
                return self.names.input
            case p.InitiatorRef() | p.InstanceIdRef() | p.StartedAtRef():
                return unknown(one.type, (type(one).__name__,), _NOBODYS)
            case p.Now():
                return self.values.made(one.type, _NOBODYS, frozenset())
            case p.LetRef() | p.VarRef() | p.ElementRef():
                held = self.names.bound.get(one.binding)
                return held if isinstance(held, Datum) else _lost(one.type)
            case p.FailureRef(field=name, binding=binding):
                held = None if binding is None else self.names.bound.get(binding)
                if isinstance(held, Datum) and isinstance(held.value, dict):
                    return held.field(name)
                return _lost(one.type)
            case p.OutcomeTest(child=child, outcome=ended):
                outcome = self._outcome(child)
                if outcome is not None:
                    outcome.asked = True
                return Datum(outcome is not None and outcome.ended == ended, GIVENS)
            case p.OutcomeData(child=child):
                outcome = self._outcome(child)
                return Datum({} if outcome is None else outcome.left, GIVENS)
            case p.ParamRef(name=name):
                return self.names.parameters[name]
            case p.OldRef():
                assert self.names.old is not None
                return self.names.old
            case p.NewRef():
                assert self.names.new is not None
                return self.names.new
            case p.ApprovalRef(binding=binding):
                approval = self._approval(binding)
                return _lost(one.type) if approval is None else Datum(dict(approval.fields))
            case p.ProposedRef(binding=binding):
                approval = self._approval(binding)
                fields = {} if approval is None else approval.proposed
                return Datum(
                    {
                        name: Datum(part.value, _NOBODYS | (part.all_by() & {GIVEN}))
                        for name, part in fields.items()
                    }
                )
            case p.ApprovalMeta():
                return _lost(one.type)
            case p.Member(base=base, name=name):
                try:
                    return self.values.field(self.evaluate(base), name)
                except KeyError:
                    return _lost(one.type)  # a way that no run takes, when conditions are free
            case p.Narrowed(base=base) | p.Widen(base=base):
                found = self.evaluate(base)
                return found if found.value is not None else Datum(None, found.by, found.of)
            case p.ReadJson(base=base):
                return self._entering(self._read_json(self.evaluate(base), one.type), one)
            case p.Within(base=base):
                return self._entering(self.evaluate(base), one)
            case p.Logic(operator=operator, left=left, right=right):
                first = self.values.known(self.evaluate(left))
                if first.value == (operator == "or"):
                    return first
                second = self.values.known(self.evaluate(right))
                return second.tinted(first.by, first.of)
            case p.Not(operand=operand):
                found = self.values.known(self.evaluate(operand))
                return Datum(not found.value, found.by, found.of)
            case p.Test(operand=operand, some=some):
                found = self.values.known(self.evaluate(operand))
                return Datum((found.value is not None) == some, found.all_by(), found.all_of())
            case p.Compare(operator=operator, left=left, right=right):
                return self._compare(operator, self.evaluate(left), self.evaluate(right))
            case p.In(item=item, items=items, negated=negated):
                sought, among = self.evaluate(item), self.values.known(self.evaluate(items))
                wanted = self.values.plain(sought)
                inside = any(self.values.plain(part) == wanted for part in among.parts())
                return _union(inside != negated, sought, among)
            case p.Conditional(condition=condition, then=then, otherwise=otherwise):
                judged = self.values.known(self.evaluate(condition))
                holds = judged.value
                if self.values.schedule.free:
                    holds = self.values.schedule.pick((True, False))
                taken = self.evaluate(then if holds else otherwise)
                return taken.tinted(judged.all_by(), judged.all_of())
            case p.Coalesce(left=left, right=right):
                first = self.values.known(self.evaluate(left))
                if first.value is not None:
                    return first
                return self.evaluate(right).tinted(first.by, first.of)
            case p.RecordExpr(fields=listed):
                parts = {name: self.evaluate(value) for name, value in listed}
                # An expression has the union of what its parts are approved by (ADR 0021).
                return Datum(parts).tinted(Datum(parts).all_by())
            case p.ListExpr(items=elements):
                values = tuple(self.evaluate(value) for value in elements)
                return Datum(values).tinted(Datum(values).all_by())
            case p.Comprehension():
                return self._comprehension(one)
            case p.FunctionCall(arguments=(p.Comprehension(condition=chosen), *_)) if chosen:
                self.values.book.reached.add("a function over what was chosen of a list")
                return self._computed(one)
            case _:
                return self._computed(one)

    def _computed(self, one: p.Expr) -> Datum:
        found = [self.evaluate(part) for part in p.children(one)]
        whole = Datum(tuple(found))
        return self.values.made(one.type, whole.all_by(), whole.all_of())

    def _entering(self, found: Datum, one: p.Expr) -> Datum:
        """A value that fits its type there, or does not."""
        fits = self.values.schedule.pick(("fits", "does not")) == "fits"
        if isinstance(one, p.ReadJson):
            self.values.book.reached.add("a json that fits" if fits else "a json that does not fit")
        if not fits:
            raise Failed
        return found

    def _read_json(self, whole: Datum, type: p.Type) -> Datum:
        """What a json holds, by its type: any value of it, the same each time it is read so."""
        if not isinstance(whole.value, Unknown):
            return self.values.made(type, whole.all_by(), whole.all_of())
        place = (*whole.value.place, str(type))
        return Datum(Unknown(place, type), whole.by, whole.of)

    def _outcome(self, child: p.LetRef) -> Outcome | None:
        held = self.names.bound.get(child.binding)
        return held if isinstance(held, Outcome) else None

    def _approval(self, binding: Span) -> Approval | None:
        held = self.names.bound.get(binding)
        return held if isinstance(held, Approval) else None

    def _compare(self, operator: str, left: Datum, right: Datum) -> Datum:
        one, other = self.values.plain(left), self.values.plain(right)
        if operator in ("==", "!="):
            return _union((one == other) == (operator == "=="), left, right)
        try:
            less, equal = one < other, one == other  # type: ignore[operator]
        except TypeError:
            less, equal = str(one) < str(other), one == other
        holds = {"<": less, "<=": less or equal, ">": not (less or equal), ">=": not less}
        return _union(holds[operator], left, right)

    def _comprehension(self, one: p.Comprehension) -> Datum:
        items = self.values.known(self.evaluate(one.items))
        made: list[Datum] = []
        by, of = items.all_by(), items.of
        for part in items.parts():
            self.names.bound[one.binding] = part
            if one.condition is not None:
                judged = self.values.known(self.evaluate(one.condition))
                by, of = by | judged.all_by(), of | judged.all_of()
                if not judged.value:
                    continue
            made.append(self.evaluate(one.element))
        self.names.bound.pop(one.binding, None)
        return Datum(tuple(made), frozenset(), of).tinted(by | Datum(tuple(made)).all_by())


def _union(value: object, *found: Datum) -> Datum:
    whole = Datum(tuple(found))
    return Datum(value, whole.all_by(), whole.all_of())


def _lost(type: p.Type) -> Datum:
    """What is not there on this way, or of no interest but that nobody saw it."""
    return unknown(type, ("lost", str(type)), _NOBODYS)
