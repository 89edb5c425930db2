"""A store that evidence can't rest on is refused by name, with what to do."""

from __future__ import annotations

import resource
import secrets
import subprocess
import sys
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import seaweed
from accident_proxy import Answer, Ask, Proxy, Request
from gantral.cli.tools.processes import Processes
from gantral.evidence import LocalStore, StoreError, Unfit, s3_client
from gantral.evidence.s3 import S3Store
from gantral.evidence.s3_client import connect
from store_kinds import DAY, LOCKED, TEXTS

KEY = "payments/one/commits/00000000.json"
GOVERNANCE = {"ObjectLockEnabled": "Enabled"} | {
    "Rule": {"DefaultRetention": {"Mode": "GOVERNANCE", "Days": 1}}
}


def new(server: seaweed.Server, *, locked: bool) -> str:
    return server.bucket(f"b-{secrets.token_hex(6)}", locked=locked)


def governed(server: seaweed.Server) -> str:
    bucket = new(server, locked=True)
    server.client.put_object_lock_configuration(Bucket=bucket, ObjectLockConfiguration=GOVERNANCE)
    return bucket


@pytest.mark.parametrize(
    ("bucket", "retention", "rule", "remedy"),
    [
        (lambda s: new(s, locked=False), DAY, "store_not_locked", "--object-lock-enabled"),
        (governed, DAY, "store_lock_mode", "COMPLIANCE"),
        (lambda s: "no-such-bucket", DAY, "store_missing", "mend the name"),
        (lambda s: LOCKED, None, "texts_locked", "without Object Lock"),
        (lambda s: "no-such-bucket", None, "store_missing", "mend the name"),
    ],
)
def test_a_wrong_bucket(
    server: seaweed.Server,
    client: Any,
    bucket: Callable[[seaweed.Server], str],
    retention: timedelta | None,
    rule: str,
    remedy: str,
) -> None:
    with pytest.raises(Unfit) as unfit:
        S3Store(client, bucket(server), "", retention).check()
    assert unfit.value.rule == rule
    assert remedy in unfit.value.remedy


def spoilt(client: Any, *headers: str) -> Any:
    """The client, whose puts lack these headers: what a server does that does not know them."""

    def drop(request: Any, **_: Any) -> None:
        for name in headers:
            del request.headers[name]

    client.meta.events.register("before-sign.s3.PutObject", drop)
    return client


@pytest.mark.parametrize(
    ("header", "bucket", "retention", "rule"),
    [
        ("If-None-Match", LOCKED, DAY, "store_overwrites"),
        ("If-None-Match", TEXTS, None, "store_overwrites"),
        ("x-amz-object-lock-mode", LOCKED, DAY, "store_lock_mode"),
    ],
)
def test_a_server_that_does_not_do_what_it_is_asked(
    server: seaweed.Server,
    tmp_path: Path,
    header: str,
    bucket: str,
    retention: timedelta | None,
    rule: str,
) -> None:
    headers = [header]
    if header == "x-amz-object-lock-mode":
        headers.append("x-amz-object-lock-retain-until-date")
    client = spoilt(connect(server.url, "us-east-1"), *headers)
    with pytest.raises(Unfit) as unfit:
        S3Store(client, bucket, tmp_path.name, retention).probe()
    assert unfit.value.rule == rule


def test_a_lock_that_ends_too_soon_is_none(
    client: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = S3Store(client, LOCKED, tmp_path.name, DAY * 10)
    short = S3Store(client, LOCKED, tmp_path.name, DAY)
    monkeypatch.setattr(store, "_lock", short._lock)
    with pytest.raises(Unfit, match="does not keep the lock"):
        store.probe()


def test_each_object_is_locked_for_its_time(
    server: seaweed.Server, client: Any, tmp_path: Path
) -> None:
    from datetime import UTC, datetime

    from botocore.exceptions import ClientError

    S3Store(client, LOCKED, tmp_path.name, DAY * 30).put(KEY, b"c")
    place = {"Bucket": LOCKED, "Key": f"{tmp_path.name}/{KEY}"}
    head = server.client.head_object(**place)
    assert head["ObjectLockMode"] == "COMPLIANCE"
    left = head["ObjectLockRetainUntilDate"] - datetime.now(UTC)
    assert DAY * 29 < left <= DAY * 30
    with pytest.raises(ClientError, match="AccessDenied"):
        server.client.delete_object(**place, VersionId=head["VersionId"])
    sooner = {"Mode": "COMPLIANCE", "RetainUntilDate": datetime.now(UTC) + DAY}
    with pytest.raises(ClientError, match="AccessDenied"):
        server.client.put_object_retention(**place, Retention=sooner)


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("AWS_ACCESS_KEY_ID", "AKIAUNKNOWN", "the credentials are not known there"),
        ("AWS_SECRET_ACCESS_KEY", "AKIAWRONG", "the credentials are wrong"),
        ("AWS_ACCESS_KEY_ID", None, "this process has no credentials"),
    ],
)
def test_wrong_credentials_are_named_and_not_told(
    server: seaweed.Server,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    name: str,
    value: str | None,
    said: str,
) -> None:
    if value is None:
        monkeypatch.delenv("AWS_ACCESS_KEY_ID")
        monkeypatch.delenv("AWS_SECRET_ACCESS_KEY")
    else:
        monkeypatch.setenv(name, value)
    store = S3Store(connect(server.url, "us-east-1"), LOCKED, tmp_path.name, DAY)
    for ask in (store.check, store.probe, lambda: store.put(KEY, b""), lambda: store.get(KEY)):
        with pytest.raises(StoreError, match=said) as error:
            ask()
        assert "AKIA" not in str(error.value)
        assert seaweed.SECRET not in str(error.value)


def test_nobody_is_there() -> None:
    store = S3Store(connect("http://127.0.0.1:9", "us-east-1"), LOCKED, "", DAY)
    for ask in (store.check, store.probe, lambda: store.put(KEY, b""), lambda: store.get(KEY)):
        with pytest.raises(StoreError, match="no answer"):
            ask()


def test_boto3_is_not_installed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "boto3.session", None)
    with pytest.raises(Unfit) as unfit:
        connect()
    assert "gantral[aws]" in unfit.value.remedy


def test_a_full_disk_behind_s3(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(s3_client, "_READ", 1)
    with Processes(tmp_path / "logs") as processes:
        server = seaweed.start(processes, tmp_path / "data", full=True)
        server.bucket(LOCKED, locked=True)
        store = S3Store(connect(server.url, "us-east-1"), LOCKED, "", DAY)
        with pytest.raises(StoreError):
            store.put(KEY, b"c")
        with pytest.raises(StoreError):
            store.probe()
        assert store.get(KEY) is None
        assert list(store.list("")) == []


def full_folder(folder: Path, what: str) -> subprocess.CompletedProcess[str]:
    """Do something with a store in a process that may write 64 KiB a file and no more."""
    code = (
        "import sys\n"
        "from gantral.evidence import LocalStore, StoreError\n"
        "store = LocalStore(sys.argv[1])\n"
        f"try: {what}\n"
        "except StoreError as error: print(type(error).__name__, error)\n"
    )
    return subprocess.run(
        [sys.executable, "-c", code, str(folder)],
        capture_output=True,
        text=True,
        check=True,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (1 << 16, 1 << 16)),
    )


def test_a_file_that_finds_no_room(tmp_path: Path) -> None:
    told = full_folder(tmp_path, f"store.put({KEY!r}, b'0' * (1 << 17))")
    assert told.stdout.startswith("StoreError cannot put")
    store = LocalStore(tmp_path)
    assert store.get(KEY) is None
    assert list(store.list("")) == []
    assert not any((tmp_path / ".incoming").iterdir())
    store.put(KEY, b"whole")
    assert store.get(KEY) == b"whole"


def test_a_folder_that_takes_nothing(tmp_path: Path) -> None:
    (tmp_path / "store").write_text("a file")
    for ask in (LocalStore(tmp_path / "store").check, LocalStore(tmp_path / "store").probe):
        with pytest.raises(Unfit) as unfit:
            ask()
        assert unfit.value.rule == "store_not_writable"


def test_a_bucket_whose_versions_were_suspended(proxies: tuple[Proxy, Any], tmp_path: Path) -> None:
    """AWS does not let it be for a locked bucket; another server might."""
    proxy, through = proxies

    def suspended(request: Request, ask: Ask) -> Answer:
        if "versioning" not in request.target:
            return ask(request)
        body = b"<VersioningConfiguration><Status>Suspended</Status></VersioningConfiguration>"
        return Answer(200, [("content-type", "application/xml")], body)

    proxy.accident = suspended
    with pytest.raises(Unfit) as unfit:
        S3Store(through, LOCKED, tmp_path.name, DAY).check()
    assert unfit.value.rule == "store_not_versioned"


def test_an_erased_text_leaves_no_version(server: seaweed.Server, client: Any) -> None:
    bucket = new(server, locked=False)
    server.client.put_bucket_versioning(
        Bucket=bucket, VersioningConfiguration={"Status": "Enabled"}
    )
    store = S3Store(client, bucket, "p", None)
    for data in (b"once", b"again"):
        store.put("t/i/texts/1.json", data)
        server.client.delete_object(Bucket=bucket, Key="p/t/i/texts/1.json")
    assert len(server.client.list_object_versions(Bucket=bucket)["Versions"]) == 2
    store.delete("t/i/texts/1.json")
    left = server.client.list_object_versions(Bucket=bucket)
    assert not left.get("Versions")
    assert not left.get("DeleteMarkers")
