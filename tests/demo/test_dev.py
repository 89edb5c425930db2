"""`gantral dev`: it says where everything is, and Ctrl-C ends all of it."""

from __future__ import annotations

import json
import re
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest

ROOT = Path(__file__).resolve().parents[2]
GANTRAL = [sys.executable, "-m", "gantral.cli"]


def shown_whole(project: Path, inbox: str, around: Any) -> str:
    """What a verifier says, with no server, of all that the project's deployment holds, once an
    instance that needs nobody has ended and the log has it."""
    work = project / "build" / "dev"

    def gantral(*words: str | Path) -> subprocess.CompletedProcess[str]:
        command = [*GANTRAL, *map(str, words)]
        return subprocess.run(command, capture_output=True, text=True, env=around.variables)

    refund = {"amount": "12.50", "currency": "EUR"}
    asked = project / "order.json"
    asked.write_text(json.dumps({"order_id": "A-1002", "refund": refund, "reason": "late"}))
    started = gantral("start", "refund", "--input", asked, "--server", inbox, "--as", "carol")
    assert started.returncode == 0, started.stderr
    told = started
    for number in range(60):
        out = project / f"{number}.evidence"
        gantral("evidence", "export", "--settings", work / "gantral.toml", "--out", out)
        told = gantral("verify", out, "--trust", work / "trust.json")
        if told.stdout == "VALID\n":
            break
    return told.stderr


@pytest.mark.parametrize(
    ("number", "more"), [(signal.SIGINT, []), (signal.SIGTERM, ["--log"])], ids=["plain", "log"]
)
def test_it_says_where_things_are_and_ends_whole(
    tmp_path: Path, number: signal.Signals, more: list[str], environment: Callable[[], Any]
) -> None:
    project = tmp_path / "refund"
    shutil.copytree(ROOT / "examples" / "refund", project, ignore=shutil.ignore_patterns("build"))
    around = environment()
    with subprocess.Popen(
        [*GANTRAL, "dev", project, *more],
        env=around.variables,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as dev:
        assert dev.stdout is not None
        said = []
        for line in dev.stdout:
            said.append(line)
            if "Ctrl-C" in line:
                break
        inbox = re.search(r"The inbox is (http://127\.0\.0\.1:\d+)", "".join(said))
        assert inbox, dev.communicate()
        answer = httpx.get(f"{inbox[1]}/v1/openapi.json", trust_env=False)
        assert answer.json()["openapi"].startswith("3.1")
        assert len(around.left()) > 5
        # In a second terminal: nothing is missing, and the log says so.
        try:
            complete = shown_whole(project, inbox[1], around) if more else ""
        finally:
            dev.send_signal(number)
        _, told = dev.communicate()
    assert dev.returncode == 0, told
    assert re.search(r"temporal +127\.0\.0\.1:\d+, its own page http://127\.0\.0\.1:\d+", told)
    assert "stopping …" in told
    assert not more or "complete: every instance" in complete, complete
    assert around.left() == []


def test_a_folder_that_is_no_project_is_told(tmp_path: Path) -> None:
    done = subprocess.run([*GANTRAL, "dev", tmp_path], capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert "gantral.toml can't be read" in done.stderr
    assert "Traceback" not in done.stderr


def test_code_that_is_not_compiled_is_told(tmp_path: Path) -> None:
    project = tmp_path / "refund"
    shutil.copytree(ROOT / "examples" / "refund", project, ignore=shutil.ignore_patterns("build"))
    shutil.rmtree(project / "src" / "refund_app" / "gen")
    done = subprocess.run([*GANTRAL, "dev", project], capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert "write it with gantral compile" in done.stderr
