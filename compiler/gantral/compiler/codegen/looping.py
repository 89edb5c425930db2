"""Loops as Python's own: `for` with `else`, `break` where a value is given, `continue` where one is
collected. What leaves more than one of them sets a name, which each then looks at. The ids of what
is called or asked in a loop end in the loop's index."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace

from gantral.compiler.codegen.block import Around, Exit, Line
from gantral.compiler.codegen.constants import constant
from gantral.compiler.codegen.expressions import Expressions
from gantral.compiler.codegen.layout import Atom, Invoke, Piece, ended, flat, literal
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
from gantral.compiler.program.walk import everything, leaves, looped, run_within
from gantral.compiler.shapes import duration_text
from gantral.dsl.frozen import frozen
from gantral.dsl.span import Span


def first_of(number: str) -> str:
    """The name of the round with which the loop of a point begins. No name of a spec ends in one
    `_`, and none of a branch has its digits there."""
    return f"first{number}_"


@frozen
class Crossed:
    """A loop of Python's that values leave for what is around it: what stands `before` and `after`
    it, and how they leave what is `inside`."""

    inside: Around
    before: tuple[Line, ...] = ()
    after: tuple[Line, ...] = ()


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
        self._lefts = 0
        self._points: dict[str, str] = {}
        """For the site of each loop between whose rounds a new history may begin, its number there;
        of the first it is empty."""

    @abstractmethod
    def block(self, statements: tuple[Statement, ...], indent: int, around: Around) -> list[Line]:
        """The lines of a block."""

    @abstractmethod
    def _goes_on_anew(self, site: str, index: str, indent: int, span: Span) -> list[Line]:
        """What begins each round of a loop between whose rounds a new history may begin."""

    @abstractmethod
    def _ends(self, statements: tuple[Statement, ...], around: Around) -> bool:
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

    def crossed(
        self, blocks: Sequence[tuple[Statement, ...]], around: Around, indent: int, span: Span
    ) -> Crossed:
        """What a loop of Python's needs in which these blocks stand."""
        pad = " " * indent
        before: list[Line] = []
        after: list[Line] = []

        def out(way: Exit | None, kind: type[Give] | type[Collect]) -> Exit | None:
            if way is None or way.returns or not any(leaves(one, kind) for one in blocks):
                return way
            name = way.left
            if not name:
                self._lefts += 1
                # No name of a spec ends in one `_`, and none of a branch has its digits there.
                name = f"left{self._lefts}_"
                before.append(Line(f"{pad}{name} = False", span))
            after.extend((Line(f"{pad}if {name}:", span), Line(f"{pad}    {way.goes}", span)))
            return replace(way, goes="break", left=name)

        inside = Around(out(around.give, Give), out(around.collect, Collect))
        return Crossed(inside, tuple(before), tuple(after))

    def _undo(self, statement: Undo, indent: int) -> list[Line]:
        site = self._site(statement.call, self._depths[statement.call])
        return self._lines(Invoke("self.undo", (("", site),)), "await ", indent, statement.span)

    def _each(
        self,
        loop: ForEach,
        binding: Span | None,
        indent: int,
        around: Around,
        span: Span,
    ) -> list[Line]:
        """`for x in self.each(…)`, its elements numbered where something in it has an id."""
        out: list[Line] = []
        outer = around if binding is None else replace(around, collect=None)
        crossed = self.crossed((loop.body,), outer, indent, loop.head)
        if binding is not None:
            assert loop.gives is not None
            target = self._locals[binding] if binding in self._used else ""
            if target and loop.site not in self._points:
                out += self._collected(loop, target, indent, span)
            way = Exit(
                f"{target} += " if target else "",
                loop.gives.element,
                "" if leaves_last(loop.body, Collect) else "continue",
            )
            crossed = replace(crossed, inside=replace(crossed.inside, collect=way))
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
            if loop.site in self._points:
                number = self._points[loop.site]
                items, first = f"items{number}_", first_of(number)
                out += self._lines(given, f"{items} = ", indent, loop.head)
                given = Invoke("enumerate", (("", Atom(f"{items}[{first}:]")), ("", Atom(first))))
                element = f"{index}, {element}"
            elif index:
                given = Invoke("enumerate", (("", given),))
                element = f"{index}, {element}"
            out += crossed.before
            out += self._lines(given, f"for {element} in ", indent, loop.head, ":")
            out += self._begun(loop, index, indent + 4, crossed.inside, span)
            return [*out, *crossed.after]

    def _collected(self, loop: ForEach, target: str, indent: int, span: Span) -> list[Line]:
        """The list that a loop collects, empty yet."""
        assert loop.gives is not None
        type_ = flat(plain(ListType(loop.gives.element), self._names))
        return [Line(f"{' ' * indent}{target}: {type_} = ()", span)]

    def _begun(
        self, loop: ForEach | Repeat, index: str, indent: int, around: Around, span: Span
    ) -> list[Line]:
        """The body of a loop, each round of which may go on in a new history instead."""
        if loop.site not in self._points:
            return self._body(loop.body, indent, around, span)
        return [
            *self._goes_on_anew(loop.site, index, indent, loop.head),
            *self.block(loop.body, indent, around),
        ]

    def _repeat(
        self,
        loop: Repeat,
        binding: Span | None,
        indent: int,
        around: Around,
        span: Span,
    ) -> list[Line]:
        """`for … in range(n)`, or with `every` over rounds that wait. Its `else` is Python's."""
        pad = " " * indent
        if binding is None:
            # What leaves the loop is led on: its `else` just follows.
            found = self.crossed((loop.body,), around, indent, loop.head)
            rounds = self._rounds(loop, indent, found.inside, span)
            otherwise = self.block(loop.otherwise, indent, around)
            return [*found.before, *rounds, *found.after, *otherwise]
        assert loop.gives is not None
        target = self._locals[binding] if binding in self._used else ""
        way = Exit(f"{target} = " if target else "", loop.gives)
        given = replace(way, goes="break")
        outer = replace(around, give=None)
        found = self.crossed((loop.body,), outer, indent, loop.head)
        out = [*found.before]
        if target:
            out.append(Line(f"{pad}{target}: {flat(plain(loop.gives, self._names))}", span))
        out += self._rounds(loop, indent, replace(found.inside, give=given), span)
        out.append(Line(f"{pad}else:", span))
        if leaves_last(loop.otherwise, Give):
            # Here Python's own `break` and `continue` are those of what is around.
            last = replace(outer, give=way)
            out += self._body(loop.otherwise, indent + 4, last, span)
        else:
            once = self.crossed((loop.otherwise,), outer, indent + 4, loop.head)
            out += [*once.before, Line(f"{pad}    while True:", span)]
            inside = replace(once.inside, give=given)
            out += [*self._body(loop.otherwise, indent + 8, inside, span), *once.after]
        return [*out, *found.after]

    def _rounds(self, loop: Repeat, indent: int, inside: Around, span: Span) -> list[Line]:
        with self._round(loop) as index:
            here = loop.site in self._points
            begins = first_of(self._points.get(loop.site, ""))
            most = ("", Atom(str(loop.at_most)))
            rounds: Piece = Invoke("range", (("", Atom(begins)), most) if here else (most,))
            word = "for"
            if loop.every is not None:
                first = (("first=", Atom(begins)),) if here else ()
                rounds = Invoke("self.rounds", (most, ("every=", self._duration(loop)), *first))
                word = "async for"
            head = self._lines(rounds, f"{word} {index or '_'} in ", indent, loop.head, ":")
            return head + self._begun(loop, index, indent + 4, inside, span)

    def _sleep(self, statement: Sleep, indent: int) -> list[Line]:
        word = "self.sleep_until" if statement.until else "self.sleep"
        piece = Invoke(word, (("", self._expressions.write(statement.value)),))
        return self._lines(piece, "await ", indent, statement.span)

    def _body(
        self, statements: tuple[Statement, ...], indent: int, around: Around, span: Span
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
        yield name if loop.site in self._points or _numbered(loop.body) else ""
        self._indexes.pop()


def _numbered(statements: Sequence[Statement]) -> bool:
    """Whether something in the block has an id of its own in each round."""
    return any(
        isinstance(one, Do | AskStatement | Undo | ForEach)
        or (isinstance(one, Let) and isinstance(one.value, ServiceCall | Ask | ForEach | Run))
        for one in everything(tuple(statements))
    )
