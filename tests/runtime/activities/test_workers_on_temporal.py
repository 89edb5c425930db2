"""Real workers on a real Temporal server: redelivery, the closer, the command."""

from __future__ import annotations

import asyncio
import sys
import tomllib
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from gantral.cli.tools.processes import Processes
from gantral.cli.tools.servers import TemporalServer, start_temporal
from gantral.evidence.forms import instant_text
from gantral.runtime.commands import COMMIT
from gantral.runtime.keyring import Keyring
from gantral.runtime.sealing import plain_of
from gantral.runtime.settings import load
from gantral.runtime.workers.closer import Closed
from gantral.runtime.workers.connection import SEARCH_ATTRIBUTES, connect
from gantral.runtime.workers.sealed import sealed
from temporalio.client import Client, WorkflowFailureError
from temporalio.exceptions import ActivityError, ApplicationError
from temporalio.worker import UnsandboxedWorkflowRunner, Worker

PACKAGES = Path(__file__).parent / "packages"


@pytest.fixture(scope="module")
def processes(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Processes]:
    with Processes(tmp_path_factory.mktemp("logs")) as running:
        yield running


@pytest.fixture
def temporal(processes: Processes) -> TemporalServer:
    # A server of its own for each test: once a versioned worker has polled a queue, a worker
    # without a version gets nothing of it any more.
    return start_temporal(processes)


@pytest.fixture
def settings(world: Any, temporal: TemporalServer) -> Path:
    for use, key in world.keys.items():
        (world.root / f"{use}.key").write_bytes(key.dump())
    (world.root / "pepper.key").write_bytes(world.pepper)
    (world.root / "trust.json").write_bytes(world.trust_bytes)
    file: Path = world.root / "gantral.toml"
    file.write_text(
        f"""
[deployment]
packages = ["activity_refund"]
path = ["{PACKAGES}"]
[temporal]
address = "{temporal.address}"
[identity]
issuer = "{world.issuer}"
audience = "gantral"
[evidence]
store = "file:evidence"
drafts = "file:drafts"
trust = "file:trust.json"
[keys]
commit = "file:commit.key"
effect = "file:effect.key"
closer = "file:closer.key"
pepper = "file:pepper.key"
"""
    )
    assert tomllib.loads(file.read_text())
    return file


def started(processes: Processes, name: str, command: list[str | Path]) -> Any:
    """A worker process, ready when it polls."""
    log = processes.logs / f"{name}.log"
    log.unlink(missing_ok=True)
    return processes.start(name, command, ready=lambda: "polling" in log.read_text())


def gantral(*arguments: str | Path) -> list[str | Path]:
    return [sys.executable, "-c", "from gantral.cli.main import main; main()", *arguments]


def now() -> str:
    return instant_text(int(datetime.now(UTC).timestamp() * 1000))


async def drive(client: Client, world: Any, commands: list[Any], then: str = "end") -> Any:
    from driver import Driver

    sealer = Keyring(world.store).make("payments", world.instance_id)
    closed = [[COMMIT, sealer.close(COMMIT, command)] for command in commands]
    return await client.start_workflow(
        Driver.run,
        {"commands": closed, "then": then, "attempt": 3},
        id=world.instance_id,
        task_queue="driver",
    )


def opened(world: Any, commands: list[Any], answers: list[Any]) -> list[Any]:
    """The answers to sealed commands."""
    sealer = Keyring(world.store).of("payments", world.instance_id)
    return [
        sealer.open_value(f"{COMMIT}:answer", answer, plain_of(sealer.close(COMMIT, command)))
        for command, answer in zip(commands, answers, strict=True)
    ]


def driving(client: Client) -> Worker:
    from driver import Driver

    return Worker(
        client,
        task_queue="driver",
        workflows=[Driver],
        workflow_runner=UnsandboxedWorkflowRunner(),
    )


def two_commands(world: Any) -> list[Any]:
    """The first two commits, as a workflow would send them."""
    first = world.created()
    twin = type(world)(
        world.root / "twin", world.keys, world.trust, world.trust_bytes, world.program
    )
    twin.instance_id = world.instance_id
    # What the receipt of the first will be is known: nothing in it is drawn at random.
    for key in world.store.list(world.chain.key("texts")):
        twin.store.put(key, world.store.get(key) or b"")
    twin.put(first)
    return [first, twin.waiting()]


@pytest.mark.timeout(120)
def test_a_worker_killed_between_put_and_answer_loses_and_doubles_nothing(
    world: Any, settings: Path, processes: Processes
) -> None:
    mark = world.root / "put"
    # Nobody sweeps here: the driver ends with no end of its own, and a sweep might see that first.
    settings.write_text(settings.read_text().replace('closer = "file:closer.key"\n', ""))
    dying = started(
        processes, "dying", [sys.executable, PACKAGES / "dying_worker.py", settings, mark]
    )
    commands = two_commands(world)

    async def scenario() -> list[Any]:
        client = await connect(load(settings).temporal)
        async with driving(client):
            handle = await drive(client, world, commands)
            while not mark.exists():
                await asyncio.sleep(0.02)
            await asyncio.to_thread(dying.kill)
            await asyncio.to_thread(
                started, processes, "second", gantral("worker", "--roles", "evidence",
                                                      "--settings", settings)
            )  # fmt: skip
            return opened(world, commands, await handle.result())

    answers = asyncio.run(scenario())
    commits = list(world.store.list(world.chain.key("commits")))
    assert [key.rpartition("/")[2] for key in commits] == ["00000000.json", "00000001.json"]
    assert answers[1]["commit_hash"] == world.chain.need(1).hash
    second = next(one for one in processes._running if one.name == "second")
    second.terminate()
    # Told to stop, it ends clean: what it had in flight was answered.
    assert second.wait() == 0


@pytest.mark.timeout(120)
def test_the_closer_ends_what_was_terminated_and_fences_who_comes_late(
    world: Any, settings: Path
) -> None:
    world.put(world.created())
    late = world.waiting()

    async def scenario() -> list[Closed]:
        client = await connect(load(settings).temporal)
        async with driving(client):
            handle = await drive(client, world, [], "wait")
            assert [told async for told in world.closer.sweep(client, "payments")] == []
            await handle.terminate("an operator")
        first = [told async for told in world.closer.sweep(client, "payments")]
        return [*first, *[told async for told in world.closer.sweep(client, "payments")]]

    (told,) = asyncio.run(scenario())
    assert (told.instance_id, told.what) == (world.instance_id, "closed")
    (end,) = world.chain.need(1).artifacts
    assert (end["authority_state"], end["cause"]) == ("TERMINATED", "execution_lost")
    with pytest.raises(ApplicationError, match="fork"):
        world.committer.put(late)
    assert world.verdict() == ("VALID", ())


@pytest.mark.timeout(120)
def test_the_closer_rejects_what_waits_after_non_determinism(world: Any, settings: Path) -> None:
    commands = two_commands(world)
    world.put(commands[0])
    world.put(commands[1])

    async def scenario() -> list[Closed]:
        client = await connect(load(settings).temporal)
        async with driving(client):
            handle = await drive(client, world, [], "break")
            with pytest.raises(WorkflowFailureError):
                await handle.result()
        return [told async for told in world.closer.sweep(client, "payments")]

    (told,) = asyncio.run(scenario())
    assert told.why == "its run is failed"
    (end,) = world.chain.need(2).artifacts
    assert (end["authority_state"], end["cause"]) == ("REJECTED", "execution_lost")
    assert (end["gate"], end["round"], end["human_actor_id"]) == ("paying", "1", "none")
    assert world.verdict() == ("VALID", ())


@pytest.mark.timeout(120)
@pytest.mark.parametrize("missing", [0, 1])
def test_the_closer_never_bridges_a_gap(world: Any, settings: Path, missing: int) -> None:
    world.to_grant()
    (world.root / "evidence" / world.chain.commit_key(missing)).unlink()
    # A start puts its texts first: where nothing is committed there is nothing to tell.
    world.store.put("payments/another/texts/0a.json", b"{}")

    async def scenario() -> list[Closed]:
        client = await connect(load(settings).temporal)
        return [told async for told in world.closer.sweep(client, "payments")]

    (told,) = asyncio.run(scenario())
    assert (told.instance_id, told.what) == (world.instance_id, "missing")
    assert world.store.get(world.chain.commit_key(3)) is None
    assert world.store.get(world.chain.commit_key(missing)) is None


@pytest.mark.timeout(120)
def test_a_missing_predecessor_fails_the_run(world: Any, settings: Path) -> None:
    from temporalio.worker import Worker

    commands = two_commands(world)

    async def scenario() -> str:
        client = await connect(load(settings).temporal)
        commit = sealed(COMMIT, world.committer.commit, Keyring(world.store))
        evidence = Worker(client, task_queue="gantral-evidence", activities=[commit])
        async with driving(client), evidence:
            handle = await drive(client, world, [commands[1]])
            with pytest.raises(WorkflowFailureError) as failed:
                await handle.result()
        assert isinstance(failed.value.cause, ActivityError)
        cause = failed.value.cause.cause
        assert isinstance(cause, ApplicationError)
        assert cause.type == "NotCommitted"
        return cause.message

    assert asyncio.run(scenario()) == "predecessor"


@pytest.mark.timeout(120)
def test_reconcile_closes_once(
    world: Any, settings: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    from gantral.cli.main import main

    world.put(world.created())
    assert main(["reconcile", "--settings", str(settings)]) == 0
    assert capsys.readouterr().out.split() == [
        world.instance_id, "closed:", "Temporal", "does", "not", "know", "its", "run",
    ]  # fmt: skip
    assert main(["reconcile", "--settings", str(settings)]) == 0
    assert capsys.readouterr().out == ""


@pytest.mark.timeout(120)
@pytest.mark.parametrize("days", [4, -4])
def test_reconcile_closes_nothing_by_a_wrong_clock(
    world: Any,
    settings: Path,
    days: int,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    from gantral.cli.main import main
    from gantral.runtime.workers import closer
    from gantral.runtime.workers.server_clock import last_polled
    from temporalio.worker import Worker

    world.put(world.created())
    right = closer._now_ms
    monkeypatch.setattr(closer, "_now_ms", lambda: right() + days * 24 * 60 * 60 * 1000)

    async def scenario() -> int:
        client = await connect(load(settings).temporal)
        commit = sealed(COMMIT, world.committer.commit, Keyring(world.store))
        async with Worker(client, task_queue="gantral-evidence", activities=[commit]):
            while await last_polled(client) is None:
                await asyncio.sleep(0.02)
            return await asyncio.to_thread(main, ["reconcile", "--settings", str(settings)])

    assert asyncio.run(scenario()) == 1
    said = capsys.readouterr()
    assert said.out == ""
    assert "reconcile stopped: this machine's clock shows" in said.err
    assert "set the clock" in said.err
    assert world.store.get(world.chain.commit_key(1)) is None


def test_search_attributes_are_registered_in_development_and_demanded_in_production(
    settings: Path,
) -> None:
    from dataclasses import replace

    from gantral.runtime.settings_reader import SettingsError
    from gantral.runtime.workers.connection import require_search_attributes
    from temporalio.api.operatorservice.v1 import RemoveSearchAttributesRequest

    read = load(settings)

    async def scenario() -> None:
        client = await connect(read.temporal)
        await require_search_attributes(client, read)
        await require_search_attributes(client, replace(read, environment="production"))
        await client.operator_service.remove_search_attributes(
            RemoveSearchAttributesRequest(
                namespace=client.namespace, search_attributes=[SEARCH_ATTRIBUTES[0]]
            )
        )
        with pytest.raises(SettingsError, match="search-attribute create"):
            await require_search_attributes(client, replace(read, environment="production"))
        await require_search_attributes(client, read)

    asyncio.run(scenario())


def test_nobody_at_the_address_is_told_with_the_remedy(
    settings: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    from gantral.cli.main import main

    text = settings.read_text()
    line = next(line for line in text.splitlines() if line.startswith("address"))
    settings.write_text(text.replace(line, 'address = "127.0.0.1:1"'))
    assert main(["worker", "--roles", "evidence", "--settings", str(settings)]) == 1
    assert "no Temporal server answers at 127.0.0.1:1" in capsys.readouterr().err
