"""A stage: services that answer for themselves, and what is tried again."""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
from gantral.api import starting
from gantral.api.temporal import Gateway, Rejected
from gantral.cli.simulating.code import code, read
from gantral.identity import Person
from gantral.runtime import Service
from gantral.runtime.keyring import Keyring
from gantral.runtime.programs import ProgramInfo
from gantral.simulation import AUDIENCE, BEGINS, ISSUER, Deployment, Stage
from gantral.simulation.executions import Timer
from gantral.simulation.serving import SimulatedGateway, served
from simulated import HEAD

SPEC = (
    HEAD
    + """\
workflow look version "1.0.0" {
  team payments
  start by clerk
  input  { name: string }
  output { said: string }
  service desk on queue "desk" {
    read find(name: string) -> { said: string } { timeout 1m  retry 2 every 10s }
  }
  run {
    let found = desk.find(name: input.name)
    complete { said: found.said }
  }
}
"""
)


class Desk:
    """Is down as often as it is told."""

    def __init__(self) -> None:
        self.down = 0
        self.calls = 0

    def services(self, program: ProgramInfo) -> list[Service]:
        (base,) = program.services.values()

        def find(service: Service, call: Any, /, **arguments: Any) -> Any:
            self.calls += 1
            if self.calls <= self.down:
                raise RuntimeError("down")
            result = program.calls["desk.find"].result_
            assert result is not None
            return result(said=f"{arguments['name']} is here")  # type: ignore[call-arg]

        return [type("Desk", (base,), dict.fromkeys(base.__abstractmethods__, find))()]


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[tuple[Desk, Deployment]]:
    spec = tmp_path / "look.gantral"
    spec.write_text(SPEC, "utf-8")
    made = Desk()
    with code(read(str(spec)), "look", None) as found:
        deployment = Deployment(found.packages.values(), made.services)
        yield made, deployment
        deployment.close()


def started(deployment: Deployment, folder: Path) -> tuple[Stage, str]:
    """An instance that a clerk started by the API's own function."""
    stage = Stage(deployment, BEGINS)
    now = int(BEGINS.timestamp())
    clerk = Person(
        issuer=ISSUER,
        audience=AUDIENCE,
        claim="sub",
        value="carol",
        name="carol",
        roles=("clerk",),
        levels=(),
        signed_in=now,
        expires=now + 3600,
        token_hash=sha256(b"token").hexdigest(),
    )
    body = {"workflow": "look", "input": {"name": "Ann"}}
    receipt = asyncio.run(starting.start(served(deployment, stage, folder), clerk, body, None))
    return stage, receipt["instance_id"]


def test_a_call_that_fails_waits_for_its_next_attempt(
    desk: tuple[Desk, Deployment], tmp_path: Path
) -> None:
    made, deployment = desk
    made.down = 2
    stage, instance = started(deployment, tmp_path)
    assert (made.calls, stage.next()) == (1, BEGINS + timedelta(seconds=10))
    stage.pass_to(BEGINS + timedelta(seconds=9))
    assert made.calls == 1
    stage.pass_to(BEGINS + timedelta(seconds=10))
    # The second pause is twice the first.
    assert (made.calls, stage.next()) == (2, BEGINS + timedelta(seconds=30))
    stage.pass_to(BEGINS + timedelta(minutes=1))
    assert made.calls == 3
    execution = stage.server.executions[instance]
    assert execution.result["output"] == {"said": "Ann is here"}
    assert stage.next() is None
    stage.replay(instance)


def test_after_its_last_attempt_it_has_failed(
    desk: tuple[Desk, Deployment], tmp_path: Path
) -> None:
    made, deployment = desk
    made.down = 9
    stage, instance = started(deployment, tmp_path)
    stage.pass_to(BEGINS + timedelta(hours=1))
    assert made.calls == 3
    result = stage.server.executions[instance].result
    assert (result["state"], result["cause"]) == ("TERMINATED", "action_failed")


def test_each_story_has_a_store_of_its_own(desk: tuple[Desk, Deployment], tmp_path: Path) -> None:
    _, deployment = desk
    _, first = started(deployment, tmp_path)
    assert any(first in key for key in deployment.store.list("payments"))
    _, second = started(deployment, tmp_path)
    assert not any(first in key for key in deployment.store.list("payments"))
    assert any(second in key for key in deployment.store.list("payments"))


def test_what_its_workflow_refuses_is_refused(
    desk: tuple[Desk, Deployment], tmp_path: Path
) -> None:
    _, deployment = desk
    stage, instance = started(deployment, tmp_path)
    envelope = Keyring(deployment.store).of("payments", instance).close("decide", {})
    answer = asyncio.run(SimulatedGateway(stage).decide(instance, "vote-1", envelope))
    assert isinstance(answer, Rejected)
    assert answer.rule == "instance_ended"


def test_whatever_serve_asks_of_temporal_the_simulation_answers() -> None:
    asked = {
        name
        for name, one in vars(Gateway).items()
        if inspect.iscoroutinefunction(one) and name != "_require"
    }
    # `decide` and `send` are both made of `_update`.
    assert asked - {"decide", "send"} <= vars(SimulatedGateway).keys()


@pytest.mark.parametrize("due", [1, 999, 1000, 1001, 1795721262_000_000_001])
def test_at_the_instant_of_a_timer_it_is_due(due: int) -> None:
    at = Timer("instance", 1, due).at - datetime(1970, 1, 1, tzinfo=UTC)
    assert 0 <= at // timedelta(microseconds=1) * 1000 - due < 1000
