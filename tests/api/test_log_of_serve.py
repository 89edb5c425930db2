"""`gantral serve` sends commits to the log behind their back: a log that is down delays nothing."""

from __future__ import annotations

import re
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from gantral.api.log.client import LogClient
from gantral.api.log.following import Following
from gantral.cli.main import main
from gantral.cli.tools.log import transparency_log
from gantral.cli.tools.processes import Process, Processes, free_port, listening
from gantral.evidence import TrustFile
from gantral.runtime.settings import load
from gantral.runtime.workers.assembly import open_store


def another_serve(world: Any, folder: Path, port: int, own: int) -> Path:
    """Settings of a second `serve` of the same deployment, with a log."""
    home: Path = world.settings.file.parent
    text = re.sub(r"\[api\]\n.*\n.*\n", "", world.settings.file.read_text("utf-8"))
    trust = world.settings.need_evidence().trust
    made = ["keys", "new", "--use", "log", "--environment", "development", "--team", "payments"]
    assert main([*made, "--out", str(folder / "keys")]) == 0
    named = ["keys", "trust", "--previous", str(trust), "--keys", str(folder / "keys")]
    named += ["--log", "log.example/payments", "--out", str(folder / "trust.json")]
    assert main(named) == 0
    text, found = re.subn(r"(?m)^trust = .*$", f'trust = "file:{folder}/trust.json"', text)
    assert found == 1
    file = home / "gantral.logging.toml"
    file.write_text(
        f"""{text}
[api]
listen = "127.0.0.1:{own}"
refusals = "file:{folder}/refusals.jsonl"
checkpoint = "file:{folder}/checkpoint"
[log]
url = "http://127.0.0.1:{port}"
delay = "4s"
""",
        "utf-8",
    )
    return file


def until(done: Callable[[], bool]) -> None:
    ends = time.monotonic() + 120
    while not done():
        assert time.monotonic() < ends
        time.sleep(0.1)


def test_commits_reach_the_log_and_never_wait_for_it(world: Any, tmp_path: Path) -> None:
    port, own = free_port(), free_port()
    file = another_serve(world, tmp_path, port, own)
    command = [transparency_log(), "-dir", tmp_path / "log", "-listen", f"127.0.0.1:{port}"]
    command += ["-trust", tmp_path / "trust.json", "-key", tmp_path / "keys" / "log.key"]
    log = load(file).log
    assert log is not None
    store, trust = open_store(load(file)), TrustFile.load((tmp_path / "trust.json").read_bytes())

    def logged(instance_id: str) -> set[int]:
        """The numbers of the instance's commits that a checkpoint covers."""
        following = Following(LogClient(log), trust)
        following.catch_up()
        lacking = {
            one.entry.number
            for one in following.lacking(store)
            if one.entry.instance_id == instance_id
        }
        there = range(len(list(store.list(f"payments/{instance_id}/commits"))))
        return set(there) - lacking

    with Processes(tmp_path / "logs") as processes:
        serve = [sys.executable, "-m", "gantral.cli", "serve", "--settings", str(file)]
        processes.start("serve", serve, ready=lambda: listening(own))

        def start() -> Process:
            return processes.start("gantral-log", command, ready=lambda: listening(port))

        process = start()
        view = world.waiting(workflow="told")
        one: str = view["instance_id"]
        until(lambda: logged(one) == {0, 1})
        # The log is gone, and people decide as before.
        process.kill()
        assert world.decide(view, "dora", "approve").json()["state"] == "APPROVED"
        start()
        until(lambda: logged(one) >= {0, 1, 2})
