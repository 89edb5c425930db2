"""One commit as the workflow asks for it: its context, decision and records, and the receipt.

Shapes as in ``commands``. Passed through the workflow sandbox: nothing here runs.
"""

from __future__ import annotations

from typing import Any, Literal, NotRequired, TypedDict

from gantral.runtime.commands import Envelope, Parent


class ContextValues(TypedDict):
    """A new context: every leaf gets a fresh salt.

    ``values``: pointer -> leaf value (text; ``{}`` absent, ``[]`` an empty list).
    ``persons``: pointer -> claim value, for leaves of type person; the worker writes the actor id.
    """

    values: dict[str, Any]
    persons: NotRequired[dict[str, str]]


class ContextLeaves(TypedDict):
    """A context whose leaves exist already (the input's, from the submission)."""

    leaves: list[list[str]]


class ContextSame(TypedDict):
    """The context of the predecessor (REJECTED after WAITING, TERMINATED, records only)."""

    same: Literal[True]


class ContextAmended(TypedDict):
    """The WAITING commit's context, save for these pointers, whose leaves are new."""

    amended: dict[str, Any]


class ContextSent(TypedDict):
    """The data of an event: its texts ``[salt, instance_id, path, value]`` as they were sealed, the
    sender's identity among them; the claim value of each person in the data."""

    sent: list[list[str]]
    persons: dict[str, str]


CommitContext = ContextValues | ContextLeaves | ContextSame | ContextAmended | ContextSent


class SubmissionDecision(TypedDict):
    """The decision of CREATED; ``parent`` of a child's alone, to find it, and never evidence."""

    submission: Envelope
    parent: NotRequired[Parent]


class VotesDecision(TypedDict):
    """The decision of APPROVED, OVERRIDDEN, REJECTED by a vote: every sealed vote, as delivered."""

    votes: list[Envelope]


class End(TypedDict):
    """What goes with REJECTED and TERMINATED.

    ``message``: text for people ("none" if there is none; it becomes an erasable leaf);
    ``statement``: the site that ended it ("require/1", "finance/1", "payments.refund/1", "none");
    ``standing``: call ids of effects that are done or unknown, and not undone.
    """

    message: str
    statement: str
    standing: list[str]


class PolicyRecord(TypedDict):
    """FORMAT section 3: what OPA was asked and what it said. ``guard``: for ``guarded by``."""

    kind: Literal["policy", "waiver", "guard"]
    gate: str
    round: str
    query: str
    policy_version_id: str
    input_hash: str
    answer: str


class UnaskedRecord(TypedDict):
    """The condition of an ``only if`` was false, so nobody was asked: which ``ask`` (its site), and
    the condition as the manifest has it."""

    kind: Literal["unasked"]
    gate: str
    round: str
    statement: str
    condition: str


class AskRecord(TypedDict):
    """Which ask it is, with the indexes of its loops; of a gate whose asks are told apart."""

    kind: Literal["ask"]
    gate: str
    round: str
    ask: str


class ClockRecord(TypedDict):
    """The gate's absolute instants: [[instant, action, from, to], …], rising."""

    kind: Literal["clock"]
    gate: str
    round: str
    instants: list[list[Any]]


class CalendarRecord(TypedDict):
    """The open periods of the gate's calendar: [[date, opens, closes], …] (ADR 0112)."""

    kind: Literal["calendar"]
    gate: str
    round: str
    periods: list[list[str]]


class DecidersRecord(TypedDict):
    """Who may not decide, and the actor ids behind ``actor`` and ``actors`` pointers."""

    kind: Literal["deciders"]
    gate: str
    round: str
    excluded: list[str]
    named: dict[str, list[str]]


class DirectoryRecord(TypedDict):
    """Who in the deployment's directory could decide, where they together can't (ADR 0182)."""

    kind: Literal["directory"]
    gate: str
    round: str
    holders: list[list[Any]]


class UseRecord(TypedDict):
    """One claimed use: the effect worker's signed claim."""

    kind: Literal["use"]
    claim: Envelope


class OutcomeRecord(TypedDict):
    """How a claimed use ended: the effect worker's signed outcome."""

    kind: Literal["outcome"]
    outcome: Envelope


class WaitRecord(TypedDict):
    """A wait was opened. ``events`` sorted; ``deadline`` the first instant too late."""

    kind: Literal["wait"]
    site: str
    round: str
    events: list[str]
    deadline: str


class EventRecord(TypedDict):
    """The event that came: sealed by the API, which verified its sender."""

    kind: Literal["event"]
    event: Envelope


class TimeoutRecord(TypedDict):
    """Nothing came before the deadline of the open wait."""

    kind: Literal["timeout"]
    site: str


class ChildRecord(TypedDict):
    """A child that is about to be started: its submission, as the evidence worker sealed it."""

    kind: Literal["child"]
    call: str
    submission: Envelope


class ChildEndRecord(TypedDict):
    """How a child ended: what its own chain says last. What it left standing the evidence worker
    adds."""

    kind: Literal["child_end"]
    call: str
    state: str
    cause: str
    gate: str
    artifact_hash: str


class ChildUndoRecord(TypedDict):
    """The claim of an undo of what a completed child did."""

    kind: Literal["child_undo"]
    claim: Envelope


class ChildUndoneRecord(TypedDict):
    """How an undo of what a completed child did ended."""

    kind: Literal["child_undone"]
    outcome: Envelope


Record = (
    PolicyRecord
    | UnaskedRecord
    | AskRecord
    | ClockRecord
    | CalendarRecord
    | DecidersRecord
    | DirectoryRecord
    | UseRecord
    | OutcomeRecord
    | WaitRecord
    | EventRecord
    | TimeoutRecord
    | ChildRecord
    | ChildEndRecord
    | ChildUndoRecord
    | ChildUndoneRecord
)
"""Records the workflow sends. The end record is written by the worker from ``end``."""


class CommitCommand(TypedDict):
    """The argument of ``gantral.commit``: one transition. Keyed by instance and commit number."""

    team: str
    workflow_id: str
    instance_id: str
    program: str  # workflow_version_id
    commit: int
    prev: str  # commit_hash of the predecessor, 64 zeros for commit 0
    last_artifact: str  # artifact_hash of the last artifact so far, 64 zeros for none
    sequence: int  # the sequence of the first artifact of this commit
    states: list[str]  # one of authority.GROUPS
    timestamp: str  # workflow time
    gate: str  # or "none"
    round: int  # 0 when there is no gate
    cause: str  # of the first artifact of the group
    human_actor_id: str  # or "none"
    policy_version_id: str  # or "none"
    context: CommitContext
    decision: SubmissionDecision | VotesDecision | Literal["none"]
    records: list[Record]
    asked: Envelope | Literal["none"]  # ``sealed`` of the answer behind a policy's record
    end: End | Literal["none"]


class CommitReceipt(TypedDict):
    """The answer of ``gantral.commit``: the transition has happened."""

    commit_hash: str
    first_artifact_hash: str  # of this commit, "none" when it has no artifact
    last_artifact: str  # next command's last_artifact
    sequence: int  # next command's sequence
    context: list[list[str]]  # [[pointer, leaf], …]
    context_hash: str
