"""The gates of a program: who decides, what may be amended, how often and how long a yes counts."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from generator.tape import Tape

OPERATIONS = (
    "bank.pay", "bank.fee", "bank.mark", "bank.close", "bank.wire", "books.enter", "bank.file",
    "bank.keep",
)  # fmt: skip
CRITICAL = ("bank.close", "bank.wire")
# Those that ask for at least `2 of head or 1 of board` stand first.
STRONG = ("2 of head", "1 of board", "3 of head or 1 of board", "1 of board and 1 of head")
WEAK = (
    "1 of head", "2 of [head, board]", "1 of boss", "2 points of { head: 1, boss: 2 }",
    "2 of [head, actor payee]", "1 of actor payee or 1 of boss",
)  # fmt: skip
CASES = (
    "1 of board when amount < 5\n    decide   2 of head",
    "1 of head when amount < 5\n    decide   1 of board",
)
BOUNDS = ("new <= old", "new > 0", "new != old")


@dataclass(frozen=True)
class Gate:
    """A gate as the generator knows it."""

    name: str
    parameters: tuple[str, ...]
    releases: tuple[str, ...]
    across: bool
    """Whether what `bank.mark` gives may go into `books.enter`."""
    strong: bool
    """Whether it asks for what `bank.wire` needs."""
    waived: bool
    amends: bool
    uses: int
    apart: tuple[str, ...]
    """Gates whose deciders may not decide, of those that are asked."""
    _text: str

    def text(self, asked: Collection[str]) -> str:
        """Its text. Only the deciders of a gate that is `asked` can be kept apart."""
        apart = [f"deciders of {one}" for one in self.apart if one in asked]
        if "payee" in self.parameters and "actor payee" not in self._text:
            apart.append("actor payee")
        return self._text.replace("@", f"    apart    {', '.join(apart)}\n" if apart else "")


TYPES = {
    "name": "string",
    "amount": "int",
    "limit": "int",
    "lines": "list(max: 2) of { name: string, amount: int }",
    "extra": "json",
    "paper": "document",
    "payee": "person",
}


def gate(tape: Tape, name: str, others: Sequence[str], fault: str) -> Gate:
    """A gate by chance, declared after the others; policy may waive none that releases what is
    critical, but on purpose."""
    parameters = ["name", "amount"]
    if tape.chance(3):
        parameters.append("limit")
    if tape.chance(8 if fault == "stranded" else 4):
        parameters.append("lines")
    if tape.chance(2):
        parameters.append("extra")
    if tape.chance(2):
        parameters.append("paper")
    left_out = tape.one(("", "", "", *OPERATIONS))
    waived = tape.chance(2)
    critical = CRITICAL if waived and not (fault == "waived" and tape.chance(5)) else ()
    releases = tuple(one for one in OPERATIONS if one != left_out and one not in critical)
    across = tape.chance(5)
    strong = name == "g1" if fault == "weaker argument" else tape.chance(5)
    decide = tape.one(STRONG) if strong else tape.one(WEAK)
    if tape.chance(2):
        decide = CASES[0 if strong else 1]
    clock = "after 24h reject"
    calendar = ""
    if tape.chance(2):
        calendar = "on office "
        clock = "after 2h remind  after 24h reject"
    if tape.chance(2):
        narrow = "head" if "head" in decide else "board" if "board" in decide else "boss"
        wide = "clerk" if narrow == "boss" else "boss"
        clock = f"after 8h widen {narrow} to {wide}  after 24h reject"
        strong = False
    if "payee" in decide or tape.chance(9 if fault == "chosen person" else 2):
        parameters.append("payee")
    apart = tuple(one for one in others if tape.chance(3))
    amends = tape.chance(7 if fault == "stale" else 3)
    uses = 1 + tape.below(4)
    shown = ", ".join(
        "books.enter(ref from bank.mark)" if across and one == "books.enter" else one
        for one in releases
    )
    lines = [
        f"  gate {name}({', '.join(f'{one}: {TYPES[one]}' for one in parameters)}) {{",
        f"    releases {shown}",
        f"    decide   {decide}\n@",
        "    waived   by policy limits" if waived else "",
        "    guarded  by policy limits" if tape.chance(2) else "",
        "    initiator may decide" if tape.chance(1) else "",
        f"    amend    amount where {tape.one(('new <= old', 'new > 0', 'new != old'))}"
        if amends
        else "",
        f"    clock    {calendar}{{ {clock} }}",
        f"    lasts    30m, uses {uses}",
        "  }",
    ]
    if "    initiator may decide" in lines:
        strong = False
    text = "\n".join(one for one in lines if one).replace("@\n", "@")
    return Gate(
        name, tuple(parameters), releases, across, strong, waived, amends, uses, apart, text
    )
