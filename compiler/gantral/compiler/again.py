"""Conditions that are judged again with what people decided (LANGUAGE section 8, rule 5).

An amendment may not lead where the run would not have gone: each condition on the way to an `ask`
that reads what the gate may amend must come out the same with the decided value in its place.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, fields, replace
from typing import Any

from gantral.compiler.plan import bindings
from gantral.compiler.program import (
    ApprovalRef,
    Ask,
    AskStatement,
    Complete,
    Do,
    Expr,
    Give,
    If,
    InputRef,
    Let,
    LetRef,
    Member,
    Narrowed,
    Program,
    RecordExpr,
    Require,
    ServiceCall,
    Statement,
    Terminate,
    Typed,
    children,
)
from gantral.dsl.diagnostics import Diagnostic, Label
from gantral.dsl.span import Span

NOT_BUILT = "G0001"
# Where `decided` is bound: no place in any source.
DECIDED = Span("", 0, 0)

_Path = tuple[object, tuple[str, ...]]


@dataclass(frozen=True, slots=True)
class Judged:
    """A condition before (`first`) and with the decided values (`then`). `holds`: what it must come
    out as, None: the same as before. It is judged only where every guard came out as it says."""

    first: Expr
    then: Expr
    holds: bool | None
    guards: tuple[tuple[Expr, bool], ...]


@dataclass(frozen=True, slots=True)
class _Condition:
    expression: Expr
    holds: bool | None
    guards: tuple[tuple[Expr, bool], ...]


@dataclass(frozen=True, slots=True)
class Again:
    """Per ask (its site) what is judged again, and what can't be (G0001)."""

    asks: Mapping[str, tuple[Judged, ...]]
    diagnostics: tuple[Diagnostic, ...]


def again(program: Program) -> Again:
    """What must be judged again at each ask of a gate that can amend."""
    return _Finder(program).find()


class _Finder:
    def __init__(self, program: Program) -> None:
        self._program = program
        self._lets = {one.binding: one.value for one in bindings(program.run)}
        self._asks: dict[str, tuple[Judged, ...]] = {}
        self._found: list[Diagnostic] = []

    def find(self) -> Again:
        self._block(self._program.run, (), ())
        return Again(self._asks, tuple(self._found))

    def _block(
        self,
        statements: tuple[Statement, ...],
        before: tuple[_Condition, ...],
        guards: tuple[tuple[Expr, bool], ...],
    ) -> tuple[_Condition, ...]:
        """Walk a block; `before` are the conditions on the way to it. Returns those on the way out
        of it."""
        for statement in statements:
            match statement:
                case AskStatement(ask=ask) | Let(value=Ask() as ask):
                    self._ask(ask, before)
                case Require(condition=condition):
                    before = (*before, _Condition(condition, True, guards))
                case If(condition=condition, then=then, otherwise=otherwise):
                    before = self._branches(condition, then, otherwise, before, guards)
                case Do(call=call) | Let(value=ServiceCall() as call) if call.handler is not None:
                    self._block(call.handler.body, before, guards)
                case _:
                    pass
        return before

    def _branches(
        self,
        condition: Expr,
        then: tuple[Statement, ...],
        otherwise: tuple[Statement, ...],
        before: tuple[_Condition, ...],
        guards: tuple[tuple[Expr, bool], ...],
    ) -> tuple[_Condition, ...]:
        ways = []
        for block, another, holds in ((then, otherwise, True), (otherwise, then, False)):
            here = (*before, _Condition(condition, holds, guards))
            # Where the other way ends, there is no other way on which to judge nothing.
            inside = guards if _ends(another) else (*guards, (condition, holds))
            ways.append(self._block(block, here, inside))
        one, other = ways
        if _ends(then):
            return other
        if _ends(otherwise):
            return one
        # Both ways meet again: whichever was taken must be taken again.
        met = (*before, _Condition(condition, None, guards))
        return (*met, *one[len(before) + 1 :], *other[len(before) + 1 :])

    def _ask(self, ask: Ask, conditions: tuple[_Condition, ...]) -> None:
        gate = self._program.gates[ask.gate]
        arguments = dict(ask.arguments)
        sources: dict[_Path, Expr] = {}
        unclear: list[tuple[Expr, frozenset[_Path]]] = []
        for amend in gate.amend:
            name, *rest = amend.path
            if name not in arguments:
                continue
            value, left = self._field(arguments[name], tuple(rest))
            chain = self._chain(value)
            if chain is None:
                unclear.append((value, frozenset(self._reads(value))))
                continue
            sources[(chain[0], (*chain[1], *left))] = self._decided(ask, amend.path, amend.type)
        judged: list[Judged] = []
        for condition in conditions:
            reads = frozenset(self._reads(condition.expression))
            for value, sought in unclear:
                if any(_overlap(one, other) for one in reads for other in sought):
                    self._refuse(value, condition.expression)
            if any(_overlap(one, source) for one in reads for source in sources):
                then = self._rewritten(condition.expression, sources)
                if then is None:
                    self._refuse(ask.arguments[0][1], condition.expression)
                else:
                    first, holds = condition.expression, condition.holds
                    judged.append(Judged(first, then, holds, condition.guards))
        self._asks[ask.id] = tuple(judged)

    def _decided(self, ask: Ask, path: tuple[str, ...], type: Any) -> Expr:
        made: Expr = ApprovalRef(span=ask.span, type=ask.type, name="decided", binding=DECIDED)
        for number, step in enumerate(path, 1):
            made = Member(
                span=ask.span,
                type=type if number == len(path) else ask.type,
                base=made,
                name=step,
            )
        return made

    def _field(self, value: Expr, rest: tuple[str, ...]) -> tuple[Expr, tuple[str, ...]]:
        """The expression that fills a field of an argument, as far as literals go."""
        seen = self._resolved(value)
        while rest and isinstance(seen, RecordExpr):
            part = dict(seen.fields).get(rest[0])
            if part is None:
                return seen, rest
            seen, rest = self._resolved(part), rest[1:]
        return seen, rest

    def _resolved(self, value: Expr) -> Expr:
        while True:
            match value:
                case Narrowed(base=base):
                    value = base
                case LetRef(binding=binding):
                    bound = self._lets.get(binding)
                    if bound is None or isinstance(bound, ServiceCall | Ask):
                        return value
                    value = bound
                case _:
                    return value

    def _chain(self, value: Expr) -> _Path | None:
        """The path that an expression reads, if it is nothing but one."""
        steps: list[str] = []
        seen = self._resolved(value)
        while isinstance(seen, Member):
            steps.insert(0, seen.name)
            seen = self._resolved(seen.base)
        match seen:
            case InputRef():
                return "input", tuple(steps)
            case LetRef(binding=binding) | ApprovalRef(binding=binding):
                return binding, tuple(steps)
            case _:
                return None

    def _reads(self, value: Expr) -> Iterator[_Path]:
        chain = self._chain(value)
        if chain is not None:
            yield chain
            return
        for part in children(self._resolved(value)):
            yield from self._reads(part)

    def _rewritten(self, value: Expr, sources: Mapping[_Path, Expr]) -> Expr | None:
        """The expression with each source replaced; None when it reads a record that holds one."""
        if not any(_overlap(one, source) for one in self._reads(value) for source in sources):
            return value
        chain = self._chain(value)
        if chain is None:
            seen = self._resolved(value)
            done: list[bool] = []

            def inner(part: Expr) -> Expr:
                made = self._rewritten(part, sources)
                done.append(made is not None)
                return part if made is None else made

            made = _mapped(seen, inner)
            return made if all(done) else None
        for (root, steps), decided in sources.items():
            if root == chain[0] and chain[1] == steps:
                return replace(decided, type=value.type)
        return None

    def _refuse(self, value: Expr, condition: Expr) -> None:
        self._found.append(
            Diagnostic(
                NOT_BUILT,
                "error",
                "not built yet: amending what a condition before the `ask` reads, unless it is one "
                "field and read as that field",
                value.span,
                (Label(condition.span, "this is to be judged again with the decided value"),),
                help="give the gate the very field that the condition reads, or take `amend` away",
            )
        )


def _mapped(expression: Expr, change: Callable[[Expr], Expr]) -> Expr:
    """The expression with each expression directly inside changed."""

    def one(value: Any) -> Any:
        if isinstance(value, Typed):
            return change(value)  # type: ignore[arg-type]
        if isinstance(value, tuple):
            return tuple(one(item) for item in value)
        return value

    changed = {
        field.name: one(getattr(expression, field.name))
        for field in fields(expression)
        if field.name not in ("span", "type", "personal")
    }
    return replace(expression, **changed)


def _overlap(one: _Path, other: _Path) -> bool:
    shorter = min(len(one[1]), len(other[1]))
    return one[0] == other[0] and one[1][:shorter] == other[1][:shorter]


def _ends(statements: tuple[Statement, ...]) -> bool:
    """Whether no way leads out of the block."""
    if not statements:
        return False
    match statements[-1]:
        case Complete() | Terminate() | Give():
            return True
        case If(then=then, otherwise=otherwise):
            return _ends(then) and _ends(otherwise)
        case _:
            return False
