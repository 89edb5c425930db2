"""A deployment with a log: its store, its trust file, gantral-log and a witness of two names."""

from __future__ import annotations

import base64
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import bundles
from gantral.api.log.client import LogClient
from gantral.api.log.following import Following
from gantral.api.log.submitting import Submitting
from gantral.cli.main import main
from gantral.cli.tools.log import transparency_log
from gantral.cli.tools.processes import Process, Processes, free_port, listening
from gantral.evidence import LocalStore, SigningKey, TrustFile
from gantral.evidence.merkle import EMPTY, extends
from gantral.evidence.notes import LOG, WITNESS, Checkpoint, NoteKey, read_checkpoint
from gantral.runtime.settings import Settings, load
from logs import line, note_key, seed
from scenes import Scene

ORIGIN = "log.example/payments"
TEAM = "payments"
TOKEN = "a token of the log, for tests"


class Witness:
    """C2SP tlog-witness, of one log: cosigns what extends what it cosigned before."""

    def __init__(self, name: str) -> None:
        self.key = seed(name)
        self.vkey = note_key(f"{name}.example", WITNESS, self.key)
        self.log: NoteKey | None = None
        self.last: Checkpoint | None = None

    def add(self, body: bytes) -> tuple[int, str, bytes]:
        head, _, note = body.partition(b"\n\n")
        first, *lines = head.decode().split("\n")
        checkpoint = read_checkpoint(note)
        if self.log is None or not checkpoint.signed(self.log):
            return 403, "text/plain", b""
        size, root = (self.last.size, self.last.root) if self.last else (0, EMPTY)
        if int(first.removeprefix("old ")) != size:
            return 409, "text/x.tlog.size", b"%d\n" % size
        proof = [base64.b64decode(one) for one in lines]
        if not extends(size, root, checkpoint.size, checkpoint.root, proof):
            return 422, "text/plain", b""
        self.last = checkpoint
        now = int(time.time())
        signature = self.key.sign(b"cosignature/v1\ntime %d\n%b" % (now, checkpoint.body))
        return 200, "text/plain", line(self.vkey, now.to_bytes(8, "big") + signature).encode()


@contextmanager
def serving(witnesses: dict[str, Witness]) -> Iterator[str]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"]))
            status, kind, data = witnesses[self.path.split("/")[1]].add(body)
            self.send_response(status)
            self.send_header("content-type", kind)
            self.send_header("content-length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        def log_message(self, *_: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, args=(0.02,))
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


class World:
    """``open`` it; ``settings`` is the file that commands take."""

    def __init__(self, home: Path) -> None:
        self.home = home
        self.settings = home / "gantral.toml"
        self.trust_file = home / "trust.json"
        self.store = LocalStore(home / "store")
        self.witnesses = {name: Witness(name) for name in ("w1", "w2")}
        self.port = free_port()
        self.processes = Processes(home / "logs")
        self.process: Process | None = None

    @contextmanager
    def open(self) -> Iterator[World]:
        with serving(self.witnesses) as url, self.processes:
            self._keys(url)
            self.start()
            yield self

    def _keys(self, url: str) -> None:
        home = self.home
        (home / "first.json").write_bytes(bundles.scene("amended", 1).trust)
        made = ["keys", "new", "--use", "log", "--environment", "production"]
        assert main([*made, "--team", TEAM, "--out", str(home / "keys")]) == 0
        named = [
            word
            for name, one in self.witnesses.items()
            for word in ("--witness", f"{one.vkey.text()}={url}/{name}")
        ]
        trust = ["keys", "trust", "--previous", str(home / "first.json"), "--log", ORIGIN, *named]
        out = ["--keys", str(home / "keys"), "--out", str(self.trust_file)]
        assert main([*trust, *out]) == 0
        log = SigningKey.load((home / "keys" / "log.key").read_bytes())
        for one in self.witnesses.values():
            one.log = note_key(ORIGIN, LOG, log)
        (home / "token").write_text(TOKEN + "\n")
        self.settings.write_text(
            '[deployment]\nenvironment = "production"\npackages = []\n\n'
            '[evidence]\nstore = "file:store"\ndrafts = "file:drafts"\ntrust = "file:trust.json"\n'
            f'\n[log]\nurl = "http://127.0.0.1:{self.port}"\ntoken = "file:token"\ndelay = "30s"\n'
        )

    def command(self, folder: str = "log") -> list[str | Path]:
        home = self.home
        return [
            transparency_log(),
            *("-dir", home / folder, "-trust", self.trust_file, "-key", home / "keys" / "log.key"),
            *("-listen", f"127.0.0.1:{self.port}", "-token", home / "token"),
        ]

    def start(self, folder: str = "log") -> Process:
        self.process = self.processes.start(
            "gantral-log", [str(one) for one in self.command(folder)],
            ready=lambda: listening(self.port),
        )  # fmt: skip
        return self.process

    def put(self, chain: str, number: int) -> Scene:
        """Put an instance as a store keeps it."""
        scene = bundles.scene(chain, number)
        self.put_files(bundles.instance(number), scene.files)
        return scene

    def put_files(self, instance: str, files: dict[str, bytes]) -> None:
        for name, data in sorted(files.items()):
            if name != "artifacts.jsonl":
                self.store.put(f"{TEAM}/{instance}/{name}", data)

    def loaded(self) -> Settings:
        return load(self.settings)

    def trust(self) -> TrustFile:
        return TrustFile.load(self.trust_file.read_bytes())

    def submitting(self, kept: str = "kept") -> Submitting:
        log = self.loaded().log
        assert log is not None
        return Submitting(log, self.store, self.trust(), self.home / kept)

    def following(self) -> Following:
        log = self.loaded().log
        assert log is not None
        return Following(LogClient(log), self.trust())

    def lacking(self) -> int:
        """How many commits the log's newest checkpoint does not cover."""
        following = self.following()
        following.catch_up()
        return len(list(following.lacking(self.store)))

    def log_all(self, kept: str = "kept") -> None:
        """Send what is lacking, and wait until a checkpoint covers it."""
        self.submitting(kept).once()
        ends = time.monotonic() + 60
        while self.lacking():
            assert time.monotonic() < ends, "the log never published it"
            time.sleep(0.1)

    def export(self, name: str, *words: str) -> Path:
        out = self.home / f"{name}.evidence"
        command = ["evidence", "export", *words, "--out", str(out)]
        assert main([*command, "--settings", str(self.settings)]) == 0
        return out
