"""Names and members: what is bound, given, approved (LANGUAGE sections 4 and 7)."""

from __future__ import annotations

from collections import Counter
from typing import Literal

from gantral.compiler.check import expressions
from gantral.compiler.check.env import Binding, Env
from gantral.compiler.names.findings import meant
from gantral.compiler.program import expressions as ex
from gantral.compiler.program.types import (
    BoolType,
    EnumType,
    InstantType,
    ListType,
    OptionalType,
    PersonType,
    RecordType,
    StringType,
    Type,
)
from gantral.compiler.types.relate import (
    describe,
)
from gantral.dsl import syntax as syn
from gantral.dsl.span import Span

HAPPENED = EnumType(("no", "unknown"))
_DECISION: dict[str, tuple[Literal["deciders", "at", "reason", "waived"], Type]] = {
    "deciders": ("deciders", ListType(PersonType())),
    "at": ("at", InstantType()),
    "reason": ("reason", OptionalType(StringType())),
    "waived": ("waived", BoolType()),
}


def name(env: Env, one: syn.Name) -> ex.Expr | None:
    """A name read as a value."""
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
    if binding.kind == "child":
        _no_value(env, one, binding)
        return None
    if binding.kind in _GIVEN_FIELDS:
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
    "rejected": ("gate", "cause", "reason"),
    "terminated": ("cause",),
}


def _no_value(env: Env, one: syn.Name, binding: Binding) -> None:
    if binding.type is not None:
        env.findings.error(
            "G0281",
            one.span,
            f"`{one.text}` is how a child ended, and no value",
            f"match it: `match {one.text} {{ completed as r -> {{ … }} "
            "rejected -> { … } terminated -> { … } }`, and read what the case is bound to",
        )


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
        case "element":
            assert binding.span is not None
            return ex.ElementRef(
                span=span, type=type_, personal=personal, name=name, binding=binding.span
            )
        case "var":
            assert binding.span is not None
            return ex.VarRef(
                span=span, type=type_, personal=personal, name=name, binding=binding.span
            )
        case _:
            assert binding.span is not None
            return ex.LetRef(
                span=span, type=type_, personal=personal, name=name, binding=binding.span
            )


def _binding(env: Env, one: syn.Name) -> Binding | None:
    """What a name is bound to; marks it as read."""
    binding = env.lookup(one.text, one.span)
    if binding is not None:
        if binding.span is not None:
            env.read.add(binding.span)
        return binding
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


def access(env: Env, one: syn.Member) -> ex.Expr | None:
    """`a.b` or `a?.b`, where `a` may also be an approval or a given name."""
    target = one.target
    if isinstance(target, syn.Name):
        binding = env.lookup(target.text, target.span)
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
        binding = env.lookup(target.target.text, target.target.span)
        if binding is not None and binding.kind == "approval":
            _binding(env, target.target)
            return _decision(env, one, binding)
    base = expressions.infer(env, target)
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
                # Which of the two is meant is not known: `?.` may only move what is none.
                "read it by `?.`, or test it with `is some` before",
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
        binding = env.lookup(at.name, at.span)
        assert binding is not None
        counts = env.approved_reads.setdefault(binding.gate, Counter())
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
    field: Literal["cause", "gate", "reason"] = (
        "gate" if name == "gate" else "reason" if name == "reason" else "cause"
    )
    return ex.FailureRef(
        span=one.span,
        type=StringType(),
        # Why somebody said no is that person's own words.
        personal=field == "reason",
        name=binding.name,
        field=field,
        binding=binding.span,
    )
