"""The services that agent_tool_calls.gantral names. Gantral asks who may; this only does."""

from __future__ import annotations

from gantral.runtime import ActionFailed, CallContext, Json, Service

from agent_app import model
from agent_app.gen.agent_tool_calls import services as spec
from agent_app.gen.agent_tool_calls.types import Outcome, Step, ToolsExecuteResult
from agent_app.office import Office, OfficeError


class Model(spec.Model):
    """Asks the model for its next step."""

    def next_step(self, call: CallContext, /, *, task: str, so_far: tuple[Outcome, ...]) -> Step:
        answers = [(one.tool, one.result.value()) for one in so_far]
        said = model.next_step(task, answers)
        # What a model says is no promise: it is held against the spec's type on the way in.
        if "arguments" in said:
            said["arguments"] = str(Json.of(said["arguments"]))
        return Step.from_wire(said)


class Tools(spec.Tools):
    """Runs a tool, once a call: the call's key is the key of what it writes."""

    def __init__(self, office: Office) -> None:
        self._office = office

    def execute(self, call: CallContext, /, *, tool: str, arguments: Json) -> ToolsExecuteResult:
        try:
            result = self._office.run(call.key, tool, arguments.value())
        except OfficeError as error:
            # Refused before anything was written: known not to have happened.
            raise ActionFailed(str(error), "no") from None
        return ToolsExecuteResult(result=Json.of(result))


def make() -> list[Service]:
    """What ``gantral worker`` asks for (``[worker] services`` in gantral.toml)."""
    return [Model(), Tools(Office.at_home())]
