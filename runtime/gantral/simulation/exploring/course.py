"""One course of a workflow: a story, the choices that led there, what it still can tell apart."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Any

from gantral.runtime import forms
from gantral.simulation.deployment import Answer, Invoked
from gantral.simulation.exploring.choices import Choice, Look, World, reason, standing_of
from gantral.simulation.exploring.people import STARTER
from gantral.simulation.exploring.witness import Book
from gantral.simulation.simulation import Asked, Call, Refusal, Simulation


@dataclass
class Course:
    """``told``: what each question was answered, as far as the run can tell."""

    world: World
    story: Simulation
    root: str = ""
    trail: tuple[Choice, ...] = ()
    told: dict[str, Any] = field(default_factory=dict)
    failed: tuple[str, ...] = ()
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
            told=dict(self.told),
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

    def _use(self, one: Invoked) -> None:
        """Count a call against each approval that it acts under; another attempt is no other."""
        manifest = self.story.program(one.instance_id).manifest
        operation, *ordinal = one.site.split("/")
        for name, gate in manifest["gates"].items():
            approved = self.books[one.instance_id].approvals.get(name)
            held = "/".join((operation, *ordinal[:1])) in gate["plan"]
            if approved is not None and held and operation == one.operation:
                key = (one.instance_id, name, approved.round)
                self.used[key] = self.used.get(key, frozenset()) | {one.site}

    @property
    def digest(self) -> str:
        """The same for two courses that nothing which may still happen can tell apart."""
        story, now = self.story, self.story.now
        names = self.names
        running: list[Any] = []
        for instance_id, look in self.looks.items():
            manifest = story.program(instance_id).manifest
            book = self.books[instance_id]
            lapses = []
            for gate, approved in sorted(book.approvals.items()):
                lasts = manifest["gates"][gate]["lasts"]
                if lasts == "none":
                    left = "none"
                else:
                    ends = approved.at + forms.read_duration(lasts)
                    left = "over" if ends < now else str(ends - now)
                lapses.append((gate, approved.round, approved.how, left))
            running.append(
                (
                    names[instance_id],
                    look["state"],
                    lapses,
                    look["standing"],
                    self._gate(look),
                    [(wait["wait"], _left(wait["until"], now)) for wait in look["waits"]],
                )
            )
        waits = [
            (names[one.workflow_id], one.name, one.argument.get("call", one.id), one.attempt,
             str(now - one.since))
            for one in story.server.activities
        ]  # fmt: skip
        timers = [(names[one.workflow_id], str(one.at - now)) for one in story.server.timers]
        whole = (
            running,
            waits,
            timers,
            sorted(
                (key, one if isinstance(one, str) else _text(_shown(one, self._live())))
                for key, one in self.told.items()
            ),
            self.failed,
            self.cancelled,
            str(now - self.began) if self.world.values.reading.clock and self.began else "",
        )
        return sha256(repr(whole).encode()).hexdigest()

    def _live(self) -> frozenset[str]:
        """The names of values that conditions may still read from where the runs stand."""
        reading = self.world.values.reading
        sites = [str(one.argument.get("call")) for one in self.story.server.activities]
        sites += [look["site"] for look in self.looks.values() if look["gate"] != "none"]
        sites += [wait["wait"] for look in self.looks.values() for wait in look["waits"]]
        if not sites or len(self.story.server.executions) > 1:
            return reading.names
        return frozenset().union(*(reading.live(one) for one in sites))

    def _gate(self, look: Look) -> Any:
        """An open gate up to the names of people who differ by nothing else."""
        if look["gate"] == "none":
            return "none"
        now, people = self.story.now, self.world.people
        seal = self.story.deployment.seal
        votes = []
        for who, person in people.known.items():
            actor = seal.actor(person)
            named = sorted(path for path, actors in look["named"].items() if actor in actors)
            excluded = actor in look["excluded"]
            votes.append((person.roles, who == STARTER, named, excluded, standing_of(look, actor)))
        left = [(row[1:], _left(row[0], now)) for row in look["clock"]]
        return (look["gate"], look["site"], look["round"], sorted(votes, key=repr), left)

    def latest(self, of: Mapping[str, Any]) -> timedelta:
        """How much later than now the answer of a call may come."""
        return self._call(of).latest

    # Doing.

    def _start(self, of: Mapping[str, Any]) -> None:
        self.began = self.story.now
        person = self.world.people.now(of["by"], self.story.now, len(self.trail))
        self.told["input"] = of["input"]
        self.root = self.story.start(person, of["workflow"], of["input"])

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
        self.told[f"{of['instance']} {of['gate']} {of['round']} {what}"] = " ".join(of["words"])

    def _vote(self, of: Mapping[str, Any]) -> None:
        instance_id = self._instance(of)
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
            self._decided(of["instance"], instance_id, look, of)

    def _decided(self, name: str, instance_id: str, look: Look, of: Mapping[str, Any]) -> None:
        """What a gate that has closed tells on: what was approved, and by people of which kinds."""
        execution = self.story.server.executions[instance_id]
        after = self.story.look(instance_id) if execution.status == "running" else None
        asked = any(isinstance(one, Asked) for one in self.story.questions)
        if (
            after is not None
            and not asked  # of the guard, about what was decided
            and (after["gate"], after["round"]) == (look["gate"], look["round"])
        ):
            return
        told = f"{of['kind']} {_text(of.get('amendment', {}))}"
        manifest = self.story.program(instance_id).manifest
        if self.world.values.reading.deciders or _keeps(manifest, look["gate"]):
            mine = self.story.deployment.seal.actor(self.world.people.known[of["by"]])
            told += f" {sorted({mine, *(vote['actor'] for vote in look['votes'])})}"
        self.told[f"{name} {look['gate']} {look['round']} decided"] = told

    def _send(self, of: Mapping[str, Any]) -> None:
        instance_id = self._instance(of)
        look = self.looks[instance_id]
        person = self.world.people.now(of["by"], self.story.now, len(self.trail))
        self.refusal = self.story.send(person, instance_id, of["event"], of["data"])
        if self.refusal is None:
            wait = next(one["wait"] for one in look["waits"] if of["event"] in one["events"])
            key = f"{of['instance']} {wait} {look['commits']}"
            self.told[key] = [of["event"], of["data"]]

    def _passes(self, of: Mapping[str, Any]) -> None:
        for instance_id, look in self.looks.items():
            for wait in look["waits"]:
                if of["to"] == wait["until"]:
                    key = f"{self.names[instance_id]} {wait['wait']} {look['commits']}"
                    self.told[key] = "nothing"
        before = dict(self.looks)
        if all(look["gate"] == "none" and not look["waits"] for look in before.values()):
            # One sleep is over, of which nothing else tells.
            self.told["slept"] = f"{self.told.get('slept', '')}+"
        self.story.pass_to(forms.read_instant(of["to"]))
        for instance_id, look in before.items():
            closed = self.story.server.executions[instance_id].status != "running"
            if closed and look["gate"] != "none":
                key = f"{self.names[instance_id]} {look['gate']} {look['round']} decided"
                self.told[key] = "nobody"

    def _cancel(self, of: Mapping[str, Any]) -> None:
        # Where it was asked for is what its end will name.
        asked = [str(one.argument.get("call", one.id)) for one in self.story.server.activities]
        waits = [[wait["wait"] for wait in one["waits"]] for one in self.looks.values()]
        self.told["cancel at"] = _text([sorted(asked), waits])
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

    def _instance(self, of: Mapping[str, Any]) -> str:
        return next(one for one, name in self.names.items() if name == of["instance"])

    def _tell(self, call: Call, of: Mapping[str, Any], what: Any) -> None:
        site = call.site if call.site != "none" else call.activity.id
        key = f"{of['instance']} {'undo of ' if call.undo else ''}{site}"
        self.told[key] = what
        if isinstance(what, str):
            # Of branches at once the first that fails is why the others stop.
            self.failed = (*self.failed, key)


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


def _keeps(manifest: Mapping[str, Any], gate: str) -> bool:
    """Whether another gate keeps out who decided at this one: then it matters who they were."""
    return any({"deciders": gate} in one["apart"] for one in manifest["gates"].values())


def _shown(value: Any, live: frozenset[str]) -> Any:
    """What of a value may still be read: under a name that is, all; else where such names are."""
    if isinstance(value, dict):
        return {
            name: one if name in live else _shown(one, live)
            for name, one in value.items()
            if name in live or isinstance(one, dict | list)
        }
    if isinstance(value, list):
        return [one if isinstance(one, str) else _shown(one, live) for one in value]
    return None


def _text(value: Any) -> str:
    return json.dumps(value, sort_keys=True, ensure_ascii=False)


def _left(instant: str, now: datetime) -> str:
    moment = forms.read_instant(instant)
    return "over" if moment <= now else str(moment - now)
