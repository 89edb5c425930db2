from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Annotated, ClassVar

from gantral.authority import State
from gantral.runtime import ActionFailed, Ask, Failure, Governed, Person, PersonOf, governed
from gantral.runtime.machine import Transition

from .services import keys
from .types import AccessApproval, BroughtEvent, Input, Output, StopEvent


class AccessAsk(Ask[AccessApproval]):
    gate_: ClassVar[str] = "access"
    approval_: ClassVar[type[AccessApproval]] = AccessApproval
    owner: Annotated[Person, PersonOf()]
    what: str


class gates:  # noqa: N801
    access = AccessAsk


@governed(workflow="desk", program="@PROGRAM@", codegen=1)
class Desk(Governed[Input, Output]):
    """Not like generated code: a small script says which statements run, so that one workflow
    serves many tests."""

    async def body(self, input: Input) -> Output:
        log: list[str] = []
        approved = None
        for number, step in enumerate(input.script, start=1):
            if step == "ask":
                approved = await self.ask(
                    gates.access(owner=input.owner, what=input.what), site="access/1"
                )
                log.append("asked")
            elif step == "look":
                found = await self.read(keys.look(what=input.what), call=f"keys.look/{number}")
                log.append(found.state)
            elif step == "look else":
                try:
                    await self.read(
                        keys.look(what=input.what), call=f"keys.look/{number}", handled=True
                    )
                except ActionFailed as failed:
                    log.append(f"look {failed.happened}")
            elif step == "tell":
                await self.notify(keys.tell(what=input.what), call=f"keys.tell/{number}")
                log.append("told")
            elif step in ("grant", "paint"):
                assert approved is not None
                make = keys.grant if step == "grant" else keys.paint
                done = await self.effect(
                    make(what=approved.what), call=f"keys.{step}/{number}", under=(approved,)
                )
                log.append(done.serial)
            elif step == "grant else":
                assert approved is not None
                try:
                    done = await self.effect(
                        keys.grant(what=approved.what),
                        call=f"keys.grant/{number}",
                        under=(approved,),
                        handled=True,
                    )
                    log.append(done.serial)
                except ActionFailed as failed:
                    log.append(f"grant {failed.happened}")
            elif step.startswith("wait "):
                came = await self.wait(
                    BroughtEvent,
                    StopEvent,
                    within=timedelta(seconds=int(step.removeprefix("wait "))),
                    site="wait/1",
                )
                if isinstance(came, BroughtEvent):
                    log.append(f"{came.what} by {came.by}")
                else:
                    log.append("silence" if came is None else came.event_)
            elif step.startswith("undo "):
                await self.undo(step.removeprefix("undo "))
                log.append("undone")
            elif step == "who":
                assert approved is not None
                decision = approved.decision_
                log += [*decision.deciders, decision.reason, str(decision.waived)]
                log.append(approved.proposed_.what)
            elif step.startswith("both "):
                log += await self.both(step.removeprefix("both "), str(number), approved)
            elif step == "divide":
                log.append(str(Decimal(1) / Decimal(3)))
            elif step.startswith("illegal "):
                target = State(step.removeprefix("illegal "))
                await self._machine.commit(Transition((target,), {"same": True}))
            elif step == "bug":
                raise RuntimeError("a bug")
            else:
                self.terminate(step, at="terminate/1")
        return self.complete(Output(log=tuple(log)), at="complete/1")

    async def both(self, branches: str, number: str, approved: AccessApproval | None) -> list[str]:
        """`one,two|three`: two branches; `inner` in one has two of its own."""
        async with self.parallel() as begun:
            given = [
                begun.begin(self.branch(steps, f"{number}{place}", approved))
                for place, steps in enumerate(branches.split("|"))
            ]
        return [one.given for one in given]

    async def branch(self, steps: str, number: str, approved: AccessApproval | None) -> str:
        said = ""
        for at, step in enumerate(steps.split(",")):
            site = f"{number}{at}"
            if step.startswith("sleep "):
                await self.sleep(timedelta(seconds=int(step.removeprefix("sleep "))))
            elif step in ("grant", "paint"):
                assert approved is not None
                make = keys.grant if step == "grant" else keys.paint
                done = await self.effect(
                    make(what=approved.what), call=f"keys.{step}/{site}", under=(approved,)
                )
                said += done.serial
            elif step == "look":
                found = await self.read(keys.look(what=step), call=f"keys.look/{site}")
                said += found.state
            elif step.startswith("undo "):
                await self.undo(step.removeprefix("undo "))
            elif step.startswith("wait "):
                # The first branch waits for one event, the others for the other.
                first = number.endswith("0")
                came = await self.wait(
                    BroughtEvent if first else StopEvent,
                    within=timedelta(seconds=int(step.removeprefix("wait "))),
                    site=f"wait/{2 if first else 3}",
                )
                said += "silence" if came is None else came.event_
            elif step == "inner":
                said += "".join(await self.both("sleep 7,look|sleep 86400,look", site, approved))
            elif step == "ask":
                await self.ask(gates.access(owner=Person("alice"), what="x"), site="access/1")
            elif step == "bug":
                raise RuntimeError("a bug")
            else:
                self.terminate(step, at=f"terminate/{site}")
        return said

    async def on_failure(self, input: Input, failure: Failure) -> None:
        if "tell on failure" in input.what:
            await self.notify(keys.tell(what=f"failed: {failure.cause}"), call="keys.tell/99")
