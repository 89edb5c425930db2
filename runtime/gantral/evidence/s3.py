"""A write-once store in an S3 bucket with Object Lock, and a deletable one in a bucket without.

Each object is created with ``If-None-Match: *`` and locked in compliance mode on its own, so that
nobody, the account's owner included, can change or remove it before its time. Nothing is retried:
a put that got no answer is looked for, never sent again (ADR 0134).

S3 lets a conditional put succeed once more after a delete marker, and a marker can always be put.
So a put looks at the key's versions before and after itself, and what turns out to be deleted or
written twice is Spoilt for good.
"""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, Final, TypeVar

from gantral.evidence.s3_answers import Answers, Failed, ask
from gantral.evidence.store import AlreadyThere, Spoilt, StoreError, Unfit, parts_of

_T = TypeVar("_T")
_TOKEN: Final = "gantral-put"
_PROBE: Final = ".probe"
# Seconds before each look for a put that got no answer. Reads: nothing is put again.
_LOOKS: Final = (0.0, 0.3, 1.0)
_PAGE: Final = 1000
_CLOCKS: Final = timedelta(hours=1)  # how far the server's clock may be from ours


class S3Store:
    """The objects under one prefix of one bucket.

    Args:
        client: of boto3, made by ``s3_client.connect``.
        bucket, prefix: where keys lie; the prefix has no slash at its ends and may be empty.
        retention: how long each object is locked; None for a bucket without Object Lock, whose
            keys may all be deleted.
    """

    def __init__(self, client: Any, bucket: str, prefix: str, retention: timedelta | None) -> None:
        self._client = client
        self._bucket = bucket
        self._prefix = f"{prefix}/" if prefix else ""
        self._retention = retention
        self._spoilt: set[str] = set()
        self._proved = False

    def put(self, key: str, data: bytes) -> None:
        """See Store. Raises AlreadyThere, StoreError."""
        name = self._name(key)
        if self._locked and self._live(key):
            raise AlreadyThere(key)
        token = secrets.token_hex(16)
        try:
            version = self._create(name, data, token)
        except Failed as failed:
            if failed.refused:
                raise StoreError(f"cannot put {key}: {failed}") from None
            if not self._find(key, data, token, failed):
                raise AlreadyThere(key) from None
            version = None
        if self._locked and not self._live(key, version):
            # A listing that lags: what can be read back is there.
            unseen = Failed("NotListed", "the server does not list what it took", refused=False)
            if not self._find(key, data, token, unseen):
                raise Spoilt(f"{key} was put and holds what another put")

    def get(self, key: str) -> bytes | None:
        """See Store. Raises StoreError."""
        if key in self._spoilt:
            raise Spoilt(f"{key} was deleted or written twice")
        found = self._told(f"cannot get {key}", lambda: self._read(self._name(key)))
        if found is None and self._locked and self._live(key):
            # It may have come in between.
            found = self._told(f"cannot get {key}", lambda: self._read(self._name(key)))
            if found is None:
                raise StoreError(f"cannot get {key}: it is listed and can't be read")
        return None if found is None else found[0]

    def list(self, prefix: str) -> Iterator[str]:
        """See Store. Raises StoreError."""
        folder = prefix.strip("/")
        begins = self._prefix + ("/".join(parts_of(folder)) + "/" if folder else "")
        last = ""
        names = self._names(begins)
        while (one := self._told(f"cannot list {prefix}", lambda: next(names, None))) is not None:
            name, versions = one
            key = name.removeprefix(self._prefix)
            if name == self._prefix + _PROBE:
                continue
            if key < last:
                # Commits would be read in a wrong order, and pages may lack keys.
                raise StoreError(f"cannot list {prefix}: the server lists out of order at {key}")
            last = key
            if self._locked and versions != 1:
                self._spoilt.add(key)
            yield key

    def folders(self, prefix: str) -> Iterator[str]:
        """See Store. Raises StoreError."""
        begins = self._prefix + ("/".join(parts_of(prefix)) + "/" if prefix else "")
        last = ""
        names = self._folders(begins)
        while (name := self._told(f"cannot list {prefix}", lambda: next(names, None))) is not None:
            if name <= last:
                raise StoreError(f"cannot list {prefix}: the server lists out of order at {name}")
            last = name
            yield name

    def delete(self, key: str) -> None:
        """See Store. Every version of it. Raises StoreError."""
        name = self._name(key)
        if self._locked:
            raise StoreError(f"{key} is evidence: it is never deleted")

        def delete() -> None:
            for version, _ in self._versions(name):
                ask(
                    self._client.delete_object,
                    Bucket=self._bucket,
                    Key=name,
                    **({} if version == "null" else {"VersionId": version}),
                )

        self._told(f"cannot delete {key}", delete)

    def check(self) -> None:
        """See Store. Raises Unfit, StoreError."""
        if not self._locked:
            self._told(f"cannot look at the bucket {self._bucket}", self._erasable)
            return
        self._told(f"cannot look at the bucket {self._bucket}", self._lockable)

    def probe(self) -> None:
        """See Store. Asks to create what is there already, which writes nothing: whoever may not
        write, or can't, says so first. Raises Unfit, StoreError."""
        self._told(f"cannot put into the bucket {self._bucket}", self._tried)

    @property
    def _locked(self) -> bool:
        return self._retention is not None

    def _name(self, key: str) -> str:
        return self._prefix + "/".join(parts_of(key))

    def _told(self, what: str, asked: Callable[[], _T]) -> _T:
        try:
            return asked()
        except Failed as failed:
            raise StoreError(f"{what}: {failed}") from None

    def _create(self, name: str, data: bytes, token: str) -> str | None:
        """Create an object; its version. Raises Failed."""
        answer = ask(
            self._client.put_object,
            Bucket=self._bucket,
            Key=name,
            Body=data,
            IfNoneMatch="*",
            Metadata={_TOKEN: token},
            **self._lock(),
        )
        found: str | None = answer.get("VersionId")
        return found

    def _lock(self) -> dict[str, Any]:
        if self._retention is None:
            return {}
        return {
            "ObjectLockMode": "COMPLIANCE",
            "ObjectLockRetainUntilDate": datetime.now(UTC) + self._retention,
        }

    def _find(self, key: str, data: bytes, token: str, failed: Failed) -> bool:
        """Whether this very put created the object, after an answer that leaves it open; False
        when another did. The same bytes of another writer are another's.

        Raises:
            StoreError: nothing is there, or nobody can tell.
        """
        unknown: object = failed
        for pause in _LOOKS:
            time.sleep(pause)
            try:
                found = self._read(self._name(key))
            except Failed as error:
                unknown = error
                continue
            if found is None:
                raise StoreError(f"cannot put {key}: {failed}; it is not there")
            if found[1] != token:
                return False
            if found[0] != data:
                raise StoreError(f"{key} holds other bytes than were put")
            return True
        raise StoreError(f"nobody knows whether {key} was put: {failed}; then {unknown}")

    def _read(self, name: str) -> tuple[bytes, str] | None:
        """The bytes and the token of an object, None when it is not there. Raises Failed."""

        def read(**place: str) -> tuple[bytes, str]:
            answer = self._client.get_object(**place)
            return answer["Body"].read(), answer["Metadata"].get(_TOKEN, "")

        try:
            return ask(read, Bucket=self._bucket, Key=name)
        except Failed as failed:
            if failed.code == Answers.NO_KEY:
                return None
            raise

    def _live(self, key: str, version: str | None = None) -> bool:
        """Whether a locked key is there: one version, this one if it is known, and no marker.

        Raises:
            Spoilt, StoreError.
        """
        versions = self._told(
            f"cannot look at the versions of {key}", lambda: self._versions(self._name(key))
        )
        if not versions:
            return False
        if len(versions) > 1 or versions[0][1] or version not in (None, versions[0][0]):
            self._spoilt.add(key)
            raise Spoilt(f"{key} was deleted or written twice: the bucket has its versions")
        return True

    def _versions(self, name: str) -> Sequence[tuple[str, bool]]:
        """Each version of an object, and whether it is a delete marker. Raises Failed."""
        found = []
        for page in self._pages("list_object_versions", Prefix=name):
            for member, marker in (("Versions", False), ("DeleteMarkers", True)):
                every = page.get(member, ())
                found += [(one["VersionId"], marker) for one in every if one["Key"] == name]
        return found

    def _names(self, begins: str) -> Iterator[tuple[str, int]]:
        """Each object's name and how many versions and markers it has. Raises Failed."""
        if not self._locked:
            for page in self._pages("list_objects_v2", Prefix=begins):
                for one in page.get("Contents", ()):
                    yield one["Key"], 1
            return
        name, count = "", 0
        for page in self._pages("list_object_versions", Prefix=begins):
            every = [*page.get("Versions", ()), *page.get("DeleteMarkers", ())]
            for one in sorted(every, key=lambda one: str(one["Key"])):
                if one["Key"] != name:
                    if count:
                        yield name, count
                    name, count = one["Key"], 0
                count += 1
        if count:
            yield name, count

    def _folders(self, begins: str) -> Iterator[str]:
        """The name of each folder just under one, those among them whose objects were all deleted.
        Raises Failed."""
        listing = "list_object_versions" if self._locked else "list_objects_v2"
        for page in self._pages(listing, Prefix=begins, Delimiter="/"):
            for one in page.get("CommonPrefixes", ()):
                yield one["Prefix"].removeprefix(begins).removesuffix("/")

    def _pages(self, operation: str, **place: Any) -> Iterator[Mapping[str, Any]]:
        pages = iter(
            self._client.get_paginator(operation).paginate(
                Bucket=self._bucket, PaginationConfig={"PageSize": _PAGE}, **place
            )
        )
        while (page := ask(lambda: next(pages, None))) is not None:
            yield page

    def _lockable(self) -> None:
        lock = self._lock_configuration()
        if lock is None:
            raise Unfit(
                "store_not_locked",
                f"the bucket {self._bucket} has no Object Lock: what lies there can be removed",
                "make a bucket with it: aws s3api create-bucket --object-lock-enabled-for-bucket",
            )
        mode = lock.get("Rule", {}).get("DefaultRetention", {}).get("Mode", "COMPLIANCE")
        if mode != "COMPLIANCE":
            raise Unfit(
                "store_lock_mode",
                f"the bucket {self._bucket} locks in {mode} mode: whoever has the right can"
                " remove what lies there",
                "set its default retention to COMPLIANCE, or to none: each object is locked on"
                " its own",
            )
        versioning = ask(self._client.get_bucket_versioning, Bucket=self._bucket)
        if versioning.get("Status") != "Enabled":
            raise Unfit(
                "store_not_versioned",
                f"the bucket {self._bucket} does not keep versions",
                "turn versioning on: Object Lock rests on it",
            )

    def _erasable(self) -> None:
        if self._lock_configuration() is not None:
            raise Unfit(
                "texts_locked",
                f"the bucket {self._bucket} has Object Lock: what must be erasable would lie"
                " there for good",
                "name a bucket without Object Lock for texts and drafts",
            )

    def _lock_configuration(self) -> Mapping[str, Any] | None:
        try:
            answer = ask(self._client.get_object_lock_configuration, Bucket=self._bucket)
        except Failed as failed:
            if failed.code == Answers.NO_LOCK:
                return None
            if failed.code == Answers.NO_BUCKET:
                raise Unfit(
                    "store_missing",
                    f"there is no bucket {self._bucket}",
                    "make it, or mend the name in [evidence]",
                ) from None
            raise
        found: Mapping[str, Any] = answer["ObjectLockConfiguration"]
        return found if found.get("ObjectLockEnabled") == "Enabled" else None

    def _tried(self) -> None:
        name = self._prefix + _PROBE
        created = self._taken(name)
        if self._proved and not created:
            return
        if created and self._taken(name):
            raise Unfit(
                "store_overwrites",
                f"the server of the bucket {self._bucket} creates what is there already",
                "use a server that knows If-None-Match",
            )
        if self._retention is not None:
            self._kept(ask(self._client.head_object, Bucket=self._bucket, Key=name), created)
        self._proved = True

    def _taken(self, name: str) -> bool:
        """Whether a conditional put created an object; False when one was there. Raises Failed."""
        try:
            self._create(name, b"a put is tried here\n", _PROBE)
        except Failed as failed:
            if failed.code == Answers.THERE:
                return False
            raise
        return True

    def _kept(self, head: Mapping[str, Any], created: bool) -> None:
        """Hold an object that we locked against what the server says of it."""
        assert self._retention is not None
        mode, until = head.get("ObjectLockMode"), head.get("ObjectLockRetainUntilDate")
        short = until is None or (created and until < datetime.now(UTC) + self._retention - _CLOCKS)
        if mode != "COMPLIANCE" or short:
            raise Unfit(
                "store_lock_mode",
                f"the server of the bucket {self._bucket} does not keep the lock it was asked"
                f" for: it says {mode or 'none'} until {until or 'no time'}",
                "use a server that locks each object in COMPLIANCE mode",
            )
