"""Where a store lies: ``file:FOLDER`` or ``s3://BUCKET/PREFIX``."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any, Final

from gantral.evidence.s3 import S3Store
from gantral.evidence.split import SplitStore
from gantral.evidence.store import LocalStore, Store

_S3: Final = re.compile(
    r"s3://([a-z0-9][a-z0-9.-]{1,61}[a-z0-9])((?:/[A-Za-z0-9_][A-Za-z0-9._-]{0,199})*)/?"
)


@dataclass(frozen=True)
class Place:
    """A folder of this machine, or a prefix of a bucket. ``bucket`` is empty for a folder."""

    path: Path
    bucket: str = ""

    @classmethod
    def read(cls, text: str, folder: Path) -> Place | None:
        """The place that a setting names, a path relative to ``folder``; None when it is none."""
        kind, _, where = text.partition(":")
        if kind == "file" and where:
            return cls(folder / where)
        found = _S3.fullmatch(text)
        return None if found is None else cls(Path(found[2].strip("/")), found[1])

    @property
    def prefix(self) -> str:
        """The prefix in the bucket, with no slash at its ends; empty for the whole bucket."""
        return "" if self.path == Path() else self.path.as_posix()

    def holds(self, other: Place) -> bool:
        """Whether the other place is this one, or lies in it."""
        within = self.path == other.path or self.path in other.path.parents
        return self.bucket == other.bucket and within

    def __str__(self) -> str:
        if not self.bucket:
            return str(self.path)
        return f"s3://{self.bucket}/{self.prefix}".rstrip("/")


def open_evidence(
    store: Place, texts: Place | None, retention: timedelta, client: Callable[[], Any]
) -> Store:
    """The write-once store, with its texts elsewhere when they have a place of their own.

    Raises:
        Unfit: ``client`` does.
    """
    if store.bucket:
        opened: Store = S3Store(client(), store.bucket, store.prefix, retention)
    else:
        opened = LocalStore(store.path)
    return opened if texts is None else SplitStore(opened, open_erasable(texts, client))


def open_erasable(place: Place, client: Callable[[], Any]) -> Store:
    """A store of texts or of drafts, whose keys may all be deleted. Raises Unfit."""
    if place.bucket:
        return S3Store(client(), place.bucket, place.prefix, None)
    return LocalStore(place.path, deletable=True)
