"""What an execution keeps book of: approvals, effects, and what broke a rule."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal, NamedTuple, TypeAlias

from gantral.compiler.program import Gate, Operation
from gantral.dsl.span import Span

from interpreter.data import Datum, Place, Seen, Seers

Voter: TypeAlias = tuple[str, ...]
"""A person by their roles."""

Rule: TypeAlias = Literal[
    "acts under nothing",
    "acts under what was not obtained",
    "acts under a gate that does not release it",
    "acts over the uses",
    "acts where nobody was asked",
    "acts critically without people",
    "acts under less than it needs",
    "acts with data nobody saw",
    "acts with data of an approval that asks for less",
    "acts when the approval has lapsed",
    "reads what was amended",
    "rejected with an effect standing",
    "undone twice",
    "acts in on failure",
    "ends without an end",
    "ends without asking how a child ended",
    "asks beside others",
    "runs a child beside others",
    "leaves while others run",
    "sets what others may read",
    "two wait for one event",
    "the starter says who decides",
    "acts by one person's yes at two gates",
]

Reached: TypeAlias = Literal[
    "a branch between two steps of another",
    "a branch stopped by another's failure",
    "two branches waiting at once",
    "an effect in a branch",
    "an effect with what a branch gave",
    "a json that fits",
    "a json that does not fit",
    "a person kept apart",
    "deciders kept apart",
    "a clock on a calendar",
    "an event",
    "a wait that ends",
    "a child that completed",
    "a child that was rejected",
    "a child that terminated",
    "a child whose key is taken",
    "a child undone",
    "a value out of four blocks",
    "a value out of a loop in another block",
    "a value out of a wait in another block",
    "a value out of a handler in another block",
    "a value collected out of a loop in another",
    "a guard's no after the vote",
    "a guard asked of what was amended",
    "a gate asked both ways",
    "a document acted on",
    "a function over what was chosen of a list",
]
"""What an execution may come to."""

Lineage: TypeAlias = tuple[tuple[Span, str], ...]
"""The branches that something happens in, outermost first: which `parallel`, and its branch's name.
"""


class Step(NamedTuple):
    """Something that happened, in the words of a witness path."""

    at: Span
    what: str
    within: Lineage = ()


@dataclass(frozen=True)
class Violation:
    """`at` is the statement or expression, `about` another place that has to do with it."""

    rule: Rule
    at: Span
    about: Span | None
    after: int
    """How many steps of the trace came before."""


@dataclass
class Approval:
    """One execution of `ask` that let the run go on."""

    number: int
    gate: Gate
    how: Literal["people", "waived", "unasked"]
    at: int
    """Workflow time in ms."""
    fields: dict[str, Datum]
    proposed: dict[str, Datum]
    voters: tuple[Voter, ...]
    initiator_voted: bool
    persons: frozenset[str] = frozenset()
    used: int = 0
    stale: frozenset[Place] = frozenset()
    """The places that an amendment has made untrue; they count as long as it is in scope."""
    mirrored: frozenset[Place] = frozenset()
    """What was shown beside it of the same places: no effect may take it."""

    @property
    def seen(self) -> Seers:
        """Who saw what is read through it."""
        return frozenset({Seen(-1) if self.how == "unasked" else Seen(self.number)})


@dataclass
class Act:
    """One call of an effect."""

    operation: Operation
    at: Span
    state: Literal["done", "not done", "unknown", "undone"]

    @property
    def stands(self) -> bool:
        """Whether it may stand and could be undone."""
        return self.operation.undo is not None and self.state in ("done", "unknown")


Ending: TypeAlias = Literal["completed", "rejected", "terminated"]


@dataclass
class Outcome:
    """How a child ended, with what it left: data, and what it did."""

    ended: Ending
    left: dict[str, Datum]
    acts: list[Act] = field(default_factory=list)
    undone: bool = False
    asked: bool = False
    """Whether the run has asked how it ended."""
    at: Span | None = None
    """Where it was run."""
    may: list[Ending] = field(default_factory=list)
    """How it may have ended, where that is still open; and what it left if it has completed."""
    made: dict[str, Datum] = field(default_factory=dict)

    def settles(self, ended: Ending, *, so: bool) -> None:
        """Whether it has ended so is decided."""
        self.may = [ended] if so else [one for one in self.may if one != ended]
        self.ended = self.may[0]
        if len(self.may) == 1:
            self.may = []
        if self.ended == "completed":
            self.left = self.made
        else:
            for act in self.acts:
                act.state = "not done"


@dataclass
class Book:
    """All that one execution, children included, is judged by."""

    violations: list[Violation] = field(default_factory=list)
    trace: list[Step] = field(default_factory=list)
    """What happened, in order, by the places that a witness path names."""
    lineage: Lineage = ()
    """Where it happens now."""
    branched: set[Place] = field(default_factory=set)
    """The names of what branches gave."""
    open: list[tuple[str, Span]] = field(default_factory=list)
    """The events that are waited for now, and where."""
    called: set[str] = field(default_factory=set)
    """The effects that were called, by name."""
    reached: set[Reached] = field(default_factory=set)
    """What was there to be got wrong."""
    asks: int = 0
    calls: int = 0
    made: int = 0

    def breaks(self, rule: Rule, at: Span, about: Span | None = None) -> None:
        """Note a violation; the execution goes on as if it had been none, to find others."""
        self.violations.append(Violation(rule, at, about, len(self.trace)))

    def happened(self, at: Span, what: str) -> None:
        """Note a step."""
        self.trace.append(Step(at, what, self.lineage))
