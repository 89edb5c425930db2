"""The decision API over HTTP (DESIGN section 8): JSON in, JSON out, refusals as problem details."""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import Awaitable, Callable
from typing import Any

from gantral.api import (
    commenting,
    deciding,
    inbox,
    openapi,
    problems,
    requests,
    sending,
    starting,
    views,
)
from gantral.api.deployment import Deployment
from gantral.api.entry import read_json
from gantral.api.problems import Problem
from gantral.api.sealing import stamp
from gantral.api.story import Untold
from gantral.authority import State
from gantral.evidence import EvidenceError, StoreError, forms
from gantral.identity import Person, Refused, Unreachable
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

Handler = Callable[[Deployment, Person, Request], Awaitable[tuple[int, dict[str, Any]]]]
_PREFIX = "0123456789abcdef-"


def routes(deployment: Deployment) -> list[Route]:
    """The routes under /v1."""

    def route(path: str, method: str, handler: Handler) -> Route:
        return Route(path, _endpoint(deployment, handler), methods=[method])

    async def document(request: Request) -> Response:
        identity, environment = deployment.identity, deployment.settings.environment
        return _json(
            200,
            openapi.document(deployment.url, identity.issuer, identity.audience, environment),
        )

    return [
        Route("/v1/openapi.json", document, methods=["GET"]),
        route("/v1/instances", "POST", _start),
        route("/v1/instances", "GET", _list),
        route("/v1/instances/{id}", "GET", _show),
        route("/v1/inbox", "GET", _inbox),
        route("/v1/instances/{id}/decisions", "POST", _decide),
        route("/v1/instances/{id}/comments", "POST", _comment),
        route("/v1/instances/{id}/events", "POST", _send),
        route("/v1/instances/{id}/withdrawal", "POST", _withdraw),
    ]


def problem_of(error: Exception) -> Problem:
    """What a caller is told of anything that went wrong; never a traceback."""
    if isinstance(error, Problem):
        return error
    if isinstance(error, Refused):
        return problems.of_identity(error)
    if isinstance(error, Unreachable):
        return problems.of_provider(error)
    if isinstance(error, StoreError):
        print(f"store: {error}", file=sys.stderr)
        return Problem(
            503,
            "store_failed",
            "the evidence store can't be used",
            "nothing was decided; try again",
        )
    if isinstance(error, EvidenceError) and error.code == "signer":
        print(f"signer: {error.message}", file=sys.stderr)
        return Problem(
            503,
            "signer_failed",
            "what this request says can't be signed",
            "nothing was decided; try again",
        )
    if isinstance(error, Untold):
        print(f"evidence: {error}", file=sys.stderr)
        return Problem(
            500,
            "evidence_unreadable",
            "the evidence of this instance is not as it should be, so nothing of it is shown",
            "whoever runs the deployment finds the place in serve's log",
        )
    print(f"gantral serve failed: {type(error).__name__}: {error}", file=sys.stderr)
    return Problem(
        500,
        "our_crash",
        "gantral itself failed; nothing was decided by it",
        "report it to gantral's maintainers",
    )


async def log(
    deployment: Deployment, request: Request, person: Person | None, problem: Problem
) -> None:
    """Keep a refusal in serve's signed log. Requests without a token and mere look-ups that find
    nothing are no refusals of anybody's decision."""
    if problem.status >= 500 or problem.rule in ("token_missing", "no_such_instance"):
        return
    given = request.path_params.get("id", "none")
    try:
        await asyncio.to_thread(
            deployment.refusals.add,
            at=stamp(deployment.now()),
            rule=problem.rule,
            message=problem.message,
            request=f"{request.method} {request.url.path[:100]}",
            instance_id=given if forms.is_uuid(given) else "none",
            actor=deployment.seal.actor(person) if person else "none",
            token_hash=person.token_hash if person else "none",
        )
    except (OSError, EvidenceError) as error:
        print(f"the log of refusals can't be written: {error}", file=sys.stderr)


def _endpoint(deployment: Deployment, handler: Handler) -> Callable[[Request], Awaitable[Response]]:
    async def endpoint(request: Request) -> Response:
        person: Person | None = None
        try:
            person = await requests.bearer(deployment, request)
            status, answer = await handler(deployment, person, request)
        except Exception as error:
            problem = problem_of(error)
            await log(deployment, request, person, problem)
            return problem.response()
        return _json(status, answer)

    return endpoint


def _json(status: int, answer: dict[str, Any]) -> Response:
    data = json.dumps(answer, ensure_ascii=False).encode()
    headers = {"cache-control": "no-store", "x-content-type-options": "nosniff"}
    return Response(data, status, headers, media_type="application/json")


async def _sent(request: Request) -> Any:
    return read_json(await requests.body(request, "application/json", requests.MOST_BODY))


async def _start(
    deployment: Deployment, person: Person, request: Request
) -> tuple[int, dict[str, Any]]:
    key = request.headers.get("idempotency-key")
    return 201, dict(await starting.start(deployment, person, await _sent(request), key))


async def _list(
    deployment: Deployment, person: Person, request: Request
) -> tuple[int, dict[str, Any]]:
    state, prefix = request.query_params.get("state"), request.query_params.get("id")
    if state is not None and state not in State.__members__:
        words = ", ".join(State)
        raise Problem(400, "state_word", "there is no such state", f"say one of {words}")
    if prefix is not None and (len(prefix) > 36 or not set(prefix) <= set(_PREFIX)):
        raise Problem(400, "id_prefix", "an instance id has hexadecimal digits and dashes")
    return 200, await inbox.instances(deployment, person, state, prefix)


async def _show(
    deployment: Deployment, person: Person, request: Request
) -> tuple[int, dict[str, Any]]:
    given = request.path_params["id"]
    story = await deployment.story(given)
    if story is None:
        raise problems.not_found(given[:40])
    views.require_sight(deployment, person, story)
    return 200, views.instance(deployment, person, story, await deployment.said(story))


async def _inbox(
    deployment: Deployment, person: Person, request: Request
) -> tuple[int, dict[str, Any]]:
    return 200, await inbox.inbox(deployment, person)


async def _decide(
    deployment: Deployment, person: Person, request: Request
) -> tuple[int, dict[str, Any]]:
    sent = await _sent(request)
    return 201, await deciding.decide(deployment, person, request.path_params["id"], sent)


async def _withdraw(
    deployment: Deployment, person: Person, request: Request
) -> tuple[int, dict[str, Any]]:
    sent = await _sent(request)
    return 201, await deciding.withdraw(deployment, person, request.path_params["id"], sent)


async def _send(
    deployment: Deployment, person: Person, request: Request
) -> tuple[int, dict[str, Any]]:
    sent = await _sent(request)
    return 201, await sending.send(deployment, person, request.path_params["id"], sent)


async def _comment(
    deployment: Deployment, person: Person, request: Request
) -> tuple[int, dict[str, Any]]:
    sent = await _sent(request)
    return 201, await commenting.comment(deployment, person, request.path_params["id"], sent)
