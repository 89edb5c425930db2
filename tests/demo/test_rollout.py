"""A rollout as docs/rollout.md has it: two builds side by side, each with processes of its own."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
import time
import tomllib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
import tomli_w
from gantral.cli.demo.people import Visitor
from gantral.cli.failure import Failure
from gantral.cli.main import main
from gantral.cli.stack import Stack, environment, raise_stack, start_worker
from gantral.cli.tools.environment import temporal_server
from gantral.cli.tools.processes import Processes, free_port, listening

EXAMPLE = Path(__file__).resolve().parents[2] / "examples" / "refund"
_COMMAND = [sys.executable, "-m", "gantral.cli"]
REASON = "the photos show that the shade is broken"
NAMES = ("carol", "alice", "bob")
INPUT = {
    "order_id": "A-1001",
    "refund": {"amount": "40.00", "currency": "EUR"},
    "reason": "the lamp arrived broken",
}


def compiled(folder: Path, change: Callable[[str], str]) -> Path:
    """A copy of the example with a changed spec, compiled."""
    shutil.copytree(EXAMPLE, folder, ignore=shutil.ignore_patterns("build", "__pycache__"))
    spec = folder / "refund.gantral"
    spec.write_text(change(spec.read_text("utf-8")), "utf-8")
    (folder / "refund.md").unlink()
    done = subprocess.run(
        [*_COMMAND, "compile"], cwd=folder, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return folder


def newer(text: str) -> str:
    assert 'version "1.4.0"' in text
    assert "decide   2 of people.finance_manager" in text
    text = text.replace('version "1.4.0"', 'version "1.5.0"')
    return text.replace(
        "decide   2 of people.finance_manager", "decide   1 of people.finance_manager"
    )


@pytest.fixture
def processes(tmp_path: Path) -> Iterator[Processes]:
    with Processes(tmp_path / "logs") as running:
        yield running


def settings_of(old: Stack, project: Path, work: Path) -> tuple[Path, str]:
    """The old deployment's settings with the new project's packages, and a port of its own."""
    work.mkdir()
    given = tomllib.loads(old.settings.read_text("utf-8"))
    port = free_port()
    given["deployment"]["path"] = [str(project / "src")]
    given["api"] = {"listen": f"127.0.0.1:{port}", "url": f"http://127.0.0.1:{port}"}
    # The lock file lies beside the settings: another one is another build.
    (work / "uv.lock").write_text("the newer lock file")
    file = work / "gantral.toml"
    file.write_text(tomli_w.dumps(given), "utf-8")
    return file, given["api"]["url"]


def serve(processes: Processes, file: Path, url: str) -> None:
    port = int(url.rpartition(":")[2])
    processes.start(
        f"serve-{port}",
        [*_COMMAND, "serve", "--settings", file],
        ready=lambda: listening(port),
        limit=60,
        env=environment(),
        folder=file.parent,
    )


def state(url: str, visitor: Visitor, instance: str) -> str:
    answer = httpx.get(
        f"{url}/v1/instances/{instance}",
        headers={"authorization": f"Bearer {visitor.token()}"},
        timeout=30,
        trust_env=False,
    )
    return str(answer.json().get("state"))


def until(url: str, visitor: Visitor, instance: str, wanted: str) -> None:
    ends = time.monotonic() + 60
    while state(url, visitor, instance) != wanted:
        assert time.monotonic() < ends, (instance, wanted, state(url, visitor, instance))
        time.sleep(0.2)


def doctor(file: Path) -> dict[str, Any]:
    # In a process of its own: this one may have loaded the example's package for another test.
    command = [*_COMMAND, "doctor", "--format", "json", "--settings", file]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    return {one["part"]: one for one in json.loads(done.stdout)}


def history(stack: Stack, instance: str, file: Path) -> Path:
    done = subprocess.run(
        [temporal_server(), "workflow", "show", "--workflow-id", instance, "--output", "json",
         "--address", stack.temporal],
        capture_output=True, check=True,
    )  # fmt: skip
    file.write_bytes(done.stdout)
    return file


@pytest.mark.timeout(240)
def test_two_builds_side_by_side(
    tmp_path: Path,
    processes: Processes,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    old = compiled(tmp_path / "old", lambda text: text)
    new = compiled(tmp_path / "new", newer)
    stack = raise_stack(processes, old, tmp_path / "stack", lambda line: None)
    file, url = settings_of(stack, new, tmp_path / "newer")
    people = {name: Visitor(name, stack.issuer, "gantral", stack.url) for name in NAMES}
    ours = {name: Visitor(name, stack.issuer, "gantral", url) for name in NAMES}
    begun = people["carol"].start("refund", INPUT)
    until(stack.url, people["carol"], begun, "WAITING_FOR_HUMAN")

    # The new program joins the trust file.
    manifest = str(new / "src/refund_app/gen/refund/manifest.json")
    before = stack.trust.rename(tmp_path / "trust-1.json")
    words = ["--keys", str(before.parent / "stack" / "keys"), "--previous", str(before)]
    assert main(["keys", "trust", *words, "--program", manifest, "--out", str(stack.trust)]) == 0
    capsys.readouterr()

    # Before a worker of the new build runs, nothing is started on it.
    serve(processes, file, url)
    with pytest.raises(Failure, match="build_not_running"):
        ours["carol"].start("refund", {**INPUT, "order_id": "A-1003"})
    start_worker(processes, file, new, name="newer")
    second = ours["carol"].start("refund", {**INPUT, "order_id": "A-1003"})
    until(url, ours["carol"], second, "WAITING_FOR_HUMAN")
    # The newest build is current in a development deployment, and the old serve still starts on
    # its own.
    third = people["carol"].start("refund", {**INPUT, "order_id": "A-1005"})
    until(stack.url, people["carol"], third, "WAITING_FOR_HUMAN")
    ends = time.monotonic() + 60
    # Temporal tells of both a moment after they are so.
    while not (
        "is current" in (seen := doctor(file))["deployment gantral-payments"]["found"]
        and [one for one in seen.values() if one["found"].startswith("2 open on it")]
    ):
        assert time.monotonic() < ends, [
            (part, one["found"], [fault["message"] for fault in one["faults"]])
            for part, one in seen.items()
            if part.startswith(("build", "deployment", "Temporal"))
        ]

    # One manager is enough under the new version, not under the old one, whichever serve is asked.
    ours["alice"].decide(second, "approve", REASON)
    until(url, ours["carol"], second, "COMPLETED")
    for one in (begun, third):
        ours["alice"].decide(one, "approve", REASON)
        assert state(url, ours["carol"], one) == "WAITING_FOR_HUMAN"

    # The old build's workers stop: its instances wait for them, and the new ones leave them alone.
    stack.worker.terminate()
    stack.worker.wait()
    small = {"order_id": "A-1002", "refund": {"amount": "12.50", "currency": "EUR"}}
    fourth = ours["carol"].start("refund", {**INPUT, **small})
    until(url, ours["carol"], fourth, "COMPLETED")  # policy waives it
    start_worker(processes, stack.settings, old, name="older")
    for one in (begun, third):
        ours["bob"].decide(one, "approve", REASON)
        until(url, ours["carol"], one, "COMPLETED")
    assert not [part for part in doctor(file) if part.startswith("build ")]

    evidence = str(tmp_path / "all.evidence")
    told = [begun, second, third, fourth]
    export = ["evidence", "export", *told, "--settings", str(stack.settings), "--out", evidence]
    assert main(export) == 0
    assert main(["verify", evidence, "--trust", str(stack.trust)]) == 0, capsys.readouterr()
    capsys.readouterr()

    # What was recorded replays on the code that wrote it, and is refused by the other.
    monkeypatch.chdir(old)
    first = str(history(stack, begun, tmp_path / "first.json"))
    assert main(["compile", "--check-history", first]) == 0
    assert re.search(r"ok: .*first.json: refund 1\.4\.0, .* the same", capsys.readouterr().out)
    monkeypatch.chdir(new)
    assert main(["compile", "--check-history", first]) == 1
    assert "it ends on the build that began it" in capsys.readouterr().err
