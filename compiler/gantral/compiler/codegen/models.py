"""Records, calls and asks as the classes that the templates print."""

from __future__ import annotations

from gantral.compiler.codegen.expressions import Expressions
from gantral.compiler.codegen.layout import WIDTH, Atom, Invoke, Piece, ended, flat, lines, literal
from gantral.compiler.codegen.names import PackageNames
from gantral.compiler.codegen.types import checked, either, plain
from gantral.compiler.mangle import mangle
from gantral.compiler.program import (
    Expr,
    Field,
    Gate,
    Operation,
    OptionalType,
    Program,
    RecordType,
    Run,
    Service,
    children,
    is_document,
)
from gantral.compiler.program.walk import runs
from gantral.compiler.terms import RESULT_FIELD
from gantral.dsl.frozen import frozen


@frozen
class Model:
    """A model class: `names` are the lines of its name tables, `fields` of its fields."""

    name: str
    names: tuple[str, ...]
    fields: tuple[str, ...]

    @property
    def empty(self) -> bool:
        """Whether it has no field."""
        return not self.fields


@frozen
class RecordModel(Model):
    """`base` is `Document` where it is one, which can hold bytes to their digest."""

    base: str


@frozen
class ApprovalModel(Model):
    gate: str


@frozen
class EventModel:
    """`base` is the class of what the event carries."""

    name: str
    base: str
    event: str
    literal: str


@frozen
class CallModel(Model):
    """`result` is the type of what comes back, `None` when nothing does; `returned` the class that
    holds it where it is no record, else empty, and `value_lines` its field."""

    operation: str
    result: str
    result_lines: tuple[str, ...]
    returned: str
    value_lines: tuple[str, ...]


@frozen
class AskModel(Model):
    """`member` is its name among the gates; the titles are the bodies of their methods."""

    gate: str
    member: str
    approval: str
    title: tuple[str, ...]
    public_title: tuple[str, ...]


@frozen
class RunModel(Model):
    """A child to be run: its input; `output` is the class of what it completes with."""

    workflow: str
    output: str
    output_lines: tuple[str, ...]


@frozen
class ServiceClass:
    """`calls` holds the call classes (`members`), `base` is what the team implements."""

    name: str
    literal: str
    calls: str
    base: str
    members: tuple[tuple[str, str], ...]
    methods: tuple[tuple[str, ...], ...]


def record_models(names: PackageNames) -> list[RecordModel]:
    """The records of types.py."""
    return [
        RecordModel(name, *_fields(type, names), "Document" if is_document(type) else "Record")
        for name, type in names.records
    ]


def approval_models(program: Program, names: PackageNames) -> list[ApprovalModel]:
    """What each `ask` returns."""
    return [
        ApprovalModel(names.approvals[gate.name], *_fields(gate.parameters, names), gate.name)
        for gate in program.gates.values()
    ]


def event_models(program: Program, names: PackageNames) -> list[EventModel]:
    """What each `wait` hears of."""
    return [
        EventModel(names.events[one.name], names.record(one.data), one.name, literal(one.name))
        for one in program.events.values()
    ]


def call_models(program: Program, names: PackageNames) -> list[CallModel]:
    """The arguments of each operation."""
    return [_call(operation, names) for operation in program.operations.values()]


def ask_models(program: Program, names: PackageNames) -> list[AskModel]:
    """The proposal of each gate."""
    return [_ask(gate, names) for gate in program.gates.values()]


def run_models(program: Program, names: PackageNames) -> list[RunModel]:
    """The input of each child."""
    first = {one.workflow: one for one in reversed([*runs(program.run)])}
    return [_run(one, names) for _, one in sorted(first.items())]


def service_classes(program: Program, names: PackageNames) -> list[ServiceClass]:
    """What teams implement, one class a service."""
    return [_service(service, names) for service in program.services.values()]


def result_class(operation: Operation, names: PackageNames) -> str:
    """The Python type of what an operation gives."""
    return "None" if operation.result is None else flat(plain(operation.result, names))


def _fields(record: RecordType, names: PackageNames) -> tuple[tuple[str, ...], tuple[str, ...]]:
    spec = {mangle(one.name): one.name for one in record.fields if mangle(one.name) != one.name}
    wire = {mangle(one.name): one.wire for one in record.fields if one.wire not in ("", one.name)}
    tables = [*_table("spec_names_", spec), *_table("wire_names_", wire)]
    printed = [line for one in record.fields for line in _field(one, names)]
    if tables and printed:
        tables.append("")
    return tuple(tables), tuple(printed)


def _table(name: str, entries: dict[str, str]) -> list[str]:
    if not entries:
        return []
    inner = tuple((f"{literal(one)}: ", Atom(literal(other))) for one, other in entries.items())
    return lines(Invoke("", inner, "{}"), f"{name}: ClassVar[dict[str, str]] = ", indent=4)


def _field(field: Field, names: PackageNames) -> list[str]:
    default = " = None" if isinstance(field.type, OptionalType) else ""
    return lines(checked(field.type, names), f"{mangle(field.name)}: ", default, indent=4)


def _call(operation: Operation, names: PackageNames) -> CallModel:
    result = result_class(operation, names)
    returned = names.results.get(operation.key, "")
    model = returned or result
    kind = "None" if model == "None" else f"type[{model}]"
    declared = lines(Atom(model), f"result_: ClassVar[{kind}] = ", indent=4)
    value: list[str] = []
    if returned and operation.result is not None:
        value = _field(Field(RESULT_FIELD, operation.result), names)
    return CallModel(
        names.calls[operation.key],
        *_fields(operation.parameters, names),
        operation=literal(operation.key),
        result=result,
        result_lines=tuple(declared),
        returned=returned,
        value_lines=tuple(value),
    )


def _ask(gate: Gate, names: PackageNames) -> AskModel:
    return AskModel(
        names.asks[gate.name],
        *_fields(gate.parameters, names),
        gate=literal(gate.name),
        member=mangle(gate.name),
        approval=names.approvals[gate.name],
        title=_title(gate.title, names, hidden=False),
        public_title=(
            _title(gate.title, names, hidden=True) if _reads_personal(gate.title) else ()
        ),
    )


def _run(run: Run, names: PackageNames) -> RunModel:
    output = names.record(run.output)
    return RunModel(
        names.runs[run.workflow],
        *_fields(run.input, names),
        workflow=literal(run.workflow),
        output=output,
        output_lines=tuple(lines(Atom(output), f"output_: ClassVar[type[{output}]] = ", indent=4)),
    )


def _title(title: Expr | None, names: PackageNames, *, hidden: bool) -> tuple[str, ...]:
    if title is None:
        return ()
    piece = Expressions(names, {}, hidden=hidden).text(title)
    return tuple(ended(piece, "return ", "", 8))


def _reads_personal(expression: Expr | None) -> bool:
    if expression is None:
        return False
    return expression.personal or any(_reads_personal(one) for one in children(expression))


def _service(service: Service, names: PackageNames) -> ServiceClass:
    return ServiceClass(
        name=mangle(service.name),
        literal=literal(service.name),
        calls=names.service_calls[service.name],
        base=names.services[service.name],
        members=tuple((mangle(one.name), names.calls[one.key]) for one in service.operations),
        methods=tuple(tuple(_method(one, names)) for one in service.operations),
    )


def _method(operation: Operation, names: PackageNames) -> list[str]:
    """The signature; an awaitable lets the team write `def` or `async def`."""
    result = result_class(operation, names)
    arguments: list[tuple[str, Piece]] = [("", Atom("self")), ("call: ", Atom("CallContext"))]
    arguments.append(("", Atom("/")))
    named = [
        (f"{mangle(one.name)}: ", plain(one.type, names)) for one in operation.parameters.fields
    ]
    arguments += [("", Atom("*")), *named] if named else []
    later = Atom(f"Awaitable[{result}]")
    match operation.result:
        case None:
            answer = either(later, Atom("None"))
        case OptionalType(inner=inner):
            answer = either(either(plain(inner, names), later), Atom("None"))
        case _:
            answer = either(Atom(result), later)
    head = Invoke(f"def {mangle(operation.name)}", tuple(arguments))
    whole = lines(head, "", f" -> {flat(answer)}: ...", indent=4)
    if len(whole[-1]) <= WIDTH:
        return whole
    return [*whole[:-1], *lines(answer, ") -> ", ": ...", indent=4)]
