"""The flow graph: what can happen in a workflow, in which order, reading what.

A path ("atom") is a name, then fields: ``order.total.amount``. The first part is ``input``,
``initiator``, ``instance``, ``failure`` or a name that a node binds; constants are no atoms. Of an
approval ``ok``, ``ok.f`` is what was approved, while ``ok!proposed.f`` and ``ok!decision`` are what
nobody approved. Names are unique in a graph.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Literal, TypeAlias

from gantral.compiler.formulas import Alternatives
from gantral.dsl.frozen import frozen
from gantral.dsl.span import Span

if TYPE_CHECKING:
    from gantral.compiler.flow.dominators import Dominators
    from gantral.compiler.flow.loops import Loops

Operator: TypeAlias = Literal[
    "start",
    "ask",
    "call",
    "child",
    "let",
    "var",
    "set",
    "give",
    "collect",
    "choose",
    "each",
    "repeat",
    "fork",
    "join",
    "sleep",
    "undo",
    "wait",
    "timeout",
    "complete",
    "terminate",
    "failing",
    "rejected",
    "terminated",
    "nothing",
]
"""What a node does. ``child`` binds how a child ended. ``var`` binds a name, ``set`` binds it anew.
``timeout`` follows a ``wait`` to which nothing came. ``each`` and ``repeat`` are where every round
of a loop begins: ``again`` leads into its body, which leads back here, and ``over`` on. From a
``fork`` every ``branch:NAME`` is taken at once; the ``join`` of its site is where they meet, left
by ``failed`` when one of them has failed.
``failing`` is where every failure arrives; ``nothing`` is where a path that just stops arrives, so
that the proof can say so."""

LOOPS: frozenset[Operator] = frozenset({"each", "repeat"})
ENDING: frozenset[Operator] = frozenset({"complete", "rejected", "terminated", "nothing"})


@frozen
class GateFacts:
    """What the proofs need of a gate. Times are in ms; paths are dotted, parameter first."""

    releases: tuple[str, ...]
    lasts: int | None
    uses: int
    waivable: bool
    reject: int | None
    amends: tuple[str, ...]
    persons: tuple[str, ...]
    """The paths that say who decides (`actor`, `actors`)."""
    span: Span
    decides: Alternatives = ()
    """What it asks for after every widening; empty: not known."""
    initiator: bool = False
    """Whether the initiator may decide."""
    ticks: int = 1
    """How often its clock strikes."""
    flows: tuple[str, ...] = ()
    """`service.operation.argument<service.operation`: results that may go into another service."""


@frozen
class OperationFacts:
    """What the proofs need of an operation. `timeout`, of one attempt, is in ms."""

    kind: Literal["read", "notify", "effect", "critical effect"]
    timeout: int | None
    undo: str | None
    needs: Alternatives = ()
    """What an approval of it must ask for; empty: nothing."""
    initiator: bool = False
    """Whether that may be the initiator's yes."""
    longest: int = 0
    """How long all its attempts take at most, with what is waited between them, in ms; 0: there is
    one attempt."""

    @property
    def acts(self) -> bool:
        """Whether it changes the world."""
        return self.kind in ("effect", "critical effect")


@frozen
class ChildFacts:
    """What the proofs need of a workflow that is run as a child: how many effects with an `undo` it
    may do, and how long it may take, in ms."""

    undoes: int
    longest: int


@frozen
class Edge:
    """What comes next, and in which case: ``then``, ``yes``, ``waived``, ``unasked``, ``no``,
    ``done``, ``ended``, ``failed``, ``true``, ``false``, ``again``, ``over``; of a ``wait``
    ``for:EVENT`` and ``else``; of a ``fork`` ``branch:NAME``."""

    label: str
    target: int


@frozen
class Argument:
    """An argument by its dotted name and the paths its value is computed from. ``copies`` says that
    the value is exactly the one at its single path."""

    name: str
    atoms: tuple[str, ...]
    copies: bool
    span: Span


@frozen
class FlowNode:
    """One thing that can happen. `site` is the gate's, call's or statement's id, or empty."""

    id: int
    operator: Operator
    site: str
    next: tuple[Edge, ...]
    span: Span
    binds: str = ""
    under: tuple[str, ...] = ()
    arguments: tuple[Argument, ...] = ()
    settles: str = ""
    """Of a ``choose``, ``NAME:WORD``, what ``true`` shows of what that name is bound to: of a
    failure that it has done nothing (``no``) or may have (``unknown``), of a child how it ended, of
    what a call gave that it is ``some`` or ``none``. ``false`` shows the contrary."""
    waits: int = 0
    """The time, in ms, that certainly passes here; of a ``repeat`` that passes between two rounds.
    """
    longest: int = 0
    """Of a ``wait``: the longest time, in ms, that it takes; 0 is no limit."""
    until: int = 0
    """Of an ``ask`` in a block of its own: the first node past the end of that block; 0: there is
    none."""
    at_most: int = 0
    """Of a loop: how often its body runs at most."""
    fills: str = ""
    """Of a loop: the name that holds what it gives, if something is bound to it."""
    anew: Literal["", "yes", "list", "child"] = ""
    """Of a loop in the list of `run` itself: whether the run may go on in a new history between two
    rounds, as far as the program alone can say: ``yes``; ``list``: what it goes through may come
    out otherwise; ``child``: how a child ended is read in it or after it."""

    @property
    def subject(self) -> str:
        """The gate or the operation of the site."""
        return self.site.rpartition("/")[0]


@dataclass(frozen=True)
class Flow:
    """A workflow's graph. Node 0 is ``start``; a node's id is its index."""

    workflow: str
    gates: Mapping[str, GateFacts]
    operations: Mapping[str, OperationFacts]
    nodes: tuple[FlowNode, ...]
    children: Mapping[str, ChildFacts] = field(default_factory=dict)
    before: tuple[tuple[tuple[int, Edge], ...], ...] = field(init=False, compare=False)
    """For each node the edges that lead to it, with where they come from."""

    def __post_init__(self) -> None:
        found: list[list[tuple[int, Edge]]] = [[] for _ in self.nodes]
        for node in self.nodes:
            for edge in node.next:
                found[edge.target].append((node.id, edge))
        object.__setattr__(self, "before", tuple(tuple(each) for each in found))

    @cached_property
    def reached(self) -> frozenset[int]:
        """Every node that a path from the start comes to, worked out once as well."""
        from gantral.compiler.flow.walk import reachable

        return reachable(self)

    @cached_property
    def dominators(self) -> Dominators:
        """Which nodes every path goes through: several proofs ask, and it is worked out once."""
        from gantral.compiler.flow.dominators import Dominators

        return Dominators(self)

    @cached_property
    def loops(self) -> Loops:
        """The loops, worked out once as well."""
        from gantral.compiler.flow.loops import Loops

        return Loops(self, self.dominators)

    def operation(self, node: FlowNode) -> OperationFacts:
        """The operation that a ``call`` node calls."""
        return self.operations[node.subject]

    def undoes(self, node: FlowNode) -> int:
        """How many effects that can be undone a ``call`` or ``child`` node may do, or an ``undo``
        node undo."""
        if node.operator not in ("call", "child", "undo"):
            return 0
        # No service is called `workflow`.
        if node.subject.startswith("workflow."):
            return self.child(node).undoes
        operation = self.operations[node.subject]
        return int(operation.acts and operation.undo is not None)

    def child(self, node: FlowNode) -> ChildFacts:
        """The workflow that a ``child`` node runs, or whose effects an ``undo`` node undoes."""
        return self.children[node.subject.partition(".")[2]]

    def gate(self, node: FlowNode) -> GateFacts:
        """The gate that an ``ask`` node asks."""
        return self.gates[node.subject]
