"""What is known in a block of a program that is being made."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from generator.gates import Gate


@dataclass(frozen=True)
class Text:
    """An expression that no approval approved; `of`: the paths it was computed from."""

    text: str
    of: frozenset[str]


def plain(path: str) -> Text:
    """A path."""
    return Text(path, frozenset({path}))


@dataclass
class Approval:
    """An approval in scope: how many uses are left, since which minute, in how many rounds."""

    name: str
    gate: Gate
    left: int
    minute: int
    rounds: int
    certain: bool
    strings: list[str]
    numbers: list[str]
    """What an effect may take of it."""
    marked: list[str] = field(default_factory=list)
    """What `bank.mark` gave under it alone."""


@dataclass
class Scope:
    """What is known in a block."""

    strings: list[Text]
    numbers: list[Text]
    tests: list[Text]
    persons: list[Text] = field(default_factory=list)
    jsons: list[Text] = field(default_factory=list)
    papers: list[Text] = field(default_factory=list)
    approvals: list[Approval] = field(default_factory=list)
    undoable: list[str] = field(default_factory=list)
    variables: list[str] = field(default_factory=list)

    def inner(self) -> Scope:
        """A block inside."""
        return Scope([*self.strings], [*self.numbers], [*self.tests], [*self.persons],
                     [*self.jsons], [*self.papers], [*self.approvals],
                     [*self.undoable], [*self.variables])  # fmt: skip


@dataclass
class Taking:
    """A block that takes what is given or collected inside, however deep: of which kind of value,
    or which text alone; None where nothing may leave. And what became of it."""

    word: str | None
    kind: Literal["strings", "numbers"] = "strings"
    text: str = ""
    taken: int = 0
    of: frozenset[str] = frozenset()
    standing: bool = False
