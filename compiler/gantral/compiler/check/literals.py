"""Literals, at the type that is wanted of them (LANGUAGE section 4)."""

from __future__ import annotations

from gantral.compiler.check import expressions
from gantral.compiler.check.canonical import decimal_text
from gantral.compiler.check.env import Env
from gantral.compiler.names.findings import meant, nearest
from gantral.compiler.program import expressions as ex
from gantral.compiler.program.types import (
    SCALARS,
    DecimalType,
    EnumType,
    Field,
    IntType,
    JsonType,
    ListType,
    NothingType,
    OptionalType,
    PersonType,
    RecordType,
    StringType,
    Type,
)
from gantral.compiler.types.relate import (
    MAX_DEPTH,
    MAX_PARTS,
    describe,
    join,
    reveals,
    too_big,
)
from gantral.dsl import syntax as syn
from gantral.dsl.diagnostics import Edit
from gantral.dsl.span import Span


def _some(type_: Type | None) -> Type | None:
    return type_.inner if isinstance(type_, OptionalType) else type_


def decimal(one: syn.Decimal, hint: Type | None) -> ex.Expr:
    """`12.50`, at a larger scale where one is wanted."""
    wanted = _some(hint)
    scale = one.scale
    if isinstance(wanted, DecimalType):
        scale = max(scale, wanted.scale)
    text = decimal_text(one.value, scale)
    return ex.Literal(span=one.span, type=DecimalType(scale), value=text)


def absent(one: syn.NoneLiteral, hint: Type | None) -> ex.Expr:
    """`none`."""
    type_ = hint if isinstance(hint, OptionalType) else OptionalType(NothingType())
    return ex.Absent(span=one.span, type=type_)


def integer(one: syn.Integer, hint: Type | None) -> ex.Expr:
    """An integer, or a decimal where one is wanted."""
    wanted = _some(hint)
    if isinstance(wanted, DecimalType):
        text = decimal_text(one.value, wanted.scale)
        return ex.Literal(span=one.span, type=DecimalType(wanted.scale), value=text)
    return ex.Literal(span=one.span, type=IntType(), value=str(one.value))


def text(env: Env, one: syn.Text, hint: Type | None) -> ex.Expr | None:
    """A text with its holes, or a word of an enum where one is wanted."""
    holes = [part for part in one.parts if not isinstance(part, str)]
    if not holes:
        text = "".join(part for part in one.parts if isinstance(part, str))
        wanted = _some(hint)
        if not isinstance(wanted, EnumType):
            return ex.Literal(span=one.span, type=StringType(), value=text)
        if text in wanted.words:
            return ex.Literal(span=one.span, type=EnumType((text,)), value=text)
        close = nearest(text, wanted.words)
        listed = ", ".join(f'"{word}"' for word in wanted.words)
        env.findings.error(
            "G0209",
            one.span,
            f'"{text}" is none of the words of {describe(wanted)}',
            f'did you mean "{close}"?' if close else f"its words are {listed}",
            (),
            (Edit(one.span, f'"{close}"'),) if close else (),
        )
        return None
    parts: list[str | ex.Expr] = []
    personal = False
    whole = True
    for part in one.parts:
        if isinstance(part, str):
            parts.append(part)
            continue
        hole = expressions.infer(env, part)
        if hole is not None and not isinstance(hole.type, SCALARS):
            absent = isinstance(hole.type, OptionalType)
            env.findings.error(
                "G0207" if absent else "G0205",
                hole.span,
                f"a hole takes one plain value, and this is {describe(hole.type)}",
                "give a value with `??`" if absent else "read one of its fields",
            )
            hole = None
        if hole is None:
            whole = False
        else:
            parts.append(hole)
            # A text that names a person is no person any more: only this mark goes on with it.
            personal = personal or hole.personal or isinstance(hole.type, PersonType)
    if not whole:
        return None
    return ex.TextExpr(span=one.span, type=StringType(), personal=personal, parts=tuple(parts))


def record(env: Env, one: syn.Record, hint: Type | None) -> ex.Expr | None:
    """`{ a: 1 }`, in the order of the type's fields where one is wanted."""
    wanted = _some(hint)
    record = wanted if isinstance(wanted, RecordType) else None
    if isinstance(wanted, JsonType) and not one.fields:
        return ex.Literal(span=one.span, type=wanted, value="{}")
    seen: dict[str, ex.Expr] = {}
    names: set[str] = set()
    whole = True
    for given in one.fields:
        name = given.name.text
        if name in names:
            env.findings.error(
                "G0203", given.name.span, f"`{name}` stands twice here", "leave one of the two out"
            )
            whole = False
            continue
        names.add(name)
        field = record.field(name) if record is not None else None
        if record is not None and field is None:
            listed = [each.name for each in record.fields]
            help, edits = meant(given.name.span, name, listed, "leave it out")
            env.findings.error(
                "G0204",
                given.name.span,
                f"{describe(record)} has no field `{name}`",
                help,
                (),
                edits,
            )
            whole = False
            expressions.infer(env, given.value)
            continue
        found = (
            expressions.infer(env, given.value)
            if field is None
            else expressions.value(env, given.value, field.type)
        )
        if found is None:
            whole = False
        else:
            seen[name] = found
    if record is None:
        if not whole:
            return None
        fields = tuple(Field(name, each.type, each.personal, name) for name, each in seen.items())
        made = RecordType(fields)
        if _too_big(env, made, one.span):
            return None
        return ex.RecordExpr(span=one.span, type=made, fields=tuple(seen.items()))
    missing = [
        field.name
        for field in record.fields
        if field.name not in names and not isinstance(field.type, OptionalType)
    ]
    if missing and whole:
        wants = ", ".join(f"`{name}`" for name in missing)
        env.findings.error(
            "G0206", one.span, f"{describe(record)} wants {wants} too", f"add {wants}"
        )
        return None
    if not whole:
        return None
    ordered = tuple((field.name, seen[field.name]) for field in record.fields if field.name in seen)
    # What is personal stays so where the type does not say it.
    personal = any(
        seen[field.name].personal
        for field in record.fields
        if field.name in seen and not field.personal
    )
    return ex.RecordExpr(span=one.span, type=record, personal=personal, fields=ordered)


def _too_big(env: Env, type_: Type, span: Span) -> bool:
    if not too_big(type_):
        return False
    env.findings.error(
        "G0218",
        span,
        f"this value is more than {MAX_DEPTH} deep or has more than {MAX_PARTS} parts",
        "put less into one value",
    )
    return True


def listed(env: Env, one: syn.ListLiteral, hint: Type | None) -> ex.Expr | None:
    """`[a, b]`."""
    wanted = _some(hint)
    element = wanted.element if isinstance(wanted, ListType) else None
    items: list[ex.Expr] = []
    joined: Type | None = element
    whole = True
    for each in one.items:
        found = expressions.infer(env, each, joined)
        if found is not None and isinstance(found.type, NothingType):
            env.findings.error("G0205", found.span, "this has no value", "leave it out")
            found = None
        elif found is not None and element is not None:
            found = expressions.fit(env, found, element)
        if found is None:
            whole = False
            continue
        if element is None:
            both = found.type if joined is None else join(joined, found.type)
            if both is None:
                assert joined is not None
                env.findings.error(
                    "G0205",
                    found.span,
                    f"this is {describe(found.type)} in a list of {describe(joined)}",
                    "give elements of one type",
                )
                whole = False
                continue
            joined = both
        items.append(found)
    if not whole:
        return None
    type_ = ListType(joined if joined is not None else NothingType(), len(items), len(items))
    if _too_big(env, type_, one.span):
        return None
    personal = any(item.personal or reveals(item.type, type_.element) for item in items)
    return ex.ListExpr(span=one.span, type=type_, personal=personal, items=tuple(items))
