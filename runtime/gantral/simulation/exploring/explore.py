"""Every course of a workflow, up to what nothing can tell apart.

Depth first, by forking a course at each choice. A point that was met before is not gone on from:
what can come of it is known. So ends, numbers of courses and times are sums over a graph of points,
not over courses, of which there are many more.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any, Final

from gantral.evidence.planned import statement_of
from gantral.simulation.exploring import properties
from gantral.simulation.exploring.alike import digest
from gantral.simulation.exploring.choices import Choice, World
from gantral.simulation.exploring.course import Course
from gantral.simulation.exploring.people import STARTER
from gantral.simulation.exploring.properties import Broken
from gantral.simulation.run import WrongCode
from gantral.simulation.simulation import Simulation

_NOTHING: Final = timedelta()
# What comes whether or not anybody cares to act.
_COMES: Final = frozenset({"answer", "fails", "lost", "left", "says", "passes"})


@dataclass(frozen=True, order=True)
class End:
    """How an instance may end. ``at`` is the statement that ended it, ``standing`` the calls that
    stand; in which round of a loop is left out."""

    state: str
    cause: str
    gate: str
    at: str
    standing: tuple[str, ...]


@dataclass(frozen=True)
class Span:
    """Of an end, from some point on: how long it may take at least and at most, by how many courses
    it is come to."""

    least: timedelta
    most: timedelta
    courses: int

    def after(self, least: timedelta, most: timedelta) -> Span:
        """With so much time before it."""
        return replace(self, least=self.least + least, most=self.most + most)

    def beside(self, other: Span) -> Span:
        """This one or the other."""
        return Span(
            min(self.least, other.least),
            max(self.most, other.most),
            self.courses + other.courses,
        )


Ends = dict[End, Span]


@dataclass(frozen=True)
class Story:
    """A course that broke a property."""

    broken: Broken
    choices: tuple[Choice, ...]


@dataclass
class Found:
    """What was found. ``whole``: nothing was left out for a limit."""

    ends: Ends = field(default_factory=dict)
    states: int = 0
    steps: int = 0
    whole: bool = True
    stories: dict[str, Story] = field(default_factory=dict)  # the first of each rule
    examples: dict[End, tuple[Choice, ...]] = field(default_factory=dict)  # a course to each end
    reached: Counter[str] = field(default_factory=Counter)  # authority states, by points
    called: set[str] = field(default_factory=set)  # operations that reached a service
    judged: int = 0
    deepest: int = 0


@dataclass(frozen=True)
class Limits:
    """How far exploring goes: points, and choices in one course."""

    states: int
    depth: int


def explore(
    world: World,
    story: Callable[[], Simulation],
    workflow: str,
    inputs: Sequence[Mapping[str, Any]],
    limits: Limits,
    alike: Callable[[Course], str] = digest,
) -> Found:
    """Explore every course of a workflow from each of these inputs. ``alike``: the same for two
    courses of which one is gone on with."""
    return _Exploring(world, limits, alike).run(story, workflow, inputs)


class _Exploring:
    def __init__(self, world: World, limits: Limits, alike: Callable[[Course], str]) -> None:
        self._world = world
        self._alike = alike
        self._limits = limits
        self._known: dict[str, Ends] = {}
        self._gates: set[str] = set()
        self.found = Found()

    def run(
        self,
        story: Callable[[], Simulation],
        workflow: str,
        inputs: Sequence[Mapping[str, Any]],
    ) -> Found:
        for value in inputs:
            course = Course(self._world, story())
            start = Choice("start", {"by": STARTER, "workflow": workflow, "input": value})
            self._take(self.found.ends, course, start, _NOTHING)
        return self.found

    def _take(self, ends: Ends, course: Course, choice: Choice, late: timedelta) -> None:
        """Add to ``ends`` what comes of a choice, which may come so much later than at once. The
        course is spent by it."""
        found = self.found
        found.steps += 1
        began = course.story.now
        try:
            course.take(choice)
            if course.refusal is not None:
                return
            for one in course.done:
                found.called.add(one.operation)
            if not self._holds(course, properties.after(course)):
                return
            took = course.story.now - began
            for end, span in self._from(course).items():
                span = span.after(took, took + late)
                ends[end] = ends[end].beside(span) if end in ends else span
        except WrongCode as wrong:
            self._holds(course, [Broken("replay", str(wrong))])
        finally:
            course.story.let_go()

    def _from(self, course: Course) -> Ends:
        """What can come of the point to which a course has come."""
        found = self.found
        if course.ended:
            return self._end(course)
        point = self._alike(course)
        known = self._known.get(point)
        if known is not None:
            return known
        if found.states >= self._limits.states or len(course.trail) >= self._limits.depth:
            found.whole = False
            return {}
        found.states += 1
        found.deepest = max(found.deepest, len(course.trail))
        for book in course.books.values():
            found.reached[book.state] += 1
        self._try_others(course)
        ends: Ends = {}
        # What ends a course is tried before what goes on: a limit then hides fewer ends.
        options = sorted(course.options(), key=_goes_on)
        if not any(one.do in _COMES for one in options):
            why = "it waits, and nothing has to come: no answer, and no end of its time"
            self._holds(course, [Broken("ends", why)])
        lates = [self._latest(course, choice) for choice in options]
        # The first way is gone with what runs already, the others are played again up to here.
        branches = [course, *(course.fork() for _ in options[1:])]
        for choice, late, branch in zip(options, lates, branches, strict=False):
            self._take(ends, branch, choice, late)
        self._known[point] = ends
        return ends

    def _end(self, course: Course) -> Ends:
        result = course.story.server.executions[course.root].result
        end = End(
            result["state"],
            result["cause"],
            result["gate"],
            statement_of(result["statement"]),
            course.stood(result["standing"]),
        )
        found = self.found
        known = found.examples.get(end)
        if known is None or len(course.trail) < len(known):
            found.examples[end] = course.trail
        if known is None:
            # Nothing may happen after it: the courses that come to it are one point.
            found.states += 1
            found.reached[course.books[course.root].state] += 1
            found.judged += 1
            self._holds(course, properties.at_end(course))
        return {end: Span(_NOTHING, _NOTHING, 1)}

    def _try_others(self, course: Course) -> None:
        """At each gate, once a round, the votes of those who may not decide."""
        for instance_id, look in course.looks.items():
            key = f"{course.names[instance_id]} {look['gate']} {look['round']}"
            if look["gate"] != "none" and key not in self._gates:
                self._gates.add(key)
                tried = course.fork()
                self._holds(course, properties.of_gate(tried))
                tried.story.let_go()

    def _holds(self, course: Course, broken: Any) -> bool:
        holds = True
        for one in broken:
            holds = False
            self.found.stories.setdefault(one.rule, Story(one, course.trail))
        return holds

    def _latest(self, course: Course, choice: Choice) -> timedelta:
        """How much later than at once an answer may come, if it comes."""
        if choice.do not in ("answer", "fails"):
            return _NOTHING
        return course.latest(choice.of)


def _goes_on(choice: Choice) -> bool:
    if choice.do == "says":
        return not {"DENY", "FAILURE"} & set(choice.of["words"])
    if choice.do == "vote":
        return choice.of["kind"] not in ("REJECT", "WITHDRAW")
    return choice.do not in ("cancel", "fails", "lost", "left")
