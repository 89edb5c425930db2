"""The signed log of requests that were refused before anything was sealed (DESIGN section 5).

One envelope a line, signed by the decision key, each naming the hash of the line before it, so
that a line can't be taken out without a trace. It holds no token, no text and no claim: who asked
is an actor id or the hash of the token. The file starts anew when it is moved away.
"""

from __future__ import annotations

import os
import threading
from collections import deque
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path
from typing import Any

from gantral.evidence import EvidenceError, parse, seal
from gantral.evidence.envelope import unwrap, write_envelope
from gantral.evidence.signers import Signer

_KIND = "request-refusal"
_FIRST = "0" * 64
_MOST_READ = 5000


class RefusalLog:
    """Appends to one file. Only one ``serve`` may write a file.

    Args:
        path: made, with its folders, on the first line.
        key: the decision key.
    """

    def __init__(self, path: Path, key: Signer) -> None:
        self._path = path
        self._key = key
        self._lock = threading.Lock()
        self._previous: str | None = None

    def add(
        self,
        *,
        at: str,
        rule: str,
        message: str,
        request: str,
        instance_id: str = "none",
        actor: str = "none",
        token_hash: str = "none",
    ) -> None:
        """Sign and append one refusal.

        Raises:
            OSError: it can't be written. The caller's request is refused all the same.
        """
        with self._lock:
            if self._previous is None or not self._path.exists():
                self._previous = self._last()
            statement = {
                "type": f"gantral.dev/{_KIND}/v1",
                "previous": self._previous,
                "timestamp": at,
                "rule": rule,
                "message": message,
                "request": request,
                "instance_id": instance_id,
                "human_actor_id": actor,
                "token_hash": token_hash,
            }
            line = write_envelope(seal(_KIND, statement, self._key))
            self._path.parent.mkdir(parents=True, exist_ok=True)
            with self._path.open("ab") as file:
                # A crash may have left half a line: ours must not become its end.
                file.write(line + b"\n" if self._whole() else b"\n" + line + b"\n")
                file.flush()
                os.fsync(file.fileno())
            self._previous = sha256(line).hexdigest()

    def about(self, instance_id: str) -> list[dict[str, Any]]:
        """The refusals that name an instance, the oldest first, among the last few thousand."""
        return [one for one in self._statements() if one["instance_id"] == instance_id]

    def _statements(self) -> Iterator[dict[str, Any]]:
        for line in self._lines():
            try:
                yield unwrap(parse(line), _KIND).statement
            except EvidenceError:
                # A line cut by a crash. The chain of hashes shows it to who checks the log.
                continue

    def _whole(self) -> bool:
        size = self._path.stat().st_size
        if size == 0:
            return True
        with self._path.open("rb") as file:
            file.seek(size - 1)
            return file.read(1) == b"\n"

    def _last(self) -> str:
        lines = self._lines()
        return sha256(lines[-1]).hexdigest() if lines else _FIRST

    def _lines(self) -> deque[bytes]:
        try:
            with self._path.open("rb") as file:
                return deque((line.rstrip(b"\n") for line in file), maxlen=_MOST_READ)
        except FileNotFoundError:
            return deque()
