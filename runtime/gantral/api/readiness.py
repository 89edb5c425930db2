"""What a decision rests on is tried before the decision is taken (ADR 0137).

A vote that can't be kept, sealed or acted on would end its run: it is refused instead, with 503,
and its person sends it again. What was found holds for seconds, so a busy inbox asks once.
"""

from __future__ import annotations

import asyncio
import sys
import time
from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime
from typing import Final

from gantral.api.problems import Problem
from gantral.api.sealing import Seal, stamp
from gantral.evidence import EvidenceError, Store, StoreError, TrustFile
from gantral.evidence.keys import PublicKey
from gantral.policy import Opa, PolicyFailure, revision

Trial = Callable[[], Awaitable[None]]
STORE: Final = "store"
SIGNER: Final = "signer"
POLICY: Final = "policy"

# Seconds: how long a good and a bad answer hold, and how long one may take.
_GOOD: Final = 5.0
_BAD: Final = 1.0
_MOST: Final = 8.0
_MESSAGES: Final = {
    STORE: "the evidence store takes nothing now, so no decision could be kept",
    SIGNER: "the decision key can't sign now, so no decision could be sealed",
    POLICY: "the policy service (OPA) can't be asked now, so what follows a yes would fail",
}
_REMEDY: Final = (
    "nothing was decided; send it again in a while. Whoever runs the deployment: `gantral doctor`"
    " names the fault"
)


class Faulty(Exception):  # noqa: N818 - a part's state
    """A part can't do its work; the message is for whoever runs the deployment."""


class Readiness:
    """Tries parts by name; one trial of a part at a time.

    Args:
        trials: part -> what raises Faulty when it can't do its work.
        seconds: a monotonic clock.
    """

    def __init__(
        self, trials: Mapping[str, Trial], seconds: Callable[[], float] = time.monotonic
    ) -> None:
        self._trials = trials
        self._seconds = seconds
        self._found: dict[str, tuple[float, str]] = {}
        self._locks = {part: asyncio.Lock() for part in trials}

    async def require(self, *parts: str) -> None:
        """Raise unless each part can do its work, as far as was found in the last seconds.

        Raises:
            Problem: 503 not_ready, whose member ``part`` names the first that can't.
        """
        faults = await asyncio.gather(*(self._fault(part) for part in parts))
        for part, fault in zip(parts, faults, strict=True):
            if fault:
                raise Problem(
                    503,
                    "not_ready",
                    _MESSAGES[part],
                    _REMEDY,
                    members={"part": part},
                    headers={"retry-after": "5"},
                )

    async def _fault(self, part: str) -> str:
        async with self._locks[part]:
            until, fault = self._found.get(part, (0.0, ""))
            if self._seconds() >= until:
                fault = await self._tried(part)
                self._found[part] = (self._seconds() + (_BAD if fault else _GOOD), fault)
            return fault

    async def _tried(self, part: str) -> str:
        try:
            async with asyncio.timeout(_MOST):
                await self._trials[part]()
        except (Faulty, TimeoutError) as error:
            fault = str(error) or f"no answer within {_MOST:g} s"
            print(f"not ready: {part}: {fault}", file=sys.stderr)
            return fault
        return ""


def of_stores(store: Store, drafts: Store) -> Trial:
    """That both take a put."""

    def probe() -> None:
        store.probe()
        drafts.probe()

    async def trial() -> None:
        try:
            await asyncio.to_thread(probe)
        except StoreError as error:
            raise Faulty(str(error)) from None

    return trial


def of_signer(
    seal: Seal, trust: TrustFile, teams: frozenset[str], now: Callable[[], datetime]
) -> Trial:
    """That the decision key signs, and that the trust file allows it now, for every team."""
    message = b"gantral.dev/probe/v1\n"

    async def trial() -> None:
        try:
            known = trust.key(seal.key.keyid, frozenset({"decision"}))
            for team in teams:
                known.check(team, stamp(now()))
            signature = await asyncio.to_thread(seal.key.sign, message)
            if not PublicKey.load(seal.key.public).verifies(signature, message):
                raise Faulty("what the decision key signs does not verify")
        except EvidenceError as error:
            raise Faulty(error.message) from None

    return trial


def of_policy(opa: Opa | None) -> Trial:
    """That OPA serves one bundle with a revision."""

    async def trial() -> None:
        if opa is None:
            raise Faulty("a program asks policy, and [opa] is not set")
        try:
            await revision(opa)
        except PolicyFailure as error:
            raise Faulty(str(error)) from None

    return trial
