"""One SeaweedFS for the folder, and every kind of store that a deployment can name."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from gantral.cli.tools.processes import Processes
from gantral.evidence import LocalStore, Store
from gantral.evidence.s3 import S3Store
from gantral.evidence.s3_client import connect
from gantral.evidence.split import SplitStore

sys.path.insert(0, str(Path(__file__).parent))

import seaweed
from proxy import Proxy

LOCKED, TEXTS = "locked", "texts"
DAY = timedelta(days=1)
KINDS = ("folder", "folder of drafts", "s3", "s3 of drafts", "s3 with texts apart")


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[seaweed.Server]:
    """A server with the buckets ``locked`` and ``texts``."""
    folder = tmp_path_factory.mktemp("seaweed")
    with Processes(folder / "logs") as processes:
        running = seaweed.start(processes, folder / "data")
        running.bucket(LOCKED, locked=True)
        running.bucket(TEXTS, locked=False)
        yield running


@pytest.fixture(autouse=True)
def credentials(monkeypatch: pytest.MonkeyPatch) -> None:
    """AWS's own way to give them; nothing of this machine's is read."""
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", seaweed.KEY)
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", seaweed.SECRET)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    for name in ("CONFIG_FILE", "SHARED_CREDENTIALS_FILE"):
        monkeypatch.setenv(f"AWS_{name}", "/nonexistent")


@dataclass(frozen=True)
class Kind:
    """``open``: the store, as another process opens it. ``kept``: it deletes only texts, or none.
    """

    name: str
    open: Callable[[], Store]
    kept: bool


@pytest.fixture(params=KINDS)
def kind(request: pytest.FixtureRequest, tmp_path: Path) -> Kind:
    """Each kind of store, empty."""
    name = str(request.param)
    if name.startswith("folder"):
        kept = name == "folder"
        return Kind(name, lambda: LocalStore(tmp_path / "store", deletable=not kept), kept)
    server, place = request.getfixturevalue("server"), tmp_path.name
    client = connect(server.url, "us-east-1")
    drafts = S3Store(client, TEXTS, place, None)
    if name == "s3 of drafts":
        return Kind(name, lambda: drafts, False)
    if name == "s3":
        return Kind(name, lambda: S3Store(client, LOCKED, place, DAY), True)
    return Kind(name, lambda: SplitStore(S3Store(client, LOCKED, place, DAY), drafts), True)


@pytest.fixture
def proxy(server: seaweed.Server) -> Iterator[Proxy]:
    """A proxy before the server; nothing happens in it yet."""
    with Proxy(server.url) as running:
        yield running


@dataclass(frozen=True)
class Behind:
    """One place in the server's bucket: ``store`` reaches it through the proxy, ``other`` without.
    """

    proxy: Proxy
    server: seaweed.Server
    bucket: str
    prefix: str
    store: S3Store
    other: S3Store
    client: Any

    def name(self, key: str) -> str:
        return f"{self.prefix}/{key}"

    def versions(self, key: str) -> int:
        """How many versions and delete markers a key has."""
        found = self.server.client.list_object_versions(Bucket=self.bucket, Prefix=self.name(key))
        return len(found.get("Versions", ())) + len(found.get("DeleteMarkers", ()))

    def mark(self, key: str) -> None:
        """Delete a key as S3 does it: by a marker."""
        self.server.client.delete_object(Bucket=self.bucket, Key=self.name(key))


@pytest.fixture(params=[LOCKED, TEXTS])
def behind(
    request: pytest.FixtureRequest, proxy: Proxy, server: seaweed.Server, tmp_path: Path
) -> Behind:
    """A locked store, and one of texts."""
    return behind_in(str(request.param), proxy, server, tmp_path.name)


@pytest.fixture
def locked(proxy: Proxy, server: seaweed.Server, tmp_path: Path) -> Behind:
    """The locked store alone."""
    return behind_in(LOCKED, proxy, server, tmp_path.name)


def behind_in(bucket: str, proxy: Proxy, server: seaweed.Server, prefix: str) -> Behind:
    retention = DAY if bucket == LOCKED else None
    client = connect(proxy.url, "us-east-1")
    other = S3Store(connect(server.url, "us-east-1"), bucket, prefix, retention)
    store = S3Store(client, bucket, prefix, retention)
    return Behind(proxy, server, bucket, prefix, store, other, client)
