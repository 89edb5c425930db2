"""The example's program between real servers: the workers run in this process, so that a test can
put its own hands in the place of one of them."""

from __future__ import annotations

import asyncio
import base64
import json
import secrets
import uuid
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from gantral.evidence import LocalStore, SigningKey, TrustFile, canonical, seal
from gantral.evidence.envelope import write_envelope
from gantral.evidence.export import export_instance
from gantral.evidence.forms import instant_text
from gantral.evidence.hashes import context_hash, leaf
from gantral.evidence.recount import vote_hash
from gantral.evidence.verify import verify_folder
from gantral.policy import Opa
from gantral.runtime import programs
from gantral.runtime.ended import end_of, why_failed
from gantral.runtime.sealing import Sealer
from gantral.runtime.workers.actors import Actors
from gantral.runtime.workers.chain import Chain
from gantral.runtime.workers.closer import Closed, Closer
from gantral.runtime.workers.commit import Committer
from gantral.runtime.workers.effects import EffectWorker
from gantral.runtime.workers.gate import GateOpener
from gantral.runtime.workers.implementations import implementations
from gantral.runtime.workers.sealed import sealed
from temporalio.api.workflowservice.v1 import SetWorkerDeploymentCurrentVersionRequest
from temporalio.client import Client, WorkflowFailureError, WorkflowHandle
from temporalio.common import WorkerDeploymentVersion
from temporalio.exceptions import ApplicationError
from temporalio.service import RPCError, RPCStatusCode
from temporalio.worker import Worker, WorkerDeploymentConfig
from temporalio.worker.workflow_sandbox import SandboxedWorkflowRunner

TEAM = "payments"
ISSUER = "https://idp.example"
REASON = "the goods were broken when they came"
EVIDENCE = "gantral-evidence"
# A build that never changes: the server runs PINNED workflows on versioned workers alone.
VERSION = WorkerDeploymentVersion(deployment_name="live", build_id="1")
LONG_AGO = "2026-01-01T00:00:00.000Z"


def now() -> str:
    return instant_text(int(datetime.now(UTC).timestamp() * 1000))


def trust_file(keys: Mapping[str, SigningKey], program: programs.ProgramInfo) -> bytes:
    life = {"not_before": LONG_AGO, "not_after": "none", "environment": "development"}
    return canonical(
        {
            "type": "gantral.dev/trust/v1",
            "trust_id": "test",
            "serial": "1",
            "previous": "none",
            "issued": LONG_AGO,
            "environment": "development",
            "max_skew": "PT5S",
            "actor_claim": "sub",
            "log": "none",
            "keys": {
                key.keyid: {
                    "alg": "ed25519",
                    "public_key": key.public.hex(),
                    "use": use,
                    "teams": [TEAM],
                    "compromised_from": "none",
                    **life,
                }
                for use, key in keys.items()
            },
            "programs": [
                {
                    "owning_team_id": TEAM,
                    "workflow_id": program.workflow_id,
                    "workflow_version_id": program.version_id,
                    **life,
                }
            ],
        }
    )


@dataclass
class Bank:
    """The team's services; who paid what."""

    paid: list[str] = field(default_factory=list)
    reversed: list[str] = field(default_factory=list)

    def services(self) -> list[Any]:
        from refund_app.gen.refund.services import Orders, Payments
        from refund_app.gen.refund.types import Money, Order, PaymentsRefundResult

        bank = self

        class Shop(Orders):
            def fetch(self, call: Any, /, *, id: str) -> Order:
                total = Money.from_wire({"amount": "90.00", "currency": "EUR"})
                return Order(id=id, customer="Zoë", total=total)

        class Paying(Payments):
            def refund(self, call: Any, /, *, order: str, amount: Money) -> PaymentsRefundResult:
                bank.paid.append(str(amount.amount))
                return PaymentsRefundResult(receipt_id=f"R-{len(bank.paid)}")

            def reverse(self, call: Any, /, *, receipt_id: str) -> None:
                bank.reversed.append(receipt_id)

        return [Shop(), Paying()]


class Live:
    """One deployment on a server that others use too."""

    def __init__(
        self,
        root: Path,
        client: Client,
        address: str,
        opa: str,
        keys: Mapping[str, SigningKey],
        trust_bytes: bytes,
        program: programs.ProgramInfo,
    ) -> None:
        self.root, self.client, self.address, self.keys = root, client, address, keys
        self.trust_bytes = trust_bytes
        self.trust = trust = TrustFile.load(trust_bytes)
        self.program = program
        self.store = LocalStore(root / "evidence")
        self.drafts = LocalStore(root / "drafts", deletable=True)
        assert program.keys is not None
        self.keyring = program.keys
        self.actors = Actors(b"pepper of the team", ISSUER, "sub")
        self.committer = Committer(self.store, self.drafts, trust, keys["commit"], self.actors)
        self.opener = GateOpener(self.actors, Opa(opa, 20.0), keys["commit"])
        self.effects = EffectWorker(self.store, trust, keys["effect"], self.actors)
        self.closer = Closer(self.store, self.drafts, trust, keys["closer"])
        self.bank = Bank()
        self.made = implementations(self.bank.services())

    def effect(self, operation: str) -> Callable[..., Any]:
        """The real activity of an effect."""
        made = self.made["refund_app.gen.refund", operation]
        offers = {self.program.version_id: (self.program, made)}
        wire = str(self.program.manifest["operations"][operation]["wire"])
        return self.effects.activity(wire, offers, None)

    @asynccontextmanager
    async def workers(
        self,
        *,
        workflow: type[Any] | None = None,
        commit: Callable[..., Any] | None = None,
        open_gate: Callable[..., Any] | None = None,
        refund: Callable[..., Any] | None = None,
        **options: Any,
    ) -> AsyncIterator[None]:
        """Every worker, each activity the real one unless another is given in its place."""
        from gantral.runtime.workers.actions import action

        reading = self.made["refund_app.gen.refund", "orders.fetch"]
        wire = str(self.program.manifest["operations"]["orders.fetch"]["wire"])
        fetch = sealed(wire, action(self.program, reading, None), self.keyring)
        evidence = [
            sealed("gantral.commit", commit or self.committer.commit, self.keyring),
            sealed("gantral.open_gate", open_gate or self.opener.open_gate, self.keyring),
        ]
        queues: dict[str, list[Any]] = {EVIDENCE: evidence}
        queues.setdefault(self.program.queue("orders.fetch"), []).append(fetch)
        operations = self.program.manifest["operations"]
        pay = [
            sealed(str(operations[name]["wire"]), run, self.keyring)
            for name, run in {
                "payments.refund": refund or self.effect("payments.refund"),
                "payments.reverse": self.effect("payments.reverse"),
            }.items()
        ]
        queues.setdefault(self.program.queue("payments.refund"), []).extend(pay)
        grace = timedelta(seconds=5)
        async with self.workflow_worker(workflow, **options):
            running = [
                Worker(self.client, task_queue=q, activities=a, graceful_shutdown_timeout=grace)
                for q, a in queues.items()
            ]
            tasks = [asyncio.create_task(worker.run()) for worker in running]
            await make_current(self.client)
            try:
                yield
            finally:
                await asyncio.gather(*(worker.shutdown() for worker in running))
                await asyncio.gather(*tasks)

    def workflow_worker(self, workflow: type[Any] | None = None, **options: Any) -> Worker:
        return Worker(
            self.client,
            task_queue=f"gantral-{TEAM}",
            workflows=[workflow or self.program.workflow_class],
            workflow_runner=SandboxedWorkflowRunner(restrictions=programs.sandbox()),
            deployment_config=WorkerDeploymentConfig(version=VERSION, use_worker_versioning=True),
            **options,
        )

    def case(self) -> Case:
        return Case(self, str(uuid.uuid4()))

    async def sweep(self) -> list[Closed]:
        return [told async for told in self.closer.sweep(self.client, TEAM)]


@dataclass
class Case:
    """One instance."""

    live: Live
    instance_id: str
    run: WorkflowHandle[Any, Any] | None = None

    @property
    def chain(self) -> Chain:
        return Chain(self.live.store, self.live.trust, TEAM, self.instance_id)

    @property
    def handle(self) -> WorkflowHandle[Any, Any]:
        assert self.run is not None
        return self.run

    @property
    def states(self) -> list[str]:
        return [
            artifact["authority_state"]
            for number in range(self.chain.head())
            for artifact in self.chain.need(number).artifacts
        ]

    def text(self, pointer: str, value: str) -> str:
        text = [secrets.token_hex(16), self.instance_id, pointer, value]
        self.live.store.put(self.chain.key("texts", f"{leaf(text)}.json"), canonical(text))
        return leaf(text)

    def assurance(self, level: str = "mfa") -> dict[str, str]:
        return {
            "aud": "gantral",
            "auth_time": now(),
            "identity": self.text("/identity", "whoever it was"),
            "iss": ISSUER,
            "level": level,
            "role_map": "ab" * 32,
            "token_hash": "ab" * 32,
        }

    def command(self, amount: str = "30.00", key: SigningKey | None = None) -> dict[str, Any]:
        """A start as the API writes it."""
        input = {
            "order_id": "A-1001",
            "refund": {"amount": amount, "currency": "EUR"},
            "reason": "broken",
        }
        leaves = self.live.program.input.from_wire(input).leaves("/input")
        context = sorted([path, self.text(path, value)] for path, value in leaves.items())
        statement = {
            "type": "gantral.dev/submission/v1",
            "instance_id": self.instance_id,
            "owning_team_id": TEAM,
            "workflow_id": self.live.program.workflow_id,
            "workflow_version_id": self.live.program.version_id,
            "human_actor_id": self.live.actors.resolve("carol"),
            "context_hash": context_hash(context),
            "environment": "development",
            "parent_artifact_hash": "none",
            "business_key": "none",
            "retain_until": "none",
            "timestamp": now(),
            "assurance": self.assurance("none"),
        }
        return {
            "submission": seal("submission", statement, key or self.live.keys["decision"]),
            "input": input,
            "context": context,
            "initiator": {"actor": self.live.actors.resolve("carol"), "value": "carol"},
            "environment": "development",
        }

    async def start(self, command: Any = None, **options: Any) -> Case:
        given = self.command() if command is None else command
        sealer = self.live.keyring.make(TEAM, self.instance_id)
        self.run = await self.live.client.start_workflow(
            self.live.program.workflow_id,
            sealer.close("start", given) if isinstance(given, dict) else given,
            id=self.instance_id,
            task_queue=f"gantral-{TEAM}",
            result_type=dict[str, Any],
            **options,
        )
        return self

    @property
    def sealer(self) -> Sealer:
        return self.live.keyring.of(TEAM, self.instance_id)

    async def end(self) -> dict[str, Any]:
        return dict(await end_of(self.handle, self.sealer))

    async def failed(self) -> ApplicationError:
        """How the run failed: the kind, and the text that was sealed."""
        with pytest.raises(WorkflowFailureError) as error:
            await self.handle.result()
        assert isinstance(error.value.cause, ApplicationError)
        return ApplicationError(why_failed(error.value, self.sealer), type=error.value.cause.type)

    async def show(self) -> dict[str, Any]:
        shown: dict[str, Any] = await self.handle.query("show")
        return shown

    async def waiting(self) -> dict[str, Any]:
        while (shown := await self.show())["gate"] == "none":
            await asyncio.sleep(0.02)
        return shown

    def ballot(
        self, shown: Mapping[str, Any], person: str, *, put: bool = True, **changes: Any
    ) -> dict[str, Any]:
        statement = {
            "type": "gantral.dev/authority-decision/v1",
            "decision_id": str(uuid.uuid4()),
            "instance_id": self.instance_id,
            "decision_type": "APPROVE",
            "human_actor_id": self.live.actors.resolve(person),
            "role": ["finance_manager"],
            "justification": "leaf:" + self.text("/justification", REASON),
            "justification_length": str(len(REASON)),
            "context_snapshot_hash": shown["context_hash"],
            "waiting_artifact_hash": shown["waiting_artifact_hash"],
            "timestamp": now(),
            "supersedes": "none",
            "amendment": [],
            "assurance": self.assurance(),
            **changes,
        }
        envelope = seal("authority-decision", statement, self.live.keys["decision"])
        if put:
            key = self.chain.key("votes", f"{vote_hash(statement)}.json")
            self.live.store.put(key, write_envelope(envelope))
        return {
            "vote": envelope,
            "justification": REASON,
            "round": shown["round"],
            "gate": shown["gate"],
        }

    async def deliver(self, ballot: Mapping[str, Any]) -> dict[str, Any]:
        answer: dict[str, Any] = await self.handle.execute_update(
            "decide", self.sealer.close("decide", ballot)
        )
        return answer

    async def approve(self, shown: Mapping[str, Any] | None = None) -> None:
        shown = shown or await self.waiting()
        for person in ("alice", "bob"):
            await self.deliver(self.ballot(shown, person))

    def verdict(self) -> tuple[str, Any]:
        folder = self.live.root / f"exported-{uuid.uuid4()}"
        export_instance(self.live.store, TEAM, self.instance_id, folder)
        report = verify_folder(folder, self.live.trust)
        return report.verdict, report.findings


async def make_current(client: Client) -> None:
    """Route new runs to VERSION, once its worker has shown up at the server."""
    while True:
        try:
            await client.workflow_service.set_worker_deployment_current_version(
                SetWorkerDeploymentCurrentVersionRequest(
                    namespace=client.namespace,
                    deployment_name=VERSION.deployment_name,
                    build_id=VERSION.build_id,
                )
            )
            return
        except RPCError as error:
            if error.status not in (RPCStatusCode.NOT_FOUND, RPCStatusCode.FAILED_PRECONDITION):
                raise
            await asyncio.sleep(0.05)


def forged(answer: Callable[[dict[str, Any]], Any]) -> Callable[..., Any]:
    """What answers in an activity's place as the attacker likes: whoever may poll a queue, or
    complete an activity by hand, and has the instance's key, can do the same."""

    async def run(command: dict[str, Any]) -> Any:
        given = answer(command)
        return await given if asyncio.iscoroutine(given) else given

    return run


def payload(envelope: Mapping[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(base64.b64decode(envelope["payload"]))
    return found
