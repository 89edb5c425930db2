"""A world around governed workflows: the real time-skipping server, the real sandbox, real seals;
an evidence worker and services whose answers a test sets (to inject faults)."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import wf_programs
from gantral.evidence import SigningKey, TrustFile, canonical, seal
from gantral.evidence.hashes import context_hash, leaf
from gantral.evidence.recount import vote_hash
from gantral.evidence.uses import CLAIM_TYPE, OUTCOME_TYPE
from gantral.runtime import forms, programs
from gantral.runtime.ended import end_of
from gantral.runtime.workers.sealed import sealed, sealed_failures
from temporalio import activity
from temporalio.api.enums.v1 import IndexedValueType
from temporalio.api.operatorservice.v1 import AddSearchAttributesRequest
from temporalio.api.workflowservice.v1 import SetWorkerDeploymentCurrentVersionRequest
from temporalio.client import WorkflowHandle
from temporalio.common import WorkerDeploymentVersion
from temporalio.service import RPCError, RPCStatusCode
from temporalio.testing import WorkflowEnvironment
from temporalio.worker import Worker, WorkerDeploymentConfig
from temporalio.worker.workflow_sandbox import SandboxedWorkflowRunner
from wf_evidence import KEYS, Evidence, actor

ATTRIBUTES = ("GantralState", "GantralGate", "GantralTeam", "GantralWorkflow")
DECISION_KEY = SigningKey.from_seed(b"d" * 32)
EFFECT_KEY = SigningKey.from_seed(b"e" * 32)
STRANGER_KEY = SigningKey.from_seed(b"s" * 32)
LONG_AGO = "2020-01-01T00:00:00.000Z"


def trust() -> TrustFile:
    entry = {
        "alg": "ed25519",
        "compromised_from": "none",
        "environment": "development",
        "not_after": "none",
        "not_before": LONG_AGO,
        "public_key": DECISION_KEY.public.hex(),
        "teams": ["payments"],
        "use": "decision",
    }
    return TrustFile.load(
        canonical(
            {
                "type": "gantral.dev/trust/v1",
                "trust_id": "tests",
                "serial": "1",
                "previous": "none",
                "issued": LONG_AGO,
                "environment": "development",
                "keys": {DECISION_KEY.keyid: entry},
                "programs": [],
                "max_skew": "PT5S",
                "actor_claim": "sub",
                "log": "none",
            }
        )
    )


def done(result: Any) -> dict[str, Any]:
    return effect_answer("done", result=result)


def effect_answer(status: str, **rest: Any) -> dict[str, Any]:
    return {
        "status": status,
        "result": None,
        "results": [],
        "claims": [],
        "outcomes": [],
        "cause": "none",
        "problem": "",
        **rest,
    }


def signed(command: dict[str, Any], answer: dict[str, Any]) -> dict[str, Any]:
    """What is done has a claim and an outcome under each grant, as a real worker seals them."""
    if answer["status"] != "done" or answer["outcomes"]:
        return answer
    claims, outcomes = [], []
    for grant in command["grants"]:
        both = {
            "call": command["call"],
            "grant": grant.get("artifact") or grant["waiver"],
            "instance_id": command["instance_id"],
            "operation": command["operation"],
            "owning_team_id": command["team"],
            "slot": "undo/1" if command["undo"] else "1",
            "timestamp": LONG_AGO,
        }
        claim = {"arguments": [], "attempt": "1", "queue": "q", "run": command["run"]}
        claims.append(seal("use", {**both, **claim, "type": CLAIM_TYPE}, EFFECT_KEY))
        outcome = {"results": answer["results"], "status": "done", "type": OUTCOME_TYPE}
        outcomes.append(seal("outcome", {**both, **outcome}, EFFECT_KEY))
    return {**answer, "claims": claims, "outcomes": outcomes}


class Services:
    """The service side: operation -> what it answers; every command it saw."""

    def __init__(self) -> None:
        self.seen: list[dict[str, Any]] = []
        self.answers: dict[str, Callable[[dict[str, Any]], Any]] = {
            "orders.fetch": lambda command: {"result": ORDER},
            "payments.refund": lambda command: done({"receipt_id": "r-1"}),
            "payments.reverse": lambda command: done(None),
            "keys.look": lambda command: {"state": "free"},
            "keys.tell": lambda command: {"result": None},
            "keys.grant": lambda command: done({"serial": "s-1"}),
            "keys.paint": lambda command: done({"serial": "p-1"}),
            "keys.revoke": lambda command: done(None),
        }

    @property
    def calls(self) -> list[str]:
        return [entry["operation"] for entry in self.seen]

    def activities(self, queue: str) -> list[Any]:
        found = []
        for info in ours():
            for name, operation in info.manifest["operations"].items():
                if operation["queue"] == queue:
                    found.append(self._activity(name, operation["wire"], info.team))
        return list({a.wire: a.run for a in found}.values())

    def _activity(self, name: str, wire: str, team: str) -> Any:
        async def run(command: dict[str, Any]) -> Any:
            attempt = activity.info().attempt
            self.seen.append({"operation": name, **command, "attempt": attempt})
            answer = self.answers[name](command)
            told = await answer if asyncio.iscoroutine(answer) else answer
            return signed(command, told) if "grants" in command else told

        class Made:
            pass

        made = Made()
        ours = wire.startswith("gantral/")
        behind = sealed(wire, run, KEYS) if ours else sealed_failures(wire, team, run, KEYS)
        made.wire, made.run = wire, behind  # type: ignore[attr-defined]
        return made


ORDER = {"id": "A1", "customer": "Ann", "total": {"amount": "90.00", "currency": "EUR"}}
REFUND = {
    "order_id": "A1",
    "refund": {"amount": "40.00", "currency": "EUR"},
    "reason": "arrived broken",
}


def start_command(
    info: programs.ProgramInfo, instance: str, input: dict[str, Any], at: str, **wrong: Any
) -> dict[str, Any]:
    """What the API would send; ``wrong`` replaces members of the sealed submission."""
    key = wrong.pop("key", DECISION_KEY)
    model = info.input.from_wire(input)
    values = {**model.leaves("/input"), **{p: actor(v) for p, v in model.persons("/input").items()}}
    context = sorted([p, leaf(["0" * 32, instance, p, v])] for p, v in values.items())
    statement = {
        "type": "gantral.dev/submission/v1",
        "instance_id": instance,
        "owning_team_id": info.team,
        "workflow_id": info.workflow_id,
        "workflow_version_id": info.version_id,
        "human_actor_id": actor("carol"),
        "context_hash": context_hash(context),
        "business_key": "none",
        "parent_artifact_hash": "none",
        "retain_until": "none",
        "environment": "development",
        "timestamp": at,
        "assurance": assurance(at),
        **wrong,
    }
    return {
        "submission": seal("submission", statement, key),
        "input": model.to_wire(),
        "context": context,
        "initiator": {"actor": actor("carol"), "value": "carol"},
        "environment": "development",
    }


def assurance(at: str, level: str = "mfa") -> dict[str, str]:
    return {
        "iss": "https://idp.example",
        "aud": "gantral",
        "level": level,
        "auth_time": at,
        "token_hash": "1" * 64,
        "role_map": "2" * 64,
        "identity": "3" * 64,
    }


@dataclass
class Case:
    """One running instance."""

    world: World
    handle: WorkflowHandle[Any, Any]
    previous: dict[str, str] = field(default_factory=dict)

    @property
    def states(self) -> list[str]:
        return self.world.evidence.states(self.handle.id)

    @property
    def commands(self) -> list[dict[str, Any]]:
        return self.world.evidence.of(self.handle.id)

    async def show(self) -> dict[str, Any]:
        shown: dict[str, Any] = await self.handle.query("show")
        return shown

    async def waiting(self) -> dict[str, Any]:
        """Ask until people are asked; the server's own time stands still meanwhile."""
        while (shown := await self.show())["gate"] == "none" and shown["end"] is None:
            await asyncio.sleep(0.02)
        return shown

    async def vote(
        self, who: str, kind: str = "APPROVE", *roles: str, shown: Any = None, **wrong: Any
    ) -> dict[str, Any]:
        """Seal and deliver a vote; ``wrong`` replaces members. Remembers it for ``supersedes``."""
        delivery = await self.ballot(who, kind, *roles, shown=shown, **wrong)
        return await self.deliver(delivery)

    async def ballot(
        self, who: str, kind: str, *roles: str, shown: Any = None, **wrong: Any
    ) -> dict[str, Any]:
        shown = shown or await self.waiting()
        now = forms.write_instant(await self.world.env.get_current_time())
        key = wrong.pop("key", DECISION_KEY)
        delivery = {
            "justification": "because I looked at it twice",
            "round": wrong.pop("round", shown["round"]),
            "gate": wrong.pop("gate", shown["gate"]),
        }
        statement = {
            "type": "gantral.dev/authority-decision/v1",
            "decision_id": str(uuid.uuid4()),
            "instance_id": self.handle.id,
            "decision_type": kind,
            "human_actor_id": actor(who),
            "role": sorted(roles),
            "justification": "leaf:" + "4" * 64,
            "justification_length": str(len(delivery["justification"])),
            "context_snapshot_hash": shown["context_hash"],
            "waiting_artifact_hash": shown["waiting_artifact_hash"],
            "supersedes": self.previous.get(who, "none"),
            "amendment": [],
            "assurance": assurance(now),
            "timestamp": now,
            **wrong,
        }
        return {"vote": seal("authority-decision", statement, key), **delivery}

    async def deliver(self, delivery: dict[str, Any]) -> dict[str, Any]:
        answer: dict[str, Any] = await self.update("decide", delivery)
        import base64
        import json

        statement = json.loads(base64.b64decode(delivery["vote"]["payload"]))
        for name in ("alice", "bob", "dora", "carol"):
            if statement["human_actor_id"] == actor(name):
                self.previous[name] = vote_hash(statement)
        return answer

    async def awaiting(self) -> dict[str, Any]:
        """Ask until it waits for an event."""
        while not (shown := await self.show())["waits"] and shown["end"] is None:
            await asyncio.sleep(0.02)
        return shown

    async def event(
        self, who: str, name: str, data: dict[str, Any], *roles: str, **wrong: Any
    ) -> dict[str, Any]:
        """A sealed event for the open wait, as the API delivers it; ``wrong`` replaces members.
        ``site``: which wait, where several are open."""
        await self.awaiting()
        opened = self.world.evidence.last[self.handle.id]["commit_hash"]
        if (site := wrong.pop("site", "")) != "":
            opened = self.world.evidence.opened[self.handle.id, site]
        now = forms.write_instant(await self.world.env.get_current_time())
        key = wrong.pop("key", DECISION_KEY)
        values: dict[str, str] = wrong.pop("values", None) or _bound(data)
        texts = [["0" * 32, self.handle.id, path, value] for path, value in values.items()]
        identity = ["0" * 32, self.handle.id, f"/identity/{actor(who)}", who]
        statement = {
            "type": "gantral.dev/event/v1",
            "instance_id": self.handle.id,
            "owning_team_id": "payments",
            "event": name,
            "wait_commit_hash": opened,
            "human_actor_id": actor(who),
            "role": sorted(roles),
            "context_hash": context_hash(sorted([one[2], leaf(one)] for one in texts)),
            "assurance": {**assurance(now), "identity": leaf(identity)},
            "timestamp": now,
            **wrong,
        }
        return {"event": seal("event", statement, key), "data": data, "texts": [*texts, identity]}

    async def send(self, delivery: dict[str, Any]) -> dict[str, Any]:
        answer: dict[str, Any] = await self.update("event", delivery)
        return answer

    async def end(self) -> dict[str, Any]:
        end: Any = await end_of(self.handle, KEYS.of("payments", self.handle.id))
        return dict(end)

    async def update(self, name: str, delivery: dict[str, Any]) -> Any:
        """What the API sends, sealed with the instance's key."""
        sealer = KEYS.of("payments", self.handle.id)
        return await self.handle.execute_update(name, sealer.close(name, delivery))


def _bound(data: dict[str, Any]) -> dict[str, str]:
    """The leaf values of what `brought` or `stop` carries."""
    if not data:
        return {"/event": "{}"}
    note = {"/event/note": data.get("note", "{}")}
    return {"/event/what": data["what"], "/event/by": actor(data["by"]), **note}


def ours() -> list[programs.ProgramInfo]:
    """The hand-made programs; other tests of this process load theirs into the same registry."""
    return [info for info in programs.loaded() if info.package in wf_programs.MANIFESTS]


class World:
    """Server, workers and helpers of one test."""

    def __init__(self, env: WorkflowEnvironment) -> None:
        self.env = env
        self.evidence = Evidence()
        self.services = Services()

    @asynccontextmanager
    async def worker(self, **options: Any) -> AsyncIterator[None]:
        """The workflow worker."""
        async with Worker(
            self.env.client,
            task_queue="gantral-payments",
            workflows=[info.workflow_class for info in ours()],
            workflow_runner=SandboxedWorkflowRunner(restrictions=programs.sandbox()),
            **options,
        ):
            yield

    @asynccontextmanager
    async def others(self) -> AsyncIterator[None]:
        """The evidence worker and the services."""
        client = self.env.client
        async with (
            Worker(
                client,
                task_queue="gantral-evidence",
                activities=[
                    sealed("gantral.commit", self.evidence.commit, KEYS),
                    sealed("gantral.open_gate", self.evidence.open_gate, KEYS),
                    sealed("gantral.ask_guard", self.evidence.ask_guard, KEYS),
                ],
            ),
            Worker(client, task_queue="orders", activities=self.services.activities("orders")),
            Worker(client, task_queue="payments", activities=self.services.activities("payments")),
            Worker(client, task_queue="keys", activities=self.services.activities("keys")),
        ):
            yield

    async def start(
        self, input: dict[str, Any] | None = None, workflow: str = "refund", **wrong: Any
    ) -> Case:
        info = next(info for info in ours() if info.workflow_id == workflow)
        instance = str(uuid.uuid4())
        at = forms.write_instant(await self.env.get_current_time())
        command = start_command(info, instance, input or REFUND, at, **wrong)
        return await self.start_raw(info, instance, command)

    async def start_raw(self, info: programs.ProgramInfo, instance: str, command: Any) -> Case:
        sealer = KEYS.make(info.team, instance)
        handle = await self.env.client.start_workflow(
            info.workflow_id,
            sealer.close("start", command) if isinstance(command, dict) else command,
            id=instance,
            task_queue=f"gantral-{info.team}",
            task_timeout=timedelta(seconds=10),
        )
        return Case(self, handle)

    async def desk(self, *script: str, what: str = "door", workflow: str = "desk") -> Case:
        input = {"owner": "alice", "what": what, "script": list(script)}
        return await self.start(input, workflow)

    async def approve_desk(self, case: Case) -> None:
        """Both persons that the desk's gate wants."""
        await case.vote("alice")
        await case.vote("bob", "APPROVE", "security")


VERSION = WorkerDeploymentVersion(deployment_name="tests", build_id="1")
VERSIONED = WorkerDeploymentConfig(version=VERSION, use_worker_versioning=True)


async def make_current(env: WorkflowEnvironment) -> None:
    """Route new runs to VERSION, once its worker has shown up at the server."""
    request = SetWorkerDeploymentCurrentVersionRequest(
        namespace=env.client.namespace,
        deployment_name=VERSION.deployment_name,
        build_id=VERSION.build_id,
    )
    while True:
        try:
            await env.client.workflow_service.set_worker_deployment_current_version(request)
            return
        except RPCError as error:
            if error.status not in (RPCStatusCode.NOT_FOUND, RPCStatusCode.FAILED_PRECONDITION):
                raise
            await asyncio.sleep(0.05)


async def register(env: WorkflowEnvironment) -> None:
    keyword = IndexedValueType.INDEXED_VALUE_TYPE_KEYWORD
    await env.client.operator_service.add_search_attributes(
        AddSearchAttributesRequest(
            namespace=env.client.namespace,
            search_attributes=dict.fromkeys(ATTRIBUTES, keyword),
        )
    )
