"""The evidence worker of the governed workflows' world: what it was asked, and what a test lets it
answer, refuse or hold."""

from __future__ import annotations

import asyncio
import tempfile
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from gantral.evidence import LocalStore
from gantral.evidence.commit import BuildCommit, build_commit, votes_decision
from gantral.evidence.forms import duration_ms, plus
from gantral.evidence.hashes import leaf
from gantral.runtime import programs
from gantral.runtime.keyring import Keyring
from temporalio.exceptions import ApplicationError

# The keys of every instance of these tests.
KEYS = Keyring(LocalStore(tempfile.mkdtemp(prefix="gantral-keys-")))


def actor(name: str) -> str:
    """The actor id of a person in these tests."""
    return "actor:" + uuid.uuid5(uuid.NAMESPACE_DNS, name).hex


@dataclass
class Evidence:
    """What the evidence worker was asked; commits are built by the real builder, in memory."""

    commands: list[dict[str, Any]] = field(default_factory=list)
    artifacts: list[dict[str, str]] = field(default_factory=list)
    refuse: Callable[[dict[str, Any]], str] = lambda command: ""
    answer: dict[str, Any] = field(default_factory=lambda: {"answer": "REQUIRE_HUMAN"})
    questions: list[dict[str, Any]] = field(default_factory=list)
    last: dict[str, dict[str, Any]] = field(default_factory=dict)
    opened: dict[tuple[str, str], str] = field(default_factory=dict)  # the last wait at each site
    held: asyncio.Event | None = None  # a commit waits for it
    held_question: asyncio.Event | None = None  # and a question to policy for this one
    hold: Callable[[dict[str, Any]], bool] = lambda command: False
    guard: str = "ALLOW"  # what a guard says of what was decided; another word: nobody can ask
    guarded: list[dict[str, Any]] = field(default_factory=list)
    held_guard: asyncio.Event | None = None

    def of(self, instance: str) -> list[dict[str, Any]]:
        return [command for command in self.commands if command["instance_id"] == instance]

    def states(self, instance: str) -> list[str]:
        """Every state reached, in order."""
        return [state for command in self.of(instance) for state in command["states"]]

    async def commit(self, command: dict[str, Any]) -> dict[str, Any]:
        if self.held is not None and self.hold(command):
            await self.held.wait()
        why = self.refuse(command)
        if why:
            raise ApplicationError(why, type="NotCommitted", non_retryable=True)
        before = self.last.get(command["instance_id"])
        assert command["prev"] == (before["commit_hash"] if before else "0" * 64)
        assert command["commit"] == (before["number"] + 1 if before else 0)
        context = self._context(command, before)
        decision = command["decision"]
        if decision != "none" and "votes" in decision:
            assert before is not None
            decision = votes_decision(before["first"], [], {}, decision["votes"])
        built = build_commit(
            BuildCommit(
                owning_team_id=command["team"],
                workflow_id=command["workflow_id"],
                workflow_version_id=command["program"],
                instance_id=command["instance_id"],
                commit=command["commit"],
                prev_commit_hash=command["prev"],
                last_artifact_hash=command["last_artifact"],
                sequence=command["sequence"],
                previous_state=before["state"] if before else None,
                states=command["states"],
                timestamp=command["timestamp"],
                context=context,
                gate=command["gate"],
                round=str(command["round"]) if command["round"] else "none",
                cause=command["cause"],
                human_actor_id=command["human_actor_id"],
                policy_version_id=command["policy_version_id"],
                decision=decision,
                records=command["records"],
            )
        )
        self.commands.append(command)
        self.artifacts += built.statement["artifacts"]
        for record in command["records"]:
            if record["kind"] == "wait":
                self.opened[command["instance_id"], record["site"]] = built.commit_hash
        self.last[command["instance_id"]] = {
            "commit_hash": built.commit_hash,
            "number": command["commit"],
            "state": built.state,
            "context": context,
            "first": built.first_artifact_hash,
        }
        return {
            "commit_hash": built.commit_hash,
            "first_artifact_hash": built.first_artifact_hash,
            "last_artifact": built.last_artifact_hash,
            "sequence": built.sequence,
            "context": context,
            "context_hash": built.context_hash,
        }

    def _context(self, command: dict[str, Any], before: dict[str, Any] | None) -> list[list[str]]:
        given = command["context"]
        if "leaves" in given:
            return list(given["leaves"])
        if "sent" in given:
            return sorted([one[2], leaf(one)] for one in given["sent"] if "/event" in one[2])
        if "same" in given:
            assert before is not None
            return list(before["context"])

        def pair(path: str, value: Any) -> list[str]:
            return [path, leaf(["0" * 32, command["instance_id"], path, value])]

        if "amended" in given:
            assert before is not None
            old = dict(before["context"])
            new = dict(pair(path, value) for path, value in given["amended"].items())
            assert new.keys() <= old.keys()
            return [list(item) for item in sorted({**old, **new}.items())]
        values = {**given["values"], **{p: actor(v) for p, v in given["persons"].items()}}
        return sorted(pair(path, value) for path, value in values.items())

    async def open_gate(self, command: dict[str, Any]) -> dict[str, Any]:
        self.questions.append(command)
        if self.held_question is not None:
            await self.held_question.wait()
        gate = programs.get(command["program"]).manifest["gates"][command["gate"]]
        instants = [
            [plus(command["opened_at"], duration_ms(after)), action, *(rest or ["none", "none"])]
            for after, action, *rest in gate["clock"]
        ]
        asked = gate["waived"] != "none"
        owner = command["proposal"].get("owner")
        return {
            "answer": "REQUIRE_HUMAN",
            "cause": "none",
            "problem": "",
            "query": "data.refund.decision" if asked else "none",
            "policy_version_id": "sha256:" + "a" * 64 if asked else "none",
            "input_hash": "b" * 64 if asked else "none",
            "instants": instants,
            "excluded": [command["initiator"]["actor"]],
            "named": {"/owner": [actor(owner)]} if owner else {},
            "guard": self._said(command, "REQUIRE_HUMAN") if gate["guarded"] != "none" else "none",
            "periods": [],
            "sealed": "none",
            **self.answer,
        }

    async def ask_guard(self, command: dict[str, Any]) -> dict[str, Any]:
        self.guarded.append(command)
        if self.held_guard is not None:
            await self.held_guard.wait()
        if self.guard not in ("ALLOW", "REQUIRE_HUMAN", "DENY", "FAILURE"):
            raise ApplicationError(self.guard, type="NotOpened", non_retryable=True)
        causes = {"DENY": "policy_deny", "FAILURE": "policy_failure"}
        return {
            "cause": causes.get(self.guard, "none"),
            "problem": f"the guard says {self.guard}",
            "guard": self._said(command, self.guard),
            "sealed": "none",
        }

    def _said(self, command: dict[str, Any], word: str) -> dict[str, Any]:
        policies = programs.get(command["program"]).manifest["policies"]
        return {
            "query": policies["watch"]["query"],
            "policy_version_id": "sha256:" + "a" * 64,
            "input_hash": "c" * 64,
            "answer": word,
        }
