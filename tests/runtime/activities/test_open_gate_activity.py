"""``gantral.open_gate``: what it resolves, and that every policy failure is one with its cause."""

from __future__ import annotations

import asyncio
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from gantral.cli.tools.opa import opa as opa_command
from gantral.cli.tools.processes import Processes, free_port
from gantral.cli.tools.servers import start_opa
from gantral.evidence import H, canonical
from gantral.policy import Opa, policy_version_id
from temporalio.exceptions import ApplicationError
from temporalio.testing import ActivityEnvironment

REGO = """package refund
decision := {"decision": "ALLOW"} if {
  input.proposal.refund.amount < 25.00
  input.proposal.order.customer == "Zoë"
  input.initiator == "carol"
}
decision := {"decision": "REQUIRE_HUMAN"} if {
  input.proposal.refund.amount >= 25.00
  input.proposal.refund.amount < 90.00
}
decision := {"decision": "DENY"} if input.proposal.refund.amount == 90.00
decision := {"decision": "MAYBE"} if input.proposal.refund.amount == 91.00
decision := {"decision": "ALLOW", "note": "x"} if input.proposal.refund.amount == 92.00
decision := "ALLOW" if input.proposal.refund.amount == 93.00
decision := {"decision": "ALLOW"} if {
  input.proposal.refund.amount == 94.00
  count([1 | some a in numbers.range(1, 3000); some b in numbers.range(1, 3000); a + b == 0]) == 0
}
"""
ORDER = {"id": "A-1", "customer": "Zoë", "total": {"amount": "90.00", "currency": "EUR"}}


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, str, str]]:
    folder = tmp_path_factory.mktemp("policy")
    (folder / "rego").mkdir()
    (folder / "rego" / "refund.rego").write_text(REGO)
    version = policy_version_id({"refund.rego": REGO.encode()})
    urls = []
    with Processes(tmp_path_factory.mktemp("logs")) as processes:
        for name, revision in (("good", ["-r", version]), ("plain", [])):
            bundle = folder / f"{name}.tar.gz"
            command = [opa_command(), "build", "-b", folder / "rego", "-o", bundle, *revision]
            subprocess.run(command, check=True, capture_output=True)
            urls.append(start_opa(processes, bundle, name=name).url)
        yield version, urls[0], urls[1]


def answer(world: Any, opa: Opa | None, amount: str = "40.00", **changes: Any) -> dict[str, Any]:
    proposal = {
        "order": ORDER,
        "refund": {"amount": amount, "currency": "EUR"},
        "reason": "broken",
        **changes.pop("proposal", {}),
    }
    command = {
        "team": "payments",
        "workflow_id": "activity_refund",
        "instance_id": world.instance_id,
        "program": world.program.version_id,
        "gate": "finance",
        "round": 1,
        "opened_at": "2026-11-23T10:00:00.000Z",
        "initiator": {"actor": world.actor("carol"), "value": "carol"},
        "proposal": proposal,
        **changes,
    }
    found: dict[str, Any] = asyncio.run(
        ActivityEnvironment().run(world.opener(opa).open_gate, command)
    )
    return found


@pytest.mark.parametrize(
    ("amount", "word"), [("24.99", "ALLOW"), ("25.00", "REQUIRE_HUMAN"), ("90.00", "DENY")]
)
def test_the_policy_is_asked_on_the_proposal(
    world: Any, served: tuple[str, str, str], amount: str, word: str
) -> None:
    said = answer(world, Opa(served[1], timeout=20), amount)
    assert (said["answer"], said["cause"], said["problem"]) == (word, "none", "none")
    assert said["policy_version_id"] == served[0]
    assert said["query"] == "data.refund.decision"
    # A stranger can compute it: the input, every number as text.
    shown = {
        "version": "1",
        "workflow": "activity_refund",
        "gate": "finance",
        "round": "1",
        "initiator": "carol",
        "proposal": {
            "order": ORDER,
            "refund": {"amount": amount, "currency": "EUR"},
            "reason": "broken",
        },
    }
    assert said["input_hash"] == H("policy-input", canonical(shown))


def test_the_instants_are_absolute(world: Any) -> None:
    said = answer(world, None, gate="paying")
    assert said["instants"] == [
        ["2026-11-23T18:00:00.000Z", "remind", "none", "none"],
        ["2026-11-24T10:00:00.000Z", "widen", ["finance_manager"], ["finance_director"]],
        ["2026-11-26T10:00:00.000Z", "reject", "none", "none"],
    ]


def test_a_gate_without_a_policy_asks_nobody(world: Any) -> None:
    said = answer(world, Opa(f"http://127.0.0.1:{free_port()}"), gate="paying")
    assert said["answer"] == "REQUIRE_HUMAN"
    assert (said["query"], said["policy_version_id"], said["input_hash"]) == ("none",) * 3
    assert said["excluded"] == [world.actor("carol")]


def test_persons_become_actors(world: Any) -> None:
    said = answer(world, None, gate="owned", proposal={"owner": "olga"})
    assert said["named"] == {"/owner": [world.actor("olga")]}
    assert said["excluded"] == sorted([world.actor("carol"), world.actor("olga")])


@pytest.mark.parametrize("proposal", [{}, {"owner": ""}, {"owner": "a\nb"}, {"owner": None}])
def test_a_person_that_cannot_be_resolved_is_ambiguous(
    world: Any, proposal: dict[str, Any]
) -> None:
    said = answer(world, None, gate="owned", proposal=proposal)
    assert (said["answer"], said["cause"]) == ("FAILURE", "authority_ambiguous")
    assert "/owner" in said["problem"]


def test_an_initiator_of_two_names_is_ambiguous(world: Any) -> None:
    initiator = {"actor": world.actor("mallory"), "value": "carol"}
    said = answer(world, None, gate="paying", initiator=initiator)
    assert (said["answer"], said["cause"]) == ("FAILURE", "authority_ambiguous")


@pytest.mark.parametrize(
    ("amount", "problem"),
    [
        ("91.00", "not ALLOW"),
        ("92.00", "decision, note"),
        ("93.00", "no object"),
        ("94.00", "gave no answer"),
        ("95.00", "undefined"),
    ],
)
def test_each_failure_of_the_policy_has_its_words(
    world: Any, served: tuple[str, str, str], amount: str, problem: str
) -> None:
    timeout = 0.3 if amount == "94.00" else 20
    said = answer(world, Opa(served[1], timeout=timeout), amount)
    assert (said["answer"], said["cause"]) == ("FAILURE", "policy_failure")
    assert problem in said["problem"]
    assert said["policy_version_id"] == "none"


def test_an_opa_without_a_revision_is_a_failure(world: Any, served: tuple[str, str, str]) -> None:
    said = answer(world, Opa(served[2], timeout=20))
    assert (said["answer"], said["cause"]) == ("FAILURE", "policy_failure")
    assert "gantral policy build" in said["problem"]


def test_no_opa_at_all_is_a_failure(world: Any) -> None:
    down = answer(world, Opa(f"http://127.0.0.1:{free_port()}", reconnect=0.2))
    assert (down["answer"], down["cause"]) == ("FAILURE", "policy_failure")
    none = answer(world, None)
    assert (none["answer"], none["cause"]) == ("FAILURE", "policy_failure")


@pytest.mark.parametrize(
    "change",
    [{"gate": "nowhere"}, {"program": "11" * 32}, {"round": "1"}, {"opened_at": "now"}, {"x": 1}],
)
def test_a_command_for_no_gate_is_refused(world: Any, change: dict[str, Any]) -> None:
    with pytest.raises(ApplicationError) as refused:
        answer(world, None, **change)
    assert refused.value.type == "NotOpened"
    assert refused.value.non_retryable


def test_a_mistake_of_ours_is_not_asked_again(world: Any) -> None:
    class Broken:
        def resolve(self, value: object) -> str:
            raise RuntimeError(f"secret {value}")

    opener = world.opener()
    opener._actors = Broken()
    world.opener = lambda opa: opener
    with pytest.raises(ApplicationError, match="internal: RuntimeError") as refused:
        answer(world, None, gate="paying")
    assert refused.value.non_retryable


def test_the_manifest_on_disk_is_what_is_written(world: Any) -> None:
    import runpy

    script = Path(__file__).parent / "packages" / "make_manifest.py"
    written = runpy.run_path(str(script))["written"]()
    assert written.encode() == world.program.manifest_bytes
