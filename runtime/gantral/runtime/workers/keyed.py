"""The identity that a child's own key gives (`once per`, LANGUAGE section 2, ADR 0142).

As the API claims one: the instance id comes of team, workflow, key and attempt under the team's
pepper, and whoever puts the draft of a start there first has it.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from gantral.authority import ENDS, State
from gantral.evidence import Store, canonical
from gantral.evidence.envelope import unwrap
from gantral.runtime.commands import Parent
from gantral.runtime.programs import ProgramInfo
from gantral.runtime.workers.actors import Actors
from gantral.runtime.workers.chain import Chain

MOST_ATTEMPTS = 1000


class Taken(Exception):  # noqa: N818 - an answer, not a fault
    """The key is not free: the instance that has it, and why in words."""

    def __init__(self, instance_id: str, why: str) -> None:
        self.instance_id = instance_id
        super().__init__(why)


@dataclass(frozen=True)
class Key:
    """What a child's key is: ``values`` at its paths, and as people read it."""

    values: list[str]

    @property
    def shown(self) -> str:
        """The text of the business key."""
        return self.values[0] if len(self.values) == 1 else canonical(self.values).decode()


def key_of(program: ProgramInfo, leaves: Mapping[str, str], initiator: str) -> Key | None:
    """The child's key, None when it has none. ``leaves`` are its input's, persons as actor ids."""
    key = program.manifest["key"]
    if key == "none":
        return None
    known = {**leaves, "/initiator": initiator}
    return Key([known[path] for path in key["paths"]])


def free_id(
    chain: Chain, drafts: Store, actors: Actors, program: ProgramInfo, key: Key, parent: Parent
) -> str:
    """The instance id that the key gives this start: the first whose attempt left the key free, or
    the one that this very call claimed before. ``chain`` is of any instance of the team.

    Raises:
        Taken, StoreError, EvidenceError, MissingEvidence.
    """

    for attempt in range(1, MOST_ATTEMPTS + 1):
        identity = (program.team, program.workflow_id, key.values, str(attempt))
        instance_id = actors.instance_id(*identity)
        there = Chain(chain.store, chain.trust, chain.team, instance_id)
        if _ours(there, drafts, parent) or _free(there, program.manifest["key"]["mode"]):
            return instance_id
    raise Taken(instance_id, f"this key was tried {MOST_ATTEMPTS} times")


def start_of(drafts: Store, chain: Chain) -> dict[str, Any] | None:
    """The draft of an instance's start, None when there is none."""
    found = drafts.get(chain.key("start.json"))
    return None if found is None else dict(json.loads(found))


def is_of(draft: Mapping[str, Any], parent: Parent) -> bool:
    """Whether a draft is of what this call of a parent starts. (What people start has none.)"""
    return bool(draft.get("start", {}).get("parent") == parent)


def _ours(chain: Chain, drafts: Store, parent: Parent) -> bool:
    draft = start_of(drafts, chain)
    if draft is None or chain.read(0) is not None:
        return draft is not None and is_of(draft, parent)
    if is_of(draft, parent):
        return True
    other = draft.get("start", {}).get("parent")
    if other is not None:
        began = Chain(chain.store, chain.trust, chain.team, str(other["instance_id"]))
        last = began.last_artifact(began.head())
        if last is not None and last["authority_state"] in ENDS:
            # CREATED of a child wants a parent that runs: that start can come to nothing any more.
            drafts.delete(chain.key("start.json"))
            return False
    raise Taken(chain.instance_id, "it is being started")


def _free(chain: Chain, mode: str) -> bool:
    """True when nothing has this id; False when what had it leaves the key free again."""
    last = chain.last_artifact(chain.head())
    if last is None:
        return True
    state = last["authority_state"]
    if state not in ENDS:
        raise Taken(chain.instance_id, f"it is {state}")
    if mode == "once" and state == State.COMPLETED:
        raise Taken(chain.instance_id, "it is COMPLETED, and this workflow runs once per key")
    ended = chain.need(chain.head() - 1).records("end")
    standing = [str(call) for one in ended for call in one["standing"]]
    if mode == "one_at_a_time":
        standing = [call for call in standing if not _is_done(chain, call)]
    if standing:
        raise Taken(chain.instance_id, f"its effects stand: {', '.join(standing)}")
    return False


def _is_done(chain: Chain, call: str) -> bool:
    """Whether what stands is known to be done: a call of its own, or of a child of it."""
    instance_id, _, rest = call.partition("/")
    if rest and "." not in instance_id:
        child = Chain(chain.store, chain.trust, chain.team, instance_id)
        return _is_done(child, rest)
    return any(
        (said := unwrap(record["outcome"], "outcome").statement)["call"] == call
        and said["status"] == "done"
        for number in range(chain.head())
        for record in chain.need(number).records("outcome")
    )
