"""A scenario comes to the same in the simulation and on Temporal's test server: `make soak` plays
every scenario of the examples both ways, `make test` some of each."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest
from gantral.cli.scenarios.collect import Suite, collect
from gantral.cli.scenarios.judge import judge
from gantral.cli.scenarios.model import Scenario
from gantral.cli.scenarios.play import Played, play
from gantral.cli.scenarios.running import simulating
from gantral.cli.scenarios.world import open_world
from gantral.cli.tools.processes import Processes
from gantral.cli.tools.servers import start_test_server
from own_project import thorough

ROOT = Path(__file__).resolve().parents[2]
EXAMPLES = sorted(path.parent for path in (ROOT / "examples").glob("*/pyproject.toml"))

# A child that is taken back and one that is refused, an undo after a wait, rounds, a handler, an
# amendment, a widening, a refused vote, policies, refused starts, silence.
SAMPLE = {
    "agent_tool_calls": ("approved", "nobody_knows_whether_it_was_sent"),
    "break_glass": ("found_wrong", "it_can_not_be_closed"),
    "data_export": ("fewer_rows", "the_note_fails"),
    "loan": ("taken_back_at_the_child", "a_house_is_worth_less", "the_valuation_is_stopped"),
    "privileged_access": ("recalled_by_security", "too_late_to_surrender"),
    "production_deploy": ("degraded", "never_settles"),
    "refund": ("changed_mind_joins", "policy_fails", "only_support_starts"),
    "vendor_payment_run": ("nobody_knows_of_one", "widened_to_the_treasurer"),
}


def suites() -> dict[str, Suite]:
    """What is played of each example."""
    found = {}
    for example in EXAMPLES:
        files = sorted((example / "scenarios").glob("*.yaml"))
        if not thorough():
            files = [file for file in files if file.stem in SAMPLE[example.name]]
            assert len(files) == len(SAMPLE[example.name])
        (found[example.name],) = collect(files)
    return found


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> dict[str, tuple[Suite, list[Played]]]:
    """All of it on one server, whose workers have the programs of all examples."""
    folder = tmp_path_factory.mktemp("served")
    (folder / "world").mkdir()
    played = suites()

    async def run(address: str) -> dict[str, tuple[Suite, list[Played]]]:
        packages = [one for suite in played.values() for one in suite.code.packages]
        async with open_world(packages, folder / "world", address) as world:
            return {
                name: (suite, [await play(world, one) for one in suite.scenarios])
                for name, suite in played.items()
            }

    with Processes(folder / "logs") as processes:
        return asyncio.run(run(start_test_server(processes).address))


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda path: path.name)
def test_a_scenario_comes_to_the_same(
    example: Path, served: dict[str, tuple[Suite, list[Played]]]
) -> None:
    suite, on_server = served[example.name]
    assert suite.wrong == ()
    with simulating(suite.code) as stage:
        for scenario, there in zip(suite.scenarios, on_server, strict=True):
            here = stage.play(scenario)
            assert here.told == [], scenario.file
            assert judge(scenario, there) == [], scenario.file
            assert came_to(scenario, here.played) == came_to(scenario, there), scenario.file


def came_to(scenario: Scenario, played: Played) -> Any:
    """What a scenario came to: all of its evidence but times, chance and who is called what."""
    names = {one.instance_id: f"instance {n}" for n, one in enumerate(played.family)}
    order = sorted if scenario.beside else list

    def known(value: Any) -> str:
        text = repr(value)
        for instance, name in names.items():
            text = text.replace(instance, name)
        return text

    evidence = [
        (
            one.manifest["workflow_id"],
            order(
                known(
                    (
                        [
                            (each["authority_state"], each["cause"], each["gate"], each["round"])
                            for each in commit["artifacts"]
                        ],
                        [path for path, _ in commit["context"]],
                        [record["kind"] for record in commit["records"]],
                    )
                )
                for commit in one.commits
            ),
            len(one.votes),
            [vote.refusal["reason"] for vote in one.votes if vote.refusal is not None],
            known((one.end or {}).get("statement")),
            known((one.end or {}).get("standing")),
        )
        for one in played.family
    ]
    verdict = None if played.report is None else played.report.verdict
    effects = order(known(one) for one in played.effects)
    end = {name: one for name, one in (played.end or {}).items() if name != "artifact"}
    return evidence, effects, played.children, known(end), verdict
