"""Stories told by hand on the face of the driver."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from pathlib import Path

from gantral.cli.simulating.exploring import Scene
from gantral.identity import Person
from gantral.simulation import Answer, Asked, Call, Simulation
from simulated import PAYOUT, staged

INPUT = {"name": "Ann", "amount": 7}


def person(scene: Scene, story: Simulation, name: str) -> Person:
    return scene.people.now(name, story.now, 0)


def begun(scene: Scene) -> tuple[Simulation, str]:
    story = Simulation(scene.deployment)
    return story, story.start(person(scene, story, "starter"), "payout", INPUT)


def approve(scene: Scene, story: Simulation, instance: str, who: str = "boss_1") -> str | None:
    refusal = story.vote(person(scene, story, who), instance, "APPROVE", reason="it is right")
    return None if refusal is None else refusal.rule


def state(story: Simulation, instance: str) -> str:
    return str(story.look(instance)["state"])


def end(story: Simulation, instance: str) -> tuple[str, str]:
    result = story.server.executions[instance].result
    return result["state"], result["cause"]


def test_a_yes_sets_off_the_effect_with_what_was_approved(tmp_path: Path) -> None:
    with staged(tmp_path, PAYOUT, "payout") as scene:
        story, instance = begun(scene)
        assert state(story, instance) == "WAITING_FOR_HUMAN"
        assert approve(scene, story, instance) is None
        (call,) = story.questions
        assert isinstance(call, Call)
        assert (call.operation, call.site, dict(call.arguments)) == (
            "bank.pay",
            "bank.pay/1",
            {"name": "Ann", "amount": 7},
        )
        story.answer(call, Answer({"ref": "R-1"}))
        assert end(story, instance) == ("COMPLETED", "completed")
        assert story.server.executions[instance].result["output"] == {"ref": "R-1"}


def test_a_forked_story_is_of_its_own(tmp_path: Path) -> None:
    with staged(tmp_path, PAYOUT, "payout") as scene:
        story, instance = begun(scene)
        other = story.fork()
        assert approve(scene, other, instance) is None
        assert state(other, instance) == "RUNNING"
        assert state(story, instance) == "WAITING_FOR_HUMAN"
        story.pass_to(story.now + timedelta(hours=2))
        assert end(story, instance) == ("REJECTED", "deadline")
        (call,) = other.questions
        assert isinstance(call, Call)
        other.answer(call, Answer({"ref": "R-1"}))
        assert end(other, instance) == ("COMPLETED", "completed")


def test_who_may_not_decide_is_refused_and_leaves_no_trace(tmp_path: Path) -> None:
    with staged(tmp_path, PAYOUT, "payout") as scene:
        story, instance = begun(scene)
        steps = story.server.executions[instance].run.steps
        assert approve(scene, story, instance, "starter") == "excluded"
        assert approve(scene, story, instance, "somebody") == "role"
        assert story.server.executions[instance].run.steps == steps


def test_a_vote_at_the_deadline_is_late_and_one_before_it_is_not(tmp_path: Path) -> None:
    with staged(tmp_path, PAYOUT, "payout") as scene:
        story, instance = begun(scene)
        other = story.fork()
        story.pass_to(story.now + timedelta(hours=2))
        assert end(story, instance) == ("REJECTED", "deadline")
        other.pass_to(other.now + timedelta(hours=2) - timedelta(milliseconds=1))
        assert approve(scene, other, instance) is None


def test_what_nobody_takes_lapses_and_what_is_lost_is_unknown(tmp_path: Path) -> None:
    with staged(tmp_path, PAYOUT, "payout") as scene:
        story, instance = begun(scene)
        approve(scene, story, instance)
        other = story.fork()
        (call,) = story.questions
        assert isinstance(call, Call)
        began = story.now
        story.leave(call)
        assert end(story, instance) == ("TERMINATED", "lapsed")
        assert story.now - began == timedelta(minutes=30)
        other.lose(call)
        assert end(other, instance) == ("TERMINATED", "effect_unknown")
        assert other.now - began == timedelta(minutes=1)


def test_a_request_to_cancel_waits_for_what_is_under_way(tmp_path: Path) -> None:
    with staged(tmp_path, PAYOUT, "payout") as scene:
        story, instance = begun(scene)
        approve(scene, story, instance)
        story.cancel(instance)
        assert story.server.executions[instance].status == "running"
        (call,) = story.questions
        assert isinstance(call, Call)
        story.answer(call, Answer({"ref": "R-1"}))
        assert end(story, instance) == ("TERMINATED", "cancelled")


GUARDED = PAYOUT.replace(
    "    decide   1 of boss\n",
    "    decide   1 of boss\n    guarded  by policy limits\n",
).replace(
    "  service bank", '  policy limits = rego "l.rego" query "data.l.decision"\n  service bank'
)


def test_policies_say_what_they_are_told_to(tmp_path: Path) -> None:
    with staged(tmp_path, GUARDED, "payout") as scene:
        story, instance = begun(scene)
        (asked,) = story.questions
        assert isinstance(asked, Asked)
        assert (asked.clauses, asked.decided) == (("guarded",), False)
        story.say(asked, ["ALLOW"])
        approve(scene, story, instance)
        (again,) = story.questions
        assert isinstance(again, Asked)
        assert again.decided
        story.say(again, ["DENY"])
        assert end(story, instance) == ("REJECTED", "policy_deny")


def test_async_code_may_drive_it(tmp_path: Path) -> None:
    async def drive(scene: Scene) -> tuple[str, str]:
        story, instance = begun(scene)
        approve(scene, story, instance)
        (call,) = story.questions
        assert isinstance(call, Call)
        story.answer(call, Answer({"ref": "R-1"}))
        return end(story, instance)

    with staged(tmp_path, PAYOUT, "payout") as scene:
        assert asyncio.run(drive(scene)) == ("COMPLETED", "completed")
