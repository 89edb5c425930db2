"""A workflow: its header, and the program that its declarations and statements make."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Mapping
from typing import Literal

from gantral.compiler.check import across, apart, calls, clauses, needs, only_if, unused
from gantral.compiler.check.acting import Block, Brought
from gantral.compiler.check.children import Programs, may_run
from gantral.compiler.check.env import Binding, Env
from gantral.compiler.check.events import Events
from gantral.compiler.check.gates import Gates, who
from gantral.compiler.check.services import Services
from gantral.compiler.check.statements import Statements
from gantral.compiler.check.used_types import used_types
from gantral.compiler.names.findings import Findings
from gantral.compiler.names.module import Names
from gantral.compiler.program import declarations as de
from gantral.compiler.program.events import Event
from gantral.compiler.program.types import (
    SCALARS,
    InstantType,
    PersonType,
    RecordType,
    StringType,
)
from gantral.compiler.proofs import PROVED
from gantral.compiler.types.relate import describe
from gantral.compiler.types.resolve import Types
from gantral.dsl import syntax as syn
from gantral.dsl.diagnostics import Label
from gantral.dsl.span import Span

_SEMVER = re.compile(
    r"(0|[1-9]\d*)\.(0|[1-9]\d*)\.(0|[1-9]\d*)(-[0-9A-Za-z-]+(\.[0-9A-Za-z-]+)*)?"
    r"(\+[0-9A-Za-z-]+(\.[0-9A-Za-z-]+)*)?",
    re.ASCII,
)


class Workflow:
    """Checks one workflow."""

    def __init__(
        self,
        findings: Findings,
        names: Names,
        one: syn.Workflow,
        types: Types,
        services: Services,
        gates: Gates,
        events: Events,
        programs: Programs,
    ) -> None:
        self._findings = findings
        self._names = names
        self._one = one
        self._types = types
        self._services = services
        self._gates = gates
        self._events = events
        self._used_events: dict[str, Event] = {}
        self._programs = programs
        self._children: dict[str, de.Program] = {}
        self._starters: tuple[str, ...] = ()
        self._used_services: dict[str, de.Service] = {}
        self._used_gates: dict[str, tuple[Names, syn.Gate]] = {}

    def check(self) -> de.Program | None:
        """The program, or None after findings; those that the graph proves too leave it whole."""
        before = len(self._findings.all)
        one, names, findings = self._one, self._names, self._findings
        start_by = self._starters = self._header()
        inputs, outputs = self._record(one.input), self._record(one.output)
        key = self._key(inputs)
        for kind, declared in names.declared:
            if kind == "service":
                assert isinstance(declared, syn.Service)
                self._use(self._services.service(names, declared), declared.name.span)
            elif kind == "gate":
                assert isinstance(declared, syn.Gate)
                self._used_gates[declared.name.text] = (names, declared)
            elif kind == "event":
                assert isinstance(declared, syn.Event)
                self._events.event(names, declared)
        start = len(findings.all)
        env, statements, run, on_failure = self._checked(inputs, outputs, frozenset())
        brought: frozenset[Brought] = frozenset()
        while not statements.brought <= brought:
            # What a round leaves in a variable is there when the next begins: once more, with that.
            brought |= statements.brought
            env, statements, run, on_failure = self._checked(inputs, outputs, brought)
            findings.once(start)
        kept = len(self._gates.kept_apart)
        gates = self._checked_gates(statements.personal)
        asked = {binding: gates[name] for binding, name in statements.asks.items() if name in gates}
        for call in statements.calls:
            calls.releases(env, call, asked)
            apart.two_persons(findings, call, asked)
            only_if.certain(findings, call, statements.uncertain)
            if call.head in statements.needing:
                needs.met(env, call, *statements.needing[call.head], asked, statements.uncertain)
        spans = {self._used_gates[name][1].name.span for name in statements.asked}
        apart.decided(findings, self._gates.kept_apart[kept:], spans)
        for result in statements.across:
            across.released(findings, result, asked)
        policies = self._policies(gates)
        errors = [one for one in findings.all[before:] if one.severity == "error"]
        whole = inputs is not None and outputs is not None and gates.keys() == {*self._used_gates}
        if not whole or any(one.code not in PROVED for one in errors):
            return None
        assert inputs is not None
        assert outputs is not None
        if not errors:
            unused.names(findings, names, statements.lets, env)
            unused.variables(findings, statements.vars, statements.set_at, env)
            unused.amendments(findings, gates, env, statements.asked)
        program = de.Program(
            path=names.source.path,
            name=one.name.text,
            version=one.version.value,
            team=one.team.text,
            start_by=start_by,
            key=key,
            input=inputs,
            output=outputs,
            types={},
            services=self._used_services,
            policies=policies,
            gates=gates,
            events=self._used_events,
            run=run,
            run_span=one.run.span,
            on_failure=on_failure,
            doc=one.doc,
            span=one.span,
            name_span=one.name.span,
            children=self._children,
        )
        return used_types(program)

    def _checked(
        self, inputs: RecordType | None, outputs: RecordType | None, brought: frozenset[Brought]
    ) -> tuple[Env, Statements, Block, Block]:
        """The statements, checked where these loops bring personal data into these variables."""
        one = self._one
        env = Env(self._findings, self._names, self._types)
        self._give(env, inputs)
        statements = Statements(
            env, outputs, self._operation, self._gate, self._event, self._child, brought
        )
        run, _ = statements.block(one.run)
        on_failure: Block = ()
        if one.on_failure is not None:
            env.bindings["failure"] = Binding("failure", "failure", None, StringType())
            on_failure = statements.on_failure(one.on_failure)
        return env, statements, run, on_failure

    def _record(self, one: syn.RecordType | None) -> RecordType | None:
        return (
            RecordType(()) if one is None else self._types.record(self._names, one.fields, one.span)
        )

    def _header(self) -> tuple[str, ...]:
        one = self._one
        if _SEMVER.fullmatch(one.version.value) is None:
            self._findings.error(
                "G0221",
                one.version.span,
                f'"{one.version.value}" is no version',
                'write three numbers, as in "1.4.0"',
            )
        roles: dict[str, Span] = {}
        for path in one.start_by:
            found = self._names.lookup("role", path.parts, path.span)
            if found is None:
                continue
            name = found[1].name.text
            if name in roles:
                self._findings.error(
                    "G0221",
                    path.span,
                    f"role `{name}` stands twice in `start by`",
                    "leave one of the two out",
                    (Label(roles[name], "first here"),),
                )
            roles.setdefault(name, path.span)
        return tuple(roles)

    def _key(self, inputs: RecordType | None) -> de.Key | None:
        once = self._one.once
        if once is None:
            return None
        paths: list[tuple[str, ...]] = []
        for path in once.keys:
            parts = tuple(part.text for part in path.parts)
            if parts == ("initiator",):
                paths.append(parts)
                continue
            if parts[0] != "input" or len(parts) < 2:
                self._findings.error(
                    "G0221",
                    path.span,
                    "the key is read from `input`, or is `initiator`",
                    "write `input.…`",
                )
                continue
            if inputs is None:
                continue
            rest = syn.Path(path.span, path.parts[1:])
            field = clauses.People(self._findings, self._names, inputs).field(rest)
            if field is None:
                continue
            if field.personal:
                self._findings.error(
                    "G0217",
                    path.span,
                    "the key is kept for ever, and this is personal data",
                    "name a field that is not `personal`",
                )
            elif not isinstance(field.type, SCALARS):
                self._findings.error(
                    "G0221",
                    path.span,
                    f"the key is made of plain values, and this is {describe(field.type)}",
                    "name one of its fields, and one that is always there",
                )
            elif parts in paths:
                self._findings.error(
                    "G0221", path.span, "this stands twice in the key", "leave one of the two out"
                )
            else:
                paths.append(parts)
        mode: Literal["once", "one_at_a_time"] = "one_at_a_time" if once.one_at_a_time else "once"
        return de.Key(mode, tuple(paths), once.span)

    def _give(self, env: Env, inputs: RecordType | None) -> None:
        env.bindings["input"] = Binding("input", "input", None, inputs)
        env.bindings["initiator"] = Binding("initiator", "initiator", None, PersonType())
        env.bindings["instance"] = Binding("instance", "instance", None, InstantType())

    # --- what statements mention --------------------------------------------------------------

    def _operation(self, path: syn.Path) -> tuple[de.Service, de.Operation] | None:
        found = self._services.operation(self._names, path)
        if found is not None and not self._use(found[0], path.span):
            return None
        return found

    def _use(self, service: de.Service, span: Span) -> bool:
        known = self._used_services.setdefault(service.name, service)
        return known is service or self._two("service", service.name, span, known.span)

    def _two(self, kind: str, name: str, span: Span, first: Span) -> bool:
        self._findings.error(
            "G0203",
            span,
            f"this workflow uses more than one {kind} called `{name}`",
            "give one of the two another name where it is declared",
            (Label(first, "the other one"),),
        )
        return False

    def _gate(self, one: syn.Ask) -> tuple[str, RecordType, bool, list[tuple[str, ...]]] | None:
        found = self._names.lookup("gate", one.gate.parts, one.gate.span)
        if found is None:
            return None
        where, gate = found
        assert isinstance(gate, syn.Gate)
        name = gate.name.text
        known = self._used_gates.setdefault(name, (where, gate))
        if known[1] is not gate:
            self._two("gate", name, one.gate.span, known[1].name.span)
            return None
        record = self._gates.parameters(where, gate)
        if record is None:
            return None
        paths = [path for path in who(gate) if record.field(path[0]) is not None]
        return name, record, bool(gate.amend), paths

    def _event(self, path: syn.Path) -> Event | None:
        found = self._names.lookup("event", path.parts, path.span)
        if found is None:
            return None
        where, one = found
        assert isinstance(one, syn.Event)
        event = self._events.event(where, one)
        if event is None:
            return None
        known = self._used_events.setdefault(event.name, event)
        if known is not event:
            self._two("event", event.name, path.span, known.span)
            return None
        return event

    def _child(self, one: syn.RunWorkflow) -> de.Program | None:
        found = self._names.lookup("workflow", one.workflow.parts, one.workflow.span)
        if found is None:
            return None
        where, declared = found
        assert isinstance(declared, syn.Workflow)
        child = self._programs.child(where, declared, one.workflow.span)
        if child is None:
            return None
        known = self._children.get(child.name)
        if known is not None and known.name_span != child.name_span:
            self._two("workflow", child.name, one.workflow.span, known.name_span)
            return None
        if child.name == self._one.name.text:
            # Of another file: evidence and Temporal know a workflow by its name.
            self._two("workflow", child.name, one.workflow.span, self._one.name.span)
            return None
        may_run(self._findings, child, self._one, self._starters, one.workflow.span)
        self._children[child.name] = child
        return child

    def _checked_gates(self, personal: Mapping[str, set[str]]) -> dict[str, de.Gate]:
        gates: dict[str, de.Gate] = {}
        for name, (where, one) in self._used_gates.items():
            gate = self._gates.gate(where, one, frozenset(personal.get(name, ())))
            if gate is None:
                continue
            gates[name] = gate
            for release in one.releases:
                found = self._services.operation(where, release.operation)
                if found is not None:
                    self._use(found[0], release.operation.span)
        return gates

    def _policies(self, gates: Mapping[str, de.Gate]) -> dict[str, de.Policy]:
        policies: dict[str, de.Policy] = {}
        origins: dict[str, Span] = {}

        def add(where: Names, one: syn.Policy, span: Span) -> None:
            name = one.name.text
            first = origins.setdefault(name, one.name.span)
            if first != one.name.span:
                self._two("policy", name, span, first)
            path = policy_path(self._findings, where, one)
            if path is not None and name not in policies:
                here = posixpath.dirname(self._names.source.path)
                policies[name] = de.Policy(
                    name, posixpath.relpath(path, here or "."), one.query.value, one.name.span
                )

        for kind, declared in self._names.declared:
            if kind == "policy":
                assert isinstance(declared, syn.Policy)
                add(self._names, declared, declared.name.span)
        for name, (where, one) in self._used_gates.items():
            for path in (one.waived_by, one.guarded_by):
                if path is None or name not in gates:
                    continue
                found = where.lookup("policy", path.parts, path.span)
                if found is not None:
                    assert isinstance(found[1], syn.Policy)
                    add(found[0], found[1], path.span)
        return policies


def policy_path(findings: Findings, where: Names, one: syn.Policy) -> str | None:
    """The policy file's path from the project root; None after a finding."""
    written = one.rego.value
    path = posixpath.normpath(posixpath.join(posixpath.dirname(where.source.path), written))
    outside = written.startswith("/") or path == ".." or path.startswith("../")
    if outside or "\\" in written or not written:
        findings.error(
            "G0214",
            one.rego.span,
            f'"{written}" leaves the project',
            "name a file of this project by a relative path with `/`",
        )
        return None
    return path
