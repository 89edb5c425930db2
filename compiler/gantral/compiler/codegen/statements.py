"""Statements as the lines of a coroutine, each with the place in the spec it stands for."""

from __future__ import annotations

from collections.abc import Sequence

from gantral.compiler.again import DECIDED, Judged, again
from gantral.compiler.codegen.anew import Anew, anew
from gantral.compiler.codegen.block import Around, Line
from gantral.compiler.codegen.expressions import Expressions
from gantral.compiler.codegen.judging import judged
from gantral.compiler.codegen.layout import (
    AND,
    Atom,
    Chain,
    Display,
    Invoke,
    Piece,
    flat,
    literal,
)
from gantral.compiler.codegen.names import PackageNames, local_names
from gantral.compiler.codegen.parallel import Parallels
from gantral.compiler.codegen.reading import gives_out, leaves_last, narrows, silent, used
from gantral.compiler.codegen.types import plain, variable
from gantral.compiler.codegen.waits import Waits
from gantral.compiler.mangle import mangle
from gantral.compiler.program import (
    Ask,
    AskOnlyIf,
    AskStatement,
    Collect,
    Complete,
    Do,
    Expr,
    ForEach,
    Give,
    Handler,
    If,
    Let,
    Not,
    Operation,
    Parallel,
    Program,
    RecordType,
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


def body(program: Program, names: PackageNames, point: str) -> list[Line]:
    """The lines of `body`: the `run` block. ``point`` is the site of the loop between whose rounds
    the run may go on in a new history, empty when there is none."""
    writer = _Writer(program, names, program.run, returns=True)
    return writer.divided(point) if point else writer.block(program.run, 8, None)


def on_failure(program: Program, names: PackageNames) -> list[Line]:
    """The lines of `on_failure`; none when the spec has no such block."""
    statements = program.on_failure
    return _Writer(program, names, statements, returns=False).block(statements, 8, None)


class _Writer(Parallels):
    _anew: Anew

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
        self._again = again(program).asks
        taken = _PARAMETERS | frozenset(mangle(name) for name in program.services)
        known = local_names(statements, taken)
        expressions = Expressions(names, {**known, DECIDED: "decided_"})
        super().__init__(names, statements, used(statements), known, taken, expressions)
        self._waits = Waits(expressions, names, known, self._used, self.block, self._ends)

    def block(
        self, statements: tuple[Statement, ...], indent: int, around: Around | None
    ) -> list[Line]:
        """The lines of a block. A branch that ends early leaves the rest without an `else`."""
        out: list[Line] = []
        for position, statement in enumerate(statements):
            if gives_out(statement) and around is not None and not around.returns:
                rest = statements[position + 1 :]
                return out + self._through(statement, rest, indent, around)
            # A function stands apart from what is before it.
            if (out or indent > 8) and self._has_function(statement):
                out.append(Line("", statement.span))
            out += self._statement(statement, indent, around)
        return out

    def divided(self, point: str) -> list[Line]:
        """The lines of a body that may go on in a new history between two rounds of a loop."""
        self._point = point
        self._anew, after = anew(self._program.run, point, self._names, self._used)
        at, loop = self._anew.at, self._anew.loop
        before = self.block(self._anew.before, 12, None)
        if isinstance(at, Let) and isinstance(loop, ForEach) and at.binding in self._used:
            before += self._collected(loop, self._locals[at.binding], 12, at.span)
        restored = self._anew.restored(
            self._expressions,
            self._locals,
            lambda one, indent: self._statement(one, indent, None),
            12,
        )
        out = [self._anew.opened(bool(before), 8)]
        if before:
            out += [Line("        if carried_ is None:", loop.head), *before]
        if restored:
            out += [Line("        else:", loop.head), *restored]
        return out + self.block((at, *after), 8, None)

    def _goes_on_anew(self, index: str, indent: int, span: Span) -> list[Line]:
        return self._anew.round(self._expressions, index, indent, span)

    def _has_function(self, statement: Statement) -> bool:
        match statement:
            case Parallel() | Let(value=Parallel()):
                return True
            case AskStatement(ask=ask) | Let(value=Ask() as ask):
                return bool(self._again.get(ask.id))
            case _:
                return False

    def _statement(self, statement: Statement, indent: int, around: Around | None) -> list[Line]:
        match statement:
            case Let(value=ServiceCall() as call, binding=binding):
                return self._call(call, binding, indent, None, statement.span)
            case Do(call=call):
                return self._call(call, None, indent, around, statement.span)
            case Let(value=Ask() as ask, binding=binding):
                return self._ask(ask, binding, indent, statement.span)
            case AskStatement(ask=ask):
                return self._ask(ask, None, indent, statement.span)
            case Let(value=Wait() as wait, binding=binding):
                target = self._locals[binding] if binding in self._used else ""
                return self._waits.bound(wait, target, indent, statement.span)
            case WaitStatement(wait=wait):
                return self._waits.alone(wait, around, indent, statement.span)
            case Let(value=Run() as run, binding=binding):
                return self._run(run, binding, indent, statement.span)
            case Let(value=ForEach() as loop, binding=binding):
                return self._each(loop, binding, indent, None, statement.span)
            case ForEach():
                return self._each(statement, None, indent, around, statement.span)
            case Let(value=Repeat() as loop, binding=binding):
                return self._repeat(loop, binding, indent, None, statement.span)
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
                return self._give(value, indent, around, statement.span)
            case Collect():
                return self._collect(statement, indent, around)
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

    def _call(
        self,
        call: ServiceCall,
        binding: Span | None,
        indent: int,
        around: Around | None,
        span: Span,
    ) -> list[Line]:
        operation = self._program.operations[call.operation]
        target = self._locals[binding] if binding is not None and binding in self._used else ""
        handler = call.handler
        piece = self._action(call, operation)
        if handler is None:
            return self._lines(piece, f"{target} = await " if target else "await ", indent, span)
        if not target and silent(self._used, handler.body):
            opened = f"{' ' * indent}with contextlib.suppress(ActionFailed):"
            return [Line(opened, span), *self._lines(piece, "await ", indent + 4, span)]
        prefix = f"{target}: {flat(plain(call.type, self._names))} = await " if target else "await "
        pad = " " * indent
        return [
            Line(f"{pad}try:", span),
            *self._lines(piece, prefix, indent + 4, span),
            Line(f"{pad}except ActionFailed{self._as(handler)}:", handler.span),
            *(
                self.block(handler.body, indent + 4, around)
                if binding is None
                else self._handled(handler, target, call.type, indent + 4)
            ),
        ]

    def _action(self, call: ServiceCall, operation: Operation) -> Piece:
        kind = "effect" if operation.acts else operation.kind
        given = self._given(call.arguments, operation.parameters)
        factory = f"{mangle(operation.service)}.{mangle(operation.name)}"
        arguments: list[tuple[str, Piece]] = [
            ("", Invoke(factory, given)),
            ("call=", self._site(call.id)),
        ]
        if operation.acts:
            under = tuple(Atom(self._locals[one.binding]) for one in call.under)
            arguments.append(("under=", Display(under)))
        if call.handler is not None:
            arguments.append(("handled=", Atom("True")))
        return Invoke(f"self.{kind}", tuple(arguments))

    def _given(
        self, arguments: Sequence[tuple[str, Expr]], wanted: RecordType
    ) -> tuple[tuple[str, Piece], ...]:
        """Arguments by their names in Python, each as a value of its parameter."""
        return tuple(
            (f"{mangle(name)}=", self._expressions.into(value, field.type))
            for name, value in arguments
            for field in wanted.fields
            if field.name == name
        )

    def _as(self, handler: Handler) -> str:
        named = handler.binding is not None and handler.binding in self._used
        return f" as {self._locals[handler.binding]}" if named and handler.binding else ""

    def _handled(self, handler: Handler, target: str, type: Type, indent: int) -> list[Line]:
        """The handler's block. A `give` that is not its last step leaves a loop that runs once."""
        around = Around(target, type, leave=False)
        if leaves_last(handler.body, Give):
            found = self.block(handler.body, indent, around)
        else:
            inner = self.block(handler.body, indent + 4, Around(target, type, leave=True))
            found = [Line(f"{' ' * indent}while True:", handler.span), *inner]
        return found

    def _give(self, value: Expr, indent: int, around: Around | None, span: Span) -> list[Line]:
        if around is None:
            raise ValueError("give outside of a handler")
        out: list[Line] = []
        if around.gives_to:
            piece = self._expressions.into(value, around.type)
            out = self._lines(piece, around.gives_to, indent, span)
        if around.leave:
            out.append(Line(f"{' ' * indent}break", span))
        # What is given to a name that nobody reads still is a step.
        return out or [Line(f"{' ' * indent}pass", span)]

    def _ask(self, ask: Ask, binding: Span | None, indent: int, span: Span) -> list[Line]:
        gate = self._program.gates[ask.gate]
        given = self._given(ask.arguments, gate.parameters)
        proposal = Invoke(f"gates.{mangle(gate.name)}", given)
        arguments: list[tuple[str, Piece]] = [("", proposal), ("site=", self._site(ask.id))]
        judged = self._again.get(ask.id, ())
        # No name of a spec ends in one `_`.
        name = f"still_{ask.gate}_{ask.ordinal}_"
        if judged:
            arguments.append(("again=", Atom(name)))
        if isinstance(ask, AskOnlyIf):
            arguments.append(("only_if=", self._expressions.write(ask.only_if)))
        piece = Invoke("self.ask", tuple(arguments))
        target = self._locals[binding] if binding is not None and binding in self._used else ""
        asked = self._lines(piece, f"{target} = await " if target else "await ", indent, span)
        return [*self._still(name, ask, judged, indent, span), *asked] if judged else asked

    def _run(self, run: Run, binding: Span, indent: int, span: Span) -> list[Line]:
        given = Invoke(self._names.runs[run.workflow], self._given(run.arguments, run.input))
        piece = Invoke("self.run_workflow", (("", given), ("call=", Atom(literal(run.id)))))
        target = f"{self._locals[binding]} = " if binding in self._used else ""
        return self._lines(piece, f"{target}await ", indent, span)

    def _still(
        self, name: str, ask: Ask, again: Sequence[Judged], indent: int, span: Span
    ) -> list[Line]:
        """A function that judges the conditions before the ask with the decided values."""
        pad = " " * indent
        head = f"{pad}def {name}(decided_: {self._names.approvals[ask.gate]}) -> bool:"
        pieces = [judged(self._expressions, one) for one in again]
        parts = tuple((("and " if at else ""), one) for at, one in enumerate(pieces))
        whole = pieces[0] if len(pieces) == 1 else Chain(parts, AND)
        return [
            Line(head, span),
            *self._lines(whole, "return ", indent + 4, span),
            Line("", span),
        ]

    def _require(self, statement: Require, indent: int) -> list[Line]:
        site = f"require/{statement.ordinal}"
        if narrows(statement.condition):
            # A type checker learns from an `if`, not from a call.
            piece = self._expressions.negation(statement.condition)
            head = self._lines(piece, "if ", indent, statement.span, ":")
            ended = self._terminate(statement.message, site, indent + 4, statement.span)
            return [*head, *ended]
        arguments = (
            ("", self._expressions.write(statement.condition)),
            ("", self._expressions.text(statement.message)),
            ("at=", Atom(literal(site))),
        )
        return self._lines(Invoke("self.require", arguments), "", indent, statement.span)

    def _terminate(self, message: Expr, site: str, indent: int, span: Span) -> list[Line]:
        arguments = (("", self._expressions.text(message)), ("at=", Atom(literal(site))))
        # It never returns; the word tells that to those who read the flow alone.
        word = "return " if self._returns else ""
        return self._lines(Invoke("self.terminate", arguments), word, indent, span)

    def _if(self, statement: If, indent: int, around: Around | None) -> list[Line]:
        then, otherwise = statement.then, statement.otherwise
        conditions = [statement.condition]
        # An `if` that holds nothing but an `if` is one `if` with both conditions.
        while (
            len(then) == 1
            and isinstance(then[0], If)
            and silent(self._used, (*otherwise, *then[0].otherwise))
        ):
            conditions.append(then[0].condition)
            then = then[0].then
        given = self._give_either(statement, indent, around)
        if given is not None:
            return given
        if silent(self._used, then):
            if silent(self._used, otherwise):
                return []
            condition = statement.condition
            turned = Not(span=condition.span, type=condition.type, operand=condition)
            return self._if(If(turned, otherwise, (), statement.span), indent, around)
        piece = self._expressions.all_of(conditions)
        head = self._lines(piece, "if ", indent, statement.span, ":")
        head += self.block(then, indent + 4, around)
        if silent(self._used, otherwise):
            return head
        if self._ends(then, around):
            return [*head, *self.block(otherwise, indent, around)]
        match otherwise:
            case (If() as chained,) if self._is_one_if(chained, around):
                first, *rest = self.block(otherwise, indent, around)
                return [*head, Line(f"{' ' * indent}el{first.text[indent:]}", first.span), *rest]
            case _:
                opened = Line(f"{' ' * indent}else:", statement.span)
                return [*head, opened, *self.block(otherwise, indent + 4, around)]

    def _is_one_if(self, statement: If, around: Around | None) -> bool:
        """Whether it prints as one Python `if`, so that `elif` can stand for `else: if`."""
        if silent(self._used, statement.then) or self._either_gives(statement, around):
            return False
        return silent(self._used, statement.otherwise) or not self._ends(statement.then, around)

    def _either_gives(self, statement: If, around: Around | None) -> bool:
        match statement:
            case If(then=(Give(),), otherwise=(Give(),)):
                return around is not None and bool(around.gives_to)
            case If(then=(Set(binding=one),), otherwise=(Set(binding=other),)):
                return one == other
            case _:
                return False

    def _give_either(self, statement: If, indent: int, around: Around | None) -> list[Line] | None:
        """`if c { give a } else { give b }` as one assignment, and so for `set` of one variable."""
        match statement:
            case If(
                then=(Set(value=one, binding=binding, type=type),),
                otherwise=(Set(value=other, binding=also),),
            ) if binding == also and binding in self._used:
                choice = self._expressions.either(statement.condition, one, other, type)
                target = f"{self._locals[binding]} = "
                return self._lines(choice, target, indent, statement.span)
            case If(then=(Give(value=one),), otherwise=(Give(value=other),)):
                if around is None or not around.gives_to:
                    return None
                choice = self._expressions.either(statement.condition, one, other, around.type)
                out = self._lines(choice, around.gives_to, indent, statement.span)
                return [*out, Line(f"{' ' * indent}break", statement.span)] if around.leave else out
            case _:
                return None

    def _ends(self, statements: tuple[Statement, ...], around: Around | None) -> bool:
        if not statements:
            return False
        match statements[-1]:
            case Complete() | Terminate():
                return self._returns
            case Give():
                return around is not None and (around.leave or around.returns)
            case Collect():
                return around is not None and around.skip
            case last if gives_out(last):
                return around is None or not around.returns
            case If(then=then, otherwise=otherwise):
                return self._ends(then, around) and self._ends(otherwise, around)
            case WaitStatement():
                return all(self._ends(block, around) for block in blocks(statements[-1]))
            case _:
                return False
