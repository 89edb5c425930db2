"""``gantral.commit``: the put is the transition (DESIGN section 5, FORMAT section 3, ADR 0041).

The evidence worker alone holds the commit key, so it believes nothing that it is told: the
predecessor is read from the store, seals are opened, the gate is recounted from the sealed votes.
Whatever the store answers is final. A command that is delivered again makes the same bytes and
finds them there, which is success; other bytes at its number are a fork and are refused.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from gantral.evidence import (
    AlreadyThere,
    Store,
    TrustFile,
    seal,
)
from gantral.evidence.commit import BuildCommit, Built, build_commit
from gantral.evidence.hashes import leaf
from gantral.evidence.signers import Signer
from gantral.evidence.walk import Walk
from gantral.runtime import programs
from gantral.runtime.commands import COMMIT, ZEROS, CommitCommand, CommitReceipt
from gantral.runtime.workers.actors import Actors
from gantral.runtime.workers.chain import Chain, Read
from gantral.runtime.workers.command import read_commit
from gantral.runtime.workers.judging import Before, Judged, judge
from gantral.runtime.workers.leaves import drafted, drop_drafts, leaf_value, put_texts
from gantral.runtime.workers.refused import Refused, or_not_committed
from gantral.runtime.workers.sent import of_event, sent_texts
from gantral.runtime.workers.told import SEALED, Told
from gantral.runtime.workers.walking import step, walked
from temporalio import activity

MESSAGE = "/message"
# The commits that may hold uses and outcomes, beside those of records alone.
_TELLS = ("WAITING_FOR_HUMAN", "COMPLETED", "TERMINATED")


@dataclass(frozen=True)
class Committer:
    """The evidence worker's hands: store, drafts, trust file, its key, the team's pepper."""

    store: Store
    drafts: Store
    trust: TrustFile
    key: Signer
    actors: Actors

    @activity.defn(name=COMMIT)
    async def commit(self, command: dict[str, Any]) -> dict[str, Any]:
        """One transition. Raises ApplicationError ``NotCommitted``, never retried, whose message
        starts with the rule's name."""
        return dict(await asyncio.to_thread(self.put, command))

    def put(self, command: Mapping[str, Any]) -> CommitReceipt:
        """As ``commit``, in this thread."""
        with or_not_committed("a commit"):
            return self._put(read_commit(command))

    def _put(self, command: CommitCommand) -> CommitReceipt:
        program = programs.get(command["program"])
        if (program.team, program.workflow_id) != (command["team"], command["workflow_id"]):
            raise Refused("program", "the program is another team's or another workflow's")
        chain = Chain(self.store, self.trust, command["team"], command["instance_id"])
        before = _before(chain, command)
        texts = self._texts(chain, command)
        context = _context(command, before, texts)
        judged = judge(chain, program.manifest, command, before, context, texts)
        walk = walked(chain, program, command["commit"])
        records = self._records(chain, command, judged, walk, texts)
        built = build_commit(_order(command, before, context, judged, records))
        data = step(walk, seal("commit", built.statement, self.key))
        # Texts before the commit: a commit never binds what is not there (FORMAT section 4).
        put_texts(chain, list(texts.values()))
        if command["commit"] == 0:
            self._manifest(chain, program.manifest_bytes)
        self._seal(chain, command["commit"], built, data)
        drop_drafts(chain, self.drafts, command["commit"])
        return {
            "commit_hash": built.commit_hash,
            "first_artifact_hash": built.first_artifact_hash,
            "last_artifact": built.last_artifact_hash,
            "sequence": built.sequence,
            "context": [list(pair) for pair in context],
            "context_hash": built.context_hash,
        }

    def _texts(self, chain: Chain, command: CommitCommand) -> dict[str, list[str]]:
        """The new texts of this commit by pointer: salts and values, drafted."""
        source: Mapping[str, Any] = command["context"]
        if "sent" in source:
            return sent_texts(chain, source, self.actors.resolve)
        if not source.keys() <= {"values", "persons", "leaves", "same", "amended"}:
            raise Refused("command", "context has an unknown member")
        new = source.get("amended", source.get("values", {}))
        values = {pointer: leaf_value(value) for pointer, value in new.items()}
        for pointer, person in source.get("persons", {}).items():
            values[pointer] = self.actors.resolve(person)
        end = command["end"]
        if end != "none" and end["message"] != "none":
            values[MESSAGE] = end["message"]
        if not values:
            return {}
        return {text[2]: text for text in drafted(chain, self.drafts, command["commit"], values)}

    def _records(
        self,
        chain: Chain,
        command: CommitCommand,
        judged: Judged,
        walk: Walk,
        texts: Mapping[str, list[str]],
    ) -> list[dict[str, Any]]:
        """The command's records, the uses that the run did not hear of, the end."""
        told = Told(dict(walk.ledger.claims), dict(walk.ledger.outcomes))
        told.tell(judged.records)
        untold: list[dict[str, Any]] = []
        if command["states"] and command["states"][0] in _TELLS:
            there = chain.read(command["commit"])
            # Delivered again: what was untold at the first time, though more may lie there now.
            untold = told.untold(chain) if there is None else _added(there, judged)
            told.tell(untold)
        return [*judged.records, *untold, *_end(command, texts, told.standing())]

    def _manifest(self, chain: Chain, data: bytes) -> None:
        key = chain.key("manifest.json")
        try:
            self.store.put(key, data)
        except AlreadyThere:
            if self.store.get(key) != data:
                raise Refused("program", "another program's manifest lies in the store") from None

    def _seal(self, chain: Chain, number: int, built: Built, data: bytes) -> None:
        try:
            self.store.put(chain.commit_key(number), data)
        except AlreadyThere:
            there = chain.need(number)
            if there.hash != built.commit_hash:
                raise Refused("fork", f"commit {number} is in the store and is another") from None


def _before(chain: Chain, command: CommitCommand) -> Before:
    number, prev = command["commit"], command["prev"]
    if number == 0:
        if (prev, command["last_artifact"], command["sequence"]) != (ZEROS, ZEROS, 0):
            raise Refused("predecessor", "commit 0 has no predecessor")
        return Before(None, None, "none")
    previous = chain.read(number - 1)
    if previous is None:
        # Never bridged: the chain stays INCONCLUSIVE and the run fails.
        raise Refused("predecessor", f"commit {number - 1} is not in the store")
    if previous.hash != prev:
        raise Refused("predecessor", f"commit {number - 1} in the store has another hash")
    artifact = chain.last_artifact(number)
    if artifact is None:
        # Commit 0 has artifacts, or was not signed by us: defence in depth, and for the type.
        raise Refused("predecessor", "no commit before this one holds an artifact")
    if (artifact["artifact_hash"], int(artifact["sequence"]) + 1) != (
        command["last_artifact"],
        command["sequence"],
    ):
        raise Refused("predecessor", "the last artifact in the store is another one")
    if artifact["workflow_version_id"] != command["program"]:
        raise Refused("program", "this instance runs under another program")
    if command["timestamp"] < previous.statement["timestamp"]:
        raise Refused("timestamp", "the commit is older than its predecessor")
    initiator = chain.need(0).artifacts[0]["human_actor_id"]
    return Before(previous, artifact, initiator)


def _context(
    command: CommitCommand, before: Before, texts: Mapping[str, list[str]]
) -> list[list[str]]:
    source: Mapping[str, Any] = command["context"]
    new = {pointer: leaf(text) for pointer, text in texts.items() if pointer != MESSAGE}
    if "sent" in source:
        return sorted([pointer, hashed] for pointer, hashed in new.items() if of_event(pointer))
    if "leaves" in source:
        return [[str(pointer), str(hashed)] for pointer, hashed in source["leaves"]]
    if "values" in source:
        return sorted([pointer, hashed] for pointer, hashed in new.items())
    if before.commit is None:
        raise Refused("context", "commit 0 has a context of its own")
    old = before.commit.context
    if unknown := sorted(new.keys() - old.keys()):
        raise Refused("context", f"{unknown[0]} is not in the context that is amended")
    return sorted([pointer, hashed] for pointer, hashed in {**old, **new}.items())


def _added(there: Read, judged: Judged) -> list[dict[str, Any]]:
    return [
        record
        for record in there.statement["records"]
        if record["kind"] in SEALED and record not in judged.records
    ]


def _end(
    command: CommitCommand, texts: Mapping[str, list[str]], standing: list[str]
) -> list[dict[str, Any]]:
    end = command["end"]
    if end == "none":
        return []
    message = texts.get(MESSAGE)
    return [
        {
            "kind": "end",
            "message": "none" if message is None else leaf(message),
            "statement": end["statement"],
            "standing": standing,
        }
    ]


def _order(
    command: CommitCommand,
    before: Before,
    context: list[list[str]],
    judged: Judged,
    records: list[dict[str, Any]],
) -> BuildCommit:
    return BuildCommit(
        owning_team_id=command["team"],
        workflow_id=command["workflow_id"],
        workflow_version_id=command["program"],
        instance_id=command["instance_id"],
        commit=command["commit"],
        prev_commit_hash=command["prev"],
        last_artifact_hash=command["last_artifact"],
        sequence=command["sequence"],
        previous_state=before.state,
        states=command["states"],
        timestamp=command["timestamp"],
        context=context,
        gate=command["gate"],
        round=str(command["round"]) if command["gate"] != "none" else "none",
        cause=command["cause"],
        human_actor_id=command["human_actor_id"],
        policy_version_id=command["policy_version_id"],
        decision=judged.decision,
        records=records,
    )
