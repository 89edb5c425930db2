"""The agent_tool_calls example's own parts: its office, its model, and the services on them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from agent_app.gen.agent_tool_calls.types import Outcome
from agent_app.office import Office, OfficeError
from agent_app.services import Model, Tools
from gantral.runtime import ActionFailed, CallContext, Json

TASK = "mail guests@hotel.example about dinner"


@pytest.fixture
def office(tmp_path: Path) -> Office:
    return Office(tmp_path / "office.sqlite")


def test_a_repeated_call_writes_once(office: Office) -> None:
    mail = {"to": "guests@hotel.example", "text": "dinner is at eight"}
    for _ in range(2):
        assert office.run("key-1", "send_mail", mail) == {"done": True}
        office.run("key-2", "write_note", {"text": "they know of dinner"})
    assert office.mails() == [("guests@hotel.example", "dinner is at eight")]
    assert office.found("they know") == ["they know of dinner"]


@pytest.mark.parametrize(
    ("tool", "arguments", "why"),
    [
        ("run_shell", {}, "no tool run_shell"),
        ("send_mail", {"to": "x"}, "wants text"),
        ("send_mail", "x", "wants to"),
        ("write_note", {"text": 4}, "wants text"),
    ],
)
def test_what_a_tool_can_not_do_it_refuses(
    office: Office, tool: str, arguments: object, why: str
) -> None:
    with pytest.raises(OfficeError, match=why):
        office.run("key-1", tool, arguments)


def test_the_services_work_on_a_task_step_by_step(
    office: Office, call: Callable[[str], CallContext]
) -> None:
    model, tools = Model(), Tools(office)
    so_far: tuple[Outcome, ...] = ()
    for key, tool in (("a", "search_notes"), ("b", "send_mail")):
        step = model.next_step(call(f"ask {key}"), task=TASK, so_far=so_far)
        assert step.tool == tool
        assert step.arguments is not None
        done = tools.execute(call(key), tool=step.tool, arguments=step.arguments)
        so_far = (*so_far, Outcome(tool=tool, result=done.result))
    last = model.next_step(call("ask c"), task=TASK, so_far=so_far)
    assert (last.kind, last.tool) == ("answer", None)
    assert office.mails() == [("guests@hotel.example", "dinner is at eight on the terrace")]


def test_the_services_say_it_as_the_spec_does(
    office: Office, call: Callable[[str], CallContext]
) -> None:
    with pytest.raises(ActionFailed, match="no tool run_shell") as refused:
        Tools(office).execute(call("a"), tool="run_shell", arguments=Json.of({}))
    assert refused.value.happened == "no"
