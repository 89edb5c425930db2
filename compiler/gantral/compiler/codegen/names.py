"""What each thing of a program is called in its generated package."""

from __future__ import annotations

from collections.abc import Iterator

from gantral.compiler.mangle import ClassNames, mangle
from gantral.compiler.program import (
    Coalesce,
    Comprehension,
    Conditional,
    Expr,
    Field,
    ForEach,
    Handler,
    ListExpr,
    ListType,
    OptionalType,
    Parallel,
    Program,
    ReadJson,
    RecordExpr,
    RecordType,
    Statement,
    Type,
    Widen,
)
from gantral.compiler.program.walk import (
    bindings,
    calls,
    expressions,
    loops,
    parts,
    runs,
    variables,
    waits,
)
from gantral.compiler.terms import RESULT_FIELD
from gantral.dsl.span import Span


class PackageNames:
    """Class names of one package, taken in the order of the program: its own types first."""

    def __init__(self, program: Program) -> None:
        self._free = ClassNames()
        self._records: dict[RecordType | str, str] = {}
        self.records: list[tuple[str, RecordType]] = []
        """Every record with its class, each after those it is made of."""
        self._listed: set[str] = set()
        for name, type in program.types.items():
            if isinstance(type, RecordType):
                self._records[name] = self._free.take(name)
        self.services = {name: self._free.take(name) for name in program.services}
        self.service_calls = {name: self._free.take(name, "calls") for name in program.services}
        self.calls = {key: self._free.take(key) for key in program.operations}
        self.results = {
            key: self._free.take(key, "result")
            for key, operation in program.operations.items()
            if operation.result is not None and not isinstance(operation.result, RecordType)
        }
        """The class of each result that is no record, by its operation."""
        self.approvals = {name: self._free.take(name, "approval") for name in program.gates}
        self.asks = {name: self._free.take(name, "ask") for name in program.gates}
        self.events = {name: self._free.take(name, "event") for name in program.events}
        self.runs = {name: self._free.take(name, "run") for name in program.children}
        self.gates = self._free.take("gates")
        self.workflow = self._free.take(program.name)
        self.client = self._free.take(program.name, "client")
        self._collect(program)

    def carried(self, number: str, fields: tuple[Field, ...]) -> str:
        """Take a class for what is carried over to a new history, as one more record."""
        name = self._free.take(f"carried{number}")
        for field in fields:
            self._note(field.type, name, field.name)
        self.records.append((name, RecordType(fields)))
        return name

    def record(self, type: RecordType) -> str:
        """The class of a record type."""
        return self._records[type.name or type]

    def _collect(self, program: Program) -> None:
        for type in program.types.values():
            self._note(type)
        # Input and output are classes of their own, whatever else has their fields.
        for name, record in (("Input", program.input), ("Output", program.output)):
            for field in record.fields:
                self._note(field.type, name, field.name)
            self._listed.add(name)
            self.records.append((name, record))
        for operation in program.operations.values():
            base = self.calls[operation.key]
            for field in operation.parameters.fields:
                self._note(field.type, base, field.name)
            if operation.result is not None:
                part = RESULT_FIELD if operation.key in self.results else "result"
                self._note(operation.result, base, part)
        for gate in program.gates.values():
            for field in gate.parameters.fields:
                self._note(field.type, gate.name, field.name)
            for expression in () if gate.title is None else parts(gate.title):
                self._made(expression, gate.name, "title")
        for event in program.events.values():
            self._note(event.data, event.name, "data")
        for run in runs(program.run):
            self._note(run.output, run.workflow, "output")
            for field in run.input.fields:
                self._note(field.type, self.runs[run.workflow], field.name)
        for statements in (program.run, program.on_failure):
            for variable in variables(statements):
                self._note(variable.type, variable.name)
            for loop in loops(statements):
                if loop.gives is not None:
                    self._note(loop.gives, "given")
            for bound in bindings(statements):
                if isinstance(bound.value, Parallel) and bound.value.gives is not None:
                    self._note(bound.value.gives, bound.name)
            for expression in expressions(statements):
                self._made(expression, "value")

    def _made(self, expression: Expr, *parts: str) -> None:
        """The records that a value is made of: of a literal, or of two types joined to one."""
        if isinstance(
            expression, RecordExpr | ReadJson | Widen | Conditional | Coalesce | ListExpr
        ):
            self._note(expression.type, *parts)

    def _note(self, type: Type, *parts: str) -> None:
        """Give the records in a type their classes; `parts` name one that has no name."""
        match type:
            case ListType(element=element):
                self._note(element, *parts)
            case OptionalType(inner=inner):
                self._note(inner, *parts)
            case RecordType(fields=fields):
                key: RecordType | str = type.name or type
                known = self._records.get(key)
                if known is None:
                    known = self._free.take(*parts)
                    self._records[key] = known
                for field in fields:
                    self._note(field.type, known, field.name)
                if known not in self._listed:
                    self._listed.add(known)
                    self.records.append((known, type))
            case _:
                pass


def handlers(statements: tuple[Statement, ...]) -> Iterator[Handler]:
    """Every handler, in source order."""
    for call in calls(statements):
        if call.handler is not None:
            yield call.handler


def local_names(statements: tuple[Statement, ...], taken: frozenset[str]) -> dict[Span, str]:
    """The Python name of each `let`, `var`, element and handler, by where it is bound. Blocks are
    scopes in a spec and none in Python: a name bound in two of them, or `taken`, is numbered."""
    wanted = [(one.binding, mangle(one.name)) for one in bindings(statements)]
    wanted += [(one.binding, mangle(one.name)) for one in variables(statements)]
    wanted += [
        (one.binding, mangle(one.name))
        for one in handlers(statements)
        if one.name is not None and one.binding is not None
    ]
    wanted += [
        (one.binding, mangle(one.name))
        for wait in waits(statements)
        for one in wait.arrivals
        if one.name is not None and one.binding is not None
    ]
    wanted += [
        (one.binding, mangle(one.name)) for one in loops(statements) if isinstance(one, ForEach)
    ]
    used = set(taken)
    # A numbered name must not be one that the spec has.
    unfree = used | {name for _, name in wanted}
    found: dict[Span, str] = {}
    numbers: dict[str, int] = {}
    for binding, name in sorted(wanted):
        chosen, number = name, numbers.get(name, 1)
        while chosen in used or (number > 1 and chosen in unfree):
            number += 1
            chosen = f"{name}_{number}"
        numbers[name] = number
        used.add(chosen)
        found[binding] = chosen
    # Of a comprehension the name is its own in Python too: it hides only what got a number.
    hidden = set(taken) | {found[binding] for binding, name in wanted if found[binding] != name}
    elements: dict[str, str] = {}
    for one in expressions(statements):
        if isinstance(one, Comprehension):
            name = chosen = mangle(one.name)
            number = 1
            while name not in elements and (chosen in hidden or (number > 1 and chosen in unfree)):
                number += 1
                chosen = f"{name}_{number}"
            found[one.binding] = elements.setdefault(name, chosen)
            unfree.add(elements[name])
    return found
