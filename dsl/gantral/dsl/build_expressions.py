"""Names, types and expressions from what the parser reduced."""

from __future__ import annotations

import dataclasses
from typing import Any

from gantral.dsl.build import (
    Builder,
    Context,
    duration,
    exact,
    ident,
    integer,
    part,
)
from gantral.dsl.build_text import plain, text
from gantral.dsl.span import Span
from gantral.dsl.syntax import (
    Argument,
    Binary,
    BinaryOperator,
    Boolean,
    Call,
    Comparison,
    ComparisonOperator,
    Comprehension,
    Conditional,
    EnumType,
    Expression,
    Field,
    Generator,
    Identifier,
    ListLiteral,
    ListType,
    Member,
    Name,
    NamedType,
    NoneLiteral,
    NoneTest,
    OptionalType,
    Path,
    Record,
    RecordField,
    RecordType,
    ScalarType,
    ServiceCall,
    Text,
    Unary,
)
from gantral.grammar.lexer import Token


def _path(context: Context, span: Span, kids: list[Any]) -> Path:
    return Path(span, tuple(ident(context, kid) for kid in kids))


def _negate(context: Context, span: Span, kids: list[Any]) -> Expression:
    return Unary(span, "-", kids[0])


def _refinements(items: list[Any]) -> tuple[Argument, ...]:
    found = part(items, "refinements")
    return () if found is None else tuple(found.items)


def _pattern(context: Context, span: Span, kids: list[Any]) -> Argument:
    word = plain(context, kids[1])
    value = Text(word.span, (word.value,) if word.value else ())
    return Argument(span, ident(context, kids[0]), value)


def _argument(context: Context, span: Span, kids: list[Any]) -> Argument:
    return Argument(span, ident(context, kids[0]), kids[1])


def _named_type(context: Context, span: Span, kids: list[Any]) -> NamedType:
    module = ident(context, kids[0]) if len(kids) == 2 else None
    return NamedType(span, module, ident(context, kids[-1]))


def _field(context: Context, span: Span, kids: list[Any]) -> Field:
    wire = part(kids, "wire_name")
    return Field(
        span,
        ident(context, kids[0]),
        kids[1],
        part(kids, "personal") is not None,
        None if wire is None else plain(context, wire.items[0]),
    )


def _binary(operator: BinaryOperator) -> Builder:
    return lambda context, span, kids: Binary(span, operator, kids[0], kids[1])


def _comparison(operator: ComparisonOperator) -> Builder:
    return lambda context, span, kids: Comparison(span, operator, kids[0], kids[1])


def _add(context: Context, span: Span, kids: list[Any]) -> Binary:
    return Binary(span, kids[1], kids[0], kids[2])


def _compare(context: Context, span: Span, kids: list[Any]) -> Comparison:
    return Comparison(span, kids[1], kids[0], kids[2])


def _parenthesised(context: Context, span: Span, kids: list[Any]) -> Any:
    return dataclasses.replace(kids[0], span=span)


def _member(optional: bool) -> Builder:
    return lambda context, span, kids: Member(span, kids[0], ident(context, kids[1]), optional)


def _call(context: Context, span: Span, kids: list[Any]) -> Call | ServiceCall:
    """A dotted name is an operation of a service, a plain one a function."""
    callee, arguments = kids[0], tuple(kids[1].items)
    parts = _dotted(callee)
    if len(parts) == 1:
        return Call(span, parts[0], arguments)
    if parts:
        return ServiceCall(
            span, Path(callee.span, parts), named(context, span, arguments), under=(), handler=None
        )
    context.error(
        "G0115",
        callee.span,
        "this can't be called",
        "call a function by its name, or an operation as `service.operation(…)`",
    )
    return Call(span, Identifier(callee.span, "none"), arguments)


def _dotted(callee: Any) -> tuple[Identifier, ...]:
    parts: list[Identifier] = []
    while isinstance(callee, Member) and not callee.optional:
        parts.append(callee.name)
        callee = callee.target
    if not isinstance(callee, Name):
        return ()
    return (Identifier(callee.span, callee.text), *reversed(parts))


def named(context: Context, within: Span, arguments: tuple[Argument, ...]) -> tuple[Argument, ...]:
    """The arguments of an operation, each of which must say its name."""
    for one in arguments:
        if one.name is None and not context.damaged(within):
            context.error(
                "G0110",
                one.span,
                "an argument of an operation without its name",
                "write `name: value`",
            )
    return arguments


def _generator(context: Context, span: Span, kids: list[Any]) -> Generator:
    element, loop = kids
    where = part(loop.items, "where")
    condition = None if where is None else where.items[0]
    return Generator(span, element, ident(context, loop.items[0]), loop.items[1], condition)


def _comprehension(context: Context, span: Span, kids: list[Any]) -> Comprehension:
    inner = Span(span.source, kids[0].span.start, kids[1].span.end)
    return Comprehension(span, _generator(context, inner, kids))


def _else_value(context: Context, span: Span, kids: list[Any]) -> Any:
    context.same_line("else", span.start, kids[0])
    return kids[0]


def _word(context: Context, span: Span, kids: list[Token]) -> str:
    return " ".join(kid.text for kid in kids)


BUILDERS: dict[str, Builder] = {
    "path": _path,
    "int": lambda context, span, kids: integer(context, kids[0]),
    "decimal": lambda context, span, kids: exact(context, kids[0]),
    "duration": lambda context, span, kids: duration(context, kids[0]),
    "refinement": _argument,
    "pattern_refinement": _pattern,
    "scalar": lambda context, span, kids: ScalarType(
        span, ident(context, kids[0]), _refinements(kids)
    ),
    "list_type": lambda context, span, kids: ListType(span, _refinements(kids), kids[-1]),
    "named_type": _named_type,
    "record_type": lambda context, span, kids: RecordType(span, tuple(kids)),
    "enum_type": lambda context, span, kids: EnumType(
        span, tuple(plain(context, kid) for kid in kids)
    ),
    "optional": lambda context, span, kids: OptionalType(span, kids[0]),
    "field": _field,
    "conditional": lambda context, span, kids: Conditional(span, *kids),
    "else_value": _else_value,
    "or_op": _binary("or"),
    "and_op": _binary("and"),
    "default_op": _binary("??"),
    "multiply": _binary("*"),
    "add": _add,
    "add_op": _word,
    "compare_op": _word,
    "compare": _compare,
    "in_op": _comparison("in"),
    "not_in_op": _comparison("not in"),
    "not_op": lambda context, span, kids: Unary(span, "not", kids[0]),
    "negate": _negate,
    "is_none": lambda context, span, kids: NoneTest(span, kids[0], False),
    "is_some": lambda context, span, kids: NoneTest(span, kids[0], True),
    "member": _member(False),
    "optional_member": _member(True),
    "call": _call,
    "name": lambda context, span, kids: Name(span, kids[0].text),
    "text": lambda context, span, kids: text(context, kids[0]),
    "true": lambda context, span, kids: Boolean(span, True),
    "false": lambda context, span, kids: Boolean(span, False),
    "none": lambda context, span, kids: NoneLiteral(span),
    "parenthesised": _parenthesised,
    "list": lambda context, span, kids: ListLiteral(span, tuple(kids)),
    "comprehension": _comprehension,
    "record": lambda context, span, kids: Record(span, tuple(kids)),
    "record_field": lambda context, span, kids: RecordField(span, ident(context, kids[0]), kids[1]),
    "named_argument": _argument,
    "bare_argument": lambda context, span, kids: Argument(span, None, kids[0]),
    "generated": lambda context, span, kids: Argument(span, None, _generator(context, span, kids)),
    "hole": lambda context, span, kids: kids[0],
}
