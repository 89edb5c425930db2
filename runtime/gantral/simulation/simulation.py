"""One story in the making: instances that run, people who act, a clock that somebody moves.

Whoever holds a ``Simulation`` is the world. What only the world can know waits in ``questions``;
all else happens at once, by the code that a deployment runs.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from gantral.evidence.instance_keys import InstanceKeys
from gantral.identity import Person
from gantral.runtime.commands import ASK_GUARD, COMMIT, OPEN_GATE, START_CHILD, workflow_queue
from gantral.runtime.programs import ProgramInfo
from gantral.runtime.workers.chain import Chain
from gantral.simulation import failures, sealed
from gantral.simulation.deployment import Answer, Deployment, Lost
from gantral.simulation.executions import Activity, Update
from gantral.simulation.memory import MemoryStore
from gantral.simulation.server import Server

# When stories begin: a Monday, so that what stands on a calendar is open soon.
BEGINS: Final = datetime(2026, 1, 5, 9, 0, tzinfo=UTC)
_MILLISECOND: Final = timedelta(milliseconds=1)


@dataclass(frozen=True)
class Call:
    """An operation that is called, and whose service has not answered.

    ``site`` is its call id, "none" for the plain activities of ``as``; ``undo``: it undoes that
    call. ``slowest``: how long it takes at most before the run hears that nothing came.
    """

    activity: Activity
    operation: str
    kind: str
    site: str
    arguments: Mapping[str, Any]
    undo: bool

    @property
    def instance_id(self) -> str:
        """Who calls."""
        return self.activity.workflow_id

    @property
    def latest(self) -> timedelta:
        """How long after now its answer comes at the latest."""
        one = self.activity
        assert one.start_to_close is not None
        took, attempt = timedelta(), one
        for number in range(1, max(1, one.attempts) + 1):
            attempt = replace(one, attempt=number)
            took += one.start_to_close
            if number < one.attempts:
                took += attempt.pause()
        return took - _MILLISECOND


@dataclass(frozen=True)
class Asked:
    """Policies that a gate asks. ``clauses`` in the order of asking: guarded, waived; ``decided``:
    it is the guard, about what was decided."""

    activity: Activity
    gate: str
    round: int
    clauses: tuple[str, ...]
    decided: bool

    @property
    def instance_id(self) -> str:
        """Whose gate."""
        return self.activity.workflow_id


Question = Call | Asked


@dataclass(frozen=True)
class Refusal:
    """Why a vote or an event was not taken: the rule, and a message."""

    rule: str
    message: str


class Simulation:
    """A story. ``fork`` copies it at what it came to; every other method moves it on."""

    def __init__(self, deployment: Deployment, now: datetime = BEGINS) -> None:
        self.deployment = deployment
        self.server = Server(deployment.definition, now)
        self._store = MemoryStore()
        self._drafts = MemoryStore(deletable=True)
        self._acts = 0

    def fork(self) -> Simulation:
        """A story of its own that came to the same point."""
        other = Simulation(self.deployment, self.server.now)
        other.server = self.server.fork()
        other._store, other._drafts = self._store.fork(), self._drafts.fork()
        other._acts = self._acts
        return other

    def let_go(self) -> None:
        """Free what it holds; it may be gone on with, by what it remembers."""
        self.server.let_go()

    @property
    def now(self) -> datetime:
        """What time it is."""
        return self.server.now

    @property
    def store(self) -> MemoryStore:
        """Where its evidence lies."""
        return self._store

    def program(self, instance_id: str) -> ProgramInfo:
        """The program of an instance."""
        name = str(self.server.executions[instance_id].run.began.definition.name)
        return self.deployment.programs[name]

    def declares(self, activity: Activity) -> ProgramInfo:
        """The program whose operation an activity calls: what a child did, its parent may undo."""
        asked = activity.argument
        if activity.name.startswith("gantral/") and asked.get("undo") is True:
            return self.deployment.programs[asked["workflow_id"]]
        return self.program(activity.workflow_id)

    # What people do.

    def start(self, person: Person, workflow: str, value: Mapping[str, Any]) -> str:
        """Start an instance; its id. ``value``: the input, spec-named wire values.

        Raises:
            pydantic.ValidationError: it is outside its type.
        """
        self._enter()
        program = self.deployment.programs[workflow]
        self._acts += 1
        instance_id = self.deployment.seal.instance_id("simulation", str(self._acts))
        command = sealed.submission(
            self.deployment.seal, self._store, program, person, instance_id, value, self.now
        )
        InstanceKeys(self._store).make(program.team, instance_id)
        self.server.start(workflow, instance_id, workflow_queue(program.team), command)
        self.settle()
        return instance_id

    def vote(
        self,
        person: Person,
        instance_id: str,
        kind: str,
        *,
        amendment: Mapping[str, str] | None = None,
        reason: str = "",
        shown: Mapping[str, Any] | None = None,
    ) -> Refusal | None:
        """Cast a vote at the open gate: APPROVE, OVERRIDE (amendment: pointer -> leaf value),
        REJECT, RETRACT, WITHDRAW. Seal, put, deliver, and what it sets off; None when counted.
        ``shown``: a look at the instance that the voter took before; None: one of now."""
        self._enter()
        if shown is None:
            shown = self.look(instance_id)
        team = self.program(instance_id).team
        vote = sealed.vote(
            self.deployment.seal,
            person,
            instance_id,
            shown,
            kind,
            amendment or {},
            reason,
            self.now,
        )
        sealed.put_vote(self._store, team, instance_id, vote)
        update = self.server.update(instance_id, "decide", f"vote-{vote.hash}", vote.delivery)
        self.settle()
        return self._took(update, team, instance_id, vote)

    def send(
        self, person: Person, instance_id: str, event: str, value: Mapping[str, Any]
    ) -> Refusal | None:
        """Send an event to the open wait; None when it was taken."""
        self._enter()
        program = self.program(instance_id)
        model = self.deployment.event(program, event)
        waits = self.look(instance_id)["waits"]
        opened = next((one["wait_commit_hash"] for one in waits if event in one["events"]), "none")
        delivery = sealed.event(
            self.deployment.seal,
            program,
            person,
            instance_id,
            opened,
            event,
            value,
            model,
            self.now,
        )
        self._acts += 1
        update = self.server.update(instance_id, "event", f"event-{self._acts}", delivery)
        self.settle()
        return None if update.refused is None else Refusal(*update.refused)

    def cancel(self, instance_id: str) -> None:
        """Ask an instance to cancel."""
        self._enter()
        self.server.cancel(instance_id)
        self.settle()

    # What lies outside.

    @property
    def questions(self) -> list[Question]:
        """What waits for the world's answer, in the order in which it was asked."""
        return [self._question(one) for one in self.server.activities]

    def answer(self, call: Call, answer: Answer) -> None:
        """What a service answers at once."""
        self._enter()
        self._perform(call.activity, answer=answer)
        self.settle()

    def lose(self, call: Call) -> None:
        """No attempt of a call is ever answered, though it may have happened: its time passes."""
        self._enter()
        attempt = call.activity
        while True:
            self._attempt(attempt, Answer(lost=True))
            assert attempt.start_to_close is not None
            self.pass_to(self.now + attempt.start_to_close)
            if attempt.attempts and attempt.attempt >= attempt.attempts:
                break
            self.pass_to(self.now + attempt.pause())
            attempt = self.server.again(attempt)
        self.server.lose(attempt)
        self.settle()

    def leave(self, call: Call) -> None:
        """Nobody takes a call from its queue in time."""
        self._enter()
        assert call.activity.schedule_to_start is not None
        self.pass_to(self.now + call.activity.schedule_to_start)
        self.server.leave(call.activity)
        self.settle()

    def say(self, asked: Asked, words: Sequence[str]) -> None:
        """What policies say, in the order of ``clauses``: ALLOW, REQUIRE_HUMAN, DENY or FAILURE."""
        self._enter()
        self._perform(asked.activity, words=words)
        self.settle()

    def pass_to(self, instant: datetime) -> None:
        """Let time pass; what is due by then happens."""
        self._enter()
        while self.server.timers and (first := self.server.timers[0].at) <= instant:
            self.server.pass_to(first)
            self.settle()
        self.server.pass_to(instant)
        self.settle()

    # What can be seen.

    def look(self, instance_id: str) -> dict[str, Any]:
        """What the instance shows of itself (``gantral.runtime``'s README lists the members)."""
        found: dict[str, Any] = self.server.query(instance_id, "show")
        return found

    def settle(self) -> None:
        """Do what no answer of the world is wanted for: commits, submissions of children, gates
        without a policy."""
        while due := next((one for one in self.server.activities if self._is_ours(one)), None):
            self._perform(due)

    def _chain(self, instance_id: str) -> Chain:
        team = self.program(instance_id).team
        return Chain(self._store, self.deployment.trust, team, instance_id)

    def _enter(self) -> None:
        self.deployment.hold(self._store, self._drafts)

    def _is_ours(self, activity: Activity) -> bool:
        if activity.name in (COMMIT, START_CHILD):
            return True
        return activity.name == OPEN_GATE and not self._clauses(activity)

    def _clauses(self, activity: Activity) -> tuple[str, ...]:
        if activity.name == ASK_GUARD:
            return ("guarded",)
        gate = self.program(activity.workflow_id).manifest["gates"][activity.argument["gate"]]
        return tuple(clause for clause in ("guarded", "waived") if gate[clause] != "none")

    def _question(self, activity: Activity) -> Question:
        asked = activity.argument
        if activity.name in (OPEN_GATE, ASK_GUARD):
            return Asked(
                activity,
                asked["gate"],
                asked["round"],
                self._clauses(activity),
                activity.name == ASK_GUARD,
            )
        operations = self.declares(activity).manifest["operations"]
        name = next(name for name, one in operations.items() if one["wire"] == activity.name)
        ours = activity.name.startswith("gantral/")
        return Call(
            activity,
            name,
            operations[name]["kind"],
            asked["call"] if ours else "none",
            asked["arguments"] if ours else asked,
            asked.get("undo") is True if ours else False,
        )

    def _perform(
        self, activity: Activity, *, answer: Answer | None = None, words: Sequence[str] = ()
    ) -> None:
        run_id = self.server.executions[activity.workflow_id].run.began.run_id
        try:
            found = self.deployment.perform(activity, run_id, self.now, answer=answer, words=words)
        except Exception as error:
            self._failed(activity, error)
        else:
            self.server.answer(activity, found)

    def _failed(self, activity: Activity, error: Exception) -> None:
        raised = failures.raised(error)
        again = activity.next_attempt(raised, self.now)
        if again is None:
            self.server.refuse(activity, raised)
            return
        self.pass_to(again)
        self.server.again(activity)

    def _attempt(self, activity: Activity, answer: Answer) -> None:
        run_id = self.server.executions[activity.workflow_id].run.began.run_id
        try:
            self.deployment.perform(activity, run_id, self.now, answer=answer)
        except Lost:
            return
        # It came to no call: a claim of an earlier attempt stands, so this one ends by itself.

    def _took(
        self, update: Update, team: str, instance_id: str, vote: sealed.Vote
    ) -> Refusal | None:
        if update.refused is None:
            return None
        refusal = Refusal(*update.refused)
        sealed.put_refusal(
            self.deployment.seal, self._store, team, instance_id, vote, refusal.rule, self.now
        )
        return refusal
