"""Every kind of store that a deployment can name, and one that is reached through a proxy."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta

import seaweed
from accident_proxy import Proxy
from gantral.evidence import Store
from gantral.evidence.s3 import S3Store

LOCKED, TEXTS = "locked", "texts"  # buckets
DAY = timedelta(days=1)
KINDS = ("folder", "folder of drafts", "s3", "s3 of drafts", "s3 with texts apart")


@dataclass(frozen=True)
class Kind:
    """``open``: the store, as another process opens it. ``kept``: not all can be deleted."""

    name: str
    open: Callable[[], Store]
    kept: bool


@dataclass(frozen=True)
class Behind:
    """One place in a bucket: ``store`` reaches it through the proxy, ``other`` without."""

    proxy: Proxy
    server: seaweed.Server
    bucket: str
    prefix: str
    store: S3Store
    other: S3Store

    def name(self, key: str) -> str:
        return f"{self.prefix}/{key}"

    def versions(self, key: str) -> int:
        """How many versions and delete markers a key has."""
        found = self.server.client.list_object_versions(Bucket=self.bucket, Prefix=self.name(key))
        return len(found.get("Versions", ())) + len(found.get("DeleteMarkers", ()))

    def mark(self, key: str) -> None:
        """Delete a key as S3 does it: by a marker."""
        self.server.client.delete_object(Bucket=self.bucket, Key=self.name(key))
