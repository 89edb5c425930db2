"""One text through both: what the compiler says of it, and whether executions agree."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from gantral.compiler.program import Ask, Let, Parallel, Program, Statement
from gantral.compiler.program.walk import bindings, blocks, calls, variables
from gantral.dsl.diagnostics import Diagnostic
from gantral.dsl.span import Span
from generator import OTHERS

from confirming.compiled import Compiled, compiled
from confirming.witness import RULES, confirm, explore

# The effect is refused there, and the run ends: an approval may lapse wherever people are slow.
HARMLESS = frozenset({"acts when the approval has lapsed"})

WRITTEN = {
    "parallel": r"parallel \{",
    "let = parallel": r"= parallel \{",
    "wait": r"wait \{",
    "json as T": ": Held =",
    "json to an effect": r"bank\.file\(",
    "apart actor": "actor payee\n    clock",
    "apart deciders of": "deciders of",
    "decide by actor": r"actor payee\]",
    "clock on": "clock    on",
    "run workflow": "run workflow ",
    "run workflow of another file": r"run workflow other\.",
    "rejected as": "rejected as",
    "undo": "\n    undo ",
    "once per": "once per",
    "one at a time per": "one at a time per",
    "only if": "only if",
    "match": "match input",
    "for each": "for each",
    "repeat": "repeat at most",
    "var": "    var ",
    "else": "else as",
    "sleep": "    sleep",
    "on failure": "on failure",
    "document to an effect": r"bank\.keep\(",
    "let = wait": r"= wait \{",
    "function over a generator": r" (?:sum|any|all|count|max|first)\(\S+ for | (?:len|join)\(\[",
    "guarded by": "guarded  by",
    "a gate asked both ways": r"ask (g\d)\([^\n]*\) only if (?s:.*)ask \1\([^\n]*\)\n"
    r"|ask (g\d)\([^\n]*\)\n(?s:.*)ask \2\([^\n]*\) only if ",
}
"""What the generator must come to, and by which pattern of its text that is seen."""


@dataclass
class Tally:
    """How many programs came out how."""

    programs: int = 0
    accepted: int = 0
    executions: int = 0
    ends: Counter[str] = field(default_factory=Counter)
    codes: Counter[str] = field(default_factory=Counter)
    """Of refused programs; one counts once for each code."""
    confirmed: Counter[tuple[str, str]] = field(default_factory=Counter)

    reached: Counter[str] = field(default_factory=Counter)
    """Of accepted programs: what some execution of theirs came to."""
    generated: Counter[str] = field(default_factory=Counter)
    accepts: Counter[str] = field(default_factory=Counter)
    """Of programs, and of those accepted: what is written in them."""
    warned: Counter[str] = field(default_factory=Counter)
    """How many warnings there were of what may happen, and how many of them executions showed."""

    def told(self) -> str:
        """The rates, as one text."""
        refused = self.programs - self.accepted
        lines = [
            f"{self.programs} programs: {self.accepted} accepted, {refused} refused;"
            f" {self.executions} executions of those accepted, {dict(sorted(self.ends.items()))}",
            ", ".join(f"{code} {count}" for code, count in sorted(self.codes.items())),
            *(
                f"`{word}` in {count}, accepted {self.accepts[word]}"
                for word, count in sorted(self.generated.items())
            ),
            *(f"{what}: {count}" for what, count in sorted(self.reached.items())),
            f"warnings {dict(self.warned)}",
            *(f"{code} {how}: {count}" for (code, how), count in sorted(self.confirmed.items())),
        ]
        return "\n".join(lines)


def judge(text: str, seed: int, tally: Tally, executions: int = 9) -> None:
    """Raises AssertionError, with the text, where the compiler and an execution disagree."""
    found = compiled(text, OTHERS)
    tally.programs += 1
    written = {word for word, sign in WRITTEN.items() if re.search(sign, text)}
    tally.generated.update(written)
    if not found.errors:
        tally.accepted += 1
        tally.accepts.update(written)
        wrong = violated(found, seed, executions, tally)
        assert not wrong, f"accepted, and yet {wrong}\n{text}"
        return
    tally.codes.update({one.code for one in found.errors})
    for one in found.errors:
        program = found.program
        if program is None or one.code not in RULES or consequence(program, found.errors, one):
            continue
        stricter = stricter_than_any(program, one)
        how = confirm(program, one, deep=100) if stricter else confirm(program, one)
        if how == "never" and not stricter:
            how = confirm(program, one, deep=60_000)  # rare: many turns in many rounds
        tally.confirmed[one.code, how] += 1
        if stricter:
            continue
        place = text[one.span.start : one.span.end]
        assert how != "never", (
            f"refused, and no execution shows why: {one.code} at `{place}`\n{text}"
        )


def violated(found: Compiled, seed: int, executions: int, tally: Tally) -> str:
    """The first rule that some execution of a program breaks; "" when none does."""
    assert found.program is not None
    return broken(found.program, found.warnings, seed, executions, tally)


def broken(
    program: Program, warnings: Sequence[Diagnostic], seed: int, executions: int, tally: Tally
) -> str:
    """As `violated`."""
    warned = {(RULES.get(one.code), one.span) for one in warnings}
    lapses = [one.span for one in warnings if one.code == "G0428"]
    shown: set[tuple[str, Span]] = set()
    reached: set[str] = set()
    for schedule, run in explore(program, executions, seed):
        tally.executions += 1
        tally.ends[run.ended] += 1
        reached |= run.book.reached
        for one in run.book.violations:
            if (one.rule, one.at) in warned:
                shown.add((one.rule, one.at))
            elif one.rule not in HARMLESS or not any(_holds(one.at, each) for each in lapses):
                return f"{one.rule} (at {one.at}, by {schedule})"
    tally.reached.update(reached)
    tally.warned["shown"] += len(shown)
    tally.warned["told"] += sum(rule is not None for rule, _ in warned)
    return ""


def stricter_than_any(program: Program, one: Diagnostic) -> bool:
    """Whether README.md names why no execution may show it."""
    if one.code in ("G0306", "G0308", "G0324") and any(variables(program.run)):
        return True  # a variable carries all that it is ever set to, and chosen by (ADR 0084)
    if one.code != "G0308":
        return False
    read = one.message.split("`")[1].partition(".")[0]
    if any(
        each.name == read and isinstance(each.value, Parallel) for each in bindings(program.run)
    ):
        return True  # what a branch chose by stands for the whole name (ADR 0128)
    # The graph knows no blocks: past the one of its ask a path is stale where each way had it.
    (ask,) = (label.span for label in one.labels)
    return not any(
        _holds(block[0].span.to(block[-1].span), one.span)
        for block in _blocks(program.run)
        for each in block
        if isinstance(each, Let) and isinstance(each.value, Ask) and each.value.head == ask
    )


def _blocks(block: tuple[Statement, ...]) -> Iterator[tuple[Statement, ...]]:
    yield block
    for each in block:
        for inner in blocks(each):
            yield from _blocks(inner)


def consequence(program: Program, errors: Sequence[Diagnostic], one: Diagnostic) -> bool:
    """Whether it is about an approval that is not there (G0302, which is said once of a name): then
    nothing runs that could tell what its gate says. Or about a statement that is no part of the
    program: a child that nothing is bound to."""
    if one.code == "G0368":
        return not one.path
    if one.code in ("G0301", "G0302", "G0307", "G0308", "G0403"):
        return False
    known = [*calls(program.run)]
    missing = [each.span for each in errors if each.code == "G0302"]
    gone = {
        approval.binding
        for call in known
        for approval in call.under
        if any(_holds(call.span, span) for span in missing)
    }
    return any(
        _holds(call.span, one.span) and any(each.binding in gone for each in call.under)
        for call in known
    )


def _holds(whole: Span, part: Span) -> bool:
    return whole.start <= part.start and part.end <= whole.end
