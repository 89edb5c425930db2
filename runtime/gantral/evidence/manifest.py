"""Read a manifest strictly, as far as evidence needs it (docs/manifest.md)."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from gantral.evidence.bytes import MANIFEST_DEPTH, MAX_BYTES, parse_object
from gantral.evidence.calendar import is_calendar
from gantral.evidence.cases import ALWAYS
from gantral.evidence.errors import EvidenceError
from gantral.evidence.forms import duration_ms
from gantral.evidence.formula import clauses
from gantral.evidence.planned import Plan, plans_of
from gantral.evidence.program import MANIFEST
from gantral.evidence.trees import check_gate, check_shape, check_term, keeps_deciders

TYPE = "gantral.dev/manifest/v1"


# An auditor judges many instances of few programs: one is read once. Nobody changes the result.
@lru_cache(maxsize=16)
def check_manifest(data: bytes) -> dict[str, Any]:
    """The manifest of exact bytes.

    Raises:
        EvidenceError: ``bytes``, ``form`` or ``manifest``; ``version`` (inconclusive) for a type
            unknown here.
    """
    manifest = parse_object(data, MAX_BYTES, MANIFEST_DEPTH)
    if manifest.get("type") != TYPE:
        raise EvidenceError("version", f"manifest.json is not {TYPE}", inconclusive=True)
    MANIFEST.require(manifest)
    sites = {row[0] for row in manifest["automaton"]}
    if not all(set(row[2]) <= sites for row in manifest["automaton"]) or "start" not in sites:
        raise EvidenceError("manifest", "the automaton leads to a site that it does not hold")
    if len(sites) != len(manifest["automaton"]):
        raise EvidenceError("manifest", "the automaton has a site twice")
    for name in ("input", "output"):
        check_shape(manifest[name], name)
    _check_waits(manifest)
    for name, operation in manifest["operations"].items():
        for argument, term in (
            operation["undo"]["arguments"].items() if operation["undo"] != "none" else ()
        ):
            check_term(term, f"operations/{name}/undo/{argument}")
    for name, gate in manifest["gates"].items():
        check_gate(gate, f"gates/{name}")
        for who in filter(keeps_deciders, gate["apart"]):
            other = manifest["gates"].get(who["deciders"])
            # Whichever of the two is asked first, the other one's voters are kept out.
            if other is None or {"deciders": name} not in other["apart"]:
                raise EvidenceError("manifest", f"the gate {name} is apart from no gate that is so")
        *conditional, last = gate["decide"] or [{"when": "none"}]
        if last["when"] != ALWAYS or any(case["when"] == ALWAYS for case in conditional):
            raise EvidenceError("manifest", f"the last case, and no other, of {name} is `always`")
        for case in gate["decide"]:
            clauses(case["formula"])
        if not gate["clock"] or gate["clock"][-1][1] != "reject" or not _calendar_first(gate):
            raise EvidenceError("manifest", f"the gate {name} does not end in a reject")
        for clause in ("waived", "guarded"):
            if gate[clause] != "none" and gate[clause] not in manifest["policies"]:
                raise EvidenceError("manifest", f"the gate {name} is {clause} by no policy of it")
        for plan in plans_of(name, gate).values():
            _check_planned(manifest, name, gate, plan)
        if "asks" in gate and gate["asks"].keys() != _asks_in(manifest, name):
            raise EvidenceError("manifest", f"the asks of {name} are not those of the program")
    _asked_for(manifest)
    return manifest


def _check_planned(
    manifest: Mapping[str, Any], name: str, gate: Mapping[str, Any], plan: Plan
) -> None:
    for planned in plan.values():
        if planned["operation"] not in manifest["operations"]:
            raise EvidenceError("manifest", f"the gate {name} plans an unknown operation")
        if "asked" in planned and ("only_if" not in gate or "asks" in gate):
            raise EvidenceError("manifest", f"the gate {name} is asked one way alone")


def _asks_in(manifest: Mapping[str, Any], gate: str) -> set[str]:
    """The sites at which the program asks this gate."""
    return {
        site
        for site, state, _ in manifest["automaton"]
        if state == "WAITING_FOR_HUMAN" and site.rpartition("/")[0] == gate
    }


def _check_waits(manifest: dict[str, Any]) -> None:
    events, waits = manifest.get("events", {}), manifest.get("waits", {})
    if ("events" in manifest) != ("waits" in manifest) or (not waits and "waits" in manifest):
        raise EvidenceError("manifest", "events and waits stand together, or neither does")
    for name, event in events.items():
        check_shape(event["data"], f"events/{name}")
        if not event["from"]:
            raise EvidenceError("manifest", f"nobody may send the event {name}")
    for site, wait in waits.items():
        duration_ms(wait["within"])
        if not wait["events"] or not set(wait["events"]) <= events.keys():
            raise EvidenceError("manifest", f"{site} is for an event that is not there")
        for other in wait.get("beside", ()):
            if other == site or site not in waits.get(other, {}).get("beside", ()):
                raise EvidenceError("manifest", f"{site} is beside {other}, which is not beside it")


def _calendar_first(gate: dict[str, Any]) -> bool:
    """Whether a calendar stands at most once, before all ticks."""
    return not any(map(is_calendar, gate["clock"][1:]))


def _asked_for(manifest: Mapping[str, Any]) -> None:
    """Beside an approval that is asked for ``only if`` some approval of the call is asked for
    whatever the case; of a critical one by people alone (LANGUAGE section 8, rules 2 and 4).
    Without such an approval a claim under a waiver is judged by itself. Where a gate is asked both
    ways, each call says whether it acts under an ask of the one kind or of the other; where its
    asks are told apart, they do."""
    # Of each call: whether each approval is uncertain, and whether policy may waive it.
    found: dict[str, list[tuple[bool, bool]]] = {}
    critical: set[str] = set()
    for gate_name, gate in manifest["gates"].items():
        conditions = gate.get("only_if", {})
        for name, plan in plans_of(gate_name, gate).items():
            for call, entry in plan.items():
                uncertain = name in conditions if "asks" in gate else "only_if" in gate
                uncertain = uncertain and "asked" not in entry
                found.setdefault(call, []).append((uncertain, gate["waived"] != "none"))
                if manifest["operations"][entry["operation"]]["kind"] == "critical effect":
                    critical.add(call)
    for call, approvals in found.items():
        if not any(uncertain for uncertain, _ in approvals):
            continue
        if all(uncertain or (call in critical and waived) for uncertain, waived in approvals):
            raise EvidenceError("manifest", f"nobody may have been asked for {call}")
