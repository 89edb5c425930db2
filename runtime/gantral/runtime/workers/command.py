"""The commit command read strictly: it comes out of history, which an operator can forge."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from gantral.authority import Cause, State
from gantral.evidence import forms
from gantral.runtime.commits import CommitCommand
from gantral.runtime.workers.refused import Refused

_TEXTS = (
    "team",
    "workflow_id",
    "instance_id",
    "program",
    "prev",
    "last_artifact",
    "timestamp",
    "gate",
    "cause",
    "human_actor_id",
    "policy_version_id",
)
_END = {"message", "statement", "standing"}


def read_commit(command: Mapping[str, Any]) -> CommitCommand:
    """The command, its shape checked (``gantral.runtime.commands``).

    Raises:
        Refused: ``command``, naming the member.
    """
    wanted = CommitCommand.__required_keys__
    if command.keys() != wanted:
        odd = sorted(wanted ^ command.keys())
        raise Refused("command", f"member {odd[0]} is missing or unknown")
    for name in _TEXTS:
        _want(isinstance(command[name], str), name)
    for name in ("commit", "sequence", "round"):
        _want(type(command[name]) is int and 0 <= command[name] < 10**8, name)
    _want(forms.is_name(command["team"]), "team")
    _want(forms.is_uuid(command["instance_id"]), "instance_id")
    _want(forms.is_instant(command["timestamp"]), "timestamp")
    _want(command["cause"] in tuple(Cause), "cause")
    states, records = command["states"], command["records"]
    _want(isinstance(states, list) and all(state in list(State) for state in states), "states")
    _want(isinstance(records, list) and all(isinstance(one, dict) for one in records), "records")
    context = command["context"]
    _want(isinstance(context, dict) and len(context.keys() - {"persons"}) == 1, "context")
    for name in ("values", "persons", "amended"):
        _want(isinstance(context.get(name, {}), dict), f"context.{name}")
    _want(_rows(context.get("leaves", []), 2), "context.leaves")
    _want(_rows(context.get("sent", []), 4), "context.sent")
    _want(context.get("same", True) is True, "context.same")
    _want(command["asked"] == "none" or isinstance(command["asked"], dict), "asked")
    decision = command["decision"]
    _want(
        decision == "none"
        or (
            isinstance(decision, dict)
            and decision.keys() in ({"submission"}, {"submission", "parent"}, {"votes"})
        ),
        "decision",
    )
    _want(not isinstance(decision, dict) or isinstance(decision.get("parent", {}), dict), "parent")
    _want(not isinstance(decision, dict) or isinstance(decision.get("votes", []), list), "decision")
    end = command["end"]
    _want(
        end == "none"
        or (
            isinstance(end, dict)
            and end.keys() == _END
            and isinstance(end["message"], str)
            and isinstance(end["statement"], str)
            and isinstance(end["standing"], list)
        ),
        "end",
    )
    return command  # type: ignore[return-value]


def _rows(value: Any, length: int) -> bool:
    return isinstance(value, list) and all(
        isinstance(row, list) and len(row) == length and all(isinstance(part, str) for part in row)
        for row in value
    )


def _want(holds: bool, name: str) -> None:
    if not holds:
        raise Refused("command", f"member {name} has not its form")
