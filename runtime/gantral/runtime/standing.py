"""What an instance did that stands, and what its completed children left it (ADR 0140)."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

from gantral.runtime.commands import Grant
from gantral.runtime.machine import text

# What is larger a parent could not undo, so it is left without its data: Temporal refuses payloads
# over 2 MiB in a way that leaves the run stuck.
LARGEST_LEFT: Final = 256 * 1024


@dataclass(frozen=True)
class Standing:
    """An effect that is done or of unknown outcome, and not undone. Of what a child did
    ``instance_id`` and ``program`` (a workflow_version_id) are its own, ``parents`` those from its
    parent up to the one that holds this, and ``child`` the call of `run workflow` there."""

    call: str
    operation: str
    arguments: dict[str, Any]
    result: Any
    grants: tuple[Grant, ...]
    known: bool  # False: nobody can say whether it happened
    instance_id: str = ""
    program: str = ""
    parents: tuple[str, ...] = ()
    child: str = ""

    @property
    def name(self) -> str:
        """As evidence names what stands: a call of a child after its instance."""
        return f"{self.instance_id}/{self.call}" if self.parents else self.call

    def to_wire(self, *, whole: bool) -> dict[str, Any]:
        """For a new history, or for a parent. Without ``whole`` its data is left out: of what has
        no undo nobody needs that."""
        return {
            "call": self.call,
            "operation": self.operation,
            "arguments": self.arguments if whole else {},
            "result": self.result if whole else None,
            "grants": list(self.grants),
            "known": self.known,
            "instance_id": self.instance_id,
            "program": self.program,
            "parents": list(self.parents),
            "child": self.child,
        }


def from_wire(one: Mapping[str, Any]) -> Standing:
    """What ``to_wire`` gave. Raises KeyError, TypeError or ValueError if it is none."""
    return Standing(
        call=text(one["call"]),
        operation=text(one["operation"]),
        arguments={**one["arguments"]},
        result=one["result"],
        grants=tuple(one["grants"]),
        known=one["known"] is True,
        instance_id=text(one["instance_id"]),
        program=text(one["program"]),
        parents=tuple(text(each) for each in one["parents"]),
        child=text(one["child"]),
    )


def bounded(left: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """What a child leaves its parent: beyond the limit without data, so that it is not undone and
    the cause names it."""
    size, found = 0, []
    for one in left:
        size += len(json.dumps(one, ensure_ascii=False).encode())
        kept = size <= LARGEST_LEFT
        found.append(one if kept else {**one, "arguments": {}, "result": None, "known": False})
    return found


def adopted(one: Standing, parent: str, call: str) -> Standing:
    """What a child left, as its parent holds it."""
    return replace(one, parents=(*one.parents, parent), child=call)
