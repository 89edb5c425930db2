"""What a run asks of others: calls, with what a failure leads to, gates, children."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from gantral.compiler.again import Judged
from gantral.compiler.codegen.block import Around, Exit, Line
from gantral.compiler.codegen.judging import judged
from gantral.compiler.codegen.layout import (
    AND,
    Atom,
    Chain,
    Display,
    Invoke,
    Piece,
    flat,
)
from gantral.compiler.codegen.parallel import Parallels
from gantral.compiler.codegen.reading import leaves_last, silent
from gantral.compiler.codegen.types import plain
from gantral.compiler.mangle import mangle
from gantral.compiler.program import (
    Ask,
    AskOnlyIf,
    Expr,
    Give,
    Handler,
    Operation,
    Program,
    RecordType,
    Run,
    ServiceCall,
    Type,
)
from gantral.dsl.span import Span


class Acting(Parallels):
    """Writes calls, asks and children; the blocks inside are the subclass's."""

    _program: Program
    _again: Mapping[str, tuple[Judged, ...]]

    def _call(
        self,
        call: ServiceCall,
        binding: Span | None,
        indent: int,
        around: Around,
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
                else self._handled(handler, target, call.type, around, indent + 4)
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

    def _handled(
        self, handler: Handler, target: str, type: Type, around: Around, indent: int
    ) -> list[Line]:
        """The handler's block. A `give` that is not its last step leaves a loop that runs once."""
        way = Exit(f"{target} = " if target else "", type)
        if leaves_last(handler.body, Give):
            return self.block(handler.body, indent, replace(around, give=way))
        once = self.crossed((handler.body,), replace(around, give=None), indent, handler.span)
        inside = replace(once.inside, give=replace(way, goes="break"))
        return [
            *once.before,
            Line(f"{' ' * indent}while True:", handler.span),
            *self.block(handler.body, indent + 4, inside),
            *once.after,
        ]

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
        piece = Invoke("self.run_workflow", (("", given), ("call=", self._site(run.id))))
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
