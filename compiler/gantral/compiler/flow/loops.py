"""The loops of a flow: what runs in each, and how often at most.

A loop is a node that `again` leads from, and all from which a path comes back to it (the natural
loop: Aho, Lam, Sethi, Ullman, "Compilers", section 9.6). What leaves a loop by `give` or ends the
run in it happens once, however many rounds there are.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from functools import cached_property
from math import prod

from gantral.compiler.flow.dominators import Dominators
from gantral.compiler.flow.forks import Forks
from gantral.compiler.flow.graph import LOOPS, Flow, FlowNode
from gantral.dsl.frozen import frozen


@frozen
class Loop:
    """A loop by its head; `body` has every node that may run again in the next round, the head
    too."""

    head: FlowNode
    body: frozenset[int]

    @property
    def at_most(self) -> int:
        """How many rounds there are at most."""
        return self.head.at_most


class Loops:
    """Every loop of a flow that a path from the start reaches."""

    def __init__(self, flow: Flow, dominators: Dominators) -> None:
        self._flow = flow
        self.forks = Forks(flow)
        self._around: dict[int, list[Loop]] = {}
        back: set[tuple[int, int]] = set()
        found: list[Loop] = []
        # What follows a failure is left out of the dominators of the run.
        failing = next((one.id for one in flow.nodes if one.operator == "failing"), None)
        known = [dominators]
        for head in flow.nodes:
            if head.operator not in LOOPS or head.at_most < 1:
                continue
            if not dominators.dominates(head.id, head.id) and failing is not None:
                known = known if len(known) > 1 else [*known, Dominators(flow, failing)]
            ends = {
                one
                for one, _ in flow.before[head.id]
                if any(each.dominates(head.id, one) for each in known)
            }
            if not ends:
                continue
            body = self._body(head.id, ends)
            if all(one.label == "again" for one in head.next if one.target in body):
                back |= {(one, head.id) for one in ends}
                found.append(Loop(head, body))
        for loop in found:
            for node in loop.body:
                self._around.setdefault(node, []).append(loop)
        self.all = tuple(found)
        self._inner_first = sorted(found, key=lambda one: len(one.body))
        self._by_head = {one.head.id: one for one in found}
        self.back = frozenset(back)
        """The edges, as (source, target), by which a round ends."""
        self._sources = frozenset(source for source, _ in back)

    def _body(self, head: int, ends: set[int]) -> frozenset[int]:
        body = {head, *ends}
        pending = [*(ends - {head})]
        while pending:
            for one, _ in self._flow.before[pending.pop()]:
                if one not in body:
                    body.add(one)
                    pending.append(one)
        return frozenset(body)

    def around(self, node: int) -> tuple[Loop, ...]:
        """The loops that the node runs in."""
        return tuple(self._around.get(node, ()))

    def shut(self, source: int, target: int) -> str:
        """The label of the edge by which a head can't be left when it is come to from `source`: a
        `repeat` has a round whatever comes, a loop of at most one has no second. "" if there is
        none."""
        loop = self._by_head.get(target)
        if loop is None:
            return ""
        if source in loop.body:
            return "again" if loop.at_most == 1 else ""
        return "over" if loop.head.operator == "repeat" else ""

    def times(self, node: int, *, without: Collection[int] = ()) -> int:
        """How often the node runs at most, the loops with these heads aside."""
        if node not in self._around:
            return 1
        # Its head is passed once more than its body.
        return prod(
            one.at_most + (one.head.id == node)
            for one in self.around(node)
            if one.head.id not in without
        )

    def most(
        self,
        leave: Callable[[FlowNode, int], int],
        *,
        between: Callable[[FlowNode], int] = lambda head: 0,
        once: Collection[int] = (),
        at_once: bool = False,
        start: int = 0,
        within: Collection[int] | None = None,
    ) -> dict[int, int]:
        """The most there can be of something on entry to each node that is reached, along any path.
        In a loop it is that of the last round, after its longest round as often as it may come
        before; so too behind the loop, also where the last round is left in its midst. Only of a
        flow with nothing unbounded.

        Args:
            leave: gives how much there is after a node is passed once. A head is never asked for.
            between: what comes between two rounds of the loop with this head.
            once: heads of loops of which one round counts.
            at_once: of a fork, as of time that passes, what the branch with the most has, and not
                the sum; with a sum there is already in a branch all that the branches before it
                in the source may have come to.
            start, within: the node from which on it is counted, from nothing, and the nodes on all
                ways from there to where it is asked for. The loops around it are of `once`.
        """
        among = self._order.keys() if within is None else self._order.keys() & within
        before: dict[int, int] = {}
        for loop in self._inner_first:
            head = loop.head
            if head.id in among and head.id not in once:
                _, round_ = self._along(
                    head.id, loop.body & among, leave, before, at_once, round_=True
                )
                before[head.id] = (loop.at_most - 1) * (round_ + between(head))
        known, _ = self._along(start, among, leave, before, at_once)
        if not at_once:
            self._beside(known, leave)
        return known

    def _along(
        self,
        start: int,
        among: Collection[int],
        leave: Callable[[FlowNode, int], int],
        before: Mapping[int, int],
        at_once: bool,
        round_: bool = False,
    ) -> tuple[dict[int, int], int]:
        """As `most`, from a node on; `round_`: a head, along one round of its loop, and then how
        much there is at its end. `before`: head -> what its rounds before the last come to."""
        nodes = sorted(among, key=self._place.__getitem__)
        known = {start: 0}
        ended = 0
        # For each join the most with which each branch comes there.
        met: dict[int, dict[int | None, int]] = {}
        for current in nodes:
            if current in met:
                ends = met[current].values()
                if at_once:
                    known[current] = max(ends)
                else:
                    base = known[self.forks.by_join[current].node.id]
                    known[current] = base + sum(most - base for most in ends)
            if current not in known:
                continue
            within = self._by_head.get(current)
            after = known[current]
            if within is None:
                after = leave(self._flow.nodes[current], after)
            onward = self._order[current]
            if round_ and current in self._sources:
                onward = self._onward(current, start)
            for one in onward:
                there = after
                if within is not None and (one in within.body or within.body == {current}):
                    there += before.get(current, 0)
                if round_ and one == start:
                    ended = max(ended, there)
                    continue
                fork = self.forks.by_join.get(one)
                if fork is None:
                    known[one] = max(known.get(one, there), there)
                else:
                    branches = met.setdefault(one, {})
                    place = fork.place(current)
                    branches[place] = max(branches.get(place, there), there)
        return known, ended

    def _beside(self, known: dict[int, int], leave: Callable[[FlowNode, int], int]) -> None:
        """Adds to what is known of a branch the most that those before it come to, on a way that
        ends the run there too."""
        for fork in self.forks.all:
            base = known.get(fork.node.id)
            if base is None:
                continue
            so_far = 0
            for branch in fork.branches:
                nodes = [one for one in branch if one in known]
                for one in nodes:
                    known[one] += so_far
                passed = (one for one in nodes if one not in self._by_head)
                most = max((leave(self._flow.nodes[one], known[one]) for one in passed), default=0)
                so_far = max(so_far, most - base)

    def _onward(self, node: int, ends: int | None = None) -> list[int]:
        """What comes next when each loop is gone through once: after its body what is behind it.
        ``ends``: the head of a loop whose rounds end there."""
        found: list[int] = []
        pending = [(node, edge.target) for edge in self._flow.nodes[node].next]
        seen = set(pending)
        while pending:
            source, target = pending.pop()
            if target == ends or (source, target) not in self.back:
                found.append(target)
                continue
            for edge in self._flow.nodes[target].next:
                # It may be the end of a round of the loop around that one.
                if edge.label != "again" and (target, edge.target) not in seen:
                    seen.add((target, edge.target))
                    pending.append((target, edge.target))
        return found

    @cached_property
    def _order(self) -> dict[int, list[int]]:
        """Every node that is reached with what comes next, each after all that leads to it. Of a
        flow with nothing unbounded."""
        steps = (
            {node: self._onward(node) for node in self._flow.reached} if self.back else self._steps
        )
        return {node: steps[node] for node in _sorted(steps)}

    @cached_property
    def _place(self) -> dict[int, int]:
        return {node: place for place, node in enumerate(self._order)}

    @cached_property
    def _steps(self) -> dict[int, list[int]]:
        """What comes next after each node that is reached, in the same round."""
        return {
            node: [
                edge.target
                for edge in self._flow.nodes[node].next
                if (node, edge.target) not in self.back
            ]
            for node in self._flow.reached
        }

    @cached_property
    def unbounded(self) -> frozenset[int]:
        """The nodes on circles that no loop bounds, and all that only they lead to."""
        return self._flow.reached - set(_sorted(self._steps))


def _sorted(steps: Mapping[int, Sequence[int]]) -> list[int]:
    """The nodes, each after all that lead to it (Kahn's algorithm); those on circles, and what
    only they lead to, are left out."""
    waiting = dict.fromkeys(steps, 0)
    for targets in steps.values():
        for one in targets:
            waiting[one] += 1
    found = [one for one, count in waiting.items() if count == 0]
    for current in found:
        for one in steps[current]:
            waiting[one] -= 1
            if waiting[one] == 0:
                found.append(one)
    return found
