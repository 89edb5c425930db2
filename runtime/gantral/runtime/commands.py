"""What the workflow asks of the workers and what they answer (plain JSON).

Every shape is a ``TypedDict``: the payload on the wire is the dict itself, so a team's own data
converter and codec see nothing unusual. Texts are canonical (instants
``YYYY-MM-DDTHH:MM:SS.mmmZ``, decimals with their scale); the word ``"none"`` stands for an absent
text. Values are spec-named wire values unless a member says otherwise.

This module is passed through the workflow sandbox: it holds shapes and names, and nothing runs.
"""

from __future__ import annotations

from typing import Any, Final, Literal, NotRequired, TypedDict

Envelope = dict[str, Any]
"""A DSSE envelope (FORMAT section 1): payload, payloadType, signatures."""

# Activity types of the evidence worker, and its task queue. Operations carry the manifest's names.
COMMIT: Final = "gantral.commit"
OPEN_GATE: Final = "gantral.open_gate"
ASK_GUARD: Final = "gantral.ask_guard"
START_CHILD: Final = "gantral.start_child"
EVIDENCE_QUEUE: Final = "gantral-evidence"

# The error type of a refused commit. Its message starts with the name of the rule.
NOT_COMMITTED: Final = "NotCommitted"
# The error type of a read or notify that failed. Non-retryable when the service said so (NotDone)
# or its types were broken; else Temporal tries again as the manifest's ``retry`` says.
ACTION_FAILED: Final = "ActionFailed"
# The error type of a gate question that names no gate or program this worker has.
NOT_OPENED: Final = "NotOpened"

ANSWER_FAILURE: Final = "FAILURE"

ZEROS: Final = "0" * 64
"""The predecessor hash of commit 0 and of artifact 0."""


def workflow_queue(team: str) -> str:
    """The task queue of a team's generated workflows."""
    return f"gantral-{team}"


class Person(TypedDict):
    """Who started the instance: ``actor`` the actor id, ``value`` the identity claim's value."""

    actor: str
    value: str


class Parent(TypedDict):
    """Where the evidence worker finds the chain that tells a child's start. No evidence itself."""

    instance_id: str
    call: str  # the parent's call of `run workflow`


class StartCommand(TypedDict):
    """The argument of a workflow: written by the API, sealed by its decision key. Of a child
    (``parent`` is there): by the evidence worker, sealed by its commit key."""

    submission: Envelope
    input: dict[str, Any]
    context: list[list[str]]  # [[pointer, leaf], …] of the input, sorted by pointer
    initiator: Person
    environment: str
    parent: NotRequired[Parent]
    carried: NotRequired[dict[str, Any]]  # by a run that goes on in a new history (``anew``)


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
    """How a child ended: what its own chain says last."""

    kind: Literal["child_end"]
    call: str
    state: str
    cause: str
    gate: str
    artifact_hash: str


Record = (
    PolicyRecord
    | UnaskedRecord
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


class ChildCommand(TypedDict):
    """The argument of ``gantral.start_child``: a child that a running parent wants to start."""

    team: str
    workflow_id: str
    instance_id: str  # the parent's
    program: str
    call: str  # "workflow.settle/1"
    timestamp: str  # workflow time
    initiator: Person
    input: dict[str, Any]  # spec-named wire values


class ChildStart(TypedDict):
    """The answer of ``gantral.start_child``: what the child is started with. Nothing has started
    until the parent's chain tells it."""

    instance_id: str
    start: StartCommand


class OpenGateCommand(TypedDict):
    """The argument of ``gantral.open_gate``. Everything else is read from the manifest."""

    team: str
    workflow_id: str
    instance_id: str
    program: str
    gate: str
    round: int
    opened_at: str  # workflow time; the clock's instants are counted from it
    initiator: Person
    proposal: dict[str, Any]  # parameter -> spec-named wire value
    # Who voted at gates whose deciders are kept out here; what an older build sends has none.
    voted: NotRequired[list[str]]


class Said(TypedDict):
    """What one policy was asked and said: the members of its record that are not the gate's."""

    query: str
    policy_version_id: str
    input_hash: str
    answer: str  # ALLOW, REQUIRE_HUMAN, DENY or FAILURE


class OpenGateAnswer(TypedDict):
    """The answer of ``gantral.open_gate``.

    ``answer`` is REQUIRE_HUMAN without a question when policy may not waive the gate (then
    ``policy_version_id``, ``input_hash``, ``query`` are "none"). FAILURE: ``cause`` is
    policy_failure or authority_ambiguous or context_mismatch and ``problem`` says why, in words.
    ``guard``: what the gate's guard said, "none" when it has none; when it does not let the gate go
    on, ``answer`` is its answer and nothing else was asked.
    ``periods``: the open periods of the gate's calendar, empty when it has none.
    ``holders``: [[actor id, [role, …]], …], there only when nobody in the deployment's directory
    can decide: everybody who holds a role that counts and may decide.
    ``sealed``: what the policies said of this very proposal, sealed by the evidence worker that
    asked (``workers/asked.py``): whoever completes this activity by hand cannot make it.
    """

    answer: Literal["ALLOW", "REQUIRE_HUMAN", "DENY", "FAILURE"]
    cause: str  # "none" unless FAILURE
    problem: str
    query: str
    policy_version_id: str
    input_hash: str
    guard: Said | Literal["none"]
    instants: list[list[Any]]
    periods: list[list[str]]
    excluded: list[str]
    named: dict[str, list[str]]
    holders: NotRequired[list[list[Any]]]
    sealed: Envelope | Literal["none"]


class AskGuardCommand(TypedDict):
    """The argument of ``gantral.ask_guard``: ask the gate's guard about what was decided."""

    team: str
    workflow_id: str
    instance_id: str
    program: str
    gate: str
    round: int
    initiator: Person
    decided: dict[str, Any]  # parameter -> spec-named wire value


class AskGuardAnswer(TypedDict):
    """The answer of ``gantral.ask_guard``.

    ``cause``: "none" when the gate may go on, else that of REJECTED; ``problem`` says why, in
    words. ``guard`` is "none" when nobody could be asked, which is authority_ambiguous. ``sealed``
    as in ``OpenGateAnswer``.
    """

    cause: str
    problem: str
    guard: Said | Literal["none"]
    sealed: Envelope | Literal["none"]


class Grant(TypedDict):
    """What an effect acts under, named by the evidence that gave it.

    ``artifact``: artifact_hash of APPROVED or OVERRIDDEN; or ``waiver``: commit_hash of the waiver;
    or ``unasked``: commit_hash of what says that nobody was to be asked. Exactly one of the three.
    ``waiting_commit`` and ``decision_commit`` are commit numbers; where nobody was asked both are
    of that one commit.
    """

    artifact: NotRequired[str]
    waiver: NotRequired[str]
    unasked: NotRequired[str]
    waiting_commit: int
    decision_commit: int
    gate: str
    round: int


class EffectCommand(TypedDict):
    """The argument of an effect's activity (type = the manifest's wire name)."""

    team: str
    workflow_id: str
    instance_id: str
    program: str
    run: str  # Temporal run id
    call: str  # call id; of an undo: the call id of the effect that it undoes
    operation: str
    undo: bool
    grants: list[Grant]
    arguments: dict[str, Any]  # spec-named wire arguments; each is checked against its leaf
    lapses: str  # instant or "none": only bounds the queue; the worker judges by the commit


class EffectAnswer(TypedDict):
    """The answer of an effect's activity.

    ``status``: done, not_done (refused before the service or by it), unknown.
    ``result``: spec-named wire value, or None. ``results``: [[path, leaf], …] of the result.
    ``claims`` and ``outcomes``: signed envelopes, one a grant, empty when nothing was claimed.
    ``cause``: a word of authority.Cause when refused or unknown, else "none".
    ``problem``: why, in words, else "none".
    """

    status: Literal["done", "not_done", "unknown"]
    result: Any
    results: list[list[str]]
    claims: list[Envelope]
    outcomes: list[Envelope]
    cause: str
    problem: str


class ActionCommand(TypedDict):
    """The argument of a read or notify without ``as`` (type = the manifest's wire name)."""

    team: str
    workflow_id: str
    instance_id: str
    program: str
    run: str
    call: str
    operation: str
    arguments: dict[str, Any]


class ActionAnswer(TypedDict):
    """The answer of a read or notify: a spec-named wire value, None for no result.

    A failure is an ApplicationError of type ``ActionFailed``.
    """

    result: Any


GRANTED = frozenset({"artifact", "waiver", "unasked"})


def granted_by(grant: Grant) -> str:
    """The name of a grant: what its uses are claimed under; "" when it has none."""
    return grant.get("artifact") or grant.get("waiver") or grant.get("unasked") or ""
