"""Services and their operations (LANGUAGE section 5)."""

from __future__ import annotations

from dataclasses import replace

from gantral.compiler.check import in_the_open, needs
from gantral.compiler.check.canonical import decimal_text, duration_text
from gantral.compiler.check.signatures import signature
from gantral.compiler.names.findings import Findings, meant
from gantral.compiler.names.module import Names
from gantral.compiler.program.declarations import Operation, ResultRef, Retry, Service, UndoBy
from gantral.compiler.program.types import (
    BoolType,
    DecimalType,
    DurationType,
    EnumType,
    IntType,
    OptionalType,
    RecordType,
    StringType,
    Type,
)
from gantral.compiler.types.relate import describe, difference, fits
from gantral.compiler.types.resolve import Types
from gantral.dsl import syntax as syn
from gantral.dsl.diagnostics import Label
from gantral.dsl.span import Span

_EFFECTS = ("effect", "critical effect")


class Services:
    """Checks services, each once; also that a queue's operations agree across the project."""

    def __init__(self, findings: Findings, types: Types) -> None:
        self._findings = findings
        self._types = types
        self._done: dict[Span, Service] = {}
        self._broken: set[Span] = set()
        """The operations (by their name's span) that were wrong."""
        self._queues: dict[tuple[str, str], Operation] = {}

    def service(self, names: Names, one: syn.Service) -> Service:
        """The service with its operations that are right."""
        key = one.name.span
        if key in self._done:
            return self._done[key]
        seen: dict[str, Span] = {}
        built: list[tuple[syn.Operation, Operation]] = []
        for operation in one.operations:
            name = operation.name.text
            if name in seen:
                self._findings.error(
                    "G0203",
                    operation.name.span,
                    f"the operation `{one.name.text}.{name}` is declared twice",
                    "give one of the two another name",
                    (Label(seen[name], "first here"),),
                )
                continue
            seen[name] = operation.name.span
            made = self._operation(names, one, operation)
            if made is None:
                self._broken.add(operation.name.span)
            else:
                built.append((operation, made))
        by_name = {made.name: made for _, made in built}
        operations = []
        for operation, made in built:
            whole = self._undone(one, operation, made, by_name)
            if whole is None:
                self._broken.add(operation.name.span)
            else:
                operations.append(whole)
                self._agree(whole)
        service = Service(one.name.text, one.queue.value, tuple(operations), one.doc, one.name.span)
        self._done[key] = service
        return service

    def operation(self, names: Names, path: syn.Path) -> tuple[Service, Operation] | None:
        """The operation that a path names; None after a finding, silently when it was wrong."""
        if len(path.parts) not in (2, 3):
            known = [
                f"{service}.{one.name.text}"
                for service in names.known("service")
                if (found := names.find("service", service)) is not None
                and isinstance(found, syn.Service)
                for one in found.operations
            ]
            help, edits = meant(path.span, path.text, known, "write `service.operation`")
            self._findings.error(
                "G0202", path.span, f"there is no operation `{path.text}`", help, (), edits
            )
            return None
        head = path.parts[:-1]
        found_service = names.lookup("service", head, head[0].span.to(head[-1].span))
        if found_service is None:
            return None
        where, declaration = found_service
        assert isinstance(declaration, syn.Service)
        service = self.service(where, declaration)
        name = path.parts[-1]
        for one in service.operations:
            if one.name == name.text:
                return service, one
        for declared in declaration.operations:
            if declared.name.text == name.text:
                return None
        help, edits = meant(
            name.span,
            name.text,
            [one.name.text for one in declaration.operations],
            "declare it in the service",
        )
        self._findings.error(
            "G0202",
            name.span,
            f"service `{service.name}` has no operation `{name.text}`",
            help,
            (),
            edits,
        )
        return None

    def _operation(
        self, names: Names, service: syn.Service, one: syn.Operation
    ) -> Operation | None:
        before = self._findings.errors
        parameters = self._types.record(names, one.parameters, one.name.span)
        result = None if one.result is None else self._types.resolve(names, one.result)
        effect = one.kind in _EFFECTS
        wanted = needs.read(self._findings, names, one) if one.needs is not None else None
        if one.wire_name is not None and effect:
            self._refuse(
                one.wire_name.span,
                "an effect keeps its own name on the wire, which carries its signature",
                "leave `as` out: only a read or notify can call an activity by its plain name",
            )
        if one.timeout.milliseconds <= 0:
            self._refuse(one.timeout.span, "a timeout is longer than nothing", "write `1m`")
        if one.heartbeat is not None and not (
            0 < one.heartbeat.milliseconds <= one.timeout.milliseconds
        ):
            self._refuse(
                one.heartbeat.span,
                "a heartbeat is longer than nothing and no longer than the timeout",
                "shorten it",
            )
        if parameters is not None and not effect:
            in_the_open.declared(self._findings, one, parameters, result)
        retry = self._retry(one, effect)
        if self._findings.errors > before or parameters is None:
            return None
        return Operation(
            key=f"{service.name.text}.{one.name.text}",
            service=service.name.text,
            name=one.name.text,
            kind=one.kind,
            queue=service.queue.value,
            parameters=parameters,
            result=result,
            plain_name=one.wire_name.value if one.wire_name is not None else None,
            timeout=one.timeout.milliseconds,
            heartbeat=one.heartbeat.milliseconds if one.heartbeat is not None else None,
            retry=retry,
            idempotent=one.idempotent is not None,
            needs=wanted,
            undo=None,
            doc=one.doc,
            span=one.name.span,
        )

    def _retry(self, one: syn.Operation, effect: bool) -> Retry | None:
        if one.retry is None:
            return None
        retry = one.retry
        every = retry.every.milliseconds if retry.every is not None else None
        up_to = retry.up_to.milliseconds if retry.up_to is not None else None
        if effect and one.idempotent is None:
            self._refuse(
                retry.span,
                "an effect that is tried again must be `idempotent`",
                "say `idempotent` when the service makes a repeat harmless, else leave `retry` out",
            )
        if every is not None and every <= 0:
            self._refuse(retry.span, "the interval of `retry` is longer than nothing", "write `1s`")
        elif every is not None and up_to is not None and up_to < every:
            self._refuse(retry.span, "`up to` is shorter than `every`", "raise `up to`")
        return Retry(retry.times.value, every, up_to)

    def _undone(
        self,
        service: syn.Service,
        one: syn.Operation,
        made: Operation,
        known: dict[str, Operation],
    ) -> Operation | None:
        if one.undo is None:
            return made
        undo = one.undo
        name = undo.operation
        if one.kind not in _EFFECTS:
            self._refuse(undo.span, f"a {one.kind} changes nothing to undo", "leave `undo` out")
            return None
        other = known.get(name.text)
        declared = next((o for o in service.operations if o.name.text == name.text), None)
        if other is None or declared is None:
            if declared is not None:
                return None
            help, edits = meant(name.span, name.text, known, "declare it in this service")
            self._findings.error(
                "G0202",
                name.span,
                f"service `{service.name.text}` has no operation `{name.text}`",
                help,
                (),
                edits,
            )
            return None
        before = self._findings.errors
        if not other.acts:
            self._refuse(name.span, "an undo is an effect of the same service", "name an effect")
        elif declared.undo is not None:
            self._refuse(
                name.span,
                f"`{name.text}` has an undo of its own, so it can't be one",
                "name an effect without `undo`",
            )
        elif other.kind == "critical effect" and made.kind != "critical effect":
            self._refuse(
                name.span,
                "an undo may be critical only where its effect is",
                f"declare `{one.name.text}` as `critical effect` too",
            )
        needs.of_undo(self._findings, made, other, name.span)
        arguments = self._undo_arguments(undo, made, other)
        if self._findings.errors > before:
            return None
        by = UndoBy(other.key, arguments, undo.span)
        return replace(made, undo=by)

    def _undo_arguments(
        self, undo: syn.UndoBy, effect: Operation, other: Operation
    ) -> tuple[tuple[str, ResultRef], ...]:
        given: dict[str, ResultRef | None] = {}
        for one in undo.arguments:
            assert one.name is not None
            name = one.name.text
            wanted = other.parameters.field(name)
            if wanted is None or name in given:
                names = [field.name for field in other.parameters.fields]
                help, edits = meant(one.name.span, name, names, "leave it out")
                said = "is given twice" if name in given else "is no parameter"
                self._findings.error(
                    "G0206",
                    one.name.span,
                    f"`{name}` {said} of `{other.key}`",
                    "leave one out" if name in given else help,
                    (),
                    () if name in given else edits,
                )
                given[name] = given.get(name)
                continue
            given[name] = self._undo_value(one.value, effect, wanted.type)
        missing = [
            field.name
            for field in other.parameters.fields
            if field.name not in given and not isinstance(field.type, OptionalType)
        ]
        if missing:
            listed = ", ".join(f"`{name}`" for name in missing)
            self._findings.error(
                "G0206", undo.span, f"`{other.key}` wants {listed} too", f"add {listed}"
            )
        ordered = [field.name for field in other.parameters.fields]
        return tuple((n, ref) for n in ordered if (ref := given.get(n)) is not None)

    def _undo_value(self, one: syn.Expression, effect: Operation, wanted: Type) -> ResultRef | None:
        found = _constant(one, wanted)
        if found is None:
            path: list[syn.Identifier] = []
            at = one
            while isinstance(at, syn.Member) and not at.optional:
                path.append(at.name)
                at = at.target
            path.reverse()
            if not isinstance(at, syn.Name) or at.text not in ("args", "result"):
                self._refuse(
                    one.span,
                    "an undo's argument is read from `args` or `result`, or is a constant",
                    "write `result.…` or `args.…`",
                )
                return None
            type_ = effect.parameters if at.text == "args" else effect.result
            if type_ is None:
                self._refuse(one.span, f"`{effect.key}` has no result", "read from `args`")
                return None
            walked = self._walk(type_, path)
            if walked is None:
                return None
            names = tuple(part.text for part in path)
            found = ResultRef(
                "args" if at.text == "args" else "result", names, walked, None, one.span
            )
        if not fits(found.type, wanted):
            self._findings.error(
                "G0205",
                one.span,
                f"{describe(wanted)} is wanted here, and this is {describe(found.type)}",
                difference(found.type, wanted) or f"give a value of type {describe(wanted)}",
            )
            return None
        return found

    def _walk(self, type_: Type, path: list[syn.Identifier]) -> Type | None:
        for part in path:
            if isinstance(type_, OptionalType):
                self._findings.error(
                    "G0207",
                    part.span,
                    "what this is read from may be none",
                    "pass the whole optional value",
                )
                return None
            field = type_.field(part.text) if isinstance(type_, RecordType) else None
            if field is None:
                listed = [f.name for f in type_.fields] if isinstance(type_, RecordType) else []
                help, edits = meant(part.span, part.text, listed, "declare the field in the type")
                self._findings.error(
                    "G0204", part.span, f"there is no field `{part.text}`", help, (), edits
                )
                return None
            type_ = field.type
        return type_

    def _agree(self, one: Operation) -> None:
        """Two declarations of one queue's operation in a project are the same (section 2)."""
        first = self._queues.setdefault((one.queue, one.key), one)
        if first is one or signature(first) == signature(one):
            return
        self._findings.error(
            "G0216",
            one.span,
            f'`{one.key}` on queue "{one.queue}" is declared in two ways',
            "declare the service once, in a file that both import",
            (Label(first.span, "declared otherwise here"),),
        )

    def _refuse(self, span: Span, message: str, help: str) -> None:
        self._findings.error("G0220", span, message, help)


def _constant(one: syn.Expression, wanted: Type) -> ResultRef | None:
    inner = wanted.inner if isinstance(wanted, OptionalType) else wanted

    def constant(type_: Type, text: str) -> ResultRef:
        return ResultRef("const", (), type_, text, one.span)

    match one:
        case syn.Integer():
            if isinstance(inner, DecimalType):
                return constant(DecimalType(inner.scale), decimal_text(one.value, inner.scale))
            return constant(IntType(), str(one.value))
        case syn.Decimal():
            scale = one.scale
            if isinstance(inner, DecimalType):
                scale = max(scale, inner.scale)
            return constant(DecimalType(scale), decimal_text(one.value, scale))
        case syn.Boolean():
            return constant(BoolType(), "true" if one.value else "false")
        case syn.Duration():
            return constant(DurationType(), duration_text(one.milliseconds))
        case syn.Text() if all(isinstance(part, str) for part in one.parts):
            text = "".join(str(part) for part in one.parts)
            is_word = isinstance(inner, EnumType) and text in inner.words
            return constant(EnumType((text,)) if is_word else StringType(), text)
        case _:
            return None
