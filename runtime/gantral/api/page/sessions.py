"""Sessions of the page, in this process's memory: a restart signs everybody out.

A session begins with a fresh random id when a sign-in ends, whatever id the browser came with, so
none can be planted (fixation). It lives one hour at most: the roles in a vote are those of its
sign-in, so that is how stale they can be (ADR 0062).
"""

from __future__ import annotations

import hmac
import secrets
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Generic, TypeVar

from gantral.identity import Person

LIFE = 3600.0
LOGIN_LIFE = 600.0
_MOST = 10_000
_T = TypeVar("_T")


@dataclass
class Session:
    """A signed-in person. ``drafts``: what they typed, by path, kept over a stronger sign-in."""

    id: str
    person: Person
    key: bytes
    drafts: dict[str, Mapping[str, str]] = field(default_factory=dict)

    def csrf(self, form: str) -> str:
        """The token of one form: nobody without the session can make it."""
        return hmac.new(self.key, form.encode(), sha256).hexdigest()

    def holds(self, form: str, token: str) -> bool:
        """Whether the token is this form's."""
        return hmac.compare_digest(self.csrf(form).encode(), token.encode())


@dataclass(frozen=True)
class Login:
    """A sign-in under way: what the answer of the provider is checked against."""

    state: str
    nonce: str
    verifier: str
    back: str
    acr_values: tuple[str, ...]
    max_age: int | None
    before: str | None


class _Kept(Generic[_T]):
    """Values by id, each for a while, a bounded number of them."""

    def __init__(self, life: float, monotonic: Callable[[], float]) -> None:
        self._life = life
        self._monotonic = monotonic
        self._values: dict[str, tuple[float, _T]] = {}

    def put(self, name: str, value: _T) -> None:
        now = self._monotonic()
        while self._values:
            oldest, (ends, _) = next(iter(self._values.items()))
            if ends > now and len(self._values) < _MOST:
                break
            del self._values[oldest]
        self._values[name] = (now + self._life, value)

    def get(self, name: str | None) -> _T | None:
        found = self._values.get(name or "")
        if found is None or found[0] <= self._monotonic():
            return None
        return found[1]

    def take(self, name: str | None) -> _T | None:
        found = self.get(name)
        self._values.pop(name or "", None)
        return found


class Sessions:
    """Sessions and sign-ins under way."""

    def __init__(self, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._sessions: _Kept[Session] = _Kept(LIFE, monotonic)
        self._logins: _Kept[Login] = _Kept(LOGIN_LIFE, monotonic)

    def begin(self, person: Person, before: str | None) -> Session:
        """A new session. The one before ends; its drafts go on if the person is the same."""
        old = self._sessions.take(before)
        session = Session(secrets.token_urlsafe(32), person, secrets.token_bytes(32))
        if old is not None and (old.person.issuer, old.person.value) == (
            person.issuer,
            person.value,
        ):
            session.drafts = old.drafts
        self._sessions.put(session.id, session)
        return session

    def find(self, name: str | None) -> Session | None:
        """The session of a cookie."""
        return self._sessions.get(name)

    def end(self, name: str | None) -> None:
        """Sign out."""
        self._sessions.take(name)

    def begin_login(self, back: str, acr_values: tuple[str, ...], max_age: int | None,
                    before: str | None) -> tuple[str, Login]:  # fmt: skip
        """A sign-in under way, and the value of its cookie."""
        state, nonce, verifier = (secrets.token_urlsafe(32) for _ in range(3))
        login = Login(state, nonce, verifier, back, acr_values, max_age, before)
        name = secrets.token_urlsafe(32)
        self._logins.put(name, login)
        return name, login

    def take_login(self, name: str | None) -> Login | None:
        """The sign-in of a cookie, once."""
        return self._logins.take(name)
