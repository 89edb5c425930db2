"""Everything that takes the store by its setting refuses one that evidence can't rest on."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import seaweed
from gantral.cli.main import main
from gantral.runtime.settings import SettingsError, load
from gantral.runtime.workers import assembly
from gantral.runtime.workers.assembly import check_stores, open_stores, team_activities
from store_kinds import LOCKED, TEXTS

COMMON = """
[deployment]
environment = "development"
[temporal]
address = "127.0.0.1:9"
[identity]
issuer = "http://127.0.0.1:9"
audience = "gantral"
[api]
listen = "127.0.0.1:1"
refusals = "file:refusals.jsonl"
[keys]
decision = "file:keys/decision.key"
closer = "file:keys/closer.key"
pepper = "file:keys/pepper.key"
"""


@pytest.fixture
def place(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Path:
    keys = str(tmp_path / "keys")
    new = ["keys", "new", "--out", keys, "--environment", "development", "--team", "payments"]
    assert main(new) == 0
    assert main(["keys", "trust", "--keys", keys, "--out", str(tmp_path / "trust.json")]) == 0
    capsys.readouterr()
    return tmp_path


def settings(place: Path, server: seaweed.Server, **changed: str) -> Path:
    where = {
        "store": f"s3://{LOCKED}/{place.name}",
        "texts": f"s3://{TEXTS}/{place.name}",
        "drafts": "file:drafts",
        "trust": "file:trust.json",
        "retention": "1d",
        **changed,
    }
    lines = "\n".join(f'{name} = "{value}"' for name, value in where.items())
    s3 = f'[evidence.s3]\nendpoint = "{server.url}"\nregion = "us-east-1"\n'
    file = place / "gantral.toml"
    file.write_text(f"{COMMON}\n[evidence]\n{lines}\n{s3}", "utf-8")
    return file


WRONG = [
    ({"store": f"s3://{TEXTS}/x"}, "store_not_locked"),
    ({"texts": f"s3://{LOCKED}/x"}, "texts_locked"),
    ({"drafts": f"s3://{LOCKED}/y"}, "texts_locked"),
    ({"store": "s3://no-such-bucket"}, "store_missing"),
]


@pytest.mark.parametrize(
    ("command", "changed", "rule"),
    [
        *(("worker", *one) for one in WRONG),
        *((command, *WRONG[0]) for command in ("reconcile", "serve", "doctor")),
    ],
)
def test_commands_refuse_it_by_name(
    place: Path,
    server: seaweed.Server,
    capsys: pytest.CaptureFixture[str],
    command: str,
    changed: dict[str, str],
    rule: str,
) -> None:
    file = settings(place, server, **changed)
    assert main([command, "--settings", str(file)]) == 1
    told = capsys.readouterr()
    assert f"[{rule}]" in told.out + told.err
    assert seaweed.SECRET not in told.out + told.err


@pytest.mark.parametrize(("changed", "rule"), WRONG[:2])
def test_a_team_s_own_worker_refuses_it_too(
    place: Path, server: seaweed.Server, changed: dict[str, str], rule: str
) -> None:
    with pytest.raises(SettingsError, match=rule):
        team_activities([], settings(place, server, **changed))


def test_a_fit_store_is_taken(place: Path, server: seaweed.Server) -> None:
    file = settings(place, server)
    check_stores(open_stores(load(file)), commits=True)
    assert team_activities([], file) == []


def test_without_boto3_it_is_said(
    place: Path,
    server: seaweed.Server,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    import sys

    assembly._connected.cache_clear()
    monkeypatch.setitem(sys.modules, "boto3.session", None)
    file = str(settings(place, server))
    for command in (
        ["worker"],
        ["reconcile"],
        ["evidence", "export", "--out", str(place / "out")],
        ["serve"],
    ):
        assert main([*command, "--settings", file]) == 1
        assert "pip install 'gantral[aws]'" in capsys.readouterr().err


def test_drafts_in_a_bucket_leave_serve_without_a_log(place: Path, server: seaweed.Server) -> None:
    from gantral.api.deployment import assemble

    file = settings(place, server, drafts=f"s3://{TEXTS}/{place.name}-drafts")
    file.write_text(file.read_text().replace('refusals = "file:refusals.jsonl"\n', ""))
    gateway: Any = None
    with pytest.raises(SettingsError) as error:
        assemble(load(file), gateway)
    assert error.value.key == "api.refusals"
