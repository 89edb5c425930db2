"""What a running ``serve`` holds: settings read once, keys, programs, store and provider."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final, Literal

from gantral.api import readiness
from gantral.api.comments import Comment, Comments
from gantral.api.log.submitting import Submitting
from gantral.api.notices.outbox import Outbox
from gantral.api.notices.running import Notices
from gantral.api.readiness import Readiness
from gantral.api.refusals import RefusalLog
from gantral.api.sealing import NONE, Seal
from gantral.api.story import Library, Story
from gantral.api.temporal import Gateway
from gantral.evidence import Store, TrustFile, forms
from gantral.evidence.calendar import ticks
from gantral.identity import Expected, Person, Provider, RoleMap
from gantral.identity.directory import Directory
from gantral.policy import Opa
from gantral.runtime.programs import ProgramInfo
from gantral.runtime.settings import Identity, Settings, SettingsError
from gantral.runtime.workers.assembly import (
    Stores,
    directory,
    load_programs,
    open_stores,
    signing_key,
)


def _now() -> datetime:
    return datetime.now(UTC)


@dataclass(frozen=True)
class Deployment:
    """Everything a request needs. ``programs``: workflow name -> the program that starts it;
    ``notices``: None when nobody is to be told; ``log``: None without a log."""

    settings: Settings
    identity: Identity
    programs: Mapping[str, ProgramInfo]
    trust: TrustFile
    seal: Seal
    store: Store
    drafts: Store
    library: Library
    comments: Comments
    provider: Provider
    directory: Directory | None
    gateway: Gateway
    refusals: RefusalLog
    ready: Readiness
    notices: Notices | None
    log: Submitting | None
    now: Callable[[], datetime] = field(default=_now)

    @property
    def url(self) -> str:
        """The URL that people use."""
        return self.settings.need_api().url

    async def story(self, instance_id: str) -> Story | None:
        """The instance's story, read in a thread: a store can be far away. None when nothing of it
        was committed, or it is no instance's id.

        Raises:
            Untold, StoreError.
        """
        if not forms.is_uuid(instance_id):
            return None
        return await asyncio.to_thread(self.library.story, instance_id)

    async def said(self, story: Story) -> list[Comment]:
        """What was said at the instance's gates, read in a thread. Raises StoreError."""
        return await asyncio.to_thread(self.comments.of, story.team, story.instance_id)

    def acr(self, assurance: str) -> tuple[str, ...]:
        """The claim values that prove an assurance, for ``acr_values``."""
        known = self.identity.assurance.get(assurance)
        return known.values if known else ()

    def check_login(self, person: Person, prove: Mapping[str, Any], now: datetime) -> None:
        """Raise unless the person's login is what a gate's ``prove`` asks for.

        Raises:
            Refused: login_too_weak, login_too_old.
        """
        within = prove["login_within"]
        person.check_login(
            prove["assurance"],
            self.acr(prove["assurance"]),
            None if within == NONE else forms.duration_ms(within) // 1000,
            now,
        )


def role_map(identity: Identity) -> RoleMap:
    """The settings' mapping, as identity reads it."""
    return RoleMap(
        person=identity.person,
        roles={name: (one.claim, one.value) for name, one in identity.roles.items()},
        assurances={name: (one.claim, one.values) for name, one in identity.assurance.items()},
    )


def expected(identity: Identity) -> Expected:
    """What a good token looks like here."""
    return Expected(identity.issuer, identity.audience, identity.algorithms)


def assemble(
    settings: Settings, gateway: Gateway, *, now: Callable[[], datetime] = _now
) -> Deployment:
    """Read keys, trust file and programs.

    Raises:
        SettingsError: what ``preflight`` finds too, with its remedy.
    """
    identity = settings.need_identity()
    stores = open_stores(settings)
    key = signing_key(settings, "decision", stores.trust)
    loaded = load_programs(settings, stores.trust)
    refuse_twins(loaded)
    teams = frozenset(one.team for one in loaded)
    library = Library(stores.store, stores.trust, sorted(teams))
    comments = Comments(stores.drafts, stores.trust, key)
    seal = Seal(
        key,
        settings.keys.read("pepper"),
        role_map(identity),
        settings.environment,
        settings.need_evidence().retention,
    )
    return Deployment(
        settings=settings,
        identity=identity,
        programs={one.workflow_id: one for one in loaded},
        trust=stores.trust,
        seal=seal,
        store=stores.store,
        drafts=stores.drafts,
        library=library,
        comments=comments,
        provider=Provider(expected(identity)),
        directory=directory(settings),
        gateway=gateway,
        refusals=RefusalLog(_beside(settings, "refusals"), key),
        ready=Readiness(
            {
                readiness.STORE: readiness.of_stores(stores.store, stores.drafts),
                readiness.SIGNER: readiness.of_signer(seal, stores.trust, teams, now),
                readiness.POLICY: readiness.of_policy(_opa(settings)),
            }
        ),
        notices=_notices(settings, stores, library, comments, now),
        log=_log(settings, stores),
        now=now,
    )


def _log(settings: Settings, stores: Stores) -> Submitting | None:
    if settings.log is None:
        return None
    if stores.trust.log is None:
        raise SettingsError(
            "log",
            "the trust file names no log, so no verifier would know this one",
            "gantral keys trust --log ORIGIN writes one that does; or take [log] out",
        )
    return Submitting(settings.log, stores.store, stores.trust, _beside(settings, "checkpoint"))


def _notices(
    settings: Settings,
    stores: Stores,
    library: Library,
    comments: Comments,
    now: Callable[[], datetime],
) -> Notices | None:
    if not settings.notify:
        return None
    return Notices(
        targets=settings.notify,
        outbox=Outbox(_beside(settings, "outbox")),
        store=stores.store,
        drafts=stores.drafts,
        library=library,
        comments=comments,
        url=settings.need_api().url,
        now=now,
    )


def _opa(settings: Settings) -> Opa | None:
    """OPA for a trial: it is asked once, and not waited for."""
    opa = settings.opa
    return None if opa is None else Opa(opa.url, opa.timeout, reconnect=0)


_FILES: Final = {
    "refusals": ("serve-refusals.jsonl", "the log of refused requests"),
    "outbox": ("serve-outbox.sqlite3", "the notices on their way"),
    "checkpoint": ("serve-log.checkpoint", "the log's checkpoint that was seen last"),
}


def _beside(settings: Settings, name: Literal["refusals", "outbox", "checkpoint"]) -> Path:
    """A file of serve's own: where the settings say, else beside the drafts."""
    api, drafts = settings.need_api(), settings.need_evidence().drafts
    given: Path | None = getattr(api, name)
    file, what = _FILES[name]
    if given is None and drafts.bucket:
        raise SettingsError(
            f"api.{name}",
            "it is missing, and the drafts are no folder",
            f'add {name} = "file:…", {what}',
        )
    return given or drafts.path / file


def refuse_twins(loaded: Sequence[ProgramInfo]) -> None:
    """One version of a workflow is what is started here.

    Raises:
        SettingsError: two packages are of one workflow.
    """
    packages: dict[str, str] = {}
    for one in loaded:
        other = packages.setdefault(one.workflow_id, one.package)
        if other != one.package:
            raise SettingsError(
                "deployment.packages",
                f"{other} and {one.package} are both of the workflow {one.workflow_id}",
                "name one: instances of the other end on the workers of their own build",
            )


def roles_of(manifest: Mapping[str, Any]) -> set[str]:
    """Every role that a program names."""
    roles = set(manifest["start_by"])
    for gate in manifest["gates"].values():
        for case in gate["decide"]:
            roles |= set(_principals(case["formula"]))
        roles |= {one for one in gate["veto"] if isinstance(one, str)}
        for step in ticks(gate):
            for group in step[2:]:
                roles |= {one for one in group if isinstance(one, str)}
    for event in manifest.get("events", {}).values():
        roles |= set(event["from"]) - {"initiator"}
    return roles


def assurances_of(manifest: Mapping[str, Any]) -> set[str]:
    """Every assurance that a program asks for."""
    return {gate["prove"]["assurance"] for gate in manifest["gates"].values()} - {"none"}


def _principals(formula: Mapping[str, Any]) -> list[str]:
    if "quorum" in formula:
        return [one for one in formula["quorum"][1] if isinstance(one, str)]
    if "points" in formula:
        return [one for one, _ in formula["points"][1] if isinstance(one, str)]
    parts = formula.get("any") or formula.get("all") or []
    return [name for one in parts for name in _principals(one)]
