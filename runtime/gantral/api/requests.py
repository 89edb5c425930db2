"""Reading requests: a bearer token to a person, a body within its limit."""

from __future__ import annotations

from gantral.api.deployment import Deployment
from gantral.api.problems import Problem
from gantral.identity import Person, Refused, person_of
from starlette.requests import Request

MOST_BODY = 512 * 1024
MOST_FORM = 64 * 1024


async def bearer(deployment: Deployment, request: Request) -> Person:
    """Who is calling.

    Raises:
        Refused, Unreachable.
    """
    given = request.headers.getlist("authorization")
    if not given:
        raise Refused("token_missing", "this needs a bearer token", "gantral login gets you one")
    kind, _, token = given[0].partition(" ")
    if len(given) > 1 or kind.lower() != "bearer" or not token or " " in token:
        raise Refused("token_malformed", "one Authorization header with one bearer token is wanted")
    return person_of(
        await deployment.provider.verify(token, deployment.now()), deployment.seal.role_map
    )


async def body(request: Request, media_type: str, most: int) -> bytes:
    """The body, read no further than ``most`` bytes.

    Raises:
        Problem: 413 body_too_large, 415 media_type.
    """
    found = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if found != media_type:
        raise Problem(415, "media_type", f"the body must be {media_type}")
    read = bytearray()
    async for chunk in request.stream():
        read += chunk
        if len(read) > most:
            raise Problem(413, "body_too_large", f"the body is larger than {most // 1024} KiB")
    return bytes(read)
