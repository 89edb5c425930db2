"""The gate check: that a WAITING commit asks what the manifest says, and that a decision or a
waiver really gives what it claims (FORMAT sections 4 to 6). The verifier and the effect worker
run these same functions."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from gantral.evidence import errors, forms
from gantral.evidence.apart import Voted, kept_out
from gantral.evidence.calendar import calendar_instants, calendar_of, check_periods
from gantral.evidence.cases import chosen, has_cases
from gantral.evidence.commit import eligible_actors
from gantral.evidence.context import covers
from gantral.evidence.envelope import Opened, Sealed, judge, unwrap
from gantral.evidence.errors import EvidenceError
from gantral.evidence.formula import Voter, possible
from gantral.evidence.grant import Grant, Opening
from gantral.evidence.guard import (
    check_asked,
    check_asked_again,
    query_of,
)
from gantral.evidence.hashes import leaf
from gantral.evidence.once import once
from gantral.evidence.planned import is_ask
from gantral.evidence.records import VOTE
from gantral.evidence.recount import (
    Standing,
    Tally,
    Waiting,
    amendment_of,
    judge_vote,
    opened_paths,
)
from gantral.evidence.trust import TrustFile

DECISION = frozenset({"decision"})
Statement = Mapping[str, Any]
# Opens a sealed vote, once its form and its seal hold.
OpenVote = Callable[[Any], Sealed | Opened]


def records_of(statement: Statement, kind: str) -> list[Mapping[str, Any]]:
    """The commit's records of one kind."""
    return [record for record in statement["records"] if record["kind"] == kind]


@once
def gate_pointers(gate: Mapping[str, Any]) -> list[str]:
    """Every pointer at which the gate names persons: decide, veto, apart, clock; sorted."""

    def walk(tree: Any) -> Iterator[str]:
        if isinstance(tree, Mapping):
            if tree.keys() in ({"actor"}, {"actors"}):
                yield from map(str, tree.values())
            else:
                for inner in tree.values():
                    yield from walk(inner)
        elif isinstance(tree, list):
            for inner in tree:
                yield from walk(inner)

    return sorted(set(walk([gate["decide"], gate["veto"], gate["apart"], gate["clock"]])))


def clock_instants(
    gate: Mapping[str, Any], opened_at: str, periods: Sequence[Sequence[str]] = ()
) -> list[list[Any]]:
    """The clock record's instants of a gate that opened then: [[instant, action, from, to], …].
    ``periods``: those of its calendar record, when it stands on a calendar.

    Raises:
        EvidenceError: ``form`` or ``periods``.
    """
    calendar = calendar_of(gate)
    if calendar is not None:
        check_periods(calendar, opened_at, periods)
        return calendar_instants(gate, opened_at, periods)
    return [
        [forms.plus(opened_at, forms.duration_ms(after)), action, *(rest or ["none", "none"])]
        for after, action, *rest in gate["clock"]
    ]


def check_opening(
    manifest: Mapping[str, Any],
    statement: Statement,
    initiator: str,
    voted: Voted,
    max_skew: int,
) -> Opening:
    """Check a WAITING commit against the manifest.

    ``initiator`` is the submission's actor id; ``voted`` who voted before, at which gate, in the
    decisions that this chain holds; ``max_skew`` in milliseconds.

    Raises:
        EvidenceError: ``gate``, ``proposal``, ``clock``, ``deciders``, ``excluded``,
            ``directory``, ``policy_record``, ``guard_record``, ``policy_version``,
            ``policy_input``, ``calendar``, ``periods`` or ``ask``.
    """
    artifact = statement["artifacts"][0]
    name = artifact["gate"]
    gate = gate_of(manifest, name)
    if wrong := covers(gate["parameters"], [pair[0] for pair in statement["context"]]):
        errors.refuse("proposal", f"the context is not the gate's proposal: {wrong}")
    clock = _one(statement, "clock", artifact)
    periods = []
    if calendar_of(gate) is not None:
        periods = _one(statement, "calendar", artifact)["periods"]
    elif records_of(statement, "calendar"):
        errors.refuse("calendar", "this gate's clock stands on no calendar")
    if clock["instants"] != clock_instants(gate, statement["timestamp"], periods):
        errors.refuse("clock", "the instants are not the opening's time plus the gate's durations")
    deciders = _one(statement, "deciders", artifact)
    named = deciders["named"]
    wanted = gate_pointers(gate)
    if sorted(named) != wanted or any(
        actors != sorted(set(actors)) or not actors for actors in named.values()
    ):
        errors.refuse("deciders", "the named persons are not exactly those that the gate reads")
    if deciders["excluded"] != kept_out(gate, initiator, named, voted):
        errors.refuse("excluded", "those kept out are not those that the gate keeps out")
    check_asked(manifest, gate, statement)
    return Opening(
        gate=name,
        round=artifact["round"],
        ask=check_ask(gate, statement, artifact),
        guard=query_of(manifest, gate, "guarded"),
        manifest_gate=gate,
        context=dict(statement["context"]),
        waiting=Waiting(
            instance_id=statement["instance_id"],
            artifact_hash=artifact["artifact_hash"],
            context_hash=artifact["context_hash"],
            opened_at=statement["timestamp"],
            instants=clock["instants"],
            excluded=frozenset(deciders["excluded"]),
            named=named,
            initiator=initiator,
            values={},
            max_skew=max_skew,
        ),
        holders=_holders(statement, artifact, deciders["excluded"]),
    )


def check_ask(gate: Mapping[str, Any], statement: Statement, at: Mapping[str, str]) -> str:
    """Which ask a commit is of, "" at a gate that does not tell them apart: what its ask record
    says. ``at`` has the gate and the round.

    Raises:
        EvidenceError: ``record`` or ``ask``.
    """
    if "asks" not in gate:
        if records_of(statement, "ask"):
            errors.refuse("ask", f"the asks of {at['gate']} are not told apart")
        return ""
    ask = str(_one(statement, "ask", at)["ask"])
    if not is_ask(gate, ask):
        errors.refuse("ask", f"{ask} is no ask of {at['gate']}, or of none of its rounds")
    return ask


def _holders(
    statement: Statement, artifact: Mapping[str, str], excluded: Sequence[str]
) -> tuple[Voter, ...] | None:
    if not records_of(statement, "directory"):
        return None
    rows = _one(statement, "directory", artifact)["holders"]
    actors = [actor for actor, _ in rows]
    if (
        actors != sorted(set(actors))
        or set(actors) & set(excluded)
        or any(not roles or roles != sorted(set(roles)) for _, roles in rows)
    ):
        errors.refuse("directory", "the holders are not in order, or may not decide")
    return tuple(Voter(actor, frozenset(roles)) for actor, roles in rows)


def check_decision(opening: Opening, statement: Statement, open_vote: OpenVote) -> Grant:
    """Recount a decision commit (APPROVED or OVERRIDDEN first) from its sealed votes.

    Raises:
        EvidenceError: ``decision_bind``, ``opened``, ``vote_<rule>``, ``recount``,
            ``approved_context``, ``amended_values``, ``human_actor``, or the guard's
            (``check_asked_again``).
    """
    artifact = statement["artifacts"][0]
    check_asked_again(opening.guard, statement)
    standing = recount_commit(opening, statement, open_vote)
    wanted = {"APPROVED": "approved", "OVERRIDDEN": "amended"}[artifact["authority_state"]]
    if statement["timestamp"] >= opening.waiting.rejects_at:
        errors.refuse("recount", "the votes amount to deadline: the gate's time was over")
    if standing.outcome != wanted:
        errors.refuse("recount", f"the votes amount to {standing.outcome}, not to {wanted}")
    if artifact["human_actor_id"] != standing.by:
        errors.refuse("human_actor", "human_actor_id is not who completed the formula")
    context = dict(statement["context"])
    _check_amended(opening, statement, standing, context)
    return Grant(
        name=artifact["artifact_hash"],
        gate=opening.gate,
        round=opening.round,
        ask=opening.ask,
        manifest_gate=opening.manifest_gate,
        context=context,
        decided_at=statement["timestamp"],
        by="people",
    )


def recount_commit(opening: Opening, statement: Statement, open_vote: OpenVote) -> Standing:
    """Check the decision of a commit and count its votes at the commit's time.

    Raises:
        EvidenceError: ``decision_bind``, ``opened``, ``vote_<rule>`` or ``surplus_vote``.
    """
    decision, waiting, at = statement["decision"], opening.waiting, statement["timestamp"]
    if decision["waiting_artifact_hash"] != waiting.artifact_hash:
        errors.refuse("decision_bind", "the decision is about another waiting artifact")
    if decision["excluded"] != sorted(waiting.excluded):
        errors.refuse("decision_excluded", "the decision keeps out others than the gate did")
    eligible = eligible_actors(decision["excluded"], {k: list(v) for k, v in waiting.named.items()})
    if decision["eligible"] != eligible:
        errors.refuse("decision_eligible", "the decision names other persons than the gate did")
    votes = [open_vote(envelope) for envelope in decision["votes"]]
    values = _opened(decision["opened_before"], opening.context, waiting.instance_id, "before")
    amendments = [tuple((p, v) for p, v in vote.statement["amendment"]) for vote in votes]
    if sorted(values) != opened_paths(opening.manifest_gate, amendments):
        errors.refuse("opened_paths", "other values are opened than those the bounds read")
    # Votes were counted before the instant that ends the gate, whenever its end was committed.
    counted_at = min(at, forms.plus(waiting.rejects_at, -1))
    tally = Tally(opening.manifest_gate, _with_values(waiting, values))
    for index, opened in enumerate(votes):
        vote = opened.statement
        # Votes only add up until somebody's vote is taken back or replaced: so these are the places
        # where a decision could hide behind what came after it.
        hides = index == len(votes) - 1 or vote["human_actor_id"] in tally.standing
        if index and hides and tally.result(counted_at).outcome != "open":
            errors.refuse("surplus_vote", f"the votes before vote {index + 1} decide already")
        if wrong := judge_vote(tally, vote, opened.hash, counted_at):
            errors.refuse(f"vote_{wrong.rule}", f"vote {index + 1}: {wrong.message}")
        tally.add(vote, opened.hash)
    # What they decided in time stands, whenever it was committed.
    decided = tally.result(counted_at)
    return decided if decided.outcome != "open" else tally.result(at)


def check_grant(
    manifest: Mapping[str, Any],
    trust: TrustFile,
    created: Statement,
    waiting: Statement,
    decision: Statement,
    voted: Voted,
) -> Grant:
    """What the effect's worker runs before it claims: the verifier's check of one gate.

    ``created``, ``waiting`` and ``decision`` are statements of commits whose signatures, links and
    places hold: commit 0, the WAITING one, and the APPROVED or OVERRIDDEN one. For a waived gate
    use ``passed.check_waiver``. ``voted`` as ``check_opening`` has it.

    Raises:
        EvidenceError: as ``check_opening`` and ``check_decision``, and those of envelopes.
    """
    team = decision["owning_team_id"]

    def open_vote(envelope: Any) -> Opened:
        sealed = unwrap(envelope, "authority-decision")
        if not VOTE.fits(sealed.statement):
            raise EvidenceError("vote_form", "a vote has the members of a vote")
        at = sealed.statement["timestamp"]
        if not forms.is_instant(at):
            raise EvidenceError("vote_form", "the vote has no timestamp")
        return judge(sealed, trust, DECISION, team, at)

    initiator = unwrap(created["decision"]["submission"], "submission").statement["human_actor_id"]
    states = [artifact["authority_state"] for artifact in waiting["artifacts"]]
    if states != ["WAITING_FOR_HUMAN"]:
        raise EvidenceError("gate", "the waiting commit is none")
    if not decision["artifacts"] or decision["artifacts"][0]["authority_state"] not in (
        "APPROVED",
        "OVERRIDDEN",
    ):
        raise EvidenceError("gate", "the deciding commit approves nothing")
    opening = check_opening(manifest, waiting, initiator, voted, trust.max_skew)
    return check_decision(opening, decision, open_vote)


def check_no_eligible(opening: Opening, statement: Statement) -> None:
    """Check that, as far as names and the directory record tell, nobody can meet the formula of
    what was proposed.

    The statement is a REJECTED commit's, its decision recounted; where the gate has cases that
    decision has no vote and opens what they are told apart by.

    Raises:
        EvidenceError: ``no_eligible`` or ``opened``.
    """
    waiting, gate, decision = opening.waiting, opening.manifest_gate, statement["decision"]
    opened = decision["opened_before"] if decision != "none" else []
    case = gate["decide"][chosen(gate, {text[2]: text[3] for text in opened})]
    last = waiting.electorate(waiting.rejects_at)
    if possible(case["formula"], last, waiting.excluded, opening.holders):
        errors.refuse("no_eligible", "there are people who could decide")


def speaks_unvoted(gate: Mapping[str, Any], cause: str) -> bool:
    """Whether a rejection without a vote has a decision all the same: who could have decided is
    told by values, which must then be in the commit."""
    return cause == "no_eligible" and has_cases(gate)


def gate_of(manifest: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    """The program\'s gate of that name.

    Raises:
        EvidenceError: ``gate``, or ``manifest`` (inconclusive) for a form unknown here.
    """
    gate: Mapping[str, Any] | None = manifest["gates"].get(name)
    if gate is None:
        raise EvidenceError("gate", f"the program has no gate {name}")
    return gate


def _one(statement: Statement, kind: str, artifact: Mapping[str, str]) -> Mapping[str, Any]:
    found = records_of(statement, kind)
    if len(found) != 1 or (found[0]["gate"], found[0]["round"]) != (
        artifact["gate"],
        artifact["round"],
    ):
        raise EvidenceError("record", f"an opening gate has exactly one {kind} record, its own")
    return found[0]


def _opened(
    texts: Sequence[Sequence[str]], context: Mapping[str, str], instance_id: str, when: str
) -> dict[str, str]:
    paths = [text[2] for text in texts]
    if paths != sorted(set(paths)):
        errors.refuse("opened", f"the values opened {when} are not sorted, or one is there twice")
    for text in texts:
        if text[1] != instance_id or context.get(text[2]) != leaf(text):
            errors.refuse("opened", f"the value opened {when} at {text[2]:.80} is not bound")
    return {text[2]: text[3] for text in texts}


def _with_values(waiting: Waiting, values: Mapping[str, str]) -> Waiting:
    return Waiting(**{**waiting.__dict__, "values": values})


def _check_amended(
    opening: Opening, statement: Statement, standing: Standing, context: Mapping[str, str]
) -> None:
    decision = statement["decision"]
    after = _opened(decision["opened_after"], context, opening.waiting.instance_id, "after")
    if tuple(sorted(after.items())) != standing.amendment:
        errors.refuse("amended_values", "the decided values are not those that were voted for")
    if context.keys() != opening.context.keys() or any(
        context[path] != opening.context[path] for path in context if path not in after
    ):
        errors.refuse("approved_context", "more is changed than what was amended")


__all__ = [
    "Grant",
    "Opening",
    "amendment_of",
    "check_ask",
    "check_decision",
    "check_grant",
    "check_no_eligible",
    "check_opening",
    "clock_instants",
    "gate_of",
    "gate_pointers",
    "query_of",
    "records_of",
    "recount_commit",
    "speaks_unvoted",
]
