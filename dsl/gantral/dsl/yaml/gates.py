"""The clauses of a gate, as what the parser of text would have reduced."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from gantral.dsl.build import Part
from gantral.dsl.yaml.nodes import Node, Scalar, Sequence
from gantral.grammar.lexer import Token

if TYPE_CHECKING:
    from gantral.dsl.yaml.declarations import Declarations
    from gantral.dsl.yaml.scalars import Found

_LISTS = ("releases", "veto", "apart", "prove")
_POLICIES = (("waived by policy", "waived"), ("guarded by policy", "guarded"))


def gate_clauses(reader: Declarations, found: Found, name: Token) -> list[Any]:
    """The parameters and clauses; None among them where one is wrong."""
    at = Scalar(name.start, name.end, "", "plain", name.start, name.end)
    kids: list[Any] = [reader._params(found, at)]
    if "title" in found:
        title = reader.text(*found["title"])
        kids.append(title and reader.part("title", *found["title"], [title]))
    kids += [reader.listed(word, *found[word]) for word in _LISTS if word in found]
    for word in ("decide", "amend"):
        if word in found:
            kids += reader.each(word, *found[word]) or [None]
    for word, rule in _POLICIES:
        if word in found:
            path = reader.path(*found[word])
            kids.append(path and reader.part(rule, *found[word], [path]))
    if "initiator may decide" in found:
        kids.append(reader.flag("initiator_may", *found["initiator may decide"]))
    kids.append(_clock(reader, *found["clock"]))
    if "lasts" in found:
        kids.append(reader.clause("lasts", *found["lasts"]))
    return kids


def _clock(reader: Declarations, key: Scalar, node: Node) -> Part | None:
    """`on` a calendar first, then the ticks; a scalar may hold several."""
    kids: list[Any] = []
    # Without a tick it is refused where its end is looked for.
    for one in node.items if isinstance(node, Sequence) else [node]:
        tokens = reader.tokens(key, one)
        if tokens is None:
            return None
        kids += [_tick(reader, part, not kids) for part in _parts(tokens)]
    return None if None in kids else reader.part("clock", key, node, kids)


def _tick(reader: Declarations, tokens: list[Token], first: bool) -> Any:
    calendar = first and tokens[0].text == "on"
    return reader.sentence(tokens, "on_calendar" if calendar else "tick")


def _parts(tokens: list[Token]) -> list[list[Token]]:
    """The tokens of each tick, which begins with `after` and a duration."""
    parts: list[list[Token]] = []
    for place, token in enumerate(tokens):
        then = tokens[place + 1].kind if place + 1 < len(tokens) else ""
        if not parts or (token.text == "after" and then == "DURATION"):
            parts.append([])
        parts[-1].append(token)
    return parts
