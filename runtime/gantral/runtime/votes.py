"""One open gate: the votes that came, what they amount to, and why another one is refused.

Deterministic: what changes here changes by accepted updates alone, and time is workflow time. Seals
are judged in the validator only, which does not run again in a replay.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import localcontext
from typing import Any, Final

from gantral.authority import Cause
from gantral.evidence import EvidenceError, TrustFile
from gantral.evidence.cases import chosen
from gantral.evidence.envelope import Sealed, judge, unwrap
from gantral.evidence.formula import Voter
from gantral.evidence.recount import Standing, Waiting, accept_vote, count
from gantral.runtime import forms, terms
from gantral.runtime.calls import Approval
from gantral.runtime.machine import now
from gantral.runtime.values import problem
from pydantic import ValidationError
from temporalio.exceptions import ApplicationError

# A vote with its justification; an update near Temporal's own bound wedges the run.
LARGEST_DELIVERY: Final = 128 * 1024
# All votes of a gate go into one commit of at most 1 MiB and one activity argument, and a run takes
# 2,000 updates: nobody may fill either up and so keep others from deciding.
LARGEST_VOTES: Final = 384 * 1024
VOTES_EACH: Final = 20
# How often a run answers votes that it counted before, each under an update id of its own.
REPEATS: Final = 100
_MEMBERS = {"vote", "justification", "round", "gate"}
_KIND = "authority-decision"


def refuse(rule: str, why: str) -> ApplicationError:
    """A refused vote: the error's type is the rule's name."""
    return ApplicationError(f"{rule}: {why}", type=rule, non_retryable=True)


@dataclass(frozen=True)
class Vote:
    """A counted vote."""

    hash: str
    statement: dict[str, Any]
    envelope: dict[str, Any]
    justification: str


def read(delivery: Mapping[str, Any]) -> Sealed:
    """The vote of a delivery, its signature not yet judged.

    Raises:
        ApplicationError: ``delivery`` or the evidence rule that it breaks.
    """
    if not isinstance(delivery, dict) or delivery.keys() != _MEMBERS:
        raise refuse("delivery", f"it has exactly {', '.join(sorted(_MEMBERS))}")
    if not isinstance(delivery["justification"], str):
        raise refuse("delivery", "justification is text")
    if len(json.dumps(delivery)) > LARGEST_DELIVERY:
        raise refuse("delivery", f"it is larger than {LARGEST_DELIVERY} bytes")
    try:
        return unwrap(delivery["vote"], _KIND)
    except EvidenceError as error:
        raise refuse(error.code, error.message) from None


class OpenGate:
    """A gate whose WAITING_FOR_HUMAN is committed."""

    def __init__(
        self,
        *,
        gate: str,
        round: int,
        site: str,
        rules: Mapping[str, Any],
        waiting: Waiting,
        proposal: dict[str, Any],
        approval: type[Approval],
        again: Callable[[Any], bool] | None,
        holders: list[list[Any]] | None,
    ) -> None:
        self.gate = gate
        self.round = round
        self.site = site
        self.rules = rules
        # Of `decide`: the one that the proposal chooses.
        self.case = chosen(rules, waiting.values)
        self.waiting = waiting
        self.proposal = proposal
        # Of the deployment's directory, when they are too few; None when nobody knows.
        self.holders = (
            None if holders is None else [Voter(one, frozenset(roles)) for one, roles in holders]
        )
        self.votes: list[Vote] = []
        # Set by the handler of the deciding vote before it awaits, or by the main coroutine: first
        # wins, and everything after it is late.
        self.outcome: Standing | None = None
        self.closing: Cause | None = None  # nobody's vote closed it
        self.settled = False  # the outcome is committed
        self._approval = approval
        self._again = again

    @property
    def closed(self) -> bool:
        """Whether it takes no more votes, committed or not yet."""
        return self.outcome is not None or self.closing is not None

    @property
    def statements(self) -> list[dict[str, Any]]:
        """The counted votes' statements, in the order in which they were accepted."""
        return [vote.statement for vote in self.votes]

    @property
    def deadline(self) -> datetime:
        """When silence becomes a rejection."""
        return forms.read_instant(self.waiting.rejects_at)

    def next_instant(self, after: datetime) -> datetime:
        """The next moment of the clock: reminders and widenings only wake the run."""
        moments = [forms.read_instant(entry[0]) for entry in self.waiting.instants]
        return min((moment for moment in moments if moment > after), default=self.deadline)

    def validate(
        self, delivery: Mapping[str, Any], sealed: Sealed, trust: TrustFile | None, team: str
    ) -> None:
        """Return if the vote may be counted now.

        Raises:
            ApplicationError: its type names the rule.
        """
        if delivery["gate"] != self.gate or delivery["round"] != self.round:
            raise refuse("gate", f"gate {self.gate} round {self.round} is open, not that one")
        if self.closed:
            raise refuse("decided", f"gate {self.gate} round {self.round} is decided already")
        self._judge(sealed, trust, team)
        refusal = accept_vote(
            self.rules, self.waiting, self.statements, sealed.statement, forms.write_instant(now())
        )
        if refusal is not None:
            raise refuse(refusal.rule, refusal.message)
        self._check_amendment(sealed.statement)
        self._check_room(sealed.statement, delivery["vote"])

    def add(self, sealed: Sealed, delivery: Mapping[str, Any]) -> None:
        """Count an accepted vote; when it decides, the gate is closed from here on."""
        self.votes.append(
            Vote(sealed.hash, sealed.statement, delivery["vote"], delivery["justification"])
        )
        self.weigh()

    def weigh(self) -> None:
        """Close the gate if the votes, or the time, decide it."""
        if not self.closed:
            standing = count(self.rules, self.waiting, self.statements, forms.write_instant(now()))
            if standing.outcome != "open":
                self.outcome = standing

    def decided(self, amendment: Mapping[str, str]) -> dict[str, Any]:
        """The proposal with an amendment, as spec-named wire values."""
        return terms.amended(self.proposal, amendment, self.rules["parameters"])

    def reason(self, actor: str) -> str:
        """The justification of this person's last vote."""
        return next(
            (
                vote.justification
                for vote in reversed(self.votes)
                if vote.statement["human_actor_id"] == actor
            ),
            "",
        )

    def _judge(self, sealed: Sealed, trust: TrustFile | None, team: str) -> None:
        if trust is None:
            raise refuse("trust", "this worker has no trust file; set [evidence] trust")
        try:
            at = str(sealed.statement.get("timestamp"))
            judge(sealed, trust, frozenset({"decision"}), team, at)
        except EvidenceError as error:
            raise refuse(error.code, error.message) from None

    def _check_room(self, statement: Mapping[str, Any], envelope: Mapping[str, Any]) -> None:
        if statement["decision_type"] in ("REJECT", "WITHDRAW"):
            # These end the gate: there is always room for a no.
            return
        actor = statement["human_actor_id"]
        if sum(one["human_actor_id"] == actor for one in self.statements) >= VOTES_EACH:
            raise refuse("room", f"a person may vote {VOTES_EACH} times at one gate")
        size = sum(len(json.dumps(vote.envelope)) for vote in self.votes)
        if size + len(json.dumps(envelope)) > LARGEST_VOTES:
            raise refuse("room", f"the votes of this gate are larger than {LARGEST_VOTES} bytes")

    def _check_amendment(self, statement: Mapping[str, Any]) -> None:
        amendment = dict(statement["amendment"])
        if not amendment:
            return
        try:
            decided = self._approval.from_wire(self.decided(amendment))
        except ValidationError as error:
            raise refuse("amendment", problem(error)) from None
        leaves = decided.leaves()
        for pointer, text in amendment.items():
            if leaves[pointer] != text:
                raise refuse("amendment", f"{pointer} is written {leaves[pointer]}")
        if not self._holds(decided):
            raise refuse(
                "amendment", "a condition on the way to this gate no longer comes out the same"
            )

    def _holds(self, decided: Approval) -> bool:
        if self._again is None:
            return True
        try:
            # An update runs in a task of its own, which has not the run's context.
            with localcontext(forms.EXACT):
                return self._again(decided)
        except (ArithmeticError, ValidationError):
            # Where the condition has no value it does not come out the same either.
            return False
