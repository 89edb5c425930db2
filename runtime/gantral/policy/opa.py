"""One question to one OPA, and how its answer is read (DESIGN section 7, ADR 0040).

OPA gives advice, never authority. An answer counts only when it is exactly
``{"decision": ALLOW | REQUIRE_HUMAN | DENY}`` from exactly one bundle with a revision that
``gantral policy build`` made. Everything else is a :class:`PolicyFailure`, which ends the run.
"""

from __future__ import annotations

import asyncio
import json
import re
import ssl
import time
from dataclasses import dataclass
from functools import cache
from typing import Any, Final

import httpx
from gantral.policy.questions import Question

WORDS: Final = frozenset({"ALLOW", "REQUIRE_HUMAN", "DENY"})
REVISION = re.compile(r"sha256:[0-9a-f]{64}", re.ASCII)
QUERY = re.compile(r"data(\.[A-Za-z_][A-Za-z0-9_]*)+", re.ASCII)
BUILD_HELP: Final = (
    "build the bundle with `gantral policy build FOLDER -o bundle.tar.gz` and start OPA with"
    " `opa run --server --bundle bundle.tar.gz`"
)
_MOST_BYTES: Final = 1 << 20
_FIRST_PAUSE: Final = 0.1
_LONGEST_PAUSE: Final = 2.0


class PolicyFailure(Exception):  # noqa: N818 - the requirement's word
    """There is no answer that counts. The message says why, in words, and names no data."""


@dataclass(frozen=True)
class Answer:
    """OPA's word, and the bundle revision (policy_version_id) that gave it."""

    decision: str
    policy_version_id: str


@dataclass(frozen=True)
class Opa:
    """Where OPA is. ``timeout``: seconds for one answer. ``reconnect``: for how many seconds a
    connection that can't be made is tried again; an answer, or its lack, never is."""

    url: str
    timeout: float = 2.0
    reconnect: float = 30.0

    async def post(self, path: str, content: bytes) -> tuple[int, bytes]:
        """What the server answers there: status and body. Raises PolicyFailure."""
        url = self.url.rstrip("/") + path
        ends = time.monotonic() + self.reconnect
        pause = _FIRST_PAUSE
        # No proxy and no netrc from the environment, no redirect: what answers is who was asked.
        async with httpx.AsyncClient(
            timeout=self.timeout, trust_env=False, follow_redirects=False, verify=_authorities()
        ) as client:
            while True:
                try:
                    async with asyncio.timeout(self.timeout):
                        return await _answer(client, url, content)
                except (httpx.ConnectError, httpx.ConnectTimeout) as error:
                    # Nothing was asked yet, so asking again asks once.
                    if time.monotonic() + pause > ends:
                        raise PolicyFailure(
                            f"OPA at {self.url} can't be reached ({type(error).__name__})"
                        ) from None
                    await asyncio.sleep(pause)
                    pause = min(pause * 2, _LONGEST_PAUSE)
                except (httpx.TimeoutException, TimeoutError):
                    raise PolicyFailure(
                        f"OPA at {self.url} gave no answer within {self.timeout:g} s"
                    ) from None
                except (httpx.HTTPError, httpx.InvalidURL) as error:
                    raise PolicyFailure(
                        f"OPA at {self.url} broke off ({type(error).__name__})"
                    ) from None


async def ask(opa: Opa, question: Question) -> Answer:
    """Ask once and read the answer with its provenance, from one response.

    Raises:
        PolicyFailure: for everything but one of the three words from one known revision.
    """
    if QUERY.fullmatch(question.query) is None:
        raise PolicyFailure(f"{question.query!r} is no query of the form data.package.rule")
    path = question.query.replace(".", "/")
    response = await opa.post(f"/v1/{path}?provenance=true", question.body)
    body = _read(response)
    return Answer(_decision(body, question.query), _revision(body))


async def revision(opa: Opa) -> str:
    """The revision of the one bundle that this server serves: for start-up checks.

    Raises:
        PolicyFailure: it can't be reached, or reports none, with the remedy.
    """
    body = _read(await opa.post("/v1/data/system?provenance=true", b"{}"))
    return _revision(body)


@cache
def _authorities() -> ssl.SSLContext:
    # Reading the bundle of authorities costs more than the question (tried: 7 % of an instance).
    return httpx.create_ssl_context(trust_env=False)


async def _answer(client: httpx.AsyncClient, url: str, content: bytes) -> tuple[int, bytes]:
    headers = {"content-type": "application/json", "accept-encoding": "identity"}
    async with client.stream("POST", url, content=content, headers=headers) as response:
        found = bytearray()
        # As it came: nobody can make a small answer a large one here.
        async for chunk in response.aiter_raw():
            found += chunk
            if len(found) > _MOST_BYTES:
                raise PolicyFailure("OPA's answer is larger than 1 MiB")
        return response.status_code, bytes(found)


def _read(answer: tuple[int, bytes]) -> dict[str, Any]:
    status, content = answer
    if status != 200:
        raise PolicyFailure(f"OPA answered with status {status}")
    try:
        body = json.loads(
            content.decode("utf-8"),
            object_pairs_hook=_no_double,
            parse_constant=_no_constant,
        )
    except (ValueError, RecursionError):
        raise PolicyFailure("OPA's answer is no strict JSON") from None
    if not isinstance(body, dict):
        raise PolicyFailure("OPA's answer is no object")
    return body


def _decision(body: dict[str, Any], query: str) -> str:
    if "result" not in body:
        raise PolicyFailure(f"{query} is undefined for this input")
    result = body["result"]
    if not isinstance(result, dict):
        raise PolicyFailure(f"{query} is no object with the one member decision")
    if set(result) != {"decision"}:
        names = ", ".join(sorted(result)) or "none"
        raise PolicyFailure(f"{query} must have the one member decision; it has: {names[:200]}")
    word = result["decision"]
    if not isinstance(word, str):
        raise PolicyFailure(f"{query}: decision is no text")
    if word not in WORDS:
        raise PolicyFailure(f"{query}: decision is {word[:40]!r}, not ALLOW, REQUIRE_HUMAN or DENY")
    return word


def _revision(body: dict[str, Any]) -> str:
    provenance = body.get("provenance")
    bundles = provenance.get("bundles") if isinstance(provenance, dict) else None
    if not isinstance(bundles, dict) or not bundles:
        raise PolicyFailure(f"OPA reports no bundle revision; {BUILD_HELP}")
    if len(bundles) != 1:
        raise PolicyFailure(f"OPA serves {len(bundles)} bundles, and one only can be named")
    bundle = next(iter(bundles.values()))
    found = bundle.get("revision") if isinstance(bundle, dict) else None
    if not isinstance(found, str) or REVISION.fullmatch(found) is None:
        raise PolicyFailure(f"the bundle's revision is not sha256:<64 hex>; {BUILD_HELP}")
    return found


def _no_double(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a member stands twice")
    return found


def _no_constant(word: str) -> Any:
    raise ValueError(word)
