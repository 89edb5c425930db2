"""The authority machine of one instance: its state is a projection of what was committed.

A transition happens in the store (``gantral.commit``); only its receipt moves the state, edge by
edge, through ``gantral.authority.advance``.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Literal

from gantral.authority import Cause, State, advance
from gantral.runtime import forms
from gantral.runtime.channel import Channel, Unanswered
from gantral.runtime.commands import COMMIT, EVIDENCE_QUEUE, ZEROS, Envelope
from gantral.runtime.commits import (
    CommitCommand,
    CommitContext,
    CommitReceipt,
    End,
    Record,
    SubmissionDecision,
    VotesDecision,
)
from gantral.runtime.ends import not_committed
from temporalio import workflow
from temporalio.common import RetryPolicy, SearchAttributeKey
from temporalio.exceptions import ApplicationError

# A commit whose worker was lost is delivered again, with the same command, until somebody answers;
# any answer is final, since every error of the activity is non-retryable (DESIGN section 5).
_ATTEMPT = timedelta(seconds=10)
_QUEUED = timedelta(days=1)
_REDELIVERY = RetryPolicy(initial_interval=timedelta(seconds=1), backoff_coefficient=1.0)

_STATE = SearchAttributeKey.for_keyword("GantralState")
_GATE = SearchAttributeKey.for_keyword("GantralGate")
_TEAM = SearchAttributeKey.for_keyword("GantralTeam")
_WORKFLOW = SearchAttributeKey.for_keyword("GantralWorkflow")


@dataclass(frozen=True)
class Identity:
    """Which instance of which program this is."""

    team: str
    workflow_id: str
    instance_id: str
    program: str
    run: str


@dataclass(frozen=True)
class Transition:
    """One commit to be: a group of states of ``authority.GROUPS`` and what goes with it."""

    states: tuple[State, ...]
    context: CommitContext
    cause: Cause = Cause.NONE
    gate: str = "none"
    round: int = 0
    human_actor_id: str = "none"
    policy_version_id: str = "none"
    decision: SubmissionDecision | VotesDecision | Literal["none"] = "none"
    records: tuple[Record, ...] = ()
    asked: Envelope | Literal["none"] = "none"  # the sealed answer behind a policy's record
    end: End | Literal["none"] = "none"
    at: datetime | None = None  # workflow time, unless it was fixed before


@dataclass(frozen=True)
class Committed:
    """What a commit left: its number, time and receipt."""

    number: int
    at: datetime
    receipt: CommitReceipt


def now() -> datetime:
    """Workflow time, cut to the millisecond: the only clock of evidence."""
    return forms.to_millisecond(workflow.now())


def whole(value: Any) -> int:
    """A count that was carried over. Raises ValueError for anything else."""
    if type(value) is not int or value < 0:
        raise ValueError("a count is a whole number")
    return value


def text(value: Any) -> str:
    """A text that was carried over. Raises ValueError for anything else."""
    if type(value) is not str:
        raise ValueError("it is no text")
    return value


class Machine:
    """State, chain and pending records of one instance. Only the main coroutine may move it."""

    def __init__(self, identity: Identity, channel: Channel) -> None:
        self.identity = identity
        self.channel = channel
        self.state: State | None = None
        self.commits = 0
        self.context_hash = "none"
        self._prev = ZEROS
        self._last_artifact = ZEROS
        self._sequence = 0
        self._records: list[Record] = []
        self._turn = asyncio.Lock()  # its waiters get it in their order
        self._broken = ""

    @property
    def last_artifact(self) -> str:
        """The hash of the last artifact that was committed."""
        return self._last_artifact

    def note(self, records: Sequence[Record]) -> None:
        """Keep uses and outcomes for the next commit that holds artifacts."""
        self._records.extend(records)

    def carry(self) -> dict[str, Any]:
        """The chain so far, for a new history of a run that is RUNNING."""
        assert self.state is State.RUNNING
        return {
            "commits": self.commits,
            "context_hash": self.context_hash,
            "prev": self._prev,
            "last_artifact": self._last_artifact,
            "sequence": self._sequence,
            "records": self._records,
        }

    def resume(self, carried: dict[str, Any]) -> None:
        """Go on with a chain. Raises KeyError, TypeError or ValueError if it is none."""
        self.commits = whole(carried["commits"])
        self.context_hash = text(carried["context_hash"])
        self._prev = text(carried["prev"])
        self._last_artifact = text(carried["last_artifact"])
        self._sequence = whole(carried["sequence"])
        self._records = list(carried["records"])
        self.state = State.RUNNING

    async def commit(self, transition: Transition) -> Committed:
        """Commit a transition, then move the state. Branches take their turn as they come: the
        time is that of the call, so times never fall along the chain.

        Raises:
            IllegalTransition: if the authority table does not hold the move; nothing is sent.
            ApplicationError: of type NotCommitted; nothing has become visible.
        """
        self._path(transition.states)
        at = transition.at or now()
        async with self._turn:
            if self._broken:
                # Of another branch, which the run is about to hear.
                raise not_committed(self._broken)
            try:
                return await self._put(transition, at)
            except ApplicationError as error:
                self._broken = error.message
                raise

    async def _put(self, transition: Transition, at: datetime) -> Committed:
        number = self.commits
        command = self._command(transition, at)
        try:
            receipt: CommitReceipt = await self.channel.ask(
                COMMIT,
                command,
                task_queue=EVIDENCE_QUEUE,
                start_to_close_timeout=_ATTEMPT,
                schedule_to_close_timeout=_QUEUED,
                retry_policy=_REDELIVERY,
                summary=" ".join(transition.states) or "records",
            )
        except Unanswered as silence:
            raise not_committed(silence.why, silence.rule) from silence
        # Where somebody answered by hand, the next commit finds no predecessor. What is no receipt
        # moves nothing at all.
        if type(receipt) is not dict or receipt.keys() != CommitReceipt.__required_keys__:
            raise not_committed("the answer is no receipt")
        if receipt["sequence"] != self._sequence + len(transition.states):
            raise not_committed("the receipt does not count the artifacts that were sent")
        self.state = self._path(transition.states)
        self.commits += 1
        self.context_hash = receipt["context_hash"]
        self._prev = receipt["commit_hash"]
        self._last_artifact = receipt["last_artifact"]
        self._sequence = receipt["sequence"]
        if transition.states:
            self._records.clear()
            self._publish(transition)
        return Committed(number, at, receipt)

    def _publish(self, transition: Transition) -> None:
        """Show the committed state to the inbox and Temporal's UI: plain text, no personal data."""
        waiting = self.state is State.WAITING_FOR_HUMAN
        updates = [
            _STATE.value_set(str(self.state)),
            _GATE.value_set(transition.gate if waiting else "none"),
        ]
        if transition.states[0] is State.CREATED:
            updates += [
                _TEAM.value_set(self.identity.team),
                _WORKFLOW.value_set(self.identity.workflow_id),
            ]
        workflow.upsert_search_attributes(updates)

    def show_wait(self, site: str) -> None:
        """Show the inbox a wait that is open ("none": no more): no gate's name has a slash."""
        workflow.upsert_search_attributes([_GATE.value_set(site)])

    def _path(self, states: Sequence[State]) -> State | None:
        reached = self.state
        for target in states:
            reached = advance(reached, target)
        return reached

    def _command(self, transition: Transition, at: datetime) -> CommitCommand:
        return {
            "team": self.identity.team,
            "workflow_id": self.identity.workflow_id,
            "instance_id": self.identity.instance_id,
            "program": self.identity.program,
            "commit": self.commits,
            "prev": self._prev,
            "last_artifact": self._last_artifact,
            "sequence": self._sequence,
            "states": [state.value for state in transition.states],
            "timestamp": forms.write_instant(at),
            "gate": transition.gate,
            "round": transition.round,
            "cause": transition.cause.value,
            "human_actor_id": transition.human_actor_id,
            "policy_version_id": transition.policy_version_id,
            "context": transition.context,
            "decision": transition.decision,
            # A waiver is the one record of its commit (FORMAT section 3): what is told waits.
            "records": [*(self._records if transition.states else ()), *transition.records],
            "asked": transition.asked,
            "end": transition.end,
        }
