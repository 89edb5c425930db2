"""What there is to tell of an instance: a pure function of its committed evidence and the time.

A fact holds names of the program, instants and the gate's title, and the title only where no value
in it is personal. Nothing else of a proposal, no vote, no reason and no person is ever in one, so
no message can let it out (docs/adr/0165).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from gantral.api import words
from gantral.api.comments import Comment
from gantral.api.story import Story
from gantral.authority import ENDS, State
from gantral.evidence.context import shape_at

NONE: Final = "none"
_DECIDED: Final = frozenset({State.APPROVED, State.OVERRIDDEN, State.REJECTED})
_OF_CLOCK: Final = {"remind": "reminded", "widen": "widened"}
_PLAIN: Final = frozenset(
    {"string", "int", "decimal", "bool", "date", "instant", "duration", "enum"}
)
LONGEST_TITLE: Final = 200


@dataclass(frozen=True)
class Fact:
    """One thing to tell. ``kind``: one of ``settings_notify.KINDS``; ``instant``: since when it
    holds; ``gate``, ``round``, ``deadline``, ``state``, ``cause``, ``wait``: "none" where it has
    none; ``deciders``: roles, and "a named person"; ``events`` and ``senders``: which events a wait
    is for, and the roles that may send them, or "initiator"."""

    kind: str
    instance: str
    team: str
    workflow: str
    gate: str
    round: str
    instant: str
    title: str
    deciders: tuple[str, ...]
    deadline: str
    state: str
    cause: str
    wait: str = NONE
    events: tuple[str, ...] = ()
    senders: tuple[str, ...] = ()


def facts(story: Story, now: str, said: Sequence[Comment] = ()) -> tuple[list[Fact], str]:
    """Everything that there is to tell up to ``now``, in order, and the next instant at which the
    clock alone tells more, or "none".

    Args:
        now: an instant as evidence writes it. said: the comments at its gates.
    """
    found: list[Fact] = []
    again = NONE
    commits = story.commits
    for number, commit in enumerate(commits):
        for artifact in commit["artifacts"]:
            if artifact["authority_state"] == State.WAITING_FOR_HUMAN:
                closing = _closing(commits[number + 1 :])
                gate = _Gate(story, commit, artifact)
                found.append(gate.fact("opened", artifact["timestamp"]))
                for at, kind, targets in gate.steps():
                    if closing is not None and closing["timestamp"] <= at:
                        # Decided before: nobody is to be called to a gate that is over.
                        break
                    if at > now:
                        again = at
                        break
                    found.append(gate.fact(kind, at, targets))
                found += [gate.fact("commented", one.at) for one in said if gate.is_of(one)]
                if closing is not None:
                    found.append(gate.decided(closing))
        found += _waits(story, commit)
    last = story.artifacts[-1]
    if last["authority_state"] in ENDS:
        found.append(_ended(story, last))
    return found, again


class _Gate:
    """A gate that was opened, for telling of it."""

    def __init__(
        self, story: Story, commit: Mapping[str, Any], artifact: Mapping[str, Any]
    ) -> None:
        self._story = story
        self._artifact = artifact
        self._rules = story.manifest["gates"][artifact["gate"]]
        self._instants = next(
            record["instants"] for record in commit["records"] if record["kind"] == "clock"
        )
        leaves = dict(commit["context"])
        self._title = title(
            str(artifact["gate"]),
            self._rules,
            leaves,
            lambda path: story.value(leaves[path]) if path in leaves else None,
        )

    def steps(self) -> Iterator[tuple[str, str, Sequence[Any]]]:
        """Each remind and widen: its instant, the kind of its notice, who counts from then on."""
        for at, action, _, targets in self._instants:
            if action in _OF_CLOCK:
                yield at, _OF_CLOCK[action], targets if action == "widen" else ()

    def is_of(self, one: Comment) -> bool:
        """Whether a comment is on this gate."""
        return (one.gate, one.round) == (self._artifact["gate"], self._artifact["round"])

    def fact(
        self,
        kind: str,
        instant: str,
        more: Sequence[Any] = (),
        state: str = State.WAITING_FOR_HUMAN,
        cause: str = NONE,
    ) -> Fact:
        """A fact of this gate; ``more``: who counts beside those of the formulas."""
        who = [one for case in self._rules["decide"] for one in _principals(case["formula"])]
        return Fact(
            kind=kind,
            instance=self._story.instance_id,
            team=self._story.team,
            workflow=str(self._story.submission["workflow_id"]),
            gate=str(self._artifact["gate"]),
            round=str(self._artifact["round"]),
            instant=instant,
            title=self._title,
            deciders=tuple(sorted({_named(one) for one in (*who, *more)})),
            deadline=str(self._instants[-1][0]),
            state=str(state),
            cause=cause,
        )

    def decided(self, closing: Mapping[str, Any]) -> Fact:
        """That the gate is over."""
        return self.fact(
            "decided",
            closing["timestamp"],
            state=str(closing["authority_state"]),
            cause=str(closing["cause"]),
        )


def _closing(later: Sequence[Mapping[str, Any]]) -> Mapping[str, Any] | None:
    """The artifact that closed a gate: the first decision in what was committed after it."""
    for commit in later:
        for artifact in commit["artifacts"]:
            if artifact["authority_state"] in _DECIDED:
                return artifact  # type: ignore[no-any-return]
    return None


def _waits(story: Story, commit: Mapping[str, Any]) -> Iterator[Fact]:
    """A wait that was opened; or the event that ended it, or that none came in time."""
    at = str(commit["timestamp"])
    for record in commit["records"]:
        if record["kind"] == "wait":
            senders = {one for event in record["events"] for one in _senders(story, event)}
            yield replace(
                _of_instance(story, "awaited", at),
                wait=record["site"],
                round=record["round"],
                events=tuple(record["events"]),
                senders=tuple(sorted(senders)),
                deadline=record["deadline"],
            )
        elif record["kind"] == "timeout":
            yield replace(_of_instance(story, "missed", at), wait=record["site"])
    for sent in story.sent:
        if sent.commit is commit:
            yield replace(
                _of_instance(story, "taken", at),
                wait=sent.site,
                events=(str(sent.statement["event"]),),
            )


def _senders(story: Story, event: str) -> Sequence[str]:
    named: Sequence[str] = story.manifest["events"][event]["from"]
    return named


def _ended(story: Story, last: Mapping[str, Any]) -> Fact:
    return replace(
        _of_instance(story, "ended", str(last["timestamp"])),
        state=str(last["authority_state"]),
        cause=str(last["cause"]),
    )


def _of_instance(story: Story, kind: str, instant: str) -> Fact:
    """A fact of no gate. Its title is the workflow's name, which no value is in."""
    return Fact(
        kind=kind,
        instance=story.instance_id,
        team=story.team,
        workflow=str(story.submission["workflow_id"]),
        gate=NONE,
        round=NONE,
        instant=instant,
        title=str(story.submission["workflow_id"]).replace("_", " "),
        deciders=(),
        deadline=NONE,
        state=str(State.RUNNING),
        cause=NONE,
    )


def _principals(formula: Mapping[str, Any]) -> list[Any]:
    if "quorum" in formula:
        return list(formula["quorum"][1])
    if "points" in formula:
        return [one for one, _ in formula["points"][1]]
    return [one for part in formula.get("any") or formula["all"] for one in _principals(part)]


def _named(who: Any) -> str:
    """A role by its name; whom the proposal names is a value, and stays out."""
    return who if isinstance(who, str) else "a named person"


def title(
    gate: str, rules: Mapping[str, Any], paths: Mapping[str, Any], value: Callable[[str], Any]
) -> str:
    """The gate's title with its values, at most ``LONGEST_TITLE`` characters; the gate's name when
    any of them is personal, erased, or nothing that can be shown for certain.

    Args:
        rules: the gate's part of the manifest. paths: the pointers of the proposal. value: the
            value at a pointer, None when it was erased.
    """
    plain = gate.replace("_", " ")
    if rules["title"] == ["computed"]:
        return plain
    said = []
    for kind, of in rules["title"]:
        if kind == "text":
            said.append(of)
            continue
        if is_personal(rules["parameters"], of, counted=kind == "count"):
            return plain
        if kind == "count":
            said.append(words.count(of, paths))
            continue
        found = value(of)
        if found is None:
            return plain
        said.append(words.value(found))
    whole = "".join(one if one.isprintable() else " " for one in "".join(said))
    return whole if len(whole) <= LONGEST_TITLE else whole[: LONGEST_TITLE - 1] + "…"


def is_personal(parameters: Sequence[Any], pointer: str, *, counted: bool = False) -> bool:
    """Whether a value of the proposal must stay inside: it or what it lies in is marked personal,
    it names a person, or it is nothing that the shapes tell of (docs/adr/0165).

    Args:
        parameters: the shape of the gate's parameters. counted: only how many elements a list has
            is wanted.
    """
    shape: Sequence[Any] = parameters
    for part in pointer.split("/")[1:]:
        while shape[0] == "optional":
            shape = shape[1]
        if shape[0] == "record":
            marks = next((one[2] for one in shape[1] if one[0] == part), None)
            if marks is None or marks["personal"] != "false":
                return True
        inner = shape_at(shape, f"/{part}")
        if inner is None:
            return True
        shape = inner
    while shape[0] == "optional":
        shape = shape[1]
    return shape[0] != "list" if counted else shape[0] not in _PLAIN
