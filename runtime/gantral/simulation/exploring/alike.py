"""What two courses that nothing which may still happen can tell apart have in common (ADR 0167)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from hashlib import sha256
from typing import Any

from gantral.evidence.planned import plans_of
from gantral.runtime import forms
from gantral.simulation.executions import Activity
from gantral.simulation.exploring.choices import Look, standing_of
from gantral.simulation.exploring.course import Course
from gantral.simulation.exploring.people import STARTER
from gantral.simulation.exploring.stands import Stands


def digest(course: Course) -> str:
    """The same for two courses that nothing which may still happen can tell apart."""
    story, now, names = course.story, course.story.now, course.names
    live = course.live()
    running = [
        (
            names[instance_id],
            look["state"],
            _approvals(course, instance_id, now),
            _standing(course, instance_id, look),
            _gate(look, now),
            [(wait["wait"], _left(wait["until"], now)) for wait in look["waits"]],
            course.steps.get(instance_id),
            course.standing[instance_id].shown,
            _since(course, instance_id, live),
        )
        for instance_id, look in course.looks.items()
    ]
    waits = [
        (names[one.workflow_id], one.name, _call(one), one.attempt, str(now - one.since))
        for one in story.server.activities
    ]
    timers = [(names[one.workflow_id], str(one.at - now)) for one in story.server.timers]
    dated = course.world.values.reading.clock or any(
        _dated(course.story.program(instance_id).manifest, course.standing[instance_id])
        for instance_id in course.looks
    )
    began = str(now - course.began) if dated and course.began else ""
    whole = (running, sorted(_people(course), key=repr), waits, timers, course.cancelled, began)
    return sha256(repr(whole).encode()).hexdigest()


def _since(course: Course, instance_id: str, live: frozenset[str]) -> object:
    """What a run was told since it came to where it stands, where its values are not all of it."""
    if course.standing[instance_id].place is not None:
        return []
    return sorted((key, _shown(told, live)) for key, told in course.since[instance_id].items())


def _call(one: Activity) -> str:
    asked = one.argument
    if "call" in asked:
        return f"{'undo of ' if asked.get('undo') is True else ''}{asked['call']}"
    # An activity's own number counts what went before it.
    return f"{asked['gate']} {asked['round']}" if one.name.startswith("gantral.") else one.id


def _approvals(course: Course, instance_id: str, now: datetime) -> list[object]:
    """The approvals under which something may still be called, with what is left of them. What is
    undone under one asks for none of it: an undo has a use of its own, and does not expire."""
    manifest = course.story.program(instance_id).manifest
    calls = course.standing[instance_id].calls
    found: list[object] = []
    for name, approved in sorted(course.books[instance_id].approvals.items()):
        gate = name.partition("/")[0]
        plan = plans_of(gate, manifest["gates"][gate])[name]
        if calls is not None and not calls & plan.keys():
            continue
        left, lasts = "none", manifest["gates"][gate]["lasts"]
        if lasts != "none":
            ends = approved.at + forms.read_duration(lasts)
            left = "over" if ends < now else str(ends - now)
        used = len(course.used.get((instance_id, name, approved.round), ()))
        found.append((name, approved.round, approved.how, left, used))
    return found


def _standing(course: Course, instance_id: str, look: Look) -> object:
    """What stands: the calls that may still be undone, in their order, and of the others which
    statements made them."""
    undoable = course.standing[instance_id].undoable
    return [*undoable], course.stood(call for call in look["standing"] if call not in undoable)


def _gate(look: Look, now: datetime) -> object:
    if look["gate"] == "none":
        return "none"
    left = [(row[1:], _left(row[0], now)) for row in look["clock"]]
    return (look["gate"], look["site"], look["round"], left)


def _people(course: Course) -> list[object]:
    """Everybody by what they did and may not do, those of one role by nothing else."""
    world, seal = course.world, course.story.deployment.seal
    apart = {*world.values.people} if world.named else set()
    found: list[object] = []
    for who, person in world.people.known.items():
        actor = seal.actor(person)
        mine: list[object] = []
        for instance_id, look in course.looks.items():
            stands = course.standing[instance_id]
            if look["gate"] != "none":
                named = sorted(path for path, actors in look["named"].items() if actor in actors)
                mine.append((named, actor in look["excluded"], standing_of(look, actor)))
            manifest = course.story.program(instance_id).manifest
            mine += [
                gate
                for gate, actors in (stands.voted or {}).items()
                if actor in actors and _keeps(manifest, gate, stands)
            ]
        known = who in apart or world.values.reading.deciders
        found.append((person.roles, who == STARTER, who if known else "", mine))
    return found


def _keeps(manifest: Mapping[str, Any], gate: str, stands: Stands) -> bool:
    """Whether a gate that may still be asked keeps out who decided at this one."""
    return any(
        {"deciders": gate} in one["apart"]
        for name, one in manifest["gates"].items()
        if stands.asks is None or name in stands.asks
    )


def _dated(manifest: Mapping[str, Any], stands: Stands) -> bool:
    """Whether a gate that may still be asked stands on a calendar, so that the date matters."""
    return any(
        step[0] == "on"
        for name, one in manifest["gates"].items()
        if stands.asks is None or name in stands.asks
        for step in one["clock"]
    )


def _shown(value: Any, live: frozenset[str]) -> object:
    """What of a told value may still be read: under a name that is, all; else where such names
    are."""
    if isinstance(value, dict):
        return {
            name: one if name in live else _shown(one, live)
            for name, one in sorted(value.items())
            if name in live or name.startswith("/") or isinstance(one, dict | list)
        }
    if isinstance(value, list):
        return [one if isinstance(one, str) else _shown(one, live) for one in value]
    return value if isinstance(value, str | int) else None


def _left(instant: str, now: datetime) -> str:
    moment = forms.read_instant(instant)
    return "over" if moment <= now else str(moment - now)
