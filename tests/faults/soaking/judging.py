"""What must hold after any fault, asked of the store, the ledger and what people were told."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory

from gantral.evidence import LocalStore, TrustFile, actor_id
from gantral.evidence.errors import EvidenceError
from gantral.evidence.export import export_instance
from gantral.evidence.verify import verify_folder

from soaking.clocks import now
from soaking.people import Case, Course
from soaking.reading import TEAM, Chain
from soaking.shop import open_ledger
from soaking.world import World

# How a course may end when nothing goes wrong; a fault may end it earlier, by these causes.
_ENDS = {
    "waived": {"completed"},
    "amended": {"completed"},
    "approved": {"completed"},
    "director": {"completed"},
    "rejected": {"rejected"},
    "withdrawn": {"withdrawn"},
    "timed out": {"deadline"},
    "crowd": {"completed", "rejected"},
}
# The service's worker was lost between claim and outcome; policy could not be asked; the store took
# no commit, so the run failed and the closer ended the evidence; a read got no answer in time; the
# store took no claim, so nobody could show that the effect has authority.
_BY_FAULT = {
    "effect_unknown", "policy_failure", "execution_lost", "action_failed", "authority_ambiguous",
}  # fmt: skip
# What evidence may lack for good, and by what ends: when an effect's worker was lost, or was slower
# than its run waits, nobody knows how it ended, or says so too late for a commit.
_CUT = {"no_outcome", "use_unaccounted"}
_CUT_SHORT = {"execution_lost", "effect_unknown"}
# Of a service's worker that was killed to come back with a wrong clock.
_BY_KILL = {"effect_unknown", "action_failed"}
_STRANGER = "effect of an instance that nobody started"
_AMOUNTS = {"waived": "12.50", "amended": "25.00"}
_TYPES = {"approve": "APPROVE", "amend": "OVERRIDE", "reject": "REJECT", "withdraw": "WITHDRAW"}


def _by(fault: str) -> set[str]:
    """The causes by which a fault may end what it met. A wrong clock of ours ends nothing:
    authority goes by Temporal's."""
    if not fault.startswith("clock"):
        return _BY_FAULT
    return _BY_KILL if fault.endswith("when it starts") else set()


@dataclass
class Judgement:
    """One instance: its verdict, how it stands, and every rule of ours that it breaks."""

    case: Case
    verdict: str
    end: str
    codes: tuple[str, ...] = ()
    broken: list[str] = field(default_factory=list)


class Judge:
    """Reads; changes nothing. ``running``: the instances whose run Temporal says is open."""

    def __init__(self, world: World, running: frozenset[str]) -> None:
        self.world = world
        self.running = running
        self.now = now()
        self.trust = TrustFile.load((world.folder / "trust.json").read_bytes())
        self.store = LocalStore(world.evidence)
        self.pepper = (world.folder / "keys" / "pepper.key").read_bytes()
        self.calls: dict[str, list[tuple[str, str, str, str]]] = {}
        with closing(open_ledger(world.ledger)) as db:
            query = "SELECT instance, key, workflow, operation, amount FROM calls ORDER BY number"
            for instance, *call in db.execute(query):
                self.calls.setdefault(instance, []).append(tuple(call))

    def judge(self, cases: Sequence[Case]) -> list[Judgement]:
        """Every case."""
        return [self._case(case) for case in cases]

    def strangers(self, cases: Sequence[Case]) -> list[Judgement]:
        """Whatever was done for an instance that is none of these."""
        return [
            Judgement(Case(0, Course("none"), instance), "none", "none", (), [_STRANGER])
            for instance in sorted(self.calls.keys() - {case.instance for case in cases})
        ]

    def _case(self, case: Case) -> Judgement:
        if not case.instance:
            return Judgement(case, "none", "not started")
        chain = Chain.read(self.world.evidence, case.instance)
        if chain is None:
            told = Judgement(case, "none", "no commit")
            if self.calls.get(case.instance):
                told.broken.append("effect without a commit")
            if case.instance not in self.running:
                told.broken.append("started, and nothing committed nor running")
            return told
        verdict, codes = self._verdict(case.instance)
        cause = f"{chain.state} {chain.cause}" if chain.ended else chain.state
        told = Judgement(case, verdict, cause, codes)
        told.broken += [*self._effects(case, chain), *self._votes(case, chain)]
        if not self._timely(chain):
            told.broken.append("a time that was not, or that goes back")
        told.broken += self._standing(case, chain, verdict, codes)
        return told

    def _verdict(self, instance: str) -> tuple[str, tuple[str, ...]]:
        with TemporaryDirectory() as folder:
            try:
                export_instance(self.store, TEAM, instance, Path(folder) / "out")
            except EvidenceError as error:
                return "INCONCLUSIVE" if error.inconclusive else "INVALID", (error.code,)
            report = verify_folder(Path(folder) / "out", self.trust)
        return report.verdict, tuple(sorted({one.code for one in report.findings}))

    def _effects(self, case: Case, chain: Chain) -> list[str]:
        broken = []
        calls = self.calls.get(case.instance, [])
        keys = {key for key, *_ in calls}
        authorised = chain.waived or any(
            state in ("APPROVED", "OVERRIDDEN") for state, _ in chain.decisions
        )
        if calls and not authorised:
            broken.append("effect without authority in a commit")
        if len(keys) > 1 or (case.course.workflow == "once" and len(calls) > 1):
            broken.append("effect done twice")
        if keys and len(chain.claims) != 1:
            broken.append(f"effect under {len(chain.claims)} claims")
        wanted = _AMOUNTS.get(case.course.name, "40.00")
        if case.course.name != "crowd" and any(amount != wanted for *_, amount in calls):
            broken.append("effect with another amount than was decided")
        if chain.state == "COMPLETED" and not calls:
            broken.append("completed, and nothing was done")
        return broken

    def _votes(self, case: Case, chain: Chain) -> list[str]:
        broken = []
        sent = {(self._actor(vote.who), _TYPES[vote.decision]) for vote in case.sent}
        for state, votes in chain.decisions:
            later = {vote["supersedes"] for vote in votes}
            votes = [vote for vote in votes if vote["hash"] not in later]
            voters = Counter(vote["human_actor_id"] for vote in votes)
            if state in ("APPROVED", "OVERRIDDEN") and not self._enough(votes):
                broken.append("approval without votes")
            if any(number > 1 for number in voters.values()):
                broken.append("a person counted twice")
            if any((one["human_actor_id"], one["decision_type"]) not in sent for one in votes):
                broken.append("a vote that nobody sent")
        counted = chain.counted
        for answer in case.answers:
            receipt = answer.receipt
            if not receipt:
                continue
            if receipt not in counted and not chain.waiting and not chain.refused(receipt):
                broken.append(f"lost decision of {answer.vote.who}")
            state = answer.body["state"]
            if state != "WAITING_FOR_HUMAN" and state not in {one for one, _ in chain.decisions}:
                broken.append(f"{answer.vote.who} was told {state}, and that is not committed")
        return broken

    def _enough(self, votes: Sequence[Mapping[str, object]]) -> bool:
        """Two managers or one director for the same thing, counted by hand."""
        yes: dict[str, list[Mapping[str, object]]] = {}
        for vote in votes:
            if vote["decision_type"] in ("APPROVE", "OVERRIDE"):
                yes.setdefault(str(vote["amendment"]), []).append(vote)
        return any(
            any("finance_director" in str(vote["role"]) for vote in group)
            or len({vote["human_actor_id"] for vote in group}) > 1
            for group in yes.values()
        )

    def _timely(self, chain: Chain) -> bool:
        """Whether its times rise and lie between the world's beginning and now, by this machine's
        own clock, which nobody moved: what a part's clock shows is never committed."""
        times = [one["timestamp"] for one in chain.artifacts]
        return [self.world.began, *times, self.now] == sorted([self.world.began, *times, self.now])

    def _standing(
        self, case: Case, chain: Chain, verdict: str, codes: tuple[str, ...]
    ) -> list[str]:
        allowed = _ENDS[case.course.name] | _by(case.fault)
        if case.course.workflow == "hasty":
            allowed = allowed | {"deadline"}
        lacking = set() if chain.ended else {"no_end"}
        if chain.cause in _CUT_SHORT:
            lacking = lacking | _CUT
        broken = []
        if verdict == "INVALID" or not set(codes) <= lacking:
            broken.append(f"{verdict}: {', '.join(codes)}")
        if chain.ended:
            if chain.cause not in allowed:
                broken.append(f"ended by {chain.cause}")
        elif not chain.waiting:
            broken.append(f"stands in {chain.state}")
        elif case.instance not in self.running:
            broken.append("waits, and its run is over")
        elif len([one for one in case.answers if one.receipt]) >= len(case.course.votes) > 0:
            broken.append("waits, though it is decided")
        return broken

    def _actor(self, name: str) -> str:
        return actor_id(self.pepper, self.world.issuer, "sub", name)
