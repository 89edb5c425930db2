"""The OpenID provider over HTTP: its discovery document and its keys, kept for a while."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import httpx
from gantral.identity.keys import KeySet
from gantral.identity.refusal import Refused
from gantral.identity.tokens import Expected, Token, verify

_FRESH = 600.0
_PAUSE = 10.0
_TIMEOUT = 5.0
_MOST_BYTES = 1 << 20


class Unreachable(Exception):  # noqa: N818 - the provider's state, not a fault of ours
    """The provider gives no usable answer. The message says which document and why."""


@dataclass(frozen=True)
class Metadata:
    """What we use of the discovery document (OpenID Connect Discovery section 3)."""

    issuer: str
    authorization: str
    token: str
    jwks: str
    end_session: str | None


class Provider:
    """Verifies tokens with the provider's current keys.

    Documents are fetched when needed and kept ten minutes. An unknown key id makes the keys be
    fetched again, at most once in ten seconds, so that forged tokens can't make us hammer it.

    Args:
        monotonic: seconds, for the age of what is kept.
    """

    def __init__(
        self, expected: Expected, *, monotonic: Callable[[], float] = time.monotonic
    ) -> None:
        self.expected = expected
        self._monotonic = monotonic
        self._lock = asyncio.Lock()
        self._metadata: Metadata | None = None
        self._keys: KeySet | None = None
        self._fetched = 0.0

    async def metadata(self) -> Metadata:
        """The discovery document.

        Raises:
            Unreachable.
        """
        if self._metadata is None:
            issuer = self.expected.issuer
            document = await fetch(issuer.rstrip("/") + "/.well-known/openid-configuration")
            self._metadata = _metadata(document, issuer)
        return self._metadata

    async def verify(self, token: str, now: datetime) -> Token:
        """Verify a token (see :func:`gantral.identity.tokens.verify`).

        Raises:
            Refused: with the rule. Unreachable: the keys can't be had.
        """
        keys = await self._current(older_than=_FRESH)
        try:
            return verify(token, keys, self.expected, now)
        except Refused as refused:
            if refused.rule not in ("token_key_unknown", "token_signature"):
                raise
            # The provider may have changed its keys since we looked.
            newer = await self._current(older_than=_PAUSE)
            if newer is keys:
                raise
            return verify(token, newer, self.expected, now)

    async def _current(self, older_than: float) -> KeySet:
        async with self._lock:
            if self._keys is None or self._monotonic() - self._fetched > older_than:
                metadata = await self.metadata()
                try:
                    self._keys = KeySet.read(await fetch(metadata.jwks))
                except ValueError as error:
                    raise Unreachable(f"the keys at {metadata.jwks}: {error}") from None
                self._fetched = self._monotonic()
            return self._keys


async def fetch(url: str) -> Any:
    """GET a JSON document, without redirects, proxies or credentials of the environment.

    Raises:
        Unreachable.
    """
    try:
        async with httpx.AsyncClient(
            timeout=_TIMEOUT, trust_env=False, follow_redirects=False
        ) as client:
            response = await client.get(url, headers={"accept": "application/json"})
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        raise Unreachable(f"{url} gives no answer ({type(error).__name__})") from None
    if response.status_code != 200:
        raise Unreachable(f"{url} answers with status {response.status_code}")
    if len(response.content) > _MOST_BYTES:
        raise Unreachable(f"{url} is larger than 1 MiB")
    try:
        return response.json()
    except (ValueError, RecursionError):
        raise Unreachable(f"{url} is no JSON") from None


def _metadata(document: Any, issuer: str) -> Metadata:
    if not isinstance(document, dict):
        raise Unreachable(f"the discovery document of {issuer} is no object")
    if document.get("issuer") != issuer:
        # Discovery section 4.3: otherwise one provider could speak for another.
        raise Unreachable(
            f"the discovery document of {issuer} names another issuer;"
            " identity.issuer must be written exactly as the provider writes it"
        )
    authorization, token, jwks = (
        _endpoint(document, name)
        for name in ("authorization_endpoint", "token_endpoint", "jwks_uri")
    )
    end = document.get("end_session_endpoint")
    return Metadata(issuer, authorization, token, jwks, end if isinstance(end, str) else None)


def _endpoint(document: dict[str, Any], name: str) -> str:
    url = document.get(name)
    if not isinstance(url, str) or not url.startswith(("https://", "http://")):
        raise Unreachable(f"the provider's discovery document lacks {name}")
    return url
