"""From settings to the parts of a worker: programs, keys, stores, activities by task queue."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import Executor, ThreadPoolExecutor
from dataclasses import dataclass
from functools import cache, cached_property
from importlib import import_module
from pathlib import Path
from typing import Any, Literal

from gantral.evidence import EvidenceError, SigningKey, Store, StoreError, TrustFile, Unfit
from gantral.evidence.forms import instant_text
from gantral.evidence.places import open_erasable, open_evidence
from gantral.evidence.s3_client import connect
from gantral.evidence.signers import KmsKey, Signer
from gantral.evidence.trust_line import load_at
from gantral.identity.directory import Directory
from gantral.policy import Opa
from gantral.runtime import programs
from gantral.runtime.calls import Service
from gantral.runtime.commands import (
    ASK_GUARD,
    COMMIT,
    EVIDENCE_QUEUE,
    OPEN_GATE,
    START_CHILD,
)
from gantral.runtime.effects import ours
from gantral.runtime.keyring import Keyring
from gantral.runtime.programs import ProgramInfo
from gantral.runtime.settings import Evidence, Settings, load
from gantral.runtime.settings_reader import SettingsError
from gantral.runtime.workers.actions import action
from gantral.runtime.workers.actors import Actors
from gantral.runtime.workers.children import ChildStarter
from gantral.runtime.workers.closer import Closer
from gantral.runtime.workers.commit import Committer
from gantral.runtime.workers.effects import EffectWorker
from gantral.runtime.workers.gate import GateOpener
from gantral.runtime.workers.implementations import Implementation, implementations
from gantral.runtime.workers.sealed import sealed, sealed_failures

Activity = Callable[..., Any]
_EFFECTS = ("effect", "critical effect")
_THREADS = 100
STORE_HELP = "see that it can be reached and that this process has credentials for it"


@dataclass(frozen=True)
class Stores:
    """The write-once store, the deletable drafts, and the trust file that signatures are judged
    with."""

    store: Store
    drafts: Store
    trust: TrustFile

    @cached_property
    def keys(self) -> Keyring:
        """The keys of instances, which lie beside the texts."""
        return Keyring(self.store)


def open_store(settings: Settings) -> Store:
    """The store of ``[evidence]`` alone, for who only reads. Nothing is asked of it yet.

    Raises:
        SettingsError.
    """
    evidence = settings.need_evidence()
    try:
        return open_evidence(evidence.store, evidence.texts, evidence.retention, _client(evidence))
    except Unfit as unfit:
        raise SettingsError("evidence.store", str(unfit), unfit.remedy) from None


def open_drafts(settings: Settings) -> Store:
    """The drafts of ``[evidence]``. Nothing is asked of them yet. Raises SettingsError."""
    evidence = settings.need_evidence()
    try:
        return open_erasable(evidence.drafts, _client(evidence))
    except Unfit as unfit:
        raise SettingsError("evidence.drafts", str(unfit), unfit.remedy) from None


def read_trust(settings: Settings) -> TrustFile:
    """The trust file, or the last of a folder's line, which must be of this deployment's
    environment. Raises SettingsError."""
    path = settings.need_evidence().trust
    try:
        trust = load_at(path)
    except OSError as error:
        raise SettingsError(
            "evidence.trust",
            f"{error.filename or path} can't be read: {error.strerror}",
            "make it with `gantral keys trust`, or mend the path",
        ) from None
    except EvidenceError as error:
        raise SettingsError(
            "evidence.trust",
            f"{path}: {error.message}",
            "get it again from who publishes it; `gantral keys trust` writes one",
        ) from None
    if trust.environment != settings.environment:
        raise SettingsError(
            "evidence.trust",
            f"it is a {trust.environment} trust file in a {settings.environment} deployment",
            "name the other file, or mend [deployment] environment",
        )
    return trust


def open_stores(settings: Settings) -> Stores:
    """Section ``[evidence]`` as objects; nothing is asked of them yet. Raises SettingsError."""
    trust = read_trust(settings)
    return Stores(open_store(settings), open_drafts(settings), trust)


def check_stores(stores: Stores, *, commits: bool) -> None:
    """Refuse stores that evidence can't rest on, before anything is done. ``commits``: whether this
    process commits; one that performs effects may read, and write a few keys, and drafts nothing.

    Raises:
        SettingsError: with the remedy.
    """
    for name, store in (("store", stores.store), ("drafts", stores.drafts)):
        if name == "drafts" and not commits:
            continue
        try:
            store.check()
            if commits:
                store.probe()
        except Unfit as unfit:
            why = f"[{unfit.rule}] {unfit}"
            raise SettingsError(f"evidence.{name}", why, unfit.remedy) from None
        except StoreError as error:
            raise SettingsError(f"evidence.{name}", str(error), STORE_HELP) from None


def _client(evidence: Evidence) -> Callable[[], Any]:
    return lambda: _connected(evidence.endpoint, evidence.region)


@cache
def _connected(endpoint: str | None, region: str | None) -> Any:
    """One client serves store, texts and drafts: making one costs 0.1 s. Raises Unfit."""
    return connect(endpoint, region)


def signing_key(
    settings: Settings,
    use: Literal["commit", "decision", "effect", "closer", "erasure"],
    trust: TrustFile,
) -> Signer:
    """The key of ``[keys]`` for one use, which the trust file must list for that use, today: what
    it signed outside its life would be INVALID.

    Raises:
        SettingsError: missing, unreadable, or not trusted for this.
    """
    try:
        key = signer(settings, use)
        known = trust.key(key.keyid, frozenset({use}))
        for team in known.teams:
            known.check(team, instant_text(int(time.time() * 1000)))
    except EvidenceError as error:
        remedies = {
            "signer": "let this process use that key of KMS",
            "key_lifetime": "use a key that is good today, or set this machine's clock",
        }
        remedy = remedies.get(error.code, "list it in the trust file with `gantral keys trust`")
        raise SettingsError(f"keys.{use}", error.message, remedy) from None
    return key


def signer(
    settings: Settings, use: Literal["commit", "decision", "effect", "closer", "erasure"]
) -> Signer:
    """The key of ``[keys]`` for one use, whether it is trusted or not.

    Raises:
        SettingsError: not configured, or not to be read.
        EvidenceError: ``key``, no Ed25519 key; ``signer``, KMS can't be asked.
    """
    source = settings.keys.source(use)
    return SigningKey.load(source.read()) if source.kms is None else KmsKey.load(source.kms)


def actors(settings: Settings) -> Actors:
    """Who is who under the team's pepper. Raises SettingsError."""
    identity = settings.need_identity()
    return Actors(settings.keys.read("pepper"), identity.issuer, identity.person)


def directory(settings: Settings) -> Directory | None:
    """The deployment's directory, when it has one. It is read when it is asked."""
    file = settings.identity.directory if settings.identity else None
    return None if file is None else Directory(file)


def load_programs(
    settings: Settings, trust: TrustFile | None, keys: Keyring | None = None
) -> list[ProgramInfo]:
    """Every package of ``[deployment] packages``; who runs workflows gives ``keys``. Raises
    SettingsError."""
    for folder in reversed(settings.source_path):
        if str(folder) not in sys.path:
            sys.path.insert(0, str(folder))
    try:
        return [
            programs.load(package, queues=settings.temporal.queues, trust=trust, keys=keys)
            for package in settings.packages
        ]
    except programs.ProgramError as error:
        raise SettingsError("deployment.packages", str(error), "mend that package") from None


def evidence_activities(
    settings: Settings, stores: Stores, who: Actors | None = None
) -> list[Activity]:
    """``gantral.commit``, ``gantral.open_gate``, ``gantral.ask_guard``, ``gantral.start_child``.
    ``who`` is who is who there, if not by the settings. Raises SettingsError."""
    who = who or actors(settings)
    key = signing_key(settings, "commit", stores.trust)
    committer = Committer(stores.store, stores.drafts, stores.trust, key, who)
    opa = None
    if settings.opa is not None:
        opa = Opa(settings.opa.url, settings.opa.timeout, settings.opa.reconnect)
    opener = GateOpener(who, opa, key, directory(settings))
    starter = ChildStarter(stores.store, stores.drafts, stores.trust, key, who)
    activities = {
        COMMIT: committer.commit,
        OPEN_GATE: opener.open_gate,
        ASK_GUARD: opener.ask_guard,
        START_CHILD: starter.start_child,
    }
    return [sealed(name, run, stores.keys) for name, run in activities.items()]


def closer(settings: Settings, stores: Stores) -> Closer | None:
    """The closer, when this deployment gives its key here. Raises SettingsError."""
    if settings.keys.closer is None:
        return None
    return Closer(
        stores.store, stores.drafts, stores.trust, signing_key(settings, "closer", stores.trust)
    )


def made_services(settings: Settings) -> list[Service]:
    """What the callables of ``[worker] services`` return. Raises SettingsError."""
    found: list[Service] = []
    for name in settings.worker.services:
        module, _, attribute = name.partition(":")
        try:
            make = getattr(import_module(module), attribute)
        except (ImportError, AttributeError, ValueError) as error:
            raise SettingsError(
                "worker.services",
                f"{name} can't be imported: {error}",
                'say "module:callable", and its folder in [deployment] path',
            ) from None
        made = make()
        found += [made] if isinstance(made, Service) else list(made)
    return found


def refuse_strangers(services: Iterable[object], loaded: Sequence[ProgramInfo]) -> None:
    """Each must be a service of a loaded package.

    Raises:
        SettingsError: the first that is none.
    """
    packages = {program.package for program in loaded}
    for one in services:
        package = getattr(type(one), "package_", None)
        if package is None or not isinstance(one, Service):
            raise SettingsError(
                "worker.services",
                f"{type(one).__name__} is no service of a generated package",
                "return instances of your subclasses of the classes in services.py",
            )
        if package not in packages:
            raise SettingsError(
                "worker.services",
                f"{type(one).__name__} is of {package}, which is not loaded",
                "name it in [deployment] packages",
            )


def service_activities(
    settings: Settings, stores: Stores, services: Iterable[Service], loaded: Sequence[ProgramInfo]
) -> Mapping[str, list[Activity]]:
    """Task queue -> the activities of these services there.

    Raises:
        SettingsError: something that is no service, or a missing effect key.
    """
    packages = {program.package: program for program in loaded}
    executor: Executor = ThreadPoolExecutor(_THREADS, "gantral-service")
    offers: dict[str, dict[str, tuple[ProgramInfo, Implementation]]] = {}
    for (package, operation), made in implementations(services).items():
        program = packages[package]
        wire = str(program.manifest["operations"][operation]["wire"])
        offers.setdefault(wire, {})[program.version_id] = (program, made)
    effects: EffectWorker | None = None
    queues: dict[str, list[Activity]] = {}
    for wire, offered in offers.items():
        program, made = next(iter(offered.values()))
        if program.manifest["operations"][made.operation]["kind"] in _EFFECTS:
            effects = effects or _effect_worker(settings, stores)
            run = sealed(wire, effects.activity(wire, offered, executor), stores.keys)
        elif ours(program.manifest["operations"][made.operation]):
            run = sealed(wire, action(program, made, executor), stores.keys)
        else:
            run = sealed_failures(wire, program.team, action(program, made, executor), stores.keys)
        queues.setdefault(program.queue(made.operation), []).append(run)
    return queues


def team_activities(services: Sequence[Service], settings: str | Path) -> list[Activity]:
    """``gantral.runtime.activities``."""
    read = load(settings)
    stores = open_stores(read)
    check_stores(stores, commits=False)
    wanted = dict.fromkeys(getattr(type(service), "package_", "") for service in services)
    loaded = [
        program
        for program in load_programs(read, stores.trust, stores.keys)
        if program.package in wanted
    ]
    refuse_strangers(services, loaded)
    queues = service_activities(read, stores, services, loaded)
    return [run for activities in queues.values() for run in activities]


def _effect_worker(settings: Settings, stores: Stores) -> EffectWorker:
    return EffectWorker(
        stores.store,
        stores.trust,
        signing_key(settings, "effect", stores.trust),
        actors(settings) if settings.identity and settings.keys.pepper else None,
    )


__all__ = [
    "EVIDENCE_QUEUE",
    "STORE_HELP",
    "Stores",
    "actors",
    "check_stores",
    "closer",
    "directory",
    "evidence_activities",
    "load_programs",
    "made_services",
    "open_drafts",
    "open_store",
    "open_stores",
    "read_trust",
    "service_activities",
    "signing_key",
    "team_activities",
]
