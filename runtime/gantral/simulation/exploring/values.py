"""Small values of a type: a first one, and for each thing that a condition may read, others.

One place is varied at a time, so there are sums of variants, never products. The first values agree
with each other (every number is the same number, every text the same text), which is how conditions
that compare two of them mostly hold.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any, Final

from gantral.evidence.opaque import json_text
from gantral.simulation.exploring.patterns import matching
from gantral.simulation.exploring.reading import Reading

Shape = Sequence[Any]
_NUMBER: Final = 10
_MOST_NUMBERS: Final = 6
_MOST_TEXTS: Final = 4


@dataclass(frozen=True)
class Values:
    """Makes values for one family of programs. ``people``: claim values, the usual one first."""

    reading: Reading
    people: Sequence[str]

    def of(self, shape: Shape, name: str = "") -> list[Any]:
        """The values to try, the usual one first; spec-named wire values."""
        return self._of(shape, name in self.reading.names)

    def varied(self, shape: Shape) -> list[Any]:
        """The values to try of something that is surely read."""
        return self._of(shape, read=True)

    def _of(self, shape: Shape, read: bool, nth: int = 0) -> list[Any]:
        """``nth``: which element of a list it is of: elements differ."""
        kind = shape[0]
        if kind == "record":
            return self._records(shape, read, nth)
        if kind == "optional":
            there = self._of(shape[1], read, nth)
            return [there[0], None, *there[1:]] if read else there
        if kind == "list":
            return self._lists(shape, read, nth)
        found = list(dict.fromkeys(self._scalars(shape, nth)))
        return found if read else found[:1]

    def _records(self, shape: Shape, read: bool, nth: int) -> list[Any]:
        parts = {
            name: self._of(inner, read or name in self.reading.names, nth)
            for name, inner, _ in shape[1]
        }
        first = {name: found[0] for name, found in parts.items()}
        others = [{**first, name: value} for name, found in parts.items() for value in found[1:]]
        return [_without_absent(one) for one in (first, *others)]

    def _lists(self, shape: Shape, read: bool, nth: int) -> list[Any]:
        least, most = _bound(shape[1]["min"], 0), _bound(shape[1]["max"], 2)
        one = self._of(shape[2], read, nth)
        count = max(1, least)
        if count > most:
            return [[]]
        first = [self._of(shape[2], False, nth + index)[0] for index in range(count)]
        found: list[Any] = [first]
        if read and least == 0:
            found.append([])
        if read and count < most:
            found.append([*first, self._of(shape[2], False, nth + count)[0]])
            found.append([*first, first[0]])
        found += [[other, *first[1:]] for other in one[1:]]
        return found

    def _scalars(self, shape: Shape, nth: int) -> Iterator[Any]:
        kind = shape[0]
        if kind == "enum":
            yield from shape[1]
        elif kind == "bool":
            yield from (False, True)
        elif kind == "int":
            yield from (int(one) for one in self._numbers(shape[1], Decimal(1), nth))
        elif kind == "decimal":
            unit = Decimal(1).scaleb(-int(shape[1]["scale"]))
            yield from (str(one.quantize(unit)) for one in self._numbers(shape[1], unit, nth))
        elif kind == "string":
            yield from self._texts(shape[1], nth)
        elif kind == "person":
            yield from self.people
        elif kind == "duration":
            yield from _durations(shape[1])
        elif kind == "date":
            yield from ("2026-02-02", "2026-01-01")
        elif kind == "instant":
            yield from ("2026-02-02T09:00:00.000Z", "2026-01-01T09:00:00.000Z")
        elif kind == "json":
            # What fits a record that it is read as comes first; then what fits none.
            inside = replace(self, reading=replace(self.reading, casts=()))
            for cast in self.reading.casts:
                yield from (json_text(one) for one in inside._of(cast, read=False))
            yield '{"a":"b"}'
        else:
            raise NotImplementedError(f"no small values of {kind}")

    def _numbers(self, limits: Any, unit: Decimal, nth: int) -> list[Decimal]:
        low = None if limits["min"] == "none" else Decimal(limits["min"])
        high = None if limits["max"] == "none" else Decimal(limits["max"])

        def fits(one: Decimal) -> bool:
            return (low is None or one >= low) and (high is None or one <= high)

        usual = Decimal(_NUMBER)
        if not fits(usual):
            usual = low if low is not None else (high or Decimal(0))
        wanted = [usual, usual + unit, usual - unit]
        for text in sorted(self.reading.numbers, key=Decimal):
            known = Decimal(text)
            if known.as_tuple().exponent >= unit.as_tuple().exponent:  # type: ignore[operator]
                wanted += [known, known + unit, known - unit]
        found = [one for one in dict.fromkeys(wanted) if fits(one)]
        return found[nth % len(found) :][:1] if nth else found[:_MOST_NUMBERS]

    def _texts(self, limits: Any, nth: int) -> Iterator[str]:
        least, most = _bound(limits["min"], 0), _bound(limits["max"], 200)
        mark = "" if not nth else str(nth + 1)
        if limits["pattern"] != "none":
            yield from (matching(limits["pattern"], one + nth) for one in range(2))
            return
        for text in (f"text{mark}", f"other{mark}", *sorted(self.reading.texts)[:_MOST_TEXTS]):
            if len(text) <= most:
                yield text + "." * (least - len(text))
            else:
                yield text[-most:] if most else ""


def _bound(text: str, default: int) -> int:
    return default if text == "none" else int(text)


def _durations(limits: Any) -> Iterator[str]:
    for limit in (limits["max"], limits["min"]):
        if limit != "none":
            yield limit
    if limits["max"] == limits["min"] == "none":
        yield from ("PT1H", "PT0S")


def _without_absent(value: dict[str, Any]) -> dict[str, Any]:
    return {name: one for name, one in value.items() if one is not None}
