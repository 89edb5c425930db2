"""How far one chain has been walked, and what every step asks of it: that it follows the last
commit, that its seals hold, that the program comes there (FORMAT sections 3, 7, 8).

State is kept for one commit and what later ones refer to; memory does not grow with the chain.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from gantral.authority import IllegalTransition, State, advance
from gantral.evidence import errors, forms
from gantral.evidence.automaton import Automaton
from gantral.evidence.children import Children
from gantral.evidence.envelope import Sealed, judge, unwrap
from gantral.evidence.errors import EvidenceError
from gantral.evidence.gate import DECISION, Opening
from gantral.evidence.hashes import ZERO
from gantral.evidence.ledger import Ledger
from gantral.evidence.left import Left, effect
from gantral.evidence.once import once
from gantral.evidence.planned import statement_of
from gantral.evidence.records import CLAIM, EVENT, OUTCOME, SUBMISSION, VOTE
from gantral.evidence.trust import TrustFile
from gantral.evidence.waits import Waits

_automaton = once(Automaton)
COMMIT = frozenset({"commit"})
EFFECT = frozenset({"effect"})
_FORMS = {
    "submission": SUBMISSION,
    "authority-decision": VOTE,
    "event": EVENT,
    "use": CLAIM,
    "outcome": OUTCOME,
}


@dataclass
class Progress:
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
    # Those that are told apart, with the indexes of their loops: each is one execution of `ask`.
    asks: set[str] = field(default_factory=set)
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

    def place(self, statement: Mapping[str, Any]) -> None:
        """Demand that the commit follows the last one.

        Raises:
            EvidenceError: ``number``, ``instance``, ``prev_commit``, ``instant``, ``time_order``.
        """
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

    def signed(self, sealed: Sealed, uses: frozenset[str], at: str) -> str:
        """The use of the key that signed it, "" when that is merely unknown, which is noted.

        Raises:
            EvidenceError: those of ``judge``.
        """
        try:
            return judge(sealed, self.trust, uses, self.team, at).use
        except EvidenceError as error:
            if not error.inconclusive:
                errors.refuse(error.code, error.message)
            else:
                self.note(error)
            return ""

    def sealed(self, envelope: Any, kind: str, uses: frozenset[str] | None = None) -> Sealed:
        """A statement whose form and seal hold; of which instance it is, the caller asks."""
        sealed = unwrap(envelope, kind)
        _FORMS[kind].require(sealed.statement)
        at = sealed.statement["timestamp"]
        if not forms.is_instant(at):
            errors.refuse("instant", f"the time of a {kind} is no instant")
        self.signed(sealed, uses or submitters(sealed.statement), at)
        return sealed

    def own(self, envelope: Any, kind: str, uses: frozenset[str] | None) -> Sealed:
        """``sealed``, and of this instance and team.

        Raises:
            EvidenceError: also ``other_instance``, ``other_team``.
        """
        sealed = self.sealed(envelope, kind, uses)
        statement = sealed.statement
        if statement["instance_id"] != self.instance_id:
            errors.refuse("other_instance", f"a {kind} of another instance")
        if statement.get("owning_team_id", self.team) != self.team:
            errors.refuse("other_team", f"a {kind} of another team")
        return sealed

    def advance(self, artifact: Mapping[str, str]) -> None:
        """Go on to an artifact's state.

        Raises:
            EvidenceError: ``transition``, ``prev_artifact``, ``next_sequence``, ``program``,
                ``program_name``.
        """
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

    def bind(self, *leaves: str) -> None:
        """These leaves must have their texts, at whatever path."""
        for leaf in leaves:
            if leaf != "none":
                self.bound.setdefault(leaf.removeprefix("leaf:"), "")

    def next_round(self, gate: str, round: str) -> None:
        """The gate is asked, or passed, once more.

        Raises:
            EvidenceError: ``round``.
        """
        self.rounds[gate] = self.rounds.get(gate, 0) + 1
        if round != str(self.rounds[gate]):
            errors.refuse("round", f"round {round} of {gate} is not the next one")

    def move(self, state: str, gate: str = "none", ask: str = "") -> None:
        """The program comes to this state; ``ask`` as an ask record names it, "" where none does.

        Raises:
            EvidenceError: ``automaton`` or ``ask_twice``.
        """
        if ask and ask in self.asks:
            errors.refuse("ask_twice", f"{ask} was asked before")
        if ask:
            self.asks.add(ask)
        self.here = self.automaton.move(self.here, state, gate, statement_of(ask) if ask else "")
        if not self.here:
            errors.refuse("automaton", f"the program does not come to {state} {ask or gate} here")

    def vote(self, envelope: Any) -> Sealed:
        """A vote that a decision holds, when its seal does. Raises EvidenceError as ``own``."""
        sealed = self.own(envelope, "authority-decision", DECISION)
        vote = sealed.statement
        self.votes.add(sealed.hash)
        self.bind(vote["justification"], vote["assurance"]["identity"])
        self.named.add(f"roles/{vote['assurance']['role_map']}")
        return sealed

    def asked(self, statement: Mapping[str, Any]) -> Opening:
        """The opening that this commit decides.

        Raises:
            EvidenceError: ``transition``, ``other_gate``.
        """
        opening, artifact = self.opening, statement["artifacts"][0]
        if opening is None:
            raise EvidenceError("transition", "nothing is waited for")
        if (artifact["gate"], artifact["round"]) != (opening.gate, opening.round):
            errors.refuse("other_gate", "the decision names another gate or round")
        return opening

    def event(self, envelope: Any) -> Sealed:
        """An event that a record holds, when its seal does. Raises EvidenceError as ``own``."""
        sealed = self.own(envelope, "event", DECISION)
        self.bind(sealed.statement["assurance"]["identity"])
        return sealed


def submitters(submission: Mapping[str, Any]) -> frozenset[str]:
    """Whose key seals a submission: the API's; of a child the evidence worker's."""
    return DECISION if submission["parent_artifact_hash"] == "none" else COMMIT
