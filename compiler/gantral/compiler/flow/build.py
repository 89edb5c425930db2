"""From the typed program to its flow graph."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from gantral.compiler.anew import Anew, places
from gantral.compiler.flow.atoms import Names, arguments_of
from gantral.compiler.flow.facts import gate_facts, operation_facts
from gantral.compiler.flow.graph import (
    Argument,
    ChildFacts,
    Edge,
    Flow,
    FlowNode,
    Operator,
)
from gantral.compiler.flow.longest import of_run
from gantral.compiler.program import declarations as d
from gantral.compiler.program import expressions as e
from gantral.compiler.program import statements as s
from gantral.compiler.program.types import OptionalType
from gantral.compiler.program.undoing import undoes
from gantral.dsl.frozen import frozen
from gantral.dsl.span import Span


def build_flow(program: d.Program) -> Flow:
    """The flow graph of a workflow. Statements after an end become nodes that nothing leads to, so
    that the proof of reachability sees them."""
    return _Builder(program).build()


def _child_facts(child: d.Program) -> ChildFacts:
    return ChildFacts(undoes(child), of_run(build_flow(child)))


@dataclass(slots=True)
class _Open:
    """An edge whose target is not known yet."""

    node: int
    label: str


@frozen
class _Given:
    """What a `give` here gives to: the name, of it the field, and the ways on from there."""

    binds: str
    ways: list[_Open]
    field: str = ""


class _Builder:
    def __init__(self, program: d.Program) -> None:
        self._program = program
        self._names = Names()
        self._nodes: list[FlowNode] = []
        self._edges: list[list[Edge]] = []
        self._failing = -1
        self._anew = places(program.run)
        self._asked: list[int] = []
        self._gives: list[_Given] = []
        self._collects: list[tuple[str, int]] = []
        self._answers: set[Span] = set()
        """The names of calls that answer something: what is some there is an answer."""

    def build(self) -> Flow:
        program = self._program
        self._node("start", "", program.name_span)
        failures: list[_Open] = []
        self._fail: Callable[[_Open], None] = failures.append
        self._stop(self._block(program.run, [_Open(0, "then")]), program.run_span)
        failing = self._node("failing", "", program.run_span)
        self._join(failures, failing)
        # What fails in `on failure` itself only makes the rest of it not happen.
        stray: list[_Open] = []
        self._fail = stray.append
        after = self._block(program.on_failure, [_Open(failing, "then")])
        self._join([*after, *stray], self._node("terminated", "", program.run_span))
        return Flow(
            workflow=program.name,
            gates={name: gate_facts(gate) for name, gate in program.gates.items()},
            operations={key: operation_facts(one) for key, one in program.operations.items()},
            nodes=tuple(
                replace(node, next=tuple(edges))
                for node, edges in zip(self._nodes, self._edges, strict=True)
            ),
            children={name: _child_facts(child) for name, child in program.children.items()},
        )

    def _node(
        self,
        operator: Operator,
        site: str,
        span: Span,
        *,
        binds: str = "",
        under: tuple[str, ...] = (),
        arguments: tuple[Argument, ...] = (),
        settles: str = "",
        waits: int = 0,
        longest: int = 0,
        at_most: int = 0,
        fills: str = "",
        anew: Anew = "",
    ) -> int:
        node = FlowNode(
            id=len(self._nodes),
            operator=operator,
            site=site,
            next=(),
            span=span,
            binds=binds,
            under=under,
            arguments=arguments,
            settles=settles,
            waits=waits,
            longest=longest,
            at_most=at_most,
            fills=fills,
            anew=anew,
        )
        self._nodes.append(node)
        self._edges.append([])
        return node.id

    def _join(self, ends: list[_Open], target: int) -> None:
        for end in ends:
            self._edges[end.node].append(Edge(end.label, target))

    def _stop(self, ends: list[_Open], span: Span) -> None:
        if ends:
            self._join(ends, self._node("nothing", "", span))

    def _block(self, statements: tuple[s.Statement, ...], ends: list[_Open]) -> list[_Open]:
        """A block. The approvals that are bound in it end with it."""
        start = len(self._nodes)
        inner = self._asked
        self._asked = []
        for statement in statements:
            ends = self._statement(statement, ends)
        for node in self._asked if start > 1 else ():
            self._nodes[node] = replace(self._nodes[node], until=len(self._nodes))
        self._asked = inner
        return ends

    def _statement(self, statement: s.Statement, ends: list[_Open]) -> list[_Open]:
        match statement:
            case s.Let():
                binds = self._names.bind(statement.name, statement.binding)
                value = statement.value
                if isinstance(value, s.ServiceCall):
                    result = self._program.operations[value.operation].result
                    if not isinstance(result, OptionalType):
                        self._answers.add(statement.binding)
                    return self._call(value, ends, binds)
                if isinstance(value, s.Ask):
                    return self._ask(value, ends, binds)
                if isinstance(value, s.Wait):
                    return self._wait(value, ends, binds)
                if isinstance(value, s.ForEach):
                    return self._each(value, ends, binds)
                if isinstance(value, s.Repeat):
                    return self._repeat(value, ends, binds)
                if isinstance(value, s.Run):
                    return self._run(value, ends, binds)
                if isinstance(value, s.Parallel):
                    return self._parallel(value, ends, binds)
                arguments = arguments_of("", value, self._names)
                return self._plain("let", "", statement.span, ends, arguments, binds)
            case s.Var() | s.Set():
                binds = self._names.bind(statement.name, statement.binding)
                arguments = arguments_of("", statement.value, self._names)
                operator: Operator = "var" if isinstance(statement, s.Var) else "set"
                return self._plain(operator, "", statement.span, ends, arguments, binds)
            case s.Do():
                return self._call(statement.call, ends, "")
            case s.AskStatement():
                return self._ask(statement.ask, ends, "")
            case s.WaitStatement():
                return self._wait(statement.wait, ends, "")
            case s.If():
                return self._if(statement, ends)
            case s.Require():
                return self._require(statement, ends)
            case s.Terminate():
                return self._terminate(statement, ends)
            case s.Complete():
                site = f"complete/{statement.ordinal}"
                arguments = arguments_of("", statement.output, self._names)
                self._plain("complete", site, statement.span, ends, arguments, "")
                return []
            case s.Give():
                given = self._gives[-1]
                arguments = arguments_of(given.field, statement.value, self._names)
                span = statement.span
                given.ways.extend(self._plain("give", "", span, ends, arguments, given.binds))
                return []
            case s.Collect():
                binds, head = self._collects[-1]
                arguments = arguments_of("", statement.value, self._names)
                after = self._plain("collect", "", statement.span, ends, arguments, binds)
                self._join(after, head)
                return []
            case s.ForEach():
                return self._each(statement, ends, "")
            case s.Repeat():
                return self._repeat(statement, ends, "")
            case s.Parallel():
                return self._parallel(statement, ends, "")
            case s.Sleep():
                arguments = arguments_of("", statement.value, self._names)
                node = self._node(
                    "sleep", "", statement.span, arguments=arguments, waits=statement.least
                )
                self._join(ends, node)
                return [_Open(node, "then")]
            case s.Undo():
                return self._plain("undo", statement.call, statement.span, ends, (), "")

    def _plain(
        self,
        operator: Operator,
        site: str,
        span: Span,
        ends: list[_Open],
        arguments: tuple[Argument, ...],
        binds: str,
    ) -> list[_Open]:
        node = self._node(operator, site, span, arguments=arguments, binds=binds)
        self._join(ends, node)
        return [_Open(node, "then")]

    def _terminate(self, statement: s.Terminate, ends: list[_Open]) -> list[_Open]:
        site = f"terminate/{statement.ordinal}"
        arguments = arguments_of("", statement.message, self._names)
        for end in self._plain("terminate", site, statement.span, ends, arguments, ""):
            self._fail(end)
        return []

    def _if(self, statement: s.If, ends: list[_Open]) -> list[_Open]:
        condition = statement.condition
        node = self._node(
            "choose",
            "",
            condition.span,
            arguments=arguments_of("", condition, self._names),
            settles=self._settled(condition),
        )
        self._join(ends, node)
        then = self._block(statement.then, [_Open(node, "true")])
        return then + self._block(statement.otherwise, [_Open(node, "false")])

    def _each(self, loop: s.ForEach, ends: list[_Open], fills: str) -> list[_Open]:
        node = self._node(
            "each",
            loop.site,
            loop.head,
            binds=self._names.bind(loop.name, loop.binding),
            arguments=arguments_of("", loop.items, self._names),
            at_most=loop.at_most,
            fills=fills,
            anew=self._anew.get(loop.site, ""),
        )
        self._join(ends, node)
        self._fail(_Open(node, "failed"))  # more elements than it may have
        # A loop that nothing binds lets what is collected pass to what is around it.
        if fills:
            self._collects.append((fills, node))
        self._join(self._block(loop.body, [_Open(node, "again")]), node)
        if fills:
            self._collects.pop()
        return [_Open(node, "over")]

    def _repeat(self, loop: s.Repeat, ends: list[_Open], fills: str) -> list[_Open]:
        node = self._node(
            "repeat",
            loop.site,
            loop.head,
            waits=loop.every or 0,
            at_most=loop.at_most,
            fills=fills,
            anew=self._anew.get(loop.site, ""),
        )
        self._join(ends, node)
        given: list[_Open] = []
        # What a loop that nothing binds gives, it gives to what is around it.
        if fills:
            self._gives.append(_Given(fills, given))
        back = self._block(loop.body, [_Open(node, "again")])
        self._join(back, node)
        # Where no round comes back here, nothing leads to the `else`.
        through = self._block(loop.otherwise, [_Open(node, "over")] if back else [])
        if fills:
            self._gives.pop()
        return [*given, *through]

    def _parallel(self, one: s.Parallel, ends: list[_Open], binds: str) -> list[_Open]:
        fork = self._node("fork", one.site, one.head)
        self._join(ends, fork)
        sides = []
        for branch in one.branches:
            given: list[_Open] = []
            if binds:
                self._gives.append(_Given(binds, given, branch.name))
            through = self._block(branch.body, [_Open(fork, f"branch:{branch.name}")])
            if binds:
                self._gives.pop()
                if branch.gives is not None and through:
                    # It is none there: that too is something that the branch gives.
                    through = self._plain("give", "", branch.span, through, (), binds)
            sides.append([*given, *through])
        if not any(sides):
            return []
        join = self._node("join", one.site, one.head)
        for side in sides:
            self._join(side, join)
        self._fail(_Open(join, "failed"))
        # Where some branch always ends the run, nothing follows.
        return [_Open(join, "then")] if all(sides) else []

    def _settled(self, condition: e.Expr) -> str:
        """What a condition by itself shows of a call or a child (`FlowNode.settles`)."""
        match condition:
            case e.Compare(
                operator="==" | "!=" as operator,
                left=e.FailureRef(field="happened", binding=Span() as binding, name=name),
                right=e.Literal(value="no" | "unknown" as word),
            ):
                happened = word if operator == "==" else {"no": "unknown", "unknown": "no"}[word]
                return f"{self._names.bind(name, binding)}:{happened}"
            case e.OutcomeTest(child=child, outcome=outcome):
                return f"{self._names.bind(child.name, child.binding)}:{outcome}"
            case e.Test(operand=e.LetRef(name=name, binding=binding), some=some) if (
                binding in self._answers
            ):
                return f"{self._names.bind(name, binding)}:{'some' if some else 'none'}"
            case _:
                return ""

    def _require(self, statement: s.Require, ends: list[_Open]) -> list[_Open]:
        node = self._node(
            "choose",
            f"require/{statement.ordinal}",
            statement.span,
            arguments=(
                *arguments_of("", statement.condition, self._names),
                *arguments_of("else", statement.message, self._names),
            ),
            settles=self._settled(statement.condition),
        )
        self._join(ends, node)
        self._fail(_Open(node, "false"))
        return [_Open(node, "true")]

    def _ask(self, ask: s.Ask, ends: list[_Open], binds: str) -> list[_Open]:
        arguments = tuple(
            one for name, value in ask.arguments for one in arguments_of(name, value, self._names)
        )
        if isinstance(ask, s.AskOnlyIf):
            told = arguments_of("", ask.only_if, self._names)
            judged = self._node("choose", "", ask.only_if.span, arguments=told)
            self._join(ends, judged)
            # Both ways lead to the ask: what it answers says whether anybody was asked.
            ends = [_Open(judged, "true"), _Open(judged, "false")]
        node = self._node("ask", ask.id, ask.head, binds=binds, arguments=arguments)
        self._asked.append(node)
        self._join(ends, node)
        self._join([_Open(node, "no")], self._node("rejected", ask.id, ask.head))
        self._fail(_Open(node, "failed"))
        labels = ["yes"]
        if self._program.gates[ask.gate].waived_by is not None:
            labels.append("waived")
        if isinstance(ask, s.AskOnlyIf):
            labels.append("unasked")
        return [_Open(node, label) for label in labels]

    def _wait(self, wait: s.Wait, ends: list[_Open], binds: str) -> list[_Open]:
        node = self._node(
            "wait",
            wait.id,
            wait.head,
            arguments=arguments_of("within", wait.within, self._names),
            longest=wait.longest,
        )
        self._join(ends, node)
        given: list[_Open] = []
        if binds:
            self._gives.append(_Given(binds, given))
        through: list[_Open] = []
        for one in wait.arrivals:
            came = [_Open(node, f"for:{one.event.name}")]
            if one.binding is not None:
                name = self._names.bind(one.name or "", one.binding)
                came = self._plain("let", wait.id, one.span, came, (), name)
            through += self._block(one.body, came)
        timeout = self._node("timeout", wait.id, wait.head, waits=wait.least)
        self._join([_Open(node, "else")], timeout)
        through += self._block(wait.otherwise, [_Open(timeout, "then")])
        if binds:
            self._gives.pop()
        return [*given, *through]

    def _run(self, run: s.Run, ends: list[_Open], binds: str) -> list[_Open]:
        arguments = tuple(
            one for name, value in run.arguments for one in arguments_of(name, value, self._names)
        )
        node = self._node("child", run.id, run.head, binds=binds, arguments=arguments)
        self._join(ends, node)
        # It could not be started, or it is lost: how it ended is not known then.
        self._fail(_Open(node, "failed"))
        return [_Open(node, "ended")]

    def _call(self, call: s.ServiceCall, ends: list[_Open], binds: str) -> list[_Open]:
        arguments = tuple(
            one for name, value in call.arguments for one in arguments_of(name, value, self._names)
        )
        node = self._node(
            "call",
            call.id,
            call.head,
            binds=binds,
            under=tuple(self._names.bind(one.name, one.binding) for one in call.under),
            arguments=arguments,
        )
        self._join(ends, node)
        done = [_Open(node, "done")]
        handler = call.handler
        if handler is None:
            self._fail(_Open(node, "failed"))
            return done
        failed = [_Open(node, "failed")]
        if handler.binding is not None:
            name = self._names.bind(handler.name or "", handler.binding)
            failed = self._plain("let", call.id, handler.span, failed, (), name)
        given: list[_Open] = []
        # What the handler of a call that nothing binds gives, it gives to the one around it.
        if binds:
            self._gives.append(_Given(binds, given))
        through = self._block(handler.body, failed)
        if binds:
            self._gives.pop()
        return [*done, *given, *through]
