"""Ways to take authority from a text that `program` made: each gives a text whose gates, operations
or calls ask for less, or the same text where there is nothing to take."""

from __future__ import annotations

import re
from random import Random

from generator.edits import Edit, one_of

_ASKED = re.compile(r"ask (g\d)\(")


def _in_a_gate(edit: Edit) -> Edit:
    """The edit in one of the gates that are asked."""

    def changed(text: str, chance: Random) -> str:
        names = sorted({*_ASKED.findall(text)})
        if not names:
            return text
        start = text.index(f"  gate {chance.choice(names)}(")
        end = text.index("\n  }\n", start)
        return text[:start] + edit(text[start:end], chance) + text[end:]

    return changed


def _gate(pattern: str, new: str) -> Edit:
    return _in_a_gate(one_of(pattern, new))


def _clause(line: str) -> Edit:
    """One more clause, where the gate has none of its words."""
    words = line.split()[0]

    def more(gate: str, chance: Random) -> str:
        return gate if f"    {words}" in gate else gate.replace("    clock ", f"{line}\n    clock ")

    return _in_a_gate(more)


def _fewer(gate: str, chance: Random) -> str:
    """One decider fewer."""
    both = gate.replace("1 of board and 1 of head", "1 of board")
    less = one_of(r"\b([23])( of| points of)", lambda found: f"{int(found[1]) - 1}{found[2]}")
    return both if both != gate else less(gate, chance)


def _waived(gate: str, chance: Random) -> str:
    """A waiver: such a gate may release nothing critical."""
    if "    waived" in gate:
        return gate
    gate = re.sub(r"(releases .*?), bank\.close", r"\1", gate)
    gate = re.sub(r"(releases .*?), bank\.wire", r"\1", gate)
    return gate.replace("    clock ", "    waived   by policy limits\n    clock ")


def _called(operation: str, edit: Edit) -> Edit:
    """An edit of what is called."""
    return lambda text, chance: edit(text, chance) if f" {operation}(" in text else text


def _harmless(text: str, chance: Random) -> str:
    """An effect turned into a notify, which needs no approval."""
    if "bank.fee(" not in text.partition("  run {")[2]:
        return text
    text = text.replace("effect fee(", "notify fee(")
    text = re.sub(r"bank\.fee, |, bank\.fee(?=\n)", "", text)
    return re.sub(r"(bank\.fee\([^\n]*?\)) under \w+(?:, \w+)*", r"\1", text)


def _unasked(text: str, chance: Random) -> str:
    """A gate asked no more, before something that acts under another or an end that was its yes."""
    lines = text.splitlines(keepends=True)
    for at, line in enumerate(lines):
        found = re.match(r"    let (ok\d+) = ask ", line)
        if found is None or len(re.findall(rf"\b{found[1]}\b", text)) > 1:
            continue
        deep = 0
        for later in lines[at + 1 :]:
            deep += later.count("{") - later.count("}")
            if deep < 0:
                break
            if " under " in later or later.lstrip().startswith("complete"):
                return "".join(lines[:at] + lines[at + 1 :])
    return text


PLANTS: dict[str, Edit] = {
    "a decider fewer": _in_a_gate(_fewer),
    "a longer clock": _gate("after 24h reject", "after 48h reject"),
    "widened earlier": _gate("after 8h widen", "after 4h widen"),
    "a longer grant": _gate("lasts    30m", "lasts    45m"),
    "more uses": _gate(r"uses (\d)", lambda found: f"uses {int(found[1]) + 1}"),
    "nobody apart": _gate(r"^    apart .*\n", ""),
    "a waiver": _in_a_gate(_waived),
    "no guard": _gate(r"^    guarded .*\n", ""),
    "the initiator too": _clause("    initiator may decide"),
    "more to amend": _clause("    amend    name where new != old"),
    "a wider amendment": _gate(r"amount where .*", "amount where new > 0 or new <= 0"),
    "a lower floor": _called("bank.wire", one_of(r"needs   2 of head", "needs   1 of head")),
    "no floor": _called("bank.wire", one_of(r"^      needs .*\n", "")),
    "critical no more": _called("bank.close", one_of("critical effect close", "effect close")),
    "an effect that needs no yes": _harmless,
    "one approval for two": one_of(r" under (\w+), \w+", r" under \1"),
    "a gate gone": _unasked,
    "asked less often": one_of(r"(    let ok\d+ = ask [^\n]*\))$", r"\1 only if input.flag"),
    "one call more": one_of(
        r"(    let (ok\d+) = ask [^\n]*\)\n)", r"\1    bank.fee(amount: 17) under \2\n"
    ),
    "others may start it": one_of(
        r"^  start by (other\.)?clerk(?=\n  (?:once|one|type))", r"  start by \1clerk, head"
    ),
    "no key": one_of(r"^  (?:once|one at a time) per .*\n(?=  type)", ""),
    "others may send": one_of("event stop { } from head", "event stop { } from board"),
}
"""By what is taken."""

PLAINLY = frozenset(
    ("a decider fewer", "a longer clock", "a longer grant", "more uses", "nobody apart",
     "no guard", "the initiator too", "more to amend", "a lower floor", "no floor",
     "critical no more", "others may start it", "no key")
)  # fmt: skip
"""Those of which the other way round is told as stricter."""
