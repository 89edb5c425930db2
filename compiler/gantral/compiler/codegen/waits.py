"""`wait` as Python: the event that came, or None when none did, and what is done then."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

from gantral.compiler.codegen.block import Around, Exit, Line
from gantral.compiler.codegen.expressions import Expressions
from gantral.compiler.codegen.layout import Atom, Invoke, Piece, ended, flat, literal
from gantral.compiler.codegen.looping import Crossed
from gantral.compiler.codegen.names import PackageNames
from gantral.compiler.codegen.reading import leaves_last, silent
from gantral.compiler.codegen.types import plain
from gantral.compiler.program import (
    Absent,
    Arrival,
    DurationType,
    Give,
    LetRef,
    NothingType,
    OptionalType,
    Statement,
    Wait,
)
from gantral.compiler.program.walk import gives
from gantral.dsl.frozen import frozen
from gantral.dsl.span import Span

Block = Callable[[tuple[Statement, ...], int, Around], list[Line]]


@frozen
class Waits:
    """Writes the waits of one coroutine; `block` writes a block of it, and `ends` says whether
    Python's own flow ends with one."""

    expressions: Expressions
    names: PackageNames
    locals: Mapping[Span, str]
    used: frozenset[Span]
    block: Block
    crossed: Callable[[Sequence[tuple[Statement, ...]], Around, int, Span], Crossed]
    ends: Callable[[tuple[Statement, ...], Around], bool]

    def alone(self, wait: Wait, around: Around, indent: int, span: Span) -> list[Line]:
        """A wait whose value nothing binds."""
        return self._branches(wait, around, indent, span)

    def bound(self, wait: Wait, target: str, around: Around, indent: int, span: Span) -> list[Line]:
        """A wait that gives to `target`; to nothing when that is empty."""
        type_ = wait.type if wait.type is not None else NothingType()
        if len(wait.arrivals) == 1 and leaves_last(wait.otherwise, Give):
            (only,) = wait.arrivals
            if _gives_data(only):
                return self._short(wait, target, around, indent, span)
        bodies = [*(one.body for one in wait.arrivals), wait.otherwise]
        declared: list[Line] = []
        if target:
            annotation = flat(plain(type_, self.names))
            declared = [Line(f"{' ' * indent}{target}: {annotation}", span)]
        way = Exit(f"{target} = " if target else "", type_)
        if all(leaves_last(body, Give) for body in bodies):
            last = replace(around, give=way)
            return [*declared, *self._branches(wait, last, indent, span)]
        # A `give` that is not the last step leaves a loop that runs once.
        once = self.crossed(bodies, replace(around, give=None), indent, span)
        inside = replace(once.inside, give=replace(way, goes="break"))
        inner = self._branches(wait, inside, indent + 4, span)
        head = Line(f"{' ' * indent}while True:", span)
        return [*declared, *once.before, head, *inner, *once.after]

    def _short(
        self, wait: Wait, target: str, around: Around, indent: int, span: Span
    ) -> list[Line]:
        """The event's data itself, or what is done when none came."""
        type_ = wait.type if wait.type is not None else NothingType()
        name = target or self._name(wait)
        prefix = f"{name} = await "
        if target and any(True for _ in gives(wait.otherwise)):
            wanted = type_ if isinstance(type_, OptionalType) else OptionalType(type_)
            prefix = f"{target}: {flat(plain(wanted, self.names))} = await "
        out = self._lines(self._call(wait), prefix, indent, span)
        match wait.otherwise:
            case (Give(value=value),) if not target or isinstance(value, Absent):
                return out if target else self._lines(self._call(wait), "await ", indent, span)
            case _:
                way = Exit(f"{target} = " if target else "", type_)
                body = self.block(wait.otherwise, indent + 4, replace(around, give=way))
                return [*out, Line(f"{' ' * indent}if {name} is None:", span), *body]

    def _branches(self, wait: Wait, around: Around, indent: int, span: Span) -> list[Line]:
        pad = " " * indent
        call = self._call(wait)
        cases = [(one, silent(self.used, one.body)) for one in wait.arrivals]
        quiet = silent(self.used, wait.otherwise)
        if all(still for _, still in cases):
            if quiet:
                return self._lines(call, "await ", indent, span)
            name = self._name(wait)
            out = self._lines(call, f"{name} = await ", indent, span)
            out.append(Line(f"{pad}if {name} is None:", wait.head))
            return [*out, *self.block(wait.otherwise, indent + 4, around)]
        name = self._name(wait)
        out = self._lines(call, f"{name} = await ", indent, span)
        word, all_end = "if", True
        for at, (one, still) in enumerate(cases):
            if still and quiet and all(each for _, each in cases[at:]):
                break
            test = f"isinstance({name}, {self.names.events[one.event.name]})"
            if len(cases) == 1:
                test = f"{name} is not None"
            out.append(Line(f"{pad}{word} {test}:", one.span))
            local = self._local(one)
            body: list[Line] = []
            if local and local != name:
                body.append(Line(f"{pad}    {local} = {name}", one.span))
            body += self.block(one.body, indent + 4, around)
            # A case in which nothing is to be done keeps the `else` from it.
            out += body or [Line(f"{pad}    pass", one.span)]
            # What follows a branch that ended needs no `else`.
            all_end = all_end and self.ends(one.body, around)
            word = "if" if all_end else "elif"
        if quiet:
            return out
        if all_end:
            return [*out, *self.block(wait.otherwise, indent, around)]
        out.append(Line(f"{pad}else:", wait.head))
        return [*out, *self.block(wait.otherwise, indent + 4, around)]

    def _call(self, wait: Wait) -> Piece:
        classes = [("", Atom(self.names.events[one.event.name])) for one in wait.arrivals]
        within = self.expressions.into(wait.within, DurationType())
        return Invoke(
            "self.wait", (*classes, ("within=", within), ("site=", Atom(literal(wait.id))))
        )

    def _name(self, wait: Wait) -> str:
        if len(wait.arrivals) == 1:
            local = self._local(wait.arrivals[0])
            if local:
                return local
        # No name of a spec ends in one `_`.
        return f"arrived_{wait.ordinal}_"

    def _local(self, one: Arrival) -> str:
        used = one.binding is not None and one.binding in self.used
        return self.locals[one.binding] if used and one.binding is not None else ""

    def _lines(
        self, piece: Piece, prefix: str, indent: int, span: Span, suffix: str = ""
    ) -> list[Line]:
        return [Line(text, span) for text in ended(piece, prefix, suffix, indent)]


def _gives_data(one: Arrival) -> bool:
    match one.body:
        case (Give(value=LetRef(binding=binding)),):
            return binding == one.binding
        case _:
            return False
