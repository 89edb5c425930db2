"""On which choices it depends whether a node is reached (LANGUAGE section 8, rule 3).

Control dependence (Ferrante, Ottenstein, Warren, "The Program Dependence Graph and Its Use in
Optimization", 1987), with one difference: a side that ends the run is no way around the node, so
that a choice whose other side ends the run does not count. In a loop a way around is one that
leaves the loop: so what decides whether another round begins decides of all that is in it.
"""

from __future__ import annotations

from collections.abc import Iterable

from gantral.compiler.flow.dominators import Dominators
from gantral.compiler.flow.graph import ENDING, Flow
from gantral.compiler.flow.loops import Loops


class Deciding:
    """Asks for what was `set`: which choices decide that it was. Every circle of the flow is a
    loop's."""

    def __init__(self, flow: Flow, dominators: Dominators, loops: Loops) -> None:
        self._dominators = dominators
        self._loops = loops
        # A failure ends the run, and so does a no.
        ends = ENDING - {"complete"} | {"failing"}
        self._after: list[list[int]] = [
            [edge.target for edge in node.next if flow.nodes[edge.target].operator not in ends]
            for node in flow.nodes
        ]
        self._before: list[list[int]] = [[] for _ in flow.nodes]
        for node, targets in enumerate(self._after):
            for target in targets:
                self._before[target].append(node)
        self._known: dict[tuple[int, int], frozenset[int]] = {}

    def of(self, goals: Iterable[int], start: int) -> frozenset[int]:
        """The nodes, `start` and after, of which one way leads to a goal and another goes on around
        it; what decides whether such a node is reached counts as well."""
        found: set[int] = set()
        pending = list(goals)
        while pending:
            new = self._direct(pending.pop(), start) - found
            found |= new
            pending += new
        return frozenset(found)

    def _direct(self, goal: int, start: int) -> frozenset[int]:
        """As `_find`; told from near by where it can be, so that a long run costs each no more."""
        climbed: list[int] = []
        at = goal
        while (found := self._known.get((at, start))) is None:
            climbed.append(at)
            # No short cut in a loop: what comes after in this round comes before in the next.
            looped = bool(self._loops.around(at))
            above = None if looped else self._above(at)
            if at == start:
                found = frozenset()
            elif looped:
                found = self._find(at, start)
            elif above is not None:
                at = above
                continue
            else:
                found = self._beside(at)
                found = self._find(at, start) if found is None else found
            break
        for one in climbed:
            self._known[one, start] = found
        return found

    def _above(self, node: int) -> int | None:
        """A node before, by which alone the run comes here, and does unless it ends: both are
        decided by the same choices."""
        before = {*self._before[node]}
        if len(before) == 1:
            (one,) = before
            return one if {*self._after[one]} == {node} else None
        above = self._dominators.common([*before]) if before else None
        if above is None:
            return None
        seen = {node}
        pending = [above]
        while pending:
            for one in self._after[pending.pop()]:
                if one in seen:
                    continue
                if self._dominators.common([above, one]) != above:
                    return None  # some way leaves for where other ways come too
                seen.add(one)
                pending.append(one)
        return above

    def _beside(self, node: int) -> frozenset[int] | None:
        """The choice of which the node is one side, if the other side meets it soon after."""
        before = {*self._before[node]}
        if len(before) != 1:
            return None
        (choice,) = before
        if self._loops.around(choice):
            return None
        sides = [{node}, {*self._after[choice]} - {node}]
        pending = [[*side] for side in sides]
        while pending[0] and pending[1]:
            for side, other in ((0, 1), (1, 0)):
                for one in self._after[pending[side].pop()]:
                    if one in sides[other]:
                        return frozenset({choice})
                    if one not in sides[side]:
                        sides[side].add(one)
                        pending[side].append(one)
        return None

    def _find(self, goal: int, start: int) -> frozenset[int]:
        leading = self._led([goal], self._before, start)
        # Where the run goes on after the goal: a way that comes there without it goes around it.
        # In a loop only what is behind the loop counts: within it, it comes there again.
        after = self._led([goal], self._after, -1) - self._led([goal], self._before, -1)
        around = self._led(after, self._before, start, without=goal)
        return frozenset(
            one
            for one in leading
            if any(each in leading and each not in around for each in self._after[one])
            and any(each in around for each in self._after[one])
        )

    def _led(
        self,
        goals: Iterable[int],
        steps: list[list[int]],
        until: int,
        *,
        without: int = -1,
    ) -> frozenset[int]:
        """All that the steps lead to from the goals, not past `until`, nor to `without`."""
        found = set(goals)
        pending = list(found)
        while pending:
            current = pending.pop()
            if current == until:
                continue
            for one in steps[current]:
                if one not in found and one != without:
                    found.add(one)
                    pending.append(one)
        return frozenset(found)
