"""What a rule of a policy can answer, read off OPA's own syntax tree."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

WORDS = ("ALLOW", "REQUIRE_HUMAN", "DENY")
_SHAPE = 'decision := {"decision": "DENY"}'
# How many rules deep a word may lie.
_DEPTH = 8

Rules = Mapping[str, Sequence[Any]]


@dataclass(frozen=True, slots=True)
class Fault:
    """Something wrong at a row and column (from 1) of a policy file. `of_types`: OPA's type
    checker says it, so it may hold of one question alone."""

    message: str
    file: str
    row: int
    column: int
    help: str = ""
    of_types: bool = False


def answers(rules: Rules, name: str) -> Iterator[Fault]:
    """Each way in which the rule may answer anything but an object with exactly `decision`, one of
    the three words: another word or form, a value that only a run knows, or nothing at all."""
    every = list(_each(rules[name]))
    if not any(one.get("default") for one in every):
        yield Fault(
            f"where no `{name}` holds policy answers nothing",
            *place(every[0]["head"]),
            f"add `default {_SHAPE.replace('decision', name, 1)}`",
        )
    for one in every:
        head = one["head"]
        if "key" in head or "args" in head or len(head.get("ref", [])) > 1:
            yield _fault(one, f"`{name}` is no rule with one value")
            continue
        value = head.get("value")
        match value:
            case {"type": "object", "value": [[{"value": "decision"}, word]]}:
                yield from _word(rules, one, word, _DEPTH)
            case _:
                yield _fault(one, "its answer is no object with exactly `decision`")


@dataclass(frozen=True, slots=True)
class Module:
    """A policy file: its package without `data`, its rules by name, and the paths under `data` that
    it reads (`lib.words` for `data.lib.words`)."""

    package: str
    rules: Rules
    reads: frozenset[str]


def module_of(tree: Mapping[str, Any]) -> Module:
    """A file as `opa parse` prints it."""
    rules: dict[str, list[Any]] = {}
    for rule in tree.get("rules") or []:
        head = rule["head"]
        # A rule like `a.b := 1` has a reference and no name.
        name = head.get("name") or ".".join(str(one["value"]) for one in head["ref"])
        rules.setdefault(name, []).append(rule)
    package = ".".join(str(one["value"]) for one in tree["package"]["path"][1:])
    return Module(package, rules, _reads(tree))


def _reads(tree: Mapping[str, Any]) -> frozenset[str]:
    found: set[str] = set()
    pending: list[Any] = [tree.get("imports", []), tree.get("rules", [])]
    while pending:
        one = pending.pop()
        if isinstance(one, dict):
            if one.get("type") == "ref" and isinstance(one.get("value"), list):
                first, *rest = one["value"]
                if isinstance(first, dict) and first.get("value") == "data":
                    steps = [str(step.get("value")) for step in rest if step["type"] == "string"]
                    found.add(".".join(steps))
            pending += one.values()
        elif isinstance(one, list):
            pending += one
    return frozenset(found)


def _each(rules: Sequence[Any]) -> Iterator[Any]:
    """The rules of one name, each `else` as one more."""
    for rule in rules:
        one = rule
        while one is not None:
            yield one
            one = one.get("else")


def _word(rules: Rules, rule: Any, word: Any, depth: int) -> Iterator[Fault]:
    match word:
        case {"type": "string", "value": str(text)}:
            if text not in WORDS:
                yield _fault(rule, f'"{text}" is none of {", ".join(WORDS)}')
        case {"type": "var", "value": str(name)} if depth:
            yield from _named(rules, rule, name, depth)
        case _:
            yield _fault(rule, "which word it answers is known only in a run")


def _named(rules: Rules, rule: Any, name: str, depth: int) -> Iterator[Fault]:
    """A word by its name: assigned in the rule's body, or another rule of the file."""
    assigned = [
        one["terms"][2]
        for one in rule.get("body", [])
        if isinstance(one["terms"], list)
        and one["terms"][0].get("value", [{}])[0].get("value") == "assign"
        and one["terms"][1].get("value") == name
    ]
    if assigned:
        for each in assigned:
            yield from _word(rules, rule, each, depth - 1)
    elif name in rules:
        for each in _each(rules[name]):
            yield from _word(rules, each, each["head"].get("value"), depth - 1)
    else:
        yield _fault(rule, f"which word `{name}` is, is known only in a run")


def place(node: Any) -> tuple[str, int, int]:
    """File, row and column of a node."""
    at = node.get("location") or {}
    return at.get("file", ""), at.get("row", 1), at.get("col", 1)


def _fault(rule: Any, message: str) -> Fault:
    remedy = f"write a word of the three in its head: `{_SHAPE}`"
    return Fault(message, *place(rule["head"]), help=remedy)
