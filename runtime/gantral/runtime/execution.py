"""The governed workflow: what Temporal runs.

The run itself is a task of its own. The task that Temporal knows only waits for it, so a request to
cancel never interrupts a commit or an effect: it becomes a note, acted on in the state that results
(DESIGN section 5). Update handlers never move the machine either.
"""

from __future__ import annotations

import asyncio
import decimal
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

from gantral.authority import Cause, State
from gantral.runtime import forms
from gantral.runtime.admission import admit
from gantral.runtime.anew import Anew, Carried
from gantral.runtime.calls import Failure
from gantral.runtime.children import Children
from gantral.runtime.commands import StartCommand
from gantral.runtime.ends import Ending, Rejected, RunEnd, Terminated, ended, refused
from gantral.runtime.kinds import Person
from gantral.runtime.machine import Transition, text, whole
from gantral.runtime.sealing import Unsealed
from gantral.runtime.statements import InputT, OutputT, Statements
from gantral.runtime.values import Record, problem
from gantral.runtime.votes import refuse
from gantral.runtime.waiting import until
from pydantic import ValidationError
from temporalio import workflow

T = TypeVar("T")


class Governed(Statements[InputT, OutputT]):
    """The base of a generated workflow; the subclass has ``body`` and perhaps ``on_failure``."""

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
        self._children = Children(
            self._machine, self._program, self._notes, admitted.initiator, self._actions
        )
        self._is_child = "parent" in start
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
            left=self._actions.left() if self._is_child else [],
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
