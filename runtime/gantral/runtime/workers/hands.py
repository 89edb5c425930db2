"""The Temporal workers of a process, by role and team."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final

from gantral.runtime import programs
from gantral.runtime.commands import EVIDENCE_QUEUE, workflow_queue
from gantral.runtime.programs import ProgramInfo
from gantral.runtime.settings import Settings
from gantral.runtime.workers import assembly
from gantral.runtime.workers.assembly import Stores
from temporalio.client import Client
from temporalio.common import VersioningBehavior, WorkerDeploymentVersion
from temporalio.worker import Worker, WorkerDeploymentConfig
from temporalio.worker.workflow_sandbox import SandboxedWorkflowRunner

# Longer than one commit's attempt (10 s): a shutdown must not lose a put's answer.
_GRACE: Final = timedelta(seconds=30)


@dataclass(frozen=True)
class Hands:
    """The Temporal workers of each role: one a queue and team, because each team's are versions of
    a deployment of their own.

    Activities are versioned as the workflows are: an instance that is pinned to a build is worked
    for by that build in every role, so a new build need not know an old one's programs
    (docs/rollout.md).
    """

    client: Client
    settings: Settings
    stores: Stores
    loaded: Sequence[ProgramInfo]
    versions: Mapping[str, WorkerDeploymentVersion]

    def workflows(self) -> list[Worker]:
        """Of role workflow."""
        return [
            self._worker(
                workflow_queue(team),
                team,
                workflows=[program.workflow_class for program in programs_of],
                workflow_runner=SandboxedWorkflowRunner(restrictions=programs.sandbox()),
            )
            for team, programs_of in self._teams().items()
        ]

    def evidence(self) -> list[Worker]:
        """Of role evidence. Raises SettingsError."""
        activities = assembly.evidence_activities(self.settings, self.stores)
        # Unversioned workers of one queue would all be the same one.
        teams = [*self._teams()] if self.versions else [*self._teams()][:1]
        return [self._worker(EVIDENCE_QUEUE, team, activities=activities) for team in teams]

    def services(self) -> list[Worker]:
        """Of role service. Raises SettingsError."""
        services = assembly.made_services(self.settings)
        assembly.refuse_strangers(services, self.loaded)
        found: list[Worker] = []
        for team, programs_of in self._teams().items():
            packages = {program.package for program in programs_of}
            mine = [one for one in services if type(one).package_ in packages]
            queues = assembly.service_activities(self.settings, self.stores, mine, programs_of)
            found += [
                self._worker(queue, team, activities=activities)
                for queue, activities in queues.items()
            ]
        return found

    def _teams(self) -> dict[str, list[ProgramInfo]]:
        teams: dict[str, list[ProgramInfo]] = {}
        for program in self.loaded:
            teams.setdefault(program.team, []).append(program)
        return teams

    def _worker(self, queue: str, team: str, **what: Any) -> Worker:
        config = None
        if team in self.versions:
            config = WorkerDeploymentConfig(
                version=self.versions[team],
                use_worker_versioning=True,
                default_versioning_behavior=VersioningBehavior.PINNED,
            )
        return Worker(
            self.client,
            task_queue=queue,
            graceful_shutdown_timeout=_GRACE,
            deployment_config=config,
            **what,
        )
