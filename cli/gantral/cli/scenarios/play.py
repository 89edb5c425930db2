"""One scenario, played: started, decided, carried to its end; what came of it."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import Any

from gantral.api import deciding, sending, starting
from gantral.api.deployment import Deployment
from gantral.api.problems import Problem
from gantral.api.story import Story
from gantral.cli.scenarios.driver import AUDIENCE, ISSUER, PATIENCE, Driver, Stuck, Timer
from gantral.cli.scenarios.model import Actor, Cancel, Decision, Scenario, Sending
from gantral.cli.scenarios.script import Happened, Script
from gantral.evidence import EvidenceError
from gantral.evidence.report import Report
from gantral.identity import Person
from gantral.runtime.sealing import Sealer
from gantral.simulation import WrongCode, judged
from temporalio.service import RPCError

_STEP = timedelta(milliseconds=200)
# How long, by the server's, an act gives way to what is due at its moment.
_ASIDE = timedelta(seconds=10)


@dataclass(frozen=True)
class Reached:
    """One state of an instance, when it was reached, and why."""

    state: str
    at: datetime
    cause: str


@dataclass
class Played:
    """What came of a scenario. ``faults``: what did not go as told, in words. ``stuck``: it came to
    no end, so that the server it was played on may be of no more use."""

    reached: list[Reached] = field(default_factory=list)
    effects: list[tuple[str, Any]] = field(default_factory=list)
    children: list[tuple[str, str]] = field(default_factory=list)
    end: Mapping[str, Any] | None = None
    report: Report | None = None
    faults: list[str] = field(default_factory=list)
    stuck: bool = False
    happened: list[Happened] = field(default_factory=list)
    family: list[Story] = field(default_factory=list)
    """The instance and its children, theirs too."""


async def play(world: Driver, scenario: Scenario) -> Played:
    """Play one scenario."""
    acts = (one for one in scenario.decisions if isinstance(one, Cancel) and one.at is None)
    world.script = Script(scenario.given, scenario.policy, acts, world.now)
    return await _Play(world, scenario).run()


class _Play:
    def __init__(self, world: Driver, scenario: Scenario) -> None:
        self._world = world
        self._scenario = scenario
        self._deployment: Deployment = world.deployment(scenario.file)
        self._played = Played(happened=world.script.happened)
        self._acts = 0
        self._opened: datetime | None = None

    async def run(self) -> Played:
        instance: str | None = None
        try:
            instance = await self._start()
            if instance is None:
                return self._played
            for act in self._scenario.decisions:
                if isinstance(act, Sending):
                    await self._send(instance, act)
                elif isinstance(act, Cancel):
                    # One that says no time comes by itself: the driver asks the script.
                    if act.at is not None:
                        await self._cancel(instance, act, act.at)
                else:
                    await self._decide(instance, act)
            self._played.end = await self._world.end(instance, self._sealer(instance))
        except Stuck as stuck:
            self._stuck(str(stuck))
        except (RPCError, Problem) as error:
            self._stuck(f"the time-skipping server did not answer: {error.message}")
        except WrongCode as wrong:
            self._stuck(f"the run is stuck: {wrong}")
        except NotImplementedError as error:
            # Never passed over in silence: a server does it.
            self._stuck(f"the simulation can't play this: {error}; gantral test --server can")
        script = self._world.script
        self._played.effects = script.effects
        self._played.faults += [*script.unforeseen, *script.left_over()]
        story = None if instance is None else self._deployment.library.story(instance)
        if story is not None:
            self._played.reached = [_reached(one) for one in story.artifacts]
            family = self._played.family = self._family(story)
            self._played.children = [
                (str(one.manifest["workflow_id"]), one.state.value)
                for one in family
                if one.instance_id in story.children
            ]
            self._judge(story)
            for one in family if not self._played.stuck else ():
                # A run that would not do the same again is lost when its worker is.
                told = await self._world.difference(one.instance_id)
                if told is not None:
                    name = one.manifest["workflow_id"]
                    self._fault(f"played again from its history, {name} goes another way: {told}")
        return self._played

    def _judge(self, story: Story) -> None:
        """The verdict on the instance together with its children's."""
        ours = self._deployment
        try:
            self._played.report = judged(ours.store, ours.trust, story.team, story.instance_id)
        except EvidenceError as error:
            self._fault(f"the evidence can't be judged: {error.message}")

    def _stuck(self, why: str) -> None:
        self._played.stuck = True
        self._fault(why)

    async def _start(self) -> str | None:
        start = self._scenario.start
        await self._world.look()
        body = {"workflow": self._scenario.workflow, "input": start.input}
        self._world.script.act(f"{start.by.name} starts {self._scenario.workflow}")
        try:
            receipt = await starting.start(self._deployment, self._person(start.by), body, None)
        except Problem as problem:
            self._refusal("the start", start.refused, problem)
            return None
        if start.refused:
            self._fault(f"the start was to be refused by the rule {start.refused}, and was not")
        return receipt["instance_id"]

    async def _decide(self, instance: str, decision: Decision) -> None:
        story = await self._settled(instance, decision.gate)
        instance = story.instance_id  # its own, or that of a child which waits
        if story.waiting is not None:
            self._opened = _instant(story.waiting.artifact["timestamp"])
        await self._until(decision.at, story)
        person = self._person(decision.by)
        what = f"line {decision.place.line}: {decision.by.name}'s {decision.vote}"
        self._world.script.act(_told(decision))
        try:
            if decision.vote == "withdraw":
                body: dict[str, Any] = {"reason": decision.reason}
                await deciding.withdraw(self._deployment, person, instance, body)
            else:
                waiting = story.waiting
                body = {
                    "decision": decision.vote,
                    "shown": "0" * 64 if waiting is None else waiting.artifact["artifact_hash"],
                    "reason": decision.reason,
                }
                if decision.values:
                    body["values"] = dict(decision.values)
                await deciding.decide(self._deployment, person, instance, body)
        except Problem as problem:
            self._refusal(what, decision.refused, problem)
            return
        if decision.refused:
            self._fault(f"{what} was to be refused by the rule {decision.refused}, and was counted")

    async def _until(self, at: timedelta, story: Story) -> None:
        """Let time pass to so long after the last gate or wait opened, and past the timers that
        were to fire by then. The server loses a task that cancels a timer which fires while the
        task is worked on, and with it the instance and its own clock (ADR 0161)."""
        if self._opened is None:
            return
        then = self._opened + at
        left = then - await self._world.look()
        if left > timedelta():
            await self._world.leap(left)
        now = await self._world.look()
        while now < then + _ASIDE:
            known = self._deployment.library.story(story.instance_id)
            if known is None or known.ended:
                return
            timer = await self._first_timer(known)
            if timer is not None and timer.due > then:
                return
            # One that was due, or what one sets off.
            left = timedelta() if timer is None else timer.fires - now
            await self._world.leap(max(left, timedelta()) + _STEP)
            now = await self._world.look()

    async def _first_timer(self, story: Story) -> Timer | None:
        family = [one.instance_id for one in self._family(story)]
        return await self._world.first_timer(family)

    async def _send(self, instance: str, act: Sending) -> None:
        # One that must be refused is sent to whatever is open; another waits for its wait.
        story = await self._settled(instance, "", "*" if act.refused else act.event)
        if story.awaiting:
            # Of the wait for this event, if there is one.
            wait = max(story.awaiting, key=lambda one: act.event in one.events)
            self._opened = _instant(wait.opened)
        await self._until(act.at, story)
        body = {"event": act.event, "data": act.data}
        what = f"line {act.place.line}: {act.by.name}'s {act.event}"
        self._world.script.act(f"{act.by.name} sends {act.event}")
        try:
            await sending.send(self._deployment, self._person(act.by), instance, body)
        except Problem as problem:
            self._refusal(what, act.refused, problem)
            return
        if act.refused:
            self._fault(f"{what} was to be refused by the rule {act.refused}, and was taken")

    async def _cancel(self, instance: str, act: Cancel, at: timedelta) -> None:
        story = await self._settled(instance, act.gate, "" if act.gate else "*")
        if story.waiting is not None:
            self._opened = _instant(story.waiting.artifact["timestamp"])
        elif story.awaiting:
            self._opened = max(_instant(one.opened) for one in story.awaiting)
        await self._until(at, story)
        self._world.script.act(act.told)
        if await self._world.cancel(act.workflow):
            await self._heard(instance)
        else:
            self._world.script.none_to_cancel(act)

    async def _heard(self, instance: str) -> None:
        """Wait till all that a request to cancel sets off has happened: till the instance has
        ended, or waits for time alone."""
        loop = asyncio.get_running_loop()
        ends = loop.time() + PATIENCE
        while loop.time() < ends:
            story = self._deployment.library.story(instance)
            if story is None or story.ended or await self._first_timer(story) is not None:
                return
            await self._world.leap(_STEP)

    async def _settled(self, instance: str, gate: str, event: str = "") -> Story:
        """The story when it waits for people, or for the event ("*": for any), or is over. Time
        goes on while it does neither: a service may be waiting to be tried again, or the run waits
        for an event that nobody sends."""
        loop = asyncio.get_running_loop()
        ends = loop.time() + PATIENCE
        fires: datetime | None = None
        while True:
            story = self._deployment.library.story(instance)
            if story is not None and story.ended:
                return story
            family = [] if story is None else self._family(story)
            for one in family:
                if one.waiting is not None and gate in ("", one.waiting.gate):
                    return one
                if any(event == "*" or event in each.events for each in one.awaiting):
                    return one
            waits = [each for one in family for each in one.awaiting]
            run = await self._deployment.gateway.run(instance)
            if run is not None and run.closed:
                # It may have ended well since we looked.
                story = self._deployment.library.story(instance)
                if story is not None and story.ended:
                    return story
                await self._failed(instance)
            if loop.time() > ends:
                raise Stuck(f"nothing happened for {PATIENCE:g} s")
            if fires is not None:
                left = fires - await self._world.look()
                await self._world.leap(max(left, _STEP))
                fires = None
                continue
            # A gate or a wait may have opened since we looked, and this be its own timer: look once
            # more before time goes there. Both are committed before their timers start.
            timer = None if story is None else await self._first_timer(story)
            if timer is None:
                await self._world.leap(_STEP)
            elif waits:
                # Nobody sends what they are for: all the time of the first passes.
                fires = min(_instant(each.deadline) for each in waits)
            else:
                fires = timer.fires

    async def _failed(self, instance: str) -> None:
        """Raise for a run that failed; one that ended well by now is let be."""
        await self._world.end(instance, self._sealer(instance))

    def _sealer(self, instance: str) -> Sealer:
        return self._deployment.keys.of(self._team(), instance)

    def _team(self) -> str:
        return self._deployment.programs[self._scenario.workflow].team

    def _family(self, story: Story) -> list[Story]:
        """The instance, and all that were run as its children, theirs too, in order."""
        found = [story]
        for one in found:
            told = (self._deployment.library.story(child) for child in one.children)
            found += [child for child in told if child is not None]
        return found

    def _person(self, actor: Actor) -> Person:
        """The person, as a token that was verified a moment ago would tell."""
        self._acts += 1
        now = self._world.now().timestamp()
        token = f"{self._scenario.file}\n{actor.name}\n{self._acts}"
        return Person(
            issuer=ISSUER,
            audience=AUDIENCE,
            claim="sub",
            value=actor.name,
            name=actor.name,
            roles=actor.roles,
            levels=actor.assurances,
            signed_in=int(now - actor.login.total_seconds()),
            expires=int(now) + 3600,
            token_hash=sha256(token.encode()).hexdigest(),
        )

    def _refusal(self, what: str, wanted: str, problem: Problem) -> None:
        rule = rule_of(problem)
        self._world.script.act(f"  refused by the rule {rule}: {problem.message}")
        if rule != wanted:
            told = f"{what} was refused by the rule {rule} ({problem.message})"
            self._fault(f"{told}, not by {wanted}" if wanted else told)

    def _fault(self, why: str) -> None:
        self._played.faults.append(why)


def rule_of(problem: Problem) -> str:
    """What a refusal is called in a scenario: the recount's own name of the rule."""
    names = {"login_too_weak": "assurance", "login_too_old": "login"}
    return names.get(problem.rule, problem.rule.removeprefix("vote_"))


def _told(decision: Decision) -> str:
    """A decision in words."""
    named = ((path.strip("/").replace("/", "."), value) for path, value in decision.values.items())
    values = ", ".join(f"{path} = {value}" for path, value in named)
    asked = f" at {decision.gate}" if decision.gate else ""
    return f"{decision.by.name}: {decision.vote}{asked}{': ' if values else ''}{values}"


def _reached(artifact: Mapping[str, Any]) -> Reached:
    return Reached(artifact["authority_state"], _instant(artifact["timestamp"]), artifact["cause"])


def _instant(text: str) -> datetime:
    return datetime.fromisoformat(text).astimezone(UTC)
