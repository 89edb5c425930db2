"""Claimed uses and their outcomes: what an effect did under a grant (FORMAT section 6)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from gantral.evidence import errors, forms
from gantral.evidence.errors import EvidenceError
from gantral.evidence.gate import Grant
from gantral.evidence.planned import arguments_at, terms_of

CLAIM_TYPE = "gantral.dev/use/v1"
OUTCOME_TYPE = "gantral.dev/outcome/v1"
UNDO = "undo/"
UNDER = "under:"
ACTS = frozenset({"effect", "critical effect"})

# call id -> pointer into the result -> leaf
Results = Mapping[str, Mapping[str, str]]
Argument = list[str]


def check_outcome(
    outcome: Mapping[str, Any],
    claim: Mapping[str, Any] | None,
    told: bool,
    now: str,
    max_skew: int,
) -> None:
    """Judge an outcome that a commit at ``now`` tells, against the claim of its slot; ``told``:
    whether that slot has an outcome already. max_skew: milliseconds.

    Raises:
        EvidenceError: ``outcome``, ``outcome_twice``, ``outcome_time``.
    """
    if claim is None or any(
        outcome[name] != claim[name] for name in ("call", "operation", "grant", "slot")
    ):
        raise errors.EvidenceError("outcome", "an outcome without its claim")
    if told:
        errors.refuse("outcome_twice", f"slot {outcome['slot']} has two outcomes")
    at = forms.instant_ms(outcome["timestamp"])
    if at < forms.instant_ms(claim["timestamp"]) or at > forms.instant_ms(now) + max_skew:
        errors.refuse("outcome_time", "the outcome is not between its claim and its commit")


def is_undo(slot: str) -> bool:
    """Whether the slot is of an undo: ``undo/<slot of the effect>``."""
    return slot.startswith(UNDO)


def plan_arguments(
    arguments: Mapping[str, Any],
    context: Mapping[str, str],
    results: Results,
    others: Mapping[str, Grant],
) -> list[Argument]:
    """What a planned call's claim must list: [[dotted name, source, leaf], …] sorted by name.

    ``arguments`` is the manifest's plan of the call, at its place in its loops. A path stands for
    every leaf of the approved data at it and below; a constant or computed value has the source
    ``=`` and no leaf; a result the source ``result:<call id>.<field>`` and the outcome's leaf; what
    another gate shows the source ``under:<grant><pointer>`` and that grant's leaf (ADR 0114).
    ``others`` are the other grants of the call, by what plans call them.

    Raises:
        EvidenceError: ``argument``, when a term finds nothing.
    """
    found: list[Argument] = []
    for name, term in arguments.items():
        ((kind, operand),) = term.items()
        if kind == "path":
            found += _below(name, operand, operand, context)
        elif kind == "under":
            other, pointer = operand
            if other not in others:
                said = f"{name} is shown by {other}, whose yes is not here"
                raise EvidenceError("argument", said)
            source = f"{UNDER}{others[other].name}{pointer}"
            found += _below(name, pointer, source, others[other].context)
        elif kind == "result":
            call, field = operand
            pointer = field.replace(".", "/")
            leaves = _below(
                name, pointer, f"result:{call}{field}", results.get(call, {}), dots=True
            )
            found += leaves
        elif kind in ("const", "expr"):
            found.append([name, "=", "none"])
        else:
            raise EvidenceError("manifest", f"unknown plan term {kind!r:.40}", inconclusive=True)
    return sorted(found)


def undo_arguments(
    arguments: Mapping[str, Any], effect: Sequence[Argument], call: str, result: Mapping[str, str]
) -> list[Argument]:
    """What an undo's claim must list, from the effect's claimed arguments and its result.

    Sources: ``result:<call id>.<field>``; for an argument of the effect ``argument:<dotted
    name>`` with that argument's leaf; ``=`` for a constant.

    Raises:
        EvidenceError: ``argument``.
    """
    found: list[Argument] = []
    claimed = {"/" + name.replace(".", "/"): leaf for name, _, leaf in effect}
    for name, term in arguments.items():
        ((kind, operand),) = term.items()
        if kind == "result":
            pointer = operand[1].replace(".", "/")
            source = f"result:{call}{operand[1]}"
            found += _below(name, pointer, source, result, dots=True)
        elif kind == "path":
            source = "argument:" + operand[1:].replace("/", ".")
            found += _below(name, operand, source, claimed, dots=True)
        elif kind == "const":
            found.append([name, "=", "none"])
        else:
            raise EvidenceError("manifest", f"unknown plan term {kind!r:.40}", inconclusive=True)
    return sorted(found)


def _below(
    name: str, pointer: str, source: str, leaves: Mapping[str, str], *, dots: bool = False
) -> list[Argument]:
    found: list[Argument] = []
    for path, leaf in leaves.items():
        if path == pointer or path.startswith(pointer + "/"):
            rest = path[len(pointer) :]
            dotted = rest.replace("/", ".")
            found.append([name + dotted, source + (dotted if dots else rest), leaf])
    if not found:
        raise EvidenceError("argument", f"nothing is bound at {pointer:.80} for {name}")
    return found


def check_claim(
    manifest: Mapping[str, Any],
    grant: Grant,
    claim: Mapping[str, Any],
    results: Results,
    grants: Mapping[str, Grant],
    max_skew: int = 0,
) -> None:
    """Check a claim of an effect (not of an undo) against its grant. ``results`` are the leaves of
    earlier outcomes; ``grants`` all that was granted so far, by name; ``max_skew`` in milliseconds.

    Raises:
        EvidenceError: ``released``, ``critical``, ``asked``, ``slot``, ``lasts``, ``claim_time``,
            ``other_grant``, ``argument``.
    """
    gate, operation = grant.manifest_gate, claim["operation"]
    plan = grant.planned(claim["call"])
    if (
        plan is None
        or plan.entry["operation"] != operation
        or operation not in gate["releases"]
        or manifest["operations"][operation]["kind"] not in ACTS
    ):
        raise EvidenceError("released", f"the gate {grant.gate} does not release this call")
    if grant.by == "policy" and manifest["operations"][operation]["kind"] == "critical effect":
        errors.refuse("critical", f"{operation} is critical and acts under a waiver")
    if grant.by == "nobody" and "asked" in plan.entry:
        errors.refuse("asked", f"{claim['call']} acts under an ask of every case")
    if int(claim["slot"]) > int(gate["uses"]):
        errors.refuse("slot", f"slot {claim['slot']} of a gate with {gate['uses']} uses")
    if claim["queue"] != manifest["operations"][operation]["queue"]:
        errors.refuse("queue", f"{operation} is not served on the queue {claim['queue']:.60}")
    check_claim_time(grant, claim["timestamp"], max_skew)
    others = _others(claim, grants)
    arguments = arguments_at(manifest, plan)
    if claim["arguments"] != plan_arguments(arguments, grant.context, results, others):
        errors.refuse("argument", f"{claim['call']} acts on other data than what was approved")


def surely_alike(grant: Grant, a: Mapping[str, Any], b: Mapping[str, Any]) -> bool:
    """Whether two claims under one grant are of one operation with arguments that are equal
    whatever their values are: the same leaves, the same constants, the same computation. No rule
    reads values; the effect's worker, which does, also finds what is equal by chance."""
    if a["operation"] != b["operation"] or a["arguments"] != b["arguments"]:
        return False
    plans = [terms_of(grant.manifest_gate, claim["call"], grant.ask) for claim in (a, b)]
    # A constant or computed argument has no leaf; its term says what it is.
    return all(
        plans[0].get(name) == plans[1].get(name)
        for name, source, _ in a["arguments"]
        if source == "="
    )


def other_grants(claim: Mapping[str, Any]) -> set[str]:
    """The names of the other grants that a claim's arguments are shown by."""
    size = len(UNDER) + 64
    return {
        source[len(UNDER) : size] for _, source, _ in claim["arguments"] if source.startswith(UNDER)
    }


def _others(claim: Mapping[str, Any], grants: Mapping[str, Grant]) -> dict[str, Grant]:
    found: dict[str, Grant] = {}
    # Where two grants of one ask are named, what one of them shows does not fit the other.
    for name in sorted(other_grants(claim)):
        other = grants.get(name)
        if other is None:
            raise EvidenceError("other_grant", f"{claim['call']} names a grant that nobody gave")
        found[other.approval] = other
    return found


def check_claim_time(grant: Grant, at: str, max_skew: int = 0) -> None:
    """Check that an attempt that starts ``at`` lies within the grant's ``lasts``.

    Raises:
        EvidenceError: ``lasts`` (the cause ``lapsed``) or ``claim_time``.
    """
    age = forms.instant_ms(at) - forms.instant_ms(grant.decided_at)
    lasts = grant.manifest_gate["lasts"]
    if lasts != "none" and age > forms.duration_ms(lasts):
        errors.refuse("lasts", f"the approval of {grant.decided_at} lasts {lasts}")
    if age < -max_skew:
        errors.refuse("claim_time", "the claim is older than the decision that grants it")


def check_undo(
    manifest: Mapping[str, Any],
    grant: Grant,
    effect: Mapping[str, Any],
    result: Mapping[str, str],
    claim: Mapping[str, Any],
) -> None:
    """Check a claim of an undo: ``effect`` is the claim that it undoes, ``result`` the leaves of
    that one's outcome. Undo does not lapse (LANGUAGE section 8, rule 7).

    Raises:
        EvidenceError: ``undo`` or ``argument``.
    """
    undo = manifest["operations"][effect["operation"]]["undo"]
    if undo == "none" or undo["operation"] != claim["operation"] or effect["call"] != claim["call"]:
        raise EvidenceError("undo", f"{claim['operation']} does not undo {effect['operation']}")
    wanted = undo_arguments(undo["arguments"], effect["arguments"], effect["call"], result)
    if claim["arguments"] != wanted:
        errors.refuse("undo_argument", f"the undo of {claim['call']} acts on other data")
