"""Every course of a workflow. `README.md` says what flows in and out."""

from gantral.simulation.exploring.choices import Choice, World
from gantral.simulation.exploring.course import Course
from gantral.simulation.exploring.explore import End, Found, Limits, Span, Story, explore
from gantral.simulation.exploring.people import STARTER, People, people
from gantral.simulation.exploring.properties import RULES, Broken
from gantral.simulation.exploring.reading import Reading, merged, read, standing
from gantral.simulation.exploring.values import Values

__all__ = [
    "RULES",
    "STARTER",
    "Broken",
    "Choice",
    "Course",
    "End",
    "Found",
    "Limits",
    "People",
    "Reading",
    "Span",
    "Story",
    "Values",
    "World",
    "explore",
    "merged",
    "people",
    "read",
    "standing",
]
