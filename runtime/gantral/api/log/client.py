"""The log's process over HTTP: entries to it, checkpoints and tiles from it."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from ssl import SSLContext
from typing import Final

import httpx
from gantral.evidence.logged import Entry
from gantral.runtime.settings_log import Log

_SECONDS: Final = 10.0
_MOST_BYTES: Final = 1 << 20
MOST_ENTRIES: Final = 256


class LogUnreachable(Exception):  # noqa: N818 - the log's state, not what went wrong
    """The log does not answer as a log does; the message says how."""


class LogClient:
    """One log. Safe to use from one thread at a time; ``close`` it."""

    def __init__(self, log: Log) -> None:
        self._url = log.url
        self._token = log.token.read().split(b"\n")[0].decode() if log.token is not None else ""
        # No proxy and no netrc from the environment, no redirect: what answers is who was asked.
        self._client = httpx.Client(
            timeout=_SECONDS, trust_env=False, follow_redirects=False, verify=_authorities()
        )

    def close(self) -> None:
        """Let its connections go."""
        self._client.close()

    def checkpoint(self) -> bytes | None:
        """The newest checkpoint's bytes; None when the log has none yet.

        Raises:
            LogUnreachable.
        """
        return self.fetch("checkpoint")

    def fetch(self, path: str) -> bytes | None:
        """What the log shows at a path (``Fetch``). Raises LogUnreachable."""
        status, data = self._ask("GET", path, b"", {})
        if status == 404:
            return None
        if status != 200:
            raise LogUnreachable(f"{self._url}/{path} answered with status {status}")
        return data

    def add(self, entries: Sequence[Entry]) -> None:
        """Add up to ``MOST_ENTRIES``. When it returns they have their places; soon after a
        checkpoint covers them.

        Raises:
            LogUnreachable: it did not take them all, as far as is known.
        """
        body = b"".join(entry.data() + b"\n" for entry in entries)
        headers = {"authorization": f"Bearer {self._token}"} if self._token else {}
        status, data = self._ask("POST", "add", body, headers)
        if status != 200:
            said = data[:200].decode("utf-8", "replace").strip()
            raise LogUnreachable(f"{self._url}/add answered with status {status}: {said}")

    def _ask(self, method: str, path: str, body: bytes, more: dict[str, str]) -> tuple[int, bytes]:
        headers = {"accept-encoding": "identity", **more}
        try:
            with self._client.stream(
                method, f"{self._url}/{path}", content=body or None, headers=headers
            ) as response:
                found = bytearray()
                for chunk in response.iter_raw():
                    found += chunk
                    if len(found) > _MOST_BYTES:
                        raise LogUnreachable(f"{self._url}/{path} is larger than 1 MiB")
                return response.status_code, bytes(found)
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            raise LogUnreachable(
                f"the log at {self._url} can't be reached ({type(error).__name__})"
            ) from None


@cache
def _authorities() -> SSLContext:
    return httpx.create_ssl_context(trust_env=False)
