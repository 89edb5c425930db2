"""On which choices it depends whether a node is reached (LANGUAGE section 8, rule 3).

Control dependence (Ferrante, Ottenstein, Warren, "The Program Dependence Graph and Its Use in
Optimization", 1987), with one difference: a side that ends the run is no way around the node, so
that a choice whose other side ends the run does not count.
"""

from __future__ import annotations

from collections.abc import Iterable

from gantral.compiler.flow.graph import ENDING, Flow


class Deciding:
    """Asks for what was `set`: which choices decide that it was."""

    def __init__(self, flow: Flow) -> None:
        self._flow = flow
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
        known = self._known.get((goal, start))
        if known is None:
            known = self._known[goal, start] = self._find(goal, start)
        return known

    def _find(self, goal: int, start: int) -> frozenset[int]:
        leading = self._led([goal], self._before, start)
        # Where the run goes on after the goal: a way that comes there without it goes around it.
        after = self._led([goal], self._after, -1) - {goal}
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
