"""One course of a workflow: a story, the choices that led there, what it still can tell apart."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

from gantral.evidence.planned import approvals_of
from gantral.runtime import forms
from gantral.runtime.commands import OPEN_GATE
from gantral.simulation.deployment import Answer, Invoked
from gantral.simulation.exploring.choices import Choice, Look, World, reason
from gantral.simulation.exploring.stands import Counts, Stands, stands
from gantral.simulation.exploring.witness import Book
from gantral.simulation.simulation import Asked, Call, Refusal, Simulation


@dataclass
class Course:
    """``since``: instance id -> what it was told since it came to where it stands."""

    world: World
    story: Simulation
    root: str = ""
    trail: tuple[Choice, ...] = ()
    since: dict[str, dict[str, Any]] = field(default_factory=dict)
    standing: dict[str, Stands] = field(default_factory=dict)
    places: dict[str, object] = field(default_factory=dict)  # of the last step at which it stood
    steps: dict[str, object] = field(default_factory=dict)  # and what it was there
    stopped: bool = False  # whether a worker refused what the code asked for
    cancelled: bool = False
    books: dict[str, Book] = field(default_factory=dict)
    before: dict[str, str] = field(default_factory=dict)  # instance id -> state, a choice ago
    done: tuple[Invoked, ...] = ()  # what the last choice made reach a service
    used: dict[tuple[str, str, int], frozenset[str]] = field(default_factory=dict)
    refusal: Refusal | None = None
    began: datetime | None = None
    _looks: dict[str, Look] | None = None

    def fork(self) -> Course:
        """A course of its own that came to the same point."""
        return replace(
            self,
            story=self.story.fork(),
            since={name: dict(one) for name, one in self.since.items()},
            standing=dict(self.standing),
            places=dict(self.places),
            steps=dict(self.steps),
            used=dict(self.used),
            books={name: one.fork() for name, one in self.books.items()},
        )

    @property
    def names(self) -> dict[str, str]:
        """instance id -> what it is called here: its workflow, and which of it."""
        count: dict[str, int] = {}
        found: dict[str, str] = {}
        for instance_id in self.story.server.executions:
            workflow = self.story.program(instance_id).workflow_id
            count[workflow] = count.get(workflow, 0) + 1
            number = count[workflow]
            found[instance_id] = workflow if number == 1 else f"{workflow} {number}"
        return found

    @property
    def looks(self) -> dict[str, Look]:
        """What each instance that runs shows of itself."""
        if self._looks is None:
            self._looks = {
                instance_id: self.story.look(instance_id)
                for instance_id, one in self.story.server.executions.items()
                if one.status == "running"
            }
        return self._looks

    @property
    def ended(self) -> bool:
        """Whether the instance that the course is about has ended."""
        return bool(self.root) and self.story.server.executions[self.root].status != "running"

    def options(self) -> list[Choice]:
        """What may happen next."""
        if self.ended:
            return []
        return self.world.options(self.story, self.names, self.looks, self.cancelled)

    def take(self, choice: Choice) -> None:
        """Let it happen. ``refusal`` says whether a vote or an event was refused.

        Raises:
            WrongCode. KeyError: the story has come to another point than the choice is of.
        """
        self.trail = (*self.trail, choice)
        self.refusal = None
        self.before = {name: one.state for name, one in self.books.items()}
        self.story.deployment.invoked.clear()
        _DOING[choice.do](self, choice.of)
        self._looks = None
        self.done = tuple(self.story.deployment.invoked)
        for instance_id in self.story.server.executions:
            book = self.books.setdefault(instance_id, Book())
            book.read_on(self.story.store, self.story.program(instance_id).team, instance_id)
        for one in self.done:
            self._use(one)
        self.stand()

    def _use(self, one: Invoked) -> None:
        """Count a call against each approval that it acts under; another attempt is no other."""
        manifest = self.story.program(one.instance_id).manifest
        if one.site.split("/")[0] != one.operation:
            return  # an undo
        for name in approvals_of(manifest, one.site):
            approved = self.books[one.instance_id].approvals.get(name)
            if approved is not None:
                key = (one.instance_id, name, approved.round)
                self.used[key] = self.used.get(key, frozenset()) | {one.site}

    def instance(self, name: str) -> str:
        """The id of what is called so here."""
        return next(one for one, known in self.names.items() if known == name)

    def stand(self) -> None:
        """Look where each run stands. Where it came to another step, its values say all that it was
        told before; between two steps it is told apart by the last one, and by what came since."""
        counts = Counts(self.live(), self.world.values.reading.whole)
        for instance_id in self.looks:
            run = self.story.server.executions[instance_id].run
            bodies = self.world.bodies[str(run.began.definition.name)]
            found = stands(run, bodies, counts)
            if found.place is not None:
                if self.places.get(instance_id) != found.place:
                    self.since[instance_id] = {}
                self.places[instance_id] = found.place
                self.steps[instance_id] = found.shown
            if found.asks is not None:
                found = replace(found, asks=found.asks | self._opening(instance_id))
            self.standing[instance_id] = found

    def _opening(self, instance_id: str) -> set[str]:
        """The gates that are asked, and not open yet."""
        return {
            str(one.argument["gate"])
            for one in self.story.server.executions[instance_id].activities.values()
            if one.name == OPEN_GATE
        }

    def live(self) -> frozenset[str]:
        """The names of values that conditions may still read from where the runs stand."""
        reading = self.world.values.reading
        sites = [str(one.argument.get("call")) for one in self.story.server.activities]
        sites += [look["site"] for look in self.looks.values() if look["gate"] != "none"]
        sites += [wait["wait"] for look in self.looks.values() for wait in look["waits"]]
        if not sites or len(self.story.server.executions) > 1:
            return reading.names
        return frozenset().union(*(reading.live(one) for one in sites))

    def latest(self, of: Mapping[str, Any]) -> timedelta:
        """How much later than now the answer of a call may come."""
        return self._call(of).latest

    # Doing.

    def _start(self, of: Mapping[str, Any]) -> None:
        self.began = self.story.now
        person = self.world.people.now(of["by"], self.story.now, len(self.trail))
        self.root = self.story.start(person, of["workflow"], of["input"])
        self._told(self.root, "input", of["input"])

    def _answer(self, of: Mapping[str, Any]) -> None:
        call = self._call(of)
        self.story.answer(call, Answer(result=of["result"]))
        # Nothing was called: the worker refused the effect.
        done = ["done", of["result"]] if self.story.deployment.invoked else "refused"
        self._tell(call, of, done)

    def _fails(self, of: Mapping[str, Any]) -> None:
        call = self._call(of)
        self.story.answer(call, Answer(failed=of["happened"], why="it failed"))
        self._tell(call, of, of["happened"])

    def _lost(self, of: Mapping[str, Any]) -> None:
        call = self._call(of)
        self.story.lose(call)
        self._tell(call, of, "no" if call.kind == "read" else "unknown")

    def _left(self, of: Mapping[str, Any]) -> None:
        call = self._call(of)
        self.story.leave(call)
        self._tell(call, of, "left")

    def _says(self, of: Mapping[str, Any]) -> None:
        asked = next(
            one
            for one in self.story.questions
            if isinstance(one, Asked)
            and (self.names[one.instance_id], one.gate, one.round, one.decided)
            == (of["instance"], of["gate"], of["round"], of["decided"])
        )
        self.story.say(asked, of["words"])
        what = "guard" if of["decided"] else "policies"
        key = f"{of['gate']} {of['round']} {what}"
        self._told(asked.instance_id, key, " ".join(of["words"]))

    def _vote(self, of: Mapping[str, Any]) -> None:
        instance_id = self.instance(of["instance"])
        look = self.looks[instance_id]
        manifest = self.story.program(instance_id).manifest
        person = self.world.people.now(of["by"], self.story.now, len(self.trail))
        self.refusal = self.story.vote(
            person,
            instance_id,
            of["kind"],
            amendment=of.get("amendment"),
            reason=reason(manifest["gates"][look["gate"]]),
            shown=look,
        )
        if self.refusal is None:
            self._decided(instance_id, look, of)

    def _decided(self, instance_id: str, look: Look, of: Mapping[str, Any]) -> None:
        """What a gate that has closed tells on: what was approved."""
        execution = self.story.server.executions[instance_id]
        after = self.story.look(instance_id) if execution.status == "running" else None
        asked = any(isinstance(one, Asked) for one in self.story.questions)
        if (
            after is not None
            and not asked  # of the guard, about what was decided
            and (after["gate"], after["round"]) == (look["gate"], look["round"])
        ):
            return
        told = [of["kind"], of.get("amendment", {})]
        self._told(instance_id, f"{look['gate']} {look['round']} decided", told)

    def _send(self, of: Mapping[str, Any]) -> None:
        instance_id = self.instance(of["instance"])
        look = self.looks[instance_id]
        person = self.world.people.now(of["by"], self.story.now, len(self.trail))
        self.refusal = self.story.send(person, instance_id, of["event"], of["data"])
        if self.refusal is None:
            wait = next(one["wait"] for one in look["waits"] if of["event"] in one["events"])
            self._told(instance_id, f"{wait} {look['commits']}", [of["event"], of["data"]])

    def _passes(self, of: Mapping[str, Any]) -> None:
        looks = dict(self.looks)
        for instance_id, look in looks.items():
            for wait in look["waits"]:
                if of["to"] == wait["until"]:
                    self._told(instance_id, f"{wait['wait']} {look['commits']}", "nothing")
            if all(one["gate"] == "none" and not one["waits"] for one in looks.values()):
                # One sleep is over, of which branches at once have nothing else to tell.
                slept = self.since.get(instance_id, {}).get("slept", 0)
                self._told(instance_id, "slept", slept + 1)
        self.story.pass_to(forms.read_instant(of["to"]))

    def _cancel(self, of: Mapping[str, Any]) -> None:
        # Where it was asked for is what its end will name.
        asked = [str(one.argument.get("call", one.id)) for one in self.story.server.activities]
        waits = [[wait["wait"] for wait in one["waits"]] for one in self.looks.values()]
        for instance_id in self.looks:
            self._told(instance_id, "cancel at", [sorted(asked), waits])
        self.cancelled = True
        self.story.cancel(self.root)

    def _call(self, of: Mapping[str, Any]) -> Call:
        return next(
            one
            for one in self.story.questions
            if isinstance(one, Call)
            and (self.names[one.instance_id], one.operation, one.site, one.undo)
            == (of["instance"], of["operation"], of["site"], of.get("undo", False))
        )

    def _tell(self, call: Call, of: Mapping[str, Any], what: Any) -> None:
        site = call.site if call.site != "none" else call.activity.id
        key = f"{'undo of ' if call.undo else ''}{site}"
        self.stopped = self.stopped or what == "refused"
        self._told(call.instance_id, key, what)
        if isinstance(what, str):
            # Of branches at once the first that fails is why the others stop.
            failed = self.since[call.instance_id].get("failed", [])
            self._told(call.instance_id, "failed", [*failed, key])

    def _told(self, instance_id: str, key: str, what: Any) -> None:
        self.since.setdefault(instance_id, {})[key] = what


_DOING = {
    "start": Course._start,
    "answer": Course._answer,
    "fails": Course._fails,
    "lost": Course._lost,
    "left": Course._left,
    "says": Course._says,
    "vote": Course._vote,
    "send": Course._send,
    "passes": Course._passes,
    "cancel": Course._cancel,
}
