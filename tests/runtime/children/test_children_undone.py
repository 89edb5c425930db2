"""What a child did is undone by its parent, and every chain of it holds (ADR 0140)."""

from __future__ import annotations

from typing import Any

import pytest
from families import Family
from gantral.evidence.hashes import child_id

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
        end = await family.handle(top).result()
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
        assert [finding.code for finding in alone.findings] == ["undo_untold", "parent"]

    on_server(test)
