"""The closer: an end for instances whose run ended without one (DESIGN section 5).

An operator's terminate, a server's limit, non-determinism or a lost build run no workflow code. The
closer puts REJECTED or TERMINATED, cause execution_lost, at the next number. The put is
create-exclusive, so it also fences a writer that comes late; and a writer that was first is found
and left alone. It never bridges a gap. While this machine's clock is not the server's it ends
nothing.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, Literal

from gantral.authority import ENDS, Cause, State
from gantral.evidence import (
    AlreadyThere,
    EvidenceError,
    Spoilt,
    Store,
    StoreError,
    TrustFile,
    seal,
)
from gantral.evidence.commit import BuildCommit, build_commit
from gantral.evidence.envelope import unwrap, write_envelope
from gantral.evidence.forms import instant_ms, instant_text
from gantral.evidence.signers import Signer
from gantral.runtime.workers.chain import Chain, MissingEvidence, Read
from gantral.runtime.workers.leaves import drop_drafts
from gantral.runtime.workers.server_clock import WrongClock, check_clock
from gantral.runtime.workers.told import SEALED, UNDOS, Told
from temporalio.client import Client, WorkflowExecutionStatus
from temporalio.service import RPCError, RPCStatusCode

# A gate past its reject instant by this much is served by nobody: its timer runs no code.
UNSERVED = timedelta(minutes=15)
# The server lists a run as closed an instant before its last commit's worker has answered; and a
# draft may be delivered again for a day.
_DRAFTS_KEPT = timedelta(days=1)
_RPC = timedelta(seconds=10)
# How long an instance is not looked at again while Temporal lists its run as running: ten thousand
# that wait would keep a core busy. What it may miss is a gate that nobody serves, for so long.
_LISTED = timedelta(minutes=15)


@dataclass(frozen=True)
class Closed:
    """One instance the closer looked at that needs telling: ``what`` is closed, missing (evidence
    before the end is), or wrong (the chain does not hold)."""

    instance_id: str
    what: Literal["closed", "missing", "wrong"]
    why: str


@dataclass(frozen=True)
class _Head:
    last: Read
    artifact: dict[str, str]

    @property
    def state(self) -> str:
        return self.artifact["authority_state"]


@dataclass(frozen=True)
class Closer:
    """Looks through the store; signs with the closer key, which is good for nothing else."""

    store: Store
    drafts: Store
    trust: TrustFile
    key: Signer
    _ended: set[str] = field(default_factory=set)
    # Instance -> the moment, monotonic, from which it is looked at though its run is listed.
    _quiet: dict[str, float] = field(default_factory=dict)

    async def sweep(self, client: Client, team: str) -> AsyncIterator[Closed]:
        """Close every lost instance of a team; what was closed or can't be is told.

        Raises:
            StoreError, RPCError: the store or Temporal can't be asked.
            WrongClock: this machine's clock is not the server's.
        """
        await check_clock(client, _now_ms(), self.trust.max_skew)
        running = await _running(client, team) if self._quiet else frozenset()
        for instance_id in await asyncio.to_thread(lambda: list(self.instances(team))):
            if instance_id in running and time.monotonic() < self._quiet.get(instance_id, 0.0):
                continue
            try:
                told = await self._look(client, Chain(self.store, self.trust, team, instance_id))
            except MissingEvidence as error:
                told = Closed(instance_id, "missing", str(error))
            except (EvidenceError, Spoilt) as error:
                told = Closed(instance_id, "wrong", getattr(error, "message", str(error)))
            if told is not None:
                yield told

    def instances(self, team: str) -> Iterator[str]:
        """Every instance of the team in the store that is not known to have ended."""
        return (name for name in self.store.folders(team) if name not in self._ended)

    async def _look(self, client: Client, chain: Chain) -> Closed | None:
        head = await asyncio.to_thread(self._head, chain)
        if head is None:
            return None
        if head.state in ENDS:
            if instant_ms(head.last.statement["timestamp"]) < _now_ms() - _ms(_DRAFTS_KEPT):
                await asyncio.to_thread(drop_drafts, chain, self.drafts, head.last.number + 1)
                self._ended.add(chain.instance_id)
                self._quiet.pop(chain.instance_id, None)
            return None
        rejects_at = self._rejects_at(chain, head)
        why = await _lost(client, chain.instance_id, rejects_at)
        if why is None:
            left = _LISTED.total_seconds()
            if rejects_at != "none":
                unserved = instant_ms(rejects_at) + _ms(UNSERVED)
                left = min(left, (unserved - _now_ms()) / 1000)
            self._quiet[chain.instance_id] = time.monotonic() + left
            return None
        # It may have jumped since the sweep began.
        await check_clock(client, _now_ms(), self.trust.max_skew)
        # It may have ended while Temporal was asked: what lies in the store is what counts.
        head = await asyncio.to_thread(self._head, chain)
        if head is None or head.state in ENDS:
            return None
        return await asyncio.to_thread(self.close, chain, head.last, head.artifact, why)

    def close(self, chain: Chain, last: Read, artifact: dict[str, str], why: str) -> Closed | None:
        """Put the end after ``last``; None when a late writer was first."""
        waiting = artifact["authority_state"] == State.WAITING_FOR_HUMAN
        told = Told()
        for number in range(last.number + 1):
            told.tell(chain.need(number).statement["records"])
        # REJECTED holds its end alone: nothing is claimed while people are asked.
        untold = [] if waiting else told.untold(chain)
        told.tell(untold)
        # Never before what it tells, even if this clock is a little behind.
        at = max(instant_text(_now_ms()), last.statement["timestamp"], *_times(untold))
        built = build_commit(
            BuildCommit(
                owning_team_id=chain.team,
                workflow_id=artifact["workflow_id"],
                workflow_version_id=artifact["workflow_version_id"],
                instance_id=chain.instance_id,
                commit=last.number + 1,
                prev_commit_hash=last.hash,
                last_artifact_hash=artifact["artifact_hash"],
                sequence=int(artifact["sequence"]) + 1,
                previous_state=artifact["authority_state"],
                states=(State.REJECTED if waiting else State.TERMINATED,),
                timestamp=at,
                context=last.statement["context"],
                gate=artifact["gate"] if waiting else "none",
                round=artifact["round"] if waiting else "none",
                cause=Cause.EXECUTION_LOST,
                records=[
                    *untold,
                    {
                        "kind": "end",
                        "message": "none",
                        "statement": "none",
                        "standing": told.standing(),
                    },
                ],
            )
        )
        envelope = seal("commit", built.statement, self.key)
        try:
            self.store.put(chain.commit_key(last.number + 1), write_envelope(envelope))
        except AlreadyThere:
            return None
        return Closed(chain.instance_id, "closed", why)

    def _head(self, chain: Chain) -> _Head | None:
        """The last commit; None where nothing is committed (yet): texts come before it."""
        number = chain.head()
        if chain.beyond(number):
            raise MissingEvidence(f"commit {number} is missing and later ones are there")
        if number == 0:
            return None
        previous = None
        for at in range(number):
            read = chain.need(at)
            if previous is not None and read.statement["prev_commit_hash"] != previous.hash:
                raise EvidenceError("link", f"commit {at} does not follow commit {at - 1}")
            previous = read
        artifact = chain.last_artifact(number)
        if previous is None or artifact is None:
            raise MissingEvidence("the chain holds no artifact")
        return _Head(previous, artifact)

    def _rejects_at(self, chain: Chain, head: _Head) -> str:
        if head.state != State.WAITING_FOR_HUMAN:
            return "none"
        for record in head.last.records("clock"):
            for instant, action, *_ in record["instants"]:
                if action == "reject":
                    return str(instant)
        return "none"


async def _running(client: Client, team: str) -> frozenset[str]:
    """The instances whose run the server lists as running. It may list one that ended a moment ago,
    and lack one that began a moment ago: the next sweep, and a look, see to those."""
    query = f'GantralTeam = "{team}" AND ExecutionStatus = "Running"'
    try:
        return frozenset([one.id async for one in client.list_workflows(query, page_size=1000)])
    except RPCError as error:
        if error.status is RPCStatusCode.INVALID_ARGUMENT:
            # A namespace that has not our attributes yet lists none of ours.
            return frozenset()
        raise


async def _lost(client: Client, instance_id: str, rejects_at: str) -> str | None:
    """Why the run of an instance is lost, None while it is not."""
    try:
        run = await client.get_workflow_handle(instance_id).describe(rpc_timeout=_RPC)
    except RPCError as error:
        if error.status is RPCStatusCode.NOT_FOUND:
            return "Temporal does not know its run"
        raise
    if run.status is WorkflowExecutionStatus.CONTINUED_AS_NEW:
        # It goes on in another history, which the server is about to tell.
        return None
    if run.status is not WorkflowExecutionStatus.RUNNING:
        word = run.status.name.lower() if run.status is not None else "closed"
        return f"its run is {word}"
    if rejects_at != "none" and _now_ms() > instant_ms(rejects_at) + _ms(UNSERVED):
        return f"its gate's time was over at {rejects_at} and nobody serves it"
    return None


def _times(records: list[dict[str, Any]]) -> list[str]:
    """When each claim and outcome among records was."""
    found: list[str] = []
    for record in records:
        member = {**SEALED, **UNDOS}[record["kind"]]
        kind = "use" if member == "claim" else "outcome"
        found.append(unwrap(record[member], kind).statement["timestamp"])
    return found


def _now_ms() -> int:
    return int(datetime.now(UTC).timestamp() * 1000)


def _ms(length: timedelta) -> int:
    return length // timedelta(milliseconds=1)


__all__ = ["Closed", "Closer", "StoreError", "WrongClock"]
