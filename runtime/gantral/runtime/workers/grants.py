"""What an effect acts under, read from the store and checked as the verifier does it.

Nothing of history is believed (DESIGN section 5, Effect; FORMAT section 6): the command only says
where to look.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from gantral.authority import Cause
from gantral.evidence import EvidenceError
from gantral.evidence.expr import evaluate
from gantral.evidence.forms import duration_ms, plus
from gantral.evidence.gate import Grant, check_grant, records_of
from gantral.evidence.passed import check_unasked, check_waiver
from gantral.evidence.uses import ACTS
from gantral.policy.shapes import Shape, at, bare, leaves, persons
from gantral.runtime.commands import EffectCommand
from gantral.runtime.commands import Grant as Named
from gantral.runtime.programs import ProgramInfo
from gantral.runtime.workers.actors import Actors
from gantral.runtime.workers.chain import Chain, MissingEvidence
from gantral.runtime.workers.deciders import voted_before


class NotGranted(Exception):  # noqa: N818 - what the answer is, not a fault
    """The effect may not run: the cause for the evidence, and why in words."""

    def __init__(self, cause: Cause, why: str) -> None:
        self.cause = cause
        super().__init__(why)


@dataclass(frozen=True)
class Argument:
    """The leaf values of a call's arguments: dotted name -> text, and each one's shape."""

    values: Mapping[str, str]
    shapes: Mapping[str, Shape]


def lapses(grant: Grant) -> str:
    """When the grant lapses, counted from the deciding commit in elapsed time, or "none"."""
    lasts = grant.manifest_gate["lasts"]
    return "none" if lasts == "none" else plus(grant.decided_at, duration_ms(lasts))


def granted(
    chain: Chain, program: ProgramInfo, command: EffectCommand, named: Named, effect: str
) -> Grant:
    """Check one named grant for the operation ``effect`` of the command's call.

    Raises:
        NotGranted: with its cause.
        EvidenceError, MissingEvidence, StoreError: what lies in the store is not such a grant.
    """
    manifest = program.manifest
    kind = manifest["operations"][effect]["kind"]
    # No plan holds anything else, so the plan's check below refuses it too: defence in depth.
    if kind not in ACTS:
        raise NotGranted(Cause.AUTHORITY_AMBIGUOUS, f"{effect} is no effect")
    created = chain.need(0)
    if created.artifacts[0]["workflow_version_id"] != command["program"]:
        raise NotGranted(Cause.AUTHORITY_AMBIGUOUS, "the instance runs under another program")
    decision = chain.need(named["decision_commit"])
    if not chain.trust.allows(
        chain.team, program.workflow_id, program.version_id, decision.statement["timestamp"]
    ):
        raise NotGranted(Cause.AUTHORITY_AMBIGUOUS, "the trust file does not allow this program")
    if "waiver" in named:
        if decision.hash != named["waiver"] or not records_of(decision.statement, "waiver"):
            raise NotGranted(Cause.CONTEXT_MISMATCH, "that commit is no waiver, or another one")
        grant = check_waiver(manifest, decision.statement, decision.hash)
        if kind == "critical effect":
            raise NotGranted(Cause.AUTHORITY_AMBIGUOUS, f"{effect} is critical and wants people")
    elif "unasked" in named:
        if decision.hash != named["unasked"] or not records_of(decision.statement, "unasked"):
            raise NotGranted(Cause.CONTEXT_MISMATCH, "that commit asked somebody, or is another")
        grant = check_unasked(manifest, decision.statement, decision.hash)
    else:
        waiting = chain.need(named["waiting_commit"])
        if decision.statement["prev_commit_hash"] != waiting.hash:
            raise NotGranted(Cause.CONTEXT_MISMATCH, "the decision follows another question")
        gate = manifest["gates"].get(named["gate"], {"apart": []})
        grant = check_grant(
            manifest,
            chain.trust,
            created.statement,
            waiting.statement,
            decision.statement,
            voted_before(chain, gate, waiting.number),
        )
        if grant.name != named["artifact"]:
            raise NotGranted(Cause.CONTEXT_MISMATCH, "the decision in the store is another one")
    if (grant.gate, grant.round) != (named["gate"], str(named["round"])):
        raise NotGranted(Cause.AUTHORITY_AMBIGUOUS, "the grant is of another gate or round")
    plan = grant.planned(command["call"])
    if (
        plan is None
        or plan.entry["operation"] != effect
        or effect not in grant.manifest_gate["releases"]
    ):
        raise NotGranted(
            Cause.AUTHORITY_AMBIGUOUS, f"the gate {grant.gate} does not release {command['call']}"
        )
    if grant.by == "nobody" and "asked" in plan.entry:
        raise NotGranted(
            Cause.AUTHORITY_AMBIGUOUS, f"{command['call']} acts under an ask of every case"
        )
    return grant


def read_arguments(shape: Shape, data: Mapping[str, Any], actors: Actors | None) -> Argument:
    """The leaves of checked wire arguments, persons as actor ids.

    Raises:
        NotGranted: there are persons and this worker can't tell their actor ids.
    """
    values = {pointer: _leaf(value) for pointer, value in leaves(shape, data).items()}
    for pointer, person in persons(shape, data).items():
        if actors is None:
            raise NotGranted(
                Cause.AUTHORITY_AMBIGUOUS,
                "this worker has no pepper ([keys] pepper), so it can't tell who a person is",
            )
        values[pointer] = actors.resolve(person)
    return Argument(
        {_dotted(pointer): value for pointer, value in values.items()},
        {_dotted(pointer): bare(at(shape, pointer)) for pointer in values},
    )


def compare(
    chain: Chain,
    terms: Mapping[str, Any],
    rows: list[list[str]],
    arguments: Argument,
    read: Mapping[str, str],
) -> None:
    """Hold each argument against what was approved. ``rows`` are the claim's
    ``[[dotted name, source, leaf], …]``; ``read`` what computed terms read, as ``approved`` says.

    Raises:
        NotGranted: drifted.
        MissingEvidence, EvidenceError, StoreError: an approved value can't be read.
    """
    wanted: dict[str, str] = {}
    for name, _, hashed in rows:
        if hashed != "none":
            wanted[name] = chain.value(hashed)
        elif "const" in terms[name]:
            wanted[name] = terms[name]["const"][1]
        elif name in arguments.values:
            if not _computed(chain, terms[name]["expr"], arguments, name, read):
                raise NotGranted(Cause.DRIFTED, f"argument {name} is not what was approved")
            wanted[name] = arguments.values[name]
    for name in sorted(wanted.keys() | arguments.values.keys()):
        if wanted.get(name) != arguments.values.get(name):
            raise NotGranted(Cause.DRIFTED, f"argument {name} is not what was approved")


def approved(grant: Grant, others: Mapping[str, Grant]) -> dict[str, str]:
    """What was approved, place -> leaf: a pointer of the grant's own gate, or ``gate:pointer``, of
    one whose asks are told apart ``ask:pointer``."""
    return {
        **grant.context,
        **{
            f"{name}:{pointer}": hashed
            for name, other in others.items()
            for pointer, hashed in other.context.items()
        },
    }


def _computed(
    chain: Chain, tree: Mapping[str, Any], arguments: Argument, name: str, read: Mapping[str, str]
) -> bool:
    def value(source: str, place: str) -> str:
        if source not in ("path", "under") or place not in read:
            raise EvidenceError("argument", f"nothing is approved at {place}")
        return chain.text(read[place], place.partition(":")[2] or place)

    kind = arguments.shapes[name][0]
    given = {
        "const": ["string" if kind in ("enum", "json", "person") else kind, arguments.values[name]]
    }
    return evaluate(tree, value) == evaluate(given, value)


def refusal(error: Exception) -> NotGranted:
    """The cause of what the checks raise: a hash that does not fit is context_mismatch, anything
    else that is wrong or missing leaves authority ambiguous."""
    if isinstance(error, NotGranted):
        return error
    if isinstance(error, EvidenceError) and error.code in _MISMATCH:
        return NotGranted(Cause.CONTEXT_MISMATCH, error.message)
    words = error.message if isinstance(error, EvidenceError) else str(error)
    if isinstance(error, MissingEvidence):
        words = f"evidence is missing: {words}"
    return NotGranted(Cause.AUTHORITY_AMBIGUOUS, words)


_MISMATCH = frozenset(
    {"hash", "context", "artifact_hash", "approved_context", "amended_values", "opened", "argument"}
)


def _dotted(pointer: str) -> str:
    return pointer[1:].replace("/", ".")


def _leaf(value: Any) -> str:
    return value if isinstance(value, str) else "{}" if isinstance(value, dict) else "[]"
