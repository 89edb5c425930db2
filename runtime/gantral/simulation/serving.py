"""The API's own code over a simulation: what ``serve`` does for people, with no Temporal."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from gantral.api import readiness
from gantral.api.comments import Comments
from gantral.api.deployment import Deployment as Served
from gantral.api.readiness import Readiness
from gantral.api.refusals import RefusalLog
from gantral.api.story import Library
from gantral.api.temporal import Gateway, Rejected, Row, Run
from gantral.identity import Expected, Provider
from gantral.runtime import settings
from gantral.runtime.commands import workflow_queue
from gantral.runtime.keyring import Keyring
from gantral.simulation.deployment import AUDIENCE, ISSUER, Deployment
from gantral.simulation.envelopes import sealer
from gantral.simulation.stage import Stage


class SimulatedGateway(Gateway):
    """What ``serve`` asks of Temporal, asked of a stage. What an update sets off happens before it
    is answered."""

    def __init__(self, stage: Stage) -> None:
        self._stage = stage
        self._submissions: dict[str, str] = {}

    async def start(
        self,
        instance_id: str,
        workflow: str,
        team: str,
        command: Mapping[str, Any],
        submission: str,
        *,
        again: bool = False,
    ) -> bool:
        """See Gateway; here no run is started again. Raises WrongCode."""
        opened = sealer(instance_id).open("start", command)
        if self._stage.server.start(workflow, instance_id, workflow_queue(team), opened):
            self._submissions[instance_id] = submission
            self._stage.settle()
        return self._submissions.get(instance_id) == submission

    async def _update(
        self, name: str, instance_id: str, update_id: str, delivery: Mapping[str, Any], what: str
    ) -> Mapping[str, Any] | Rejected:
        opened = sealer(instance_id).open(name, delivery)
        update = self._stage.server.update(instance_id, name, update_id, opened)
        self._stage.settle()
        if update.refused is not None:
            return Rejected(*update.refused)
        if update.failed:
            return Rejected("refused", update.failed)
        answer: Mapping[str, Any] = update.result
        return answer

    async def run(self, instance_id: str) -> Run | None:
        """See Gateway."""
        found = self._stage.server.executions.get(instance_id)
        if found is None:
            return None
        submission = self._submissions.get(instance_id, "none")
        return Run(found.run.began.run_id, found.status != "running", submission)

    async def rows(self, query: str, most: int) -> list[Row]:
        """Nobody looks for instances here. Raises NotImplementedError."""
        raise NotImplementedError("a simulation has no visibility store")


def served(deployment: Deployment, stage: Stage, folder: Path) -> Served:
    """What the API's functions need, of a simulated deployment; ``folder`` is for its files."""
    trust, store, drafts, seal = (
        deployment.trust,
        deployment.store,
        deployment.drafts,
        deployment.seal,
    )
    teams = frozenset(one.team for one in deployment.programs.values())
    library = Library(store, trust, sorted(teams))
    now: Callable[[], Any] = lambda: stage.server.now  # noqa: E731 - it is a clock
    identity = settings.Identity(
        issuer=ISSUER,
        audience=AUDIENCE,
        person="sub",
        algorithms=("RS256",),
        roles={role: settings.RoleMap("roles", role) for role in deployment.roles},
        assurance={one: settings.Assurance("acr", (one,)) for one in deployment.levels},
        directory=None,
    )
    return Served(
        settings=_settings(folder, identity),
        identity=identity,
        programs=deployment.programs,
        trust=trust,
        seal=seal,
        store=store,
        drafts=drafts,
        keys=Keyring(store),
        library=library,
        comments=Comments(drafts, trust, seal.key),
        provider=Provider(Expected(ISSUER, AUDIENCE, ("RS256",))),
        directory=None,
        gateway=SimulatedGateway(stage),
        refusals=RefusalLog(folder / "refusals.jsonl", seal.key),
        ready=Readiness(
            {
                readiness.STORE: readiness.of_stores(store, drafts),
                readiness.SIGNER: readiness.of_signer(seal, trust, teams, now),
                readiness.POLICY: readiness.of_policy(deployment.opa),
            }
        ),
        notices=None,
        log=None,
        now=now,
    )


def _settings(folder: Path, identity: settings.Identity) -> settings.Settings:
    return settings.Settings(
        file=folder / "gantral.toml",
        environment="development",
        packages=(),
        source_path=(),
        temporal=settings.Temporal("default", None, None, {}),
        opa=None,
        identity=identity,
        evidence=None,
        keys=settings.Keys(None, None, None, None, None, None, None),
        api=settings.Api("127.0.0.1", 1, ISSUER, None, None, None),
        worker=settings.WorkerSettings((), ()),
        notify=(),
        log=None,
    )
