"""`gantral serve` tells of gates: killed between a sending and its record, it tells again."""

from __future__ import annotations

import base64
import json
import os
import re
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import httpx
from gantral.api.notices.outbox import Outbox
from gantral.cli.tools.processes import free_port
from standardwebhooks import Webhook

SECRET = "whsec_" + base64.b64encode(b"k" * 32).decode()


class Desk:
    """A receiver that can hold back its answers. ``took``: each id with its body, in order."""

    def __init__(self) -> None:
        self.took: list[tuple[str, dict[str, Any]]] = []
        self.came = threading.Semaphore(0)
        self.free = threading.Event()
        self.free.set()

    @contextmanager
    def open(self) -> Iterator[str]:
        desk = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["content-length"]))
                Webhook(SECRET).verify(body, dict(self.headers.items()))
                desk.took.append((self.headers["webhook-id"], json.loads(body)))
                desk.came.release()
                desk.free.wait(60)
                self.send_response(204)
                self.end_headers()

            def log_message(self, *_: Any) -> None:
                pass

        server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        thread = threading.Thread(target=server.serve_forever, args=(0.02,))
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}/"
        finally:
            self.free.set()
            server.shutdown()
            server.server_close()
            thread.join()

    def about(self, instance: str, number: int) -> list[dict[str, Any]]:
        """The first so many that are told of an instance, once they are there."""
        for _ in range(1200):
            told = [body for _, body in self.took if body["data"]["instance_id"] == instance]
            if len(told) >= number:
                return told
            time.sleep(0.05)
        raise AssertionError(told)

    def next(self) -> tuple[str, dict[str, Any]]:
        assert self.came.acquire(timeout=60), "it was never told"
        return self.took[-1]


@contextmanager
def serving(file: Path) -> Iterator[subprocess.Popen[str]]:
    command = [sys.executable, "-m", "gantral.cli", "serve", "--settings", str(file)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=os.environ)
    assert process.stdout is not None
    try:
        assert process.stdout.readline().startswith("serving ")
        yield process
    finally:
        process.kill()
        process.wait(30)
        process.stdout.close()


def another_serve(
    world: Any, folder: Path, hook: str, only: str = 'workflows = ["told"]\ngates = ["finance"]'
) -> Path:
    """Settings of a second `serve` of the same deployment, that tells a desk."""
    home: Path = world.settings.file.parent
    (home / "hook.secret").write_text(SECRET)
    text = world.settings.file.read_text("utf-8")
    text = re.sub(r"\[api\]\n.*\n.*\n", "", text)
    port = free_port()
    file = home / "gantral.telling.toml"
    file.write_text(
        f"""{text}
[api]
listen = "127.0.0.1:{port}"
outbox = "file:{folder}/outbox.sqlite3"
refusals = "file:{folder}/refusals.jsonl"
[[notify]]
name = "desk"
by = "webhook"
url = "{hook}"
secret = "file:hook.secret"
{only}
""",
        "utf-8",
    )
    return file


def recorded(folder: Path, number: int) -> None:
    """Wait until so many notices are recorded as sent, and none is due."""
    outbox = Outbox(folder / "outbox.sqlite3")
    for _ in range(600):
        if outbox.tally() == {("desk", "sent"): number}:
            return
        time.sleep(0.05)
    raise AssertionError(outbox.tally())


def test_a_kill_between_a_sending_and_its_record_repeats_the_id(world: Any, tmp_path: Path) -> None:
    desk = Desk()
    with desk.open() as hook:
        file = another_serve(world, tmp_path, hook)
        desk.free.clear()
        with serving(file) as process:
            view = world.waiting(workflow="told")
            first, told = desk.next()
            # It was taken, and nobody recorded that: now the process dies.
            os.kill(process.pid, signal.SIGKILL)
            process.wait(30)
        desk.free.set()
        assert told["type"] == "gate.opened"
        assert told["data"]["instance_id"] == view["instance_id"]
        # Its title names a customer, which is personal: the gate's name is told instead.
        assert told["data"]["title"] == "finance"
        with serving(file):
            assert desk.next() == (first, told)
            assert world.decide(view, "dora", "approve").json()["state"] == "APPROVED"
            second, decided = desk.next()
            recorded(tmp_path, 2)
        assert (decided["type"], decided["data"]["state"]) == ("gate.decided", "APPROVED")
        assert second != first
        # Recorded, neither is told again: what comes next is of another instance.
        with serving(file):
            other = world.waiting(workflow="told")
            assert desk.next()[1]["data"]["instance_id"] == other["instance_id"]
    whole = json.dumps(desk.took)
    assert len(desk.took) == 4
    for inside in ("Ana Ruiz", "broken", "40.00", "photos show", "carol", "dora"):
        assert inside not in whole


def test_waits_for_events_and_comments_are_told(world: Any, tmp_path: Path) -> None:
    desk = Desk()
    kinds = '["awaited", "taken", "missed", "commented", "ended"]'
    with desk.open() as hook:
        file = another_serve(world, tmp_path, hook, f'workflows = ["claim"]\nkinds = {kinds}')
        with serving(file):
            instance = world.start(workflow="claim").json()["instance_id"]
            (awaited,) = desk.about(instance, 1)
            path = f"/v1/instances/{instance}"
            proof = {"event": "proof", "data": {"photo": "a.jpg", "by": "bob", "note": "at home"}}
            assert world.ask("POST", f"{path}/events", "carol", json=proof).status_code == 201
            world.until(
                instance, lambda one: [each["wait"] for each in one["awaiting"]] == ["wait/2"]
            )
            hurry = {"event": "hurry"}
            assert world.ask("POST", f"{path}/events", "dora", json=hurry).status_code == 201
            view = world.until(instance, lambda one: one["waiting"] is not None)
            asked = {"text": "Is Ana Ruiz our customer?"}
            assert world.ask("POST", f"{path}/comments", "alice", json=asked).status_code == 201
            # Decided before it was sent, it would be dropped.
            desk.about(instance, 7)
            assert world.decide(view, "dora", "approve").json()["state"] == "APPROVED"
            said = desk.about(instance, 8)[1:]
    of_wait = {key: awaited["data"][key] for key in ("wait", "round", "events", "senders")}
    assert awaited["type"] == "event.awaited"
    assert of_wait == {
        "wait": "wait/1", "round": "1", "events": ["hurry", "proof"],
        "senders": ["finance_director", "initiator"],
    }  # fmt: skip
    assert awaited["data"]["deadline"] > awaited["timestamp"]
    assert "gate" not in awaited["data"]
    assert sorted(one["type"] for one in said) == sorted(
        ["event.taken", "event.awaited"] * 2 + ["event.missed", "gate.commented", "instance.ended"]
    )
    taken = [one["data"] for one in said if one["type"] == "event.taken"]
    assert [(one["wait"], one["events"]) for one in taken] == [
        ("wait/1", ["proof"]), ("wait/2", ["hurry"]),
    ]  # fmt: skip
    (missed,) = (one["data"] for one in said if one["type"] == "event.missed")
    assert (missed["wait"], missed["events"]) == ("wait/3", [])
    (commented,) = (one["data"] for one in said if one["type"] == "gate.commented")
    assert (commented["gate"], commented["instance_id"]) == ("finance", instance)
    whole = json.dumps(desk.took)
    for inside in ("Ana Ruiz", "customer", "a.jpg", "at home", "alice", "carol", "dora", "bob"):
        assert inside not in whole


def test_an_outbox_that_is_none_changes_no_outcome(world: Any, tmp_path: Path) -> None:
    desk = Desk()
    with desk.open() as hook:
        file = another_serve(world, tmp_path, hook)
        (tmp_path / "outbox.sqlite3").mkdir()
        with serving(file):
            url = re.search(r'listen = "(127.0.0.1:\d+)"', file.read_text("utf-8"))
            assert url is not None
            view = world.waiting(workflow="told")
            body = {"decision": "approve", "shown": view["waiting"]["shown"],
                    "reason": "The photos show it as it is said."}  # fmt: skip
            answer = httpx.post(
                f"http://{url[1]}/v1/instances/{view['instance_id']}/decisions",
                json=body,
                headers={"authorization": f"Bearer {world.token('dora', fresh=True)}"},
                timeout=60,
                trust_env=False,
            )
            assert answer.json()["state"] == "APPROVED", answer.text
    assert not desk.took
