"""Where the boxes of a picture stand: in layers, from the top down (Sugiyama's method).

Layers by the longest path, orders within them by barycenters, positions that keep arrows straight.
Pure arithmetic over the picture's own order: the same picture gets the same places everywhere.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import pairwise

from gantral.dsl.frozen import frozen

GAP_X = 36
GAP_Y = 60
# An arrow that passes a layer keeps this much room there.
LANE = 24
_SWEEPS = 12


@frozen
class Route:
    """The points an arrow passes: it leaves the first downwards and enters the last from above;
    between them it goes straight down through (x, top of a layer) to (x, its bottom). One that
    leads back goes up beside all boxes."""

    points: tuple[tuple[int, int], ...]


@frozen
class Layout:
    """Each box's left upper corner, each arrow's route, and the size of the whole."""

    places: tuple[tuple[int, int], ...]
    routes: tuple[Route, ...]
    width: int
    height: int


def layout(sizes: Sequence[tuple[int, int]], arrows: Sequence[tuple[int, int]]) -> Layout:
    """Places for boxes of these sizes (width, height). An arrow to an earlier box, or to its own,
    leads back: it makes no layer, and gets a lane beside them."""
    placed = _Layers(sizes, [one for one in arrows if one[0] < one[1]]).layout()
    if all(source < target for source, target in arrows):
        return placed
    return _with_back(sizes, arrows, placed)


def _with_back(
    sizes: Sequence[tuple[int, int]], arrows: Sequence[tuple[int, int]], placed: Layout
) -> Layout:
    forward = iter(placed.routes)
    routes: list[Route] = []
    lane, height = placed.width + GAP_X, placed.height
    # The lowest edge of what stands beside a box: below it all is free.
    floors: dict[int, int] = {}
    for (_, y), (_, tall) in zip(placed.places, sizes, strict=True):
        floors[y] = max(floors.get(y, 0), y + tall)
    for source, target in arrows:
        if source < target:
            routes.append(next(forward))
            continue
        (x, y), (to_x, to_y) = placed.places[source], placed.places[target]
        middle, to_middle = x + sizes[source][0] // 2, to_x + sizes[target][0] // 2
        turn = floors[y] + GAP_Y // 2
        height = max(height, turn)
        points = [
            (middle, y + sizes[source][1]),
            (middle, floors[y]),
            (lane, turn),
            (lane, to_y - GAP_Y // 2),
            (to_middle, to_y),
        ]
        routes.append(Route(tuple(points)))
        lane += LANE
    return Layout(placed.places, tuple(routes), lane - LANE // 2, height)


class _Layers:
    """Items are boxes, and behind them one item for each layer that an arrow passes."""

    def __init__(self, sizes: Sequence[tuple[int, int]], arrows: Sequence[tuple[int, int]]) -> None:
        self._widths = [width for width, _ in sizes]
        self._heights = [height for _, height in sizes]
        rank = [0] * len(sizes)
        for source, target in sorted(arrows):
            rank[target] = max(rank[target], rank[source] + 1)
        self._layers: list[list[int]] = [[] for _ in range(max(rank, default=0) + 1)]
        for box, layer in enumerate(rank):
            self._layers[layer].append(box)
        self._above: dict[int, list[int]] = {}
        self._below: dict[int, list[int]] = {}
        self._chains = [
            self._chain(source, target, rank[source], rank[target]) for source, target in arrows
        ]

    def _chain(self, source: int, target: int, first: int, last: int) -> list[int]:
        chain = [source]
        for layer in range(first + 1, last):
            item = len(self._widths)
            self._widths.append(LANE)
            self._heights.append(0)
            self._layers[layer].append(item)
            chain.append(item)
        chain.append(target)
        for upper, lower in pairwise(chain):
            self._below.setdefault(upper, []).append(lower)
            self._above.setdefault(lower, []).append(upper)
        return chain

    def layout(self) -> Layout:
        self._order()
        centers = self._centers()
        left = min((centers[i] - self._widths[i] / 2 for i in range(len(centers))), default=0)
        centers = [one - left for one in centers]
        tops: list[int] = []
        floors: list[int] = []
        y = 0
        for layer in self._layers:
            tops.append(y)
            floors.append(y + max((self._heights[one] for one in layer), default=0))
            y = floors[-1] + GAP_Y
        level = {one: number for number, layer in enumerate(self._layers) for one in layer}
        boxes = len(self._widths) - sum(len(chain) - 2 for chain in self._chains)
        places = tuple(
            (round(centers[one] - self._widths[one] / 2), tops[level[one]]) for one in range(boxes)
        )
        routes = []
        for source, *lanes, target in self._chains:
            points = [(round(centers[source]), tops[level[source]] + self._heights[source])]
            for one in (source, *lanes):
                # Down to the layer's floor first: taller boxes of it may stand in the way.
                if one != source:
                    points.append((round(centers[one]), tops[level[one]]))
                points.append((round(centers[one]), floors[level[one]]))
            points.append((round(centers[target]), tops[level[target]]))
            routes.append(Route(tuple(points)))
        # From the rounded places: a sum of halves may round the other way.
        width = max(
            *(x + self._widths[one] for one, (x, _) in enumerate(places)),
            *(x + LANE // 2 for route in routes for x, _ in route.points),
            0,
        )
        return Layout(places, tuple(routes), width, floors[-1])

    def _order(self) -> None:
        """Sweeps down and up; the order with the fewest crossings stays, the first of equals."""
        best = [list(layer) for layer in self._layers]
        fewest = self._crossings()
        for sweep in range(_SWEEPS):
            down = sweep % 2 == 0
            layers = self._layers[1:] if down else self._layers[-2::-1]
            for layer in layers:
                at = self._positions()
                near = self._above if down else self._below
                layer.sort(key=_barycenter(near, at))
            crossings = self._crossings()
            if crossings < fewest:
                fewest, best = crossings, [list(layer) for layer in self._layers]
        self._layers = best

    def _positions(self) -> dict[int, int]:
        return {one: place for layer in self._layers for place, one in enumerate(layer)}

    def _crossings(self) -> int:
        at = self._positions()
        count = 0
        for layer in self._layers:
            ends = [at[lower] for upper in layer for lower in sorted(
                self._below.get(upper, ()), key=at.__getitem__)]  # fmt: skip
            count += sum(one > other for i, one in enumerate(ends) for other in ends[i + 1 :])
        return count

    def _centers(self) -> list[float]:
        centers = [0.0] * len(self._widths)
        for layer in self._layers:
            self._place(layer, [0.0] * len(layer), [1.0] * len(layer), centers)
        for _ in range(4):
            for near, layers in ((self._above, self._layers), (self._below, self._layers[::-1])):
                for layer in layers:
                    wanted = [self._wanted(one, near, centers) for one in layer]
                    weights = [self._weight(one, near) for one in layer]
                    self._place(layer, wanted, weights, centers)
        return centers

    def _wanted(self, item: int, near: dict[int, list[int]], centers: list[float]) -> float:
        """Over or under its neighbours; the way on weighs more than the way out."""
        found = near.get(item)
        if not found:
            return centers[item]
        pulls = [9.0 if self._goes_on(one) else 1.0 for one in found]
        return sum(pull * centers[one] for pull, one in zip(pulls, found, strict=True)) / sum(pulls)

    def _weight(self, item: int, near: dict[int, list[int]]) -> float:
        return 9.0 if self._goes_on(item) and near.get(item) else 1.0

    def _goes_on(self, item: int) -> bool:
        return item in self._below

    def _place(
        self, layer: list[int], wanted: list[float], weights: list[float], centers: list[float]
    ) -> None:
        """The places nearest to those wanted that keep the order and the gaps: a regression by
        pooling neighbours that would overlap."""
        offset = 0.0
        pools: list[tuple[float, float, int]] = []
        offsets: list[float] = []
        for number, one in enumerate(layer):
            if number:
                offset += (self._widths[layer[number - 1]] + self._widths[one]) / 2 + GAP_X
            offsets.append(offset)
            at, weight, size = wanted[number] - offset, weights[number], 1
            while pools and pools[-1][0] > at:
                other, heavy, many = pools.pop()
                at = (at * weight + other * heavy) / (weight + heavy)
                weight, size = weight + heavy, size + many
            pools.append((at, weight, size))
        bases = [at for at, _, size in pools for _ in range(size)]
        for one, base, offset in zip(layer, bases, offsets, strict=True):
            centers[one] = base + offset


def _barycenter(near: dict[int, list[int]], at: dict[int, int]) -> Callable[[int], float]:
    def key(item: int) -> float:
        found = near.get(item)
        return at[item] if not found else sum(at[one] for one in found) / len(found)

    return key
