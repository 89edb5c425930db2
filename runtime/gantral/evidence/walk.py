"""The verifier's walk along one chain: every rule that needs what came before (FORMAT section 8).

State is kept for one commit and what later ones refer to; memory does not grow with the chain.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from gantral.authority import IllegalTransition, State, advance
from gantral.evidence import errors, forms
from gantral.evidence.apart import voters_of
from gantral.evidence.artifacts import check_artifacts
from gantral.evidence.automaton import Automaton
from gantral.evidence.children import Children, Starter
from gantral.evidence.context import covers
from gantral.evidence.envelope import Sealed, judge, unwrap
from gantral.evidence.errors import EvidenceError
from gantral.evidence.gate import (
    Opening,
    check_decision,
    check_no_eligible,
    check_opening,
    records_of,
    recount_commit,
    speaks_unvoted,
)
from gantral.evidence.guard import CLAUSES, answers, check_rejected, query_of
from gantral.evidence.hashes import ZERO
from gantral.evidence.ledger import Ledger
from gantral.evidence.left import Left, effect
from gantral.evidence.once import once
from gantral.evidence.passed import check_unasked, check_waiver
from gantral.evidence.records import CLAIM, EVENT, OUTCOME, SUBMISSION, VOTE
from gantral.evidence.trust import TrustFile
from gantral.evidence.waits import KINDS, Waits

COMMITTERS = frozenset({"commit", "closer"})
# Which kinds of records go with which first state; "" is a commit of no artifacts.
_NOTED = frozenset({"use", "outcome", "child_end", "child_undo", "child_undone"})
_KINDS = {
    "CREATED": frozenset[str](),
    "WAITING_FOR_HUMAN": frozenset({"policy", "guard", "clock", "calendar", "deciders", *_NOTED}),
    "APPROVED": frozenset({"guard"}),
    "OVERRIDDEN": frozenset({"guard"}),
    "REJECTED": frozenset({"guard", "end"}),
    "COMPLETED": _NOTED,
    "TERMINATED": frozenset({"policy", "guard", "end", *_NOTED}),
    "": frozenset({"use", "outcome", "waiver", "guard", "unasked", "child", *KINDS}),
}
_VOTED = {"rejected": "rejected", "veto": "veto", "withdrawn": "withdrawn"}


@dataclass
class Walk:
    """One instance's chain so far. ``note`` takes findings that do not end the walk."""

    manifest: Mapping[str, Any]
    version: str
    trust: TrustFile
    note: Callable[[EvidenceError], None]
    number: int = 0
    prev_commit: str = ZERO
    prev_artifact: str = ZERO
    sequence: int = 0
    state: State | None = None
    timestamp: str = ""
    team: str = ""
    instance_id: str = ""
    initiator: str = "none"
    parent: str = "none"  # the artifact under which another instance ran this one
    submission: str = ""
    context: list[list[str]] = field(default_factory=list)
    rounds: dict[str, int] = field(default_factory=dict)
    opening: Opening | None = None
    decisions: dict[str, str] = field(default_factory=dict)
    # Leaves that must have their text, with the path it must say, "" for any.
    bound: dict[str, str] = field(default_factory=dict)
    votes: set[str] = field(default_factory=set)
    # gate -> everybody who voted there, in whatever round.
    voted: dict[str, set[str]] = field(default_factory=dict)
    # Digests that texts beside a bundle's evidence are named by: "policies/<hex>", "roles/<hex>".
    named: set[str] = field(default_factory=set)

    def __post_init__(self) -> None:
        self.ledger = Ledger(self.trust.max_skew)
        self.waits = Waits(self.trust.max_skew)
        self.children = Children(self.manifest, self.trust.max_skew)
        # Under which artifacts it may have run a child; empty for a program that runs none.
        self.running: set[str] = set()
        self.automaton = _automaton(self.manifest["automaton"])
        self.here = self.automaton.start

    def step(self, sealed: Sealed) -> list[bytes]:
        """Judge the next commit; its artifacts' bytes.

        Raises:
            EvidenceError: the first broken rule.
        """
        statement = sealed.statement
        lines = check_artifacts(statement, sealed.payload)
        self._place(statement)
        use = self._signed(sealed, COMMITTERS, statement["timestamp"])
        artifacts = statement["artifacts"]
        first = artifacts[0]["authority_state"] if artifacts else ""
        if use == "closer" and (
            first not in ("REJECTED", "TERMINATED")
            or artifacts[0]["cause"] not in ("execution_lost", "deadline")
        ):
            errors.refuse("closer", "a closer key may only end what is lost or out of time")
        for artifact in artifacts:
            self._advance(artifact)
        if not artifacts and self.state is not State.RUNNING:
            errors.refuse("group", "records alone are committed only while RUNNING")
        for kind in {record["kind"] for record in statement["records"]} - _KINDS[first]:
            errors.refuse("record_place", f"a record of kind {kind} does not go with {first}")
        self._uses(statement)
        self._judge(first, statement, sealed.hash)
        for told in (*artifacts, *statement["records"]):
            if (revision := told.get("policy_version_id", "none")) != "none":
                self.named.add(f"policies/{revision.removeprefix('sha256:')}")
        for pointer, leaf in statement["context"]:
            # A leaf says its own path: bound at another one, it would show one thing as another.
            if self.bound.setdefault(leaf, pointer) not in ("", pointer):
                errors.refuse("bound_twice", f"one leaf at {pointer:.80} and at another place")
            self.bound[leaf] = pointer
        self.context = statement["context"]
        self.number += 1
        self.prev_commit = sealed.hash
        self.timestamp = statement["timestamp"]
        return lines

    def _place(self, statement: Mapping[str, Any]) -> None:
        if statement["commit"] != str(self.number):
            errors.refuse("number", f"commit {self.number} says that it is {statement['commit']}")
        if self.number == 0:
            self.team, self.instance_id = statement["owning_team_id"], statement["instance_id"]
        if statement["instance_id"] != self.instance_id or statement["owning_team_id"] != self.team:
            errors.refuse("instance", "the commit is of another instance or team")
        if statement["prev_commit_hash"] != self.prev_commit:
            errors.refuse("prev_commit", "the commit follows another one")
        if not forms.is_instant(statement["timestamp"]):
            errors.refuse("instant", "the commit's time is no instant")
        if statement["timestamp"] < self.timestamp:
            errors.refuse("time_order", "the commit is older than the one before it")

    def _signed(self, sealed: Sealed, uses: frozenset[str], at: str) -> str:
        try:
            return judge(sealed, self.trust, uses, self.team, at).use
        except EvidenceError as error:
            if not error.inconclusive:
                errors.refuse(error.code, error.message)
            else:
                self.note(error)
            return ""

    def _sealed(self, envelope: Any, kind: str, uses: frozenset[str] | None = None) -> Sealed:
        """A statement whose form and seal hold; of which instance it is, the caller asks."""
        sealed = unwrap(envelope, kind)
        _FORMS[kind].require(sealed.statement)
        at = sealed.statement["timestamp"]
        if not forms.is_instant(at):
            errors.refuse("instant", f"the time of a {kind} is no instant")
        self._signed(sealed, uses or submitters(sealed.statement), at)
        return sealed

    def _open(self, envelope: Any, kind: str, uses: frozenset[str] | None) -> Sealed:
        sealed = self._sealed(envelope, kind, uses)
        statement = sealed.statement
        if statement["instance_id"] != self.instance_id:
            errors.refuse("other_instance", f"a {kind} of another instance")
        if statement.get("owning_team_id", self.team) != self.team:
            errors.refuse("other_team", f"a {kind} of another team")
        return sealed

    def _advance(self, artifact: Mapping[str, str]) -> None:
        target = State(artifact["authority_state"])
        try:
            self.state = advance(self.state, target)
        except IllegalTransition as error:
            errors.refuse("transition", str(error))
            self.state = target
        if artifact["prev_artifact_hash"] != self.prev_artifact:
            errors.refuse("prev_artifact", f"artifact {artifact['sequence']} follows another one")
        if artifact["sequence"] != str(self.sequence):
            errors.refuse("next_sequence", f"artifact {artifact['sequence']} is not the next one")
        if artifact["workflow_version_id"] != self.version:
            errors.refuse("program", "the artifact is of another program than manifest.json")
        if (
            artifact["workflow_id"] != self.manifest["workflow_id"]
            or artifact["owning_team_id"] != self.manifest["owning_team_id"]
        ):
            errors.refuse("program_name", "the program is another workflow's or another team's")
        self.prev_artifact = artifact["artifact_hash"]
        self.sequence += 1
        if target is State.RUNNING and "children" in self.manifest:
            self.running.add(self.prev_artifact)

    def _uses(self, statement: Mapping[str, Any]) -> None:
        now = statement["timestamp"]
        ended = []
        for record in statement["records"]:
            if record["kind"] == "use":
                claim = self._open(record["claim"], "use", _EFFECT).statement
                self.ledger.claim(self.manifest, claim, now)
            elif record["kind"] == "outcome":
                outcome = self._open(record["outcome"], "outcome", _EFFECT).statement
                self.ledger.outcome(outcome, now)
                ended.append(outcome)
                for _, leaf in outcome["results"]:
                    self.bound.setdefault(leaf, "")
            elif record["kind"] == "child":
                self._child(record)
            elif record["kind"] == "child_end":
                self.children.end(record)
            elif record["kind"] in SEALED_UNDOS:
                member, kind = SEALED_UNDOS[record["kind"]]
                sealed = self._sealed(record[member], kind, _EFFECT)
                if sealed.statement["owning_team_id"] != self.team:
                    errors.refuse("other_team", f"a {kind} of another team")
                self.children.undo(sealed, now)
        for outcome in ended:
            self.ledger.whole(self.manifest, outcome)

    def _child(self, record: Mapping[str, Any]) -> None:
        sealed = self._sealed(record["submission"], "submission", _COMMIT)
        environment = self.trust.environment
        by = Starter(self.team, self.instance_id, self.initiator, self.prev_artifact, environment)
        self.children.start(record["call"], sealed.hash, sealed.statement, by)

    def _judge(self, first: str, statement: Mapping[str, Any], commit_hash: str) -> None:
        if first or not _of_wait(statement):
            self.waits.ended(first)
        if first == "CREATED":
            self._created(statement)
        elif first == "WAITING_FOR_HUMAN":
            self._waiting(statement)
        elif first in ("APPROVED", "OVERRIDDEN"):
            self._decided(statement, first)
        elif first == "REJECTED":
            self._rejected(statement)
        elif first == "COMPLETED":
            self._completed(statement)
        elif first == "TERMINATED":
            self._terminated(statement)
        else:
            self._recorded(statement, commit_hash)

    def _created(self, statement: Mapping[str, Any]) -> None:
        artifact = statement["artifacts"][0]
        envelope = statement["decision"]["submission"]
        sealed = self._open(envelope, "submission", None)
        submission = sealed.statement
        self.parent, self.submission = submission["parent_artifact_hash"], sealed.hash
        if submission["environment"] != self.trust.environment:
            errors.refuse(
                "environment", f"{submission['environment']} evidence, and the trust file is not"
            )
        for name in ("context_hash", "workflow_id", "workflow_version_id"):
            if submission[name] != artifact[name]:
                errors.refuse("submission", f"the submission has another {name}")
        if submission["human_actor_id"] != artifact["human_actor_id"]:
            errors.refuse("initiator", "CREATED names another person than the submission")
        late = forms.instant_ms(submission["timestamp"]) - forms.instant_ms(artifact["timestamp"])
        if late > self.trust.max_skew:
            errors.refuse("submission_time", "the submission is younger than CREATED")
        pointers = [pair[0] for pair in statement["context"]]
        if wrong := covers(self.manifest["input"], pointers, "/input"):
            errors.refuse("input", f"the context is not the program's input: {wrong}")
        if not self.trust.allows(
            self.team, artifact["workflow_id"], self.version, statement["timestamp"]
        ):
            unlisted = "the trust file does not list this program for that time"
            self.note(EvidenceError("program_unlisted", unlisted, inconclusive=True))
        self.initiator = submission["human_actor_id"]
        self._bind(submission["assurance"]["identity"], submission["business_key"])
        self.named.add(f"roles/{submission['assurance']['role_map']}")

    def _bind(self, *leaves: str) -> None:
        for leaf in leaves:
            if leaf != "none":
                self.bound.setdefault(leaf.removeprefix("leaf:"), "")

    def _round(self, gate: str, round: str) -> None:
        self.rounds[gate] = self.rounds.get(gate, 0) + 1
        if round != str(self.rounds[gate]):
            errors.refuse("round", f"round {round} of {gate} is not the next one")

    def _move(self, state: str, gate: str = "none") -> None:
        self.here = self.automaton.move(self.here, state, gate)
        if not self.here:
            errors.refuse("automaton", f"the program does not come to {state} {gate} here")

    def _waiting(self, statement: Mapping[str, Any]) -> None:
        artifact = statement["artifacts"][0]
        self.opening = check_opening(
            self.manifest, statement, self.initiator, self.voted, self.trust.max_skew
        )
        self._round(artifact["gate"], artifact["round"])
        self._move("WAITING_FOR_HUMAN", artifact["gate"])
        self.decisions[artifact["gate"]] = "waiting"

    def _vote(self, envelope: Any) -> Mapping[str, Any]:
        sealed = self._open(envelope, "authority-decision", _DECISION)
        vote = sealed.statement
        self.votes.add(sealed.hash)
        self._bind(vote["justification"], vote["assurance"]["identity"])
        self.named.add(f"roles/{vote['assurance']['role_map']}")
        return vote

    def _here(self, statement: Mapping[str, Any]) -> Opening:
        opening, artifact = self.opening, statement["artifacts"][0]
        if opening is None:
            raise EvidenceError("transition", "nothing is waited for")
        if (artifact["gate"], artifact["round"]) != (opening.gate, opening.round):
            errors.refuse("other_gate", "the decision names another gate or round")
        return opening

    def _decided(self, statement: Mapping[str, Any], first: str) -> None:
        opening = self._here(statement)
        grant = check_decision(opening, statement, self._vote)
        self.ledger.grants[grant.name] = grant
        self.voted.setdefault(opening.gate, set()).update(voters_of(statement))
        self._move("RUNNING", opening.gate)
        self.decisions[opening.gate] = "approved" if first == "APPROVED" else "amended"
        self.opening = None

    def _rejected(self, statement: Mapping[str, Any]) -> None:
        opening, artifact = self._here(statement), statement["artifacts"][0]
        cause, by = artifact["cause"], "none"
        outcome = "deadline" if statement["timestamp"] >= opening.waiting.rejects_at else "open"
        if statement["decision"] != "none":
            standing = recount_commit(opening, statement, self._vote)
            outcome, by = standing.outcome, standing.by
            if statement["decision"]["opened_after"]:
                errors.refuse("amended_values", "a rejection has no decided values")
            voted = bool(statement["decision"]["votes"])
            if not voted and not speaks_unvoted(opening.manifest_gate, cause):
                errors.refuse("no_votes", "a decision without a vote")
        guarded = check_rejected(opening.guard, statement, outcome)
        if cause in _VOTED and outcome != _VOTED[cause]:
            errors.refuse("recount", f"the votes amount to {outcome}, not to {cause}")
        if cause not in _VOTED and outcome not in ("open", "deadline") and not guarded:
            errors.refuse("contradicted", f"the votes amount to {outcome}, not to {cause}")
        if artifact["human_actor_id"] != (by if cause in _VOTED else "none"):
            errors.refuse("human_actor", "human_actor_id is not who rejected")
        if cause == "deadline" and statement["timestamp"] < opening.waiting.rejects_at:
            errors.refuse("early_deadline", "the gate's time was not over")
        if cause == "no_eligible":
            check_no_eligible(opening, statement)
        if statement["context"] != self.context:
            errors.refuse("same_context", "what was rejected is not what was shown")
        self._end(statement)
        self._move("REJECTED", opening.gate)
        self.decisions[opening.gate] = "rejected"
        self.opening = None

    def _completed(self, statement: Mapping[str, Any]) -> None:
        pointers = [pair[0] for pair in statement["context"]]
        if wrong := covers(self.manifest["output"], pointers, "/output"):
            errors.refuse("output", f"the context is not the program's output: {wrong}")
        if self.children.running:
            errors.refuse("child_open", f"nothing says how {self.children.running[0]} ended")
        self._move("COMPLETED")

    def _terminated(self, statement: Mapping[str, Any]) -> None:
        artifact = statement["artifacts"][0]
        asked = answers(statement, "policy", "guard")
        said = [record["answer"] for record in asked]
        wanted = {"policy_deny": ["DENY"], "policy_failure": ["FAILURE"]}
        cause = artifact["cause"]
        if cause in wanted and said != wanted[cause]:
            errors.refuse("policy_cause", f"{cause} without exactly that answer of the policy")
        for record in asked:
            gate, clause = self.manifest["gates"].get(record["gate"]), CLAUSES[record["kind"]]
            if gate is None or gate[clause] == "none":
                raise EvidenceError("policy_record", "no such gate asks a policy")
            if record["query"] != query_of(self.manifest, gate, clause):
                errors.refuse("policy_record", "the gate asks another query")
            if record["round"] != str(self.rounds.get(record["gate"], 0) + 1):
                errors.refuse("policy_round", "the policy was asked for another round than this")
            if record["answer"] != "FAILURE" and not (
                forms.is_policy(record["policy_version_id"])
                and forms.is_hex64(record["input_hash"])
            ):
                errors.refuse("policy_input", "an answer to no question, or of no policy")
        versions = [record["policy_version_id"] for record in asked] or ["none"]
        if artifact["policy_version_id"] != versions[0] or len(versions) > 1:
            errors.refuse("policy_version", "the artifact does not name the revision asked")
        if cause != "cancelled" and artifact["human_actor_id"] != "none":
            errors.refuse("human_actor", f"{cause} is nobody's doing")
        if statement["context"] != self.context:
            errors.refuse("same_context", "TERMINATED is about what came before it")
        self._end(statement)
        self._move("TERMINATED")

    def _end(self, statement: Mapping[str, Any]) -> None:
        ends = records_of(statement, "end")
        if len(ends) != 1:
            raise EvidenceError("end_record", "an end has exactly one end record")
        if sorted(ends[0]["standing"]) != self.standing():
            errors.refuse("standing", "the effects that stand are others")
        self._bind(ends[0]["message"])

    def standing(self) -> list[str]:
        """What stands, sorted: calls of its own, and those of completed children, named
        ``instance/call``, that it did not undo."""
        return sorted([*self.ledger.standing(), *self.children.left.standing()])

    def left_so_far(self) -> Left:
        """What completed children left, as a book of its own."""
        left = self.children.left
        return Left(left.max_skew, {*left.stood}, {**left.claims}, {**left.outcomes})

    def left(self) -> list[str]:
        """What stands, sorted, each named ``instance/call``: what a parent is left with."""
        own = [effect(self.instance_id, call) for call in self.ledger.standing()]
        return sorted([*own, *self.children.left.standing()])

    def _recorded(self, statement: Mapping[str, Any], commit_hash: str) -> None:
        if not statement["records"]:
            errors.refuse("empty", "a commit of nothing")
        if records_of(statement, "waiver"):
            grant = check_waiver(self.manifest, statement, commit_hash)
            self._round(grant.gate, grant.round)
            self._move("waived", grant.gate)
            self.ledger.grants[grant.name] = grant
            self.decisions[grant.gate] = "waived"
        elif records_of(statement, "unasked"):
            grant = check_unasked(self.manifest, statement, commit_hash)
            self._round(grant.gate, grant.round)
            self._move("unasked", grant.gate)
            self.ledger.grants[grant.name] = grant
            self.decisions[grant.gate] = "unasked"
        elif answers(statement, "guard"):
            errors.refuse("guard_record", "a guard's answer stands beside a waiver or an artifact")
        elif _of_wait(statement) and self.waits.judge(
            self.manifest, statement, commit_hash, self.initiator, self._event
        ):
            pass
        elif statement["context"] != self.context:
            errors.refuse("same_context", "records alone are about what came before them")

    def _event(self, envelope: Any) -> Sealed:
        sealed = self._open(envelope, "event", _DECISION)
        self._bind(sealed.statement["assurance"]["identity"])
        return sealed


def _of_wait(statement: Mapping[str, Any]) -> bool:
    return any(record["kind"] in KINDS for record in statement["records"])


def submitters(submission: Mapping[str, Any]) -> frozenset[str]:
    """Whose key seals a submission: the API's; of a child the evidence worker's."""
    return _DECISION if submission["parent_artifact_hash"] == "none" else _COMMIT


_automaton = once(Automaton)
_COMMIT = frozenset({"commit"})
_DECISION = frozenset({"decision"})
_EFFECT = frozenset({"effect"})
# kind of record -> the member that holds its envelope, and what that is
SEALED_UNDOS = {"child_undo": ("claim", "use"), "child_undone": ("outcome", "outcome")}
_FORMS = {
    "submission": SUBMISSION,
    "authority-decision": VOTE,
    "event": EVENT,
    "use": CLAIM,
    "outcome": OUTCOME,
}
