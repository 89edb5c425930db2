"""Commits' hashes go to the log: behind the commits, never in their way (ADR 0186)."""

from __future__ import annotations

import asyncio
import os
import sys
from itertools import islice
from pathlib import Path

from gantral.api.log.client import MOST_ENTRIES, LogClient, LogUnreachable
from gantral.api.log.following import Following, LogBroken
from gantral.evidence import EvidenceError, Store, StoreError, TrustFile
from gantral.runtime.settings_log import Log


class Submitting:
    """Sends what the log lacks, again and again.

    Args:
        kept: a file of the last checkpoint that was seen, so that a log that was set back while
            nobody looked is noticed.
    """

    def __init__(self, log: Log, store: Store, trust: TrustFile, kept: Path) -> None:
        self._every = log.every
        self._client = LogClient(log)
        self._following = Following(self._client, trust)
        self._store = store
        self._kept = kept

    async def running(self) -> None:
        """Until it is cancelled. What goes wrong is told on stderr, once while it lasts."""
        said = ""
        try:
            while True:
                try:
                    await asyncio.to_thread(self.once)
                    wrong = ""
                except (LogBroken, LogUnreachable, StoreError, EvidenceError, OSError) as error:
                    wrong = str(error)
                if wrong and wrong != said:
                    print(f"the log: {wrong}", file=sys.stderr)
                said = wrong
                await asyncio.sleep(self._every)
        finally:
            self._client.close()

    def once(self) -> int:
        """Send what the log lacks now; returns how many entries that were.

        Raises:
            LogBroken, LogUnreachable, StoreError. EvidenceError: a commit can't be read. OSError:
            the checkpoint can't be kept.
        """
        before = b"" if self._following.seen else self._last()
        if self._following.catch_up(before):
            self._keep(self._following.note)
        sent = 0
        lacking = (one.entry for one in self._following.lacking(self._store))
        while some := list(islice(lacking, MOST_ENTRIES)):
            self._client.add(some)
            sent += len(some)
        return sent

    def _last(self) -> bytes:
        try:
            return self._kept.read_bytes()
        except FileNotFoundError:
            return b""

    def _keep(self, note: bytes) -> None:
        """Whole or not at all. Several processes may write it: what it holds counted for one."""
        self._kept.parent.mkdir(parents=True, exist_ok=True)
        fresh = self._kept.with_name(f"{self._kept.name}.{os.getpid()}")
        fresh.write_bytes(note)
        fresh.replace(self._kept)
