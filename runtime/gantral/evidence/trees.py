"""The form of a manifest's trees: shapes, principals, bounds, plan terms (docs/manifest.md).

A manifest comes from who gives the folder; every reader of its trees relies on this check.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from math import prod
from typing import Any

from gantral.evidence.calendar import DAYS, calendar_of, minutes, ticks
from gantral.evidence.errors import EvidenceError
from gantral.evidence.expr import reads
from gantral.evidence.forms import date_days, is_number
from gantral.evidence.planned import Plan

_LIMITS = {
    "string": {"min", "max", "pattern"},
    "int": {"min", "max"},
    "decimal": {"scale", "min", "max"},
    "duration": {"min", "max"},
}
_BARE = frozenset({"bool", "date", "instant", "json", "person"})
_LEAVES = frozenset({"const", "new", "old", "path", "under"})
_PAIRS = frozenset({"==", "!=", "<", "<=", ">", ">=", "+", "-", "*"})


def check_shape(shape: Any, place: str) -> None:
    """Demand a SHAPE. Raises EvidenceError ``manifest``, naming the place."""
    parts: list[Any] = shape if isinstance(shape, list) and shape else [None]
    kind, rest = parts[0], parts[1:]
    if kind == "record" and len(rest) == 1 and isinstance(rest[0], list):
        for field in rest[0]:
            if not (isinstance(field, list) and len(field) == 3 and _texts(field[:1], 1)):
                raise _no("field", place)
            check_shape(field[1], f"{place}/{field[0]}")
    elif kind == "list" and len(rest) == 2 and _limits(rest[0], {"min", "max"}):
        check_shape(rest[1], place)
    elif kind == "optional" and len(rest) == 1:
        check_shape(rest[0], place)
    elif kind == "enum" and len(rest) == 1:
        if not _texts(rest[0], None):
            raise _no("enum", place)
    elif not (
        isinstance(kind, str)
        and (
            (kind in _BARE and not rest)
            or (kind in _LIMITS and len(rest) == 1 and _limits(rest[0], _LIMITS[kind]))
        )
    ):
        raise _no("shape", place)
    if kind == "decimal" and not (is_number(rest[0]["scale"]) and len(rest[0]["scale"]) < 3):
        raise _no("scale", place)


def check_expression(tree: Any, place: str) -> None:
    """Demand an EXPR. Raises EvidenceError ``manifest``, naming the place."""
    operator, operand = _single(tree, "condition", place)
    if operator in _LEAVES:
        if not _texts(operand, 2):
            raise _no("condition", place)
    elif operator == "not":
        check_expression(operand, place)
    elif operator in ("and", "or") or operator in _PAIRS:
        if not isinstance(operand, list) or (operator in _PAIRS and len(operand) != 2):
            raise _no("condition", place)
        for part in operand:
            check_expression(part, place)
    else:
        raise _no("condition", place)


def check_condition(tree: Any, place: str) -> None:
    """Demand an EXPR over the proposal alone: there is no new value to be read yet. Raises
    EvidenceError ``manifest``, naming the place."""
    check_expression(tree, place)
    if any(source != "path" for source, _ in reads(tree)):
        raise _no("condition on the proposal", place)


def check_term(term: Any, place: str) -> None:
    """Demand a plan's or undo's TERM. Raises EvidenceError ``manifest``, naming the place."""
    kind, operand = _single(term, "term", place)
    forms: Mapping[str, Callable[[Any], bool]] = {
        "path": lambda value: isinstance(value, str),
        "const": lambda value: _texts(value, 2),
        "result": lambda value: _texts(value, 2),
        "each": _each,
        "under": lambda value: _texts(value, None) and _places(value[1:]),
        "expr": _named_places,
    }
    if kind in forms and not forms[kind](operand):
        raise _no("term", place)


def check_gate(gate: Mapping[str, Any], place: str) -> None:
    """Demand the forms of a gate's trees. Raises EvidenceError ``manifest``."""
    check_shape(gate["parameters"], f"{place}/parameters")
    widened = [who for row in ticks(gate) for names in row[2:] for who in names]
    _check_calendar(calendar_of(gate), place)
    apart = [who for who in gate["apart"] if not keeps_deciders(who)]
    for who in [*gate["veto"], *apart, *widened]:
        if not isinstance(who, str) and not (
            _single(who, "person", place)[0] in ("actor", "actors")
            and isinstance(next(iter(who.values())), str)
        ):
            raise _no("person", place)
    if any(isinstance(who, str) and who != "initiator" for who in gate["apart"]):
        raise _no("person kept apart", place)
    for number, case in enumerate(gate["decide"]):
        if isinstance(case["when"], str):
            if case["when"] != "always":
                raise _no("condition", f"{place}/decide/{number}")
        else:
            check_condition(case["when"], f"{place}/decide/{number}")
    for path, bound in gate["amend"].items():
        check_expression(bound, f"{place}/amend{path}")
    if "plan" in gate:
        _check_plan(gate["plan"], (), f"{place}/plan")
    for ask, one in gate.get("asks", {}).items():
        loops = one.get("loops")
        if loops is not None and not loops:
            raise _no("bound of the loops", f"{place}/asks/{ask}")
        _check_plan(one["plan"], loops or (), f"{place}/asks/{ask}/plan")


def _check_plan(plan: Plan, around: Sequence[str], place: str) -> None:
    """``around``: the loops that the ask stands in; what it approves is done within them."""
    for call, planned in plan.items():
        loops = planned.get("loops")
        if loops is not None and prod(map(int, loops or ["0"])) != int(planned["at_most"]):
            raise _no("bound of the loops", f"{place}/{call}")
        if list(around) != (loops or [])[: len(around)]:
            raise _no("call in the loops of its ask", f"{place}/{call}")
        for name, term in planned["arguments"].items():
            check_term(term, f"{place}/{call}/{name}")


def _each(value: Any) -> bool:
    """``[list, loop, rest, loop, rest, …]``, loops by their number."""
    return _texts(value, None) and len(value) > 1 and _places(value)


def _named_places(tree: Any) -> bool:
    """Whether each element that the computation reads, and what another gate shows it, is named as
    a place; what it computes is the run's affair."""
    if isinstance(tree, list):
        return all(map(_named_places, tree))
    if not isinstance(tree, dict):
        return True
    return all(
        _texts(operand, None) and _places(operand[1:])
        if kind in ("each", "under")
        else kind in ("const", "path") or _named_places(operand)
        for kind, operand in tree.items()
    )


def _places(value: list[str]) -> bool:
    return len(value) % 2 == 1 and all(is_number(part) for part in value[1::2])


def _check_calendar(calendar: Mapping[str, Any] | None, place: str) -> None:
    if calendar is None:
        return
    opens, closes = map(minutes, calendar["hours"])
    days, closed = calendar["days"], calendar["except"]
    in_order = [day for day in DAYS if day in days] == days and sorted(set(closed)) == closed
    if not (days and in_order and opens < closes):
        raise _no("calendar", place)
    for date in closed:
        date_days(date)


def keeps_deciders(who: Any) -> bool:
    """Whether an entry of ``apart`` keeps out the deciders of another gate."""
    return isinstance(who, dict) and who.keys() == {"deciders"}


def _single(tree: Any, what: str, place: str) -> tuple[str, Any]:
    if not isinstance(tree, dict) or len(tree) != 1:
        raise _no(what, place)
    return next(iter(tree.items()))


def _texts(value: Any, size: int | None) -> bool:
    return (
        isinstance(value, list)
        and (size is None or len(value) == size)
        and all(isinstance(part, str) for part in value)
    )


def _limits(value: Any, names: set[str]) -> bool:
    return (
        isinstance(value, dict)
        and value.keys() == names
        and all(isinstance(part, str) for part in value.values())
    )


def _no(what: str, place: str) -> EvidenceError:
    return EvidenceError("manifest", f"no {what} at {place:.120}")
