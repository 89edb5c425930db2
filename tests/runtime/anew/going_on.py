"""Programs whose runs go on in new histories, on the deployment of `tests/runtime/children`."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any

import families
from families import Family
from gantral.api import starting
from gantral.cli.scenarios.model import Answer
from gantral.cli.scenarios.script import Script
from gantral.cli.scenarios.world import open_world
from gantral.compiler.analysis import Project, analyse
from gantral.compiler.generate import generate
from gantral.runtime import programs
from temporalio.api.enums.v1 import EventType
from temporalio.worker import Replayer
from temporalio.worker.workflow_sandbox import SandboxedWorkflowRunner

SPEC = """
role clerk
role boss

workflow payments version "1.0.0" {
  team payments
  start by clerk
  input  { invoices: list(max: 5000) of string, amount: decimal(scale: 2) }
  output { paid: list(max: 5000) of string, last: string, iban: string }
  service bank on queue "bank" {
    read account(of: string) -> { iban: string } { timeout 10s }
    effect pay(invoice: string, amount: decimal(scale: 2)) -> { reference: string } { timeout 1m }
  }
  gate release(invoice: string, amount: decimal(scale: 2)) {
    releases bank.pay
    decide   1 of boss
    clock    { after 24h reject }
    lasts    30m
  }
  run {
    let account = bank.account(of: "us")
    var last: string = "none"
    let paid = for each invoice in input.invoices at most 5000 {
      let ok = ask release(invoice: invoice, amount: input.amount)
      let done = bank.pay(invoice: ok.invoice, amount: ok.amount) under ok
      set last = done.reference
      collect done.reference
    }
    complete { paid: paid, last: last, iban: account.iban }
  }
}

workflow tell version "1.0.0" {
  team payments
  start by clerk
  input  { invoice: string, customers: list(max: 9000) of string, wrong: bool }
  output { told: string }
  service till on queue "till" {
    effect take(invoice: string) -> { reference: string } {
      timeout 1m  undo give_back(reference: result.reference)
    }
    effect give_back(reference: string) { timeout 1m }
    notify tell(to: string) { timeout 10s }
  }
  gate release(invoice: string) {
    releases till.take
    decide   1 of boss
    clock    { after 24h reject }
    lasts    30m
  }
  run {
    let ok = ask release(invoice: input.invoice)
    let taken = till.take(invoice: ok.invoice) under ok
    for each customer in input.customers at most 9000 {
      till.tell(to: customer)
    }
    if input.wrong { terminate "it was wrong" }
    complete { told: taken.reference }
  }
}

workflow twice version "1.0.0" {
  team payments
  start by clerk
  input  { customers: list(max: 9000) of string }
  output { told: list(max: 9000) of string, last: string }
  service till on queue "till" {
    notify tell(to: string) { timeout 10s }
  }
  run {
    let told = for each customer in input.customers at most 9000 {
      till.tell(to: customer)
      collect "{customer}!"
    }
    var last: string = "nobody"
    let about = "{len(told)} of {len(input.customers)}"
    repeat at most 3 { till.tell(to: about) } else { }
    for each one in told at most 9000 {
      till.tell(to: one)
      set last = "{one} {about}"
    }
    complete { told: told, last: last }
  }
}
"""
MANY = 40


def packages() -> list[Mapping[str, bytes]]:
    files = {"batch.gantral": SPEC}
    found = analyse(Project(files.get), "batch.gantral")
    assert found.programs, found.diagnostics
    return [generate(program, files).files for program in found.programs]


@asynccontextmanager
async def deployed(folder: Path, address: str, *, real: bool = False) -> AsyncIterator[Family]:
    folder.mkdir(exist_ok=True)
    async with (
        open_world(packages(), folder, address, workflows=not real) as world,
        AsyncExitStack() as stack,
    ):
        deployment = world.deployment(str(folder))
        if real:
            await stack.enter_async_context(families.versioned(world.client, deployment))
            await families.make_current(world.client)
        answers = tuple(Answer({"reference": f"R{n}"}, "", "") for n in range(1, MANY + 1))
        given = {
            "bank.account": (Answer({"iban": "DE1"}, "", ""),),
            "bank.pay": answers,
            "till.take": answers[:2],
            "till.give_back": (Answer(None, "", ""),),
            "till.tell": (Answer(None, "", ""),) * (MANY + 2),
        }
        world.script = Script(given, {})
        yield Family(world, deployment, folder, real)


async def start(family: Family, workflow: str, **input: Any) -> str:
    await family.look()
    carol = family.person("carol", "clerk")
    body = {"workflow": workflow, "input": input}
    return (await starting.start(family.deployment, carol, body, None))["instance_id"]


async def histories(family: Family, instance: str) -> list[Any]:
    """The histories of an instance, the first one first."""
    run = (await family.handle(instance).describe()).run_id
    found: list[Any] = []
    while run:
        handle = family.world.client.get_workflow_handle(instance, run_id=run)
        history = await handle.fetch_history()
        found.insert(0, history)
        run = history.events[
            0
        ].workflow_execution_started_event_attributes.continued_execution_run_id
    return found


def goes_on(history: Any) -> bool:
    return bool(
        history.events[-1].event_type == EventType.EVENT_TYPE_WORKFLOW_EXECUTION_CONTINUED_AS_NEW
    )


async def replay(family: Family, all_: list[Any]) -> None:
    replayer = Replayer(
        workflows=[info.workflow_class for info in family.deployment.programs.values()],
        workflow_runner=SandboxedWorkflowRunner(restrictions=programs.sandbox()),
    )
    for history in all_:
        await replayer.replay_workflow(history)


async def next_gate(family: Family, instance: str, round: int) -> None:
    await family.until(
        instance, lambda story: story.waiting is not None and int(story.waiting.round) == round
    )


async def ended(family: Family, instance: str) -> Any:
    return await asyncio.wait_for(family.end(instance), 60)
