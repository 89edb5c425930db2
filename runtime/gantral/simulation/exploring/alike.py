"""What two courses have in common that nothing which may still happen can tell apart (ADR 0167)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from hashlib import sha256
from typing import Any

from gantral.evidence.planned import plans_of, statement_of
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
            sorted(
                (key, _shown(told, live)) for key, told in course.since.get(instance_id, {}).items()
            ),
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


def _call(one: Activity) -> str:
    asked = one.argument
    if "call" in asked:
        return f"{'undo of ' if asked.get('undo') is True else ''}{asked['call']}"
    # An activity's own number counts what went before it.
    return f"{asked['gate']} {asked['round']}" if one.name.startswith("gantral.") else one.id


def _approvals(course: Course, instance_id: str, now: datetime) -> list[object]:
    """The approvals under which something may still be called, or undone, with what is left of
    them."""
    manifest = course.story.program(instance_id).manifest
    stands = course.standing[instance_id]
    undoes = _undoes(manifest, course.looks[instance_id])
    found: list[object] = []
    for name, approved in sorted(course.books[instance_id].approvals.items()):
        gate = name.partition("/")[0]
        plan = plans_of(gate, manifest["gates"][gate])[name]
        if stands.calls is not None and not undoes and not stands.calls & plan.keys():
            continue
        left, lasts = "none", manifest["gates"][gate]["lasts"]
        if lasts != "none":
            ends = approved.at + forms.read_duration(lasts)
            left = "over" if ends < now else str(ends - now)
        used = len(course.used.get((instance_id, name, approved.round), ()))
        found.append((name, approved.round, approved.how, left, used))
    return found


def _standing(course: Course, instance_id: str, look: Look) -> list[str]:
    """What stands: in its order where some of it may be undone, else whatever round it was of."""
    calls = list(look["standing"])
    if _undoes(course.story.program(instance_id).manifest, look):
        return calls
    return sorted(set(map(statement_of, calls)))


def _undoes(manifest: Mapping[str, Any], look: Look) -> bool:
    """Whether something that stands may be undone; what a child left behind may."""
    known = [manifest["operations"].get(call.split("/")[0]) for call in look["standing"]]
    return any(one is None or one["undo"] != "none" for one in known)


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
