"""A body that may go on in a new history: what stands before its loop runs once, and what the rest
reads is carried over (ADR 0174).

    first_, carried_ = self.goes_on("each/1", Carried)
    if carried_ is None:
        … the statements before the loop
    else:
        … the names that the rest reads, as they were

Of several such loops the last stands outermost: what is before it holds the others (ADR 0091).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from gantral.compiler.anew import loop_of, read, read_by, stays
from gantral.compiler.codegen.block import Line
from gantral.compiler.codegen.expressions import Expressions
from gantral.compiler.codegen.layout import Atom, Display, Invoke, Piece, ended, literal
from gantral.compiler.codegen.looping import first_of
from gantral.compiler.codegen.names import PackageNames
from gantral.compiler.codegen.reading import narrows
from gantral.compiler.mangle import mangle
from gantral.compiler.program import (
    Ask,
    Complete,
    DecimalType,
    DurationType,
    Expr,
    Field,
    ForEach,
    If,
    IntType,
    Let,
    LetRef,
    ListType,
    OptionalType,
    Parallel,
    Repeat,
    Require,
    Run,
    ServiceCall,
    Statement,
    StringType,
    Terminate,
    Type,
    Typed,
    Var,
    VarRef,
    Wait,
)
from gantral.dsl.span import Span


@dataclass(slots=True)
class Anew:
    """The point of a body: the statements before its loop, that statement, and what is carried."""

    before: tuple[Statement, ...]
    at: Statement
    loop: ForEach | Repeat
    number: str
    model: str = ""
    names: list[tuple[Field, Expr]] = field(default_factory=list)
    _needed: set[Span] = field(default_factory=set)
    _again: dict[int, Statement] = field(default_factory=dict)

    def restored(
        self,
        expressions: Expressions,
        locals: dict[Span, str],
        write: Callable[[Statement, int], list[Line]],
        indent: int,
    ) -> list[Line]:
        """The names as they were, in the order of the source: those computed from the others are
        computed again, and what they were narrowed to is held against them once more."""
        carried = {one.name: value for one, value in self.names}
        pad = " " * indent
        out: list[Line] = []
        for position, statement in enumerate((*self.before, self.at)):
            if position in self._again:
                again = self._again[position]
                out += self._held(expressions, again, indent) or write(again, indent)
            elif isinstance(statement, Let | Var) and statement.name in carried:
                value = carried[statement.name]
                if isinstance(value, LetRef | VarRef) and value.binding == statement.binding:
                    name = f"{self.carried}.{mangle(statement.name)}"
                    out.append(Line(f"{pad}{locals[value.binding]} = {name}", statement.span))
        return out

    def _held(self, expressions: Expressions, statement: Statement, indent: int) -> list[Line]:
        """A condition that did not hold where the run went on from here."""
        if isinstance(statement, Require):
            wrong = expressions.negation(statement.condition)
        elif isinstance(statement, If):
            ends = _ends(statement.then)
            condition = statement.condition
            wrong = expressions.all_of([condition]) if ends else expressions.negation(condition)
        else:
            return []
        span = statement.span
        head = [Line(text, span) for text in ended(wrong, "if ", ":", indent)]
        return [*head, Line(f"{' ' * indent}    raise self.misplaced()", span)]

    def round(self, expressions: Expressions, index: str, indent: int, span: Span) -> list[Line]:
        """What begins a round."""
        given: tuple[tuple[str, Piece], ...] = tuple(
            (f"{mangle(one.name)}=", expressions.into(value, one.type)) for one, value in self.names
        )
        arguments: tuple[tuple[str, Piece], ...] = (
            ("", Invoke(self.model, given)),
            ("round=", Atom(index)),
            ("at=", Atom(literal(self.loop.site))),
        )
        piece = Invoke("self.go_on_anew", arguments)
        return [
            Line(f"{' ' * indent}if {index} > {first_of(self.number)} and self.full:", span),
            *(Line(text, span) for text in ended(piece, "await ", "", indent + 4)),
        ]

    @property
    def carried(self) -> str:
        """The name of what was carried over."""
        return f"carried{self.number}_"

    def opened(self, named: bool, before: Sequence[Anew], indent: int) -> list[Line]:
        """Asks the runtime where this history begins; `before` are the points before this one."""
        target = self.carried if named else "_"
        arguments: list[tuple[str, Piece]] = [
            ("", Atom(literal(self.loop.site))),
            ("", Atom(self.model)),
        ]
        if before:
            sites = tuple(Atom(literal(one.loop.site)) for one in before)
            arguments.append(("before=", Display(sites)))
        piece = Invoke("self.goes_on", tuple(arguments))
        prefix = f"{first_of(self.number)}, {target} = "
        return [Line(text, self.loop.head) for text in ended(piece, prefix, "", indent)]


def anew(
    run: tuple[Statement, ...], site: str, number: str, names: PackageNames, used: frozenset[Span]
) -> Anew:
    """The point at the loop of this site."""
    position, loop = next(
        (at, loop)
        for at, one in enumerate(run)
        if (loop := loop_of(one)) is not None and loop.site == site
    )
    found = Anew(run[:position], run[position], loop, number)
    needed = set(read(run[position:]))
    for at in reversed(range(position)):
        one = run[at]
        if _computed(one, needed):
            found._again[at] = one
            needed.update(read((one,)))
        elif isinstance(one, Require | If) and _narrowing(one):
            found._again[at] = one
            needed.update(read_by(one.condition))
    for at, one in enumerate(run[: position + 1]):
        if isinstance(one, Let | Var) and one.binding in needed | used and at not in found._again:
            type = _type(one)
            # What the loop itself is to give is not there yet; what it collects is, so far.
            given = at == position and isinstance(loop, Repeat)
            if type is None or given or (at < position and one.binding not in needed):
                continue
            made = VarRef if isinstance(one, Var) else LetRef
            value = made(span=one.binding, type=type, name=one.name, binding=one.binding)
            found.names.append((Field(one.name, _bare(type)), value))
    found.model = names.carried(number, tuple(field for field, _ in found.names))
    return found


def _computed(one: Statement, needed: set[Span]) -> bool:
    return (
        isinstance(one, Let)
        and one.binding in needed
        and isinstance(one.value, Typed)
        and stays(one.value)
    )


def _narrowing(one: Require | If) -> bool:
    if not (narrows(one.condition) and stays(one.condition)):
        return False
    return isinstance(one, Require) or _ends(one.then) != _ends(one.otherwise)


def _ends(block: tuple[Statement, ...]) -> bool:
    match block[-1:]:
        case (Complete() | Terminate(),):
            return True
        case (If(then=then, otherwise=otherwise),):
            return _ends(then) and _ends(otherwise)
        case _:
            return False


def _type(one: Let | Var) -> Type | None:
    """The type of a name; None for what is not carried: approvals and outcomes of children."""
    if isinstance(one, Var):
        return one.type
    match one.value:
        case Ask() | Run():
            return None
        case ForEach(gives=gives):
            return gives
        case Repeat(gives=gives):
            return gives
        case Parallel(gives=gives):
            return gives
        case Wait(type=type) | ServiceCall(type=type):
            return type
        case value:
            return value.type


def _bare(type: Type) -> Type:
    """Without refinements: they were held where the value entered (ADR 0149)."""
    match type:
        case StringType():
            return StringType()
        case IntType():
            return IntType()
        case DecimalType(scale=scale):
            return DecimalType(scale)
        case DurationType():
            return DurationType()
        case ListType(element=element):
            return ListType(_bare(element))
        case OptionalType(inner=inner):
            return OptionalType(_bare(inner))
        case _:
            return type
