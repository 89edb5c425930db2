"""``gantral.start_child``: a child's submission, sealed for a parent that runs.

No person asks the API for a child, so the evidence worker answers for it: it reads the parent's
chain from the store, and seals what the parent's program lets it run at that call, for the parent's
own initiator, and nothing else. The commit of CREATED reads the parent's chain once more.
"""

from __future__ import annotations

import asyncio
import json
import secrets
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from gantral.evidence import (
    AlreadyThere,
    Store,
    TrustFile,
    seal,
)
from gantral.evidence import forms as texts_of
from gantral.evidence.envelope import unwrap
from gantral.evidence.hashes import child_id, context_hash, leaf
from gantral.evidence.instance_keys import InstanceKeys
from gantral.evidence.planned import child_at
from gantral.evidence.signers import Signer
from gantral.evidence.walk import Walk
from gantral.policy import ShapeError
from gantral.runtime import programs
from gantral.runtime.commands import START_CHILD, ChildCommand, ChildStart, Parent, StartCommand
from gantral.runtime.programs import ProgramInfo
from gantral.runtime.sealing import Sealer
from gantral.runtime.workers.actors import Actors
from gantral.runtime.workers.chain import Chain
from gantral.runtime.workers.family import running
from gantral.runtime.workers.keyed import Key, Taken, free_id, is_of, key_of, start_of
from gantral.runtime.workers.leaves import leaf_value, put_texts
from gantral.runtime.workers.refused import Refused, or_not_committed
from pydantic import ValidationError
from temporalio import activity

_TEXTS = ("team", "workflow_id", "instance_id", "program", "call", "timestamp")


@dataclass(frozen=True)
class ChildStarter:
    """What it takes to seal a child's start: as the committer's, for it is the same worker."""

    store: Store
    drafts: Store
    trust: TrustFile
    key: Signer
    actors: Actors

    @activity.defn(name=START_CHILD)
    async def start_child(self, command: dict[str, Any]) -> dict[str, Any]:
        """The child's start, sealed with a key of the child's own (``ChildStart``). Raises
        ApplicationError ``NotCommitted``, never retried, whose message starts with the rule's
        name."""
        return dict(await asyncio.to_thread(self.answer, command))

    def answer(self, command: Mapping[str, Any]) -> ChildStart:
        """As ``start_child``, in this thread."""
        with or_not_committed("a child's start"):
            child, start = self._seal(_read(command))
            if isinstance(start, Taken):
                return {
                    "instance_id": child,
                    "submission": None,
                    "start": None,
                    "taken": str(start),
                }
            team, keys = command["team"], InstanceKeys(self.store)
            parents = keys.get(team, command["instance_id"])
            if parents is None:
                raise Refused("instance_key", "the parent has no key in the store")
            own = Sealer(keys.make(team, child), child)
        end_key = Sealer(parents, command["instance_id"]).for_end(child).hex()
        return {
            "instance_id": child,
            "submission": start["submission"],
            "start": own.close("start", {**start, "end_key": end_key}),
            "taken": "none",
        }

    def _seal(self, command: ChildCommand) -> tuple[str, StartCommand | Taken]:
        chain = Chain(self.store, self.trust, command["team"], command["instance_id"])
        program = programs.get(command["program"])
        walk = running(chain)
        if walk.version != command["program"] or program.workflow_id != command["workflow_id"]:
            raise Refused("program", "this instance runs under another program")
        planned = child_at(program.manifest, command["call"])
        if planned is None:
            raise Refused("child", "the program runs no child there")
        initiator = command["initiator"]
        if self.actors.resolve(initiator["value"]) != walk.initiator:
            raise Refused("initiator", "another person started the parent")
        if texts_of.instant_ms(command["timestamp"]) < texts_of.instant_ms(walk.timestamp):
            raise Refused("timestamp", "the child is older than its parent's last commit")
        child = programs.get(planned["workflow_version_id"])
        values = self._values(child, command, planned)
        key = key_of(child, values, walk.initiator)
        try:
            instance_id = self._identity(chain, child, key, command)
            draft = self._draft(chain, walk, command, child, instance_id, values, key)
        except Taken as taken:
            return taken.instance_id, taken
        texts = draft["texts"]
        put_texts(Chain(self.store, self.trust, command["team"], instance_id), texts)
        start: StartCommand = draft["start"]
        if start["input"] != command["input"]:
            raise Refused("child", "this call began a child with another input before")
        return instance_id, start

    def _identity(
        self, chain: Chain, child: ProgramInfo, key: Key | None, command: ChildCommand
    ) -> str:
        if key is None:
            return child_id(command["instance_id"], command["call"])
        return free_id(chain, self.drafts, self.actors, child, key, _parent(command))

    def _draft(
        self,
        chain: Chain,
        walk: Walk,
        command: ChildCommand,
        child: ProgramInfo,
        instance_id: str,
        values: Mapping[str, str],
        key: Key | None,
    ) -> Any:
        """The child's texts and start: those that were drafted first, in whatever attempt, so that
        nothing lies in its folder but what its one submission binds. Raises Taken where another
        start was drafted there."""
        own = Chain(self.store, self.trust, command["team"], instance_id)
        found = start_of(self.drafts, own)
        if found is None:
            made = self._made(chain, walk, command, child, instance_id, values, key)
            with suppress(AlreadyThere):
                self.drafts.put(own.key("start.json"), json.dumps(made).encode())
            found = start_of(self.drafts, own)
        if found is None:
            raise Refused("draft", "the draft of the child's start is gone")
        if not is_of(found, _parent(command)):
            raise Taken(instance_id, "another start was quicker")
        return found

    def _values(
        self, child: ProgramInfo, command: ChildCommand, planned: Mapping[str, str]
    ) -> dict[str, str]:
        """The leaves of the child's input, persons as actor ids."""
        if (child.team, child.workflow_id) != (command["team"], planned["workflow_id"]):
            raise Refused("program", "the child is another team's or another workflow")
        try:
            input = child.input.from_wire(command["input"])
        except (ShapeError, ValidationError) as error:
            raise Refused("child", f"the input: {type(error).__name__}") from None
        values = {path: leaf_value(one) for path, one in input.leaves("/input").items()}
        for path, claim in input.persons("/input").items():
            values[path] = self.actors.resolve(claim)
        return values

    def _made(
        self,
        chain: Chain,
        walk: Walk,
        command: ChildCommand,
        child: ProgramInfo,
        instance_id: str,
        values: Mapping[str, str],
        key: Key | None,
    ) -> dict[str, Any]:
        texts = [
            [secrets.token_hex(16), instance_id, path, value]
            for path, value in sorted(values.items())
        ]
        context = [[text[2], leaf(text)] for text in texts]
        person = command["initiator"]
        identity = [
            secrets.token_hex(16),
            instance_id,
            f"/identity/{walk.initiator}",
            person["value"],
        ]
        business = [secrets.token_hex(16), instance_id, "/business_key", key.shown] if key else None
        submitted = unwrap(chain.need(0).statement["decision"]["submission"], "submission")
        said = submitted.statement
        submission = seal(
            "submission",
            {
                **said,
                # Who started the parent, and how they were known, is how they are known here.
                "assurance": {**said["assurance"], "identity": leaf(identity)},
                "business_key": leaf(business) if business else "none",
                "context_hash": context_hash(context),
                "instance_id": instance_id,
                "parent_artifact_hash": walk.prev_artifact,
                "timestamp": command["timestamp"],
                "workflow_id": child.workflow_id,
                "workflow_version_id": child.version_id,
            },
            self.key,
        )
        return {
            "texts": [*texts, identity, *([business] if business else [])],
            "start": {
                "submission": submission,
                "input": command["input"],
                "context": context,
                "initiator": {"actor": walk.initiator, "value": person["value"]},
                "environment": said["environment"],
                "parent": _parent(command),
            },
        }


def _parent(command: ChildCommand) -> Parent:
    return {"instance_id": command["instance_id"], "call": command["call"]}


def _read(command: Mapping[str, Any]) -> ChildCommand:
    """The command, its shape checked: it comes out of history, which an operator can forge."""
    if command.keys() != ChildCommand.__required_keys__:
        raise Refused("command", "a member is missing or unknown")
    if not all(isinstance(command[name], str) for name in _TEXTS):
        raise Refused("command", "a text is none")
    person = command["initiator"]
    if not (
        texts_of.is_name(command["team"])
        and texts_of.is_uuid(command["instance_id"])
        and texts_of.is_instant(command["timestamp"])
        and isinstance(command["input"], dict)
        and isinstance(person, dict)
        and person.keys() == {"actor", "value"}
    ):
        raise Refused("command", "a member has not its form")
    return command  # type: ignore[return-value]
