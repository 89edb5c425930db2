"""A parent and its children on a real time-skipping server, real workers and keys around them: what
a test sees and does as a person, as an operator, or as who holds Temporal credentials."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

from gantral.api import deciding, starting
from gantral.api.deployment import Deployment
from gantral.api.story import Story
from gantral.cli.scenarios.model import Answer
from gantral.cli.scenarios.script import Script
from gantral.cli.scenarios.world import AUDIENCE, ISSUER, World, open_world
from gantral.compiler.analysis import Project, analyse
from gantral.compiler.generate import generate
from gantral.evidence import SigningKey, TrustFile
from gantral.evidence.children import link_children
from gantral.evidence.export import export_instance
from gantral.evidence.hashes import child_id
from gantral.evidence.report import Report
from gantral.evidence.verify import verify_folder
from gantral.identity import Person
from gantral.runtime import programs
from gantral.runtime.commands import workflow_queue
from gantral.runtime.ended import end_of
from gantral.runtime.workers.actors import Actors
from gantral.runtime.workers.chain import Chain
from gantral.runtime.workers.children import ChildStarter
from gantral.runtime.workers.commit import Committer
from temporalio.api.workflowservice.v1 import SetWorkerDeploymentCurrentVersionRequest
from temporalio.client import Client, WorkflowHandle
from temporalio.common import WorkerDeploymentVersion
from temporalio.service import RPCError, RPCStatusCode
from temporalio.worker import Worker, WorkerDeploymentConfig
from temporalio.worker.workflow_sandbox import SandboxedWorkflowRunner

SPEC = """
role clerk
role boss

workflow settle version "1.0.0" {
  team payments
  start by clerk
  input  { invoice: string, amount: decimal(scale: 2), owner: person? }
  output { reference: string }
  service bank on queue "bank" {
    effect pay(invoice: string, amount: decimal(scale: 2)) -> { reference: string } { timeout 1m }
  }
  gate release(invoice: string, amount: decimal(scale: 2)) {
    releases bank.pay
    decide   1 of boss
    clock    { after 24h reject }
    lasts    30m
  }
  run {
    require input.amount > 0.00 else "nothing to pay"
    let ok = ask release(invoice: input.invoice, amount: input.amount)
    let paid = bank.pay(invoice: ok.invoice, amount: ok.amount) under ok
    complete { reference: paid.reference }
  }
}

workflow batch version "1.0.0" {
  team payments
  start by clerk
  input  { first: string, second: string, amount: decimal(scale: 2), owner: person? }
  output { note: string }
  run {
    var note: string = ""
    let one = run workflow settle(invoice: input.first, amount: input.amount, owner: input.owner)
    match one {
      completed as r -> { set note = r.reference }
      rejected as r -> { set note = "{r.gate} {r.cause}" }
      terminated as r -> { set note = r.cause }
    }
    let two = run workflow settle(invoice: input.second, amount: input.amount)
    match two {
      completed as r -> { set note = "{note}, {r.reference}" }
      rejected as r -> { set note = "{note}, {r.gate} {r.cause}" }
      terminated as r -> { set note = "{note}, {r.cause}" }
    }
    complete { note: note }
  }
}

workflow book version "1.0.0" {
  team payments
  start by clerk
  input  { name: string }
  output { id: string }
  service seats on queue "seats" {
    effect reserve(name: string) -> { id: string } { timeout 1m  undo cancel(id: result.id) }
    effect cancel(id: string) { timeout 1m }
  }
  gate hold(name: string) {
    releases seats.reserve
    decide   1 of boss
    clock    { after 24h reject }
    lasts    30m
  }
  run {
    let ok = ask hold(name: input.name)
    let held = seats.reserve(name: ok.name) under ok
    complete { id: held.id }
  }
}

workflow fee version "1.0.0" {
  team payments
  start by clerk
  once per input.invoice, initiator
  input  { invoice: string, ok: bool }
  output { invoice: string }
  run {
    require input.ok else "not now"
    complete { invoice: input.invoice }
  }
}

workflow fees version "1.0.0" {
  team payments
  start by clerk
  input  { invoices: list(max: 4) of string, ok: bool }
  output { notes: list(max: 4) of string }
  run {
    let notes = for each invoice in input.invoices at most 4 {
      let one = run workflow fee(invoice: invoice, ok: input.ok)
      match one {
        completed as r -> { collect r.invoice }
        rejected -> { collect "rejected" }
        terminated as r -> { collect r.cause }
      }
    }
    complete { notes: notes }
  }
}

workflow trip version "1.0.0" {
  team payments
  start by clerk
  input  { names: list(max: 3) of string }
  output { ids: list(max: 3) of string }
  run {
    let ids = for each name in input.names at most 3 {
      let one = run workflow book(name: name)
      match one {
        completed as r -> { collect r.id }
        else -> { terminate "not every seat" }
      }
    }
    complete { ids: ids }
  }
}

workflow holiday version "1.0.0" {
  team payments
  start by clerk
  input  { names: list(max: 3) of string }
  output { note: string }
  run {
    let there = run workflow trip(names: input.names)
    match there {
      completed -> { terminate "changed our minds" }
      else -> { complete { note: "stays at home" } }
    }
  }
}

workflow swap version "1.0.0" {
  team payments
  start by clerk
  input  { first: string, second: string }
  output { note: string }
  run {
    let old = run workflow book(name: input.first)
    match old {
      completed -> {
        let new = run workflow book(name: input.second)
        match new {
          completed as r -> { undo old  complete { note: r.id } }
          else -> { complete { note: "kept" } }
        }
      }
      else -> { complete { note: "none" } }
    }
  }
}

workflow whole version "1.0.0" {
  team payments
  start by clerk
  input  { invoice: string }
  output { note: string }
  run {
    let all = run workflow batch(first: input.invoice, second: input.invoice, amount: 1)
    match all {
      completed as r -> { complete { note: "all: {r.note}" } }
      rejected -> { complete { note: "rejected" } }
      terminated as r -> { terminate "it ended: {r.cause}" }
    }
  }
}
"""
FIRST, SECOND = "workflow.settle/1", "workflow.settle/2"
INPUT = {"first": "I-1", "second": "I-2", "amount": "5.00"}
TEAM = "payments"
VERSION = WorkerDeploymentVersion(deployment_name="families", build_id="1")


@dataclass
class Family:
    """One deployment; `handle` and `story` are of any instance of it."""

    world: World
    deployment: Deployment
    folder: Path
    real: bool = False  # time passes by itself
    acts: int = 0

    @property
    def key(self) -> SigningKey:
        """The evidence worker's."""
        return SigningKey.load((self.folder / "commit.key").read_bytes())

    @property
    def api_key(self) -> SigningKey:
        return SigningKey.load((self.folder / "decision.key").read_bytes())

    @property
    def trust(self) -> TrustFile:
        return self.deployment.trust

    @property
    def actors(self) -> Actors:
        return Actors((self.folder / "pepper.key").read_bytes(), ISSUER, "sub")

    @property
    def starter(self) -> ChildStarter:
        """The evidence worker's hand that seals a child's start."""
        stores = (self.deployment.store, self.deployment.drafts, self.trust)
        return ChildStarter(*stores, self.key, self.actors)

    def sealed_start(self, parent: str) -> dict[str, Any]:
        """The start of a running parent's next child, as the child's own code reads it."""
        made = self.starter.answer(self.command(parent))
        start = self.deployment.keys.of(TEAM, made["instance_id"]).open("start", made["start"])
        del start["end_key"]
        return start

    @property
    def committer(self) -> Committer:
        stores = (self.deployment.store, self.deployment.drafts, self.trust)
        return Committer(*stores, self.key, self.actors)

    def program(self, name: str) -> programs.ProgramInfo:
        return self.deployment.programs[name]

    def person(self, name: str, *roles: str) -> Person:
        self.acts += 1
        now = int(self.world.clock.now().timestamp())
        return Person(
            issuer=ISSUER,
            audience=AUDIENCE,
            claim="sub",
            value=name,
            name=name,
            roles=roles,
            levels=(),
            signed_in=now,
            expires=now + 3600,
            token_hash=sha256(f"{name} {self.acts}".encode()).hexdigest(),
        )

    async def look(self) -> None:
        if not self.real:
            await self.world.clock.look()

    async def start(self, workflow: str = "batch", **input: Any) -> str:
        await self.look()
        given = {**(INPUT if workflow == "batch" else {}), **input}
        body = {"workflow": workflow, "input": given}
        carol = self.person("carol", "clerk")
        receipt = await starting.start(self.deployment, carol, body, None)
        return receipt["instance_id"]

    def handle(self, instance: str) -> WorkflowHandle[Any, Any]:
        return self.world.client.get_workflow_handle(instance, result_type=dict[str, Any])

    async def end(self, instance: str) -> Any:
        """The end of a run that is nobody's child."""
        return await end_of(self.handle(instance), self.deployment.keys.of(TEAM, instance))

    def story(self, instance: str) -> Story | None:
        return self.deployment.library.story(instance)

    def chain(self, instance: str) -> Chain:
        return Chain(self.deployment.store, self.trust, TEAM, instance)

    async def until(self, instance: str, holds: Callable[[Story], bool]) -> Story:
        """Its story once that holds; the test's own time limit is what ends a wait in vain."""
        while True:
            story = self.story(instance)
            if story is not None and holds(story):
                return story
            await asyncio.sleep(0.02)

    async def waiting(self, instance: str) -> Story:
        return await self.until(instance, lambda story: story.waiting is not None)

    async def decide(self, instance: str, vote: str = "approve") -> None:
        story = await self.waiting(instance)
        assert story.waiting is not None
        await self.look()
        body = {
            "decision": vote,
            "shown": story.waiting.artifact["artifact_hash"],
            "reason": "I looked at it",
        }
        await deciding.decide(self.deployment, self.person("dora", "boss"), instance, body)

    def judged(self, *instances: str) -> list[Report]:
        """The verdicts on these instances' folders, given together."""
        reports = []
        for instance in instances:
            folder = self.folder / "exported" / f"{self.acts}-{len(reports)}-{instance}"
            export_instance(self.deployment.store, TEAM, instance, folder)
            reports.append(verify_folder(folder, self.trust))
        return link_children(reports)

    def command(self, parent: str, call: str = SECOND, **changes: Any) -> dict[str, Any]:
        """What a running parent asks the evidence worker for."""
        story = self.story(parent)
        assert story is not None
        return {
            "team": TEAM,
            "workflow_id": story.manifest["workflow_id"],
            "instance_id": parent,
            "program": story.version_id,
            "call": call,
            "timestamp": story.commits[-1]["timestamp"],
            "initiator": {"actor": self.actors.resolve("carol"), "value": "carol"},
            "input": {"invoice": "I-2", "amount": "5.00"},
            **changes,
        }

    async def start_raw(self, instance: str, workflow: str, command: Mapping[str, Any]) -> Any:
        """Start an instance as who holds Temporal credentials can, and its key too."""
        sealer = self.deployment.keys.make(TEAM, instance)
        return await self.world.client.start_workflow(
            workflow, sealer.close("start", command), id=instance, task_queue=workflow_queue(TEAM)
        )


def scripted(**given: tuple[Answer, ...]) -> Script:
    """What the services answer: `cancel` of seats, if it is another thing than yes."""
    answers = {
        "bank.pay": tuple(Answer({"reference": f"R{n}"}, "", "") for n in range(1, 9)),
        "seats.reserve": tuple(Answer({"id": f"S{n}"}, "", "") for n in range(1, 9)),
        "seats.cancel": given.get("cancel", (Answer(None, "", ""),) * 8),
    }
    return Script(answers, {})


def packages() -> list[Mapping[str, bytes]]:
    files = {"batch.gantral": SPEC}
    found = analyse(Project(files.get), "batch.gantral")
    assert found.diagnostics == (), found.diagnostics
    return [generate(program, files).files for program in found.programs]


@asynccontextmanager
async def families(folder: Path, address: str, *, real: bool = False) -> AsyncIterator[Family]:
    """A deployment on a server; ``real`` says that it is no time-skipping one: that one wants
    versions of workers."""
    folder.mkdir(exist_ok=True)
    async with (
        open_world(packages(), folder, address, workflows=not real) as world,
        AsyncExitStack() as stack,
    ):
        deployment = world.deployment(str(folder))
        if real:
            await stack.enter_async_context(versioned(world.client, deployment))
            await make_current(world.client)
        world.script = scripted()
        yield Family(world, deployment, folder, real)


def versioned(client: Client, deployment: Deployment) -> Worker:
    return Worker(
        client,
        task_queue=workflow_queue(TEAM),
        workflows=[info.workflow_class for info in deployment.programs.values()],
        workflow_runner=SandboxedWorkflowRunner(restrictions=programs.sandbox()),
        deployment_config=WorkerDeploymentConfig(version=VERSION, use_worker_versioning=True),
    )


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


def first(parent: str) -> str:
    return child_id(parent, FIRST)


def second(parent: str) -> str:
    return child_id(parent, SECOND)
