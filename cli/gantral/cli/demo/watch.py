"""Tells each transition as it commits: read from the store, where the commit is the transition."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from gantral.api import words
from gantral.api.story import Library, Story
from gantral.authority import State
from gantral.cli.demo.telling import Teller


class Watch:
    """One instance. ``names``: claim value -> what that person is called."""

    def __init__(
        self, library: Library, instance_id: str, teller: Teller, names: Mapping[str, str]
    ) -> None:
        self.instance_id = instance_id
        self._library = library
        self._teller = teller
        self._names = names
        self._told = 0
        self._began: datetime | None = None

    def look(self) -> Story | None:
        """Tell what was committed since the last look; the story so far."""
        story = self._library.story(self.instance_id)
        if story is None:
            return None
        for commit in story.commits[self._told :]:
            self._commit(story, commit)
        self._told = len(story.commits)
        return story

    def _commit(self, story: Story, commit: Mapping[str, Any]) -> None:
        for record in commit["records"]:
            if record["kind"] == "waiver":
                policy = story.manifest["gates"][record["gate"]]["waived"]
                told = f"policy {policy} waives gate {record['gate']}: nobody is asked"
                self._tell(commit["timestamp"], "", told)
            elif record["kind"] == "unasked":
                told = f"nobody is asked at gate {record['gate']}: not {record['condition']}"
                self._tell(commit["timestamp"], "", told)
        before = ""
        for artifact in commit["artifacts"]:
            state = artifact["authority_state"]
            self._tell(artifact["timestamp"], state, self._words(story, commit, artifact, before))
            before = state

    def _tell(self, timestamp: str, state: str, text: str) -> None:
        at = datetime.fromisoformat(timestamp).astimezone()
        self._began = self._began or at
        days = (at.date() - self._began.date()).days
        shown = at.strftime("%H:%M:%S") if days == 0 else f"day {days + 1}"
        self._teller.transition(shown, state, text)

    def _words(
        self,
        story: Story,
        commit: Mapping[str, Any],
        artifact: Mapping[str, Any],
        before: str,
    ) -> str:
        tell: Callable[[], str] | None = {
            State.CREATED: lambda: f"{self._who(story, artifact)} asked for it",
            State.RUNNING: lambda: (
                "the workflow goes on" if before == State.RESUMED else "the workflow starts"
            ),
            State.WAITING_FOR_HUMAN: lambda: self._waiting(story, commit, artifact),
            State.APPROVED: lambda: (
                f"gate {artifact['gate']}: approved; {self._who(story, artifact)}'s yes decided"
            ),
            State.OVERRIDDEN: lambda: self._overridden(story, commit, artifact),
            State.RESUMED: lambda: "what was approved may be done now, and nothing else",
            State.REJECTED: lambda: self._rejected(story, commit, artifact),
            State.COMPLETED: lambda: _listed(story.values(commit), "/output"),
        }.get(State(artifact["authority_state"]))
        return tell() if tell else f"{artifact['cause']}: {_message(story, commit)}"

    def _waiting(self, story: Story, commit: Mapping[str, Any], artifact: Mapping[str, Any]) -> str:
        rules = story.manifest["gates"][artifact["gate"]]
        decides = words.deciders(rules, story.values(commit))
        hours = clock(commit)[-1][0]
        return f"gate {artifact['gate']} wants a yes of {decides}, within {hours:g} hours"

    def _overridden(
        self, story: Story, commit: Mapping[str, Any], artifact: Mapping[str, Any]
    ) -> str:
        number = story.commits.index(commit)
        old, new = story.values(story.commits[number - 1]), story.values(commit)
        changed = [
            f"{path.strip('/').replace('/', '.')} {old[path]} -> {new[path]}"
            for path in new
            if old.get(path) != new[path]
        ]
        decided = f"{self._who(story, artifact)}'s yes decided"
        return f"gate {artifact['gate']}: approved with {', '.join(changed)}; {decided}"

    def _rejected(
        self, story: Story, commit: Mapping[str, Any], artifact: Mapping[str, Any]
    ) -> str:
        gate, cause = artifact["gate"], artifact["cause"]
        if artifact["human_actor_id"] == "none":
            why = "nobody decided in time, and silence is a no" if cause == "deadline" else cause
            return f"gate {gate}: {why}"
        return f"gate {gate}: {self._who(story, artifact)} said no"

    def _who(self, story: Story, artifact: Mapping[str, Any]) -> str:
        claim = story.names.get(artifact["human_actor_id"], artifact["human_actor_id"])
        return self._names.get(claim, claim)


def clock(commit: Mapping[str, Any]) -> list[tuple[float, str]]:
    """The clock of a gate that a commit opened: (hours since then, remind, widen or reject)."""
    record = next(one for one in commit["records"] if one["kind"] == "clock")
    opened = datetime.fromisoformat(commit["timestamp"])
    return [
        ((datetime.fromisoformat(at) - opened).total_seconds() / 3600, action)
        for at, action, *_ in record["instants"]
    ]


def _listed(values: Mapping[str, Any], prefix: str) -> str:
    return ", ".join(
        f"{path.removeprefix(prefix).strip('/').replace('/', '.')} {value}"
        for path, value in sorted(values.items())
    )


def _message(story: Story, commit: Mapping[str, Any]) -> str:
    end = next((one for one in commit["records"] if one["kind"] == "end"), None)
    return "" if end is None else str(story.value(end["message"]) or "")
