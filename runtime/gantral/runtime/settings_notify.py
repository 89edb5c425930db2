"""Sections ``[[notify]]`` of the settings: whom notices reach, and how (docs/notices.md)."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal, TypeAlias

from gantral.runtime.settings_reader import Table, private
from gantral.runtime.settings_secret import Secret, read_secret

KINDS: Final = (
    "opened", "reminded", "widened", "commented", "decided", "awaited", "taken", "missed", "ended",
)  # fmt: skip
"""What a notice can tell. ``awaited``, ``taken`` and ``missed`` are of a wait for events, ``ended``
is of an instance, the others of a gate."""

_NAME: Final = re.compile(r"[a-z0-9][a-z0-9_-]{0,62}", re.ASCII)
_ADDRESS: Final = re.compile(r"[^\s@<>,;\"\\]{1,64}@[A-Za-z0-9.-]{1,250}", re.ASCII)
_LONGEST: Final = 7 * 24 * 3600.0


@dataclass(frozen=True)
class Webhook:
    """A URL that takes signed messages (Standard Webhooks); ``secret`` is its signing secret."""

    url: str
    secret: Secret


@dataclass(frozen=True)
class Slack:
    """An incoming webhook of Slack. Its URL is the secret: who knows it may write there.
    ``private``: whether the URL must be https or on this machine."""

    url: Secret
    private: bool


@dataclass(frozen=True)
class Email:
    """An SMTP server and who writes to whom through it; ``user`` is "" when nobody signs in."""

    host: str
    port: int
    tls: Literal["starttls", "tls", "none"]
    sender: str
    to: tuple[str, ...]
    user: str
    password: Secret | None


Way: TypeAlias = Webhook | Slack | Email


@dataclass(frozen=True)
class Target:
    """Who is told, of what. An empty filter lets everything pass. ``give_up`` in seconds: how long
    a notice is tried, counted from the instant that it tells of."""

    name: str
    way: Way
    kinds: tuple[str, ...]
    teams: tuple[str, ...]
    workflows: tuple[str, ...]
    gates: tuple[str, ...]
    give_up: float


def read_targets(folder: Path, tables: tuple[Table, ...], production: bool) -> tuple[Target, ...]:
    """The sections, paths relative to ``folder``. Raises SettingsError."""
    targets: list[Target] = []
    for table in tables:
        target = _target(folder, table, production)
        if target.name in {one.name for one in targets}:
            # The outbox knows a target by its name.
            table.fail("name", f"{target.name} is there twice", "give each its own name")
        targets.append(target)
    return tuple(targets)


def _target(folder: Path, table: Table, production: bool) -> Target:
    name = table.text("name")
    if not _NAME.fullmatch(name):
        table.fail("name", f"{name!r} is no name", 'write it like "finance-desk"')
    by = table.text("by")
    way: Way
    if by == "webhook":
        way = _webhook(folder, table, production)
    elif by == "slack":
        way = Slack(read_secret(folder, table, "url"), production)
    elif by == "email":
        way = _email(folder, table, production)
    else:
        table.fail("by", f"{by!r} is not known", "say one of: webhook, slack, email")
    gates = table.texts("gates", ())
    of_gates = tuple(one for one in KINDS if one != "ended")
    kinds = table.choices("kinds", KINDS, of_gates if gates else KINDS)
    if gates and "ended" in kinds:
        table.fail("kinds", "an end is of no gate", "leave gates out, or ended")
    give_up = table.seconds("give_up", "24h")
    if give_up > _LONGEST:
        table.fail("give_up", "it is more than a week", 'write give_up = "168h" or less')
    target = Target(
        name, way, kinds, table.texts("teams", ()), table.texts("workflows", ()), gates, give_up
    )
    table.done()
    return target


def _webhook(folder: Path, table: Table, production: bool) -> Webhook:
    url = table.url("url")
    if production and not private(url):
        table.fail("url", "in production it is https, or on this machine", "write https://…")
    return Webhook(url, read_secret(folder, table, "secret"))


def _email(folder: Path, table: Table, production: bool) -> Email:
    server = table.text("server")
    host, _, port = server.rpartition(":")
    if not host or not port.isascii() or not port.isdigit() or not 0 < int(port) <= 65535:
        table.fail("server", f"{server!r} is no HOST:PORT", 'say "smtp.example.com:587"')
    tls: Literal["starttls", "tls", "none"] = table.choice(
        "tls", ("starttls", "tls", "none"), "starttls"
    )
    if tls == "none" and production and not private(f"http://{host}"):
        table.fail("tls", "in production mail goes encrypted", 'write tls = "starttls"')
    sender, to = table.text("from"), table.texts("to")
    for key, address in (("from", sender), *(("to", one) for one in to)):
        if not _ADDRESS.fullmatch(address):
            table.fail(key, f"{address!r} is no mail address", 'write "desk@example.com"')
    if not to:
        table.fail("to", "it is empty", 'write to = ["desk@example.com"]')
    user = table.text("user") if table.has("user") else ""
    password = read_secret(folder, table, "password") if user else None
    return Email(host.strip("[]"), int(port), tls, sender, to, user, password)
