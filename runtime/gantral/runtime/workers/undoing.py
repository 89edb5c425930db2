"""Who may undo what an instance did: itself while it runs; once it has COMPLETED those that ran it
as their child, while they run (LANGUAGE section 8, rule 7, ADR 0140)."""

from __future__ import annotations

from collections.abc import Sequence

from gantral.authority import Cause, State
from gantral.evidence.envelope import unwrap
from gantral.runtime.workers.chain import Chain
from gantral.runtime.workers.grants import NotGranted


def may_undo(chain: Chain, parents: Sequence[str]) -> None:
    """Demand that the last of ``parents``, or the instance itself, runs, and that each in between
    COMPLETED as the child of the next: its parent's chain tells its very start.

    Raises:
        NotGranted: it does not. EvidenceError, MissingEvidence, StoreError.
    """
    child = chain
    for instance_id in parents:
        _want(child, State.COMPLETED)
        parent = Chain(chain.store, chain.trust, chain.team, instance_id)
        if not _tells(parent, child):
            why = f"{instance_id} did not run {child.instance_id} as its child"
            raise NotGranted(Cause.AUTHORITY_AMBIGUOUS, why)
        child = parent
    _want(child, State.RUNNING)


def _want(chain: Chain, state: State) -> None:
    last = chain.last_artifact(chain.head())
    found = "not there" if last is None else last["authority_state"]
    if found != state:
        why = f"{chain.instance_id} is {found}, so nothing is undone for it"
        raise NotGranted(Cause.AUTHORITY_AMBIGUOUS, why)


def _tells(parent: Chain, child: Chain) -> bool:
    decision = child.need(0).statement["decision"]
    began = unwrap(decision["submission"], "submission").hash
    return any(
        unwrap(record["submission"], "submission").hash == began
        for number in range(parent.head())
        for record in parent.need(number).records("child")
    )
