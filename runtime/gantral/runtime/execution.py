"""The governed workflow: what generated code inherits and what Temporal runs.

The run itself is a task of its own. The task that Temporal knows only waits for it, so a request to
cancel never interrupts a commit or an effect: it becomes a note, acted on in the state that results
(DESIGN section 5). Update handlers never move the machine either.
"""

from __future__ import annotations

import asyncio
import decimal
from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime, timedelta
from typing import Any, ClassVar, Generic, NoReturn, TypeVar, get_args

from gantral.authority import Cause, State
from gantral.runtime import forms, programs
from gantral.runtime.admission import admit
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
from gantral.runtime.commands import StartCommand
from gantral.runtime.effects import Actions
from gantral.runtime.ends import Ending, Rejected, RunEnd, Terminated, ended, refused
from gantral.runtime.gate import Gates
from gantral.runtime.keyring import NoKey
from gantral.runtime.kinds import Person
from gantral.runtime.machine import Identity, Machine, Transition, now, text, whole
from gantral.runtime.parallel import Branches, Stopped
from gantral.runtime.sealing import Unsealed
from gantral.runtime.values import Record, problem
from gantral.runtime.votes import refuse
from gantral.runtime.waiting import Notes, Rounds, until
from gantral.runtime.waits import Waits
from pydantic import ValidationError
from temporalio import workflow
from temporalio.common import VersioningBehavior

InputT = TypeVar("InputT", bound=Record)
OutputT = TypeVar("OutputT", bound=Record)
ChildOutputT = TypeVar("ChildOutputT", bound=Record)
ResultT = TypeVar("ResultT")
ApprovalT = TypeVar("ApprovalT", bound=Approval)
EventT = TypeVar("EventT", bound=Event)
ClassT = TypeVar("ClassT", bound="type[Governed[Any, Any]]")
CarriedT = TypeVar("CarriedT", bound=Record)
T = TypeVar("T")


class Governed(Generic[InputT, OutputT]):
    """The base of a generated workflow; the subclass has ``body`` and perhaps ``on_failure``."""

    program_: ClassVar[str]
    workflow_: ClassVar[str]
    input_: ClassVar[type[Record]]

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
        self._end: RunEnd | None = None

    # What generated code calls.

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
        event: Any = await self._waits.wait(events, within, site)
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

    def goes_on(self, at: str, names: type[CarriedT]) -> tuple[int, CarriedT | None]:
        """The round with which the loop at this site begins in this history, and the names that
        were carried over to it; 0 and None where the run itself begins here."""
        place = self._place
        if place is None:
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
        branches = self._around()
        await until(
            lambda: self._notes.cancelled or (branches is not None and branches.stopped), instant
        )
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
        """``undo x``, x being bound to this call. Ends the run if it could not be undone."""
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

    # What Temporal calls.

    async def execute_(self, start: dict[str, Any]) -> dict[str, Any]:
        """Run the instance to its end: from a sealed ``StartCommand`` to a sealed ``RunEnd``. Fails
        only when evidence could not be committed, the start
        was refused, or the code is wrong; a rejection is an ordinary result."""
        run = asyncio.create_task(self._run(start))
        while not run.done():
            try:
                await workflow.wait([run])
            except asyncio.CancelledError:
                # A request to cancel: noted. (An eviction cancels the run as well, which ends it.)
                self._notes.cancelled = True
        try:
            return self._channel.ended(run.result())
        except Anew as anew:
            # A request to cancel may have come while it was on its way.
            carried = {**anew.carried, "cancelled": self._notes.cancelled}
            workflow.continue_as_new(self._channel.goes_on(start, carried))

    @workflow.query(name="show")
    def show_(self) -> dict[str, Any]:
        """What an inbox shows of this instance (README.md lists the members)."""
        return {
            "state": "none" if self._machine.state is None else self._machine.state.value,
            "initiator": str(self._initiator),
            "started_at": (
                "none" if self._started_at is None else forms.write_instant(self._started_at)
            ),
            "commits": self._machine.commits,
            "context_hash": self._machine.context_hash,
            "standing": self._actions.standing,
            "end": self._end,
            "cause": "none" if self._end is None else self._end["cause"],
            **self._gates.shown(),
            **self._waits.shown(),
        }

    @workflow.query(name="end")
    def end_(self) -> RunEnd | None:
        """How it ended, None while it has not."""
        return self._end

    @workflow.update(name="decide")
    async def decide_(self, delivery: dict[str, Any]) -> dict[str, Any]:
        """A sealed vote. Answers when it is counted; the deciding one when that is committed."""
        self._grown.updates += 1
        return await self._told(self._gates.decide, "decide", delivery)

    @decide_.validator
    def _decide(self, delivery: dict[str, Any]) -> None:
        self._gates.validate(self._delivered("decide", delivery))

    @workflow.update(name="event")
    async def event_(self, delivery: dict[str, Any]) -> dict[str, Any]:
        """A sealed event for the open wait. Answers when it is committed."""
        self._grown.updates += 1
        return await self._told(self._waits.take, "event", delivery)

    @event_.validator
    def _event(self, delivery: dict[str, Any]) -> None:
        self._waits.validate(self._delivered("event", delivery))

    async def _told(
        self, take: Callable[[Any], Awaitable[dict[str, Any]]], name: str, delivery: Any
    ) -> dict[str, Any]:
        """What an accepted update is answered; how it failed is told as a run's failure is."""
        try:
            return await take(self._delivered(name, delivery))
        except Exception as error:
            raise self._channel.failure(error) from None

    def _delivered(self, name: str, delivery: Any) -> dict[str, Any]:
        try:
            return self._channel.delivered(name, delivery)
        except Unsealed as error:
            raise refuse("unsealed", str(error)) from None

    async def _run(self, start: dict[str, Any]) -> RunEnd:
        # Of this task alone: tasks have contexts of their own.
        decimal.setcontext(forms.EXACT.copy())
        try:
            end = await self._instance(self._started(start))
        except Anew:
            raise
        except Exception as error:
            # The run fails. Votes that wait for its commit must hear that first.
            self._notes.broken = str(error) or type(error).__name__
            await until(workflow.all_handlers_finished)
            raise self._channel.failure(error) from None
        self._end = end
        await until(workflow.all_handlers_finished)
        return end

    def _started(self, start: dict[str, Any]) -> StartCommand:
        try:
            return self._channel.started(start)  # type: ignore[return-value]
        except Unsealed as error:
            raise refused(f"{error}; start instances with `gantral start`", "unsealed") from None

    async def _instance(self, start: StartCommand) -> RunEnd:
        admitted = admit(self._machine.identity, self.input_, start)
        # Only the server says which run went on in this one: nobody can start one in its midst.
        if ("carried" in start) != (workflow.info().continued_run_id is not None):
            raise refused("only a run that went on in a new history takes something along")
        if "carried" in start:
            self._resume(start["carried"])
        else:
            self._started_at = (await self._machine.commit(admitted.transition)).at
        self._initiator = Person(admitted.initiator["value"])
        self._children = Children(self._machine, self._program, self._notes, admitted.initiator)
        self._gates.initiator = self._waits.initiator = admitted.initiator
        input: Any = admitted.input
        end = await self._ended(input)
        # What a parent is told of its child names the artifact that says so.
        return {**end, "artifact": self._machine.last_artifact}

    def _resume(self, carried: dict[str, Any]) -> None:
        try:
            if carried.keys() != Carried.__required_keys__:
                raise ValueError("it has other members")
            self._machine.resume(carried["machine"])
            self._actions.resume(carried["actions"])
            self._gates.resume(carried["gates"])
            self._waits.resume(carried["waits"])
            self._started_at = forms.read_instant(carried["started_at"])
            self._notes.cancelled = self._notes.cancelled or carried["cancelled"] is True
            place = carried["place"]
            self._place = {
                "at": text(place["at"]),
                "round": whole(place["round"]),
                "names": place["names"],
            }
        except (AttributeError, KeyError, TypeError, ValueError) as error:
            raise refused(f"what was taken along is malformed: {error}") from None

    async def _ended(self, input: Any) -> RunEnd:
        try:
            output = await _total(self.body(input))
            if self._completed_at == "none":
                raise TypeError("the body returned without complete()")
            return await self._complete(output)
        except Rejected as rejected:
            return rejected.end
        except Terminated as terminated:
            return await self._terminated(input, terminated.ending)

    async def _complete(self, output: Record) -> RunEnd:
        await self._machine.commit(
            Transition(
                (State.COMPLETED,),
                {"values": output.leaves("/output"), "persons": output.persons("/output")},
                cause=Cause.COMPLETED,
            )
        )
        return ended(
            State.COMPLETED,
            Cause.COMPLETED,
            statement=self._completed_at,
            output=output.to_wire(),
            standing=self._actions.standing,
        )

    async def _terminated(self, input: InputT, ending: Ending) -> RunEnd:
        """LANGUAGE section 8, rule 7: undo, last first; then ``on failure``; then TERMINATED."""
        self._failing = True
        message = ending.message
        await self._actions.undo_all()
        standing = self._actions.standing
        if standing:
            message += f"; what stands: {', '.join(standing)}"
        try:
            await _total(self.on_failure(input, Failure(ending.cause.value)))
        except Terminated as later:
            message += f"; on failure: {later.ending.message}"
        await self._machine.commit(
            Transition(
                (State.TERMINATED,),
                {"same": True},
                cause=ending.cause,
                policy_version_id=ending.policy_version_id,
                records=ending.records,
                asked=ending.asked,
                end={"message": message, "statement": ending.statement, "standing": standing},
            )
        )
        return ended(
            State.TERMINATED,
            ending.cause,
            statement=ending.statement,
            message=message,
            standing=standing,
        )

    def _around(self) -> Branches | None:
        """The branches of which the code that runs now is one."""
        current = asyncio.current_task()
        return None if current is None else self._branches.get(current)

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


class _AllButNoKey(type):
    def __instancecheck__(cls, error: object) -> bool:
        return cls.__subclasscheck__(type(error))

    def __subclasscheck__(cls, kind: type) -> bool:
        return issubclass(kind, Exception) and not issubclass(kind, NoKey)


class FailsRun(Exception, metaclass=_AllButNoKey):  # noqa: N818 - it is never raised
    """Every exception fails the run, save that the instance's key can't be had: that fails the
    task, which Temporal gives out again. Nothing is done meanwhile, and a worker that looks for
    keys in the wrong place ends nobody's instances."""


def governed(*, workflow: str, program: str, codegen: int) -> Callable[[ClassT], ClassT]:
    """Make a generated class a Temporal workflow (PINNED, type = the spec's name).

    Raises:
        ImportError: if the code was generated for another runtime.
    """
    if codegen != programs.CODEGEN:
        raise ImportError(
            f"this package was generated for runtime {codegen}, this is {programs.CODEGEN}: run "
            "`gantral compile` with the installed version"
        )

    def decorate(cls: ClassT) -> ClassT:
        cls.program_ = program
        cls.workflow_ = workflow
        cls.input_ = _input(cls)
        _define(cls, workflow)
        return cls

    return decorate


def _input(cls: type[Governed[Any, Any]]) -> type[Record]:
    for base in getattr(cls, "__orig_bases__", ()):
        for argument in get_args(base)[:1]:
            if isinstance(argument, type) and issubclass(argument, Record):
                return argument
    raise TypeError(f"{cls.__name__} does not say what its input is: Governed[Input, Output]")


def _define(cls: type[Governed[Any, Any]], name: str) -> None:
    async def run(self: Governed[Any, Any], start: dict[str, Any]) -> dict[str, Any]:
        return await self.execute_(start)

    # Temporal wants the run method on the very class that it registers.
    run.__qualname__ = f"{cls.__qualname__}.run"
    run.__module__ = cls.__module__
    cls.run = workflow.run(run)  # type: ignore[attr-defined]
    workflow.defn(
        name=name,
        failure_exception_types=[FailsRun],
        versioning_behavior=VersioningBehavior.PINNED,
    )(cls)


async def _total(step: Awaitable[T]) -> T:
    """Run generated code; a value outside its type is a failed action (LANGUAGE section 4)."""
    try:
        return await step
    except ValidationError as error:
        raise Terminated(
            Ending(Cause.ACTION_FAILED, f"a value is outside its type: {problem(error)}", "none")
        ) from None
    except ZeroDivisionError:
        why = "a division by zero"
        raise Terminated(Ending(Cause.ACTION_FAILED, why, "none")) from None
    except ArithmeticError as error:
        why = f"a value is outside its type: {type(error).__name__}"
        raise Terminated(Ending(Cause.ACTION_FAILED, why, "none")) from None
