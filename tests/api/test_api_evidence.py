"""What serve seals and puts is evidence that a stranger finds VALID."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from gantral.api.sweeping import sweep
from gantral.evidence.export import export_instance
from gantral.evidence.verify import verify_folder


def verdict(world: Any, instance: str, folder: Path) -> tuple[str, list[Any]]:
    place = folder / instance
    export_instance(world.deployment.store, "payments", instance, place)
    report = verify_folder(place, world.deployment.trust)
    return str(report.verdict), list(report.findings)


def over(world: Any, view: dict[str, Any]) -> str:
    ends = ("COMPLETED", "REJECTED", "TERMINATED")
    name: str = view["instance_id"]
    world.until(name, lambda one: one["state"] in ends)
    return name


@pytest.mark.parametrize("how", ["approve", "amend", "reject", "withdraw", "changed"])
def test_every_end_is_valid(world: Any, tmp_path: Path, how: str) -> None:
    view = world.waiting()
    if how == "withdraw":
        path = f"/v1/instances/{view['instance_id']}/withdrawal"
        assert world.ask("POST", path, "carol", json={}).status_code == 201
    elif how == "amend":
        for who in ("alice", "bob"):
            world.decide(view, who, "amend", values={"/refund/amount": "25.00"})
    elif how == "changed":
        world.decide(view, "alice", "amend", values={"/refund/amount": "25.00"})
        world.token("alice", fresh=True)
        world.decide(view, "alice", "approve")
        world.token("alice", fresh=True)
        world.decide(view, "alice", "retract")
        world.decide(view, "dora", "approve")
    else:
        world.decide(view, "dora", how)
    assert verdict(world, over(world, view), tmp_path) == ("VALID", [])


def test_a_vote_that_reached_nobody_is_accounted_for(world: Any, tmp_path: Path) -> None:
    view = world.waiting()
    gateway = world.deployment.gateway
    usual, gateway.limit = gateway.limit, timedelta(microseconds=1)
    try:
        assert world.decide(view, "alice", "approve").status_code == 504
    finally:
        gateway.limit = usual
    assert world.decide(view, "dora", "reject").status_code == 201
    name = over(world, view)
    held = [one["rule"] for one in world.until(name, lambda _: True)["refused"]]
    sweep(world.deployment)
    shown = world.until(name, lambda _: True)
    late = [one for one in shown["refused"] if one["rule"] == "late"]
    # The workflow may have counted it although its answer was lost: then nothing is to be settled.
    assert len(late) == 1 or "alice" not in str(shown["refused"]), held
    assert verdict(world, name, tmp_path)[0] == "VALID"
