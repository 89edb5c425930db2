"""Programs grown from the grammar: any sentence of it that the builders of the tree also take.

A rule that is added to the grammar grows here by itself. What the grammar alone does not say (a
clause is there once, a required one is there) is grown by hand.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from random import Random

from gantral.grammar import build
from lark import Lark

WORDS = {
    "NAME": ["a", "b", "order", "x_1", "until", "total"],
    "LABEL": ["a", "b", "amount", "title", "x_1"],
    "MEMBER": ["a", "pay", "if", "x_1", "run"],
    "TYPE_NAME": ["A", "Order"],
    "STRING": ['"a"', '""', '"b {order.x_1 + 1} \\{"', '"\\u{e9} \\" \\\\ \\n"', '"é {a}{b}"'],
    "INT": ["0", "1", "007", "100000"],
    "DECIMAL": ["0.00", "12.50"],
    "DURATION": ["30m", "90m", "1500ms", "2d"],
    "TIME": ["09:00", "24:00"],
}
# The value that follows stands on the line of these (LANGUAGE section 4).
SAME_LINE = frozenset(("=", "collect", "give", "terminate", "complete", "else"))


class Grammar:
    """The rules as lark has them, each with the least depth that it needs."""

    def __init__(self) -> None:
        text = (build.FOLDER / "gantral.lark").read_text(encoding="utf-8")
        lark = Lark(text, parser="lalr", start=build.STARTS, maybe_placeholders=False)
        self.literals = {
            one.name: one.pattern.value for one in lark.terminals if one.pattern.type == "str"
        }
        self.rules: dict[str, list[list[str]]] = defaultdict(list)
        for rule in lark.rules:
            self.rules[str(rule.origin.name)].append([str(one.name) for one in rule.expansion])
        self.depths = dict.fromkeys(self.rules, 1_000)
        before: dict[str, int] = {}
        while before != self.depths:
            before = dict(self.depths)
            self.depths = {name: min(map(self.depth, all)) for name, all in self.rules.items()}

    def depth(self, expansion: list[str]) -> int:
        """How deep the least of an expansion is: a rule that only stands for another is no step."""
        return (len(expansion) > 1) + max((self.depths.get(one, 0) for one in expansion), default=0)


GRAMMAR = Grammar()


class Growth:
    """One program, grown with the choices of `random`."""

    def __init__(self, random: Random) -> None:
        self.random = random

    def grow(self, symbol: str, depth: int) -> list[str]:
        """The words of a symbol, no deeper than `depth` where that can be."""
        if symbol in GRAMMAR.literals:
            return [GRAMMAR.literals[symbol]]
        if symbol in WORDS:
            return [self.random.choice(WORDS[symbol])]
        by_hand = BY_HAND.get(symbol)
        if by_hand is not None:
            return by_hand(self, depth - 1)
        expansions = GRAMMAR.rules[symbol]
        least = min(map(GRAMMAR.depth, expansions))
        shallow = [one for one in expansions if GRAMMAR.depth(one) <= max(depth, least)]
        chosen = self.random.choice(shallow)
        return [word for one in chosen for word in self.grow(one, depth - (len(chosen) > 1))]

    def said(self, text: str, depth: int) -> list[str]:
        """Words as they stand, and in angle brackets what is to be grown."""
        return [
            word
            for one in text.split()
            for word in (self.grow(one[1:-1], depth) if one[0] == "<" and one[1:] else [one])
        ]

    def any_of(self, clauses: list[str], depth: int, required: list[str]) -> list[str]:
        chosen = [*required, *(one for one in clauses if self.random.random() < 0.5)]
        self.random.shuffle(chosen)
        return [word for one in chosen for word in self.grow(one, depth)]


def _start(growth: Growth, depth: int) -> list[str]:
    symbols = ["import_"] * growth.random.randint(0, 2)
    symbols += [growth.random.choice(["declaration", "workflow"])]
    symbols += ["declaration"] * growth.random.randint(0, 2)
    return [word for one in symbols for word in growth.grow(one, depth)]


def _workflow(growth: Growth, depth: int) -> list[str]:
    once = growth.random.choice(["once", "one_at_a_time"])
    optional = [once, "input_", "output_", "on_failure", *["local_declaration"] * 4]
    items = growth.any_of(optional, depth, ["team", "start_by", "run"])
    return [*growth.said("workflow <NAME> version <STRING> {", depth), *items, "}"]


def _gate(growth: Growth, depth: int) -> list[str]:
    optional = ["title", "releases", "waived", "guarded", "initiator_may", "veto", "apart", "prove"]
    optional += ["lasts", "amend", "amend", "decide"]
    clauses = growth.any_of(optional, depth, ["decide", "clock"])
    return [*growth.said("gate <NAME> <params> {", depth), *clauses, "}"]


def _operation(growth: Growth, depth: int) -> list[str]:
    head = growth.said("<op_kind> <MEMBER> <params>", depth)
    for optional in ("result_type", "wire_name"):
        head += growth.grow(optional, depth) if growth.random.random() < 0.4 else []
    settings = ["heartbeat", "retry", "needs", "idempotent", "undo_by"]
    return [*head, "{", *growth.any_of(settings, depth, ["timeout"]), "}"]


def _prove(growth: Growth, depth: int) -> list[str]:
    proofs = ["reason", "proof_assurance", "login_within"]
    growth.random.shuffle(proofs)
    words = ["prove"]
    for proof in proofs[: growth.random.randint(1, 3)]:
        words += [*([","] if len(words) > 1 else []), *growth.grow(proof, depth)]
    return words


def _service_call(growth: Growth, depth: int) -> list[str]:
    words = growth.said("<path> . <MEMBER> <named_arguments>", depth)
    for optional in ("under", "handler"):
        words += growth.grow(optional, depth) if growth.random.random() < 0.5 else []
    return words


def _access(growth: Growth, depth: int) -> list[str]:
    chance = growth.random.random()
    if depth <= 0 or chance < 0.5:
        return growth.grow("atom", depth)
    if chance < 0.7:
        return growth.said("<NAME> <arguments>", depth)
    return growth.said(growth.random.choice(["<access> . <MEMBER>", "<access> ?. <MEMBER>"]), depth)


BY_HAND: dict[str, Callable[[Growth, int], list[str]]] = {
    "start": _start,
    "workflow": _workflow,
    "gate": _gate,
    "operation": _operation,
    "prove": _prove,
    "acted": _service_call,
    "call_statement": _service_call,
    "access": _access,
}


def program(random: Random) -> list[str]:
    """The words of a file."""
    return Growth(random).grow("start", random.randint(8, 14))


def loosely(words: list[str], random: Random, remarks: bool) -> str:
    """The words with any white space between them, and with comments where `remarks` says so."""
    gaps = [" ", " ", " ", " ", "  ", "\n", " \r\n\t"]
    if remarks:
        gaps += ["\n\n\n", " # a\n", "\n## b\n", "\n\n  # c  \n\n# d\n", " ## e\n \n# f\n"]
    pieces: list[str] = []
    for number, word in enumerate(words):
        bound = number and (words[number - 1] in SAME_LINE or word == "=")
        pieces += [" " if bound or not number else random.choice(gaps), word]
    return "".join([*pieces, random.choice(gaps)])
