"""Loops as Python's own: `for` with `else`, `break` where a value is given, `continue` where one is
collected. The ids of what is called or asked in a loop end in the loop's index."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace

from gantral.compiler.codegen.block import Around, Line
from gantral.compiler.codegen.constants import constant
from gantral.compiler.codegen.expressions import Expressions
from gantral.compiler.codegen.layout import Atom, Display, Invoke, Piece, ended, flat, literal
from gantral.compiler.codegen.names import PackageNames
from gantral.compiler.codegen.reading import leaves_last
from gantral.compiler.codegen.types import plain
from gantral.compiler.program import (
    Ask,
    AskStatement,
    Collect,
    Do,
    DurationType,
    ForEach,
    Give,
    Let,
    ListType,
    Repeat,
    Run,
    ServiceCall,
    Sleep,
    Statement,
    Undo,
)
from gantral.compiler.program.walk import everything, looped, run_within
from gantral.compiler.shapes import duration_text
from gantral.dsl.span import Span

# Names of generated code: no name of a spec ends in one `_`.
FIRST = "first_"
_ITEMS = "items_"


class Looping(ABC):
    """Writes loops and the ids of what is in them; the blocks inside are the subclass's."""

    def __init__(
        self,
        names: PackageNames,
        statements: tuple[Statement, ...],
        used: frozenset[Span],
        local_names: dict[Span, str],
        taken: frozenset[str],
        expressions: Expressions,
    ) -> None:
        self._names = names
        self._used = used
        self._locals = local_names
        self._expressions = expressions
        self._unfree = taken | {*local_names.values()}
        self._indexes: list[str] = []
        self._depths = {
            **{call.id: len(around) for call, around in looped(statements)},
            **{run.id: len(around) for run, around in run_within(statements)},
        }
        self._point = ""
        """The site of the loop between whose rounds a new history may begin."""

    @abstractmethod
    def block(
        self, statements: tuple[Statement, ...], indent: int, around: Around | None
    ) -> list[Line]:
        """The lines of a block."""

    @abstractmethod
    def _goes_on_anew(self, index: str, indent: int, span: Span) -> list[Line]:
        """What begins each round of the loop between whose rounds a new history may begin."""

    @abstractmethod
    def _ends(self, statements: tuple[Statement, ...], around: Around | None) -> bool:
        """Whether Python's own flow ends with the block: by return, break or continue."""

    def _lines(
        self, piece: Piece, prefix: str, indent: int, span: Span, suffix: str = ""
    ) -> list[Line]:
        return [Line(text, span) for text in ended(piece, prefix, suffix, indent)]

    def _site(self, site: str, depth: int | None = None) -> Atom:
        """A site's id, with the indexes of the loops around it, outermost first."""
        indexes = self._indexes[:depth]
        if not indexes:
            return Atom(literal(site))
        return Atom(f'f"{site}/{"/".join(f"{{{one}}}" for one in indexes)}"')

    def _undo(self, statement: Undo, indent: int) -> list[Line]:
        site = self._site(statement.call, self._depths[statement.call])
        return self._lines(Invoke("self.undo", (("", site),)), "await ", indent, statement.span)

    def _each(
        self,
        loop: ForEach,
        binding: Span | None,
        indent: int,
        around: Around | None,
        span: Span,
    ) -> list[Line]:
        """`for x in self.each(…)`, its elements numbered where something in it has an id."""
        out: list[Line] = []
        inside = around
        if binding is not None:
            assert loop.gives is not None
            target = self._locals[binding] if binding in self._used else ""
            if target and loop.site != self._point:
                out += self._collected(loop, target, indent, span)
            skip = not leaves_last(loop.body, Collect)
            inside = Around("", loop.gives, False, target, loop.gives.element, skip)
        given: Piece = Invoke(
            "self.each",
            (
                ("", self._expressions.write(loop.items)),
                ("at_most=", Atom(str(loop.at_most))),
                ("at=", self._site(loop.site)),
            ),
        )
        element = self._locals[loop.binding] if loop.binding in self._used else "_"
        with self._round(loop) as index:
            if loop.site == self._point:
                out += self._lines(given, f"{_ITEMS} = ", indent, loop.head)
                given = Invoke("enumerate", (("", Atom(f"{_ITEMS}[{FIRST}:]")), ("", Atom(FIRST))))
                element = f"{index}, {element}"
            elif index:
                given = Invoke("enumerate", (("", given),))
                element = f"{index}, {element}"
            out += self._lines(given, f"for {element} in ", indent, loop.head, ":")
            return out + self._begun(loop, index, indent + 4, inside, span)

    def _collected(self, loop: ForEach, target: str, indent: int, span: Span) -> list[Line]:
        """The list that a loop collects, empty yet."""
        assert loop.gives is not None
        type_ = flat(plain(ListType(loop.gives.element), self._names))
        return [Line(f"{' ' * indent}{target}: {type_} = ()", span)]

    def _begun(
        self, loop: ForEach | Repeat, index: str, indent: int, around: Around | None, span: Span
    ) -> list[Line]:
        """The body of a loop, each round of which may go on in a new history instead."""
        if loop.site != self._point:
            return self._body(loop.body, indent, around, span)
        return [
            *self._goes_on_anew(index, indent, loop.head),
            *self.block(loop.body, indent, around),
        ]

    def _repeat(
        self,
        loop: Repeat,
        binding: Span | None,
        indent: int,
        around: Around | None,
        span: Span,
    ) -> list[Line]:
        """`for … in range(n)`, or with `every` over rounds that wait. Its `else` is Python's."""
        pad = " " * indent
        out: list[Line] = []
        inside, after = around, around
        if binding is not None:
            assert loop.gives is not None
            target = self._locals[binding] if binding in self._used else ""
            if target:
                out.append(Line(f"{pad}{target}: {flat(plain(loop.gives, self._names))}", span))
            inside = Around(target, loop.gives, leave=True)
            after = replace(inside, leave=False)
        out += self._rounds(loop, indent, inside, span)
        if binding is None:
            # Nothing leaves the loop but what ends the run: its `else` just follows.
            return out + self.block(loop.otherwise, indent, after)
        out.append(Line(f"{pad}else:", span))
        if leaves_last(loop.otherwise, Give):
            return out + self._body(loop.otherwise, indent + 4, after, span)
        out.append(Line(f"{pad}    while True:", span))
        return out + self._body(loop.otherwise, indent + 8, inside, span)

    def _rounds(self, loop: Repeat, indent: int, inside: Around | None, span: Span) -> list[Line]:
        with self._round(loop) as index:
            here = loop.site == self._point
            most = ("", Atom(str(loop.at_most)))
            rounds: Piece = Invoke("range", (("", Atom(FIRST)), most) if here else (most,))
            word = "for"
            if loop.every is not None:
                first = (("first=", Atom(FIRST)),) if here else ()
                rounds = Invoke("self.rounds", (most, ("every=", self._duration(loop)), *first))
                word = "async for"
            head = self._lines(rounds, f"{word} {index or '_'} in ", indent, loop.head, ":")
            return head + self._begun(loop, index, indent + 4, inside, span)

    def _through(
        self,
        loop: ForEach | Repeat,
        rest: tuple[Statement, ...],
        indent: int,
        around: Around,
    ) -> list[Line]:
        """A plain loop that gives to what is around it, and the rest of its block: Python's `else`
        of a loop is what follows where nothing left it."""
        pad = " " * indent
        if isinstance(loop, ForEach):
            out = self._each(loop, None, indent, around, loop.span)
        else:
            out = self._rounds(loop, indent, around, loop.span)
            rest = (*loop.otherwise, *rest)
        out.append(Line(f"{pad}else:", loop.span))
        out += self.block(rest, indent + 4, around)
        if not self._ends(rest, around):
            out.append(Line(f"{pad}    continue", loop.span))
        return [*out, Line(f"{pad}break", loop.span)]

    def _collect(self, statement: Collect, indent: int, around: Around | None) -> list[Line]:
        assert around is not None
        assert around.element is not None
        pad = " " * indent
        out: list[Line] = []
        if around.collected:
            piece = self._expressions.into(statement.value, around.element)
            head = f"{around.collected} += "
            out = self._lines(Display((piece,)), head, indent, statement.span)
        if around.skip:
            out.append(Line(f"{pad}continue", statement.span))
        # What is collected for a name that nobody reads still is a step.
        return out or [Line(f"{pad}pass", statement.span)]

    def _sleep(self, statement: Sleep, indent: int) -> list[Line]:
        word = "self.sleep_until" if statement.until else "self.sleep"
        piece = Invoke(word, (("", self._expressions.write(statement.value)),))
        return self._lines(piece, "await ", indent, statement.span)

    def _body(
        self, statements: tuple[Statement, ...], indent: int, around: Around | None, span: Span
    ) -> list[Line]:
        found = self.block(statements, indent, around)
        return found or [Line(f"{' ' * indent}pass", span)]

    def _duration(self, loop: Repeat) -> Piece:
        return constant(duration_text(loop.every or 0), DurationType())

    @contextmanager
    def _round(self, loop: ForEach | Repeat) -> Iterator[str]:
        """The name of the loop's index; empty when nothing in it has an id."""
        number = len(self._indexes) + 1
        name = "index" if number == 1 else f"index_{number}"
        while name in self._unfree:
            # No name of a spec ends in one `_`.
            name += "_"
        self._indexes.append(name)
        yield name if loop.site == self._point or _numbered(loop.body) else ""
        self._indexes.pop()


def _numbered(statements: Sequence[Statement]) -> bool:
    """Whether something in the block has an id of its own in each round."""
    return any(
        isinstance(one, Do | AskStatement | Undo | ForEach)
        or (isinstance(one, Let) and isinstance(one.value, ServiceCall | Ask | ForEach | Run))
        for one in everything(tuple(statements))
    )
