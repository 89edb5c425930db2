"""Reads, and what a team's own worker gets from ``gantral.runtime.activities``."""

from __future__ import annotations

import asyncio
import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from gantral.evidence import canonical
from gantral.runtime import CallContext, NotDone, activities
from gantral.runtime.settings import SettingsError
from gantral.runtime.workers.actions import action
from gantral.runtime.workers.implementations import implementations
from temporalio.exceptions import ApplicationError


def orders(ending: Any) -> Any:
    from activity_refund.services import Orders
    from activity_refund.types import Money, Order

    class Team(Orders):
        def fetch(self, call: CallContext, /, *, id: str) -> Order:
            if isinstance(ending, Exception):
                raise ending
            if ending is not None:
                return ending  # type: ignore[no-any-return]
            call.heartbeat()
            total = Money(amount=Decimal("90.00"), currency="EUR")
            return Order(id=id, customer=call.call, total=total)

    return Team()


def fetched(world: Any, ending: Any, arguments: Any, **changes: Any) -> Any:
    made = implementations([orders(ending)])["activity_refund", "orders.fetch"]
    command = {
        "team": "payments",
        "workflow_id": "activity_refund",
        "instance_id": world.instance_id,
        "program": world.program.version_id,
        "run": "r",
        "call": "orders.fetch/1",
        "operation": "orders.fetch",
        "arguments": arguments,
        **changes,
    }
    environment = world.environment()
    return asyncio.run(environment.run(action(world.program, made, None), command))


def test_a_read_gives_its_result_in_wire_form(world: Any) -> None:
    assert fetched(world, None, {"id": "A-1"}) == {
        "result": {
            "id": "A-1",
            "customer": "orders.fetch/1",
            "total": {"amount": "90.00", "currency": "EUR"},
        }
    }


@pytest.mark.parametrize(
    ("ending", "arguments", "final", "words"),
    [
        (None, {"id": 1}, True, "id"),
        (None, {}, True, "id"),
        (None, {"id": "A", "more": 1}, True, "more"),
        (NotDone("there is no such order"), {"id": "A"}, True, "there is no such order"),
        (RuntimeError("password=hunter2"), {"id": "A"}, False, "failed with RuntimeError"),
        ({"id": "A"}, {"id": "A"}, True, "must return a Order"),
    ],
)
def test_a_failed_read_says_why_and_whether_to_try_again(
    world: Any, ending: Any, arguments: Any, final: bool, words: str
) -> None:
    with pytest.raises(ApplicationError) as failed:
        fetched(world, ending, arguments)
    assert failed.value.type == "ActionFailed"
    assert failed.value.non_retryable is final
    assert words in failed.value.message
    assert "hunter2" not in failed.value.message


def test_a_command_without_its_call_is_refused(world: Any) -> None:
    with pytest.raises(ApplicationError, match="no call"):
        fetched(world, None, {"id": "A"}, call=None)


@pytest.fixture
def settings(world: Any) -> Path:
    (world.root / "effect.key").write_bytes(world.keys["effect"].dump())
    (world.root / "commit.key").write_bytes(world.keys["commit"].dump())
    (world.root / "trust.json").write_bytes(world.trust_bytes)
    file: Path = world.root / "gantral.toml"
    file.write_text(
        """
[deployment]
packages = ["activity_refund"]
[evidence]
store = "file:evidence"
drafts = "file:drafts"
trust = "file:trust.json"
[keys]
effect = "file:effect.key"
"""
    )
    return file


def team_payments() -> Any:
    from activity_refund.services import Payments

    class Team(Payments):
        def refund(self, call: CallContext, /, *, order: str, amount: Any) -> Any: ...
        def pay(self, call: CallContext, /, *, order: str, amount: Any) -> Any: ...
        def reverse(self, call: CallContext, /, *, receipt_id: str) -> None: ...

    return Team()


def test_a_teams_own_worker_gets_activities_by_their_wire_names(world: Any, settings: Path) -> None:
    from temporalio.activity import _Definition

    found = activities(team_payments(), orders(None), settings=str(settings))
    names = {_Definition.must_from_callable(one).name for one in found}
    assert names == {
        str(operation["wire"]) for operation in world.program.manifest["operations"].values()
    }


def test_a_key_of_another_use_is_refused(world: Any, settings: Path) -> None:
    settings.write_text(settings.read_text().replace("effect.key", "commit.key"))
    with pytest.raises(SettingsError) as error:
        activities(team_payments(), settings=str(settings))
    assert error.value.key == "keys.effect"


@pytest.mark.parametrize(
    ("member", "rule"), [("not_after", "not valid"), ("compromised_from", "compromised")]
)
def test_a_key_whose_life_is_over_is_refused_at_start_up(
    world: Any, settings: Path, member: str, rule: str
) -> None:
    value = json.loads(world.trust_bytes)
    for one in value["keys"].values():
        if one["use"] == "effect":
            one[member] = "2021-01-01T00:00:00.000Z"
    (world.root / "trust.json").write_bytes(canonical(value))
    with pytest.raises(SettingsError, match=rule) as error:
        activities(team_payments(), settings=str(settings))
    assert error.value.key == "keys.effect"


def test_what_is_no_service_is_refused(world: Any, settings: Path) -> None:
    with pytest.raises(SettingsError, match="no service of a generated package"):
        activities(object(), settings=str(settings))  # type: ignore[arg-type]
    with pytest.raises(SettingsError, match="implemented twice"):
        activities(orders(None), orders(None), settings=str(settings))


def test_a_development_trust_file_does_not_serve_production(world: Any, settings: Path) -> None:
    text = settings.read_text().replace("[deployment]", '[deployment]\nenvironment = "production"')
    settings.write_text(text)
    with pytest.raises(SettingsError, match="development trust file"):
        activities(team_payments(), settings=str(settings))
