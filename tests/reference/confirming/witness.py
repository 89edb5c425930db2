"""Runs a refused program along its finding's witness path, and looks whether what the compiler says
happens there does."""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias, TypeVar

from gantral.compiler.program import Program
from gantral.dsl.diagnostics import Diagnostic
from gantral.dsl.span import Span
from interpreter import Dice, Execution, Schedule, Violation, execute, trials, usually
from interpreter.book import Lineage, Step

T = TypeVar("T")

_Place: TypeAlias = tuple[int, int, Lineage]
"""How much of a trace, and of a path, is gone; the branch that the path is in."""

RULES: Mapping[str, str] = {
    "G0301": "acts under nothing",
    "G0302": "acts under what was not obtained",
    "G0303": "acts under a gate that does not release it",
    "G0304": "acts over the uses",
    "G0305": "acts critically without people",
    "G0306": "acts with data nobody saw",
    "G0324": "the starter says who decides",
    "G0348": "acts by one person's yes at two gates",
    "G0307": "rejected with an effect standing",
    "G0308": "reads what was amended",
    "G0310": "undone twice",
    "G0330": "acts under less than it needs",
    "G0331": "acts with data of an approval that asks for less",
    "G0349": "acts where nobody was asked",
    "G0368": "ends without asking how a child ended",
    "G0403": "ends without an end",
    "G0429": "asks beside others",
    "G0430": "runs a child beside others",
    "G0431": "leaves while others run",
    "G0432": "sets what others may read",
    "G0434": "two wait for one event",
    "G0501": "acts when the approval has lapsed",
}
"""What each code of a path says may happen."""

Confirmed: TypeAlias = Literal[
    "on its path", "on its path, if conditions are free", "on another path",
    "on another path, if conditions are free", "never",
]  # fmt: skip

_WORDS = (
    ("says yes", "yes"),
    ("policy waives", "waived"),
    ("nobody is asked", "unasked"),
    ("says no", "no"),
    ("denies or fails", "failed"),
    ("is run and ends", "ended"),
    ("and answers", "done"),
    ("and fails", "failed"),
    ("is lost", "failed"),
    ("the condition holds", "true"),
    ("does not hold", "false"),
    ("is undone", "undo"),
    ("a value is given", "give"),
    ("its next element", "again"),
    ("no element left", "over"),
    ("its next round", "again"),
    ("all its rounds", "over"),
    ("nothing comes in time", "else"),
    ("every branch is done", "joined"),
    ("a branch fails", "failed"),
)


def steps(one: Diagnostic) -> list[tuple[Span, str]]:
    """The path of a finding, in the words of a trace."""
    return [(step.span, _word(step.text)) for step in one.path if step.text != "the run starts"]


def _word(text: str) -> str:
    if text.startswith("the event `"):
        return f"comes {text.split('`')[1]}"
    if text.startswith("the branch `"):
        return f"branch {text.split('`')[1]}"
    return next(word for told, word in _WORDS if told in text)


@dataclass
class Guided:
    """Goes where a path goes, and now and then another way when it is less than `loyal`; what no
    step says is chance.

    A path leaves rounds of loops out, which may be the ones that use an approval up: before a round
    that it tells come some that it doesn't, which go like it for some steps and then as usual.
    """

    path: Sequence[tuple[Span, str]]
    seed: int
    free: bool
    loyal: float = 1

    def __post_init__(self) -> None:
        self._chance = random.Random(self.seed)
        self._at = 0
        self._usual = self._chance.choice((0.5, 0.8, 0.95))
        self._before = self._chance.choice((0, 0.5, 0.8))
        self._conditions = self._chance.choice(("as usual", "unusual", "either"))
        self._left_out: Span | None = None
        self._like_it = 0
        self._branch: dict[Span, str] = {}

    def pick(self, options: Sequence[T], at: Span | None = None) -> T:
        if self._chance.random() >= self.loyal:
            return self._chance.choice(options)
        if at is not None and str(options[0]).startswith("branch "):
            return self._turn(options, at)
        if at == self._left_out:
            self._left_out = None  # the next round begins
        later = range(self._at, len(self.path))
        for here in [*later, *range(self._at)] if at is not None else ():
            span, word = self.path[here]
            fits = [one for one in options if str(one).partition(":")[0] == word]
            if span == at and fits:
                if here >= self._at and not self._left_out and self._leaves_out(here):
                    self._left_out = at
                    self._like_it = self._chance.randint(here, len(self.path))
                if self._left_out:
                    if here >= self._like_it:
                        break
                elif here >= self._at:
                    self._at = here + 1
                elif self._chance.random() < 0.3:
                    continue  # rounds that the path leaves out mostly go like the one it tells
                return self._chance.choice(fits)
        return self._any(options)

    def _turn(self, options: Sequence[T], at: Span) -> T:
        """The branch that the path goes into next, or is in, mostly."""
        next_ = self.path[self._at] if self._at < len(self.path) else None
        if next_ is not None and next_[0] == at and next_[1] in options:
            self._at += 1
            self._branch[at] = next_[1]
        told = [one for one in options if one == self._branch.get(at)]
        if told and self._chance.random() < 0.9:
            return told[0]
        found = self._chance.choice(options)
        if not self.path and self.seed % 2:
            self._branch[at] = str(found)  # branch by branch
        return found

    def _leaves_out(self, step: int) -> bool:
        in_a_loop = any(word == "again" for _, word in self.path[:step])
        return in_a_loop and self._chance.random() < self._before

    def _any(self, options: Sequence[T]) -> T:
        """What mostly happens, mostly: else no run through loops gets far. Of a condition too, or
        mostly the other, or either: what leaves a loop, early or at last, may hang on one."""
        first = str(options[0])
        condition = first in ("true", "false")
        if first not in ("done", "yes", "ended", "fits", "allows") and not condition:
            return self._chance.choice(options)
        if condition and self._conditions == "either":
            return self._chance.choice(options)
        if condition and self._conditions == "unusual":
            options = options[::-1]
        return usually(self._chance, options, 0.98 if self._left_out else self._usual)


# A path that wants free conditions is not tried for long without.
_TRIES = (
    (False, range(12)),
    (True, range(24)),
    (False, range(12, 30)),
    (True, range(24, 60)),
)


def confirm(program: Program, one: Diagnostic, deep: int = 3_000) -> Confirmed:
    """Whether some execution breaks the rule that the finding names, where it names it; `deep`:
    how many executions off the path are tried at most."""
    path = steps(one)
    for free, seeds in _TRIES if path else ():
        for seed in seeds:
            run = execute(program, Guided(path, seed, free))
            if any(_says(one, each) and _follows(run, path, each) for each in run.book.violations):
                return "on its path, if conditions are free" if free else "on its path"
    for seed in range(deep):
        # The way there with some other turns, or all but its last steps; or any way that goes well:
        # a path tells the turns of one round, and it may take others in those that it leaves out.
        chance = random.Random(-1 - seed)
        free, loyal = chance.random() < 0.67, chance.choice((0.7, 0.85, 0.95, 1))
        told = path[: len(path) - chance.randrange(6)] if chance.random() < 0.8 else []
        run = execute(program, Guided(told, seed, free, loyal))
        if any(_says(one, each) for each in run.book.violations):
            return "on another path, if conditions are free" if free else "on another path"
    return "never"


def _says(one: Diagnostic, found: Violation) -> bool:
    if found.rule != RULES[one.code]:
        return False
    if one.code == "G0403":
        return True
    return found.at.start <= one.span.start and one.span.end <= found.at.end


def _follows(run: Execution, path: Sequence[tuple[Span, str]], found: Violation) -> bool:
    """Whether the run took the path, and broke the rule at its end (one step more, where the step
    itself does). A path leaves rounds of loops out: it tells one of those that count."""
    trace = run.book.trace[: found.after]
    return any(_took(trace[: len(trace) - more], path) for more in (0, 1) if more <= len(trace))


def _took(trace: Sequence[Step], path: Sequence[tuple[Span, str]]) -> bool:
    """A path tells of one branch at a time: what happens in others beside it is left out."""
    start: _Place = (0, 0, ())
    pending = {start}
    seen: set[_Place] = set()
    while pending:
        place = here, step, branch = pending.pop()
        if here == len(trace) and step == len(path):
            return True
        if here == len(trace) or place in seen:
            continue
        seen.add(place)
        at, word, within = trace[here]
        if step < len(path) and (at, word) == path[step]:
            pending.add((here + 1, step + 1, within))
        if within != branch[: len(within)]:
            pending.add((here + 1, step, branch))
        if word == "again":
            # A round that the path leaves out: go on where the loop is next heard of.
            later = range(here + 1, len(trace))
            pending.update((each, step, branch) for each in later if trace[each].at == at)
    return False


def explore(program: Program, limit: int, seed: int) -> Iterator[tuple[Schedule, Execution]]:
    """Executions of a program: all there are, when that is no more than the limit; else some from
    the first on and as many by chance."""
    ran = 0
    for trial in trials(limit // 2):
        ran += 1
        yield trial, execute(program, trial)
    if ran == limit // 2:
        for each in range(limit - ran):
            # Half of them take conditions to be free: no rule may hang on what they say together.
            dice = Dice(seed + each, free=bool(each % 2))
            yield dice, execute(program, dice)
