"""Expressions: names, members, literals (LANGUAGE section 4). Operators and functions stand in
their own files."""

from __future__ import annotations

from collections import Counter
from typing import Literal

from gantral.compiler.check import functions, operators
from gantral.compiler.check.canonical import decimal_text, duration_text
from gantral.compiler.check.env import Binding, Env
from gantral.compiler.names.findings import meant, nearest
from gantral.compiler.program import expressions as ex
from gantral.compiler.program.types import (
    SCALARS,
    BoolType,
    DecimalType,
    DurationType,
    EnumType,
    Field,
    InstantType,
    IntType,
    ListType,
    NothingType,
    OptionalType,
    PersonType,
    RecordType,
    StringType,
    Type,
)
from gantral.compiler.types.relate import alike, describe, difference, fits, join
from gantral.dsl import syntax as syn
from gantral.dsl.diagnostics import Edit
from gantral.dsl.span import Span

HAPPENED = EnumType(("no", "unknown"))
_DECISION: dict[str, tuple[Literal["deciders", "at", "reason", "waived"], Type]] = {
    "deciders": ("deciders", ListType(PersonType())),
    "at": ("at", InstantType()),
    "reason": ("reason", OptionalType(StringType())),
    "waived": ("waived", BoolType()),
}


def value(env: Env, one: syn.Expression, wanted: Type) -> ex.Expr | None:
    """The expression where a value of type `wanted` is wanted; None after a finding."""
    found = infer(env, one, wanted)
    return None if found is None else fit(env, found, wanted)


def fit(env: Env, found: ex.Expr, wanted: Type) -> ex.Expr | None:
    """A typed expression where `wanted` is wanted; None after a finding."""
    if not fits(found.type, wanted):
        help = difference(found.type, wanted) or f"give a value of type {describe(wanted)}"
        code = "G0205"
        if isinstance(found.type, OptionalType) and fits(found.type.inner, wanted):
            code = "G0207"
        env.findings.error(
            code,
            found.span,
            f"{describe(wanted)} is wanted here, and this is {describe(found.type)}",
            help,
        )
        return None
    if alike(found.type, wanted):
        return found
    inner = wanted
    if isinstance(wanted, OptionalType) and not isinstance(found.type, OptionalType):
        inner = wanted.inner
    return ex.Widen(span=found.span, type=inner, personal=found.personal, base=found)


def condition(env: Env, one: syn.Expression) -> ex.Expr | None:
    """A `bool`."""
    return value(env, one, BoolType())


def infer(env: Env, one: syn.Expression, hint: Type | None = None) -> ex.Expr | None:
    """The expression with the type it has by itself; `hint` only settles what literals mean."""
    match one:
        case syn.Name():
            return _name(env, one)
        case syn.Member():
            return _member(env, one)
        case syn.Text():
            return _text(env, one, hint)
        case syn.Integer():
            return _integer(one, hint)
        case syn.Decimal():
            wanted = _some(hint)
            scale = one.scale
            if isinstance(wanted, DecimalType) and wanted.scale > scale:
                scale = wanted.scale
            return ex.Literal(
                span=one.span, type=DecimalType(scale), value=decimal_text(one.value, scale)
            )
        case syn.Duration():
            text = duration_text(one.milliseconds)
            return ex.Literal(span=one.span, type=DurationType(), value=text)
        case syn.Boolean():
            return ex.Literal(
                span=one.span, type=BoolType(), value="true" if one.value else "false"
            )
        case syn.NoneLiteral():
            inner = hint if hint is not None else NothingType()
            type_ = inner if isinstance(inner, OptionalType) else OptionalType(NothingType())
            return ex.Absent(span=one.span, type=type_)
        case syn.Record():
            return _record(env, one, hint)
        case syn.ListLiteral():
            return _list(env, one, hint)
        case syn.Call():
            return functions.call(env, one, hint)
        case syn.Comprehension() | syn.Generator():
            env.findings.not_built(one.span, "a comprehension", "name the elements one by one")
            return None
        case syn.Unary():
            return operators.unary(env, one, hint)
        case syn.Binary():
            return operators.binary(env, one, hint)
        case syn.Comparison():
            return operators.comparison(env, one)
        case syn.NoneTest():
            return operators.none_test(env, one)
        case syn.Conditional():
            return _conditional(env, one, hint)


def _some(type_: Type | None) -> Type | None:
    return type_.inner if isinstance(type_, OptionalType) else type_


# --- names and members ------------------------------------------------------------------------


def _name(env: Env, one: syn.Name) -> ex.Expr | None:
    binding = _binding(env, one)
    if binding is None:
        return None
    if binding.kind == "approval":
        env.findings.error(
            "G0320",
            one.span,
            f"the approval `{one.text}` is not a value",
            f"name it after `under`, or read one of its fields: `{one.text}.…`",
        )
        return None
    if binding.kind in ("handler", "instance", "failure"):
        fields = _GIVEN_FIELDS[binding.kind]
        env.findings.error(
            "G0204",
            one.span,
            f"`{one.text}` is read by its fields only",
            "write " + " or ".join(f"`{one.text}.{name}`" for name in fields),
        )
        return None
    if binding.type is None:
        return None
    return env.narrowed(_reference(binding, one.span, binding.type))


_GIVEN_FIELDS = {
    "handler": ("cause", "happened"),
    "instance": ("id", "started_at"),
    "failure": ("cause",),
}


def _reference(binding: Binding, span: Span, type_: Type) -> ex.Expr:
    name, personal = binding.name, binding.personal
    match binding.kind:
        case "input":
            return ex.InputRef(span=span, type=type_)
        case "initiator":
            return ex.InitiatorRef(span=span, type=type_)
        case "parameter":
            return ex.ParamRef(span=span, type=type_, personal=personal, name=name)
        case "old":
            return ex.OldRef(span=span, type=type_, personal=personal)
        case "new":
            return ex.NewRef(span=span, type=type_, personal=personal)
        case _:
            assert binding.span is not None
            return ex.LetRef(
                span=span, type=type_, personal=personal, name=name, binding=binding.span
            )


def _binding(env: Env, one: syn.Name) -> Binding | None:
    """What a name is bound to; marks it as read."""
    binding = env.bindings.get(one.text)
    if binding is not None:
        if binding.span is not None:
            env.read.add(binding.span)
        return binding
    if env.left_behind(one.text, one.span):
        return None
    if env.names.find("service", one.text) is not None:
        env.findings.error(
            "G0201",
            one.span,
            f"`{one.text}` is a service, not a value",
            "call one of its operations as a statement or as the whole right side of `let`",
        )
        return None
    if one.text in env.names.source.imports:
        env.findings.error(
            "G0201", one.span, f"`{one.text}` is an import, not a value", "name a value here"
        )
        return None
    help, edits = meant(one.span, one.text, env.bindings, "bind it by `let` before")
    env.findings.error("G0201", one.span, f"there is no value `{one.text}` here", help, (), edits)
    return None


def _member(env: Env, one: syn.Member) -> ex.Expr | None:
    target = one.target
    if isinstance(target, syn.Name):
        binding = env.bindings.get(target.text)
        if binding is not None and binding.kind in (*_GIVEN_FIELDS, "approval"):
            _binding(env, target)
            if binding.kind == "approval":
                return _approved(env, one, binding)
            return _given(env, one, binding)
    if (
        isinstance(target, syn.Member)
        and isinstance(target.target, syn.Name)
        and target.name.text == "decision"
    ):
        binding = env.bindings.get(target.target.text)
        if binding is not None and binding.kind == "approval":
            _binding(env, target.target)
            return _decision(env, one, binding)
    base = infer(env, target)
    if base is None:
        return None
    return member(env, base, one.name, one.optional, one.span)


def member(
    env: Env, base: ex.Expr, name: syn.Identifier, optional: bool, span: Span
) -> ex.Expr | None:
    """`base.name` or `base?.name`."""
    record = base.type
    absent = isinstance(record, OptionalType)
    if isinstance(record, OptionalType):
        if not optional:
            env.findings.error(
                "G0207",
                base.span,
                "this may be none",
                "read it by `?.`, or test it with `is some` before",
                (),
                (Edit(Span(base.span.source, base.span.end, base.span.end), "?"),),
            )
            return None
        record = record.inner
    if not isinstance(record, RecordType):
        env.findings.error(
            "G0204",
            name.span,
            f"{describe(record)} has no fields",
            "read fields of records only",
        )
        return None
    found = record.field(name.text)
    if found is None:
        listed = [one.name for one in record.fields]
        help, edits = meant(name.span, name.text, listed, "declare the field in the type")
        env.findings.error(
            "G0204",
            name.span,
            f"{describe(record) if record.name else 'this record'} has no field `{name.text}`",
            help,
            (),
            edits,
        )
        return None
    type_ = found.type
    if absent and not isinstance(type_, OptionalType):
        type_ = OptionalType(type_)
    personal = base.personal or found.personal
    made = ex.Member(
        span=span, type=type_, personal=personal, base=base, name=name.text, optional=absent
    )
    _note_approved(env, made)
    return env.narrowed(made)


def _note_approved(env: Env, made: ex.Member) -> None:
    """Remembers which paths of a gate's parameters are read through its approvals."""
    path: list[str] = []
    at: ex.Expr = made
    while isinstance(at, (ex.Member, ex.Narrowed)):
        if isinstance(at, ex.Member):
            path.append(at.name)
        at = at.base
    if isinstance(at, ex.ApprovalRef):
        counts = env.approved_reads.setdefault(env.bindings[at.name].gate, Counter())
        counts[tuple(reversed(path))] += 1
        if len(path) > 1:
            # The shorter path it was built from is no read of its own.
            counts[tuple(reversed(path[1:]))] -= 1


def _approved(env: Env, one: syn.Member, binding: Binding) -> ex.Expr | None:
    record = binding.type
    if record is None or not isinstance(record, RecordType) or binding.span is None:
        return None
    name = one.name.text
    if name == "decision":
        env.findings.error(
            "G0204",
            one.span,
            "`decision` is read by its fields only",
            "write " + ", ".join(f"`{one.name.text}.{word}`" for word in _DECISION),
        )
        return None
    target = one.target.span
    if name == "proposed" and record.field(name) is None:
        return ex.ProposedRef(span=one.span, type=record, name=binding.name, binding=binding.span)
    if record.field(name) is None:
        listed = [field.name for field in record.fields]
        help, edits = meant(one.name.span, name, listed, "add it to the gate's parameters")
        env.findings.error(
            "G0204",
            one.name.span,
            f"gate `{binding.gate}` has no parameter `{name}`",
            help,
            (),
            edits,
        )
        return None
    base = ex.ApprovalRef(span=target, type=record, name=binding.name, binding=binding.span)
    return member(env, base, one.name, one.optional, one.span)


def _decision(env: Env, one: syn.Member, binding: Binding) -> ex.Expr | None:
    if binding.type is None or binding.span is None:
        return None
    name = one.name.text
    found = _DECISION.get(name)
    if found is not None:
        field, type_ = found
        return env.narrowed(
            ex.ApprovalMeta(
                span=one.span,
                type=type_,
                personal=name == "reason",
                name=binding.name,
                binding=binding.span,
                field=field,
            )
        )
    help, edits = meant(one.name.span, name, _DECISION, "a decision has these fields")
    env.findings.error("G0204", one.name.span, f"a decision has no `{name}`", help, (), edits)
    return None


def _given(env: Env, one: syn.Member, binding: Binding) -> ex.Expr | None:
    name = one.name.text
    known = _GIVEN_FIELDS[binding.kind]
    if name not in known:
        help, edits = meant(one.name.span, name, known, "it has no other fields")
        env.findings.error(
            "G0204", one.name.span, f"`{binding.name}` has no field `{name}`", help, (), edits
        )
        return None
    if name == "id":
        return ex.InstanceIdRef(span=one.span, type=StringType())
    if name == "started_at":
        return ex.StartedAtRef(span=one.span, type=InstantType())
    if name == "happened":
        return env.narrowed(
            ex.FailureRef(
                span=one.span,
                type=HAPPENED,
                name=binding.name,
                field="happened",
                binding=binding.span,
            )
        )
    return ex.FailureRef(
        span=one.span, type=StringType(), name=binding.name, field="cause", binding=binding.span
    )


# --- literals ---------------------------------------------------------------------------------


def _integer(one: syn.Integer, hint: Type | None) -> ex.Expr:
    wanted = _some(hint)
    if isinstance(wanted, DecimalType):
        text = decimal_text(one.value, wanted.scale)
        return ex.Literal(span=one.span, type=DecimalType(wanted.scale), value=text)
    return ex.Literal(span=one.span, type=IntType(), value=str(one.value))


def _text(env: Env, one: syn.Text, hint: Type | None) -> ex.Expr | None:
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
        hole = infer(env, part)
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
            personal = personal or hole.personal
    if not whole:
        return None
    return ex.TextExpr(span=one.span, type=StringType(), personal=personal, parts=tuple(parts))


def _record(env: Env, one: syn.Record, hint: Type | None) -> ex.Expr | None:
    wanted = _some(hint)
    record = wanted if isinstance(wanted, RecordType) else None
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
            infer(env, given.value)
            continue
        found = infer(env, given.value) if field is None else value(env, given.value, field.type)
        if found is None:
            whole = False
        else:
            seen[name] = found
    if record is None:
        if not whole:
            return None
        fields = tuple(Field(name, each.type, each.personal, name) for name, each in seen.items())
        return ex.RecordExpr(span=one.span, type=RecordType(fields), fields=tuple(seen.items()))
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
    return ex.RecordExpr(span=one.span, type=record, fields=ordered)


def _list(env: Env, one: syn.ListLiteral, hint: Type | None) -> ex.Expr | None:
    wanted = _some(hint)
    element = wanted.element if isinstance(wanted, ListType) else None
    items: list[ex.Expr] = []
    joined: Type | None = element
    whole = True
    for each in one.items:
        found = infer(env, each, joined)
        if found is not None and element is not None:
            found = fit(env, found, element)
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
    personal = any(item.personal for item in items)
    return ex.ListExpr(span=one.span, type=type_, personal=personal, items=tuple(items))


def _conditional(env: Env, one: syn.Conditional, hint: Type | None) -> ex.Expr | None:
    test = condition(env, one.condition)
    if hint is None and operators.plain(one.then) and not operators.plain(one.otherwise):
        with env.knowing(test, False):
            otherwise = infer(env, one.otherwise, hint)
        with env.knowing(test, True):
            then = infer(env, one.then, otherwise.type if otherwise is not None else None)
    else:
        with env.knowing(test, True):
            then = infer(env, one.then, hint)
        with env.knowing(test, False):
            known = hint if hint is not None or then is None else then.type
            otherwise = infer(env, one.otherwise, known)
    if test is None or then is None or otherwise is None:
        return None
    type_ = join(then.type, otherwise.type)
    if type_ is None:
        env.findings.error(
            "G0205",
            otherwise.span,
            f"this is {describe(otherwise.type)} and the other side {describe(then.type)}",
            "give both sides of `if … then … else …` one type",
        )
        return None
    left, right = fit(env, then, type_), fit(env, otherwise, type_)
    assert left is not None
    assert right is not None
    personal = test.personal or left.personal or right.personal
    return ex.Conditional(
        span=one.span, type=type_, personal=personal, condition=test, then=left, otherwise=right
    )
