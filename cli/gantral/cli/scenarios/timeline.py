"""What happened in a scenario, in order: when, who did what, and where in the spec."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from gantral.api.story import Story
from gantral.cli.scenarios.judge import elapsed
from gantral.cli.scenarios.play import Played
from gantral.cli.simulating.places import Place
from gantral.evidence.planned import statement_of

Places = Mapping[str, Mapping[str, Place]]


@dataclass(frozen=True)
class Moment:
    """One line of a timeline. ``where``: "file:line" of the spec, "" where that is not known."""

    at: datetime
    what: str
    where: str = ""


def timeline(workflow: str, played: Played, places: Places) -> list[Moment]:
    """What happened, in order. ``places``: workflow -> site -> where it stands in the spec."""
    known = {site: place for one in places.values() for site, place in one.items()}
    known.update(places.get(workflow, {}))
    left = {one.instance_id: list(one.commits) for one in played.family}
    told: list[Moment] = []
    for one in played.happened:
        if one.kind != "commit":
            told.append(Moment(one.at, one.what, _where(one.site, known)))
        elif left.get(one.what):
            story = next(each for each in played.family if each.instance_id == one.what)
            told += _committed(workflow, story, left[one.what].pop(0), known)
    # A driver that hears of no commit knows when they were, which is all that a server has to tell.
    for story in played.family:
        for commit in left[story.instance_id]:
            told += _committed(workflow, story, commit, known)
    if any(left.values()):
        told.sort(key=lambda moment: moment.at)
    return told


def rendered(moments: Sequence[Moment]) -> list[str]:
    """The lines of a timeline; times are since its first."""
    if not moments:
        return []
    rows = [(elapsed(one.at - moments[0].at), one.where, one.what) for one in moments]
    late, long = (max(len(row[at]) for row in rows) for at in (0, 1))
    return [f"{at:>{late}}  {where:<{long}}  {what}" for at, where, what in rows]


def _committed(
    workflow: str, story: Story, commit: Mapping[str, Any], places: Mapping[str, Place]
) -> Iterator[Moment]:
    """What a commit says, in a line."""
    artifacts = commit["artifacts"]
    if not artifacts:
        return
    first, last = artifacts[0], artifacts[-1]
    name = str(story.manifest["workflow_id"])
    states = ", ".join(one["authority_state"] for one in artifacts)
    cause = next((one["cause"] for one in artifacts if one["cause"] != "none"), "")
    gate = "" if first["gate"] == "none" else str(first["gate"])
    end = next((one for one in commit["records"] if one["kind"] == "end"), None)
    what = f"{'' if name == workflow else f'{name}: '}{states}"
    what += f", {cause}" if cause else ""
    what += f" at {gate}" if gate else ""
    site = str(end["statement"]) if end else gate
    at = datetime.fromisoformat(last["timestamp"]).astimezone(UTC)
    yield Moment(at, what, _where(site, places))


def _where(site: str, places: Mapping[str, Place]) -> str:
    if not site or site == "none":
        return ""
    ordinal = statement_of(site)
    found = {one for name, one in places.items() if name == ordinal or name.split("/")[0] == site}
    # Of an operation that is called at several places nobody told which it was.
    return "" if len(found) != 1 else "{0.file}:{0.line}".format(*found)
