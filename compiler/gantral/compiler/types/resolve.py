"""Type syntax to types (LANGUAGE section 3)."""

from __future__ import annotations

import re
from decimal import Decimal

from gantral.compiler.names.findings import Findings, meant
from gantral.compiler.names.module import Names
from gantral.compiler.program.types import (
    DOCUMENT,
    BoolType,
    DateType,
    DecimalType,
    DurationType,
    EnumType,
    Field,
    InstantType,
    IntType,
    JsonType,
    ListType,
    OptionalType,
    PersonType,
    RecordType,
    StringType,
    Type,
)
from gantral.compiler.types.relate import MAX_DEPTH, MAX_PARTS, too_big
from gantral.dsl import syntax as syn
from gantral.dsl.diagnostics import Label
from gantral.dsl.span import Span

_ALLOWED: dict[str, tuple[str, ...]] = {
    "string": ("min", "max", "pattern"),
    "int": ("min", "max"),
    "decimal": ("scale", "min", "max"),
    "bool": (),
    "date": (),
    "instant": (),
    "duration": ("min", "max"),
    "person": (),
    "json": (),
    "document": (),
    "list": ("min", "max"),
}
SCALARS = tuple(word for word in _ALLOWED if word != "list")
"""The built-in types that stand alone, by their words."""
_MAX_SCALE = 28
_NOT_LINEAR = re.compile(r"\\[1-9]|\(\?(?:[=!<(>]|P=)|[*+?}]\+")


class Types:
    """Resolves types; each declared one once."""

    def __init__(self, findings: Findings) -> None:
        self._findings = findings
        self._declared: dict[Span, Type | None] = {}
        self._open: list[syn.TypeDeclaration] = []

    def declared(self, names: Names, one: syn.TypeDeclaration) -> Type | None:
        """The type that a declaration names; None after a finding."""
        key = one.name.span
        if key in self._declared:
            return self._declared[key]
        if any(other is one for other in self._open):
            self._findings.error(
                "G0212",
                one.name.span,
                f"type `{one.name.text}` is part of itself",
                "a type holds no value of its own type: leave the field out or name another",
            )
            self._declared[key] = None
            return None
        if len(self._open) >= MAX_DEPTH:
            self._too_big(one.name.span)
            self._declared[key] = None
            return None
        self._open.append(one)
        found = self.resolve(names, one.type)
        self._open.pop()
        name = names.source.prefix + one.name.text
        if isinstance(found, RecordType):
            found = RecordType(found.fields, name)
        elif isinstance(found, EnumType):
            found = EnumType(found.words, name)
        # A type that is part of itself is None already, and stays so.
        return self._declared.setdefault(key, found)

    def resolve(self, names: Names, one: syn.Type) -> Type | None:
        """The type that a piece of syntax means; None after a finding."""
        match one:
            case syn.NamedType():
                parts = (one.name,) if one.module is None else (one.module, one.name)
                found = names.lookup("type", parts, one.span)
                if found is None:
                    return None
                where, declaration = found
                assert isinstance(declaration, syn.TypeDeclaration)
                return self.declared(where, declaration)
            case syn.OptionalType():
                inner = self.resolve(names, one.inner)
                if inner is None or isinstance(inner, OptionalType):
                    return inner
                if isinstance(inner, RecordType) and not inner.fields:
                    self._refuse(
                        one.span,
                        "evidence can't tell a record without fields from none",
                        "declare a `bool`, or give the record a field",
                    )
                    return None
                return OptionalType(inner)
            case syn.EnumType():
                return self._enum(one)
            case syn.ListType():
                return self._list(names, one)
            case syn.RecordType():
                return self.record(names, one.fields, one.span)
            case _:
                return self._scalar(one)

    def record(self, names: Names, fields: tuple[syn.Field, ...], span: Span) -> RecordType | None:
        """A record of these fields; also the parameters of a gate or an operation. `span` is where
        one that is too big is marked."""
        made: list[Field] = []
        seen: dict[str, Span] = {}
        wires: dict[str, Span] = {}
        complete = True
        for one in fields:
            name = one.name.text
            wire = one.wire_name.value if one.wire_name is not None else name
            at = one.wire_name.span if one.wire_name is not None else one.name.span
            for key, where, table in ((name, one.name.span, seen), (wire, at, wires)):
                if key in table:
                    self._findings.error(
                        "G0203",
                        where,
                        f"`{key}` stands twice among these fields",
                        "give one of the two another name",
                        (Label(table[key], "first here"),),
                    )
                    complete = False
                    break
                table[key] = where
            type_ = self.resolve(names, one.type)
            if type_ is None:
                complete = False
            else:
                made.append(Field(name, type_, one.personal, wire))
        record = RecordType(tuple(made))
        if complete and too_big(record):
            self._too_big(span)
            return None
        return record if complete else None

    def _enum(self, one: syn.EnumType) -> Type | None:
        words: dict[str, Span] = {}
        for word in one.words:
            if word.value in words:
                self._findings.error(
                    "G0211",
                    word.span,
                    f'the word "{word.value}" stands twice',
                    "leave one of the two out",
                    (Label(words[word.value], "first here"),),
                )
                return None
            words[word.value] = word.span
        return EnumType(tuple(words))

    def _list(self, names: Names, one: syn.ListType) -> Type | None:
        given = self._refinements("list", one.refinements)
        element = self.resolve(names, one.element)
        if given is None or element is None:
            return None
        low, high = self._int(given, "min"), self._int(given, "max")
        if "max" not in given:
            self._refuse(one.span, "a list needs a `max`", "write `list(max: 100) of …`")
            return None
        if not self._rising(given, low, high, least=0):
            return None
        return ListType(element, low, high)

    def _scalar(self, one: syn.ScalarType) -> Type | None:
        word = one.name.text
        if word not in _ALLOWED or word == "list":
            help, edits = meant(
                one.name.span, word, [w for w in _ALLOWED if w != "list"], "declare it by `type`"
            )
            self._findings.error(
                "G0202", one.name.span, f"there is no type `{word}`", help, (), edits
            )
            return None
        given = self._refinements(word, one.refinements)
        if given is None:
            return None
        match word:
            case "string":
                low, high = self._int(given, "min"), self._int(given, "max")
                pattern = self._pattern(given)
                if not self._rising(given, low, high, least=0) or pattern is None:
                    return None
                return StringType(low, high, pattern or None)
            case "int":
                low, high = self._int(given, "min"), self._int(given, "max")
                return IntType(low, high) if self._rising(given, low, high) else None
            case "decimal":
                return self._decimal(one, given)
            case "duration":
                low, high = self._duration(given, "min"), self._duration(given, "max")
                return DurationType(low, high) if self._rising(given, low, high) else None
            case "json":
                return JsonType()
            case "document":
                return DOCUMENT
            case "bool":
                return BoolType()
            case "date":
                return DateType()
            case "instant":
                return InstantType()
            case _:
                return PersonType()

    def _decimal(self, one: syn.ScalarType, given: dict[str, syn.Expression]) -> Type | None:
        if "scale" not in given:
            self._refuse(one.span, "a decimal needs a `scale`", "write `decimal(scale: 2)`")
            return None
        scale = self._int(given, "scale")
        if scale is None or not 0 <= scale <= _MAX_SCALE:
            span = given["scale"].span
            self._refuse(span, f"a scale is 0 to {_MAX_SCALE}", "write `decimal(scale: 2)`")
            return None
        low, high = self._number(given, "min"), self._number(given, "max")
        for key, value in (("min", low), ("max", high)):
            if value is not None and -int(value.as_tuple().exponent) > scale:
                self._refuse(
                    given[key].span,
                    f"`{key}` has more digits after the point than the scale {scale}",
                    "write the bound at the type's scale",
                )
                return None
        return DecimalType(scale, low, high) if self._rising(given, low, high) else None

    def _refinements(
        self, word: str, arguments: tuple[syn.Argument, ...]
    ) -> dict[str, syn.Expression] | None:
        given: dict[str, syn.Expression] = {}
        for one in arguments:
            name = one.name.text if one.name is not None else ""
            span = one.name.span if one.name is not None else one.span
            if name not in _ALLOWED[word] or name in given:
                allowed = ", ".join(f"`{key}`" for key in _ALLOWED[word]) or "nothing"
                said = f"`{name}` twice" if name in given else f"no `{name}`"
                self._refuse(span, f"`{word}` takes {said}", f"it takes {allowed}")
                return None
            value = one.value
            negative = isinstance(value, syn.Unary) and value.operator == "-"
            literal = value.operand if isinstance(value, syn.Unary) and negative else value
            if not isinstance(literal, _KINDS[word, name]):
                self._refuse(
                    value.span, f"`{name}` of `{word}` is {_SAID[word, name]}", "write a literal"
                )
                return None
            given[name] = value
        return given

    def _rising(
        self,
        given: dict[str, syn.Expression],
        low: int | Decimal | None,
        high: int | Decimal | None,
        least: int | None = None,
    ) -> bool:
        if least is not None:
            for key, value in (("min", low), ("max", high)):
                if value is not None and value < least:
                    self._refuse(given[key].span, f"`{key}` is below {least}", "raise the bound")
                    return False
        if low is not None and high is not None and low > high:
            self._refuse(given["min"].span, "`min` is above `max`", "swap the two")
            return False
        return True

    def _int(self, given: dict[str, syn.Expression], key: str) -> int | None:
        number = self._number(given, key)
        return None if number is None else int(number)

    def _number(self, given: dict[str, syn.Expression], key: str) -> Decimal | None:
        value = given.get(key)
        sign = 1
        if isinstance(value, syn.Unary):
            sign, value = -1, value.operand
        if isinstance(value, (syn.Integer, syn.Decimal)):
            # copy_negate, not a product: that would round in the thread's context.
            exact = Decimal(value.value)
            return exact if sign > 0 else exact.copy_negate()
        return None

    def _duration(self, given: dict[str, syn.Expression], key: str) -> int | None:
        value = given.get(key)
        if isinstance(value, syn.Unary) and isinstance(value.operand, syn.Duration):
            return -value.operand.milliseconds
        return value.milliseconds if isinstance(value, syn.Duration) else None

    def _pattern(self, given: dict[str, syn.Expression]) -> str | None:
        """The pattern, "" when there is none, None after a finding."""
        value = given.get("pattern")
        if not isinstance(value, syn.Text):
            return ""
        pattern = "".join(part for part in value.parts if isinstance(part, str))
        if len(value.parts) > 1 or not pattern or not isinstance(value.parts[0], str):
            self._refuse(
                value.span, "a pattern has no holes and is not empty", "write `\\{` for `{`"
            )
            return None
        try:
            re.compile(pattern)
        except (re.error, OverflowError, RecursionError) as problem:
            self._refuse(value.span, f"this pattern can't be read: {problem}", "correct it")
            return None
        if _NOT_LINEAR.search(pattern):
            self._refuse(
                value.span,
                "this pattern can't be matched in linear time",
                "leave out back references, look-around and possessive repeats",
            )
            return None
        return pattern

    def _too_big(self, span: Span) -> None:
        self._findings.error(
            "G0218",
            span,
            f"this type is more than {MAX_DEPTH} deep or has more than {MAX_PARTS} parts",
            "pass less: people are shown values whole",
        )

    def _refuse(self, span: Span, message: str, help: str) -> None:
        self._findings.error("G0211", span, message, help)


_INTEGER = (syn.Integer,)
_KINDS: dict[tuple[str, str], tuple[type, ...]] = {
    ("string", "min"): _INTEGER,
    ("string", "max"): _INTEGER,
    ("string", "pattern"): (syn.Text,),
    ("int", "min"): _INTEGER,
    ("int", "max"): _INTEGER,
    ("decimal", "scale"): _INTEGER,
    ("decimal", "min"): (syn.Integer, syn.Decimal),
    ("decimal", "max"): (syn.Integer, syn.Decimal),
    ("duration", "min"): (syn.Duration,),
    ("duration", "max"): (syn.Duration,),
    ("list", "min"): _INTEGER,
    ("list", "max"): _INTEGER,
}
_SAID = {
    key: "a text"
    if kinds == (syn.Text,)
    else "a duration"
    if kinds == (syn.Duration,)
    else "a number"
    for key, kinds in _KINDS.items()
}
