"""Typed expressions as Python, with the meaning of LANGUAGE section 4."""

from __future__ import annotations

from collections.abc import Mapping

from gantral.compiler.codegen import functions, texts
from gantral.compiler.codegen.constants import bare, constant
from gantral.compiler.codegen.convert import PLACE, convert, json_of, same
from gantral.compiler.codegen.layout import (
    AND,
    CHOICE,
    COMPARISON,
    OR,
    PRIMARY,
    PRODUCT,
    SUM,
    Atom,
    Before,
    Chain,
    Display,
    Invoke,
    Piece,
    binding,
    flat,
    joined,
)
from gantral.compiler.codegen.names import PackageNames
from gantral.compiler.codegen.reading import truth_of
from gantral.compiler.codegen.types import checks, plain
from gantral.compiler.mangle import mangle
from gantral.compiler.program import (
    Absent,
    ApprovalMeta,
    ApprovalRef,
    Binary,
    BoolType,
    Coalesce,
    Compare,
    Comprehension,
    Conditional,
    DecimalType,
    ElementRef,
    EnumType,
    Expr,
    FailureRef,
    FunctionCall,
    In,
    InitiatorRef,
    InputRef,
    InstanceIdRef,
    JsonType,
    LetRef,
    ListExpr,
    ListType,
    Literal,
    Logic,
    Member,
    Narrowed,
    Negate,
    NewRef,
    Not,
    Now,
    OldRef,
    OutcomeData,
    OutcomeTest,
    ParamRef,
    ProposedRef,
    ReadJson,
    RecordExpr,
    RecordType,
    Rounded,
    StartedAtRef,
    StringType,
    Test,
    TextExpr,
    Type,
    VarRef,
    Widen,
    Within,
)
from gantral.dsl.frozen import frozen
from gantral.dsl.span import Span

# The runtime's classes of how a child ended.
OUTCOMES = {
    "completed": "ChildCompleted",
    "rejected": "ChildRejected",
    "terminated": "ChildTerminated",
}

_MIRRORED = {"==": "==", "!=": "!=", "<": ">", "<=": ">=", ">": "<", ">=": "<="}
_NEGATED = {"==": "!=", "!=": "=="}


@frozen
class Expressions:
    """Writes expressions inside one function; `locals` names what its `let`s and handlers bind.

    `hidden` prints personal holes of a text as …, for a title that others may read.
    """

    names: PackageNames
    locals: Mapping[Span, str]
    hidden: bool = False

    def write(self, expression: Expr) -> Piece:
        """The expression."""
        match expression:
            case Literal():
                return constant(expression.value, expression.type)
            case Absent():
                return Atom("None")
            case TextExpr():
                # Two NFC texts side by side need not be one: the runtime brings the whole to NFC.
                return texts.joined(self, expression)
            case Narrowed(base=base):
                return self.write(base)
            case Widen(base=base):
                return self._widen(base, expression.type)
            case Within(base=base):
                held = [("", one) for one in checks(expression.type)]
                value = ("", self.into(base, expression.type))
                return Invoke("expressions.within", (value, *held))
            case ReadJson(base=base, type=RecordType() as record):
                read = f"{self.names.record(record)}.read_json_"
                return Invoke(read, (("", self.write(base)),))
            case Negate(operand=operand):
                return Before("-", self.write(operand))
            case Not(operand=operand):
                return self.negation(operand)
            case Test(operand=operand, some=some):
                return self.test(operand, some)
            case OutcomeTest(child=child, outcome=outcome):
                kinds = (("", self.write(child)), ("", Atom(OUTCOMES[outcome])))
                return Invoke("isinstance", kinds)
            case OutcomeData(child=child, outcome=outcome):
                place = self._name(child)
                return Atom(f"{place}.output" if outcome == "completed" else place)
            case Logic(operator=operator):
                return self._logic(expression, operator)
            case Compare():
                return self._compare(expression)
            case Binary():
                return self._arithmetic(expression)
            case In(negated=negated):
                return self._in(expression, negated)
            case Conditional():
                return self._choice(expression)
            case Coalesce(left=left, right=right):
                sides = (("", self.write(left)), ("", self.into(right, expression.type)))
                return Invoke("expressions.coalesce", sides)
            case RecordExpr(fields=fields):
                return self._record(fields, expression.type)
            case ListExpr(items=items):
                wanted = bare(expression.type)
                element = wanted.element if isinstance(wanted, ListType) else None
                return Display(
                    tuple(
                        self.write(i) if element is None else self.into(i, element) for i in items
                    )
                )
            case Comprehension() | FunctionCall() | Rounded():
                return functions.written(self, expression)
            case Member():
                return self._member(expression)
            case VarRef() if isinstance(bare(expression.type), EnumType):
                # Declared as text: from a union of words a type checker would take what was set
                # last for the only one.
                words = plain(expression.type, self.names)
                return Invoke("cast", (("", words), ("", self.compared(expression))))
            case _:
                return Atom(self._name(expression))

    def into(self, expression: Expr, wanted: Type) -> Piece:
        """The expression as a value of the type: a record of another class is rebuilt as its own
        (LANGUAGE section 3: values are rebuilt from the declared fields alone)."""
        if isinstance(expression, RecordExpr):
            return self._record(expression.fields, wanted)
        listed = bare(wanted)
        if isinstance(expression, Comprehension) and isinstance(listed, ListType):
            return Invoke("tuple", (("", functions.loop(self, expression, listed.element)),))
        return self._rebuilt(expression, expression.type, wanted)

    def output(self, expression: Expr, wanted: RecordType) -> Piece:
        """The record of a `complete`, as the class `Output`."""
        if isinstance(expression, RecordExpr):
            return self._record(expression.fields, wanted, "Output")
        return Invoke("Output.of", (("", self.write(expression)),))

    def text(self, expression: Expr) -> Piece:
        """A message or title: an f-string where nothing in it could be misread."""
        return texts.text(self, expression)

    def all_of(self, conditions: list[Expr]) -> Piece:
        """Conditions joined by `and`."""
        joined = [part for one in conditions for part in _flat(one, "and")]
        parts = [(("and " if at else ""), self.write(one)) for at, one in enumerate(joined)]
        return parts[0][1] if len(parts) == 1 else Chain(tuple(parts), AND)

    def either(self, condition: Expr, then: Expr, otherwise: Expr, wanted: Type) -> Piece:
        """`then if condition else otherwise`, as values of the type."""
        while isinstance(condition, Not):
            condition, then, otherwise = condition.operand, otherwise, then
        return Chain(
            (
                ("", self.into(then, wanted)),
                ("if ", self.write(condition)),
                ("else ", self.into(otherwise, wanted)),
            ),
            CHOICE,
        )

    def negation(self, expression: Expr) -> Piece:
        """`not expression`, as a person would write it."""
        match expression:
            case Not(operand=operand):
                return self.write(operand)
            case Test(operand=operand, some=some):
                return self.test(operand, not some)
            case Compare(operator="==" | "!=") if truth_of(expression) is None:
                return self._compare(expression, negated=True)
            case In(negated=negated):
                return self._in(expression, not negated)
            case _:
                return Before("not ", self.write(expression))

    def compared(self, expression: Expr) -> Piece:
        """A value that is shown or compared: there a variable's word is text like any other."""
        match expression:
            case VarRef():
                return Atom(self._name(expression))
            case _:
                return self.write(expression)

    def _name(self, expression: Expr) -> str:
        match expression:
            case LetRef(binding=binding) | VarRef(binding=binding) | ApprovalRef(binding=binding):
                return self.locals[binding]
            case InputRef():
                return "input"
            case InitiatorRef():
                return "self.initiator"
            case InstanceIdRef():
                return "self.instance_id"
            case StartedAtRef():
                return "self.started_at"
            case Now():
                return "self.now()"
            case ElementRef(binding=binding, name=name):
                return self.locals.get(binding, mangle(name))
            case FailureRef(binding=binding, field=field):
                return f"{'failure' if binding is None else self.locals[binding]}.{field}"
            case ParamRef(name=name):
                return f"self.{mangle(name)}"
            case ApprovalMeta(binding=binding, field=field):
                return f"{self.locals[binding]}.decision_.{field}"
            case ProposedRef(binding=binding):
                return f"{self.locals[binding]}.proposed_"
            case OldRef() | NewRef():
                raise ValueError("old and new stand in the bound of an amendment only")
            case _:
                raise TypeError(f"{type(expression).__name__} is no expression")

    def loop_name(self, one: Comprehension) -> str:
        """What a comprehension calls an element."""
        return self.locals.get(one.binding, mangle(one.name))

    def _member(self, expression: Member) -> Piece:
        base = self._place(expression.base)[1]
        if expression.optional and PLACE.fullmatch(base) is None:
            return self._maybe(expression)
        guards, place = self._place(expression)
        if not guards:
            return Atom(place)
        tests: list[tuple[str, Piece]] = []
        for guard in guards:
            test = Chain((("", Atom(guard)), ("is ", Atom("None"))), COMPARISON)
            tests.append(("or " if tests else "", test))
        condition: Piece = tests[0][1] if len(tests) == 1 else Chain(tuple(tests), OR)
        return Chain((("", Atom("None")), ("if ", condition), ("else ", Atom(place))), CHOICE)

    def _maybe(self, expression: Member) -> Piece:
        """A field of what is computed and may be none. It is not named by `:=`: Python allows that
        nowhere in what a comprehension goes over."""
        read = Atom(f"lambda found: found.{mangle(expression.name)}")
        base = self.write(expression.base)
        return Invoke("expressions.maybe", (("", base), ("", read)))

    def _place(self, expression: Expr) -> tuple[list[str], str]:
        """What must not be none, and the attribute path read then."""
        match expression:
            case Narrowed(base=base):
                # A test has shown every step of it to be some.
                return [], self._place(base)[1]
            case Member(base=base, name=name, optional=optional):
                guards, place = self._place(base)
                if optional and PLACE.fullmatch(place) is None:
                    return [], flat(self._maybe(expression))
                if optional:
                    guards = [*guards, place]
                return guards, f"{place}.{mangle(name)}"
            case _:
                piece = self.write(expression)
                text = flat(piece)
                return [], text if binding(piece) == PRIMARY else f"({text})"

    def _widen(self, base: Expr, wanted: Type) -> Piece:
        if isinstance(wanted, DecimalType):
            if isinstance(base, Literal):
                whole, _, digits = base.value.partition(".")
                text = f"{whole}.{digits.ljust(wanted.scale, '0')}" if wanted.scale else whole
                return constant(text, wanted)
            return Invoke(
                "expressions.widen", (("", self.write(base)), ("", Atom(str(wanted.scale))))
            )
        if isinstance(wanted, JsonType) and isinstance(base, RecordExpr):
            return json_of([(name, self.write(value)) for name, value in base.fields])
        return self.into(base, wanted)

    def _rebuilt(self, expression: Expr, given: Type, wanted: Type) -> Piece:
        piece = self.write(expression)
        if isinstance(expression, InputRef):
            return convert(self.names, Atom("input"), given, wanted)
        if same(self.names, given, wanted) or isinstance(expression, Absent | ListExpr):
            return piece
        return convert(self.names, piece, given, wanted)

    def test(self, operand: Expr, some: bool) -> Piece:
        """`operand is some`, or `is none`."""
        word, joint = ("is not ", "and") if some else ("is ", "or")
        guards, place = self._place(operand) if isinstance(operand, Member) else ([], "")
        if not guards:
            return Chain((("", self.compared(operand)), (word, Atom("None"))), COMPARISON)
        # Step by step, so that a type checker learns of each.
        tests = [
            Chain((("", Atom(one)), (word, Atom("None"))), COMPARISON) for one in (*guards, place)
        ]
        return joined(joint, AND if some else OR, list(tests))

    def _in(self, expression: In, negated: bool) -> Piece:
        word = "not in " if negated else "in "
        sides = (("", self.write(expression.item)), (word, self.write(expression.items)))
        return Chain(sides, COMPARISON)

    def _logic(self, expression: Logic, operator: str) -> Piece:
        parts: list[tuple[str, Piece]] = []
        for part in _flat(expression, operator):
            parts.append((f"{operator} " if parts else "", self.write(part)))
        return Chain(tuple(parts), AND if operator == "and" else OR)

    def _compare(self, expression: Compare, negated: bool = False) -> Piece:
        truth = truth_of(expression)
        if truth is not None:
            value, holds = truth
            return self.write(value) if holds else self.negation(value)
        left, right = expression.left, expression.right
        operator: str = expression.operator
        if negated:
            operator = _NEGATED[operator]
        if isinstance(left, Literal) and not isinstance(right, Literal):
            left, right, operator = right, left, _MIRRORED[operator]
        return Chain(
            (("", self.compared(left)), (f"{operator} ", self.compared(right))), COMPARISON
        )

    def _arithmetic(self, expression: Binary) -> Piece:
        left, right = self.write(expression.left), self.write(expression.right)
        if isinstance(expression.type, StringType):
            return Invoke("expressions.concat", (("", left), ("", right)))
        if isinstance(expression.type, ListType):
            return Display((Before("*", left), Before("*", right)))
        strength = PRODUCT if expression.operator == "*" else SUM
        last = (f"{expression.operator} ", right)
        if isinstance(left, Chain) and left.binding == strength:
            return Chain((*left.parts, last), strength)
        return Chain((("", left), last), strength)

    def _choice(self, expression: Conditional) -> Piece:
        condition, then, otherwise = expression.condition, expression.then, expression.otherwise
        while isinstance(condition, Not):
            condition, then, otherwise = condition.operand, otherwise, then
        if isinstance(then, Literal) and isinstance(otherwise, Literal):
            match then.value, otherwise.value, expression.type:
                case "true", "false", BoolType():
                    return self.write(condition)
                case "false", "true", BoolType():
                    return self.negation(condition)
        return self.either(condition, then, otherwise, expression.type)

    def _record(
        self, fields: tuple[tuple[str, Expr], ...], wanted: Type, made: str | None = None
    ) -> Piece:
        record = bare(wanted)
        if not isinstance(record, RecordType):
            raise TypeError("a record has a record type")
        arguments: list[tuple[str, Piece]] = []
        for name, value in fields:
            declared = record.field(name)
            piece = self.write(value) if declared is None else self.into(value, declared.type)
            arguments.append((f"{mangle(name)}=", piece))
        return Invoke(made or self.names.record(record), tuple(arguments))


def _flat(expression: Expr, operator: str) -> list[Expr]:
    if isinstance(expression, Logic) and expression.operator == operator:
        return [*_flat(expression.left, operator), *_flat(expression.right, operator)]
    return [expression]
