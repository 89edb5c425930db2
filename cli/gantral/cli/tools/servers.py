"""The four servers of a development machine, each on fresh ports of 127.0.0.1."""

from __future__ import annotations

import http.client
import json
import urllib.error
import urllib.request
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from gantral.cli.tools.environment import (
    identity_provider,
    temporal_server,
    temporal_test_server,
)
from gantral.cli.tools.opa import opa
from gantral.cli.tools.personas import Persona
from gantral.cli.tools.processes import NotReady, Process, Processes, free_port, listening

_T = TypeVar("_T")
_TRIES = 3


@dataclass(frozen=True)
class TemporalServer:
    """Temporal's development server. ``address`` is host:port of its gRPC face, ``ui`` a URL."""

    process: Process
    address: str
    ui: str


@dataclass(frozen=True)
class TestServer:
    """Temporal's time-skipping server. ``address`` is host:port of its gRPC face."""

    # pytest would take a class of this name for a test case.
    __test__ = False

    process: Process
    address: str


@dataclass(frozen=True)
class OpaServer:
    """OPA serving one bundle. ``url`` has no path."""

    process: Process
    url: str


@dataclass(frozen=True)
class IdentityProvider:
    """The development OpenID provider. ``issuer`` is its URL, as it stands in its tokens."""

    process: Process
    issuer: str


def start_temporal(
    processes: Processes,
    *,
    search_attributes: Mapping[str, str] | None = None,
    database: Path | None = None,
    name: str = "temporal",
) -> TemporalServer:
    """Start the development server with the namespace ``default``.

    Args:
        search_attributes: name -> type (``Keyword``), registered before it is ready.
        database: a file that outlives the server; in memory without it.

    Raises:
        ToolMissing, NotReady.
    """

    def start() -> TemporalServer:
        port, ui, web, metrics = free_port(), free_port(), free_port(), free_port()
        command: list[str | Path] = [temporal_server(), "server", "start-dev"]
        command += ["--ip", "127.0.0.1", "--ui-ip", "127.0.0.1", "--port", str(port)]
        command += ["--ui-port", str(ui), "--http-port", str(web), "--metrics-port", str(metrics)]
        command += ["--log-level", "error"]
        for attribute, kind in sorted((search_attributes or {}).items()):
            command += ["--search-attribute", f"{attribute}={kind}"]
        if database is not None:
            # Without these two a database on disk is three times slower.
            command += ["--db-filename", database]
            command += ["--sqlite-pragma", "journal_mode=wal"]
            command += ["--sqlite-pragma", "synchronous=normal"]
        answers = f"http://127.0.0.1:{web}/api/v1/namespaces/default"
        process = processes.start(
            name,
            command,
            ready=lambda: _ok(answers) and listening(ui) and listening(port),
            limit=60,
        )
        return TemporalServer(process, f"127.0.0.1:{port}", f"http://127.0.0.1:{ui}")

    return _again(start)


def start_test_server(processes: Processes, *, name: str = "temporal-test") -> TestServer:
    """Start the time-skipping server: time stands until a client unlocks it.

    Raises:
        ToolMissing, NotReady.
    """

    def start() -> TestServer:
        port = free_port()
        process = processes.start(
            name,
            [temporal_test_server(), str(port)],
            ready=lambda: listening(port),
        )
        return TestServer(process, f"127.0.0.1:{port}")

    return _again(start)


def start_opa(processes: Processes, bundle: Path, *, name: str = "opa") -> OpaServer:
    """Start OPA on a bundle that ``gantral policy build`` made; ready when the bundle is active.

    Raises:
        ToolMissing, NotReady.
    """

    def start() -> OpaServer:
        port = free_port()
        command: list[str | Path] = [opa(), "run", "--server", "--addr", f"127.0.0.1:{port}"]
        command += ["--skip-version-check", "--log-level", "error", "--bundle", bundle]
        url = f"http://127.0.0.1:{port}"
        process = processes.start(name, command, ready=lambda: _ok(f"{url}/health?bundles"))
        return OpaServer(process, url)

    return _again(start)


def start_identity_provider(
    processes: Processes, personas: Sequence[Persona], *, name: str = "identity"
) -> IdentityProvider:
    """Start the development OpenID provider with ``personas`` as its only known users.

    Raises:
        ToolMissing, NotReady.
    """

    def start() -> IdentityProvider:
        port = free_port()
        command = [*identity_provider(), "--port", str(port), "--host", "127.0.0.1"]
        for persona in personas:
            claims = {**persona.claims, "sub": persona.sub}
            command += ["--user-claims", json.dumps(claims, sort_keys=True)]
        issuer = f"http://127.0.0.1:{port}"
        process = processes.start(
            name, command, ready=lambda: _ok(f"{issuer}/.well-known/openid-configuration")
        )
        return IdentityProvider(process, issuer)

    return _again(start)


def _again(start: Callable[[], _T]) -> _T:
    # A port can be taken between our looking and the server's binding.
    for _ in range(_TRIES - 1):
        try:
            return start()
        except NotReady as error:
            if "in use" not in error.message:
                raise
    return start()


def _ok(url: str) -> bool:
    # No proxy: these are our own servers on loopback.
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with opener.open(url, timeout=2) as answer:
            return bool(answer.status == 200)
    except (urllib.error.URLError, http.client.HTTPException, OSError):
        return False
