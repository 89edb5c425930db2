"""Which gates, branches and ends of a spec its scenarios reach, line by line."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence, Set
from dataclasses import dataclass
from typing import Any, Final

from gantral.api.story import Story
from gantral.cli.scenarios.collect import Code
from gantral.cli.scenarios.play import Played
from gantral.cli.scenarios.reachable import (
    Decided,
    Ended,
    Failed,
    Item,
    Kind,
    Lines,
    Part,
    Past,
    reachable,
)
from gantral.evidence.planned import statement_of
from gantral.simulation import Seen

_MANY: Final[Mapping[Kind, str]] = {"gate": "gates", "branch": "branches", "end": "ends"}


@dataclass(frozen=True)
class Coverage:
    """One workflow: what there is to reach, with the number of scenarios that reach it."""

    workflow: str
    reached: Sequence[tuple[Item, int]]
    sources: Mapping[str, str]

    def lines(self, whole: bool) -> Iterator[str]:
        """Text: one line with the lines that nobody reached; ``whole``: each of them in words."""
        counts = []
        for kind in _MANY:
            mine = [number for item, number in self.reached if item.kind == kind]
            counts.append(f"{_MANY[kind]} {sum(map(bool, mine))} of {len(mine)}")
        missed = [item for item, number in self.reached if not number]
        told = f"coverage of {self.workflow}: {', '.join(counts)}"
        if missed and not whole:
            places = dict.fromkeys(f"{item.file}:{item.line}" for item in missed)
            told += f"; not reached: {_short(list(places))}"
        yield told
        for item in missed if whole else ():
            yield f"  {item.file}:{item.line}  {item.kind}  {item.what}  {self._text(item)}"

    def count(self) -> tuple[int, int]:
        """How many are reached, of how many."""
        return sum(number > 0 for _, number in self.reached), len(self.reached)

    def tree(self) -> dict[str, Any]:
        """The same for programs."""
        return {
            "workflow": self.workflow,
            "items": [
                {
                    "file": item.file,
                    "line": item.line,
                    "kind": item.kind,
                    "what": item.what,
                    "scenarios": number,
                }
                for item, number in self.reached
            ],
        }

    def _text(self, item: Item) -> str:
        text = self.sources.get(item.file, "").splitlines()[item.line - 1 : item.line]
        return text[0].strip() if text else ""


class Counting:
    """Counts while the scenarios of a project are played."""

    def __init__(self, code: Code) -> None:
        self._sources = code.sources
        self._items = {
            name: reachable(
                files["source_map.json"],
                files["workflow.py"].decode(),
                code.manifests[name],
            )
            for name, files in code.programs.items()
        }
        self._reached: dict[tuple[str, Item], int] = {}

    def add(self, played: Played, seen: Mapping[str, Seen]) -> None:
        """A scenario was played. ``seen``: workflow -> what ran of its code."""
        for name, items in self._items.items():
            ran = seen.get(name, Seen())
            steps, places = ran.steps, ran.places
            mine = [one for one in played.family if one.manifest["workflow_id"] == name]
            for item in items:
                test = item.test
                if isinstance(test, Part):
                    reached = any(test.first <= place < test.last for place in places)
                else:
                    reached = _is_reached(test, steps, mine, played)
                if reached:
                    key = (name, item)
                    self._reached[key] = self._reached.get(key, 0) + 1

    def found(self) -> list[Coverage]:
        """What was counted."""
        return [
            Coverage(
                name, [(one, self._reached.get((name, one), 0)) for one in items], self._sources
            )
            for name, items in self._items.items()
        ]


def _is_reached(
    test: Lines | Past | Ended | Decided | Failed,
    steps: Set[tuple[int, int]],
    stories: Sequence[Story],
    played: Played,
) -> bool:
    match test:
        case Lines():
            return any(_in(line, test) for _, line in steps)
        case Past(condition=condition, whole=whole):
            return any(_in(a, condition) and not _in(b, whole) for a, b in steps)
        case Ended(site=site, cause=cause):
            ended = [_ended(one) for one in stories]
            return any(at == site and cause in ("", why) for at, why in ended)
        case Decided(gate=gate, asked=asked, state=state):
            if not any(_in(line, asked) for _, line in steps):
                return False
            states = {found for one in stories for found in _states(one, gate)}
            return not states if state == "skipped" else state in states
        case Failed(site=site):
            return any(
                one.kind == "failed call" and statement_of(one.site) == site
                for one in played.happened
            )


def _in(line: int, span: Lines) -> bool:
    return span.first <= line <= span.last


def _ended(story: Story) -> tuple[str, str]:
    """Where an instance ended, without loop indices, and for what cause."""
    if story.end is None:
        return "", ""
    site = statement_of(str(story.end["statement"]))
    return site, str(story.artifacts[-1]["cause"])


def _states(story: Story, gate: str) -> set[str]:
    """The states that an instance came to at a gate; "waived" where policy let it pass."""
    found = {str(one["authority_state"]) for one in story.artifacts if one["gate"] == gate}
    records = [one for commit in story.commits for one in commit["records"]]
    if any(one["kind"] == "waiver" and one["gate"] == gate for one in records):
        found.add("waived")
    return found


def _short(places: Sequence[str]) -> str:
    """ "a.gantral:3, 7, 9, b.gantral:2"."""
    told, before = [], ""
    for place in places:
        file, _, line = place.rpartition(":")
        told.append(line if file == before else place)
        before = file
    return ", ".join(told)
