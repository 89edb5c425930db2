"""What lies beside the commits, votes and uses that no commit holds (FORMAT sections 5, 6, 9)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from gantral.authority import State
from gantral.evidence import errors, forms
from gantral.evidence.children import UNTOLD
from gantral.evidence.envelope import Sealed, judge, read_envelope
from gantral.evidence.errors import EvidenceError
from gantral.evidence.folder import Files
from gantral.evidence.records import CLAIM, OUTCOME, REFUSAL, VOTE
from gantral.evidence.trust import TrustFile
from gantral.evidence.uses import is_undo
from gantral.evidence.walk import Walk

Note = Callable[[EvidenceError], None]


def judge_sealed(sealed: Sealed, trust: TrustFile, uses: set[str], walk: Walk, note: Note) -> None:
    """Demand that the statement is of the walked instance and team, and signed by a key of one of
    these uses. What is merely unknown is noted.

    Raises:
        EvidenceError: ``instant``, ``other_instance``, ``other_team`` or those of ``judge``.
    """
    statement = sealed.statement
    if statement["instance_id"] != walk.instance_id:
        errors.refuse("other_instance", f"a {sealed.kind} of another instance")
    if statement.get("owning_team_id", walk.team) != walk.team:
        errors.refuse("other_team", f"a {sealed.kind} of another team")
    if not forms.is_instant(statement["timestamp"]):
        errors.refuse("instant", "a sealed statement's time is no instant")
    try:
        judge(sealed, trust, frozenset(uses), walk.team, statement["timestamp"])
    except EvidenceError as error:
        if not error.inconclusive:
            raise
        note(error)


def check_votes(folder: Files, trust: TrustFile, walk: Walk, note: Note) -> None:
    """Votes beside the commits: each is accounted for by a sealed refusal, or is open.

    Raises:
        EvidenceError: ``vote_name``, ``vote_twice``, ``vote_refused`` and those of
            ``judge_sealed``.
    """
    names = folder.under("votes/")
    refused = {
        _refusal(folder, name, trust, walk, note) for name in names if name.endswith(_REFUSAL)
    }
    for name in names:
        if name.endswith(_REFUSAL):
            continue
        sealed = read_envelope(folder.read(name) or b"", "authority-decision")
        VOTE.require(sealed.statement)
        if name != f"votes/{sealed.hash}.json":
            errors.refuse("vote_name", f"{name} is not named by its hash")
        judge_sealed(sealed, trust, {"decision"}, walk, note)
        if sealed.hash in walk.votes:
            errors.refuse("vote_twice", f"{name} is in a commit already")
        if sealed.hash not in refused:
            open_vote = f"{name} is neither counted nor refused"
            note(EvidenceError("vote_unaccounted", open_vote, inconclusive=True))
        refused.discard(sealed.hash)
        vote = sealed.statement
        for bound in (vote["justification"], vote["assurance"]["identity"]):
            if bound != "none":
                walk.bound.setdefault(bound.removeprefix("leaf:"), "")
    for vote_hash in sorted(refused):
        gone = f"votes/{vote_hash}.json, which was refused, is missing"
        note(EvidenceError("missing", gone, inconclusive=True))


_REFUSAL = ".refusal.json"


def _refusal(folder: Files, name: str, trust: TrustFile, walk: Walk, note: Note) -> str:
    sealed = read_envelope(folder.read(name) or b"", "refusal")
    REFUSAL.require(sealed.statement)
    if name != f"votes/{sealed.statement['vote']}{_REFUSAL}":
        errors.refuse("vote_name", f"{name} is not named by the vote it refuses")
    judge_sealed(sealed, trust, {"decision", "closer"}, walk, note)
    if sealed.statement["vote"] in walk.votes:
        errors.refuse("vote_refused", f"{name} refuses a vote that was counted")
    return str(sealed.statement["vote"])


@dataclass
class Late:
    """What undid effects of an instance that had COMPLETED: the hashes of claims and outcomes, and
    the effects that are undone by them, named ``instance/call``."""

    hashes: set[str] = field(default_factory=set)
    undone: set[str] = field(default_factory=set)


def check_uses(folder: Files, trust: TrustFile, walk: Walk, note: Note) -> Late:
    """Claims and outcomes beside the commits: something acted, and no commit of this chain tells
    it. What undoes an effect of a child that COMPLETED is told by who undid it (ADR 0140), so it is
    judged here by the approval it acts by, and returned.

    Raises:
        EvidenceError: ``use_name``, ``use_twice``, ``undo_early``, those of ``judge_sealed`` and of
            ``Ledger``.
    """
    late = Late()
    stood = set(walk.left())
    for name in folder.under("uses/"):
        ended = name.endswith(".outcome.json")
        sealed = read_envelope(folder.read(name) or b"", "outcome" if ended else "use")
        (OUTCOME if ended else CLAIM).require(sealed.statement)
        place = (sealed.statement["grant"], sealed.statement["slot"])
        if name != use_name(place, ended=ended):
            errors.refuse("use_name", f"{name} is not named by its grant and slot")
        judge_sealed(sealed, trust, {"effect"}, walk, note)
        if place in (walk.ledger.outcomes if ended else walk.ledger.claims):
            errors.refuse("use_twice", f"{name} is in a commit already")
        if ended and is_undo(place[1]):
            for _, leaf in sealed.statement["results"]:
                walk.bound.setdefault(leaf, "")
        if is_undo(place[1]) and walk.parent != "none" and walk.state is State.COMPLETED:
            _late(sealed, walk)
            late.hashes.add(sealed.hash)
            continue
        unaccounted = f"{name} is in no commit"
        note(EvidenceError("use_unaccounted", unaccounted, inconclusive=True))
    late.undone = stood - set(walk.left())
    if late.hashes:
        untold = "effects of this were undone after it ended, and who did so is not told here"
        note(EvidenceError(UNTOLD, untold, inconclusive=True))
        for call in walk.ledger.without_outcome():
            unknown = f"the undo of {call} was begun, and nothing says how it ended"
            note(EvidenceError("no_outcome", unknown, inconclusive=True))
    return late


def _late(sealed: Sealed, walk: Walk) -> None:
    statement = sealed.statement
    at = statement["timestamp"]
    if sealed.kind == "outcome":
        walk.ledger.outcome(statement, at)
        return
    if forms.instant_ms(at) + walk.trust.max_skew < forms.instant_ms(walk.timestamp):
        errors.refuse("undo_early", "no commit tells an undo from before the end")
    walk.ledger.claim(walk.manifest, statement, at)


def use_name(place: tuple[str, str], *, ended: bool) -> str:
    """The file of a claim or of its outcome at (grant, slot)."""
    return f"uses/{place[0]}/{place[1]}{'.outcome' if ended else ''}.json"


def looks_like_a_store(folder: Files, walk: Walk) -> bool:
    """Whether this is an instance's folder as a store keeps it: no lines for auditors, and votes or
    uses that commits hold too."""
    held = {f"votes/{vote}.json" for vote in walk.votes}
    held.update(use_name(place, ended=False) for place in walk.ledger.claims)
    held.update(use_name(place, ended=True) for place in walk.ledger.outcomes)
    return "artifacts.jsonl" not in folder.names and any(name in folder.names for name in held)
