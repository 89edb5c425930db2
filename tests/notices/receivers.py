"""Who is told, on loopback: an HTTP receiver, and the deployment that tells."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import hmac
import json
import shutil
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from gantral.api.comments import Comments
from gantral.api.notices.outbox import Outbox
from gantral.api.notices.running import Notices
from gantral.api.story import Library
from gantral.evidence import LocalStore, SigningKey, TrustFile
from gantral.runtime import settings

VECTORS = Path(__file__).parents[2] / "docs" / "evidence" / "vectors"
INSTANCE = "5f0f6a1e-6d0c-4a53-9d0e-2f1f0c6f7b11"
SECRET = "whsec_" + base64.b64encode(b"s" * 32).decode()


@dataclass
class Receiver:
    """Takes POSTs. ``answers``: the statuses of the next ones, then 200."""

    port: int = 0
    took: list[tuple[dict[str, str], bytes]] = field(default_factory=list)
    answers: list[int] = field(default_factory=list)
    location: str = ""

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/hook"

    @property
    def kinds(self) -> list[str]:
        return [json.loads(body)["type"] for _, body in self.took]

    @property
    def ids(self) -> list[str]:
        return [headers["webhook-id"] for headers, _ in self.took]


@contextmanager
def receiving(**more: Any) -> Iterator[Receiver]:
    receiver = Receiver(**more)

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"]))
            receiver.took.append(({k.lower(): v for k, v in self.headers.items()}, body))
            self.send_response(receiver.answers.pop(0) if receiver.answers else 200)
            if receiver.location:
                self.send_header("location", receiver.location)
            self.send_header("content-length", "0")
            self.end_headers()

        def log_message(self, *_: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    receiver.port = server.server_port
    thread = threading.Thread(target=server.serve_forever, args=(0.02,))
    thread.start()
    try:
        yield receiver
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def signed(headers: dict[str, str], body: bytes) -> bool:
    """Whether a webhook is signed as Standard Webhooks says, reckoned by hand."""
    text = f"{headers['webhook-id']}.{headers['webhook-timestamp']}.".encode() + body
    mac = hmac.new(base64.b64decode(SECRET.removeprefix("whsec_")), text, hashlib.sha256)
    return headers["webhook-signature"] == "v1," + base64.b64encode(mac.digest()).decode()


class Place:
    """A store with the first commits of a golden vector, and the settings that say who is told."""

    def __init__(self, folder: Path, vector: str, commits: int, notify: str) -> None:
        self.folder = folder
        self.vector = vector
        source = VECTORS / vector / "instance"
        here = folder / "evidence" / "payments" / INSTANCE
        here.mkdir(parents=True)
        shutil.copy(source / "manifest.json", here)
        shutil.copytree(source / "texts", here / "texts")
        (here / "commits").mkdir()
        self.here, self.source = here, source
        self.commit(commits)
        (folder / "drafts" / "payments" / INSTANCE).mkdir(parents=True)
        (folder / "drafts" / "payments" / INSTANCE / "start.json").write_bytes(b"{}")
        (folder / "hook.secret").write_text(SECRET)
        (folder / "gantral.toml").write_text(notify, "utf-8")
        self.settings = settings.load(folder / "gantral.toml")
        self.outbox = Outbox(folder / "outbox.sqlite3")
        self._ahead = timedelta(0)

    def commit(self, number: int) -> None:
        """Let the store hold the vector's first commits."""
        for name in sorted(one.name for one in (self.source / "commits").iterdir())[:number]:
            shutil.copy(self.source / "commits" / name, self.here / "commits")

    def now(self) -> datetime:
        return datetime.now(UTC) + self._ahead

    def notices(self) -> Notices:
        store = LocalStore(self.folder / "evidence")
        trust = TrustFile.load((VECTORS / self.vector / "trust.json").read_bytes())
        return Notices(
            targets=self.settings.notify, outbox=self.outbox, store=store,
            drafts=LocalStore(self.folder / "drafts", deletable=True),
            library=Library(store, trust, ["payments"]), url="https://gates.example",
            comments=Comments(LocalStore(self.folder / "drafts"), trust, SigningKey.generate()),
            now=self.now,
        )  # fmt: skip

    def tell(self, at: str, until: Callable[[], bool], seconds: float = 60) -> None:
        """Tell from this instant on until the condition holds."""
        self._ahead = datetime.fromisoformat(at) - datetime.now(UTC)

        async def main() -> None:
            async with self.notices().running():
                limit = time.monotonic() + seconds
                while not until():
                    assert time.monotonic() < limit, "it was never told"
                    await asyncio.sleep(0.02)

        asyncio.run(main())

    def states(self) -> dict[str, int]:
        """state -> how many notices, over all targets."""
        found: dict[str, int] = {}
        for (_, state), number in self.outbox.tally().items():
            found[state] = found.get(state, 0) + number
        return found


def webhook(url: str, name: str = "desk", more: str = "") -> str:
    return (
        f'[[notify]]\nname = "{name}"\nby = "webhook"\nurl = "{url}"\n'
        f'secret = "file:hook.secret"\n{more}\n'
    )
