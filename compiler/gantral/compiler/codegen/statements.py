"""Statements as the lines of a coroutine, each with the place in the spec it stands for."""

from __future__ import annotations

from collections.abc import Sequence

from gantral.compiler.again import DECIDED, again
from gantral.compiler.codegen.anew import Anew, anew
from gantral.compiler.codegen.block import NOWHERE, Around, Exit, Line
from gantral.compiler.codegen.choosing import Choosing
from gantral.compiler.codegen.expressions import Expressions
from gantral.compiler.codegen.layout import (
    Atom,
    Display,
    Invoke,
    flat,
    literal,
)
from gantral.compiler.codegen.names import PackageNames, local_names
from gantral.compiler.codegen.reading import used
from gantral.compiler.codegen.types import variable
from gantral.compiler.codegen.waits import Waits
from gantral.compiler.mangle import mangle
from gantral.compiler.program import (
    Ask,
    AskStatement,
    Collect,
    Complete,
    Do,
    Expr,
    ForEach,
    Give,
    If,
    Let,
    Parallel,
    Program,
    Repeat,
    Require,
    Run,
    ServiceCall,
    Set,
    Sleep,
    Statement,
    Terminate,
    Type,
    Typed,
    Undo,
    Var,
    Wait,
    WaitStatement,
)
from gantral.compiler.program.walk import blocks
from gantral.dsl.span import Span

# Parameters of the generated coroutines.
_PARAMETERS = frozenset({"self", "input", "failure"})


def body(program: Program, names: PackageNames, points: Sequence[str]) -> list[Line]:
    """The lines of `body`: the `run` block. ``points`` are the sites of the loops between whose
    rounds the run may go on in a new history, in the order of the source."""
    writer = _Writer(program, names, program.run, returns=True)
    return writer.divided(points) if points else writer.block(program.run, 8, NOWHERE)


def on_failure(program: Program, names: PackageNames) -> list[Line]:
    """The lines of `on_failure`; none when the spec has no such block."""
    statements = program.on_failure
    return _Writer(program, names, statements, returns=False).block(statements, 8, NOWHERE)


class _Writer(Choosing):
    def __init__(
        self,
        program: Program,
        names: PackageNames,
        statements: tuple[Statement, ...],
        *,
        returns: bool,
    ) -> None:
        self._program = program
        self._returns = returns
        self._anews: dict[str, Anew] = {}
        self._again = again(program).asks
        taken = _PARAMETERS | frozenset(mangle(name) for name in program.services)
        known = local_names(statements, taken)
        expressions = Expressions(names, {**known, DECIDED: "decided_"})
        super().__init__(names, statements, used(statements), known, taken, expressions)
        self._waits = Waits(
            expressions, names, known, self._used, self.block, self.crossed, self._ends
        )

    def block(self, statements: tuple[Statement, ...], indent: int, around: Around) -> list[Line]:
        """The lines of a block. A branch that ends early leaves the rest without an `else`."""
        out: list[Line] = []
        for statement in statements:
            # A function stands apart from what is before it.
            if (out or indent > 8) and self._has_function(statement):
                out.append(Line("", statement.span))
            out += self._statement(statement, indent, around)
        return out

    def divided(self, points: Sequence[str]) -> list[Line]:
        """The lines of a body that may go on in a new history between two rounds of some loops."""
        run = self._program.run
        for site in points:
            # The first has none, so that a run with one reads as if there were no others.
            number = str(len(self._points) + 1) if self._points else ""
            self._points[site] = number
            self._anews[site] = anew(run, site, number, self._names, self._used)
        return self._after([*self._anews.values()], run, 8)

    def _after(
        self, points: Sequence[Anew], statements: tuple[Statement, ...], indent: int
    ) -> list[Line]:
        """The statements from the beginning of the run on, which the points stand in."""
        if not points:
            return self.block(statements, indent, NOWHERE)
        *others, last = points
        inner = indent + 4
        before = self._after(others, last.before, inner)
        at, loop = last.at, last.loop
        if isinstance(at, Let) and isinstance(loop, ForEach) and at.binding in self._used:
            before += self._collected(loop, self._locals[at.binding], inner, at.span)
        restored = last.restored(
            self._expressions,
            self._locals,
            lambda one, indent: self._statement(one, indent, NOWHERE),
            inner,
        )
        pad = " " * indent
        out = last.opened(bool(before), others, indent)
        if before:
            out += [Line(f"{pad}if {last.carried} is None:", loop.head), *before]
        if restored:
            out += [Line(f"{pad}else:", loop.head), *restored]
        return out + self.block(statements[len(last.before) :], indent, NOWHERE)

    def _goes_on_anew(self, site: str, index: str, indent: int, span: Span) -> list[Line]:
        return self._anews[site].round(self._expressions, index, indent, span)

    def _has_function(self, statement: Statement) -> bool:
        match statement:
            case Parallel() | Let(value=Parallel()):
                return True
            case AskStatement(ask=ask) | Let(value=Ask() as ask):
                return bool(self._again.get(ask.id))
            case _:
                return False

    def _statement(self, statement: Statement, indent: int, around: Around) -> list[Line]:
        match statement:
            case Let(value=ServiceCall() as call, binding=binding):
                return self._call(call, binding, indent, around, statement.span)
            case Do(call=call):
                return self._call(call, None, indent, around, statement.span)
            case Let(value=Ask() as ask, binding=binding):
                return self._ask(ask, binding, indent, statement.span)
            case AskStatement(ask=ask):
                return self._ask(ask, None, indent, statement.span)
            case Let(value=Wait() as wait, binding=binding):
                target = self._locals[binding] if binding in self._used else ""
                return self._waits.bound(wait, target, around, indent, statement.span)
            case WaitStatement(wait=wait):
                return self._waits.alone(wait, around, indent, statement.span)
            case Let(value=Run() as run, binding=binding):
                return self._run(run, binding, indent, statement.span)
            case Let(value=ForEach() as loop, binding=binding):
                return self._each(loop, binding, indent, around, statement.span)
            case ForEach():
                return self._each(statement, None, indent, around, statement.span)
            case Let(value=Repeat() as loop, binding=binding):
                return self._repeat(loop, binding, indent, around, statement.span)
            case Repeat():
                return self._repeat(statement, None, indent, around, statement.span)
            case Let(value=Parallel() as parallel, binding=binding):
                return self._parallel(parallel, binding, indent, statement.span)
            case Parallel():
                return self._parallel(statement, None, indent, statement.span)
            case Let(value=value, binding=binding):
                if binding not in self._used or not isinstance(value, Typed):
                    return []
                piece = self._expressions.write(value)
                return self._lines(piece, f"{self._locals[binding]} = ", indent, statement.span)
            case Var(type=type, binding=binding) | Set(type=type, binding=binding):
                return self._assign(statement, type, binding, indent)
            case If():
                return self._if(statement, indent, around)
            case Require():
                return self._require(statement, indent)
            case Terminate(message=message, ordinal=ordinal):
                return self._terminate(message, f"terminate/{ordinal}", indent, statement.span)
            case Complete(output=output, ordinal=ordinal):
                done = self._expressions.output(output, self._program.output)
                site = ("at=", Atom(literal(f"complete/{ordinal}")))
                piece = Invoke("self.complete", (("", done), site))
                return self._lines(piece, "return ", indent, statement.span)
            case Give(value=value):
                return self._leave(value, around.give, indent, statement.span)
            case Collect(value=value):
                return self._leave(value, around.collect, indent, statement.span)
            case Sleep():
                return self._sleep(statement, indent)
            case Undo():
                return self._undo(statement, indent)

    def _assign(self, statement: Var | Set, type: Type, binding: Span, indent: int) -> list[Line]:
        if binding not in self._used:
            return []
        head = self._locals[binding]
        if isinstance(statement, Var):
            head += f": {flat(variable(type, self._names))}"
        piece = self._expressions.into(statement.value, type)
        return self._lines(piece, f"{head} = ", indent, statement.span)

    def _leave(self, value: Expr, way: Exit | None, indent: int, span: Span) -> list[Line]:
        """A `give` or `collect`."""
        assert way is not None
        pad = " " * indent
        out: list[Line] = []
        if way.before:
            piece = self._expressions.into(value, way.type)
            if way.before.endswith("+= "):
                piece = Display((piece,))
            out = self._lines(piece, way.before, indent, span)
        if way.left:
            out.append(Line(f"{pad}{way.left} = True", span))
        if way.goes:
            out.append(Line(f"{pad}{way.goes}", span))
        # What is given to a name that nobody reads still is a step.
        return out or [Line(f"{pad}pass", span)]

    def _ends(self, statements: tuple[Statement, ...], around: Around) -> bool:
        if not statements:
            return False
        match statements[-1]:
            case Complete() | Terminate():
                return self._returns
            case Give():
                return around.give is not None and around.give.ends
            case Collect():
                return around.collect is not None and around.collect.ends
            case If(then=then, otherwise=otherwise):
                return self._ends(then, around) and self._ends(otherwise, around)
            case Repeat(otherwise=otherwise):
                # It stands behind the rounds.
                return self._ends(otherwise, around)
            case WaitStatement():
                return all(self._ends(block, around) for block in blocks(statements[-1]))
            case _:
                return False
