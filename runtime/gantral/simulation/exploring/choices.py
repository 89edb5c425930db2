"""What the world may do next, and doing it."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any, Final

from gantral.evidence import EvidenceError
from gantral.evidence.calendar import ticks
from gantral.evidence.expr import holds
from gantral.policy.shapes import at, bare, leaves
from gantral.runtime import forms
from gantral.simulation.exploring.people import STARTER, People
from gantral.simulation.exploring.relevant import Body
from gantral.simulation.exploring.values import Values
from gantral.simulation.simulation import Asked, Call, Simulation

MILLISECOND: Final = timedelta(milliseconds=1)
# Different amendments don't add up: two are tried where few may decide, else one.
_AMENDMENTS: Final = 2
_FEW: Final = 3
_SENTENCE: Final = "it was looked at with care, and this is why"
Look = Mapping[str, Any]


@dataclass(frozen=True)
class Choice:
    """One thing that the world does: a word, and what it is about (plain JSON).

    answer, fails, lost, left: {instance, operation, site, and result or happened}; says:
    {instance, gate, round, decided, words}; vote: {instance, gate, by, kind, amendment}; send:
    {instance, by, event, data}; passes: {to, late}; cancel: {}; start: {by, workflow, input}.
    """

    do: str
    of: Mapping[str, Any]

    @property
    def key(self) -> str:
        """The same for the same choice."""
        return json.dumps([self.do, self.of], sort_keys=True, ensure_ascii=False)


@dataclass(frozen=True)
class World:
    """What there is around a story: people, and the values that services and senders may give.
    ``bodies``: of each workflow what may still count where a run of it stands; ``named``: whether
    values name persons."""

    people: People
    values: Values
    bodies: Mapping[str, Mapping[str, Body | None]]
    named: bool

    def options(self, story: Simulation, names: Mapping[str, str], looks: Mapping[str, Look],
                cancelled: bool) -> list[Choice]:  # fmt: skip
        """Everything that may happen next. ``names``: instance id -> what it is called; ``looks``:
        of those that run."""
        found: list[Choice] = []
        for question in story.questions:
            name = names[question.instance_id]
            if isinstance(question, Call):
                found += self._answers(story, name, question)
            else:
                found += _words(name, question)
        # A guard that is asked about what was decided: the gate takes no more votes.
        guarded = any(isinstance(one, Asked) for one in story.questions)
        for instance_id, look in looks.items():
            manifest = story.program(instance_id).manifest
            if guarded:
                continue
            if look["gate"] != "none":
                found += self._votes(story, names[instance_id], manifest, look)
            for wait in look["waits"]:
                found += self._events(names[instance_id], manifest, wait)
        if not guarded:
            found += _clock(story, looks)
        if not cancelled and looks:
            found.append(Choice("cancel", {}))
        return found

    def _answers(self, story: Simulation, name: str, call: Call) -> Iterator[Choice]:
        operation = story.declares(call.activity).manifest["operations"][call.operation]
        about: dict[str, Any] = {"instance": name, "operation": call.operation, "site": call.site}
        if call.undo:
            about["undo"] = True
        shape = operation["result"]
        given = [None] if shape == "none" else self.values.of(shape, call.operation)
        for value in given:
            yield Choice("answer", {**about, "result": value})
        yield Choice("fails", {**about, "happened": "no"})
        if "effect" in call.kind:
            yield Choice("fails", {**about, "happened": "unknown"})
        yield Choice("lost", about)
        yield Choice("left", about)

    def _votes(
        self, story: Simulation, name: str, manifest: Mapping[str, Any], look: Look
    ) -> Iterator[Choice]:
        gate = manifest["gates"][look["gate"]]
        seal = story.deployment.seal
        about = {"instance": name, "gate": look["gate"]}
        may = [one for one in self.people.known.values() if {*one.roles} & roles_at(gate)]
        most = _AMENDMENTS if len(may) <= _FEW else 1
        amendments = [*self._amendments(gate, look["proposal"], most)]
        seen: set[tuple[object, ...]] = set()
        for who, person in self.people.known.items():
            actor = seal.actor(person)
            if actor in look["excluded"]:
                continue
            named = sorted(path for path, actors in look["named"].items() if actor in actors)
            if not (set(person.roles) & roles_at(gate)) and not named:
                continue
            standing, retracted = standing_of(look, actor)
            like = (person.roles, tuple(named), standing, retracted, who == STARTER)
            if like in seen:
                continue
            seen.add(like)
            mine = {**about, "by": who}
            if standing:
                # One vote is taken back at a gate; who took it back may vote again.
                if not any(vote["decision_type"] == "RETRACT" for vote in look["votes"]):
                    yield Choice("vote", {**mine, "kind": "RETRACT"})
                continue
            yield Choice("vote", {**mine, "kind": "APPROVE"})
            for amendment in amendments:
                yield Choice("vote", {**mine, "kind": "OVERRIDE", "amendment": amendment})
            yield Choice("vote", {**mine, "kind": "REJECT"})
        yield Choice("vote", {**about, "by": STARTER, "kind": "WITHDRAW"})

    def _amendments(
        self, gate: Mapping[str, Any], proposal: Mapping[str, Any], most: int
    ) -> Iterator[dict[str, str]]:
        old = {path: str(one) for path, one in leaves(gate["parameters"], proposal).items()}
        for pointer, bound in gate["amend"].items():
            shape = bare(at(gate["parameters"], pointer))
            found = 0
            for value in _others(shape, old.get(pointer, ""), self.values.varied(shape)):
                if found < most and _within(bound, pointer, value, old):
                    found += 1
                    yield {pointer: value}

    def _events(self, name: str, manifest: Mapping[str, Any], look: Look) -> Iterator[Choice]:
        for event in look["events"]:
            rules = manifest["events"][event]
            first = next(
                (who for who, one in self.people.known.items() if {*one.roles} & {*rules["from"]}),
                None,
            )
            senders = [first, STARTER if "initiator" in rules["from"] else None]
            for who in dict.fromkeys(one for one in senders if one is not None):
                about = {"instance": name, "by": who, "event": event}
                for value in self.values.of(rules["data"], event):
                    yield Choice("send", {**about, "data": value})


def roles_at(gate: Mapping[str, Any]) -> set[str]:
    """Every role that may have a say at a gate, at any time."""
    found = {one for one in gate["veto"] if isinstance(one, str)}
    for case in gate["decide"]:
        found |= {*_roles(case["formula"])}
    for tick in ticks(gate):
        for group in tick[2:]:
            found |= {one for one in group if isinstance(one, str)}
    return found


def reason(gate: Mapping[str, Any]) -> str:
    """Words that are long enough for the gate, and not too long."""
    least, most = (gate["prove"][name] for name in ("reason_min", "reason_max"))
    text = _SENTENCE if least == "none" else _SENTENCE.ljust(int(least), ".")
    return text if most == "none" else text[: int(most)]


def standing_of(look: Look, actor: str) -> tuple[str, bool]:
    """A person's standing vote ("" for none), and whether they ever took one back."""
    standing, retracted = "", False
    for vote in look["votes"]:
        if vote["actor"] == actor:
            taken = vote["decision_type"] == "RETRACT"
            standing = "" if taken else f"{vote['decision_type']} {json.dumps(vote['amendment'])}"
            retracted = retracted or taken
    return standing, retracted


def _words(name: str, asked: Asked) -> Iterator[Choice]:
    about = {"instance": name, "gate": asked.gate, "round": asked.round, "decided": asked.decided}
    if asked.clauses[0] == "guarded":
        # Whether a guard allows or wants people is the same to a gate: it goes on.
        for word in ("DENY", "FAILURE"):
            yield Choice("says", {**about, "words": [word]})
        if len(asked.clauses) == 1:
            yield Choice("says", {**about, "words": ["ALLOW"]})
            return
    guard = ["ALLOW"] if asked.clauses[0] == "guarded" else []
    for word in ("REQUIRE_HUMAN", "ALLOW", "DENY", "FAILURE"):
        yield Choice("says", {**about, "words": [*guard, word]})


def _clock(story: Simulation, looks: Mapping[str, Look]) -> Iterator[Choice]:
    """The next moment of a clock, and the last one before it."""
    now = story.now
    moments: list[datetime] = []
    for look in looks.values():
        if look["gate"] != "none":
            # A reminder changes nothing but who is told.
            moments += [forms.read_instant(row[0]) for row in look["clock"] if row[1] != "remind"]
        moments += [forms.read_instant(wait["until"]) for wait in look["waits"]]
    coming = min((one for one in moments if one > now), default=None)
    if coming is not None:
        late = now < coming - MILLISECOND
        then = coming - MILLISECOND if late else coming
        yield Choice("passes", {"to": forms.write_instant(then), "late": late})
    elif story.server.timers:
        # An instant is written in milliseconds; a timer may be due within one.
        due = forms.to_millisecond(story.server.timers[0].at + MILLISECOND - timedelta.resolution)
        yield Choice("passes", {"to": forms.write_instant(due), "late": False})


def _others(shape: Sequence[Any], old: str, known: Sequence[Any]) -> list[str]:
    found = [str(one).lower() if isinstance(one, bool) else str(one) for one in known]
    if shape[0] in ("int", "decimal") and old not in ("", "{}"):
        value = Decimal(old)
        unit = Decimal(1) if shape[0] == "int" else Decimal(1).scaleb(-int(shape[1]["scale"]))
        # The next one, half of it, the one before.
        found = [str(value - unit), str((value / 2).quantize(unit)), str(value + unit), *found]
    return [one for one in dict.fromkeys(found) if one != old]


def _within(bound: Any, pointer: str, new: str, old: Mapping[str, str]) -> bool:
    def read(source: str, path: str) -> str:
        return new if source == "new" and path == pointer else old[path]

    try:
        return holds(bound, read)
    except (EvidenceError, KeyError, ArithmeticError):
        return False


def _roles(formula: Mapping[str, Any]) -> Iterator[str]:
    if "quorum" in formula:
        yield from (one for one in formula["quorum"][1] if isinstance(one, str))
    elif "points" in formula:
        yield from (one for one, _ in formula["points"][1] if isinstance(one, str))
    for part in (*formula.get("any", ()), *formula.get("all", ())):
        yield from _roles(part)
