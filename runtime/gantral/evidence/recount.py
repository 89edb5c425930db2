"""The recount: what a gate's votes amount to at an instant (LANGUAGE section 6, FORMAT section 5).

One pure function for the workflow, the evidence worker, the effect worker and the verifier, so
that they cannot differ. Deterministic, no IO, nothing heavy imported.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, TypeAlias

from gantral.evidence import forms
from gantral.evidence.bytes import canonical, encode
from gantral.evidence.cases import Amendment, case_paths, formulas
from gantral.evidence.context import misfit, shape_at
from gantral.evidence.errors import EvidenceError
from gantral.evidence.expr import holds, reads
from gantral.evidence.formula import Electorate, Formula, Voter, eligible, satisfied
from gantral.evidence.hashes import H
from gantral.evidence.records import VOTE

Outcome: TypeAlias = Literal[
    "open", "approved", "amended", "rejected", "veto", "withdrawn", "deadline"
]
Vote: TypeAlias = Mapping[str, Any]


@dataclass(frozen=True)
class Waiting:
    """What was sealed when the gate opened.

    ``artifact_hash`` and ``context_hash`` are the WAITING_FOR_HUMAN artifact's; ``opened_at`` its
    timestamp; ``instants`` its clock record's; ``excluded`` and ``named`` its deciders record's.
    ``initiator`` is the submission's actor id or ``none``. ``values`` holds leaf values of the
    proposal by pointer: at least those of ``opened_paths`` for the amendments cast.
    ``max_skew`` is in milliseconds.
    """

    instance_id: str
    artifact_hash: str
    context_hash: str
    opened_at: str
    instants: Sequence[Sequence[Any]]
    excluded: Collection[str]
    named: Mapping[str, Collection[str]]
    initiator: str
    values: Mapping[str, str]
    max_skew: int = 0

    @property
    def rejects_at(self) -> str:
        """The instant from which on nothing but REJECTED is possible."""
        return str(next(row[0] for row in self.instants if row[1] == "reject"))

    def electorate(self, at: str) -> Electorate:
        """Who counts as whom at the instant ``at``: the widenings up to then."""
        return widened(self.named, self.instants, at)


def widened(
    named: Mapping[str, Collection[str]], instants: Sequence[Sequence[Any]], at: str
) -> Electorate:
    """Who counts as whom at the instant ``at``: named persons, and the widenings up to then."""
    pairs = [
        (origin, target)
        for instant, action, origins, targets in instants
        if action == "widen" and instant <= at
        for origin in origins
        for target in targets
    ]
    return Electorate(named, pairs)


@dataclass(frozen=True)
class Refusal:
    """Why a vote does not count: the rule's name and a sentence for its voter."""

    rule: str
    message: str


@dataclass(frozen=True)
class Standing:
    """What the votes amount to. ``by``: the actor who brought it about, else ``none``;
    ``votes``: hashes of the standing votes that made it; ``amendment``: sorted (pointer, value)
    pairs that differ from the proposal."""

    outcome: Outcome
    by: str = "none"
    votes: tuple[str, ...] = ()
    amendment: Amendment = ()


def vote_hash(vote: Vote) -> str:
    """H(authority-decision, payload): names a vote in ``supersedes`` and in the store."""
    return H("authority-decision", canonical(dict(vote)))


def name_of(vote: Vote) -> str:
    """``vote_hash`` of a vote that has the form of one: its bytes need no check."""
    return H("authority-decision", encode(dict(vote)))


def opened_paths(gate: Mapping[str, Any], amendments: Iterable[Amendment]) -> list[str]:
    """The proposal's pointers, sorted, that must be opened to judge these amendments: each amended
    path, each that its bound reads, and each by which the cases of `decide` are told apart."""
    found = set(case_paths(gate))
    for path in {path for amendment in amendments for path, _ in amendment}:
        found.add(path)
        found.update(pointer for _, pointer in reads(gate["amend"].get(path, {})))
    return sorted(found)


def amendment_of(vote: Vote, values: Mapping[str, str]) -> Amendment:
    """What the vote changes. An amendment equal to the proposal is a plain approval."""
    return tuple(sorted((p, v) for p, v in vote["amendment"] if values.get(p) != v))


@dataclass
class Tally:
    """Votes in the order they were counted; the state that ``count`` and ``accept_vote`` share."""

    gate: Mapping[str, Any]
    waiting: Waiting
    last: dict[str, str] = field(default_factory=dict)
    standing: dict[str, tuple[str, Voter, Amendment]] = field(default_factory=dict)
    hashes: set[str] = field(default_factory=set)
    final: tuple[str, str, Voter] | None = None
    _decides: dict[Amendment, tuple[Formula, ...]] = field(default_factory=dict)

    def decides(self, amendment: Amendment) -> tuple[Formula, ...]:
        """The formulas that votes for this amendment must meet, each of them.

        Raises:
            EvidenceError: ``opened`` or ``expression``.
        """
        if amendment not in self._decides:
            self._decides[amendment] = formulas(self.gate, self.waiting.values, amendment)
        return self._decides[amendment]

    def add(self, vote: Vote, name: str) -> None:
        """Count a vote that was accepted; ``name`` is its hash."""
        actor = vote["human_actor_id"]
        voter = Voter(actor, frozenset(vote["role"]))
        self.last[actor] = name
        self.hashes.add(name)
        # The last standing vote of a person goes to the end: it is what completes a formula.
        self.standing.pop(actor, None)
        kind = vote["decision_type"]
        if kind in ("APPROVE", "OVERRIDE"):
            self.standing[actor] = (name, voter, amendment_of(vote, self.waiting.values))
        elif kind != "RETRACT" and self.final is None:
            self.final = (kind, name, voter)

    def result(self, at: str) -> Standing:
        """What stands at the instant ``at``."""
        electorate = self.waiting.electorate(at)
        if self.final is not None:
            kind, name, voter = self.final
            if kind == "WITHDRAW":
                return Standing("withdrawn", voter.actor, (name,))
            vetoed = electorate.counts(voter, self.gate["veto"])
            return Standing("veto" if vetoed else "rejected", voter.actor, (name,))
        # Before the formula: a late yes never wins over the clock.
        if at >= self.waiting.rejects_at:
            return Standing("deadline")
        groups: dict[Amendment, list[tuple[str, Voter]]] = {}
        for name, voter, amendment in reversed(self.standing.values()):
            groups.setdefault(amendment, []).append((name, voter))
        for amendment, votes in groups.items():
            voters = [voter for _, voter in votes]
            if all(satisfied(one, voters, electorate) for one in self.decides(amendment)):
                return Standing(
                    "amended" if amendment else "approved",
                    votes[0][1].actor,
                    tuple(name for name, _ in votes),
                    amendment,
                )
        return Standing("open")


def count(gate: Mapping[str, Any], waiting: Waiting, votes: Sequence[Vote], at: str) -> Standing:
    """What ``votes`` (statements, accepted, in order) amount to at the instant ``at``.

    ``gate`` is the manifest's. Different amendments do not add up; one reject ends it; from the
    reject instant on it is ``deadline``.

    Raises:
        EvidenceError: ``manifest``, for a gate outside the closed tree.
    """
    tally = Tally(gate, waiting)
    for vote in votes:
        tally.add(vote, name_of(vote))
    return tally.result(at)


def accept_vote(
    gate: Mapping[str, Any],
    waiting: Waiting,
    earlier: Sequence[Vote],
    vote: Vote,
    at: str,
) -> Refusal | None:
    """Whether ``vote`` may be counted after ``earlier`` at the instant ``at``; None when it may.

    Rules, in this order: form, instance, shown, repeated, decided, opening, deadline, initiator,
    excluded, supersedes, role, amendment, assurance, login, reason.

    Raises:
        EvidenceError: ``manifest``, for a gate outside the closed tree.
    """
    tally = Tally(gate, waiting)
    for one in earlier:
        tally.add(one, name_of(one))
    if not VOTE.fits(vote):
        return Refusal("form", "the vote does not have the members of a vote")
    wrong = judge_vote(tally, vote, name_of(vote), at)
    if wrong is not None and wrong.rule in ("instance", "shown", "repeated"):
        return wrong
    standing = tally.result(at)
    if standing.outcome not in ("open", "deadline"):
        return Refusal("decided", f"the gate is already decided: {standing.outcome}")
    return wrong


def judge_vote(tally: Tally, vote: Vote, name: str, at: str) -> Refusal | None:
    """Every rule of ``accept_vote`` but ``form``, which the caller asks, and ``decided``: that one
    needs a search for each vote, and the verifier judges it once, on all votes but the last.
    ``name`` is the vote's hash."""
    waiting = tally.waiting
    if vote["instance_id"] != waiting.instance_id:
        return Refusal("instance", "the vote is for another instance")
    if (
        vote["waiting_artifact_hash"] != waiting.artifact_hash
        or vote["context_snapshot_hash"] != waiting.context_hash
    ):
        return Refusal("shown", "the vote is for something else than what waits here")
    if name in tally.hashes:
        return Refusal("repeated", "this vote is counted already")
    sent = forms.instant_ms(vote["timestamp"])
    if sent < forms.instant_ms(waiting.opened_at) - waiting.max_skew:
        return Refusal("opening", "the vote is older than the question")
    if sent > forms.instant_ms(at) + waiting.max_skew:
        return Refusal("opening", "the vote is from the future")
    if at >= waiting.rejects_at:
        return Refusal("deadline", "the time for this decision is over")
    return _judge_voter(tally, vote, at) or _judge_proof(tally, vote)


def _judge_voter(tally: Tally, vote: Vote, at: str) -> Refusal | None:
    waiting, gate, actor = tally.waiting, tally.gate, vote["human_actor_id"]
    kind = vote["decision_type"]
    if vote["supersedes"] != tally.last.get(actor, "none"):
        return Refusal("supersedes", "the vote does not name its voter's previous vote")
    if kind == "WITHDRAW":
        if actor != waiting.initiator:
            return Refusal("initiator", "only who started the instance can withdraw it")
        return None
    if actor in waiting.excluded:
        return Refusal("excluded", "this person may not decide here")
    if kind == "RETRACT":
        if actor not in tally.standing:
            return Refusal("supersedes", "there is no standing vote to retract")
        return None
    if list(vote["role"]) != sorted(set(vote["role"])):
        return Refusal("form", "the roles are not a sorted list")
    voter = Voter(actor, frozenset(vote["role"]))
    electorate = waiting.electorate(at)
    decides = _deciding(tally, vote)
    if not any(eligible(one, voter, electorate) for one in decides) and not (
        kind == "REJECT" and electorate.counts(voter, gate["veto"])
    ):
        return Refusal("role", "this person holds no role that decides here now")
    return None


def _deciding(tally: Tally, vote: Vote) -> tuple[Formula, ...]:
    """The formulas in which the vote would count: who counts only where an amendment leads may vote
    for that amendment, and for nothing else."""
    try:
        return tally.decides(amendment_of(vote, tally.waiting.values))
    except EvidenceError:
        # What is wrong with its amendment is told by the rule of amendments.
        return tally.decides(())


def _judge_proof(tally: Tally, vote: Vote) -> Refusal | None:
    kind = vote["decision_type"]
    if (kind == "OVERRIDE") != bool(vote["amendment"]):
        return Refusal("amendment", "an amendment goes with OVERRIDE, and with nothing else")
    if kind in ("WITHDRAW", "RETRACT"):
        return None
    if kind == "OVERRIDE" and (wrong := _amendment_wrong(tally, vote)):
        return Refusal("amendment", wrong)
    prove = tally.gate["prove"]
    if prove["assurance"] not in ("none", vote["assurance"]["level"]):
        return Refusal("assurance", f"the gate wants a login with {prove['assurance']}")
    if prove["login_within"] != "none":
        login = vote["assurance"]["auth_time"]
        if login == "none":
            return Refusal("login", "the login's time is not known")
        age = forms.instant_ms(vote["timestamp"]) - forms.instant_ms(login)
        if age > forms.duration_ms(prove["login_within"]) or age < -tally.waiting.max_skew:
            return Refusal("login", f"the login is not within {prove['login_within']}")
    length = int(vote["justification_length"])
    if prove["reason_min"] != "none" and length < int(prove["reason_min"]):
        return Refusal("reason", f"the reason needs at least {prove['reason_min']} characters")
    if prove["reason_max"] != "none" and length > int(prove["reason_max"]):
        return Refusal("reason", f"the reason has at most {prove['reason_max']} characters")
    if length and vote["justification"] == "none":
        return Refusal("reason", "the reason is not there")
    return None


def _amendment_wrong(tally: Tally, vote: Vote) -> str:
    gate, values = tally.gate, tally.waiting.values
    pairs = [(path, value) for path, value in vote["amendment"]]
    new: dict[str, str] = dict(pairs)
    if pairs != sorted(new.items()):
        return "the amendment's paths are not sorted, or one is there twice"
    parameters = gate["parameters"]

    for path, value in pairs:
        bound = gate["amend"].get(path)
        shape = shape_at(parameters, path)
        if bound is None or shape is None:
            return f"{path} cannot be amended"
        if wrong := misfit(value, shape):
            return f"{path}: {wrong}"

        def read(source: str, pointer: str) -> str:
            if source == "new" and pointer in new:
                return new[pointer]
            if pointer not in values:
                raise EvidenceError("opened", f"the value at {pointer} is not opened")
            return values[pointer]

        try:
            if not holds(bound, read):
                return f"{path}: {value!r:.40} is outside the bounds of the amendment"
        except EvidenceError as error:
            return f"{path}: {error.message}"
    try:
        tally.decides(amendment_of(vote, values))
    except EvidenceError as error:
        return f"who decides on this change can't be told: {error.message}"
    return ""
