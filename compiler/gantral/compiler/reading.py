"""What a value is computed from: paths of the input, of results, of what was decided, through
lets, variables, literals, handlers, branches, waits and loops (LANGUAGE section 8, rule 5)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from gantral.compiler.program import (
    ApprovalRef,
    Collect,
    Expr,
    ForEach,
    Give,
    InputRef,
    LetRef,
    Member,
    Narrowed,
    OutcomeData,
    OutcomeTest,
    Parallel,
    Program,
    RecordExpr,
    Repeat,
    ServiceCall,
    Statement,
    Typed,
    VarRef,
    Wait,
    Within,
    children,
)
from gantral.compiler.program.walk import assigned, bindings, everything, gives, loops
from gantral.compiler.way import Path
from gantral.dsl.span import Span


class Readings:
    """What each name of a program's run is computed from."""

    def __init__(self, program: Program) -> None:
        self._program = program
        self._lets = {one.binding: one.value for one in bindings(program.run)}
        self.elements: Mapping[object, Expr] = {
            one.binding: one.items for one in loops(program.run) if isinstance(one, ForEach)
        }
        self.variables: Mapping[object, frozenset[Path]] = {}
        self.variables = self._of_variables()

    def field(self, value: Expr, rest: tuple[str, ...]) -> tuple[Expr, tuple[str, ...]]:
        """The expression that fills a field of an argument, as far as literals go."""
        seen = self.resolved(value)
        while rest and isinstance(seen, RecordExpr):
            part = dict(seen.fields).get(rest[0])
            if part is None:
                return seen, rest
            seen, rest = self.resolved(part), rest[1:]
        return seen, rest

    def resolved(self, value: Expr) -> Expr:
        while True:
            match value:
                case Narrowed(base=base) | Within(base=base):
                    value = base
                case LetRef(binding=binding):
                    bound = self._lets.get(binding)
                    if not isinstance(bound, Typed):
                        return value
                    value = bound
                case _:
                    return value

    def chain(self, value: Expr) -> Path | None:
        """The path that an expression reads, if it is nothing but one."""
        steps: list[str] = []
        seen = self.resolved(value)
        while isinstance(seen, Member | OutcomeData | OutcomeTest):
            match seen:
                case Member(name=name, base=base):
                    steps.append(name)
                    seen = self.resolved(base)
                case OutcomeData(outcome=outcome, child=child):
                    steps.append(outcome)
                    seen = child
                case OutcomeTest(child=child):
                    # How it ended is apart from what it left.
                    steps.append("outcome")
                    seen = child
        match seen:
            case InputRef():
                return "input", tuple(reversed(steps))
            case LetRef() | VarRef() | ApprovalRef():
                return seen.binding, tuple(reversed(steps))
            case _:
                return None

    def of(self, value: Expr, but: frozenset[object] = frozenset()) -> Iterator[Path]:
        """The paths that a value is computed from; of what a handler or loop may have given, or a
        variable been set to, those of that too, and of an element its list. What is read of the
        names in `but` is left out."""
        chain = self.chain(value)
        if chain is None:
            for part in children(self.resolved(value)):
                yield from self.of(part, but)
            return
        if chain[0] in but:
            return
        yield chain
        yield from self.variables.get(chain[0], ())
        items = self.elements.get(chain[0])
        if items is not None:
            yield from self.of(items, but)
        call = self._lets.get(chain[0]) if isinstance(chain[0], Span) else None
        if isinstance(call, ServiceCall) and call.handler is not None:
            for one in gives(call.handler.body):
                yield from self.of(self.field(one.value, chain[1])[0], but)
        if isinstance(call, Parallel):
            for branch in call.branches:
                for one in gives(branch.body):
                    if not chain[1]:
                        yield from self.of(one.value, but)
                    elif branch.name == chain[1][0]:
                        yield from self.of(self.field(one.value, chain[1][1:])[0], but)
        if isinstance(call, Wait):
            for block in (*(each.body for each in call.arrivals), call.otherwise):
                for one in gives(block):
                    yield from self.of(self.field(one.value, chain[1])[0], but)
        if isinstance(call, ForEach | Repeat):
            for each in everything((*call.body, *_otherwise(call))):
                if isinstance(each, Give | Collect):
                    yield from self.of(each.value, but)

    def _of_variables(self) -> Mapping[object, frozenset[Path]]:
        """For each variable all paths that what it is ever set to reads, through others too."""
        direct: dict[object, set[Path]] = {}
        for one in assigned(self._program.run):
            direct.setdefault(one.binding, set()).update(self.of(one.value))
        found: dict[object, frozenset[Path]] = {}
        for binding, reads in direct.items():
            known, pending = set(reads), list(reads)
            while pending:
                new = direct.get(pending.pop()[0], set()) - known
                known |= new
                pending += new
            found[binding] = frozenset(known)
        return found


def _otherwise(loop: ForEach | Repeat) -> tuple[Statement, ...]:
    return loop.otherwise if isinstance(loop, Repeat) else ()
