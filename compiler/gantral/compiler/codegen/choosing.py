"""`if`, `require` and `terminate` as Python's own `if`s."""

from __future__ import annotations

from gantral.compiler.codegen.acting import Acting
from gantral.compiler.codegen.block import Around, Line
from gantral.compiler.codegen.layout import Atom, Invoke, literal
from gantral.compiler.codegen.reading import narrows, silent
from gantral.compiler.program import Expr, Give, If, Not, Require, Set
from gantral.dsl.span import Span


class Choosing(Acting):
    """Writes what a run does or leaves by a condition; the blocks inside are the subclass's."""

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

    def _if(self, statement: If, indent: int, around: Around) -> list[Line]:
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

    def _is_one_if(self, statement: If, around: Around) -> bool:
        """Whether it prints as one Python `if`, so that `elif` can stand for `else: if`."""
        if silent(self._used, statement.then) or self._either_gives(statement, around):
            return False
        return silent(self._used, statement.otherwise) or not self._ends(statement.then, around)

    def _either_gives(self, statement: If, around: Around) -> bool:
        match statement:
            case If(then=(Give(),), otherwise=(Give(),)):
                way = around.give
                return way is not None and bool(way.before) and not way.left
            case If(then=(Set(binding=one),), otherwise=(Set(binding=other),)):
                return one == other
            case _:
                return False

    def _give_either(self, statement: If, indent: int, around: Around) -> list[Line] | None:
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
                way = around.give
                if way is None or not way.before or way.left:
                    return None
                choice = self._expressions.either(statement.condition, one, other, way.type)
                out = self._lines(choice, way.before, indent, statement.span)
                return (
                    [*out, Line(f"{' ' * indent}{way.goes}", statement.span)] if way.goes else out
                )
            case _:
                return None
