"""The deployment's settings, ``gantral.toml`` (docs/settings.md, DESIGN section 9).

``load(path)`` reads the whole file strictly: a wrong key, a wrong type, a literal secret is a
:class:`SettingsError` that names the key and the remedy. A section that a command does not need may
be missing; asking for it then is the error. Secrets are read when they are used, so a role that
holds no key needs no key file.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, NoReturn

from gantral.runtime.settings_evidence import Evidence, read_evidence
from gantral.runtime.settings_log import Log, read_log
from gantral.runtime.settings_notify import Target, read_targets
from gantral.runtime.settings_reader import SettingsError, Table, private
from gantral.runtime.settings_secret import Secret, read_secret

__all__ = [
    "Api",
    "Assurance",
    "Evidence",
    "Identity",
    "Keys",
    "Log",
    "Opa",
    "RoleMap",
    "Secret",
    "Settings",
    "SettingsError",
    "Target",
    "Temporal",
    "WorkerSettings",
    "load",
]

ROLES = ("workflow", "evidence", "service")
# Seconds; an attempt to open a gate may take 60.
_MOST_ASKING = 50.0


@dataclass(frozen=True)
class Temporal:
    """``profile`` of Temporal's own configuration; ``address``/``namespace`` when given here.

    ``queues``: logical queue of a spec -> task queue. One that is not named keeps its name.
    """

    profile: str
    address: str | None
    namespace: str | None
    queues: Mapping[str, str]

    def queue(self, logical: str) -> str:
        """The task queue of a logical queue."""
        return self.queues.get(logical, logical)


@dataclass(frozen=True)
class Opa:
    """``timeout`` and ``reconnect`` in seconds."""

    url: str
    timeout: float
    reconnect: float


@dataclass(frozen=True)
class RoleMap:
    """A token holds the role when its ``claim`` is, or is a list that holds, ``value``."""

    claim: str
    value: str


@dataclass(frozen=True)
class Assurance:
    """A token has the assurance when its ``claim`` is one of ``values``."""

    claim: str
    values: tuple[str, ...]


@dataclass(frozen=True)
class Identity:
    """The one OpenID provider, and how its claims map to roles and assurances. ``directory``: the
    file that lists everybody who holds a role, None where nobody keeps one."""

    issuer: str
    audience: str
    person: str
    algorithms: tuple[str, ...]
    roles: Mapping[str, RoleMap]
    assurance: Mapping[str, Assurance]
    directory: Path | None


@dataclass(frozen=True)
class Keys:
    """The signing keys this process may hold, the team's pepper, and the client secret that the
    OpenID provider gave ``serve``. ``None``: not configured."""

    commit: Secret | None
    decision: Secret | None
    effect: Secret | None
    closer: Secret | None
    erasure: Secret | None
    pepper: Secret | None
    client: Secret | None

    def source(
        self,
        name: Literal["commit", "decision", "effect", "closer", "erasure", "pepper", "client"],
    ) -> Secret:
        """Where the named secret lies. Raises SettingsError when it is not configured."""
        secret: Secret | None = getattr(self, name)
        if secret is None:
            raise SettingsError(
                f"keys.{name}", "it is needed here and not set", f'add {name} = "file:keys/…"'
            )
        return secret

    def read(self, name: Literal["pepper", "client"]) -> bytes:
        """The named secret's bytes.

        Raises:
            SettingsError: it is not configured or can't be read.
        """
        return self.source(name).read()


@dataclass(frozen=True)
class Api:
    """Where ``gantral serve`` listens, the URL that people and clients use, and the files of its
    log of refusals, of its outbox of notices and of the transparency log's last checkpoint; None:
    beside the drafts."""

    host: str
    port: int
    url: str
    refusals: Path | None
    outbox: Path | None
    checkpoint: Path | None


@dataclass(frozen=True)
class WorkerSettings:
    """``roles`` of the worker process; ``services``: ``module:callable`` that returns one."""

    roles: tuple[str, ...]
    services: tuple[str, ...]


@dataclass(frozen=True)
class Settings:
    """A deployment's settings. Optional sections are reached by the ``need_…`` methods."""

    file: Path
    environment: Literal["development", "production"]
    packages: tuple[str, ...]
    source_path: tuple[Path, ...]
    temporal: Temporal
    opa: Opa | None
    identity: Identity | None
    evidence: Evidence | None
    keys: Keys
    api: Api | None
    worker: WorkerSettings
    notify: tuple[Target, ...]
    log: Log | None

    def need_opa(self) -> Opa:
        """Section ``[opa]``. Raises SettingsError when it is missing."""
        return self.opa or _missing("opa", 'add [opa] with url = "http://127.0.0.1:8181"')

    def need_identity(self) -> Identity:
        """Section ``[identity]``. Raises SettingsError when it is missing."""
        return self.identity or _missing("identity", "add [identity] with issuer and audience")

    def need_evidence(self) -> Evidence:
        """Section ``[evidence]``. Raises SettingsError when it is missing."""
        return self.evidence or _missing(
            "evidence", 'add [evidence] with store = "file:…", drafts and trust'
        )

    def need_api(self) -> Api:
        """Section ``[api]``. Raises SettingsError when it is missing."""
        return self.api or _missing("api", 'add [api] with listen = "127.0.0.1:8080"')


def load(path: Path | str) -> Settings:
    """Read a settings file.

    Raises:
        SettingsError: at the first thing that is wrong, naming its key and the remedy.
    """
    file = Path(path)
    try:
        data = tomllib.loads(file.read_text("utf-8"))
    except OSError as error:
        raise SettingsError(
            str(file), f"it can't be read: {error.strerror}", "say --settings FILE"
        ) from None
    except UnicodeDecodeError:
        raise SettingsError(str(file), "it is not UTF-8", "save it as UTF-8") from None
    except tomllib.TOMLDecodeError as error:
        raise SettingsError(str(file), f"it is no TOML: {error}", "mend that line") from None
    folder = file.resolve().parent
    root = Table("", data)
    settings = _settings(file, folder, root)
    root.done()
    return settings


def _settings(file: Path, folder: Path, root: Table) -> Settings:
    deployment = root.table("deployment")
    worker = root.table("worker")
    environment: Literal["development", "production"] = deployment.choice(
        "environment", ("development", "production"), "development"
    )
    settings = Settings(
        file=file,
        environment=environment,
        packages=deployment.texts("packages", ()),
        source_path=tuple(folder / part for part in deployment.texts("path", ())),
        temporal=_temporal(root.table("temporal")),
        opa=_opa(root.table("opa"), environment == "production") if root.has("opa") else None,
        identity=_identity(folder, root.table("identity")) if root.has("identity") else None,
        evidence=read_evidence(folder, root.table("evidence"), environment == "production")
        if root.has("evidence")
        else None,
        keys=_keys(folder, root.table("keys")),
        api=_api(folder, root.table("api")) if root.has("api") else None,
        worker=WorkerSettings(worker.choices("roles", ROLES, ROLES), worker.texts("services", ())),
        notify=read_targets(folder, root.tables("notify"), environment == "production"),
        log=read_log(folder, root.table("log"), environment == "production")
        if root.has("log")
        else None,
    )
    deployment.done()
    worker.done()
    return settings


def _temporal(table: Table) -> Temporal:
    queues = table.table("queues")
    temporal = Temporal(
        profile=table.text("profile", "default"),
        address=table.text_or_none("address"),
        namespace=table.text_or_none("namespace"),
        queues={name: queues.text(name) for name in queues.names()},
    )
    table.done()
    return temporal


def _opa(table: Table, production: bool) -> Opa:
    if production and not private(table.url("url")):
        # Whoever stands on the way could waive gates in OPA's place.
        table.fail("url", "in production it is https, or on this machine", "write https://…")
    opa = Opa(table.url("url"), table.seconds("timeout", "2s"), table.seconds("reconnect", "30s"))
    if opa.timeout + opa.reconnect > _MOST_ASKING:
        # A longer question would outlive its attempt and be asked again without end.
        table.fail(
            "reconnect",
            f"with timeout it is more than {_MOST_ASKING:g} s",
            'write reconnect = "30s"',
        )
    table.done()
    return opa


def _identity(folder: Path, table: Table) -> Identity:
    roles, assurance = table.table("roles"), table.table("assurance")
    directory = table.table("directory") if table.has("directory") else None
    identity = Identity(
        issuer=table.url("issuer"),
        audience=table.text("audience"),
        person=table.text("person", "sub"),
        algorithms=table.texts("algorithms", ("RS256",)),
        roles={name: _role(roles.table(name)) for name in roles.names()},
        assurance={name: _assurance(assurance.table(name)) for name in assurance.names()},
        directory=None if directory is None else directory.file("file", folder),
    )
    if directory is not None:
        directory.done()
    for algorithm in identity.algorithms:
        if algorithm.lower() == "none" or algorithm.upper().startswith("HS"):
            # With HMAC the provider's public key would be the secret.
            table.fail("algorithms", f"{algorithm} can't tell who signed", 'use ["RS256"]')
    table.done()
    return identity


def _role(table: Table) -> RoleMap:
    role = RoleMap(table.text("claim"), table.text("value"))
    table.done()
    return role


def _assurance(table: Table) -> Assurance:
    assurance = Assurance(table.text("claim"), table.texts("values"))
    table.done()
    return assurance


def _keys(folder: Path, table: Table) -> Keys:
    def secret(name: str) -> Secret | None:
        kms = name in ("decision", "erasure")
        return read_secret(folder, table, name, kms=kms) if table.has(name) else None

    keys = Keys(
        commit=secret("commit"),
        decision=secret("decision"),
        effect=secret("effect"),
        closer=secret("closer"),
        erasure=secret("erasure"),
        pepper=secret("pepper"),
        client=secret("client"),
    )
    table.done()
    return keys


def _api(folder: Path, table: Table) -> Api:
    listen = table.text("listen", "127.0.0.1:8080")
    host, _, port = listen.rpartition(":")
    if not host or not port.isascii() or not port.isdigit() or int(port) > 65535:
        table.fail("listen", f"{listen!r} is no HOST:PORT", 'say "127.0.0.1:8080"')
    url = table.url("url", f"http://{listen}")
    refusals = table.file("refusals", folder) if table.has("refusals") else None
    outbox = table.file("outbox", folder) if table.has("outbox") else None
    checkpoint = table.file("checkpoint", folder) if table.has("checkpoint") else None
    table.done()
    return Api(host.strip("[]"), int(port), url.rstrip("/"), refusals, outbox, checkpoint)


def _missing(section: str, remedy: str) -> NoReturn:
    raise SettingsError(section, "this section is needed here and missing", remedy)
