"""The application and the process: routes, limits, the sweep, a clean stop."""

from __future__ import annotations

import asyncio
import contextlib
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import replace
from urllib.parse import urlsplit

import uvicorn
from gantral.api import rest
from gantral.api.deployment import Deployment, assemble
from gantral.api.page import page_routes
from gantral.api.problems import Problem
from gantral.api.sweeping import sweep
from gantral.api.temporal import Gateway
from gantral.evidence import StoreError
from gantral.runtime.settings import Settings
from gantral.runtime.workers import deployments
from gantral.runtime.workers.connection import connect
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.middleware.trustedhost import TrustedHostMiddleware
from starlette.requests import Request
from starlette.responses import Response

_SWEEP_SECONDS = 60.0


def application(deployment: Deployment) -> Starlette:
    """The ASGI application: the API under /v1, the page beside it."""

    @contextlib.asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        background = [asyncio.create_task(_sweep_always(deployment))]
        if deployment.log is not None:
            background.append(asyncio.create_task(deployment.log.running()))
        try:
            async with (
                deployment.notices.running() if deployment.notices else contextlib.nullcontext()
            ):
                yield
        finally:
            for task in background:
                task.cancel()
            await asyncio.gather(*background, return_exceptions=True)

    # Only names that are ours: a page elsewhere can't reach a loopback server by a name of its own.
    hosts = {urlsplit(deployment.url).hostname or "", deployment.settings.need_api().host}
    if hosts & {"127.0.0.1", "::1", "localhost"}:
        hosts |= {"127.0.0.1", "localhost"}
    return Starlette(
        routes=[*rest.routes(deployment), *page_routes(deployment)],
        middleware=[Middleware(TrustedHostMiddleware, allowed_hosts=sorted(hosts - {""}))],
        exception_handlers={HTTPException: _plain},
        lifespan=lifespan,
    )


async def _assembled(settings: Settings) -> Deployment:
    client = await connect(settings.temporal)
    deployment = assemble(settings, Gateway(client))
    builds = await deployments.versions(client, settings, [*deployment.programs.values()])
    return replace(deployment, gateway=Gateway(client, builds=builds))


async def serve(settings: Settings, ready: Callable[[], Awaitable[None]] | None = None) -> None:
    """Serve until SIGINT or SIGTERM. Call ``preflight`` first: this does not look for faults.

    Raises:
        SettingsError: the deployment can't be assembled.
    """
    api = settings.need_api()
    deployment = await _assembled(settings)
    config = uvicorn.Config(
        application(deployment),
        host=api.host,
        port=api.port,
        log_level="warning",
        access_log=False,
        server_header=False,
        proxy_headers=False,
        h11_max_incomplete_event_size=64 * 1024,
        timeout_graceful_shutdown=10,
    )
    server = uvicorn.Server(config)
    serving = asyncio.create_task(server.serve())
    while not server.started and not serving.done():
        await asyncio.sleep(0.01)
    if server.started and ready is not None:
        await ready()
    await serving


async def _sweep_always(deployment: Deployment) -> None:
    while True:
        try:
            await asyncio.to_thread(sweep, deployment)
        except StoreError as error:
            print(f"the sweep: {error}", file=sys.stderr)
        await asyncio.sleep(_SWEEP_SECONDS)


async def _plain(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    if error.status_code == 405:
        return Problem(405, "method", "this can't be asked in that way", headers=error.headers
                       ).response()  # fmt: skip
    return Problem(error.status_code, "no_such_page", "there is nothing here").response()
