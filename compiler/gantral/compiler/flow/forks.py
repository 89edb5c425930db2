"""The forks of a flow: what runs beside what.

A fork is a node with an edge `branch:NAME` for each branch; the `join` of the same site is where
all of them meet. In the graph a branch is one way among others, as if it alone were taken. What
holds only because every branch runs is asked here.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property

from gantral.compiler.flow.graph import Edge, Flow, FlowNode
from gantral.dsl.frozen import frozen

Without = Callable[[FlowNode, Edge], bool]


@frozen
class Fork:
    """A fork, its join (None when no branch comes to one), and the nodes of each branch in the
    order of the source: all it leads to before the join, what follows a failure aside."""

    node: FlowNode
    join: int | None
    branches: tuple[frozenset[int], ...]

    @property
    def inside(self) -> frozenset[int]:
        """The nodes of all branches."""
        return frozenset().union(*self.branches)

    def place(self, node: int) -> int | None:
        """Which branch the node is in, None if it is in none."""
        return next((at for at, one in enumerate(self.branches) if node in one), None)


class Forks:
    """Every fork of a flow, inner ones before those around them."""

    def __init__(self, flow: Flow) -> None:
        self._flow = flow
        joins = {node.site: node.id for node in flow.nodes if node.operator == "join"}
        found = [
            Fork(
                node,
                joins.get(node.site),
                tuple(self._branch(edge.target, joins.get(node.site)) for edge in node.next),
            )
            for node in flow.nodes
            if node.operator == "fork"
        ]
        self.all = tuple(sorted(found, key=lambda one: len(one.inside)))

    def _branch(self, start: int, join: int | None) -> frozenset[int]:
        found: set[int] = set()
        pending = [start]
        while pending:
            current = pending.pop()
            if (
                current in found
                or current == join
                or self._flow.nodes[current].operator == "failing"
            ):
                continue
            found.add(current)
            pending += [edge.target for edge in self._flow.nodes[current].next]
        return frozenset(found)

    @cached_property
    def by_join(self) -> dict[int, Fork]:
        """The forks by their joins."""
        return {one.join: one for one in self.all if one.join is not None}

    def around(self, node: int) -> tuple[tuple[Fork, int], ...]:
        """The forks that the node is in, innermost first, with the place of its branch."""
        return tuple((one, at) for one in self.all if (at := one.place(node)) is not None)

    def apart(self, one: int, other: int) -> Fork | None:
        """The fork of which the two are in different branches: they may happen at once."""
        for fork in self.all:
            places = (fork.place(one), fork.place(other))
            if None not in places and places[0] != places[1]:
                return fork
        return None

    def stopping(self, without: Without, start: int = 0) -> Without:
        """`without`, which also refuses to pass a join when it refuses every way through some
        branch: every branch runs, so whatever stops there stops all. A fork around `start` is
        passed by what comes after it in its own branch alone."""
        known: dict[int, bool] = {}

        def stopped(node: FlowNode, edge: Edge) -> bool:
            if without(node, edge):
                return True
            fork = self.by_join.get(edge.target)
            if fork is None or fork.place(start) is not None:
                return False
            if edge.target not in known:
                known[edge.target] = not all(
                    not without(fork.node, one) and self._passes(fork, one.target, without, stopped)
                    for one in fork.node.next
                )
            return known[edge.target]

        return stopped

    def _passes(self, fork: Fork, start: int, without: Without, stopped: Without) -> bool:
        """Whether some way leads through the branch that begins there to the join."""
        found = {start}
        pending = [start]
        while pending:
            node = self._flow.nodes[pending.pop()]
            if node.id == fork.join:
                return True
            for edge in node.next:
                refuses = without if edge.target == fork.join else stopped
                if edge.target not in found and not refuses(node, edge):
                    found.add(edge.target)
                    pending.append(edge.target)
        return False
