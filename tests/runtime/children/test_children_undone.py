"""What a child did is undone by its parent, and every chain of it holds (ADR 0140)."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import Any

import pytest
from families import Family, scripted
from gantral.cli.scenarios.model import Answer
from gantral.evidence.children import link_children
from gantral.evidence.hashes import child_id
from gantral.evidence.left import Left
from gantral.runtime.workers.chain import Chain
from gantral.runtime.workers.grants import NotGranted
from gantral.runtime.workers.told import Told
from gantral.runtime.workers.undoing import may_undo

pytestmark = pytest.mark.timeout(90)
BOOK = "workflow.book"


def kinds(family: Family, instance: str) -> list[str]:
    story = family.story(instance)
    assert story is not None
    return [record["kind"] for commit in story.commits for record in commit["records"]]


def test_a_failed_parent_undoes_what_its_completed_children_did_last_first(on_server: Any) -> None:
    async def test(family: Family) -> None:
        top = await family.start("holiday", names=["I-1", "I-2"])
        trip = child_id(top, "workflow.trip/1")
        out, home = (child_id(trip, f"{BOOK}/1/{index}") for index in (0, 1))
        for one in (out, home):
            await family.decide(one)
        end = await family.end(top)
        assert (end["state"], end["cause"]) == ("TERMINATED", "terminated_by_spec")
        assert end["standing"] == []
        assert end["message"] == "changed our minds"
        # Last first, each by the yes it was done under.
        assert family.world.script.effects[-2:] == [
            ("seats.cancel", {"id": "S2"}),
            ("seats.cancel", {"id": "S1"}),
        ]
        assert kinds(family, top) == [
            "child", "child_end", *["child_undo", "child_undone"] * 2, "end",
        ]  # fmt: skip
        reports = family.judged(top, trip, out, home)
        assert [report.verdict for report in reports] == ["VALID"] * 4, [
            report.findings for report in reports
        ]
        assert reports[1].standing == reports[0].children[0].standing != ()
        # Alone the one whose effect was undone does not say who did so.
        _, alone = family.judged(trip, out)
        assert [finding.code for finding in alone.findings] == ["parent", "undo_untold"]

        # Taken out before it was undone, it lacks what its parent tells.
        early = replace(alone, late=frozenset(), late_undone=frozenset())
        assert [one.code for one in link_children([reports[0], early])[1].findings] == [
            "parent", "undo_link",
        ]  # fmt: skip

    on_server(test)


def test_undo_of_a_child_by_name_and_nobody_else_s(on_server: Any) -> None:
    async def test(family: Family) -> None:
        top = await family.start("swap", first="I-1", second="I-2")
        old, new = (child_id(top, f"{BOOK}/{number}") for number in (1, 2))
        await family.decide(old)
        await family.waiting(new)
        # Completed, it undoes nothing more itself; nor does who did not run it, or who has ended.
        assert await undone(family, old) == f"{old} is COMPLETED, so nothing is undone for it"
        other = await family.start("swap", first="I-3", second="I-4")
        refused = f"{other} did not run {old} as its child"
        assert await undone(family, old, other) == refused
        assert await undone(family, new, top) == (
            f"{new} is WAITING_FOR_HUMAN, so nothing is undone for it"
        )
        await family.decide(new)
        end = await family.end(top)
        assert (end["state"], end["output"]) == ("COMPLETED", {"note": "S2"})
        assert family.world.script.effects[-1] == ("seats.cancel", {"id": "S1"})
        assert await undone(family, new, top) == f"{top} is COMPLETED, so nothing is undone for it"
        reports = family.judged(top, old, new)
        assert [report.verdict for report in reports] == ["VALID"] * 3
        assert reports[0].undone == {f"{old}/seats.reserve/1"}
        assert reports[0].standing == (f"{new}/seats.reserve/1",)
        # Had the run not heard of it, the evidence worker would have told it all the same.
        unheard = Told(left=Left(stood={f"{old}/seats.reserve/1", f"{new}/seats.reserve/1"}))
        records = unheard.untold(family.chain(top))
        assert [record["kind"] for record in records] == ["child_undo", "child_undone"]
        unheard.tell(records)
        assert unheard.standing() == [f"{new}/seats.reserve/1"]
        assert unheard.untold(family.chain(top)) == []

    on_server(test)


def test_an_undo_that_fails_stops_no_other_and_what_stands_is_named(on_server: Any) -> None:
    async def test(family: Family) -> None:
        failed = Answer(None, "not_done", "too late")
        family.world.script = scripted(cancel=(failed, Answer(None, "", "")))
        top = await family.start("holiday", names=["I-1", "I-2"])
        trip = child_id(top, "workflow.trip/1")
        out, home = (child_id(trip, f"{BOOK}/1/{index}") for index in (0, 1))
        for one in (out, home):
            await family.decide(one)
        end = await family.end(top)
        stands = f"{home}/seats.reserve/1"
        assert end["standing"] == [stands]
        assert end["message"] == f"changed our minds; what stands: {stands}"
        story = family.story(top)
        assert story is not None
        assert story.standing == [stands]
        reports = family.judged(top, trip, out, home)
        assert [report.verdict for report in reports] == ["VALID"] * 4

    on_server(test)


async def undone(family: Family, instance: str, *parents: str) -> str:
    """What the service's worker says to an undo of the instance's effect that nobody asked for."""
    story = family.story(instance)
    assert story is not None
    return await asyncio.to_thread(refused_undo, family.chain(instance), parents)


def refused_undo(chain: Chain, parents: tuple[str, ...]) -> str:
    with pytest.raises(NotGranted) as refused:
        may_undo(chain, parents)
    assert refused.value.cause == "authority_ambiguous"
    return str(refused.value)
