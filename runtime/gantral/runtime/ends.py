"""How a governed run ends, as values and as the exceptions that carry them up to the run itself.

Generated code never catches these: it only knows ``ActionFailed``.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final, Literal, TypedDict

from gantral.authority import Cause, State
from gantral.runtime.commands import NOT_COMMITTED, Envelope
from gantral.runtime.commits import Record
from temporalio.exceptions import ApplicationError

# The error type of a start that is refused before CREATED.
START_REFUSED: Final = "StartRefused"
# Failures of ours: their first detail, if there is one, is the rule, a word that history may show.
RULED: Final = frozenset({NOT_COMMITTED, START_REFUSED})


class RunEnd(TypedDict):
    """The result of the Temporal workflow and the answer of the query ``end``."""

    state: str  # COMPLETED, REJECTED or TERMINATED
    cause: str
    gate: str  # of REJECTED, else "none"
    round: int
    statement: str  # the site that ended it
    message: str
    standing: list[str]  # call ids of effects that are done or unknown, and not undone
    output: Any  # spec-named wire values of COMPLETED, else None
    artifact: str  # artifact_hash of the end
    left: list[
        dict[str, Any]
    ]  # of a child that completed: what stands (``standing``), to be undone


@dataclass(frozen=True)
class Ending:
    """A TERMINATED to be: why, in words, and at which site."""

    cause: Cause
    message: str
    statement: str
    policy_version_id: str = "none"
    records: tuple[Record, ...] = ()
    asked: Envelope | Literal["none"] = "none"  # the sealed answer behind a policy's record


class Terminated(Exception):  # noqa: N818 - the state's name
    """The run must end TERMINATED; raised through generated code up to the run."""

    def __init__(self, ending: Ending) -> None:
        self.ending = ending
        super().__init__(ending.message)


class Rejected(Exception):  # noqa: N818 - the state's name
    """REJECTED is committed; nothing is left to do but to return."""

    def __init__(self, end: RunEnd) -> None:
        self.end = end
        super().__init__(end["cause"])


def not_committed(why: str, rule: str = "") -> ApplicationError:
    """Evidence could not be committed: the run fails and does nothing more (DESIGN section 5)."""
    rules = (rule,) if rule else ()
    return ApplicationError(f"not committed: {why}", *rules, type=NOT_COMMITTED, non_retryable=True)


def refused(why: str, rule: str = "") -> ApplicationError:
    """A start that may not become an instance: the run fails before CREATED."""
    rules = (rule,) if rule else ()
    return ApplicationError(f"start refused: {why}", *rules, type=START_REFUSED, non_retryable=True)


def ended(state: State, cause: Cause, *, output: Any = None, **rest: Any) -> RunEnd:
    """A ``RunEnd``; members that are not given are empty."""
    end: RunEnd = {
        "state": state.value,
        "cause": cause.value,
        "gate": "none",
        "round": 0,
        "statement": "none",
        "message": "",
        "standing": [],
        "output": output,
        "artifact": "none",
        "left": [],
    }
    end.update(rest)  # type: ignore[typeddict-item]
    return end
