"""Programs that carry a person's text to wherever one can go, on the deployment of
`tests/runtime/children`; and the search for it."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any

from families import Family
from gantral.cli.scenarios.model import Answer
from gantral.cli.scenarios.script import Script
from gantral.cli.scenarios.world import open_world
from gantral.compiler.analysis import Project, analyse
from gantral.compiler.generate import generate
from gantral.runtime.sealing import Sealer
from google.protobuf.json_format import MessageToDict

SPEC = """
role clerk
role boss

workflow settle version "1.0.0" {
  team payments
  start by clerk
  input  { note: string, owner: person }
  output { said: string }
  service desk on queue "desk" { read look(note: string) -> { said: string } { timeout 10s } }
  run {
    let found = desk.look(note: input.note)
    complete { said: found.said }
  }
}

workflow marked version "1.0.0" {
  team payments
  start by clerk
  input  {
    note: string, owner: person, amount: decimal(scale: 2), end: bool,
    many: list(max: 9000) of string
  }
  output { text: string, child: string, told: string }
  event  called { what: string, by: person } from boss
  service bank on queue "bank" {
    read account(of: string) -> { iban: string } { timeout 10s }
    read missing(of: string) -> { iban: string } { timeout 10s retry 0 }
    effect pay(to: string, amount: decimal(scale: 2)) -> { reference: string } {
      timeout 1m  undo back(reference: result.reference)
    }
    effect back(reference: string) { timeout 1m }
    notify tell(to: string) { timeout 10s }
  }
  gate release(iban: string, note: string, amount: decimal(scale: 2), owner: person) {
    releases bank.pay
    decide   1 of boss
    amend    amount where new <= old
    clock    { after 24h reject }
    lasts    30m
  }
  run {
    let account = bank.account(of: input.note)
    bank.missing(of: input.note) else as f { bank.tell(to: f.cause) }
    let child = run workflow settle(note: input.note, owner: input.owner)
    var said: string = ""
    match child {
      completed as r -> { set said = r.said }
      rejected as r -> { set said = r.reason }
      terminated as r -> { set said = r.cause }
    }
    var told: string = ""
    wait {
      for called as c { set told = c.what }
    } within 1h else { }
    for each one in input.many at most 9000 { bank.tell(to: one) }
    let ok = ask release(
      iban: account.iban, note: input.note, amount: input.amount, owner: input.owner
    )
    let paid = bank.pay(to: ok.iban, amount: ok.amount) under ok
    if input.end { terminate "it ends: {input.note}" }
    complete { text: paid.reference, child: said, told: told }
  }
}
"""


def packages() -> list[Mapping[str, bytes]]:
    files = {"marked.gantral": SPEC}
    found = analyse(Project(files.get), "marked.gantral")
    assert found.programs, found.diagnostics
    return [generate(program, files).files for program in found.programs]


# No person's text of these runs is without it, and no number of theirs is another. Long: what is
# sealed is as good as chance, and holds any few letters now and then.
MARK, AMOUNT, AMENDED = "Qx7MarkZebraQuartz", "987654321.77", "987654300.11"
_FORMS = tuple(
    form
    for mark in (MARK, AMOUNT, AMENDED)
    for form in (
        mark.encode(),
        # As base64 has it, wherever in the text it begins; the ends depend on what is beside it.
        *(
            base64.b64encode(b"x" * shift + mark.encode())[4 * (shift > 0) : -4]
            for shift in range(3)
        ),
    )
)


def mark(what: str) -> str:
    return f'Zoë "{MARK}" {what}'


def given(*, end: bool = False) -> dict[str, Any]:
    many = [mark(f"customer {number}") for number in range(8)]
    owner = mark("owner")
    return {"note": mark("note"), "owner": owner, "amount": AMOUNT, "many": many, "end": end}


@asynccontextmanager
async def deployed(folder: Path, address: str) -> AsyncIterator[Family]:
    folder.mkdir(exist_ok=True)
    async with open_world(packages(), folder, address) as world:
        deployment = world.deployment(str(folder))
        answers = {
            "bank.account": Answer({"iban": mark("iban")}, "", ""),
            "bank.missing": Answer(None, "not_done", mark("is missing")),
            "bank.pay": Answer({"reference": mark("reference")}, "", ""),
            "bank.back": Answer(None, "not_done", mark("is not given back")),
            "bank.tell": Answer(None, "", ""),
            "desk.look": Answer({"said": mark("said")}, "", ""),
        }
        many = {name: (answer,) * 40 for name, answer in answers.items()}
        world.script = Script(many, {})
        yield Family(world, deployment, folder)


async def histories(family: Family, instance: str) -> list[Any]:
    """The histories of an instance, of each run of it."""
    run = (await family.handle(instance).describe()).run_id
    found: list[Any] = []
    while run:
        handle = family.world.client.get_workflow_handle(instance, run_id=run)
        found.insert(0, await handle.fetch_history())
        first = found[0].events[0].workflow_execution_started_event_attributes
        run = first.continued_execution_run_id
    return found


def found_in(data: bytes) -> list[bytes]:
    """What of the marks lies in these bytes, as it is or encoded as deep as one likes."""
    found = [form for form in _FORMS if form in data]
    for text in re.findall(rb"[A-Za-z0-9+/]{16,}={0,2}", data):
        with suppress(ValueError):
            found += found_in(base64.b64decode(text + b"=" * (-len(text) % 4)))
    return found


def readable(history: Any) -> list[str]:
    """The events of a history in which a mark is found, and in which form."""
    found = []
    for event in history.events:
        written = json.dumps(MessageToDict(event)).encode()
        for form in {*found_in(event.SerializeToString()), *found_in(written)}:
            found += [f"{event.event_id} {event.WhichOneof('attributes')}: {form!r}"]
    return found


def opened(sealer: Sealer, history: Any) -> str:
    """All starts, commands, updates and ends of a history, opened with the key."""
    found = []
    for event in history.events:
        kind = event.WhichOneof("attributes")
        attributes = getattr(event, kind)
        if kind == "workflow_execution_started_event_attributes":
            place, payloads = "start", attributes.input.payloads
        elif kind == "activity_task_scheduled_event_attributes":
            place, payloads = attributes.activity_type.name, attributes.input.payloads
        elif kind == "workflow_execution_update_accepted_event_attributes":
            called = attributes.accepted_request.input
            place, payloads = called.name, called.args.payloads
        elif kind == "workflow_execution_completed_event_attributes":
            place, payloads = "end", attributes.result.payloads
        else:
            continue
        for payload in payloads:
            envelope = json.loads(payload.data)
            envelope.pop("carried", None)
            found.append(json.dumps(sealer.open(place, envelope), ensure_ascii=False))
    return "\n".join(found)
