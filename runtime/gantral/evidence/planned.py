"""Which entry of a gate's plan a call id is of, and its terms at the call's place in its loops.

A call id is ``operation/ordinal``, then one index for each loop around the call site, outermost
first, from 0: ``bank.pay/1/3``. The entry stands under ``operation/ordinal``; its ``loops`` bound
the indexes (docs/manifest.md).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from gantral.evidence.errors import EvidenceError

Plan = Mapping[str, Mapping[str, Any]]
"""Call site -> its entry."""


def statement_of(site: str) -> str:
    """The statement of the program that a site, or a call id, is of: without indexes of loops."""
    return "/".join(site.split("/")[:2])


@dataclass(frozen=True)
class Planned:
    """An entry of a plan for one call."""

    entry: Mapping[str, Any]
    indexes: tuple[str, ...]


def plans_of(name: str, gate: Mapping[str, Any]) -> dict[str, Plan]:
    """The plans of a manifest's gate, each by what plans call the approvals that it is of: the
    gate's name; or, where its asks are told apart, the ask."""
    asks = gate.get("asks")
    return {name: gate["plan"]} if asks is None else {at: one["plan"] for at, one in asks.items()}


def plan_at(gate: Mapping[str, Any], ask: str) -> Plan:
    """What a yes to this ask may set off; ``ask`` is its site with the indexes of its loops, "" at
    a gate whose asks are not told apart. Empty for an ask that is none of the gate's."""
    if "asks" not in gate:
        plan: Plan = gate["plan"]
        return plan
    found: Plan = gate["asks"].get(statement_of(ask), {"plan": {}})["plan"]
    return found


def is_ask(gate: Mapping[str, Any], ask: str) -> bool:
    """Whether it is an ask of this gate, which tells them apart, with indexes that its loops let
    there be."""
    entry = gate["asks"].get(statement_of(ask))
    return entry is not None and _fits(entry, ask.split("/")[2:])


def planned(gate: Mapping[str, Any], call: str, ask: str = "") -> Planned | None:
    """The call in the plan of a yes to this ask, as ``plan_at`` has it; None when that holds no
    such call, the call's indexes are others than its loops let there be, or it is of another round
    of the loops that the ask stands in."""
    operation, _, rest = call.partition("/")
    ordinal, *indexes = rest.split("/")
    entry = plan_at(gate, ask).get(f"{operation}/{ordinal}")
    rounds = ask.split("/")[2:]
    if entry is None or indexes[: len(rounds)] != rounds:
        return None
    return Planned(entry, tuple(indexes)) if _fits(entry, indexes) else None


def approvals_of(manifest: Mapping[str, Any], call: str) -> set[str]:
    """The approvals under which a call acts, as plans call them: all whose plan holds it."""
    site, indexes = statement_of(call), call.split("/")[2:]
    return {
        name
        for gate, one in manifest["gates"].items()
        for name, plan in plans_of(gate, one).items()
        if site in plan and _fits(plan[site], indexes)
    }


def _fits(entry: Mapping[str, Any], indexes: Sequence[str]) -> bool:
    loops = entry.get("loops", [])
    return len(loops) == len(indexes) and all(
        int(index) < int(bound) for index, bound in zip(indexes, loops, strict=True)
    )


def child_at(manifest: Mapping[str, Any], call: str) -> Mapping[str, Any] | None:
    """The manifest's entry of a child that is run by this call; None when there is no such call, or
    its indexes are others than its loops let there be."""
    workflow, _, rest = call.partition("/")
    ordinal, *indexes = rest.split("/")
    entry: Mapping[str, Any] | None = manifest.get("children", {}).get(f"{workflow}/{ordinal}")
    return entry if entry is not None and _fits(entry, indexes) else None


def arguments_at(manifest: Mapping[str, Any], one: Planned) -> dict[str, Any]:
    """The arguments of the entry as terms of this very call: an element is the path of the one at
    the call's index, a result is of the call in the same round.

    Raises:
        EvidenceError: ``manifest``, when a term names a loop that is not around the call.
    """
    return {
        name: _term(manifest, term, one.indexes) for name, term in one.entry["arguments"].items()
    }


def terms_of(gate: Mapping[str, Any], call: str, ask: str) -> dict[str, Any]:
    """The arguments of a planned call as terms that name places: what an index stands for is put
    in, a result is left as of its call site. Empty for a call that the plan of the ask has not."""
    one = planned(gate, call, ask)
    return {} if one is None else arguments_at({"gates": {}}, one)


def _term(
    manifest: Mapping[str, Any], term: Mapping[str, Any], indexes: Sequence[str]
) -> Mapping[str, Any]:
    ((kind, operand),) = term.items()
    if kind == "each":
        return {"path": _pointer(operand, indexes)}
    if kind == "under":
        return {"under": [operand[0], _pointer(operand[1:], indexes)]}
    if kind == "expr":
        return {"expr": _tree(operand, indexes)}
    if kind == "result":
        site, field = operand
        return {"result": ["/".join([site, *indexes[: _depth(manifest, site)]]), field]}
    return term


def _pointer(parts: Sequence[str], indexes: Sequence[str]) -> str:
    """``[list, loop, rest, …]``: every second part is the number of a loop, from 0."""
    found = parts[0]
    for loop, rest in zip(parts[1::2], parts[2::2], strict=True):
        if int(loop) >= len(indexes):
            raise EvidenceError("manifest", "a plan term names a loop that is not around its call")
        found += f"/{indexes[int(loop)]}{rest}"
    return found


def _tree(tree: Any, indexes: Sequence[str]) -> Any:
    if isinstance(tree, list):
        return [_tree(part, indexes) for part in tree]
    if not isinstance(tree, dict):
        return tree
    found: dict[str, Any] = {}
    for kind, operand in tree.items():
        if kind in ("each", "under"):
            pointer = _pointer(operand[1:], indexes)
            found["path" if kind == "each" else "under"] = [operand[0], pointer]
        else:
            found[kind] = operand if kind in ("const", "path") else _tree(operand, indexes)
    return found


def _depth(manifest: Mapping[str, Any], site: str) -> int:
    """How many loops are around a planned call."""
    for name, gate in manifest["gates"].items():
        for plan in plans_of(name, gate).values():
            if site in plan:
                return len(plan[site].get("loops", []))
    return 0
