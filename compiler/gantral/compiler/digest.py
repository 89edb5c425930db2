"""Canonical bytes and the digests that the compiler makes (FORMAT sections 1 and 7)."""

from __future__ import annotations

import decimal
import hashlib
import json
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from functools import cache
from typing import Any, TypeAlias

from gantral.compiler.program import Program
from gantral.dsl.span import Span

Tree: TypeAlias = "str | list[Tree] | dict[str, Tree]"

# Where a thing stands and what its author says of it is no part of what it means; neither is the
# name under which a structural type is known.
_NO_MEANING = {
    "Program": ("path", "types", "operations", "events", "doc", "children"),
    "Operation": ("doc",),
    "Service": ("doc",),
    "Gate": ("doc",),
    "Event": ("doc",),
    "Calendar": ("name", "known_until"),
    "RecordType": ("name",),
    "EnumType": ("name",),
}

# Clauses that the language had no programs with before: where they are absent, a program says what
# it always said, and its digest is what it was.
_WHEN_PRESENT = {"Gate": ("guarded_by", "calendar", "alike")}


def canonical(tree: Tree) -> bytes:
    """RFC 8785 bytes of objects, lists and text with ASCII keys: there Python's order of keys and
    its escapes are that standard's."""
    return json.dumps(
        tree, ensure_ascii=False, sort_keys=True, separators=(",", ":"), allow_nan=False
    ).encode()


def tagged_hash(kind: str, data: bytes) -> str:
    """H(kind, data) of FORMAT section 1, in lower-case hex."""
    return hashlib.sha256(f"gantral.dev/{kind}/v1\n".encode() + data).hexdigest()


def program_digest(program: Program) -> str:
    """H(program, typed tree without spans and comments); the same for any layout of the text. The
    workflows that it runs as its children are part of what it means: their digests stand in it."""
    return _digest(program, {})


def _digest(program: Program, known: dict[int, str]) -> str:
    if id(program) not in known:
        tree = _tree(program)
        assert isinstance(tree, dict)
        if program.children:
            tree["children"] = {
                name: _digest(child, known) for name, child in sorted(program.children.items())
            }
        known[id(program)] = tagged_hash("program", canonical(tree))
    return known[id(program)]


def workflow_version_id(manifest: bytes) -> str:
    """H(manifest, exact bytes of manifest.json)."""
    return tagged_hash("manifest", manifest)


def meaning(value: object) -> Tree:
    """A node, or a tuple of them, as the program digest reads it: without places and comments."""
    return _tree(value)


@cache
def _members(kind: type) -> tuple[str, ...]:
    """The members of a class of nodes that carry meaning, when they are no places."""
    left_out = _NO_MEANING.get(kind.__name__, ())
    return tuple(field.name for field in fields(kind) if field.name not in left_out)


def _tree(value: Any) -> Tree:
    """Every node with its class and the members that carry meaning; absent is the empty object."""
    if value is None:
        return {}
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return value
    if isinstance(value, int):
        return str(value)
    if isinstance(value, decimal.Decimal):
        # `min: 0` and `min: 0.00` are one bound.
        return format(value.normalize(), "f")
    if isinstance(value, tuple):
        return [_tree(item) for item in value]
    if isinstance(value, Mapping):
        return {name: _tree(value[name]) for name in sorted(value)}
    if is_dataclass(value):
        name = type(value).__name__
        node: dict[str, Tree] = {"node": name}
        for member_name in _members(value.__class__):
            member = getattr(value, member_name)
            if not member and member_name in _WHEN_PRESENT.get(name, ()):
                continue
            if not isinstance(member, Span):
                node[member_name] = _tree(member)
        return node
    raise TypeError(f"{type(value).__name__} has no place in a program")
