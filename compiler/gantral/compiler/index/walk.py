"""The names of a file: declarations and statements, each where it is bound and used."""

from __future__ import annotations

from gantral.compiler.index.modules import Modules, operation
from gantral.compiler.index.modules import field as field_of
from gantral.compiler.index.principals import Principals
from gantral.compiler.index.symbols import DECLARED, Module, Place, Shape, Symbol, SymbolKind
from gantral.compiler.index.values import Env
from gantral.dsl import syntax as syn
from gantral.dsl.span import Node, Span

HANDLER = ("cause", "happened")
INSTANCE = ("id", "started_at")


class Walk(Principals):
    """Walks one file from the top; `workflows` has the place of each workflow in it."""

    def __init__(self, modules: Modules, module: Module) -> None:
        super().__init__(modules)
        self.place = modules.place(module)
        self.workflows: list[tuple[Span, Place]] = []
        for one in module.tree.imports:
            target = module.imports[one.alias.text][1]
            self.see(one.alias.span, modules.alias(self.place, one.alias.text))
            if target is not None:
                file = Span(target.path, 0, 0)
                self.see(one.path.span, Symbol("file", target.path, file, one, self.place))
        for declaration in module.tree.declarations:
            self._declaration(self.place, declaration)

    def _declaration(self, place: Place, one: syn.Declaration) -> None:
        kind = DECLARED.get(type(one))
        if kind is None:
            return
        # Of two of one name each is itself where it stands.
        symbol = place.declared.get((kind, one.name.text))
        if symbol is None or symbol.node is not one:
            symbol = Symbol(kind, one.name.text, one.name.span, one, place)
        self.see(one.name.span, symbol)
        match one:
            case syn.TypeDeclaration():
                self.type(place, one.type)
            case syn.Event():
                self.type(place, one.payload)
                for principal in one.senders:
                    self.principal(place, {}, principal)
            case syn.Service():
                self._service(place, symbol, one)
            case syn.Gate():
                self.gate(place, one)
            case syn.Workflow():
                self._workflow(place, one)
            case _:
                return

    def _service(self, place: Place, service: Symbol, one: syn.Service) -> None:
        for each in one.operations:
            found = operation(service, each.name.text)
            if found is None or found.node is not each:
                found = Symbol("operation", each.name.text, each.name.span, each, place)
            self.see(each.name.span, found)
            for parameter in each.parameters:
                self.type(place, parameter)
            self.type(place, each.result)
            if each.needs is not None:
                self.formula(place, {}, each.needs.formula)
            if each.undo is None:
                continue
            undo = operation(service, each.undo.operation.text)
            self.see(each.undo.operation.span, undo)
            env: Env = {}
            args = Shape(place, syn.RecordType(each.span, each.parameters))
            for name, shape in (("args", args), ("result", Shape(place, each.result))):
                given = Symbol("given", name, None, None, place, shape)
                self.bind(env, given, each.undo.span.start, each.undo.span.end)
            self.arguments(place, env, each.undo.arguments, parameters(undo))

    def _workflow(self, outer: Place, one: syn.Workflow) -> None:
        place = self.modules.inside(outer, one)
        self.workflows.append((one.span, place))
        self.type(place, one.input)
        self.type(place, one.output)
        for role in one.start_by:
            self.at(place, "role", role)
        env: Env = {}
        ends = [block.span for block in (one.run, one.on_failure) if block is not None]
        start = min((span.start for span in ends), default=one.span.end)
        end = max((span.end for span in ends), default=one.span.end)
        bound = None if one.input is None else one.input.span
        given = (
            Symbol("given", "input", bound, one.input, place, Shape(place, one.input)),
            Symbol("given", "initiator", None, None, place),
            Symbol("given", "instance", None, None, place, Shape(place, None, INSTANCE)),
        )
        for symbol in given:
            self.bind(env, symbol, start, end)
        if one.once is not None:
            for key in one.once.keys:
                self.path(env, key.parts)
        for declaration in one.declarations:
            self._declaration(place, declaration)
        output = {} if one.output is None else {f.name.text: f for f in one.output.fields}
        self._output = {name: field_of(place, each) for name, each in output.items()}
        self._block(place, env, one.run)
        if one.on_failure is not None:
            inner = dict(env)
            span = one.on_failure.span
            failure = Symbol("given", "failure", None, None, place, Shape(place, None, ("cause",)))
            self.bind(inner, failure, span.start, span.end)
            self._block(place, inner, one.on_failure)

    # --- statements ---------------------------------------------------------------------------

    def _block(self, place: Place, env: Env, one: syn.Block | None, *bound: Symbol) -> None:
        if one is None:
            return
        inner = dict(env)
        for symbol in bound:
            self.bind(inner, symbol, one.span.start, one.span.end)
        for statement in one.statements:
            self._statement(place, inner, statement, one.span.end)

    def _statement(self, place: Place, env: Env, one: Node, end: int) -> None:
        match one:
            case syn.Let() | syn.Var():
                shape = self._acted(place, env, one.value)
                if one.type is not None:
                    self.type(place, one.type)
                    shape = Shape(place, one.type)
                kind: SymbolKind = "var" if isinstance(one, syn.Var) else "let"
                if isinstance(one.value, syn.Ask):
                    kind = "approval"
                name = one.name
                symbol = Symbol(kind, name.text, name.span, one, place, shape)
                self.bind(env, symbol, one.span.end, end)
            case syn.Set():
                self.path(env, (one.name,))
                self._acted(place, env, one.value)
            case syn.Undo():
                self.path(env, (one.name,))
            case syn.If():
                self.value(place, env, one.condition)
                self._block(place, env, one.then)
                if isinstance(one.otherwise, syn.If):
                    self._statement(place, env, one.otherwise, end)
                else:
                    self._block(place, env, one.otherwise)
            case syn.Match():
                self.value(place, env, one.subject)
                for case in one.cases:
                    self._block(place, env, case.body, *_outcome(place, case.pattern))
            case syn.Complete():
                if one.output is not None:
                    self.arguments(place, env, one.output.fields, self._output)
            case _:
                self._acted(place, env, one)

    def _acted(self, place: Place, env: Env, one: Node) -> Shape | None:
        """What stands right of `let`, or alone."""
        match one:
            case syn.ServiceCall():
                called = self.at(place, "operation", one.operation)
                self.arguments(place, env, one.arguments, parameters(called))
                for name in one.under:
                    self.path(env, (name,))
                if one.handler is not None:
                    name_ = one.handler.name
                    shape = Shape(place, None, HANDLER)
                    bound = _named(place, "handler", name_, one.handler, shape)
                    self._block(place, env, one.handler.body, *bound)
                return None if called is None else called.shape
            case syn.Ask():
                gate = self.at(place, "gate", one.gate)
                self.arguments(place, env, one.arguments, parameters(gate))
                self.value(place, env, one.only_if)
                return approval(gate)
            case syn.RunWorkflow():
                child = self.at(place, "workflow", one.workflow)
                self.arguments(place, env, one.arguments, parameters(child))
            case syn.ForEach():
                element = self.element(place, env, one.name, one.items)
                self._block(place, env, one.body, element)
            case syn.Repeat():
                self._block(place, env, one.body)
                self._block(place, env, one.otherwise)
            case syn.Parallel():
                for branch in one.branches:
                    self._block(place, env, branch.body)
            case syn.Wait():
                return self._wait(place, env, one)
            case syn.Sleep() | syn.Collect() | syn.Give():
                self.value(place, env, one.value)
            case syn.Terminate():
                self.value(place, env, one.reason)
            case syn.Require():
                self.value(place, env, one.condition)
                self.value(place, env, one.reason)
            case _:
                return self.value(place, env, one)
        return None

    def _wait(self, place: Place, env: Env, one: syn.Wait) -> Shape | None:
        """What the short form gives: the data of its event."""
        shape: Shape | None = None
        for case in one.cases:
            event = self.at(place, "event", case.event)
            shape = None
            if event is not None and isinstance(event.node, syn.Event):
                shape = Shape(event.place, event.node.payload)
            bound = _named(place, "element", case.name, case, shape)
            self._block(place, env, case.body, *bound)
        self.value(place, env, one.within)
        self._block(place, env, one.otherwise)
        return shape if len(one.cases) == 1 and one.cases[0].body is None else None


def _named(
    place: Place,
    kind: SymbolKind,
    name: syn.Identifier | None,
    node: Node,
    shape: Shape | None,
) -> tuple[Symbol, ...]:
    return () if name is None else (Symbol(kind, name.text, name.span, node, place, shape),)


def _outcome(place: Place, pattern: syn.Pattern) -> tuple[Symbol, ...]:
    if not isinstance(pattern, syn.OutcomePattern):
        return ()
    members = {"rejected": ("gate", "cause", "reason"), "terminated": ("cause",)}
    shape = Shape(place, None, members.get(pattern.outcome.text, ()))
    return _named(place, "element", pattern.name, pattern, shape)


def parameters(one: Symbol | None) -> dict[str, Symbol]:
    """What the arguments of an operation, gate or child are called; nothing for any other."""
    if one is None:
        return {}
    node = one.node
    fields: tuple[syn.Field, ...] = ()
    if isinstance(node, (syn.Operation, syn.Gate)):
        fields = node.parameters
    elif isinstance(node, syn.Workflow) and node.input is not None:
        fields = node.input.fields
    return {each.name.text: field_of(one.place, each) for each in fields}


def approval(gate: Symbol | None) -> Shape | None:
    """What can be read of an approval that a gate gives."""
    if gate is None or not isinstance(gate.node, syn.Gate):
        return None
    record = syn.RecordType(gate.node.span, gate.node.parameters)
    return Shape(gate.place, record, ("decision", "proposed"))
