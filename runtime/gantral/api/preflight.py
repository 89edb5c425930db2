"""Start-up refuses a deployment that can't work, and says how to mend it (DESIGN section 8)."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TypeVar

from gantral import policy
from gantral.api.deployment import assurances_of, expected, roles_of
from gantral.api.sealing import stamp
from gantral.evidence import EvidenceError, SigningKey, TrustFile
from gantral.identity import KeySet, Provider, Unreachable
from gantral.identity.provider import fetch
from gantral.runtime.programs import ProgramInfo
from gantral.runtime.settings import Settings, SettingsError
from gantral.runtime.workers.assembly import load_programs, open_stores
from gantral.runtime.workers.connection import connect, require_search_attributes
from temporalio.service import RPCError

_T = TypeVar("_T")
_PEPPER_BYTES = 16
_BUNDLE_HELP = (
    "gantral policy build policies -o bundle.tar.gz, then opa run --server --bundle bundle.tar.gz"
)


@dataclass(frozen=True)
class Fault:
    """One reason why this deployment can't work: the rule's name, what is wrong, the remedy."""

    rule: str
    message: str
    remedy: str

    def __str__(self) -> str:
        return f"[{self.rule}] {self.message}\n  help: {self.remedy}"


async def preflight(settings: Settings, now: datetime | None = None) -> list[Fault]:
    """Everything that is wrong with the deployment, as far as it can be looked at. Never raises
    for what a deployment can have wrong."""
    faults: list[Fault] = []
    at = stamp(now or datetime.now(UTC))
    for need in (settings.need_identity, settings.need_evidence, settings.need_api):
        _try(faults, need)
    if faults:
        return faults
    stores = _try(faults, lambda: open_stores(settings))
    trust = stores.trust if stores else None
    programs = _try(faults, lambda: load_programs(settings, trust)) or []
    if not programs and not faults:
        faults.append(
            Fault(
                "no_program",
                "no program is loaded",
                'name the generated packages: [deployment] packages = ["app.gen.refund"]',
            )
        )
    if trust is not None:
        faults += _key(settings, trust, programs, at)
        faults += _programs(trust, programs, at)
    faults += _mapping(settings, programs)
    faults += _store(settings)
    faults += await _issuer(settings)
    faults += await _policy(settings, programs)
    faults += await _temporal(settings)
    return faults


def _try(faults: list[Fault], what: Callable[[], _T]) -> _T | None:
    try:
        return what()
    except SettingsError as error:
        faults.append(_setting(error))
    return None


def _setting(error: SettingsError) -> Fault:
    rule = {"deployment.packages": "program_unloadable", "evidence.trust": "trust_file"}
    return Fault(rule.get(error.key, "setting"), f"{error.key}: {error.why}", error.remedy)


def _key(settings: Settings, trust: TrustFile, programs: list[ProgramInfo], at: str) -> list[Fault]:
    faults: list[Fault] = []
    add = "add it to the trust file with `gantral keys trust`"
    pepper = _try(faults, lambda: settings.keys.read("pepper"))
    if pepper is not None and len(pepper) < _PEPPER_BYTES:
        faults.append(
            Fault("pepper_short", f"keys.pepper has fewer than {_PEPPER_BYTES} bytes",
                  "make it with `gantral keys new`")
        )  # fmt: skip
    try:
        key = SigningKey.load(settings.keys.read("decision"))
    except SettingsError as error:
        return [*faults, _setting(error)]
    except EvidenceError as error:
        return [*faults, Fault("key_unreadable", f"keys.decision: {error.message}",
                               "make it with `gantral keys new`")]  # fmt: skip
    known = trust.keys.get(key.keyid)
    if known is None:
        return [
            *faults, Fault("key_unknown", f"the decision key {key.keyid} is not in it", add)
        ]  # fmt: skip
    if known.use != "decision":
        faults.append(
            Fault("key_use", f"keys.decision is a {known.use} key in the trust file",
                  "name the decision key: each key has one use")
        )  # fmt: skip
    for team in sorted({program.team for program in programs}):
        try:
            known.check(team, at)
        except EvidenceError as error:
            faults.append(Fault(error.code, f"the decision key: {error.message}", add))
    return faults


def _programs(trust: TrustFile, programs: list[ProgramInfo], at: str) -> list[Fault]:
    return [
        Fault(
            "program_not_trusted",
            f"{program.workflow_id} {program.manifest['version']} ({program.version_id[:16]}…) of"
            f" team {program.team} is not in the trust file",
            f"add it: gantral keys trust --program {program.package}",
        )
        for program in programs
        if not trust.allows(program.team, program.workflow_id, program.version_id, at)
    ]


def _mapping(settings: Settings, programs: list[ProgramInfo]) -> list[Fault]:
    identity = settings.need_identity()
    faults: list[Fault] = []
    for program in programs:
        faults += [
            Fault(
                "role_unmapped",
                f"{program.workflow_id} names the role {role}, which maps to no claim, so nobody"
                " can hold it",
                f'under [identity.roles] add {role} = {{ claim = "groups", value = "…" }}',
            )
            for role in sorted(roles_of(program.manifest) - set(identity.roles))
        ]
        faults += [
            Fault(
                "assurance_unmapped",
                f"{program.workflow_id} asks for the assurance {assurance}, which maps to no"
                " claim, so nobody can prove it",
                f'add [identity.assurance.{assurance}] with claim = "acr" and values = ["…"]',
            )
            for assurance in sorted(assurances_of(program.manifest) - set(identity.assurance))
        ]
    return faults


def _store(settings: Settings) -> list[Fault]:
    evidence = settings.need_evidence()
    faults = []
    for name, folder in (("store", evidence.store), ("drafts", evidence.drafts)):
        try:
            folder.mkdir(parents=True, exist_ok=True)
            with tempfile.TemporaryFile(dir=folder):
                pass
        except OSError as error:
            faults.append(
                Fault(
                    "store_not_writable",
                    f"evidence.{name}: {folder} can't be written: {error.strerror}",
                    "give the account that runs serve the right to create files there",
                )
            )
    return faults


async def _issuer(settings: Settings) -> list[Fault]:
    identity = settings.need_identity()
    try:
        metadata = await Provider(expected(identity)).metadata()
        keys = KeySet.read(await fetch(metadata.jwks))
    except (Unreachable, ValueError) as error:
        return [
            Fault(
                "issuer_unreachable",
                f"identity.issuer: {error}",
                "start the provider, or write issuer exactly as the provider writes it",
            )
        ]
    if not keys.keys:
        return [
            Fault("issuer_unreachable", "identity.issuer publishes no key that could sign",
                  "ask whoever runs the provider")
        ]  # fmt: skip
    return []


async def _policy(settings: Settings, programs: list[ProgramInfo]) -> list[Fault]:
    asking = sorted({one.workflow_id for one in programs if one.manifest["policies"]})
    if not asking:
        return []
    try:
        opa = settings.need_opa()
        await policy.revision(policy.Opa(opa.url, opa.timeout, reconnect=0))
    except SettingsError as error:
        return [_setting(error)]
    except policy.PolicyFailure as error:
        return [
            Fault(
                "policy_not_served",
                f"{', '.join(asking)} asks policy, and every run would end: {error}",
                _BUNDLE_HELP,
            )
        ]
    return []


async def _temporal(settings: Settings) -> list[Fault]:
    try:
        client = await connect(settings.temporal)
        await require_search_attributes(client, settings)
    except SettingsError as error:
        return [Fault("temporal", f"{error.key}: {error.why}", error.remedy)]
    except RPCError as error:
        return [
            Fault("temporal", f"Temporal refused: {error.message[:200]}",
                  "look at its address, namespace and credentials")
        ]  # fmt: skip
    return []
