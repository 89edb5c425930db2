"""What an author may do to a spec, by chance, to a text that `program` made: an edit gives another
text, or the same where there is nothing to edit. Some leave the program what it is, some give
another, and some a text that is refused: which of them it was is not said here."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from random import Random

Edit = Callable[[str, Random], str]

_PLAIN = re.compile(r"    (?:let \w+ = [^{]*|(?:set|require|sleep) .*|[a-z.]+\(.*)")
_LET = re.compile(r"\blet ([a-z]\w*)\b")
_GATE = re.compile(r"  gate \w+\(.*?\n  \}\n", re.DOTALL)
_OPERATION = re.compile(r"    (?:critical )?(?:effect|notify|read) \w+\([^\n]*\}\n")


def one_of(pattern: str, new: str | Callable[[re.Match[str]], str]) -> Edit:
    """One place that the pattern fits becomes something else."""
    known = re.compile(pattern, re.MULTILINE)

    def edit(text: str, chance: Random) -> str:
        found = [*known.finditer(text)]
        if not found:
            return text
        at = chance.choice(found)
        made = at.expand(new) if isinstance(new, str) else new(at)
        return text[: at.start()] + made + text[at.end() :]

    return edit


def _line(what: str) -> Edit:
    def edit(text: str, chance: Random) -> str:
        lines = text.splitlines()
        lines.insert(chance.randrange(len(lines) + 1), what)
        return "\n".join(lines) + "\n"

    return edit


def _two(parts: Sequence[re.Match[str]], text: str, chance: Random) -> str:
    """Two of them change places."""
    if len(parts) < 2:
        return text
    one, other = sorted(chance.sample([*parts], 2), key=lambda part: part.start())
    between = text[one.end() : other.start()]
    return text[: one.start()] + other[0] + between + one[0] + text[other.end() :]


def _swapped(pattern: re.Pattern[str]) -> Edit:
    return lambda text, chance: _two([*pattern.finditer(text)], text, chance)


def _statements(text: str, chance: Random) -> str:
    """Two that follow each other change places."""
    lines = text.splitlines()
    places = [
        at
        for at in range(len(lines) - 1)
        if _PLAIN.fullmatch(lines[at]) and _PLAIN.fullmatch(lines[at + 1])
    ]
    if not places:
        return text
    at = chance.choice(places)
    lines[at], lines[at + 1] = lines[at + 1], lines[at]
    return "\n".join(lines) + "\n"


def _told(text: str, chance: Random) -> str:
    """One more notify, after some statement."""
    lines = text.splitlines()
    places = [at for at, line in enumerate(lines) if _PLAIN.fullmatch(line)]
    if not places:
        return text
    lines.insert(chance.choice(places) + 1, '    bank.tell(text: "so")')
    return "\n".join(lines) + "\n"


def _renamed(text: str, chance: Random) -> str:
    names = sorted({*_LET.findall(text)})
    if not names:
        return text
    return re.sub(rf"\b{chance.choice(names)}\b", "anew", text)


def _spaced(text: str, chance: Random) -> str:
    return text.replace("\n    ", "\n" + " " * chance.randrange(1, 9))


EDITS: dict[str, Edit] = {
    "comment": _line("# a remark"),
    "empty line": _line(""),
    "layout": _spaced,
    "end of a line": one_of(r"\}\n", "}  # so it is\n"),
    "doc of a gate": one_of(r"^  gate ", "  ## What it is for.\n  gate "),
    "doc of an operation": one_of(r"^    (effect|read|notify) ", r"    ## It does it.\n    \1 "),
    "gates": _swapped(_GATE),
    "operations": _swapped(_OPERATION),
    "roles": _swapped(re.compile(r"^role \w+\n", re.MULTILINE)),
    "types": _swapped(re.compile(r"^  type .*\n", re.MULTILINE)),
    "events": _swapped(re.compile(r"^  event .*\n", re.MULTILINE)),
    "gate before the service": lambda text, chance: _two(
        [*_GATE.finditer(text), *re.finditer(r"  service books .*?\n  \}\n", text, re.DOTALL)],
        text,
        chance,
    ),
    "clauses": lambda text, chance: re.sub(
        r"(    clock    .*\n)(    lasts    .*\n)", r"\2\1", text, count=1
    ),
    "minutes": one_of(r"\b24h reject", "1440m reject"),
    "brackets": one_of(r"(?<=^    if )(.*)(?= \{$)", r"(\1)"),
    "arguments": one_of(r"name: ([^(),]+), amount: ([^(),]+)\)", r"amount: \2, name: \1)"),
    "name of a value": _renamed,
    "name of a type": lambda text, chance: re.sub(r"\bHeld\b", "Kept", text),
    "fields": one_of(r"Held = \{ (name: string), (amount: int) \}", r"Held = { \2, \1 }"),
    "unused type": one_of(r"^  type Held", "  type Other = { at: date }\n  type Held"),
    "unused role": one_of(r"^role head\n", "role head\nrole auditor\n"),
    "unused event": one_of(r"^  gate g1", "  event other { } from head\n  gate g1"),
    "unused operation": one_of(
        r"^    notify tell", "    read rate() -> { rate: int } { timeout 1m }\n    notify tell"
    ),
    "unused gate": one_of(
        r"^  run \{",
        "  gate spare(name: string) { decide 1 of head  clock { after 1h reject } }\n  run {",
    ),
    "title": one_of(r"^    decide ", '    title    "To be decided"\n    decide '),
    "time limit": one_of(r"timeout 1m", "timeout 2m"),
    "sooner": one_of(r"after 24h reject", "after 12h reject"),
    "later": one_of(r"after 24h reject", "after 36h reject"),
    "version": one_of(r'^workflow sample version "1.0.0"', 'workflow sample version "1.1.0"'),
    "child": one_of(r'^workflow (settle|book) version "1.0.0"', r'workflow \1 version "1.1.0"'),
    "team": one_of(r"^  team payments", "  team treasury"),
    "another argument": one_of(r"amount: \w+\.amount", "amount: 2"),
    "constant": one_of(r"\b3\b", "4"),
    "condition": one_of(r" > 3\b", " >= 3"),
    "message": one_of(r'else "r"$', 'else "no"'),
    "pause": one_of(r"sleep 2m", "sleep 3m"),
    "wait": one_of(r"within 5m", "within 6m"),
    "rounds": one_of(r"repeat at most 2", "repeat at most 3"),
    "notify": _told,
    "statements": _statements,
    "uses": one_of(r"uses (\d)", r"uses 9"),
    "deciders": one_of(r"\b1 of head", "2 of head"),
}
"""By what they do."""


def edited(text: str, chance: Random) -> tuple[str, str]:
    """The text after one edit or up to three, and which."""
    names: list[str] = []
    for name in chance.sample(sorted(EDITS), chance.choice((1, 1, 2, 3))):
        after = EDITS[name](text, chance)
        if after != text:
            names.append(name)
        text = after
    return text, ", ".join(names)
