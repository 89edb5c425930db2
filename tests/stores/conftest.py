"""One SeaweedFS for the folder, and every kind of store that a deployment can name."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from gantral.cli.tools.processes import Processes
from gantral.evidence import LocalStore
from gantral.evidence.s3 import S3Store
from gantral.evidence.s3_client import connect
from gantral.evidence.split import SplitStore

sys.path.insert(0, str(Path(__file__).parent))

import seaweed
from accident_proxy import Proxy
from store_kinds import DAY, KINDS, LOCKED, TEXTS, Behind, Kind


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[seaweed.Server]:
    """A server with the buckets ``locked`` and ``texts``."""
    folder = tmp_path_factory.mktemp("seaweed")
    with Processes(folder / "logs") as processes:
        running = seaweed.start(processes, folder / "data")
        running.bucket(LOCKED, locked=True)
        running.bucket(TEXTS, locked=False)
        yield running


@pytest.fixture(scope="session", autouse=True)
def credentials() -> Iterator[None]:
    """AWS's own way to give them; nothing of this machine's is read."""
    with pytest.MonkeyPatch.context() as patch:
        for name, value in seaweed.ENVIRONMENT.items():
            patch.setenv(name, value)
        yield


@pytest.fixture(scope="session")
def client(server: seaweed.Server) -> Any:
    """Our client, straight to the server. Making one costs more than what most tests do with it."""
    return connect(server.url, "us-east-1")


@pytest.fixture(params=KINDS)
def kind(request: pytest.FixtureRequest, tmp_path: Path) -> Kind:
    """Each kind of store, empty."""
    name = str(request.param)
    if name.startswith("folder"):
        kept = name == "folder"
        return Kind(name, lambda: LocalStore(tmp_path / "store", deletable=not kept), kept)
    client, place = request.getfixturevalue("client"), tmp_path.name
    drafts = S3Store(client, TEXTS, place, None)
    if name == "s3 of drafts":
        return Kind(name, lambda: drafts, False)
    if name == "s3":
        return Kind(name, lambda: S3Store(client, LOCKED, place, DAY), True)
    return Kind(name, lambda: SplitStore(S3Store(client, LOCKED, place, DAY), drafts), True)


@pytest.fixture(scope="session")
def proxies(server: seaweed.Server) -> Iterator[tuple[Proxy, Any]]:
    """A proxy before the server, and a client of ours that goes through it."""
    with Proxy(server.url) as running:
        yield running, connect(running.url, "us-east-1")


@pytest.fixture(params=[LOCKED, TEXTS])
def behind(
    request: pytest.FixtureRequest,
    proxies: tuple[Proxy, Any],
    server: seaweed.Server,
    client: Any,
    tmp_path: Path,
) -> Behind:
    """A locked store, and one of texts."""
    return _behind(str(request.param), proxies, server, client, tmp_path.name)


@pytest.fixture
def locked(
    proxies: tuple[Proxy, Any], server: seaweed.Server, client: Any, tmp_path: Path
) -> Behind:
    """The locked store alone."""
    return _behind(LOCKED, proxies, server, client, tmp_path.name)


@pytest.fixture
def texts(
    proxies: tuple[Proxy, Any], server: seaweed.Server, client: Any, tmp_path: Path
) -> Behind:
    """The store of texts alone."""
    return _behind(TEXTS, proxies, server, client, tmp_path.name)


def _behind(
    bucket: str, proxies: tuple[Proxy, Any], server: seaweed.Server, client: Any, prefix: str
) -> Behind:
    proxy, through = proxies
    proxy.accident = None
    proxy.seen.clear()
    retention = DAY if bucket == LOCKED else None
    store, other = (S3Store(one, bucket, prefix, retention) for one in (through, client))
    return Behind(proxy, server, bucket, prefix, store, other)
