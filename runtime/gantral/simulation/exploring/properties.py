"""What must hold after every choice, and at every end."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from gantral.authority import ENDS, IllegalTransition, State, advance
from gantral.evidence.planned import approvals_of, statement_of
from gantral.runtime import forms
from gantral.simulation.deployment import Invoked
from gantral.simulation.exploring.choices import reason, roles_at
from gantral.simulation.exploring.course import Course
from gantral.simulation.exploring.witness import Book
from gantral.simulation.judged import judged

# What no code that was proved can come to: the effect's worker had to stop it.
_NEVER: Final = frozenset({"authority_ambiguous", "drifted", "context_mismatch"})
_ENDS: Final = frozenset(state.value for state in ENDS)
_ACTS: Final = ("effect", "critical effect")


@dataclass(frozen=True)
class Broken:
    """A property that does not hold: its name, and what is the matter."""

    rule: str
    why: str


RULES: Final = {
    "transitions": "every move of authority is in the table",
    "authority": "no effect without a committed approval of each gate that releases it",
    "program": "no worker has to stop what the code asks for",
    "after the end": "nothing happens after an end",
    "evidence": "evidence is committed, and VALID at the end",
    "voters": "nobody's vote counts who may not decide",
    "ends": "every course ends",
    "replay": "played again from its history, a run does the same",
}


def after(course: Course) -> Iterator[Broken]:
    """What the last choice broke."""
    names = course.names
    for instance_id, execution in course.story.server.executions.items():
        book, name = course.books[instance_id], names[instance_id]
        yield from _transitions(name, book)
        if execution.status in ("failed", "cancelled"):
            yield Broken("evidence", f"{name}: the run fails: {execution.failure}")
        elif execution.status == "completed":
            said = (execution.result["state"], execution.result["cause"])
            if said != (book.state, book.cause):
                told = f"{book.state} ({book.cause})"
                why = f"{name} says that it ended {said[0]} ({said[1]}), its evidence {told}"
                yield Broken("evidence", why)
            if execution.left_open:
                why = f"{name} ended while {', '.join(execution.left_open)} was under way"
                yield Broken("after the end", why)
            if execution.result["state"] == "TERMINATED" and said[1] in _NEVER and course.stopped:
                yield Broken("program", f"{name}: {execution.result['message']}")
    for invoked in course.done:
        yield from _acts(course, invoked)


def at_end(course: Course) -> Iterator[Broken]:
    """What the verifier finds in what a course left."""
    story = course.story
    team = story.program(course.root).team
    report = judged(story.store, story.deployment.trust, team, course.root)
    if report.verdict != "VALID":
        why = "; ".join(f"{one.code}: {one.message}" for one in report.findings[:3])
        yield Broken("evidence", f"the chain is {report.verdict}: {why}")


def of_gate(course: Course) -> Iterator[Broken]:
    """Tries the votes of all who may not decide at the gates that are open now: each must be
    refused. The course is spent by it."""
    story, people = course.story, course.world.people
    for instance_id, look in course.looks.items():
        if look["gate"] == "none":
            continue
        manifest = story.program(instance_id).manifest
        gate = manifest["gates"][look["gate"]]
        for who, person in people.known.items():
            actor = story.deployment.seal.actor(person)
            named = any(actor in actors for actors in look["named"].values())
            may = actor not in look["excluded"] and (
                bool(set(person.roles) & roles_at(gate)) or named
            )
            if may:
                continue
            token = people.now(who, story.now, len(course.trail))
            refusal = story.vote(token, instance_id, "APPROVE", reason=reason(gate))
            if refusal is None:
                why = f"{who} may not decide at {look['gate']}, and the vote was counted"
                yield Broken("voters", why)
                return


def _transitions(name: str, book: Book) -> Iterator[Broken]:
    state: State | None = None
    for one in book.states:
        try:
            state = advance(state, State(one))
        except IllegalTransition as error:
            yield Broken("transitions", f"{name}: {error}")
            return


def _acts(course: Course, invoked: Invoked) -> Iterator[Broken]:
    """Whether a call that reached its service had the approvals that the program names for it."""
    manifest = course.story.program(invoked.instance_id).manifest
    kind = manifest["operations"][invoked.operation]["kind"]
    if kind not in _ACTS:
        return
    book = course.books[invoked.instance_id]
    what = f"{course.names[invoked.instance_id]}: {invoked.site} reached its service"
    site = statement_of(invoked.site)
    if site.split("/")[0] != invoked.operation:
        return  # an undo: by the authority of what it undoes
    under = sorted(approvals_of(manifest, invoked.site))
    before = course.before.get(invoked.instance_id, "none")
    if before in _ENDS:
        yield Broken("after the end", f"{what}, and the instance was {before}")
    if not under:
        yield Broken("authority", f"{what}, and no gate releases it")
    people = 0
    for name in under:
        approved = book.approvals.get(name)
        if approved is None:
            yield Broken("authority", f"{what} without a committed approval of {name}")
            continue
        people += approved.how == "people"
        gate = manifest["gates"][name.partition("/")[0]]
        yield from _bounds(course, what, name, gate, invoked)
    if kind == "critical effect" and not people:
        yield Broken("authority", f"{what}: it is critical, and no people said yes")


def _bounds(
    course: Course, what: str, name: str, gate: Mapping[str, Any], invoked: Invoked
) -> Iterator[Broken]:
    approved = course.books[invoked.instance_id].approvals[name]
    if gate["lasts"] != "none":
        ends = approved.at + forms.read_duration(gate["lasts"])
        if invoked.at > ends:
            yield Broken("authority", f"{what} after the approval of {name} had lapsed")
    count = len(course.used.get((invoked.instance_id, name, approved.round), ()))
    if count > int(gate["uses"]):
        yield Broken("authority", f"{what}: the approval of {name} was used {count} times")
