"""Asking people: policy, WAITING_FOR_HUMAN, votes, and what becomes of them (LANGUAGE section 6).

The main coroutine runs ``Gates.ask`` and alone commits. Update handlers run ``validate`` and
``decide``: a vote claims before it awaits anything, so the first valid one that decides wins.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import datetime
from typing import Any, Final

from gantral.authority import Cause, State
from gantral.evidence.formula import possible
from gantral.evidence.planned import plan_at
from gantral.evidence.recount import Standing
from gantral.runtime import asking, forms, terms
from gantral.runtime.calls import Approval, Ask, Decision, Granted
from gantral.runtime.commands import AskGuardAnswer, OpenGateAnswer, Person
from gantral.runtime.commits import PolicyRecord
from gantral.runtime.effects import LARGEST, lapses
from gantral.runtime.ends import Ending, Rejected, Terminated, ended, not_committed
from gantral.runtime.gate_records import (
    ask_record,
    asked,
    decision,
    gate_records,
    guard_record,
    kept_apart,
    policy_records,
    reached,
    revision,
    undecidable,
)
from gantral.runtime.machine import Committed, Machine, Transition, now, text, whole
from gantral.runtime.passing import passed, unasked_record
from gantral.runtime.programs import ProgramInfo
from gantral.runtime.votes import REPEATS, OpenGate, read, refuse
from gantral.runtime.waiting import Notes, until
from temporalio import workflow

_REJECTIONS: Final = {
    "rejected": Cause.REJECTED,
    "veto": Cause.VETO,
    "withdrawn": Cause.WITHDRAWN,
    "deadline": Cause.DEADLINE,
}


class Gates:
    """The gates of one instance, one after another."""

    def __init__(
        self,
        machine: Machine,
        program: ProgramInfo,
        notes: Notes,
        standing: Callable[[], list[str]],
    ) -> None:
        self.initiator: Person = {"actor": "none", "value": ""}
        self._machine = machine
        self._program = program
        self._notes = notes
        self._standing = standing
        self._rounds: dict[str, int] = {}
        self._voted: dict[str, list[str]] = {}  # gate -> everybody who voted there
        self._open: OpenGate | None = None
        self._title = ""
        self._counted: dict[str, OpenGate] = {}  # vote hash -> where it was counted
        self._repeats = 0

    def carry(self) -> dict[str, Any]:
        """Rounds and who voted, for a new history. A vote that was counted is in the store, where
        the API finds it."""
        voted = {gate: list(dict.fromkeys(actors)) for gate, actors in self._voted.items()}
        return {"rounds": self._rounds, "voted": voted}

    def resume(self, carried: dict[str, Any]) -> None:
        """Go on counting. Raises KeyError, TypeError or ValueError if it is none."""
        self._rounds = {gate: whole(count) for gate, count in carried["rounds"].items()}
        self._voted = {
            gate: [text(actor) for actor in actors] for gate, actors in carried["voted"].items()
        }

    async def ask(
        self,
        proposal: Ask[Any],
        site: str,
        again: Callable[[Any], bool] | None = None,
        *,
        only_if: bool = True,
    ) -> Approval:
        """Ask the gate, unless ``only_if`` is false; return the approval.

        Raises:
            Rejected: when REJECTED is committed.
            Terminated: policy said no or could not be asked, or somebody cancelled before.
        """
        gate = proposal.gate_
        rules = self._program.manifest["gates"][gate]
        round = self._rounds[gate] = self._rounds.get(gate, 0) + 1
        values = proposal.to_wire()
        # Before anybody waits: a title that has no value is a failed action.
        title, public = proposal.title_(), proposal.title_public_()
        if len(json.dumps([values, title, public], ensure_ascii=False).encode()) > LARGEST:
            why = f"{site}: the proposal is larger than {LARGEST} bytes"
            raise Terminated(Ending(Cause.ACTION_FAILED, why, site))
        leaves = proposal.leaves()
        context: Any = {"values": leaves, "persons": proposal.persons()}
        told_apart = ask_record(rules, gate, round, site)
        if not only_if:
            records = (*unasked_record(rules, gate, round, site), *told_apart)
            unasked = await self._machine.commit(Transition((), context, records=records))
            return passed(proposal, site, rules, round, unasked, "unasked")
        if wrong := undecidable(rules, leaves):
            raise Terminated(Ending(Cause.AUTHORITY_AMBIGUOUS, f"{site}: {wrong}", site))
        opened = now()
        answer = await asking.open_gate(
            self._machine.channel,
            self._machine.identity,
            self.initiator,
            gate,
            round,
            site,
            opened,
            values,
            kept_apart([], rules, self._voted),
        )
        policy = policy_records(answer, gate, round)
        if answer["answer"] in ("FAILURE", "DENY"):
            raise Terminated(_denied(answer, policy, rules, site))
        answer["excluded"] = kept_apart(answer["excluded"], rules, self._voted)
        if self._notes.cancelled:
            raise Terminated(Ending(Cause.CANCELLED, "cancelled on request", site))
        if answer["answer"] == "ALLOW" and rules["waived"] != "none":
            waiver: Any = [*policy[:-1], {**policy[-1], "kind": "waiver"}, *told_apart]
            waived = await self._machine.commit(
                Transition((), context, records=tuple(waiver), asked=answer["sealed"])
            )
            return passed(proposal, site, rules, round, waived, "waiver")
        waiting = await self._machine.commit(
            Transition(
                (State.WAITING_FOR_HUMAN,),
                context,
                gate=gate,
                round=round,
                policy_version_id=revision(policy),
                records=(*policy, *told_apart, *gate_records(answer, gate, round)),
                asked=answer["sealed"],
                at=opened,
            )
        )
        self._open = OpenGate(
            gate=gate,
            round=round,
            site=site,
            rules=rules,
            waiting=asked(
                self._machine.identity.instance_id,
                waiting,
                answer,
                self.initiator["actor"],
                leaves,
                self._program.trust,
            ),
            proposal=values,
            approval=proposal.approval_,
            again=again,
            holders=answer.get("holders"),
        )
        self._title = title
        workflow.upsert_memo(
            {
                "title": public,
                "deadline": forms.write_instant(self._open.deadline),
            }
        )
        return await self._decision(proposal, waiting)

    def validate(self, delivery: dict[str, Any]) -> None:
        """Refuse a vote that may not be counted; the update then leaves no trace in history.

        Raises:
            ApplicationError: its type names the rule.
        """
        sealed = read(delivery)
        if sealed.hash in self._counted:
            # Each answer is an event, and a run takes 2,000: a counted vote must not use them up.
            if self._repeats >= REPEATS:
                raise refuse("repeated", "this vote was counted before")
            return
        if self._open is None or self._notes.broken:
            raise refuse("gate", "no gate is open")
        self._open.validate(delivery, sealed, self._program.trust, self._program.team)

    async def decide(self, delivery: dict[str, Any]) -> dict[str, Any]:
        """Count a vote that was accepted; a vote that was counted before is answered again."""
        sealed = read(delivery)
        gate = self._counted.get(sealed.hash)
        if gate is not None:
            self._repeats += 1
        else:
            gate = self._open
            assert gate is not None  # validate found it in this very moment
            self._counted[sealed.hash] = gate
            gate.add(sealed, delivery)
        if not gate.closed:
            return {"status": "counted", "state": State.WAITING_FOR_HUMAN.value}
        await until(lambda: gate.settled or bool(self._notes.broken))
        if not gate.settled:
            raise not_committed(self._notes.broken)
        return {"status": "decided", "state": reached(gate.outcome, gate.closing).value}

    def shown(self) -> dict[str, Any]:
        """The open gate for an inbox; every member is there, empty when no gate is open."""
        gate = self._open
        if gate is None:
            return {"gate": "none", "round": 0}
        rules = gate.rules
        return {
            "gate": gate.gate,
            "round": gate.round,
            "site": gate.site,
            "title": self._title,
            "proposal": gate.proposal,
            "plan": terms.planned(plan_at(rules, gate.site), gate.proposal),
            "votes": [
                {
                    "actor": vote.statement["human_actor_id"],
                    "decision_type": vote.statement["decision_type"],
                    "roles": vote.statement["role"],
                    "amendment": vote.statement["amendment"],
                    "justification": vote.justification,
                    "timestamp": vote.statement["timestamp"],
                    "hash": vote.hash,
                }
                for vote in gate.votes
            ],
            "opened": gate.waiting.opened_at,
            "deadline": forms.write_instant(gate.deadline),
            "clock": gate.waiting.instants,
            "decide": rules["decide"],
            "case": gate.case,
            "veto": rules["veto"],
            "prove": rules["prove"],
            "amend": rules["amend"],
            "excluded": list(gate.waiting.excluded),
            "named": {path: list(actors) for path, actors in gate.waiting.named.items()},
            "waiting_artifact_hash": gate.waiting.artifact_hash,
            "context_hash": gate.waiting.context_hash,
        }

    async def _decision(self, proposal: Ask[Any], waiting: Committed) -> Approval:
        gate = self._open
        assert gate is not None
        outcome = await self._outcome(gate)
        if isinstance(outcome, Cause):
            raise await self._reject(gate, outcome, "none")
        if outcome.outcome in _REJECTIONS:
            raise await self._reject(gate, _REJECTIONS[outcome.outcome], outcome.by)
        if gate.rules["guarded"] == "none":
            return await self._approve(gate, outcome, proposal, waiting)
        # The authority is of this moment, however long the guard's answer takes.
        at = now()
        amendment = dict(outcome.amendment)
        said = await asking.ask_guard(
            self._machine.channel,
            self._machine.identity,
            self.initiator,
            gate.gate,
            gate.round,
            gate.decided(amendment) if amendment else gate.proposal,
        )
        if said["cause"] != Cause.NONE:
            raise await self._reject(gate, Cause(said["cause"]), "none", said, at)
        return await self._approve(gate, outcome, proposal, waiting, said, at)

    async def _outcome(self, gate: OpenGate) -> Standing | Cause:
        """Wait for people or time. Waking up for the clock leaves the state as it is."""
        # After every widening: what nobody can meet even then, nobody will ever meet.
        last = gate.waiting.electorate(gate.waiting.rejects_at)
        formula = gate.rules["decide"][gate.case]["formula"]
        if not possible(formula, last, gate.waiting.excluded, gate.holders):
            return Cause.NO_ELIGIBLE
        while True:
            gate.weigh()
            if gate.outcome is not None:
                return gate.outcome
            if self._notes.cancelled:
                return Cause.CANCELLED
            await until(
                lambda: gate.closed or self._notes.cancelled,
                gate.next_instant(now()),
            )

    async def _approve(
        self,
        gate: OpenGate,
        outcome: Standing,
        proposal: Ask[Any],
        waiting: Committed,
        said: AskGuardAnswer | None = None,
        at: datetime | None = None,
    ) -> Approval:
        amendment = dict(outcome.amendment)
        state = reached(outcome)
        context: Any = {"amended": amendment} if amendment else {"same": True}
        committed = await self._machine.commit(
            Transition(
                (state, State.RESUMED, State.RUNNING),
                context,
                cause=Cause.AMENDED if amendment else Cause.APPROVED,
                gate=gate.gate,
                round=gate.round,
                human_actor_id=outcome.by,
                decision=decision(gate),
                **_guarded(gate, said, at),
            )
        )
        self._settle(gate)
        self._voted.setdefault(gate.gate, []).extend(
            vote.statement["human_actor_id"] for vote in gate.votes
        )
        granted = Granted(
            site=gate.site,
            grant={
                "artifact": committed.receipt["first_artifact_hash"],
                "waiting_commit": waiting.number,
                "decision_commit": committed.number,
                "gate": gate.gate,
                "round": gate.round,
            },
            decision=Decision(
                deciders=tuple(
                    vote.statement["human_actor_id"]
                    for vote in gate.votes
                    if vote.hash in outcome.votes
                ),
                at=committed.at,
                reason=gate.reason(outcome.by),
                waived=False,
            ),
            lapses=lapses(committed.at, gate.rules["lasts"]),
        )
        return proposal.approval_.granted_(gate.decided(amendment), gate.proposal, granted)

    async def _reject(
        self,
        gate: OpenGate,
        cause: Cause,
        by: str,
        said: AskGuardAnswer | None = None,
        at: datetime | None = None,
    ) -> Rejected:
        gate.closing = cause
        standing = self._standing()
        told = "none" if said is None else f"{gate.site}: {said['problem']}"
        await self._machine.commit(
            Transition(
                (State.REJECTED,),
                {"same": True},
                cause=cause,
                gate=gate.gate,
                round=gate.round,
                human_actor_id=by,
                decision=decision(gate) if gate.votes else "none",
                end={"message": told, "statement": gate.site, "standing": standing},
                **_guarded(gate, said, at),
            )
        )
        self._settle(gate)
        return Rejected(
            ended(
                State.REJECTED,
                cause,
                gate=gate.gate,
                round=gate.round,
                statement=gate.site,
                message=gate.reason(by) if said is None else told,
                standing=standing,
            )
        )

    def _settle(self, gate: OpenGate) -> None:
        gate.settled = True
        self._open = None


def _denied(
    answer: OpenGateAnswer, policy: tuple[PolicyRecord, ...], rules: Any, site: str
) -> Ending:
    """How a policy that denies, or is not clear, ends the run: with its own answer alone."""
    last = policy[-1:]
    denied = answer["answer"] == "DENY"
    name = rules["guarded" if last and last[0]["kind"] == "guard" else "waived"]
    return Ending(
        Cause.POLICY_DENY if denied else Cause(answer["cause"]),
        f"{site}: policy {name} says DENY" if denied else f"{site}: {answer['problem']}",
        site,
        policy_version_id=revision(last),
        records=last,
        asked=answer["sealed"] if last else "none",
    )


def _guarded(gate: OpenGate, said: AskGuardAnswer | None, at: datetime | None) -> dict[str, Any]:
    """What a guard's answer adds to the commit of a decision."""
    if said is None:
        return {}
    guard = said["guard"]
    records = () if guard == "none" else (guard_record(guard, gate.gate, gate.round),)
    version = revision(records)
    return {"records": records, "policy_version_id": version, "asked": said["sealed"], "at": at}
