"""The flow graph as text, and back. One line a fact; ``parse_flow(print_flow(f)) == f``."""

from __future__ import annotations

import re
from collections.abc import Iterable

from gantral.compiler.flow.graph import (
    Argument,
    ChildFacts,
    Edge,
    Flow,
    FlowNode,
    GateFacts,
    OperationFacts,
    Operator,
)
from gantral.compiler.formulas import Alternatives
from gantral.dsl.span import Span


class FlowTextError(ValueError):
    """A line that is not of the form that `print_flow` writes; says which."""


def _words(values: Iterable[str]) -> str:
    return ",".join(values) or "-"


def _list(text: str) -> tuple[str, ...]:
    return () if text == "-" else tuple(text.split(","))


def _span(span: Span) -> str:
    return f"@{span.source}:{span.start}:{span.end}"


def _read_span(text: str) -> Span:
    source, start, end = text.rsplit(":", 2)
    return Span(source, int(start), int(end))


def print_flow(flow: Flow) -> str:
    """The graph as text, the same for the same graph."""
    lines = [f"flow {flow.workflow}"]
    for name, gate in flow.gates.items():
        lines.append(
            f"gate {name} releases {_words(gate.releases)}"
            f" lasts {'-' if gate.lasts is None else gate.lasts} uses {gate.uses}"
            f" waivable {'yes' if gate.waivable else 'no'}"
            f" reject {'-' if gate.reject is None else gate.reject}"
            f" amends {_words(gate.amends)} persons {_words(gate.persons)}"
            f"{_asks('decides', gate.decides, gate.initiator)}"
            f"{f' ticks {gate.ticks}' if gate.ticks > 1 else ''}"
            f"{' flows ' + _words(gate.flows) if gate.flows else ''} {_span(gate.span)}"
        )
    for key, operation in flow.operations.items():
        lines.append(
            f"operation {key} {operation.kind.replace(' ', '_')}"
            f" timeout {'-' if operation.timeout is None else operation.timeout}"
            f"{f' longest {operation.longest}' if operation.longest else ''}"
            f" undo {operation.undo or '-'}"
            f"{_asks('needs', operation.needs, operation.initiator)}"
        )
    lines.extend(
        f"child {name} undoes {one.undoes} longest {one.longest}"
        for name, one in flow.children.items()
    )
    lines.extend(_print_node(node) for node in flow.nodes)
    return "\n".join(lines) + "\n"


def _asks(word: str, formula: Alternatives, initiator: bool) -> str:
    """` decides 2*clerk|3*chief^2+head&1*actor:owner initiator`: of a principal that brings more
    than one point, how many; nothing when nothing is known."""
    said = "|".join(
        "&".join(f"{count}*{'+'.join(map(_weighed, group))}" for count, group in clause)
        for clause in formula
    )
    return (f" {word} {said}" if said else "") + (" initiator" if initiator else "")


def _weighed(one: tuple[str, int]) -> str:
    who, weight = one
    return who if weight == 1 else f"{who}^{weight}"


def _read_asks(text: str | None) -> Alternatives:
    if text is None:
        return ()
    return tuple(
        tuple(
            (int(count), tuple(_read_weighed(one) for one in group.split("+")))
            for count, _, group in (quorum.partition("*") for quorum in clause.split("&"))
        )
        for clause in text.split("|")
    )


def _read_weighed(text: str) -> tuple[str, int]:
    who, _, weight = text.partition("^")
    return who, int(weight or 1)


def _print_node(node: FlowNode) -> str:
    words = [str(node.id), node.operator]
    if node.site:
        words.append(node.site)
    if node.binds:
        words.append(f"binds {node.binds}")
    if node.under:
        words.append(f"under {','.join(node.under)}")
    if node.settles:
        words.append(f"settles {node.settles}")
    if node.waits:
        words.append(f"waits {node.waits}")
    if node.longest:
        words.append(f"longest {node.longest}")
    if node.until:
        words.append(f"until {node.until}")
    if node.at_most:
        words.append(f"at_most {node.at_most}")
    if node.fills:
        words.append(f"fills {node.fills}")
    if node.anew:
        words.append(f"anew {node.anew}")
    words.extend(
        f"({one.name}{'=' if one.copies else ':'} {_words(one.atoms)} {_span(one.span)})"
        for one in node.arguments
    )
    if node.next:
        words.append("-> " + " ".join(f"{edge.label} {edge.target}" for edge in node.next))
    return " ".join([*words, _span(node.span)])


_GATE = re.compile(
    r"gate (\S+) releases (\S+) lasts (\S+) uses (\d+) waivable (yes|no) reject (\S+)"
    r" amends (\S+) persons (\S+)(?: decides (\S+))?( initiator)?(?: ticks (\d+))?"
    r"(?: flows (\S+))? @(.+)"
)
_OPERATION = re.compile(
    r"operation (\S+) (read|notify|effect|critical_effect) timeout (\S+)"
    r"(?: longest (\d+))? undo (\S+)"
    r"(?: needs (\S+))?( initiator)?"
)
_CHILD = re.compile(r"child (\S+) undoes (\d+) longest (\d+)")
_NODE = re.compile(
    r"(?P<id>\d+) (?P<operator>[a-z]+)(?: (?P<site>[^\s(@]+/\d+))?(?: binds (?P<binds>\S+))?"
    r"(?: under (?P<under>\S+))?(?: settles (?P<settles>\S+))?(?: waits (?P<waits>\d+))?"
    r"(?: longest (?P<longest>\d+))?(?: until (?P<until>\d+))?(?: at_most (?P<at_most>\d+))?"
    r"(?: fills (?P<fills>\S+))?(?: anew (?P<anew>yes|list|child))?"
    r"(?P<arguments>(?: \([^)]*\))*)(?: -> (?P<next>[a-z0-9_: ]+?))? @(?P<span>.+)"
)
_ARGUMENT = re.compile(r"\((\S*?)([=:]) (\S+) @([^)]+)\)")


def parse_flow(text: str) -> Flow:
    """The graph that `print_flow` wrote.

    Raises:
        FlowTextError: when a line has another form or a node's id is not its index.
    """
    lines = text.splitlines()
    if not lines or not lines[0].startswith("flow "):
        raise FlowTextError("the first line is `flow NAME`")
    gates: dict[str, GateFacts] = {}
    operations: dict[str, OperationFacts] = {}
    children: dict[str, ChildFacts] = {}
    nodes: list[FlowNode] = []
    for number, line in enumerate(lines[1:], start=2):
        if match := _GATE.fullmatch(line):
            name, releases, lasts, uses, waivable, reject, amends, persons, *rest = match.groups()
            decides, initiator, ticks, flows, span = rest
            gates[name] = GateFacts(
                releases=_list(releases),
                lasts=None if lasts == "-" else int(lasts),
                uses=int(uses),
                waivable=waivable == "yes",
                reject=None if reject == "-" else int(reject),
                amends=_list(amends),
                persons=_list(persons),
                span=_read_span(span),
                decides=_read_asks(decides),
                initiator=initiator is not None,
                ticks=int(ticks or 1),
                flows=_list(flows or "-"),
            )
        elif match := _OPERATION.fullmatch(line):
            key, kind, timeout, longest, undo, needs, initiator = match.groups()
            operations[key] = OperationFacts(
                kind=kind.replace("_", " "),  # type: ignore[arg-type]  # the pattern lists the words
                timeout=None if timeout == "-" else int(timeout),
                undo=None if undo == "-" else undo,
                needs=_read_asks(needs),
                initiator=initiator is not None,
                longest=int(longest or 0),
            )
        elif match := _CHILD.fullmatch(line):
            children[match[1]] = ChildFacts(int(match[2]), int(match[3]))
        elif match := _NODE.fullmatch(line):
            node = _parse_node(match)
            if node.id != len(nodes):
                raise FlowTextError(f"line {number}: node {node.id} should be {len(nodes)}")
            nodes.append(node)
        else:
            raise FlowTextError(f"line {number} has no known form: {line}")
    return Flow(lines[0].removeprefix("flow "), gates, operations, tuple(nodes), children)


def _parse_node(match: re.Match[str]) -> FlowNode:
    words = (match["next"] or "").split()
    operator: Operator = match["operator"]  # type: ignore[assignment]  # proofs refuse others
    return FlowNode(
        id=int(match["id"]),
        operator=operator,
        site=match["site"] or "",
        next=tuple(
            Edge(label, int(target)) for label, target in zip(words[::2], words[1::2], strict=True)
        ),
        span=_read_span(match["span"]),
        binds=match["binds"] or "",
        under=_list(match["under"] or "-"),
        arguments=tuple(
            Argument(name, _list(atoms), sign == "=", _read_span(span))
            for name, sign, atoms, span in _ARGUMENT.findall(match["arguments"])
        ),
        settles=match["settles"] or "",
        waits=int(match["waits"] or 0),
        longest=int(match["longest"] or 0),
        until=int(match["until"] or 0),
        at_most=int(match["at_most"] or 0),
        fills=match["fills"] or "",
        anew=match["anew"] or "",  # type: ignore[arg-type]  # the pattern lists the words
    )
