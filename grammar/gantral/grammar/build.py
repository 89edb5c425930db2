"""Makes table.json of gantral.lark: `python -m gantral.grammar.build` (`--check` only compares).

The table is plain data, so loading it compiles nothing and runs nothing. It is made of numbers in
an order that the grammar alone gives: the same bytes on every Python and hash seed.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any, TypeAlias

from lark import Lark
from lark.common import ParserConf
from lark.grammar import NonTerminal, Rule, Terminal
from lark.parsers.lalr_analysis import LALR_Analyzer, Shift

FOLDER = Path(__file__).parent
# What can be read on its own: a file, the hole of a text, and each form that is one scalar of YAML.
SCALARS = (
    "type field path pattern start_by once one_at_a_time under retry needs releases decide veto"
    " apart amend prove on_calendar tick lasts".split()
)
STARTS = ["start", "hole", *SCALARS]
Key: TypeAlias = tuple[str, str, tuple[str, ...]]


def table(grammar: str) -> bytes:
    """The parser table of the grammar, as the bytes of table.json.

    Raises lark.exceptions.GrammarError when the grammar has a conflict.
    """
    lark = Lark(grammar, parser="lalr", start=STARTS, maybe_placeholders=False)
    literals = {
        one.name: one.pattern.value if one.pattern.type == "str" else one.name
        for one in lark.terminals
    }
    analyzer: Any = LALR_Analyzer(ParserConf(lark.rules, {}, STARTS), strict=True)
    analyzer.compute_lalr()
    found = analyzer.parse_table

    def symbol_of(name: str) -> str:
        # lark's names for nameless terminals hang on hashes too: what they match does not. The
        # brackets keep the rule `gate` from the word "gate".
        return literals.get(name) or (name if name == "$END" else f"<{name}>")

    def key(rule: Rule) -> Key:
        symbols = tuple(symbol_of(one.name) for one in rule.expansion)
        return (str(rule.origin.name), str(rule.alias or ""), symbols)

    rules = sorted(lark.rules, key=key)
    numbers = {key(rule): number for number, rule in enumerate(rules)}

    def row(state: int) -> list[tuple[str, bool, Any]]:
        actions = found.states[state].items()
        entries = [(symbol_of(s), action is Shift, arg) for s, (action, arg) in actions]
        return sorted(entries, key=lambda entry: entry[0])

    # lark numbers the states in an order that may hang on hashes: number them as they are reached.
    order = [found.start_states[start] for start in STARTS]
    names = {state: number for number, state in enumerate(order)}
    for state in order:
        for _, shift, target in row(state):
            if shift and target not in names:
                names[target] = len(order)
                order.append(target)
    states = [
        {
            symbol: names[target] if shift else -1 - numbers[key(target)]
            for symbol, shift, target in row(state)
        }
        for state in order
    ]
    plain = {
        "starts": {start: names[found.start_states[start]] for start in STARTS},
        "ends": {start: names[found.end_states[start]] for start in STARTS},
        "rules": [_rule(rule) for rule in rules],
        "states": states,
    }
    return json.dumps(plain, separators=(",", ":"), sort_keys=True).encode() + b"\n"


def _rule(rule: Rule) -> list[object]:
    """[what it reduces to, the name to build by, how many symbols, which of them are kept].

    A kept symbol of a repetition (its name begins with two underscores) is spliced in: it is
    written as -1 - its place. An empty name builds nothing: one kept value is handed on.
    """
    helper = rule.origin.name.startswith("__")
    kept = []
    for place, symbol in enumerate(rule.expansion):
        if isinstance(symbol, Terminal):
            if rule.options.keep_all_tokens or not symbol.filter_out:
                kept.append(place)
        elif isinstance(symbol, NonTerminal):
            kept.append(-1 - place if symbol.name.startswith("__") else place)
    name = rule.alias or str(rule.origin.name)
    if helper:
        name = "*"
    elif rule.options.expand1 and not rule.alias and kept and len(kept) == 1:
        name = ""
    return [f"<{rule.origin.name}>", name, len(rule.expansion), kept]


def main(arguments: list[str]) -> int:
    """0 when the table is written or fresh, 1 when `--check` finds it stale."""
    made = table((FOLDER / "gantral.lark").read_text(encoding="utf-8"))
    path = FOLDER / "table.json"
    if arguments == ["--check"]:
        fresh = path.exists() and path.read_bytes() == made
        print("table.json is fresh" if fresh else "table.json is stale: run this without --check")
        return 0 if fresh else 1
    path.write_bytes(made)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
