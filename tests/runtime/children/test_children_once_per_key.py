"""A child has the identity that its own key gives, whoever starts it (LANGUAGE section 2)."""

from __future__ import annotations

import json
from typing import Any

import pytest
from families import TEAM, Family
from gantral.api.problems import Problem

pytestmark = pytest.mark.timeout(90)


async def notes(family: Family, *invoices: str, ok: bool = True) -> tuple[str, list[str]]:
    parent = await family.start("fees", invoices=list(invoices), ok=ok)
    end = await family.end(parent)
    assert end["state"] == "COMPLETED", end
    return parent, end["output"]["notes"]


def children(family: Family, parent: str) -> list[str]:
    story = family.story(parent)
    assert story is not None
    return story.children


def test_a_key_that_is_done_is_terminated_and_began_nothing(on_server: Any) -> None:
    async def test(family: Family) -> None:
        parent, told = await notes(family, "I-1", "I-2", "I-1")
        assert told == ["I-1", "I-2", "already_done"]
        assert len(children(family, parent)) == 2
        # Whoever runs it later, and who starts it by themselves, has the same identity.
        later, again = await notes(family, "I-2", "I-3")
        assert again == ["already_done", "I-3"]
        with pytest.raises(Problem) as refused:
            await family.start("fee", invoice="I-3", ok=True)
        assert refused.value.rule == "already_started"
        own = await family.start("fee", invoice="I-4", ok=True)
        await family.handle(own).result()
        assert (await notes(family, "I-4"))[1] == ["already_done"]
        reports = family.judged(parent, later, *children(family, parent), *children(family, later))
        assert [one.verdict for one in reports] == ["VALID"] * 5, reports
        story = family.story(children(family, parent)[0])
        assert story is not None
        assert story.value(story.submission["business_key"]) == json.dumps(
            ["I-1", family.actors.resolve("carol")], separators=(",", ":")
        )

    on_server(test)


def test_a_key_is_free_again_after_an_end_that_left_nothing(on_server: Any) -> None:
    async def test(family: Family) -> None:
        first, told = await notes(family, "I-1", "I-1", ok=False)
        assert told == ["terminated_by_spec", "terminated_by_spec"]
        second, again = await notes(family, "I-1")
        assert again == ["I-1"]
        # Each attempt is an instance of its own.
        all_ = [*children(family, first), *children(family, second)]
        assert len({*all_}) == 3
        reports = family.judged(first, second, *all_)
        assert [one.verdict for one in reports] == ["VALID"] * 5

    on_server(test)


def test_a_start_that_is_under_way_has_the_key(on_server: Any) -> None:
    async def test(family: Family) -> None:
        parent, _ = await notes(family, "I-1")
        (child,) = children(family, parent)
        key = f"{TEAM}/{child}/start.json"
        draft = json.loads(family.deployment.drafts.get(key) or b"{}")
        # Drafted, and nothing committed yet: by a parent that still may come to it, or not.
        waits = await family.start("swap", first="I-1", second="I-2")
        for other, said in ((waits, "already_done"), (parent, "I-9")):
            draft["start"]["parent"]["instance_id"] = other
            fresh = await free(family, "I-9")
            family.deployment.drafts.put(f"{TEAM}/{fresh}/start.json", json.dumps(draft).encode())
            with pytest.raises(Problem) as refused:
                await family.start("fee", invoice="I-9", ok=True)
            assert refused.value.rule == "already_started"
            assert (await notes(family, "I-9"))[1] == [said]
            family.deployment.drafts.delete(f"{TEAM}/{fresh}/start.json")

    on_server(test)


async def free(family: Family, invoice: str) -> str:
    """The identity that this key would give."""
    carol = family.actors.resolve("carol")
    return family.deployment.seal.instance_id(TEAM, "fee", [invoice, carol], "1")
