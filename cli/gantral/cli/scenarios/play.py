"""One scenario, played: started, decided, carried to its end; what came of it."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path
from typing import Any

from gantral.api import deciding, sending, starting
from gantral.api.deployment import Deployment
from gantral.api.problems import Problem
from gantral.api.story import Story
from gantral.cli.scenarios.model import Actor, Decision, Scenario, Sending
from gantral.cli.scenarios.script import Script
from gantral.cli.scenarios.timers import Timer, first_timer
from gantral.cli.scenarios.world import AUDIENCE, ISSUER, World
from gantral.evidence.children import link_children
from gantral.evidence.export import export_instance
from gantral.evidence.report import Report, verdict_of
from gantral.evidence.verify import verify_folder
from gantral.identity import Person
from gantral.runtime import programs
from gantral.runtime.ended import end_of, why_failed
from gantral.runtime.workers.replaying import difference, read_history
from temporalio.client import WorkflowFailureError
from temporalio.service import RPCError

_STEP = timedelta(milliseconds=200)
# How long, by our clock, an instance may do nothing at all.
_PATIENCE = 60.0
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


class _Stuck(Exception):  # noqa: N818 - it never leaves this module
    pass


async def play(world: World, scenario: Scenario, scratch: Path) -> Played:
    """Play one scenario; ``scratch`` is a folder of its own, for the exported evidence."""
    world.script = Script(scenario)
    return await _Play(world, scenario, scratch).run()


class _Play:
    def __init__(self, world: World, scenario: Scenario, scratch: Path) -> None:
        self._world = world
        self._scenario = scenario
        self._scratch = scratch
        self._deployment: Deployment = world.deployment(scenario.file)
        self._played = Played()
        self._acts = 0
        self._opened: datetime | None = None

    async def run(self) -> Played:
        instance = await self._start()
        if instance is None:
            return self._played
        try:
            for act in self._scenario.decisions:
                if isinstance(act, Sending):
                    await self._send(instance, act)
                else:
                    await self._decide(instance, act)
            self._played.end = await self._result(instance)
        except _Stuck as stuck:
            self._stuck(str(stuck))
        except (RPCError, Problem) as error:
            self._stuck(f"the time-skipping server did not answer: {error.message}")
        script = self._world.script
        self._played.effects = script.effects
        self._played.faults += [*script.unforeseen, *script.left_over()]
        story = self._deployment.library.story(instance)
        if story is not None:
            self._played.reached = [_reached(one) for one in story.artifacts]
            family = self._family(story)
            self._played.children = [
                (str(one.manifest["workflow_id"]), one.state.value)
                for one in family
                if one.instance_id in story.children
            ]
            self._played.report = self._verify(family)
            for one in family if not self._played.stuck else ():
                await self._replay(one)
        return self._played

    async def _replay(self, story: Story) -> None:
        """A run that would not do the same again is lost when its worker is: play it again from
        its history."""
        handle = self._world.client.get_workflow_handle(story.instance_id)
        history = await handle.fetch_history()
        recorded = read_history(history.to_json().encode())
        told = await difference(recorded, programs.get(recorded.program))
        if told is not None:
            self._fault(
                f"played again from its history, {recorded.workflow} goes another way: {told}"
            )

    def _stuck(self, why: str) -> None:
        self._played.stuck = True
        self._fault(why)

    async def _start(self) -> str | None:
        start = self._scenario.start
        await self._world.clock.look()
        body = {"workflow": self._scenario.workflow, "input": start.input}
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
        left = then - await self._world.clock.look()
        if left > timedelta():
            await self._world.clock.leap(left)
        now = await self._world.clock.look()
        while now < then + _ASIDE:
            known = self._deployment.library.story(story.instance_id)
            if known is None or known.ended:
                return
            timer = await self._first_timer(known)
            if timer is not None and timer.due > then:
                return
            # One that was due, or what one sets off.
            left = timedelta() if timer is None else timer.fires - now
            await self._world.clock.leap(max(left, timedelta()) + _STEP)
            now = await self._world.clock.look()

    async def _first_timer(self, story: Story) -> Timer | None:
        family = [one.instance_id for one in self._family(story)]
        return await first_timer(self._world.client, family)

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
        try:
            await sending.send(self._deployment, self._person(act.by), instance, body)
        except Problem as problem:
            self._refusal(what, act.refused, problem)
            return
        if act.refused:
            self._fault(f"{what} was to be refused by the rule {act.refused}, and was taken")

    async def _settled(self, instance: str, gate: str, event: str = "") -> Story:
        """The story when it waits for people, or for the event ("*": for any), or is over. Time
        goes on while it does neither: a service may be waiting to be tried again, or the run waits
        for an event that nobody sends."""
        loop = asyncio.get_running_loop()
        ends = loop.time() + _PATIENCE
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
                raise _Stuck(f"nothing happened for {_PATIENCE:g} s")
            if waits:
                # Nobody sends what they are for: all the time of the first passes.
                fires = min(_instant(each.deadline) for each in waits)
            if fires is not None:
                left = fires - await self._world.clock.look()
                await self._world.clock.leap(max(left, _STEP))
                fires = None
                continue
            # A gate may have opened since we looked, and this be its own timer: look once more
            # before time goes there. A gate is committed before its timers start.
            timer = None if story is None else await self._first_timer(story)
            if timer is None:
                await self._world.clock.leap(_STEP)
            else:
                fires = timer.fires

    async def _result(self, instance: str) -> Mapping[str, Any]:
        handle = self._world.client.get_workflow_handle(instance)
        sealer = self._deployment.keys.of(self._team(), instance)
        try:
            async with self._world.clock.running_free(), asyncio.timeout(_PATIENCE):
                while True:
                    # The server ends a long poll after 20 s, which the client takes for no end.
                    with contextlib.suppress(RuntimeError):
                        return await end_of(handle, sealer)
        except WorkflowFailureError as error:
            raise _Stuck(f"the run failed: {why_failed(error, sealer)}") from None
        except TimeoutError:
            raise _Stuck(f"it came to no end within {_PATIENCE:g} s") from None

    async def _failed(self, instance: str) -> None:
        try:
            await self._world.client.get_workflow_handle(instance).result()
        except WorkflowFailureError as error:
            sealer = self._deployment.keys.of(self._team(), instance)
            raise _Stuck(f"the run failed: {why_failed(error, sealer)}") from None

    def _team(self) -> str:
        return self._deployment.programs[self._scenario.workflow].team

    def _family(self, story: Story) -> list[Story]:
        """The instance, and all that were run as its children, theirs too, in order."""
        found = [story]
        for one in found:
            told = (self._deployment.library.story(child) for child in one.children)
            found += [child for child in told if child is not None]
        return found

    def _verify(self, family: list[Story]) -> Report:
        """The verdict on the instance together with its children's."""
        judged = []
        for one in family:
            folder = self._scratch / one.instance_id
            export_instance(self._deployment.store, one.team, one.instance_id, folder)
            judged.append(verify_folder(folder, self._deployment.trust))
        reports = link_children(judged)
        findings = tuple(finding for report in reports for finding in report.findings)
        return replace(reports[0], findings=findings, verdict=verdict_of(findings))

    def _person(self, actor: Actor) -> Person:
        """The person, as a token that was verified a moment ago would tell."""
        self._acts += 1
        now = self._world.clock.now().timestamp()
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
        if rule != wanted:
            told = f"{what} was refused by the rule {rule} ({problem.message})"
            self._fault(f"{told}, not by {wanted}" if wanted else told)

    def _fault(self, why: str) -> None:
        self._played.faults.append(why)


def rule_of(problem: Problem) -> str:
    """What a refusal is called in a scenario: the recount's own name of the rule."""
    names = {"login_too_weak": "assurance", "login_too_old": "login"}
    return names.get(problem.rule, problem.rule.removeprefix("vote_"))


def _reached(artifact: Mapping[str, Any]) -> Reached:
    return Reached(artifact["authority_state"], _instant(artifact["timestamp"]), artifact["cause"])


def _instant(text: str) -> datetime:
    return datetime.fromisoformat(text).astimezone(UTC)
