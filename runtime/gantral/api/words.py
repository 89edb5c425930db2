"""The manifest's small trees as sentences: who decides, what may be amended, what a yes does."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any

from gantral.evidence import forms
from gantral.evidence.cases import chosen

Values = Mapping[str, Any]
"""pointer -> leaf value of the proposal, as shown."""

Names = Callable[[str], str]
"""actor id -> what that person is called here."""

_COMPARISONS = {
    "<": "less than", "<=": "at most", ">": "more than", ">=": "at least",
    "==": "exactly", "!=": "other than",
}  # fmt: skip
_FLIPPED = {"<": ">", "<=": ">=", ">": "<", ">=": "<=", "==": "==", "!=": "!="}


def formula(tree: Mapping[str, Any], values: Values) -> str:
    """A ``decide`` formula: "2 finance managers, or 1 finance director"."""
    if "quorum" in tree:
        number, who = tree["quorum"]
        names = [principal(one, values, many=number != "1") for one in who]
        if len(who) == 1 and isinstance(who[0], dict):
            return names[0] if number == "1" else f"{number} of {names[0]}"
        return f"{number} {' or '.join(names)}"
    if "points" in tree:
        number, weights = tree["points"]
        return _points(number, weights, values)
    if "any" in tree:
        return ", or ".join(_part(one, values) for one in tree["any"])
    return " and also ".join(_part(one, values) for one in tree["all"]) + " (different people)"


def _points(number: str, weights: Sequence[Sequence[Any]], values: Values) -> str:
    """ "5 points (chief 3 each, clerk 1 each)": a person counts by the largest of theirs."""
    brought = ", ".join(
        f"{principal(who, values)} {weight}{'' if _is_one(who) else ' each'}"
        for who, weight in weights
    )
    return f"{number} {'point' if number == '1' else 'points'} ({brought})"


def _is_one(who: Any) -> bool:
    return isinstance(who, dict) and "actor" in who


def condition(tree: Any, values: Values) -> str:
    """When a case of ``decide`` holds: "refund amount is at most 40.00"; "always" for the last."""
    if tree == "always":
        return "always"
    ((operator, inner),) = tree.items()
    if operator in ("and", "or"):
        parts = [condition(one, values) for one in inner]
        mixed = {"and", "or"} - {operator}
        return f" {operator} ".join(
            f"({said})" if one.keys() & mixed else said
            for one, said in zip(inner, parts, strict=True)
        )
    if operator == "not":
        if inner.keys() & {"path", "const"}:
            return f"{term(inner, values)} is no"
        return f"not ({condition(inner, values)})"
    if operator in _COMPARISONS:
        left, right = (term(one, values) for one in inner)
        return f"{left} is {_COMPARISONS[operator]} {right}"
    return f"{term(tree, values)} is yes"


def deciders(gate: Mapping[str, Any], values: Values) -> str:
    """Who decides on this very proposal: the formula of the case that it chooses."""
    return formula(gate["decide"][chosen(gate, values)]["formula"], values)


def _part(tree: Mapping[str, Any], values: Values) -> str:
    text = formula(tree, values)
    return text if tree.keys() & {"quorum", "points"} else f"({text})"


def principal(who: Any, values: Values, *, many: bool = False) -> str:
    """A role, or the person or persons that the proposal names."""
    if isinstance(who, str):
        return role(who, many=many)
    if "actor" in who:
        return f"the person in {field(who['actor'])}"
    return f"the people in {field(who['actors'])}"


def role(name: str, *, many: bool = False) -> str:
    """A role's name for people: "finance_manager" is "finance managers"."""
    words = name.replace("_", " ")
    if not many:
        return words
    if words.endswith("y") and words[-2:-1] not in "aeiou":
        return f"{words[:-1]}ies"
    return f"{words}es" if words.endswith(("s", "x", "ch", "sh")) else f"{words}s"


def field(pointer: str) -> str:
    """A pointer for people: "/refund/amount" is "refund amount"."""
    return " ".join(part.replace("_", " ") for part in pointer.strip("/").split("/"))


def anybody(who: Any, values: Values) -> str:
    """One of these, whoever it is: "any security officer", "the person in owner"."""
    said = principal(who, values)
    return f"any {said}" if isinstance(who, str) else said


def apart(clauses: list[Any]) -> list[str]:
    """Who may not decide."""
    said = []
    for clause in clauses:
        if clause == "initiator":
            said.append("whoever asked for it")
        elif "deciders" in clause:
            said.append(f"anybody who voted at gate {clause['deciders']}")
        else:
            said.append(principal(clause, {}))
    return said


def amendment(tree: Mapping[str, Any], pointer: str, values: Values) -> str:
    """The rule for an amended field: "more than 0.00 and at most 40.00 (what was asked for)"."""
    ((operator, inner),) = tree.items()
    if operator in ("and", "or"):
        parts = [amendment(one, pointer, values) for one in inner]
        return f" {operator} ".join(parts)
    if operator == "not":
        return f"not ({amendment(inner, pointer, values)})"
    if operator in _COMPARISONS:
        left, right = inner
        if _is_new(right, pointer) and not _is_new(left, pointer):
            left, right, operator = right, left, _FLIPPED[operator]
        if _is_new(left, pointer):
            return f"{_COMPARISONS[operator]} {term(right, values)}"
        return f"{term(left, values)} is {_COMPARISONS[operator]} {term(right, values)}"
    return term(tree, values)


def _is_new(tree: Mapping[str, Any], pointer: str) -> bool:
    return "new" in tree and tree["new"][1] == pointer


def term(tree: Mapping[str, Any], values: Values) -> str:
    """One side of a comparison."""
    ((operator, inner),) = tree.items()
    if operator == "const":
        return value(inner[1])
    if operator == "new":
        return f"the new {field(inner[1])}"
    if operator == "old":
        return _shown(values, inner[1], "what was asked for")
    if operator == "path":
        return _shown(values, inner[1], field(inner[1]))
    left, right = (_side(one, term(one, values)) for one in inner)
    sign = {"+": "plus", "-": "minus", "*": "times"}[operator]
    return f"{left} {sign} {right}"


def _side(tree: Mapping[str, Any], said: str) -> str:
    """A side of a computation; one that is computed itself is held together."""
    return f"({said})" if tree.keys() & {"+", "-", "*"} else said


def _shown(values: Values, pointer: str, what: str) -> str:
    """A value with what it is; that alone where no proposal is at hand."""
    return f"{value(values[pointer])} ({what})" if pointer in values else what


def value(leaf: Any) -> str:
    """A leaf value for people."""
    return {"{}": "not given", "[]": "none", "true": "yes", "false": "no"}.get(leaf, str(leaf))


def count(pointer: str, values: Values) -> str:
    """How many elements the list at a pointer has."""
    below = (path.removeprefix(f"{pointer}/") for path in values if path.startswith(f"{pointer}/"))
    return str(len({path.partition("/")[0] for path in below}))


def rows(values: Values, prefix: str = "") -> list[tuple[str, str, str]]:
    """(pointer, label, text) of every value under a prefix, in the order of its path."""
    below = sorted(
        (path, leaf) for path, leaf in values.items()
        if path == prefix or path.startswith(f"{prefix}/")
    )  # fmt: skip
    return [(path, field(path), value(leaf)) for path, leaf in below]


def arguments(
    plan: Mapping[str, Any], values: Values, order: Sequence[str]
) -> list[dict[str, str]]:
    """A planned call's arguments in terms of what is shown, in the order of the declaration.

    Each is {name, value, source}: ``source`` is the pointer of the proposal it is read from, or
    "none" for constants, results of earlier calls, and what is computed from them.
    """
    found: list[dict[str, str]] = []
    for name, tree in sorted(
        plan["arguments"].items(), key=lambda one: (order.index(one[0].split(".")[0]), one[0])
    ):
        if "path" in tree:
            prefix = tree["path"]
            for path, _, text in rows(values, prefix):
                label = _label(name, path.removeprefix(prefix))
                found.append({"name": label, "value": text, "source": path})
            continue
        found.append({"name": _label(name, ""), "value": _computed(tree, values), "source": "none"})
    return found


def _label(name: str, below: str) -> str:
    parts = [*name.split("."), *below.strip("/").split("/")]
    # "amount" of the argument "amount" is said once.
    said = [one for i, one in enumerate(parts) if one and (i == 0 or one != parts[i - 1])]
    return " ".join(said).replace("_", " ")


def _computed(tree: Mapping[str, Any], values: Values) -> str:
    if "const" in tree:
        return value(tree["const"][1])
    if "result" in tree:
        call, inner = tree["result"]
        operation = call.rsplit("/", 1)[0]
        return f"what {operation} gives as {inner.strip('.').replace('.', ' ').replace('_', ' ')}"
    if "under" in tree:
        return _elsewhere(*tree["under"])
    if "path" in tree:
        return value(values.get(tree["path"], ""))
    if "each" in tree:
        return _each(tree["each"])
    if "expr" in tree:
        return _expression(tree["expr"], values)
    return _expression(tree, values)


def _each(parts: Sequence[str]) -> str:
    """``[list, loop, field, …]``: "the amount of each of lines, in turn"."""
    if len(parts) == 1:
        return field(parts[0])
    said = "each of " + field(parts[0])
    for below in parts[2::2]:
        # What stands in each is said from the inside out.
        said = f"the {field(below)} of {said}" if below else said
    return f"{said}, in turn"


def _elsewhere(name: str, *parts: str) -> str:
    """What another yes is shown, and this one is not."""
    return f"what {approval(name)} approves as {_each(parts)}"


def approval(name: str) -> str:
    """A yes as plans call it, for people: "gate finance", "ask 2 of gate finance"; in a loop with
    its round, "ask 2 of gate finance, round 3"."""
    gate, *numbers = name.split("/")
    if not numbers:
        return f"gate {gate}"
    rounds = ".".join(str(int(one) + 1) for one in numbers[1:])
    return f"ask {numbers[0]} of gate {gate}" + (f", round {rounds}" if rounds else "")


def _expression(tree: Mapping[str, Any], values: Values) -> str:
    ((operator, inner),) = tree.items()
    signs = {"+": "+", "-": "−", "*": "×"}
    if operator in signs:
        left, right = (_side(one, _expression(one, values)) for one in inner)
        return f"{left} {signs[operator]} {right}"
    if operator == "path" and isinstance(inner, list):
        return value(values.get(inner[1], ""))
    if operator == "each":
        return _each(inner[1:])
    if operator == "under":
        name, _, pointer = inner[1].partition(":")
        return _elsewhere(name, pointer, *inner[2:])
    return term(tree, values) if operator in ("new", "old") else _computed(tree, values)


def when(instant: str) -> str:
    """An instant for people: "26 Nov 2026, 10:00 UTC"."""
    moment = datetime.fromisoformat(instant)
    return f"{moment.day} {moment:%b %Y, %H:%M} UTC"


def until(instant: str, now: datetime) -> str:
    """How far off an instant is: "in 2 days 4 hours", "3 minutes ago", "just now"."""
    seconds = int((datetime.fromisoformat(instant) - now).total_seconds())
    text = length(abs(seconds) * 1000)
    if abs(seconds) < 60:
        return "just now" if seconds <= 0 else "in less than a minute"
    return f"in {text}" if seconds > 0 else f"{text} ago"


def duration(text: str) -> str:
    """A canonical duration for people: "PT72H" is "3 days"."""
    return length(forms.duration_ms(text))


def length(milliseconds: int) -> str:
    """The two largest units of a length of time."""
    rest = milliseconds // 1000
    parts = []
    for unit, size in (("day", 86400), ("hour", 3600), ("minute", 60), ("second", 1)):
        count, rest = divmod(rest, size)
        if count:
            parts.append(f"{count} {unit}{'' if count == 1 else 's'}")
    return " ".join(parts[:2]) or "no time"
