"""What generated code is made of: calls of operations, questions to people, approvals.

Names that end in ``_`` belong to the runtime: no name of a spec ends so after mangling.
"""

from __future__ import annotations

from abc import ABC
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, ClassVar, Generic, Self, TypeVar

from gantral.runtime.commands import Grant
from gantral.runtime.values import Record
from pydantic import PrivateAttr

ResultT = TypeVar("ResultT")
ApprovalT = TypeVar("ApprovalT", bound="Approval")
OutputT = TypeVar("OutputT", bound=Record)


@dataclass(frozen=True)
class Operation:
    """An operation's name in the spec, ``service.operation``. The manifest holds all else."""

    name: str


class Call(Record, Generic[ResultT]):
    """The arguments of one operation; the generated subclass says what comes back."""

    operation_: ClassVar[Operation]
    result_: ClassVar[type[Record] | None]

    def __class_getitem__(cls, item: Any) -> Any:
        # The parameter is for type checkers; pydantic would build one more class for each.
        return cls


@dataclass(frozen=True)
class Decision:
    """How an approval came about (LANGUAGE section 7). Approved by nobody."""

    deciders: tuple[str, ...]  # actor ids, in the order in which they voted
    at: datetime
    reason: str  # the justification of the vote that decided, "" when policy waived the gate
    waived: bool


@dataclass(frozen=True)
class Granted:
    """What the runtime remembers of an approval: its evidence, and when it lapses."""

    site: str
    grant: Grant
    decision: Decision
    lapses: str  # instant or "none"


class Approval(Record):
    """What ``ask`` returns: the parameters of a gate as they were decided."""

    _granted: Granted | None = PrivateAttr(default=None)
    _proposed: Any = PrivateAttr(default=None)

    @classmethod
    def granted_(cls, decided: object, proposed: object, granted: Granted) -> Self:
        """Make an approval of spec-named wire values. Only the runtime calls this.

        Raises:
            pydantic.ValidationError: if a decided value is outside its type.
        """
        approval = cls.from_wire(decided)
        approval._granted = granted
        approval._proposed = cls.from_wire(proposed)
        return approval

    @property
    def grant_(self) -> Granted:
        """The evidence of this approval. Raises TypeError for a value that nobody approved."""
        if self._granted is None:
            raise TypeError("this value was not returned by an ask: nobody approved it")
        return self._granted

    @property
    def decision_(self) -> Decision:
        """Who decided, when and why."""
        return self.grant_.decision

    @property
    def proposed_(self) -> Self:
        """The parameters as they were proposed, before amendment."""
        if self._proposed is None:
            raise TypeError("this value was not returned by an ask: nothing was proposed")
        proposed: Self = self._proposed
        return proposed


class Ask(Record, Generic[ApprovalT]):
    """The proposal of one gate; the generated subclass says what an approval of it holds."""

    gate_: ClassVar[str]
    approval_: ClassVar[type[Approval]]

    def __class_getitem__(cls, item: Any) -> Any:
        return cls

    def title_(self) -> str:
        """One line for the inbox. A generated subclass renders the gate's title."""
        return self.gate_

    def title_public_(self) -> str:
        """The title where others may read it: personal values are replaced by ``…``."""
        return self.title_()


class Event(Record):
    """What was sent to a wait; the generated subclass says which event it is."""

    event_: ClassVar[str]


class Child(Record, Generic[OutputT]):
    """The input of a child; the generated subclass says which workflow, and what it completes
    with."""

    workflow_: ClassVar[str]
    output_: ClassVar[type[Record]]

    def __class_getitem__(cls, item: Any) -> Any:
        return cls


@dataclass(frozen=True)
class ChildCompleted(Generic[OutputT]):
    """A child that completed, with what it gave."""

    output: OutputT


@dataclass(frozen=True)
class ChildRejected:
    """A child that was rejected: at which gate, why, and in whose words ("" without any)."""

    gate: str
    cause: str
    reason: str


@dataclass(frozen=True)
class ChildTerminated:
    """A child that was terminated, and why."""

    cause: str


@dataclass(frozen=True)
class Failure:
    """Why a run failed, for ``on failure`` (LANGUAGE section 2)."""

    cause: str


class ActionFailed(Exception):  # noqa: N818 - the language's term
    """A call that failed. Raised to generated code only where the spec has a handler for it.

    ``cause``: why, in words. ``happened``: ``"no"`` when it is certain that nothing was done, else
    ``"unknown"``.
    """

    def __init__(self, cause: str, happened: str) -> None:
        self.cause = cause
        self.happened = happened
        super().__init__(cause)


class NotDone(ActionFailed):
    """What a service raises when it is certain that it did nothing: ``NotDone("why")``.

    Any other exception of an effect leaves its outcome unknown.
    """

    def __init__(self, why: str) -> None:
        super().__init__(why, "no")


@dataclass(frozen=True)
class CallContext:
    """What an operation is told beside its arguments.

    ``key`` is the same in every attempt of one call, in any process: hand it to the other system as
    its idempotency key. ``attempt`` counts from 1. ``heartbeat`` says that a long attempt is alive.
    """

    key: str
    operation: str
    call: str
    instance_id: str
    workflow_id: str
    team: str
    attempt: int
    heartbeat: Callable[[], None]


class Service(ABC):
    """The base of generated services: a team implements its abstract methods."""

    name_: ClassVar[str]
    package_: ClassVar[str]

    def __init_subclass__(cls, *, name: str | None = None, package: str | None = None) -> None:
        super().__init_subclass__()
        # The generated class names both; the team's own subclass inherits them.
        if name is not None:
            cls.name_ = name
        if package is not None:
            cls.package_ = package
