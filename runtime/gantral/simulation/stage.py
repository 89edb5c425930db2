"""A simulation whose services and policies answer for themselves: only people and time move it.

Every activity is performed when it is scheduled, by the deployment's own bodies; one that fails and
may be tried again waits for its next attempt, as a timer waits.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from gantral.simulation import failures
from gantral.simulation.deployment import Deployment
from gantral.simulation.executions import Activity
from gantral.simulation.memory import MemoryStore
from gantral.simulation.server import Server
from gantral.simulation.watching import Watch


class Stage:
    """One story of a deployment that has services and an OPA of its own. Making it empties the
    deployment's stores.

    Args:
        watch: sees the lines that workflows run.
        performing: is told of each activity before it is performed.
    """

    def __init__(
        self,
        deployment: Deployment,
        now: datetime,
        watch: Watch | None = None,
        performing: Callable[[Activity], None] = lambda activity: None,
    ) -> None:
        self._deployment = deployment
        self._performing = performing
        deployment.hold(MemoryStore(), MemoryStore(deletable=True))
        self.server = Server(deployment.definition, now, watch)
        self._pauses: dict[tuple[str, int], datetime] = {}  # activity -> its next attempt

    def settle(self) -> None:
        """Perform all that is to be done now.

        Raises:
            WrongCode: a workflow's code fails its task.
        """
        while due := next((one for one in self.server.activities if self._is_due(one)), None):
            self._perform(due)

    def next(self) -> datetime | None:
        """When the next thing happens by itself; None: never."""
        times = [one.at for one in self.server.timers]
        live = {(one.workflow_id, one.seq) for one in self.server.activities}
        times += [at for key, at in self._pauses.items() if key in live]
        return min(times, default=None)

    def pass_to(self, instant: datetime) -> None:
        """Let time pass; what is due by then happens, each at its time.

        Raises:
            WrongCode.
        """
        self.settle()
        while (at := self.next()) is not None and at <= instant:
            self.server.pass_to(at)
            self.settle()
        self.server.pass_to(instant)

    def replay(self, instance_id: str) -> None:
        """Play an execution again from its history.

        Raises:
            WrongCode: it does something else.
        """
        self.server.executions[instance_id].run.replay()

    def _is_due(self, activity: Activity) -> bool:
        at = self._pauses.get((activity.workflow_id, activity.seq))
        return at is None or at <= self.server.now

    def _perform(self, activity: Activity) -> None:
        run_id = self.server.executions[activity.workflow_id].run.began.run_id
        self._pauses.pop((activity.workflow_id, activity.seq), None)
        self._performing(activity)
        try:
            found = self._deployment.perform(activity, run_id, self.server.now)
        except Exception as error:
            self._failed(activity, error)
        else:
            self.server.answer(activity, found)

    def _failed(self, activity: Activity, error: Exception) -> None:
        raised = failures.raised(error)
        again = activity.next_attempt(raised, self.server.now)
        if again is None:
            self.server.refuse(activity, raised)
            return
        self.server.again(activity)
        self._pauses[activity.workflow_id, activity.seq] = again
