"""Printing of names, types and expressions."""

from __future__ import annotations

from gantral.dsl.format.layout import LINE, SOFT, Doc, cat, nest
from gantral.dsl.format.printer import Print, Printer
from gantral.dsl.span import Node
from gantral.dsl.syntax import (
    Argument,
    Binary,
    Boolean,
    Call,
    Comparison,
    Comprehension,
    Conditional,
    Decimal,
    Duration,
    EnumType,
    Expression,
    Field,
    Generator,
    Identifier,
    Integer,
    ListLiteral,
    ListType,
    Member,
    Name,
    NamedType,
    NoneLiteral,
    NoneTest,
    OptionalType,
    Path,
    PlainText,
    Record,
    RecordField,
    RecordType,
    ScalarType,
    Text,
    Time,
    Unary,
)

# How tightly what the grammar calls or_, and_, … binds (gantral.lark); the rest binds tightest.
_OR, _AND, _NOT, _COMPARED, _DEFAULT, _SUM, _PRODUCT, _SIGNED, _ACCESS = range(1, 10)
_BINARY = {"or": _OR, "and": _AND, "??": _DEFAULT, "+": _SUM, "-": _SUM, "*": _PRODUCT}
_LEVELS: dict[type[Node], int] = {
    Conditional: 0,
    Comparison: _COMPARED,
    NoneTest: _COMPARED,
    OptionalType: 0,
}


def level(node: Node) -> int:
    """How tightly an expression or a type binds."""
    if isinstance(node, Binary):
        return _BINARY[node.operator]
    if isinstance(node, Unary):
        return _NOT if node.operator == "not" else _SIGNED
    return _LEVELS.get(type(node), _ACCESS)


def value(p: Printer, node: Expression) -> Doc:
    """An expression where any may stand."""
    return p.within(node, 0)


def _word(p: Printer, node: Node) -> Doc:
    return p.token()


def _path(p: Printer, node: Path) -> Doc:
    parts = [p.node(node.parts[0])]
    for part in node.parts[1:]:
        parts += [p.token("."), p.node(part)]
    return cat(*parts)


def _member(p: Printer, node: Member) -> Doc:
    return cat(p.within(node.target, _ACCESS), p.token("?." if node.optional else "."), p.token())


def _argument(p: Printer, node: Argument) -> Doc:
    name: list[Doc] = [] if node.name is None else [p.node(node.name), p.token(":"), " "]
    return cat(*name, _element(p, node.value))


def _element(p: Printer, node: Expression) -> Doc:
    return p.node(node) if isinstance(node, Generator) else value(p, node)


def _generator(p: Printer, node: Generator) -> Doc:
    parts = [p.within(node.element, 0), LINE, p.token("for"), " ", p.node(node.name), " "]
    parts += [p.token("in"), " ", p.within(node.items, 0)]
    if node.condition is not None:
        parts += [LINE, p.token("where"), " ", p.within(node.condition, 0)]
    return cat(*parts)


def _comprehension(p: Printer, node: Comprehension) -> Doc:
    first = p.tape.at
    opened = p.token("[")
    inner = nest(SOFT, _generator(p, node.generator), p.end_line(True))
    return p.grouped(first, cat(opened, inner, SOFT, p.token("]")))


def _call(p: Printer, node: Call) -> Doc:
    return cat(p.node(node.function), p.bracketed("()", node.arguments))


def _list(p: Printer, node: ListLiteral) -> Doc:
    return p.bracketed("[]", node.items)


def _record(p: Printer, node: Record) -> Doc:
    return p.bracketed("{}", node.fields, pad=" ")


def _record_field(p: Printer, node: RecordField) -> Doc:
    return cat(p.node(node.name), p.token(":"), " ", value(p, node.value))


def _unary(p: Printer, node: Unary) -> Doc:
    gap = " " if node.operator == "not" else ""
    return cat(p.token(node.operator), gap, p.within(node.operand, level(node)))


def _binary(p: Printer, node: Binary) -> Doc:
    own = level(node)
    left = p.within(node.left, own, chain=own)
    return cat(left, LINE, p.token(node.operator), " ", p.within(node.right, own + 1))


def _comparison(p: Printer, node: Comparison) -> Doc:
    first = p.tape.at
    left = p.within(node.left, _DEFAULT)
    right = nest(LINE, p.words(node.operator), " ", p.within(node.right, _DEFAULT))
    return p.grouped(first, cat(left, right))


def _none_test(p: Printer, node: NoneTest) -> Doc:
    return cat(
        p.within(node.operand, _DEFAULT), " ", p.words("is some" if node.some else "is none")
    )


def _conditional(p: Printer, node: Conditional) -> Doc:
    first = p.tape.at
    condition = cat(p.token("if"), " ", p.within(node.condition, _OR))
    then = cat(LINE, p.token("then"), " ", value(p, node.then))
    otherwise = cat(LINE, p.token("else"), " ", value(p, node.otherwise))
    return p.grouped(first, cat(condition, nest(then, otherwise)))


# --- types ------------------------------------------------------------------------------------


def _scalar(p: Printer, node: ScalarType) -> Doc:
    name = p.node(node.name)
    return cat(name, p.bracketed("()", node.refinements)) if node.refinements else name


def _list_type(p: Printer, node: ListType) -> Doc:
    word = p.token("list")
    bounds = p.bracketed("()", node.refinements) if node.refinements else ""
    return cat(word, bounds, " ", p.token("of"), " ", p.within(node.element, 1))


def _named(p: Printer, node: NamedType) -> Doc:
    module: list[Doc] = [] if node.module is None else [p.node(node.module), p.token(".")]
    return cat(*module, p.node(node.name))


def _field(p: Printer, node: Field) -> Doc:
    parts = [p.node(node.name), p.token(":"), " ", p.within(node.type, 0)]
    if node.personal:
        parts += [" ", p.token("personal")]
    if node.wire_name is not None:
        parts += [" ", p.token("as"), " ", p.node(node.wire_name)]
    return cat(*parts)


def _record_type(p: Printer, node: RecordType) -> Doc:
    return p.bracketed("{}", node.fields, pad=" ")


def _enum_type(p: Printer, node: EnumType) -> Doc:
    first = p.tape.at
    parts = [p.node(node.words[0])]
    for word in node.words[1:]:
        parts += [LINE, p.token("|"), " ", p.node(word)]
    return p.grouped(first, nest(*parts))


def _optional(p: Printer, node: OptionalType) -> Doc:
    return cat(p.within(node.inner, 1), p.token("?"))


# A literal is one token and is printed as it is written, a text with its escapes and holes.
PRINTERS: dict[type[Node], Print] = {
    **dict.fromkeys((Identifier, Name, Text, PlainText, Integer, Decimal, Duration, Time), _word),
    **dict.fromkeys((Boolean, NoneLiteral), _word),
    Path: _path,
    Member: _member,
    Argument: _argument,
    Generator: _generator,
    Comprehension: _comprehension,
    Call: _call,
    ListLiteral: _list,
    Record: _record,
    RecordField: _record_field,
    Unary: _unary,
    Binary: _binary,
    Comparison: _comparison,
    NoneTest: _none_test,
    Conditional: _conditional,
    ScalarType: _scalar,
    ListType: _list_type,
    NamedType: _named,
    Field: _field,
    RecordType: _record_type,
    EnumType: _enum_type,
    OptionalType: _optional,
}
