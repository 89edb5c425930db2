"""What generated code calls: the statements of a spec, on the parts that keep their state.

No method here commits or moves anything by itself; `execution` runs what is made of them.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection, Sequence
from datetime import datetime, timedelta
from typing import Any, ClassVar, Generic, NoReturn, TypeVar

from gantral.authority import Cause
from gantral.runtime import forms, programs
from gantral.runtime.anew import Anew, Carried, Grown, Place
from gantral.runtime.calls import (
    Approval,
    Ask,
    Call,
    Child,
    ChildCompleted,
    ChildRejected,
    ChildTerminated,
    Event,
    Failure,
)
from gantral.runtime.channel import Channel
from gantral.runtime.children import Children
from gantral.runtime.effects import Actions
from gantral.runtime.ends import Ending, RunEnd, Terminated, refused
from gantral.runtime.gate import Gates
from gantral.runtime.kinds import Person
from gantral.runtime.machine import Identity, Machine, now
from gantral.runtime.parallel import Branches, Stopped
from gantral.runtime.values import Record
from gantral.runtime.waiting import Notes, Rounds, until
from gantral.runtime.waits import Waits
from temporalio import workflow

InputT = TypeVar("InputT", bound=Record)
OutputT = TypeVar("OutputT", bound=Record)
ChildOutputT = TypeVar("ChildOutputT", bound=Record)
ResultT = TypeVar("ResultT")
ApprovalT = TypeVar("ApprovalT", bound=Approval)
EventT = TypeVar("EventT", bound=Event)
CarriedT = TypeVar("CarriedT", bound=Record)
T = TypeVar("T")


class Statements(Generic[InputT, OutputT]):
    """The statements; a generated subclass of ``execution.Governed`` has ``body``."""

    program_: ClassVar[str]
    workflow_: ClassVar[str]
    input_: ClassVar[type[Record]]
    _children: Children  # from CREATED on: its submissions name who started this run

    def __init__(self) -> None:
        info = workflow.info()
        self._program = programs.get(self.program_)
        identity = Identity(
            team=self._program.team,
            workflow_id=self._program.workflow_id,
            instance_id=info.workflow_id,
            program=self.program_,
            run=info.run_id,
        )
        self._notes = Notes()
        self._channel = Channel(self._program.sealer(identity.instance_id))
        self._machine = Machine(identity, self._channel)
        self._actions = Actions(self._machine, self._program)
        self._gates = Gates(
            self._machine, self._program, self._notes, lambda: self._actions.standing
        )
        self._waits = Waits(self._machine, self._program, self._notes)
        self._initiator = Person()
        self._started_at: datetime | None = None
        self._completed_at = "none"
        self._branches: dict[asyncio.Task[Any], Branches] = {}
        self._grown = Grown()
        self._place: Place | None = None
        self._failing = False
        self._is_child = False
        self._end: RunEnd | None = None

    async def body(self, input: InputT) -> OutputT:
        """The ``run`` block of the spec. Generated."""
        raise NotImplementedError

    async def on_failure(self, input: InputT, failure: Failure) -> None:
        """The ``on failure`` block of the spec: reads and notifies only."""

    @property
    def initiator(self) -> Person:
        """Who started the instance."""
        return self._initiator

    @property
    def instance_id(self) -> str:
        """``instance.id``."""
        return self._machine.identity.instance_id

    @property
    def started_at(self) -> datetime:
        """``instance.started_at``: the time of CREATED."""
        assert self._started_at is not None  # set before body runs
        return self._started_at

    def now(self) -> datetime:
        """``now()``: workflow time, to the millisecond."""
        return now()

    async def read(
        self, arguments: Call[ResultT], /, *, call: str, handled: bool = False
    ) -> ResultT:
        """Call a read. Raises ActionFailed only where ``handled``; else a failure ends the run."""
        self._go_on()
        result: ResultT = await self._actions.act(arguments, call, handled=handled)
        return result

    async def notify(
        self, arguments: Call[ResultT], /, *, call: str, handled: bool = False
    ) -> ResultT:
        """Call a notify. Raises as ``read``."""
        self._go_on()
        result: ResultT = await self._actions.act(arguments, call, handled=handled)
        return result

    async def effect(
        self,
        arguments: Call[ResultT],
        /,
        *,
        call: str,
        under: Sequence[Approval],
        handled: bool = False,
    ) -> ResultT:
        """Call an effect under approvals. Raises as ``read``."""
        self._go_on()
        result: ResultT = await self._actions.effect(arguments, call, under, handled=handled)
        return result

    async def ask(
        self,
        proposal: Ask[ApprovalT],
        /,
        *,
        site: str,
        again: Callable[[ApprovalT], bool] | None = None,
        only_if: bool = True,
    ) -> ApprovalT:
        """Ask people; returns what they approved. A rejection ends the run here.

        ``again`` judges the conditions on the way here that read what may be amended, with the
        decided values in place: False refuses the vote (LANGUAGE section 8, rule 5). Where
        ``only_if`` is False nobody is asked, and evidence says so.
        """
        self._alone("ask")
        self._go_on()
        approval = await self._gates.ask(proposal, site, again, only_if=only_if)
        assert isinstance(approval, proposal.approval_)
        return approval  # type: ignore[return-value]

    async def wait(self, *events: type[EventT], within: timedelta, site: str) -> EventT | None:
        """Wait for the first of these events; None when none comes in time."""
        self._go_on()
        event: Any = await self._waits.wait(events, within, site, self._stopping())
        found: EventT | None = event
        return found

    def each(self, items: Sequence[T], at_most: int, *, at: str) -> Sequence[T]:
        """``for each x in items at most n``: more elements are a failed action."""
        if len(items) > at_most:
            why = f"{at}: there are {len(items)} elements, and the loop takes {at_most} at most"
            raise Terminated(Ending(Cause.ACTION_FAILED, why, at))
        return items

    def parallel(self) -> Branches:
        """``parallel``: what is begun in it runs at once. Leaving it waits for every branch, then
        raises what failed first; from then on the others begin nothing more."""
        self._go_on()
        return Branches(self._branches)

    def rounds(self, at_most: int, *, every: timedelta, first: int = 0) -> Rounds:
        """``repeat at most n every d``: the numbers of the rounds, from ``first``, with a durable
        wait between two of them. A request to cancel ends the run within the wait."""
        return Rounds(at_most, every, self.sleep, first)

    def goes_on(
        self, at: str, names: type[CarriedT], *, before: Collection[str] = ()
    ) -> tuple[int, CarriedT | None]:
        """The round with which the loop at this site begins in this history, and the names that
        were carried over to it; 0 and None where the run itself begins here, or goes on at one of
        the sites ``before`` it."""
        place = self._place
        if place is None or place["at"] in before:
            return 0, None
        if place["at"] != at:
            raise self.misplaced()
        return place["round"], names.from_wire(place["names"])

    @property
    def full(self) -> bool:
        """Whether the next round should begin in a new history."""
        return self._grown.full

    async def go_on_anew(self, names: Record, /, *, round: int, at: str) -> None:
        """Go on with this round in a new history. Returns, to go on in this one, where what has to
        be taken along is too large."""
        self._alone("a new history")
        self._go_on()
        carried: Carried = {
            "place": {"at": at, "round": round, "names": names.to_wire()},
            "started_at": forms.write_instant(self.started_at),
            "cancelled": False,
            "machine": self._machine.carry(),
            "actions": self._actions.carry(),
            "gates": self._gates.carry(),
            "waits": self._waits.carry(),
        }
        if self._grown.fits(carried):
            # Whoever sent an update hears of it before this history is closed.
            await until(workflow.all_handlers_finished)
            raise Anew(carried)

    def misplaced(self) -> Exception:
        """What a run can't have gone on from: it fails, and does nothing more."""
        return refused("no run of this program went on in a new history from there")

    async def sleep(self, duration: timedelta) -> None:
        """``sleep d``, in workflow time. A request to cancel ends the run at once."""
        await self.sleep_until(workflow.now() + duration)

    async def sleep_until(self, instant: datetime) -> None:
        """``sleep until t``: not at all when that has passed."""
        self._go_on()
        stopped = self._stopping()
        await until(lambda: self._notes.cancelled or stopped(), instant)
        self._go_on()

    async def run_workflow(
        self, arguments: Child[ChildOutputT], /, *, call: str
    ) -> ChildCompleted[ChildOutputT] | ChildRejected | ChildTerminated:
        """Run a child to its end, with an evidence of its own. A request to cancel is passed on to
        it, and ends this run when it has ended. Ends the run if how it ended is not known."""
        self._alone("run workflow")
        self._go_on()
        outcome = await self._children.run(arguments, call)
        self._go_on()
        return outcome

    async def undo(self, call: str) -> None:
        """``undo x``, x being bound to this call, of an effect or of a child. Ends the run if that
        could not be undone, or anything that the child left and that has an undo."""
        self._go_on()
        if not await self._actions.undo(call):
            raise Terminated(Ending(Cause.ACTION_FAILED, f"{call} could not be undone", call))

    def require(self, condition: bool, message: str, *, at: str) -> None:
        """``require``: TERMINATED by the spec unless the condition holds."""
        if not condition:
            self.terminate(message, at=at)

    def terminate(self, message: str, *, at: str) -> NoReturn:
        """``terminate``: TERMINATED by the spec."""
        raise Terminated(Ending(Cause.TERMINATED_BY_SPEC, message, at))

    def complete(self, output: OutputT, *, at: str) -> OutputT:
        """``complete``: the output. COMPLETED is committed when ``body`` has returned it."""
        self._alone("complete")
        self._go_on()
        self._completed_at = at
        return output

    def _around(self) -> Branches | None:
        """The branches of which the code that runs now is one."""
        current = asyncio.current_task()
        return None if current is None else self._branches.get(current)

    def _stopping(self) -> Callable[[], bool]:
        """Whether the branch that asks is to begin nothing more; whoever asks that later may run in
        no task at all."""
        branches = self._around()
        return lambda: branches is not None and branches.stopped

    def _alone(self, what: str) -> None:
        """Nothing moves the machine beside a branch: the compiler proves it (P7)."""
        if self._branches:
            raise TypeError(f"{what} in a branch of a parallel")

    def _go_on(self) -> None:
        """Between two statements: end the run if somebody asked to cancel it, and the branch when
        another one has failed."""
        branches = self._around()
        if branches is not None and branches.stopped:
            raise Stopped
        if self._notes.cancelled and not self._failing:
            raise Terminated(Ending(Cause.CANCELLED, "cancelled on request", "none"))
