"""Start-up names each thing that is wrong with a deployment, with its remedy."""

from __future__ import annotations

import asyncio
import hashlib
import json
import re
import shutil
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from gantral.api import looks
from gantral.api.looks import Fault
from gantral.api.preflight import preflight
from gantral.cli.main import main
from gantral.cli.tools.opa import opa
from gantral.cli.tools.processes import Processes, free_port, listening
from gantral.cli.tools.servers import start_temporal
from gantral.evidence import canonical
from gantral.runtime import settings
from gantral.runtime.workers import assembly


@pytest.fixture
def place(world: Any, tmp_path: Path) -> Path:
    """A copy of the world's deployment, whole, to be spoilt."""
    folder = tmp_path / "deployment"
    shutil.copytree(world.settings.file.parent, folder, ignore=shutil.ignore_patterns("logs"))
    return folder


def faults(place: Path) -> list[Fault]:
    return asyncio.run(preflight(settings.load(place / "gantral.toml")))


def edit(place: Path, old: str, new: str) -> None:
    file = place / "gantral.toml"
    text = file.read_text("utf-8")
    assert re.search(old, text)
    file.write_text(re.sub(old, new, text), "utf-8")


def trust(place: Path, change: Callable[[dict[str, Any]], None]) -> None:
    file = place / "trust.json"
    value = json.loads(file.read_bytes())
    change(value)
    file.write_bytes(canonical(value))


def drop_decision(value: dict[str, Any]) -> None:
    keys = value["keys"]
    value["keys"] = {name: one for name, one in keys.items() if one["use"] != "decision"}


def expire_decision(value: dict[str, Any]) -> None:
    for one in value["keys"].values():
        one["not_after"] = "2021-01-01T00:00:00.000Z"


def other_team(value: dict[str, Any]) -> None:
    for one in value["keys"].values():
        one["teams"] = ["logistics"]


def test_a_whole_deployment_has_no_fault(place: Path) -> None:
    assert faults(place) == []


@pytest.mark.parametrize(
    ("spoil", "rule", "told"),
    [
        (lambda p: edit(p, "support_agent = .*\n", ""), "role_unmapped", "support_agent"),
        (lambda p: edit(p, "finance_director = .*\n", ""), "role_unmapped", "finance_director"),
        (lambda p: edit(p, r"identity.assurance.mfa", "identity.assurance.fido"),
         "assurance_unmapped", "mfa"),
        (lambda p: trust(p, lambda v: v.update(programs=[])), "program_not_trusted", "refund"),
        (lambda p: trust(p, drop_decision), "key_unknown", "decision key"),
        (lambda p: trust(p, expire_decision), "key_lifetime", "not valid"),
        (lambda p: trust(p, other_team), "key_team", "payments"),
        (lambda p: edit(p, "decision = .*", 'decision = "file:keys/effect.key"'), "key_use",
         "effect key"),
        (lambda p: edit(p, "decision = .*", 'decision = "file:keys/pepper.key"'),
         "key_unreadable", "keys.decision"),
        (lambda p: edit(p, "decision = .*", 'decision = "file:keys/no.key"'), "setting",
         "keys.decision"),
        (lambda p: (p / "keys" / "pepper.key").write_bytes(b"short"), "pepper_short", "16 bytes"),
        (lambda p: (p / "trust.json").write_bytes(b"{}"), "trust_file", "trust file"),
        (lambda p: edit(p, "issuer = .*", 'issuer = "http://127.0.0.1:9"'), "issuer_unreachable",
         "no answer"),
        (lambda p: edit(p, r"127.0.0.1:(\d+)\"\naudience", r'127.0.0.1:\1/"\naudience'),
         "issuer_unreachable", "another issuer"),
        (lambda p: edit(p, r"\[opa\]\nurl = .*", '[opa]\nurl = "http://127.0.0.1:9"'),
         "policy_not_served", "can't be reached"),
        (lambda p: edit(p, r"\[opa\]\nurl = .*\n", ""), "setting", "opa"),
        (lambda p: edit(p, "address = .*", 'address = "127.0.0.1:9"'), "temporal", "127.0.0.1:9"),
        (lambda p: edit(p, r"packages = .*", "packages = []"), "no_program", "no program"),
        (lambda p: edit(p, r"packages = .*", 'packages = ["no.such.package"]'),
         "program_unloadable", "no.such.package"),
        (lambda p: edit(p, r"(?s)\[identity\].*\[evidence\]", "[evidence]"), "setting",
         "identity"),
    ],
)  # fmt: skip
def test_each_fault_by_its_rule(
    place: Path, spoil: Callable[[Path], Any], rule: str, told: str
) -> None:
    spoil(place)
    found = [one for one in faults(place) if one.rule == rule]
    assert found, faults(place)
    assert told in found[0].message
    assert found[0].remedy


def line(place: Path) -> Path:
    """The trust file as a folder of its line: three files, the last as it was."""
    folder = place / "trust"
    folder.mkdir()
    value = json.loads((place / "trust.json").read_bytes())
    before = "none"
    for serial in ("1", "2", "3"):
        # What only the last one lists is trusted when the last one judges.
        programs = value["programs"] if serial == "3" else []
        data = canonical({**value, "serial": serial, "previous": before, "programs": programs})
        (folder / f"trust-{serial}.json").write_bytes(data)
        before = hashlib.sha256(data).hexdigest()
    (place / "trust.json").unlink()
    edit(place, "trust = .*", 'trust = "file:trust"')
    return folder


def another(folder: Path) -> None:
    file = folder / "trust-2.json"
    (folder / "mine.json").write_bytes(file.read_bytes().replace(b"PT5S", b"PT6S"))


def alter(folder: Path) -> None:
    file = folder / "trust-2.json"
    file.write_bytes(file.read_bytes().replace(b"PT5S", b"PT6S"))


def test_the_last_of_a_whole_line_of_trust_files_counts(place: Path) -> None:
    folder = line(place)
    assert faults(place) == []
    read = settings.load(place / "gantral.toml")
    assert assembly.open_stores(read).trust.serial == 3
    seen = looks.trust_file(read)[1]
    assert "serial 3, the last of a whole line" in seen.found
    # Without the last one nobody allowed the program.
    (folder / "trust-3.json").unlink()
    assert {one.rule for one in faults(place)} == {"program_not_trusted"}


@pytest.mark.parametrize(
    ("spoil", "told"),
    [
        (lambda f: (f / "trust-1.json").unlink(), "serial 1 is missing before serial 2"),
        (lambda f: (f / "trust-2.json").unlink(), "serial 2 is missing before serial 3"),
        (another, "two trust files with serial 2: the line forks"),
        (alter, "serial 3 does not name the trust file before it"),
        (lambda f: (f / "trust-2.json").write_bytes(b"{}"), "trust-2.json: "),
        (lambda f: (f / "README").write_bytes(b"read me"), "README: "),
        (lambda f: (f / "old").mkdir(), "old is a folder"),
        (shutil.rmtree, "can't be read"),
        (lambda f: [one.unlink() for one in f.iterdir()], "there is no trust file"),
    ],
)
def test_a_line_that_is_broken_is_refused_at_start_up(
    place: Path, spoil: Callable[[Path], Any], told: str
) -> None:
    spoil(line(place))
    read = settings.load(place / "gantral.toml")
    (fault,) = looks.trust_file(read)[1].faults
    assert fault.rule == "trust_file"
    assert told in fault.message
    assert fault.remedy
    # `serve` and each worker open the same.
    with pytest.raises(settings.SettingsError, match=re.escape(told)):
        assembly.open_stores(read)


def test_a_store_that_can_not_be_written(place: Path) -> None:
    shutil.rmtree(place / "evidence", ignore_errors=True)
    (place / "evidence").write_text("a file")
    assert [one.rule for one in faults(place)] == ["store_not_writable"]


def test_policy_served_from_a_folder_has_no_revision(world: Any, place: Path) -> None:
    policies = Path(__file__).parents[2] / "examples" / "refund" / "policies"
    with Processes(place / "logs") as processes:
        port = free_port()
        processes.start(
            "opa",
            [opa(), "run", "--server", "--addr", f"127.0.0.1:{port}", policies],
            ready=lambda: listening(port),
        )
        edit(place, r"\[opa\]\nurl = .*", f'[opa]\nurl = "http://127.0.0.1:{port}"')
        (fault,) = faults(place)
    assert fault.rule == "policy_not_served"
    assert "gantral policy build" in fault.remedy


def test_search_attributes_that_nobody_registered(place: Path) -> None:
    with Processes(place / "logs") as processes:
        temporal = start_temporal(processes).address
        edit(place, "address = .*", f'address = "{temporal}"')
        edit(place, 'environment = "development"', 'environment = "production"')
        found = {one.rule: one for one in faults(place)}
    assert "GantralState" in found["temporal"].message
    assert "search-attribute create" in found["temporal"].remedy
    # And a development trust file is none for production.
    assert "development trust file" in found["trust_file"].message


def test_serve_refuses_and_says_why(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    edit(place, "support_agent = .*\n", "")
    assert main(["serve", "--settings", str(place / "gantral.toml")]) == 1
    assert "error: [role_unmapped]" in capsys.readouterr().err
    assert main(["serve", "--settings", str(place / "none.toml")]) == 1
    assert "none.toml" in capsys.readouterr().err


def doctor(place: Path, capsys: pytest.CaptureFixture[str]) -> tuple[int, dict[str, Any]]:
    status = main(["doctor", "--format", "json", "--settings", str(place / "gantral.toml")])
    return status, {one["part"]: one for one in json.loads(capsys.readouterr().out)}


def until_well(place: Path, capsys: pytest.CaptureFixture[str]) -> dict[str, Any]:
    """What the doctor says once it finds nothing wrong: Temporal hears of the first polls a moment
    after the workers began."""
    for _ in range(50):
        status, seen = doctor(place, capsys)
        if status == 0:
            break
        time.sleep(0.2)
    assert status == 0, [one for one in seen.values() if one["faults"]]
    return seen


def test_doctor_tells_of_every_part(
    world: Any, place: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    seen = until_well(place, capsys)
    assert "serial 1" in seen["trust file"]["found"]
    assert "refund 1.4.0 of team payments" in seen["program refund"]["found"]
    assert seen["key decision"]["found"].endswith("… without end")
    assert seen["OPA"]["found"].startswith("revision sha256:")
    assert seen["Temporal"]["found"].startswith("127.0.0.1:")
    for queue in ("gantral-payments", "gantral-evidence", "orders", "payments"):
        assert seen[f"queue {queue}"]["found"] == "polled by 1 worker"
    assert "is current" in seen["deployment gantral-payments"]["found"]
    assert "wait at finance for 3 days" in seen["drain refund"]["found"]


def test_doctor_as_a_table(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    until_well(place, capsys)
    assert main(["doctor", "--settings", str(place / "gantral.toml")]) == 0
    assert capsys.readouterr().out.splitlines()[-1] == "all is well"
    edit(place, "support_agent = .*\n", "")
    assert main(["doctor", "--settings", str(place / "gantral.toml")]) == 1
    out = capsys.readouterr().out
    assert re.search(r"FAULT  roles +\[role_unmapped\] refund.* names the role support_agent", out)
    assert re.search(r" +help: under \[identity.roles\] add support_agent = ", out)
    assert out.splitlines()[-1] == "1 fault"


def test_doctor_of_an_environment(
    place: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    until_well(place, capsys)
    (place / "gantral.toml").rename(place / "gantral.staging.toml")
    monkeypatch.chdir(place)
    assert main(["doctor"]) == 1
    assert "gantral.toml" in capsys.readouterr().err
    assert main(["doctor", "--env", "staging"]) == 0
    assert "gantral.staging.toml, development" in capsys.readouterr().out


def test_doctor_where_nothing_runs_and_nothing_is_changed(
    place: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    edit(place, r"(?s)\[opa\].*\[identity\]", "[identity]")
    edit(place, "issuer = .*", 'issuer = "http://127.0.0.1:9"')
    with Processes(place / "logs") as processes:
        temporal = start_temporal(processes).address
        edit(place, "address = .*", f'address = "{temporal}"')
        for _ in range(2):
            status, seen = doctor(place, capsys)
            assert status == 1
            rules = {part: one["faults"][0]["rule"] for part, one in seen.items() if one["faults"]}
            assert rules == {
                "issuer": "issuer_unreachable",
                "OPA": "setting",
                "search attributes": "search_attributes",
                "queue gantral-payments": "queue_not_polled",
                "queue gantral-evidence": "queue_not_polled",
                "queue orders": "queue_not_polled",
                "queue payments": "queue_not_polled",
                "deployment gantral-payments": "no_current_build",
            }
    edit(place, "address = .*", 'address = "127.0.0.1:9"')
    status, seen = doctor(place, capsys)
    assert seen["Temporal"]["faults"][0]["rule"] == "temporal"


def test_doctor_tells_of_another_build(
    world: Any, place: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    # Another lock file is another build: this one is not the one that runs.
    (place / "uv.lock").write_text("another")
    status, seen = doctor(place, capsys)
    assert status == 1
    (fault,) = seen["deployment gantral-payments"]["faults"]
    assert fault["rule"] == "other_build_current"
    assert "set-current-version --deployment-name gantral-payments" in fault["remedy"]


def test_doctor_of_a_worker_s_own_settings(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    edit(place, r"(?s)\[identity\].*\[evidence\]", "[evidence]")
    edit(place, r"(?s)\[api\][^\[]*", "")
    status, seen = doctor(place, capsys)
    assert status == 0, [one for one in seen.values() if one["faults"]]
    assert "issuer" not in seen
