"""What must hold before the commit key signs: seals, shapes, the gate's records, the recount.

``walking`` then runs the verifier's walk on the result, which refuses some of this once more. It
stays here, first: a worker is told the rule of its command, and no change of the verifier alone
makes the key sign what this file refuses.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from gantral.authority import Cause, State
from gantral.evidence import open_envelope
from gantral.evidence.apart import kept_out
from gantral.evidence.commit import votes_decision
from gantral.evidence.context import covers, shape_at
from gantral.evidence.envelope import Opened, unwrap, write_envelope
from gantral.evidence.forms import instant_ms, instant_text
from gantral.evidence.gate import check_opening, speaks_unvoted
from gantral.evidence.hashes import context_hash
from gantral.evidence.records import RECORDS, SUBMISSION, VOTE
from gantral.evidence.recount import (
    Standing,
    Tally,
    Waiting,
    judge_vote,
    opened_paths,
)
from gantral.evidence.waits import KINDS
from gantral.evidence.walk import SEALED_UNDOS
from gantral.runtime.commits import CommitCommand
from gantral.runtime.workers import deciders
from gantral.runtime.workers.asked import check_asked
from gantral.runtime.workers.calendars import NoPeriods, gate_periods
from gantral.runtime.workers.chain import Chain, Read
from gantral.runtime.workers.family import check_told, child_end
from gantral.runtime.workers.guarding import guard_ends
from gantral.runtime.workers.refused import Refused

Texts = Mapping[str, list[str]]  # pointer -> [salt, instance_id, path, value]
Manifest = Mapping[str, Any]

_DECIDED: Mapping[str, tuple[str, Cause]] = {
    "approved": (State.APPROVED, Cause.APPROVED),
    "amended": (State.OVERRIDDEN, Cause.AMENDED),
    "rejected": (State.REJECTED, Cause.REJECTED),
    "veto": (State.REJECTED, Cause.VETO),
    "withdrawn": (State.REJECTED, Cause.WITHDRAWN),
}
# What the workflow may find out for itself while votes are still open.
_UNVOTED = frozenset(
    {
        Cause.CANCELLED,
        Cause.NO_ELIGIBLE,
        Cause.POLICY_DENY,
        Cause.POLICY_FAILURE,
        Cause.CONTEXT_MISMATCH,
        Cause.AUTHORITY_AMBIGUOUS,
    }
)


@dataclass(frozen=True)
class Before:
    """What the store holds before this commit; ``initiator`` is CREATED's actor id."""

    commit: Read | None
    artifact: Mapping[str, str] | None
    initiator: str

    @property
    def state(self) -> str | None:
        """The last authority state, None before CREATED."""
        return None if self.artifact is None else self.artifact["authority_state"]


@dataclass(frozen=True)
class Judged:
    """The decision and the records that may be signed."""

    decision: Mapping[str, Any] | str
    records: tuple[dict[str, Any], ...]


def judge(
    chain: Chain,
    manifest: Manifest,
    command: CommitCommand,
    before: Before,
    context: Sequence[Sequence[str]],
    texts: Texts,
) -> Judged:
    """Judge one command against the store and the manifest.

    Raises:
        Refused, EvidenceError, MissingEvidence, StoreError: it may not be signed.
    """
    records = tuple(_whole(chain, record) for record in command["records"])
    for record in records:
        _record(chain, manifest, command, record, texts)
    decision: Mapping[str, Any] | str = "none"
    first = command["states"][0] if command["states"] else None
    passed = next((one for one in records if one["kind"] in ("waiver", "unasked")), None)
    _want(passed is None or first is None, "waiver", "where nobody is asked there is no artifact")
    if first in (State.APPROVED, State.OVERRIDDEN, State.REJECTED):
        decision = _decided(chain, manifest, command, before, texts)
    elif first == State.CREATED:
        decision = _created(chain, manifest, command, context)
    else:
        _want(command["decision"] == "none", "decision", "nothing is decided here")
    if first == State.WAITING_FOR_HUMAN:
        _waiting(chain, manifest, command, before, context, texts)
    elif passed is not None:
        _shape(_gate(manifest, str(passed["gate"]))["parameters"], "", command, context, texts)
    elif first == State.COMPLETED:
        _shape(manifest["output"], "/output", command, context, texts)
    if first in (State.REJECTED, State.TERMINATED):
        _want(command["end"] != "none", "end", f"{first} needs an end record")
        _want(
            command["cause"] != Cause.EXECUTION_LOST,
            "closer_cause",
            "only the closer says that an execution was lost",
        )
        _want("same" in command["context"], "context", f"{first} keeps the context")
    else:
        _want(command["end"] == "none", "end", "an end record goes with an end alone")
    return Judged(decision, records)


def _created(
    chain: Chain, manifest: Manifest, command: CommitCommand, context: Sequence[Sequence[str]]
) -> Mapping[str, Any]:
    decision = command["decision"]
    # No member is in the word "none" either; it is compared for the type, and to be plain.
    if decision == "none" or "submission" not in decision:
        raise Refused("submission", "an instance begins with a sealed submission")
    envelope = decision["submission"]  # type: ignore[typeddict-item]
    # The API seals what a person asked for; a child's start the evidence worker itself.
    use = "commit" if "parent" in decision else "decision"
    said = _sealed(chain, envelope, "submission", use)
    SUBMISSION.require(said)
    _want(
        (said["parent_artifact_hash"] != "none") == ("parent" in decision),
        "submission",
        "a child, and nobody else, is started under an artifact of its parent",
    )
    if "parent" in decision:
        check_told(chain, decision["parent"], envelope)  # type: ignore[typeddict-item]
    wanted = {
        # ``_sealed`` holds these two already; this list stays whole, as defence in depth.
        "instance_id": command["instance_id"],
        "owning_team_id": command["team"],
        "workflow_id": command["workflow_id"],
        "workflow_version_id": command["program"],
        "human_actor_id": command["human_actor_id"],
        "context_hash": context_hash(context),
        "environment": chain.trust.environment,
    }
    for name, value in wanted.items():
        _want(said.get(name) == value, "submission", f"the sealed {name} is another one")
    _want(
        chain.trust.allows(
            command["team"], command["workflow_id"], command["program"], command["timestamp"]
        ),
        "program",
        "the trust file does not allow this program now",
    )
    # Values get salts of their own, so their hash is another one already: defence in depth.
    _want("leaves" in command["context"], "context", "the input's leaves are the submission's")
    wrong = covers(manifest["input"], [pointer for pointer, _ in context], "/input")
    _want(not wrong, "shape", wrong)
    for pointer, hashed in context:
        chain.text(hashed, pointer)
    return {"submission": envelope}


def _waiting(
    chain: Chain,
    manifest: Manifest,
    command: CommitCommand,
    before: Before,
    context: Sequence[Sequence[str]],
    texts: Texts,
) -> None:
    gate = _gate(manifest, command["gate"])
    _shape(gate["parameters"], "", command, context, texts)

    def people(pointer: str) -> list[str]:
        found = [text[3] for path, text in texts.items() if _within(path, pointer)]
        _want(
            bool(found) and all(one.startswith("actor:") for one in found),
            "authority_ambiguous",
            f"no person stands at {pointer}",
        )
        return found

    # The arithmetic is checked with the recount; only here is there any data of time zones.
    told = [record["periods"] for record in command["records"] if record["kind"] == "calendar"]
    try:
        resolved = gate_periods(gate, command["timestamp"])
    except NoPeriods as error:
        raise Refused("periods", str(error)) from None
    _want(told == ([resolved] if resolved else []), "periods", "the calendar opens otherwise")
    named = deciders.named(gate, people)
    voted = deciders.voted_before(chain, gate, command["commit"])
    wanted = {"excluded": kept_out(gate, before.initiator, named, voted), "named": named}
    for record in command["records"]:
        if record["kind"] == "deciders":
            for name, value in wanted.items():
                _want(record.get(name) == value, "deciders", f"{name} is not who stands there")


def _decided(
    chain: Chain,
    manifest: Manifest,
    command: CommitCommand,
    before: Before,
    texts: Texts,
) -> Mapping[str, Any] | str:
    opened = before.commit
    # Where nothing is opened there is no state either; None is told apart for the type.
    if opened is None or before.state != State.WAITING_FOR_HUMAN:
        raise Refused("transition", "nothing is waited for")
    artifact = opened.artifacts[-1]
    at = (artifact["gate"], artifact["round"])
    _want(at == (command["gate"], str(command["round"])), "gate", "another gate is waited for")
    gate = _gate(manifest, command["gate"])
    envelopes = command["decision"]["votes"] if command["decision"] != "none" else []  # type: ignore[typeddict-item]
    votes = [_vote(chain, envelope) for envelope in envelopes]
    amended = [tuple((p, v) for p, v in vote.statement["amendment"]) for vote in votes]
    speaks = bool(envelopes) or speaks_unvoted(gate, command["cause"])
    shown = [
        chain.salted(opened.context[path], path)
        # Silence opens nothing: it is rejection also where a text is gone.
        for path in (opened_paths(gate, amended) if speaks else ())
        if path in opened.context
    ]
    voted = deciders.voted_before(chain, gate, opened.number)
    opening = check_opening(
        manifest, opened.statement, before.initiator, voted, chain.trust.max_skew
    )
    waiting = replace(opening.waiting, values={text[2]: text[3] for text in shown})
    standing = _recount(gate, waiting, votes, command["timestamp"])
    if not guard_ends(chain, command, gate, opened.context, standing):
        _agrees(command, standing, waiting)
    if not speaks:
        return "none"
    return votes_decision(
        waiting.artifact_hash,
        list(waiting.excluded),
        {pointer: list(actors) for pointer, actors in waiting.named.items()},
        envelopes,
        shown,
        # What a guard refused is decided by nobody.
        [texts[path] for path, _ in standing.amendment if command["states"][0] != State.REJECTED],
    )


def _recount(
    gate: Mapping[str, Any], waiting: Waiting, votes: Sequence[Opened], at: str
) -> Standing:
    # Votes were counted before the deadline that ends the gate; they are judged as of then.
    ends = instant_text(instant_ms(waiting.rejects_at) - 1)
    counted_at = min(at, ends)
    tally = Tally(gate, waiting)
    for vote in votes:
        _want(tally.result(counted_at).outcome == "open", "recount", "a vote after the decision")
        wrong = judge_vote(tally, vote.statement, vote.hash, counted_at)
        if wrong is not None:
            raise Refused(f"vote_{wrong.rule}", wrong.message)
        tally.add(vote.statement, vote.hash)
    decided = tally.result(counted_at)
    return decided if decided.outcome != "open" else tally.result(at)


def _agrees(command: CommitCommand, standing: Standing, waiting: Waiting) -> None:
    state, cause = command["states"][0], command["cause"]
    if standing.outcome in _DECIDED:
        _want(
            _DECIDED[standing.outcome] == (state, cause),
            "recount",
            f"the votes amount to {standing.outcome}",
        )
        _want(command["human_actor_id"] == standing.by, "recount", "another person decided")
    else:
        _want(
            state == State.REJECTED
            and (cause == Cause.DEADLINE or cause in _UNVOTED)
            and command["human_actor_id"] == "none",
            "recount",
            f"the votes amount to {standing.outcome}",
        )
        _want(
            cause != Cause.DEADLINE or command["timestamp"] >= waiting.rejects_at,
            "deadline",
            "the time for the decision is not over",
        )
    amended = {} if standing.outcome != "amended" else dict(standing.amendment)
    source: Mapping[str, Any] = command["context"]
    given = source.get("amended", {})
    _want(
        given == amended and ("same" in source) == (not amended),
        "amendment",
        "the context is not what the votes amended",
    )


def _vote(chain: Chain, envelope: Mapping[str, Any]) -> Opened:
    opened = open_envelope(
        envelope,
        "authority-decision",
        chain.trust,
        "decision",
        chain.team,
        _time(envelope, "authority-decision"),
    )
    data = chain.store.get(chain.key("votes", f"{opened.hash}.json"))
    _want(data == write_envelope(envelope), "votes", f"vote {opened.hash} is not in the store")
    _want(VOTE.fits(opened.statement), "vote_form", "the vote does not have the members of a vote")
    return opened


def _record(
    chain: Chain,
    manifest: Manifest,
    command: CommitCommand,
    record: Mapping[str, Any],
    texts: Texts,
) -> None:
    kind = str(record.get("kind"))
    form = RECORDS.get(kind)
    if form is None or kind == "end":
        raise Refused("record", f"no record of kind {kind[:40]} may be sent")
    form.require(record)
    if kind == "use":
        _sealed(chain, record["claim"], "use", "effect")
    elif kind == "outcome":
        _sealed(chain, record["outcome"], "outcome", "effect")
    elif kind == "event":
        _sealed(chain, record["event"], "event", "decision")
        _want("sent" in command["context"], "context", "an event brings its own context")
    elif kind in KINDS:
        _want("same" in command["context"], "context", f"a record of kind {kind} keeps the context")
    elif kind == "child":
        # Whose it is and what it says, the verifier's own walk asks before this is signed.
        _want(not command["states"], "child", "a child is told by a commit of its own")
    elif kind == "child_end":
        # What the child's own chain says was asked for in ``_whole``.
        pass
    elif kind in SEALED_UNDOS:
        # Whose effect it undoes, the verifier's own walk asks before this is signed.
        member, what = SEALED_UNDOS[kind]
        open_envelope(
            record[member], what, chain.trust, "effect", chain.team, _time(record[member], what)
        )
    else:
        _gate(manifest, str(record["gate"]))
        # A guard's answer about what was decided is held against the votes, in ``guarding``.
        decides = command["states"][:1] in ([one] for one, _ in _DECIDED.values())
        if kind in ("policy", "waiver", "directory") or (kind == "guard" and not decides):
            new = "values" in command["context"]
            values = {pointer: text[3] for pointer, text in texts.items()} if new else None
            check_asked(chain, command, record, "proposal", values)


def _whole(chain: Chain, record: Mapping[str, Any]) -> dict[str, Any]:
    """The record, with what the evidence worker alone can say of it."""
    if record.get("kind") == "child_end":
        return child_end(chain, record)
    return dict(record)


def _sealed(chain: Chain, envelope: Any, kind: str, use: str) -> Mapping[str, Any]:
    opened = open_envelope(envelope, kind, chain.trust, use, chain.team, _time(envelope, kind))
    said = opened.statement
    _want(
        said.get("instance_id") == chain.instance_id and said.get("owning_team_id") == chain.team,
        kind,
        f"the sealed {kind} is of another instance",
    )
    return said


def _time(envelope: Any, kind: str) -> str:
    return str(unwrap(envelope, kind).statement.get("timestamp"))


def _shape(
    shape: Sequence[Any],
    prefix: str,
    command: CommitCommand,
    context: Sequence[Sequence[str]],
    texts: Texts,
) -> None:
    _want("values" in command["context"], "context", "a new context is wanted here")
    wrong = covers(shape, [pointer for pointer, _ in context], prefix)
    _want(not wrong, "shape", wrong)
    source: Mapping[str, Any] = command["context"]
    persons: Mapping[str, str] = source.get("persons", {})
    for pointer, _ in context:
        place = shape_at(shape, pointer.removeprefix(prefix))
        while place is not None and place[0] == "optional":
            place = place[1]
        there = pointer in persons
        absent = texts[pointer][3] in ("{}", "[]")
        _want(
            place is not None and (absent or there == (place[0] == "person")),
            "authority_ambiguous",
            f"{pointer} is a person here and not there",
        )


def _within(path: str, pointer: str) -> bool:
    return path == pointer or path.startswith(pointer + "/")


def _gate(manifest: Manifest, name: str) -> Mapping[str, Any]:
    gate: Mapping[str, Any] | None = manifest["gates"].get(name)
    if gate is None:
        raise Refused("gate", f"the program has no gate {name[:80]}")
    return gate


def _want(holds: bool, rule: str, why: str) -> None:
    if not holds:
        raise Refused(rule, why)
