"""What a failed action or effect means: retries, handlers, undo, what still stands."""

from __future__ import annotations

from typing import Any

import pytest
import wf_world
from temporalio.exceptions import ApplicationError
from wf_world import effect_answer


def test_undo_last_first_then_on_failure_then_terminated(in_world: Any) -> None:
    async def test(world: Any) -> None:
        async with world.worker():
            case = await world.desk("ask", "grant", "paint", "enough", what="tell on failure")
            await world.approve_desk(case)
            end = await case.end()
            assert (end["state"], end["cause"]) == ("TERMINATED", "terminated_by_spec")
            assert world.services.calls == [
                "keys.grant",
                "keys.paint",
                "keys.revoke",
                "keys.revoke",
                "keys.tell",
            ]
            undone = [e for e in world.services.seen if e["operation"] == "keys.revoke"]
            assert [entry["call"] for entry in undone] == ["keys.paint/3", "keys.grant/2"]
            assert undone[0]["undo"] is True
            assert undone[0]["arguments"] == {"what": "tell on failure", "serial": "p-1"}
            assert world.services.seen[-1]["arguments"] == {"what": "failed: terminated_by_spec"}
            assert case.states[-1] == "TERMINATED"

    in_world(test)


def test_a_failed_undo_stops_no_other_and_is_named(in_world: Any) -> None:
    async def test(world: Any) -> None:
        world.services.answers["keys.revoke"] = lambda command: (
            effect_answer("not_done", problem="stuck")
            if command["call"] == "keys.paint/3"
            else wf_world.done(None)
        )
        async with world.worker():
            case = await world.desk("ask", "grant", "paint", "enough")
            await world.approve_desk(case)
            end = await case.end()
            assert end["standing"] == ["keys.paint/3"]
            assert "what stands: keys.paint/3" in end["message"]
            assert case.commands[-1]["end"]["standing"] == ["keys.paint/3"]
            assert world.services.calls.count("keys.revoke") == 2

    in_world(test)


def test_an_unknown_effect_is_never_undone_by_guess(in_world: Any) -> None:
    async def test(world: Any) -> None:
        world.services.answers["keys.grant"] = lambda command: effect_answer(
            "unknown", cause="effect_unknown", problem="the line went dead"
        )
        async with world.worker():
            case = await world.desk("ask", "grant")
            await world.approve_desk(case)
            end = await case.end()
            assert (end["cause"], end["standing"]) == ("effect_unknown", ["keys.grant/2"])
            assert "keys.revoke" not in world.services.calls

    in_world(test)


def test_handlers_learn_whether_it_happened(in_world: Any) -> None:
    async def test(world: Any) -> None:
        answers = iter(
            [
                effect_answer("not_done", problem="no such key"),
                effect_answer("unknown", cause="effect_unknown", problem="dead"),
            ]
        )
        world.services.answers["keys.grant"] = lambda command: next(answers)

        def broken(command: Any) -> Any:
            raise ApplicationError("no", type="ActionFailed", non_retryable=True)

        world.services.answers["keys.look"] = broken
        async with world.worker():
            case = await world.desk("ask", "look else", "grant else", "grant else")
            await world.approve_desk(case)
            end = await case.end()
            assert end["state"] == "COMPLETED"
            assert end["output"]["log"] == ["asked", "look no", "grant no", "grant unknown"]
            assert end["standing"] == ["keys.grant/4"]

    in_world(test)


@pytest.mark.parametrize(
    "cause", ["lapsed", "spent", "drifted", "context_mismatch", "authority_ambiguous"]
)
def test_an_approval_that_does_not_carry_ends_the_run_handler_or_not(
    in_world: Any, cause: str
) -> None:
    async def test(world: Any) -> None:
        world.services.answers["keys.grant"] = lambda command: effect_answer(
            "not_done", cause=cause, problem="not this"
        )
        async with world.worker():
            case = await world.desk("ask", "grant else")
            await world.approve_desk(case)
            end = await case.end()
            assert (end["state"], end["cause"]) == ("TERMINATED", cause)

    in_world(test)


def test_an_effect_that_is_not_idempotent_is_attempted_once(in_world: Any) -> None:
    async def test(world: Any) -> None:
        def lost(command: Any) -> Any:
            raise RuntimeError("the worker's own trouble")

        world.services.answers["keys.grant"] = lost
        async with world.worker():
            case = await world.desk("ask", "grant")
            await world.approve_desk(case)
            end = await case.end()
            assert end["cause"] == "effect_unknown"
            assert world.services.calls == ["keys.grant"]

    in_world(test)


@pytest.mark.parametrize("result", [{"state": "sold"}, {}, {"state": "free", "x": 1}, None, "free"])
def test_a_result_outside_its_type_is_a_failed_action(in_world: Any, result: Any) -> None:
    async def test(world: Any) -> None:
        world.services.answers["keys.look"] = lambda command: result
        async with world.worker():
            case = await world.desk("look")
            end = await case.end()
            assert (end["state"], end["cause"]) == ("TERMINATED", "action_failed")
            assert "keys.look/1" in end["message"]

    in_world(test)


def test_an_inexact_decimal_is_a_failed_action(in_world: Any) -> None:
    async def test(world: Any) -> None:
        async with world.worker():
            case = await world.desk("divide")
            end = await case.end()
            assert (end["state"], end["cause"]) == ("TERMINATED", "action_failed")
            assert "Inexact" in end["message"]

    in_world(test)


def test_what_the_spec_undoes_itself_is_not_undone_again(in_world: Any) -> None:
    async def test(world: Any) -> None:
        async with world.worker():
            case = await world.desk("ask", "grant", "undo keys.grant/2", "enough")
            await world.approve_desk(case)
            end = await case.end()
            assert world.services.calls == ["keys.grant", "keys.revoke"]
            assert end["standing"] == []

    in_world(test)


def test_a_read_is_tried_again_as_often_as_the_spec_says(in_world: Any) -> None:
    async def test(world: Any) -> None:
        def broken(command: Any) -> Any:
            raise RuntimeError("down")

        world.services.answers["keys.look"] = broken
        async with world.worker():
            case = await world.desk("look")
            assert (await case.end())["cause"] == "action_failed"
            assert [entry["attempt"] for entry in world.services.seen] == [1, 2]

    in_world(test)


@pytest.mark.parametrize("step", ["ask", "tell"])
def test_what_is_too_large_for_temporal_is_a_failed_action(in_world: Any, step: str) -> None:
    async def test(world: Any) -> None:
        async with world.worker():
            case = await world.desk(step, what="x" * 600_000)
            end = await case.end()
            assert (end["state"], end["cause"]) == ("TERMINATED", "action_failed")
            assert "larger than" in end["message"]
            assert world.services.calls == []

    in_world(test)
