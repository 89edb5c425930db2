"""The parts of a deployment, each looked at: what is there, and what is wrong with it.

Each function looks at one part and gives a :class:`Look`. None raises for what a deployment can
have wrong, and none changes anything, save that the folders of a store are made.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence, Sized
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final, Literal, TypeVar

from gantral import policy
from gantral.api.deployment import assurances_of, expected, refuse_twins, roles_of
from gantral.api.log.client import LogClient, LogUnreachable
from gantral.api.log.following import Following, LogBroken
from gantral.api.sealing import stamp
from gantral.evidence import EvidenceError, Store, StoreError, TrustFile, Unfit
from gantral.evidence.places import Place
from gantral.identity import KeySet, Provider, Unreachable
from gantral.identity.directory import DirectoryError
from gantral.identity.provider import fetch
from gantral.runtime.programs import ProgramInfo
from gantral.runtime.settings import Settings, SettingsError
from gantral.runtime.workers.assembly import (
    STORE_HELP,
    load_programs,
    open_drafts,
    open_store,
    read_trust,
    signer,
)
from gantral.runtime.workers.assembly import directory as open_directory
from temporalio.service import RPCError

_T = TypeVar("_T")
SIGNING: Final = ("commit", "decision", "effect", "closer", "erasure")
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


@dataclass(frozen=True)
class Look:
    """One part that was looked at, what was found there, and what is wrong with it."""

    part: str
    found: str
    faults: tuple[Fault, ...] = ()


def attempt(faults: list[Fault], what: Callable[[], _T]) -> _T | None:
    """What the call gives; None when a setting is wrong, which joins the faults."""
    try:
        return what()
    except SettingsError as error:
        faults.append(of_setting(error))
    return None


def of_setting(error: SettingsError) -> Fault:
    """The fault that a wrong setting is."""
    rule = {"deployment.packages": "program_unloadable", "evidence.trust": "trust_file"}
    return Fault(rule.get(error.key, "setting"), f"{error.key}: {error.why}", error.remedy)


def trust_file(settings: Settings) -> tuple[TrustFile | None, Look]:
    """The trust file, and how it looks."""
    faults: list[Fault] = []
    trust = attempt(faults, lambda: read_trust(settings))
    found = (
        ""
        if trust is None
        else (
            f"{trust.trust_id}, serial {trust.serial}{_line(settings)}, {trust.environment}, "
            f"{many(trust.keys, 'key')}"
        )
    )
    return trust, Look("trust file", found, tuple(faults))


def _line(settings: Settings) -> str:
    """Whether the files before it were looked at too: only a folder holds them."""
    evidence = settings.evidence
    return ", the last of a whole line" if evidence and evidence.trust.is_dir() else ""


def loaded(
    settings: Settings, trust: TrustFile | None, at: str
) -> tuple[list[ProgramInfo], list[Look]]:
    """The programs, and how each looks to the trust file."""
    faults: list[Fault] = []
    programs = attempt(faults, lambda: load_programs(settings, trust)) or []
    if not programs and not faults:
        faults.append(
            Fault(
                "no_program",
                "no program is loaded",
                'name the generated packages: [deployment] packages = ["app.gen.refund"]',
            )
        )
    attempt(faults, lambda: refuse_twins(programs))
    looks = [Look("programs", "", tuple(faults))] if faults else []
    return programs, looks + [_program(program, trust, at) for program in programs]


def log_named(settings: Settings, trust: TrustFile | None) -> Look:
    """The transparency log, as settings and trust file name it; nothing is asked of it: a log that
    is down is no reason not to serve."""
    part = "log"
    if settings.log is None:
        if trust is not None and trust.log is not None:
            said = f"the trust file names the log {trust.log.origin}: no evidence is VALID without"
            remedy = 'add [log] url = "http://127.0.0.1:8089" to the settings of serve'
            return Look(part, "", (Fault("log_unset", said, remedy),))
        return Look(part, "none: nothing will show that evidence is complete")
    if trust is None:
        return Look(part, "not looked at: there is no trust file")
    if trust.log is None:
        remedy = "gantral keys trust --log ORIGIN writes one that does"
        return Look(part, "", (Fault("log_untrusted", "the trust file names no log", remedy),))
    return Look(part, trust.log.origin)


def log(settings: Settings, trust: TrustFile | None, now: datetime) -> Look:
    """The transparency log: what it lacks of the store's commits, and for how long."""
    named = log_named(settings, trust)
    if settings.log is None or trust is None or trust.log is None:
        return named
    part = named.part
    try:
        client = LogClient(settings.log)
    except SettingsError as error:
        return Look(part, "", (of_setting(error),))
    try:
        following = Following(client, trust)
        following.catch_up()
        waiting = [one.timestamp for one in following.lacking(open_store(settings))]
    except (LogUnreachable, LogBroken, StoreError, EvidenceError, SettingsError) as error:
        rule = "log_broken" if isinstance(error, LogBroken) else "log_unreachable"
        remedy = "see that gantral-log runs (log-go/README.md) and that [log] url is its own"
        return Look(part, "", (Fault(rule, str(error), remedy),))
    finally:
        client.close()
    size = following.seen.size if following.seen is not None else 0
    found = f"{trust.log.origin}, {size} entries, {many(waiting, 'commit')} not logged yet"
    least = stamp(now - timedelta(seconds=settings.log.delay))
    if waiting and min(waiting) < least:
        fault = Fault(
            "log_behind",
            f"a commit of {min(waiting)} is not in the log, which is to have it by now",
            "see that gantral serve runs with [log], and what it says of the log",
        )
        return Look(part, found, (fault,))
    return Look(part, found)


def _program(program: ProgramInfo, trust: TrustFile | None, at: str) -> Look:
    name = f"{program.workflow_id} {program.manifest['version']}"
    untrusted = trust is not None and not trust.allows(
        program.team, program.workflow_id, program.version_id, at
    )
    return Look(
        f"program {program.workflow_id}",
        f"{name} of team {program.team}",
        (
            Fault(
                "program_not_trusted",
                f"{name} ({program.version_id[:16]}…) of team {program.team} is not in the"
                " trust file",
                f"add it: gantral keys trust --program {program.package}",
            ),
        )
        if untrusted
        else (),
    )


def pepper(settings: Settings) -> Look:
    """The team's pepper."""
    faults: list[Fault] = []
    read = attempt(faults, lambda: settings.keys.read("pepper"))
    if read is not None and len(read) < _PEPPER_BYTES:
        faults.append(
            Fault("pepper_short", f"keys.pepper has fewer than {_PEPPER_BYTES} bytes",
                  "make it with `gantral keys new`")
        )  # fmt: skip
    return Look("key pepper", "" if read is None else f"{len(read)} bytes", tuple(faults))


def signing(
    settings: Settings,
    use: Literal["commit", "decision", "effect", "closer", "erasure"],
    trust: TrustFile | None,
    programs: Sequence[ProgramInfo],
    at: str,
) -> Look:
    """A signing key: that it can be read, and that the trust file lists it for this use, for each
    team, now."""
    part = f"key {use}"
    add = "add it to the trust file with `gantral keys trust`"
    try:
        key = signer(settings, use)
    except SettingsError as error:
        return Look(part, "", (of_setting(error),))
    except EvidenceError as error:
        rule, remedy = (
            ("signer_failed", "let this process use that key of KMS, or name another")
            if error.code == "signer"
            else ("key_unreadable", "make it with `gantral keys new`")
        )
        return Look(part, "", (Fault(rule, f"keys.{use}: {error.message}", remedy),))
    if trust is None:
        return Look(part, key.keyid[:16] + "…")
    known = trust.keys.get(key.keyid)
    if known is None:
        return Look(
            part, "", (Fault("key_unknown", f"the {use} key {key.keyid} is not in it", add),)
        )
    faults: list[Fault] = []
    if known.use != use:
        faults.append(
            Fault("key_use", f"keys.{use} is a {known.use} key in the trust file",
                  f"name the {use} key: each key has one use")
        )  # fmt: skip
    for team in sorted({program.team for program in programs}):
        try:
            known.check(team, at)
        except EvidenceError as error:
            faults.append(Fault(error.code, f"the {use} key: {error.message}", add))
    until = "without end" if known.not_after == "none" else f"until {known.not_after}"
    return Look(part, f"{key.keyid[:16]}… {until}", tuple(faults))


def mapping(settings: Settings, programs: Sequence[ProgramInfo]) -> list[Look]:
    """Roles and assurances: that someone can hold or prove each that a program names."""
    identity = settings.need_identity()
    roles = _named(programs, roles_of)
    assurances = _named(programs, assurances_of)
    no_role = tuple(
        Fault(
            "role_unmapped",
            f"{roles[role]} names the role {role}, which maps to no claim, so nobody can hold it",
            f'under [identity.roles] add {role} = {{ claim = "groups", value = "…" }}',
        )
        for role in sorted(roles.keys() - identity.roles.keys())
    )
    no_assurance = tuple(
        Fault(
            "assurance_unmapped",
            f"{assurances[one]} asks for the assurance {one}, which maps to no claim, so nobody"
            " can prove it",
            f'add [identity.assurance.{one}] with claim = "acr" and values = ["…"]',
        )
        for one in sorted(assurances.keys() - identity.assurance.keys())
    )
    return [
        Look("roles", f"{many(roles, 'role')} named, each mapped to a claim", no_role),
        Look("assurances", f"{len(assurances)} asked for, each mapped to a claim", no_assurance),
    ]


def directory(settings: Settings) -> list[Look]:
    """The directory, where the deployment keeps one: that it can be read."""
    there = open_directory(settings)
    if there is None:
        return []
    try:
        known = there.read()
    except DirectoryError as error:
        fault = Fault(
            "directory_unreadable",
            f"identity.directory: {error}; no yes can be given without it",
            'write a line a person: maria = ["finance_manager"]',
        )
        return [Look("directory", "", (fault,))]
    return [Look("directory", f"{many(known, 'person')} listed")]


def _named(
    programs: Sequence[ProgramInfo], of: Callable[[Mapping[str, Any]], set[str]]
) -> dict[str, str]:
    """What the manifests name, and the workflows that do."""
    found: dict[str, list[str]] = {}
    for program in programs:
        for name in of(program.manifest):
            found.setdefault(name, []).append(program.workflow_id)
    return {name: ", ".join(by) for name, by in found.items()}


def stores(settings: Settings) -> list[Look]:
    """The write-once store and the drafts: that evidence can rest on them, and that they can be
    written."""
    evidence = settings.need_evidence()
    return [
        _store("store", evidence.store, lambda: open_store(settings)),
        _store("drafts", evidence.drafts, lambda: open_drafts(settings)),
    ]


def _store(name: str, place: Place, opened: Callable[[], Store]) -> Look:
    fault: Fault | None = None
    try:
        store = opened()
        store.check()
        store.probe()
    except SettingsError as error:
        fault = of_setting(error)
    except Unfit as unfit:
        fault = Fault(unfit.rule, f"evidence.{name}: {unfit}", unfit.remedy)
    except StoreError as error:
        fault = Fault("store_unreachable", f"evidence.{name}: {error}", STORE_HELP)
    return Look(name, f"{place}, can be written", (fault,) if fault else ())


async def issuer(settings: Settings) -> Look:
    """The OpenID provider: that it answers as it is named, and publishes a key."""
    identity = settings.need_identity()
    try:
        metadata = await Provider(expected(identity)).metadata()
        keys = KeySet.read(await fetch(metadata.jwks))
    except (Unreachable, ValueError) as error:
        fault = Fault(
            "issuer_unreachable",
            f"identity.issuer: {error}",
            "start the provider, or write issuer exactly as the provider writes it",
        )
    else:
        if keys.keys:
            return Look("issuer", f"{identity.issuer}, {many(keys.keys, 'key')}")
        fault = Fault(
            "issuer_unreachable",
            "identity.issuer publishes no key that could sign",
            "ask whoever runs the provider",
        )
    return Look("issuer", "", (fault,))


async def opa(settings: Settings, programs: Sequence[ProgramInfo]) -> Look:
    """OPA: that it serves one bundle with a revision, if a program asks policy."""
    asking = sorted({one.workflow_id for one in programs if one.manifest["policies"]})
    if not asking:
        return Look("OPA", "no program asks policy")
    try:
        at = settings.need_opa()
        revision = await policy.revision(policy.Opa(at.url, at.timeout, reconnect=0))
    except SettingsError as error:
        return Look("OPA", "", (of_setting(error),))
    except policy.PolicyFailure as error:
        fault = Fault(
            "policy_not_served",
            f"{', '.join(asking)} asks policy, and every run would end: {error}",
            _BUNDLE_HELP,
        )
        return Look("OPA", "", (fault,))
    return Look("OPA", f"revision {revision[:23]}…")


def temporal_refused(error: RPCError) -> Fault:
    """The fault that an answer of Temporal's is."""
    return Fault(
        "temporal",
        f"Temporal refused: {error.message[:200]}",
        "look at its address, namespace and credentials",
    )


def many(things: Sized, noun: str) -> str:
    """How many there are: "1 key", "2 keys"."""
    return f"{len(things)} {noun}" + ("" if len(things) == 1 else "s")
