"""`parallel` as a coroutine for each branch, begun in the order of the source and awaited as one
`async with`. A `give` is the coroutine's `return`."""

from __future__ import annotations

from abc import abstractmethod

from gantral.compiler.codegen.block import NOWHERE, Around, Exit, Line
from gantral.compiler.codegen.layout import Atom, Invoke, Piece, flat
from gantral.compiler.codegen.looping import Looping
from gantral.compiler.codegen.types import plain
from gantral.compiler.mangle import mangle
from gantral.compiler.program import Branch, OptionalType, Parallel, Statement
from gantral.dsl.span import Span


class Parallels(Looping):
    """Writes `parallel`; the blocks inside are the subclass's."""

    _returns: bool
    """Whether the coroutine that is written returns a value."""

    @abstractmethod
    def block(self, statements: tuple[Statement, ...], indent: int, around: Around) -> list[Line]:
        """The lines of a block."""

    def _parallel(self, one: Parallel, binding: Span | None, indent: int, span: Span) -> list[Line]:
        pad = " " * indent
        out: list[Line] = []
        for branch in one.branches:
            out += self._branch(one, branch, indent)
        # No name of a spec ends in one `_`, and no two of these begin alike, whatever a branch is
        # called.
        branches = f"parallel{one.ordinal}_"
        out.append(Line(f"{pad}async with self.parallel() as {branches}:", one.head))
        read = binding is not None and binding in self._used
        for branch in one.branches:
            named = f"{_begun(one, branch)} = " if read and branch.gives is not None else ""
            begun = Invoke(f"{branches}.begin", (("", Atom(f"{_coroutine(one, branch)}()")),))
            out += self._lines(begun, named, indent + 4, branch.span)
        if read and binding is not None and one.gives is not None:
            given: tuple[tuple[str, Piece], ...] = tuple(
                (f"{mangle(branch.name)}=", Atom(f"{_begun(one, branch)}.given"))
                for branch in one.branches
                if branch.gives is not None
            )
            made = Invoke(self._names.record(one.gives), given)
            out += self._lines(made, f"{self._locals[binding]} = ", indent, span)
        return out

    def _branch(self, one: Parallel, branch: Branch, indent: int) -> list[Line]:
        pad = " " * indent
        returns, self._returns = self._returns, branch.gives is not None
        type_ = "None" if branch.gives is None else flat(plain(branch.gives, self._names))
        around = NOWHERE
        if branch.gives is not None:
            around = Around(Exit("return ", branch.gives))
        body = self.block(branch.body, indent + 4, around)
        if not body or (
            isinstance(branch.gives, OptionalType) and not self._ends(branch.body, around)
        ):
            # A function stands apart from what is after it.
            body.append(Line(f"{pad}    {'return None' if self._returns else 'pass'}", branch.span))
        self._returns = returns
        head = f"{pad}async def {_coroutine(one, branch)}() -> {type_}:"
        return [Line(head, branch.span), *body, Line("", branch.span)]


def _coroutine(one: Parallel, branch: Branch) -> str:
    return f"branch{one.ordinal}_{branch.name}_"


def _begun(one: Parallel, branch: Branch) -> str:
    return f"begun{one.ordinal}_{branch.name}_"
