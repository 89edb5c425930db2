"""Conditions that are judged again with what people decided (LANGUAGE section 8, rule 5).

An amendment may not lead where the run would not have gone: each condition on the way to an `ask`
that reads what the gate may amend must come out the same with the decided value in its place.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import fields, replace
from typing import Any

from gantral.compiler.program import (
    Amend,
    ApprovalRef,
    Ask,
    AskOnlyIf,
    AskStatement,
    Collect,
    Complete,
    Do,
    Expr,
    ForEach,
    Give,
    If,
    Let,
    Member,
    Now,
    OptionalType,
    Parallel,
    Program,
    Repeat,
    Require,
    ServiceCall,
    Statement,
    Terminate,
    Typed,
    Wait,
    WaitStatement,
    children,
)
from gantral.compiler.program.walk import bindings, blocks, everything, gives, loops
from gantral.compiler.reading import Readings
from gantral.compiler.way import Condition, Path, Way, overlap
from gantral.dsl.diagnostics import Diagnostic, Label
from gantral.dsl.frozen import frozen
from gantral.dsl.span import Span

# Where what was decided is bound: no place in any source.
DECIDED = Span("", 0, 0)

_Sources = Mapping[Path, Expr]


@frozen
class Judged:
    """A condition before (`first`) and with the decided values (`then`). `holds`: what it must come
    out as, None: the same as before. It is judged only where every guard came out as it says."""

    first: Expr
    then: Expr
    holds: bool | None
    guards: tuple[tuple[Expr, bool], ...]


@frozen
class Again:
    """Per ask (its site) what is judged again, and what can't be (G0352)."""

    asks: Mapping[str, tuple[Judged, ...]]
    diagnostics: tuple[Diagnostic, ...]


def again(program: Program) -> Again:
    """What must be judged again at each ask of a gate that can amend."""
    return _Finder(program).find()


class _Finder:
    def __init__(self, program: Program) -> None:
        self._program = program
        self._readings = Readings(program)
        self._way = Way()
        self._asks: dict[str, tuple[Judged, ...]] = {}
        self._found: list[Diagnostic] = []

    def find(self) -> Again:
        self._block(self._program.run, ())
        return Again(self._asks, tuple(self._found))

    def _block(
        self, statements: tuple[Statement, ...], guards: tuple[tuple[Expr, bool], ...]
    ) -> None:
        """Walk a block: afterwards the way holds the conditions on the way out of it."""
        for statement in statements:
            match statement:
                case AskStatement(ask=ask):
                    self._asked(ask, guards)
                    self._ask(ask, None)
                case Let(value=Ask() as ask, binding=binding):
                    self._asked(ask, guards)
                    self._ask(ask, binding)
                case Require(condition=condition):
                    self._passed(condition, True, guards)
                case If(condition=condition, then=then, otherwise=otherwise):
                    self._branches(condition, then, otherwise, guards)
                case Do(call=call) | Let(value=ServiceCall() as call) if call.handler is not None:
                    start = self._way.length
                    self._block(call.handler.body, guards)
                    self._way.cut(start)
                    if not _ends(call.handler.body) or any(True for _ in gives(call.handler.body)):
                        # Whether the handler ran is not known any more.
                        for each in _conditions(call.handler.body):
                            self._passed(each, None, (), handled=True)
                case WaitStatement() | Let(value=Wait()):
                    for block in blocks(statement):
                        start = self._way.length
                        self._block(block, guards)
                        self._way.cut(start)
                        if not _ends(block) or any(True for _ in gives(block)):
                            # Which event came, if one did, is not known any more.
                            for each in _conditions(block):
                                self._passed(each, None, (), handled=True)
                case (ForEach() as loop) | Let(value=ForEach() as loop):
                    self._loop(loop, guards)
                case (Repeat() as loop) | Let(value=Repeat() as loop):
                    self._loop(loop, guards)
                    self._block(loop.otherwise, guards)
                case (Parallel() as parallel) | Let(value=Parallel() as parallel):
                    self._parallel(parallel, guards)
                case _:
                    pass

    def _parallel(self, one: Parallel, guards: tuple[tuple[Expr, bool], ...]) -> None:
        """Every branch runs to its end, so each of its conditions is on the way to what follows; of
        one that may give before its last line, not all need have been judged."""
        for branch in one.branches:
            start = self._way.length
            self._block(branch.body, guards)
            given = [*gives(branch.body)]
            if any(each is not branch.body[-1] for each in given):
                self._way.cut(start)
                for each in _conditions(branch.body):
                    self._passed(each, None, (), handled=True)

    def _loop(self, loop: ForEach | Repeat, guards: tuple[tuple[Expr, bool], ...]) -> None:
        """A loop: what its rounds judged is on the way to an ask in it, or after it. Which round
        took which way is not known any more, so none of it can be judged again."""
        # What is bound in a round is that round's own: no other round's condition is about it.
        own: set[object] = {one.binding for one in bindings(loop.body)}
        own |= {one.binding for one in loops((loop,)) if isinstance(one, ForEach)}
        for each in _conditions(loop.body):
            reads = frozenset(self._readings.of(each, frozenset(own)))
            if reads:
                self._way.add(Condition(each, None, (), reads, handled=True))
        start = self._way.length
        self._block(loop.body, guards)
        self._way.cut(start)
        for each in _conditions(loop.body):
            self._passed(each, None, (), handled=True)

    def _asked(self, ask: Ask, guards: tuple[tuple[Expr, bool], ...]) -> None:
        """Whether people are asked is decided on the way, like a branch: an amendment may not lead
        where they would have been asked and were not."""
        if isinstance(ask, AskOnlyIf):
            self._passed(ask.only_if, None, guards)

    def _passed(
        self,
        condition: Expr,
        holds: bool | None,
        guards: tuple[tuple[Expr, bool], ...],
        *,
        handled: bool = False,
    ) -> None:
        reads = frozenset(self._readings.of(condition))
        self._way.add(Condition(condition, holds, guards, reads, handled))

    def _branches(
        self,
        condition: Expr,
        then: tuple[Statement, ...],
        otherwise: tuple[Statement, ...],
        guards: tuple[tuple[Expr, bool], ...],
    ) -> None:
        start = self._way.length
        ways: list[list[Condition]] = []
        for block, another, holds in ((then, otherwise, True), (otherwise, then, False)):
            self._passed(condition, holds, guards)
            # Where the other way ends, there is no other way on which to judge nothing.
            self._block(block, guards if _ends(another) else (*guards, (condition, holds)))
            ways.append(self._way.cut(start))
        one, other = ways
        if _ends(then):
            self._way.extend(other)
        elif _ends(otherwise):
            self._way.extend(one)
        else:
            # Both ways meet again: whichever was taken must be taken again.
            self._passed(condition, None, guards)
            self._way.extend([*one[1:], *other[1:]])

    def _ask(self, ask: Ask, binding: Span | None) -> None:
        gate = self._program.gates[ask.gate]
        arguments = dict(ask.arguments)
        sources: dict[Path, Amend] = {}
        unclear: list[tuple[Expr, frozenset[Path]]] = []
        for amend in gate.amend:
            name, *rest = amend.path
            if name not in arguments:
                continue
            value, left = self._readings.field(arguments[name], tuple(rest))
            chain = self._readings.chain(value)
            reads = frozenset(self._readings.of(value))
            if chain is None or chain[0] in self._readings.variables:
                # What a variable holds now is not what the conditions before read.
                unclear.append((value, reads))
                continue
            sources[(chain[0], (*chain[1], *left))] = amend
            if len(reads) > 1:
                # A handler may have given it, made of the others; or it is an element of a list.
                unclear.append((value, reads - {chain}))
        decided = {path: _decided(ask, amend, DECIDED) for path, amend in sources.items()}
        judged: list[Judged] = []
        for value, sought in unclear:
            # What is read of this very element is judged again as such.
            chain = self._readings.chain(value)
            element = frozenset({chain[0]} if chain else ()) & {*self._readings.elements}
            for condition in self._way.reading(sought):
                read = self._readings.of(condition.expression, element)
                if any(overlap(one, other) for one in read for other in sought):
                    self._refuse(value, condition.expression)
        later: list[Condition] = []
        for condition in self._way.reading(sources):
            then = self._rewritten(condition.expression, decided)
            if any(_tells_time(one) for one in (then, *_asked(condition)) if one is not None):
                self._timely(ask.arguments[0][1], condition.expression)
                continue
            if then is None or condition.handled or self._varies(condition):
                self._refuse(ask.arguments[0][1], condition.expression)
                continue
            judged.append(Judged(condition.expression, then, condition.holds, condition.guards))
            if binding is not None:
                # What a later gate amends of this decision is judged by it as well.
                own = {path: _decided(ask, amend, binding) for path, amend in sources.items()}
                known = self._rewritten(condition.expression, own)
                assert known is not None
                reads = frozenset(self._readings.of(known))
                later.append(replace(condition, expression=known, reads=reads))
        self._way.extend(later)
        self._asks[ask.id] = tuple(judged)

    def _varies(self, condition: Condition) -> bool:
        """Whether a variable has a part in the condition, or in whether it was judged: at the ask
        it may hold another value than it did then."""
        guards = (path for guard, _ in condition.guards for path in self._readings.of(guard))
        return any(root in self._readings.variables for root, _ in (*condition.reads, *guards))

    def _rewritten(self, value: Expr, sources: _Sources) -> Expr | None:
        """The expression with each source replaced; None when it reads a record that holds one."""
        if not any(overlap(one, source) for one in self._readings.of(value) for source in sources):
            return value
        chain = self._readings.chain(value)
        if chain is not None:
            decided = sources.get(chain)
            return None if decided is None else replace(decided, type=value.type)
        seen = self._readings.resolved(value)
        if isinstance(seen.type, OptionalType) and not isinstance(value.type, OptionalType):
            return None  # what shows it to be some was said of the name
        done: list[bool] = []

        def inner(part: Expr) -> Expr:
            made = self._rewritten(part, sources)
            done.append(made is not None)
            return part if made is None else made

        made = _mapped(seen, inner)
        return made if all(done) else None

    def _timely(self, value: Expr, condition: Expr) -> None:
        self._found.append(
            Diagnostic(
                "G0225",
                "error",
                "`now()` can't have a part in a condition that is judged again with the decided "
                "value: it would be another time then",
                condition.span,
                (Label(value.span, "people may amend what it reads here"),),
                help="read the time once, `let at = now()`, and compare with `at`",
            )
        )

    def _refuse(self, value: Expr, condition: Expr) -> None:
        self._found.append(
            Diagnostic(
                "G0352",
                "error",
                "amending what a condition before the `ask` reads, unless it is one field, read as "
                "that field, outside of handlers, and no variable has a part in it",
                value.span,
                (Label(condition.span, "this is to be judged again with the decided value"),),
                help="give the gate the very field that the condition reads, or take `amend` away",
            )
        )


def _tells_time(expression: Expr) -> bool:
    return isinstance(expression, Now) or any(_tells_time(one) for one in children(expression))


def _asked(condition: Condition) -> tuple[Expr, ...]:
    return tuple(guard for guard, _ in condition.guards)


def _decided(ask: Ask, amend: Amend, binding: Span) -> Expr:
    made: Expr = ApprovalRef(span=ask.span, type=ask.type, name="decided", binding=binding)
    for number, step in enumerate(amend.path, 1):
        made = Member(
            span=ask.span,
            type=amend.type if number == len(amend.path) else ask.type,
            base=made,
            name=step,
        )
    return made


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


def _conditions(statements: tuple[Statement, ...]) -> Iterator[Expr]:
    """Every condition in a block."""
    for statement in everything(statements):
        match statement:
            case Require(condition=condition) | If(condition=condition):
                yield condition
            case AskStatement(ask=AskOnlyIf(only_if=condition)):
                yield condition
            case Let(value=AskOnlyIf(only_if=condition)):
                yield condition
            case _:
                pass


def _ends(statements: tuple[Statement, ...]) -> bool:
    """Whether no way leads out of the block."""
    if not statements:
        return False
    match statements[-1]:
        case Complete() | Terminate() | Give() | Collect():
            return True
        case If(then=then, otherwise=otherwise):
            return _ends(then) and _ends(otherwise)
        case _:
            return False
