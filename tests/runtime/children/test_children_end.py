"""How children end, and what their parents make of it."""

from __future__ import annotations

from typing import Any

import pytest
from families import FIRST, SECOND, Family, first, second
from gantral.evidence.hashes import child_id

pytestmark = pytest.mark.timeout(90)


def kinds(family: Family, instance: str) -> list[list[str]]:
    story = family.story(instance)
    assert story is not None
    return [[record["kind"] for record in commit["records"]] for commit in story.commits]


def states(family: Family, instance: str) -> list[str]:
    story = family.story(instance)
    assert story is not None
    return [artifact["authority_state"] for artifact in story.artifacts]


def test_two_children_one_after_the_other(on_server: Any) -> None:
    async def test(family: Family) -> None:
        parent = await family.start(owner="olga")
        await family.decide(first(parent))
        await family.decide(second(parent), "reject")
        end = await family.end(parent)
        assert end["output"] == {"note": "R1, release rejected"}
        # Each start is told before the child exists; how they ended, as the parent ends.
        assert kinds(family, parent) == [[], ["child"], ["child"], ["child_end", "child_end"]]
        assert states(family, parent) == ["CREATED", "RUNNING", "COMPLETED"]
        assert states(family, first(parent))[-1] == "COMPLETED"
        assert states(family, second(parent))[-1] == "REJECTED"
        own, one, two = family.judged(parent, first(parent), second(parent))
        assert [own.verdict, one.verdict, two.verdict] == ["VALID"] * 3
        assert [(told.call, told.instance_id, told.state) for told in own.children] == [
            (FIRST, first(parent), "COMPLETED"),
            (SECOND, second(parent), "REJECTED"),
        ]
        (alone,) = family.judged(first(parent))
        assert [finding.code for finding in alone.findings] == ["parent"]

    on_server(test)


def test_a_child_runs_for_whoever_started_its_parent(on_server: Any) -> None:
    async def test(family: Family) -> None:
        parent = await family.start(owner="olga")
        story = await family.waiting(first(parent))
        carol = family.actors.resolve("carol")
        assert story.artifacts[0]["human_actor_id"] == carol
        assert story.names == {carol: "carol"}
        assert story.values(story.commits[0])["/input/owner"] == family.actors.resolve("olga")
        # She may not decide there what she started by way of the parent.
        assert story.waiting is not None
        assert story.waiting.excluded == [carol]

    on_server(test)


def test_a_terminated_child_is_an_outcome(on_server: Any) -> None:
    async def test(family: Family) -> None:
        parent = await family.start(amount="0.00")
        end = await family.end(parent)
        assert (end["state"], end["output"]) == (
            "COMPLETED",
            {"note": "terminated_by_spec, terminated_by_spec"},
        )
        reports = family.judged(parent, first(parent), second(parent))
        assert [report.verdict for report in reports] == ["VALID"] * 3

    on_server(test)


def test_a_child_at_its_gate_is_rejected_when_its_parent_is_cancelled(on_server: Any) -> None:
    async def test(family: Family) -> None:
        parent = await family.start()
        await family.waiting(first(parent))
        await family.handle(parent).cancel()
        end = await family.end(parent)
        assert (end["state"], end["cause"]) == ("TERMINATED", "cancelled")
        assert (await family.handle(first(parent)).result())["cause"] == "cancelled"
        assert states(family, first(parent))[-1] == "REJECTED"
        # The second is never begun.
        assert kinds(family, parent) == [[], ["child"], ["child_end", "end"]]
        assert family.story(second(parent)) is None
        own, one = family.judged(parent, first(parent))
        assert (own.verdict, one.verdict) == ("VALID", "VALID")

    on_server(test)


def test_cancelling_reaches_a_child_of_a_child(on_server: Any) -> None:
    async def test(family: Family) -> None:
        top = await family.start("whole", invoice="I-9")
        batch = child_id(top, "workflow.batch/1")
        await family.waiting(first(batch))
        await family.handle(top).cancel()
        end = await family.end(top)
        assert (end["state"], end["cause"]) == ("TERMINATED", "cancelled")
        assert states(family, batch)[-1] == "TERMINATED"
        assert states(family, first(batch))[-1] == "REJECTED"
        reports = family.judged(top, batch, first(batch))
        assert [report.verdict for report in reports] == ["VALID"] * 3
        # Nobody but the one on top was started by a person.
        assert [report.verdict for report in family.judged(batch, first(batch))] == [
            "INCONCLUSIVE",
            "INCONCLUSIVE",
        ]

    on_server(test)


def test_a_child_whose_parent_is_terminated_from_outside_ends_by_its_own_code(
    in_real_time: Any,
) -> None:
    async def test(family: Family) -> None:
        parent = await family.start()
        await family.waiting(first(parent))
        await family.handle(parent).terminate("an operator")
        await family.until(first(parent), lambda story: story.ended)
        assert states(family, first(parent))[-1] == "REJECTED"
        own, one = family.judged(parent, first(parent))
        # Until the closer says that it is lost, the parent has no end; the child has its own.
        assert [finding.code for finding in own.findings] == ["no_end"]
        assert one.verdict == "VALID"

    in_real_time(test)


def test_a_child_that_is_terminated_from_outside_is_lost_to_its_parent(
    in_real_time: Any,
) -> None:
    async def test(family: Family) -> None:
        parent = await family.start()
        await family.waiting(first(parent))
        await family.handle(first(parent)).terminate("an operator")
        end = await family.end(parent)
        assert (end["state"], end["cause"]) == ("TERMINATED", "action_failed")
        assert end["statement"] == FIRST
        assert family.judged(parent)[0].verdict == "VALID"

    in_real_time(test)
