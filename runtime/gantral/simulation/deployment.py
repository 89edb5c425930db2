"""A whole deployment in memory: keys, store, programs, and the workers' own activities.

The evidence is real: what commits here is the evidence worker's code, recount and walk included,
and what acts is the effect worker's, claims and outcomes included. Only what lies outside of every
deployment is told by whoever drives it: what services answer and what policies say.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Coroutine, Iterable, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from importlib import import_module
from typing import Any, ClassVar, Final, TypeVar

from gantral.api.deployment import assurances_of, roles_of
from gantral.api.sealing import Seal
from gantral.evidence import SigningKey, TrustFile, canonical
from gantral.evidence.development import development_trust
from gantral.evidence.keys import PublicKey
from gantral.identity import RoleMap
from gantral.policy import Opa
from gantral.runtime import programs
from gantral.runtime.calls import ActionFailed, CallContext, Event, Service
from gantral.runtime.keyring import Keyring
from gantral.runtime.programs import ProgramInfo
from gantral.runtime.returned import result
from gantral.runtime.workers.actions import action
from gantral.runtime.workers.actors import Actors
from gantral.runtime.workers.children import ChildStarter
from gantral.runtime.workers.commit import Committer
from gantral.runtime.workers.effects import EffectWorker
from gantral.runtime.workers.gate import GateOpener
from gantral.runtime.workers.implementations import Implementation, implementations
from gantral.simulation.apart import apart
from gantral.simulation.executions import Activity
from gantral.simulation.memory import MemoryStore
from temporalio import workflow
from temporalio.testing import ActivityEnvironment

ISSUER: Final = "http://127.0.0.1:1"
AUDIENCE: Final = "simulation"
# What policy_version_id is in simulated evidence: no bundle has this digest.
REVISION: Final = "sha256:" + "0" * 64
_USES: Final = ("commit", "decision", "effect")
_ACTS: Final = ("effect", "critical effect")
_T = TypeVar("_T")


@dataclass(frozen=True)
class Answer:
    """What a service answers: ``result`` a spec-named wire value; or ``failed``, "no" or "unknown",
    and why; or, where ``lost``, nothing: this attempt's worker is gone in the middle of the call.
    """

    result: Any = None
    failed: str = ""
    why: str = ""
    lost: bool = False


@dataclass(frozen=True)
class Invoked:
    """A call that reached a service."""

    instance_id: str
    operation: str
    site: str
    at: datetime


class Lost(BaseException):
    """The worker of an attempt is gone: nothing of ours may catch this."""


class _Told(Opa):
    """OPA's face with the words of whoever drives; what reads it is the real client."""

    # The words of the next questions; FAILURE: it answers with an error.
    words: ClassVar[list[str]] = []

    async def post(self, path: str, content: bytes) -> tuple[int, bytes]:
        """The next word."""
        word = self.words.pop(0)
        bundles = {"simulation": {"revision": REVISION}}
        body = {"result": {"decision": word}, "provenance": {"bundles": bundles}}
        return 500 if word == "FAILURE" else 200, json.dumps(body).encode()


class _Inline(ThreadPoolExecutor):
    """Runs what it is given in the caller's thread: nothing here waits for anything."""

    def submit(self, fn: Callable[..., _T], /, *args: Any, **kwargs: Any) -> Future[_T]:
        future: Future[_T] = Future()
        try:
            future.set_result(fn(*args, **kwargs))
        except BaseException as error:
            future.set_exception(error)
        return future


@dataclass(frozen=True)
class _Remembered(PublicKey):
    """A public key that judges a signature once: a chain is read again at each of its commits, and
    in each story that begins as it does."""

    judged: dict[tuple[bytes, bytes], bool]

    def verifies(self, signature: bytes, data: bytes) -> bool:
        known = self.judged.get((signature, data))
        if known is None:
            known = self.judged[signature, data] = super().verifies(signature, data)
        return known


class Deployment:
    """Programs with everything that it takes to run them. One deployment serves any number of
    simulations, one after another: ``hold`` says of which the stores are.

    Args:
        packages: importable names of generated packages.
        services: who answers for the services of a program; None: ``perform`` is told.
        opa: who answers for policies; None: ``perform`` is told.

    Raises:
        ProgramError: one can't be loaded.
    """

    def __init__(
        self,
        packages: Iterable[str],
        services: Callable[[ProgramInfo], Iterable[Service]] | None = None,
        opa: Opa | None = None,
    ) -> None:
        names = list(packages)
        keys = {use: SigningKey.generate() for use in _USES}
        loaded = [programs.load(name) for name in names]
        self.trust = _trust(keys, loaded)
        self.store = MemoryStore()
        self.drafts = MemoryStore(deletable=True)
        self.programs: dict[str, ProgramInfo] = {}
        self._packages = [one.package for one in loaded]
        self.enter()
        pepper = b"simulation" * 4
        manifests = [one.manifest for one in loaded]
        self.roles = sorted({role for one in manifests for role in roles_of(one)})
        self.levels = tuple(sorted({level for one in manifests for level in assurances_of(one)}))
        role_map = RoleMap(
            person="sub",
            roles={role: ("roles", role) for role in self.roles},
            assurances={level: ("acr", (level,)) for level in self.levels},
        )
        self.seal = Seal(
            keys["decision"], pepper, role_map, self.trust.environment, timedelta(days=3650)
        )
        self._told = _Told("http://127.0.0.1:1")
        self.opa = opa or self._told
        self._answer = Answer()
        self._now = datetime.min
        self.invoked: list[Invoked] = []
        self._loop = asyncio.new_event_loop()
        self._loop.set_default_executor(_Inline())
        self._bodies = self._activities(
            keys, Actors(pepper, ISSUER, "sub"), services or self._told_services
        )

    def enter(self) -> None:
        """Enter the programs where workflows find them, in place of who entered the same ones."""
        keys = Keyring(self.store)
        loaded = [programs.load(one, trust=self.trust, keys=keys) for one in self._packages]
        self.programs.update((one.workflow_id, one) for one in loaded)

    def hold(self, store: MemoryStore, drafts: MemoryStore) -> None:
        """From now on the deployment's stores are these."""
        self.store.lean_on(store)
        self.drafts.lean_on(drafts)

    def definition(self, name: str) -> workflow._Definition:
        """The code of a workflow. Raises KeyError."""
        found = workflow._Definition.from_class(self.programs[name].workflow_class)
        assert found is not None
        return found

    def event(self, program: ProgramInfo, name: str) -> type[Event]:
        """The model of an event of a program. Raises KeyError."""
        found = {
            one.event_: one
            for one in vars(import_module(f"{program.package}.types")).values()
            if isinstance(one, type) and issubclass(one, Event) and hasattr(one, "event_")
        }
        return found[name]

    def perform(
        self,
        activity: Activity,
        run_id: str,
        now: datetime,
        *,
        answer: Answer | None = None,
        words: Sequence[str] = (),
    ) -> Any:
        """Run the body of an activity, as its worker does in one attempt.

        Args:
            answer: what the service says, where it is an operation's.
            words: what policies say, where it asks some.

        Raises:
            ApplicationError: it failed. Lost: the answer was that nothing comes.
        """
        self._answer, self._now = answer or Answer(), now
        self._told.words[:] = words
        environment = ActivityEnvironment()
        environment.info = replace(
            environment.info,
            activity_id=activity.id,
            activity_type=activity.name,
            attempt=activity.attempt,
            started_time=now,
            task_queue=activity.queue,
            workflow_id=activity.workflow_id,
            workflow_run_id=run_id,
        )
        body = self._bodies[activity.name]
        return apart(lambda: self._complete(environment.run(body, activity.argument)))

    def close(self) -> None:
        """End its event loop."""
        self._loop.close()

    def _complete(self, work: Coroutine[Any, Any, Any]) -> Any:
        return self._loop.run_until_complete(work)

    def _activities(
        self,
        keys: Mapping[str, SigningKey],
        actors: Actors,
        answering: Callable[[ProgramInfo], Iterable[Service]],
    ) -> dict[str, Callable[..., Any]]:
        evidence = (self.store, self.drafts, self.trust, keys["commit"], actors)
        opener = GateOpener(actors, self.opa, keys["commit"])
        found: dict[str, Callable[..., Any]] = {
            "gantral.commit": Committer(*evidence).commit,
            "gantral.open_gate": opener.open_gate,
            "gantral.ask_guard": opener.ask_guard,
            "gantral.start_child": ChildStarter(*evidence).start_child,
        }
        loaded = {one.package: one for one in self.programs.values()}
        services = [one for program in loaded.values() for one in answering(program)]
        effects = EffectWorker(self.store, self.trust, keys["effect"], actors)
        offers: dict[str, dict[str, tuple[ProgramInfo, Implementation]]] = {}
        for (package, operation), made in implementations(services).items():
            program = loaded[package]
            wire = str(program.manifest["operations"][operation]["wire"])
            offers.setdefault(wire, {})[program.version_id] = (program, made)
        for wire, offered in offers.items():
            program, made = next(iter(offered.values()))
            if program.manifest["operations"][made.operation]["kind"] in _ACTS:
                found[wire] = effects.activity(wire, offered, None)
            else:
                found[wire] = action(program, made, None)
        return found

    def _told_services(self, program: ProgramInfo) -> list[Service]:
        return [self._implement(program, base)() for base in program.services.values()]

    def _implement(self, program: ProgramInfo, base: type[Service]) -> type[Service]:
        async def method(service: Service, call: CallContext, /, **arguments: Any) -> Any:
            answer = self._answer
            self.invoked.append(Invoked(call.instance_id, call.operation, call.call, self._now))
            if answer.lost:
                raise Lost
            if answer.failed:
                raise ActionFailed(answer.why, answer.failed)
            model = program.calls[call.operation].result_
            return None if model is None else result(model, answer.result)

        methods = dict.fromkeys(base.__abstractmethods__, method)
        return type(f"Told{base.__name__}", (base,), methods)


def _trust(keys: Mapping[str, SigningKey], loaded: Sequence[ProgramInfo]) -> TrustFile:
    listed = [(one.team, one.workflow_id, one.version_id) for one in loaded]
    statement = development_trust("simulation", keys, listed)
    trust = TrustFile.load(canonical(statement))
    remembered = {
        keyid: replace(one, public=_Remembered(one.public.keyid, one.public._key, {}))
        for keyid, one in trust.keys.items()
    }
    return replace(trust, keys=remembered)
