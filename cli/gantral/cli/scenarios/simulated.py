"""Scenarios in the simulation: no server, no network, and time that passes when it is told to."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cached_property
from pathlib import Path
from typing import Any

from gantral.api.deployment import Deployment as Served
from gantral.cli.scenarios.driver import Stuck, Timer
from gantral.cli.scenarios.outside import operations, policy_answer, scripted_services
from gantral.cli.scenarios.packages import write_packages
from gantral.cli.scenarios.script import Script
from gantral.policy import Opa
from gantral.runtime.commands import COMMIT, OPEN_GATE
from gantral.runtime.sealing import Sealer
from gantral.simulation import Deployment, Seen, Stage, Watch, WrongCode
from gantral.simulation.executions import Activity
from gantral.simulation.serving import served

# How many times something may happen by itself before a run is taken for one without an end.
_MOST = 100_000


class Simulated:
    """A ``Driver``."""

    script: Script

    def __init__(self, deployment: Deployment, folder: Path) -> None:
        self._deployment = deployment
        self._folder = folder
        self._stage: Stage
        self._watch = Watch(())

    def deployment(self, scenario: str) -> Served:
        """See Driver."""
        self._deployment.enter()
        packages = (one.package for one in self._deployment.programs.values())
        self._watch = Watch(f"{package}.workflow" for package in packages)
        # To the millisecond, as evidence tells times.
        now = datetime.now(UTC)
        now = now.replace(microsecond=now.microsecond // 1000 * 1000)
        self._stage = Stage(self._deployment, now, self._watch, self._performing)
        return served(self._deployment, self._stage, self._folder)

    def now(self) -> datetime:
        """See Driver."""
        return self._stage.server.now

    async def look(self) -> datetime:
        """See Driver."""
        return self.now()

    async def leap(self, by: timedelta) -> None:
        """See Driver. Raises WrongCode."""
        self._stage.pass_to(self.now() + by)

    async def first_timer(self, instances: Sequence[str]) -> Timer | None:
        """See Driver."""
        at = self._stage.next()
        if at is None:
            raise Stuck("nothing will ever happen to it: it waits for nobody and for no time")
        return Timer(at, at)

    async def end(self, instance_id: str, sealer: Sealer) -> Mapping[str, Any]:
        """See Driver. Raises WrongCode."""
        execution = self._stage.server.executions[instance_id]
        for _ in range(_MOST):
            # A run that goes on in a new history is another execution.
            execution = self._stage.server.executions[instance_id]
            if execution.status != "running":
                break
            at = self._stage.next()
            if at is None:
                raise Stuck("it comes to no end: nothing will ever happen to it")
            self._stage.pass_to(at)
        else:
            raise Stuck(f"it came to no end by {_MOST} timers")
        if execution.status != "completed":
            raise Stuck(f"the run failed: {execution.failure or execution.status}")
        found: Mapping[str, Any] = execution.result
        return found

    async def cancel(self, workflow: str) -> bool:
        """See Driver. Raises WrongCode."""
        found = self._cancel(workflow)
        self._stage.settle()
        return found

    def _cancel(self, workflow: str) -> bool:
        executions = self._stage.server.executions
        live = [
            name
            for name, one in executions.items()
            if one.status == "running" and one.run.began.definition.name == workflow
        ]
        if live:
            self._stage.server.cancel(live[-1])
        return bool(live)

    async def difference(self, instance_id: str) -> str | None:
        """See Driver."""
        try:
            self._stage.replay(instance_id)
        except WrongCode as wrong:
            return str(wrong)
        return None

    @property
    def seen(self) -> Mapping[str, Seen]:
        """workflow -> what the scenario ran of its code."""
        programs = self._deployment.programs.values()
        found = self._watch.seen
        return {one.workflow_id: found.get(f"{one.package}.workflow", Seen()) for one in programs}

    def _performing(self, activity: Activity) -> None:
        if activity.name == COMMIT:
            self.script.commit(activity.workflow_id)
        ours = activity.name.startswith("gantral/")
        # Of an activity of others (`as` in a spec) nobody but its id knows the call.
        self.script.site = str(activity.argument["call"] if ours else "")
        if activity.name == OPEN_GATE:
            due = self.script.cancels(before=activity.argument["gate"])
        else:
            due = self.script.cancels(during=self._operations.get(activity.name, ""))
        for one in due:
            if not self._cancel(one.workflow):
                self.script.none_to_cancel(one)

    @cached_property
    def _operations(self) -> Mapping[str, str]:
        return operations(self._deployment.programs.values())

    def close(self) -> None:
        """End what it holds."""
        self._deployment.close()


@dataclass(frozen=True)
class _ScriptedOpa(Opa):
    """OPA's face with the words of a script; what reads it is the real client."""

    drivers: Sequence[Simulated] = ()

    async def post(self, path: str, content: bytes) -> tuple[int, bytes]:
        """The next word of the script."""
        return policy_answer(json.loads(content).get("input"), self.drivers[0].script)


@contextmanager
def open_simulation(
    programs: Mapping[str, Mapping[str, bytes]], scratch: Path
) -> Iterator[Simulated]:
    """A simulation of these programs, its files in ``scratch``.

    Args:
        programs: workflow -> the files of its generated package.
    """
    names = write_packages(programs.values(), scratch / "src")
    sys.path.insert(0, str(scratch / "src"))
    holder: list[Simulated] = []
    opa = _ScriptedOpa("http://127.0.0.1:1", drivers=holder)
    try:
        deployment = Deployment(
            names, lambda info: scripted_services(info, lambda: holder[0].script), opa
        )
        holder.append(Simulated(deployment, scratch))
        try:
            yield holder[0]
        finally:
            holder[0].close()
    finally:
        sys.path.remove(str(scratch / "src"))
