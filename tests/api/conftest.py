"""A world for the API: every server real, every part the shipped one.

Temporal's development server, OPA on the example's policies, the OpenID provider, the refund
package fresh from the compiler, its workflow and evidence workers, and ``serve`` on a socket.
"""

from __future__ import annotations

import asyncio
import json
import re
import shutil
import threading
from collections.abc import Callable, Coroutine, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
import uvicorn
from gantral.api.deployment import Deployment, assemble
from gantral.api.server import application
from gantral.api.temporal import Gateway
from gantral.cli.commands.policy import build_bundle
from gantral.cli.tools.personas import Persona, load_personas, sign_in
from gantral.cli.tools.processes import Processes, free_port
from gantral.cli.tools.servers import start_identity_provider, start_opa, start_temporal
from gantral.compiler import Project, analyse
from gantral.compiler.generate import generate
from gantral.evidence import H, SigningKey, canonical
from gantral.runtime import settings
from gantral.runtime.settings import Settings
from gantral.runtime.workers.running import run_worker
from temporalio.client import Client

ROOT = Path(__file__).parents[2]
EXAMPLE = ROOT / "examples" / "refund"
PACKAGES = tuple(
    f"api_refund.{one}" for one in ("refund", "repay", "gift", "told", "split", "claim")
)
LONG_AGO = "2020-01-01T00:00:00.000Z"
ATTRIBUTES = ("GantralState", "GantralGate", "GantralTeam", "GantralWorkflow")
DIRECTORY = """
carol = ["support_agent"]
alice = ["finance_manager"]
bob = ["finance_manager"]
frank = ["finance_manager"]
dora = ["finance_director"]
"""
DECIDE = "decide   2 of people.finance_manager or 1 of people.finance_director"
CASES = """decide   1 of people.finance_director when refund.amount <= 30
    decide   4 points of { people.finance_manager: 2 }"""
REASON = "The parcel came broken, as the photos show."


def spec(workflow: str) -> str:
    """The example, or a sibling that asks no policy, which knows the refund alone: ``repay`` one at
    a time for each person, ``gift`` without a key, ``told`` the same for notices alone, ``split``
    with a case for small amounts and points for others, 55 minutes and a young login, ``claim``
    after events.
    """
    text = (EXAMPLE / "refund.gantral").read_text("utf-8")
    if workflow == "refund":
        return text
    text = text.replace("workflow refund version", f"workflow {workflow} version")
    text = "\n".join(line for line in text.splitlines() if "refund_limits" not in line) + "\n"
    if workflow == "repay":
        text = text.replace("people.support_agent", "people.support_agent, people.finance_manager")
        return text.replace("once per", "one at a time per initiator,")
    if workflow == "split":
        text = re.sub(r"clock    \{.*\}", "clock    { after 55m reject }", text)
        text = text.replace("assurance people.mfa", "assurance people.mfa, login within 45m")
        return text.replace(DECIDE, CASES)
    text = text.replace("  once per input.order_id\n", "")
    if workflow == "claim":
        text = text.replace(
            "string(max: 2000) personal }", f"string(max: 2000) personal, {_MORE} }}"
        )
        return text.replace("  run {\n", _EVENTS)
    return text


_MORE = """witness: person?,
    more: { parts: list(max: 3) of Money, none: list(max: 3) of Money, sure: bool, count: int,
            extra: json, till: date? }?"""
_EVENTS = """
  event proof { photo: string(max: 40), by: person, note: string? personal } from initiator
  event hurry {} from people.finance_director, initiator

  run {
    wait {
      for proof as it { require it.photo != "none" else "no photo" }
      for hurry { }
    } within 2h else { }
    wait for hurry within 1m else { }
    wait for hurry within 1s else { }
"""


def generated(folder: Path) -> list[bytes]:
    """Compile the specs into ``folder`` as ``PACKAGES``; their manifests' bytes."""
    manifests = []
    for name in PACKAGES:
        workflow = name.rpartition(".")[2]
        people = (EXAMPLE / "shared" / "people.gantral").read_text("utf-8")
        sources = {"refund.gantral": spec(workflow), "shared/people.gantral": people}
        found = analyse(Project(sources.get), "refund.gantral")
        assert not found.diagnostics, found.diagnostics
        package = generate(found.programs[0], sources)
        assert not package.diagnostics
        place = folder.joinpath(*name.split("."))
        place.mkdir(parents=True)
        (place.parent / "__init__.py").touch()
        for file, data in package.files.items():
            (place / file).write_bytes(data)
        manifests.append(package.files["manifest.json"])
    (folder / "api_services.py").write_text(_SERVICES, "utf-8")
    return manifests


# Orders of 2000.00 EUR; payments that are refused for an order whose name begins with "bad".
_SERVICES = """
from decimal import Decimal
from importlib import import_module

from gantral.runtime import ActionFailed


def made(package):
    services = import_module(f"{package}.services")
    types = import_module(f"{package}.types")

    class Orders(services.Orders):
        async def fetch(self, call, /, *, id):
            total = types.Money(amount=Decimal("2000.00"), currency="EUR")
            return types.Order(id=id, customer="Ana Ruiz", total=total)

    class Payments(services.Payments):
        async def refund(self, call, /, *, order, amount):
            if order.startswith("bad"):
                raise ActionFailed("the card is closed", "no")
            return types.PaymentsRefundResult(receipt_id=f"r-{order}")

        async def reverse(self, call, /, *, receipt_id):
            return None

    return [Orders(), Payments()]


def make():
    return [one for name in PACKAGES for one in made(name)]
""".replace("PACKAGES", repr(PACKAGES))


def trust_file(keys: dict[str, SigningKey], manifests: list[bytes]) -> bytes:
    """A development trust file for these keys and this program."""
    life = {"not_before": LONG_AGO, "not_after": "none", "environment": "development"}
    programs = [
        {
            "owning_team_id": "payments",
            "workflow_id": name.rpartition(".")[2],
            "workflow_version_id": H("manifest", manifest),
            **life,
        }
        for name, manifest in zip(PACKAGES, manifests, strict=True)
    ]
    return canonical(
        {
            "type": "gantral.dev/trust/v1",
            "trust_id": "tests",
            "serial": "1",
            "previous": "none",
            "issued": LONG_AGO,
            "environment": "development",
            "keys": {
                key.keyid: {
                    "alg": "ed25519",
                    "compromised_from": "none",
                    "public_key": key.public.hex(),
                    "teams": ["payments"],
                    "use": use,
                    **life,
                }
                for use, key in keys.items()
            },
            "programs": programs,
            "max_skew": "PT5S",
            "actor_claim": "sub",
            "log": "none",
        }
    )


def write_deployment(folder: Path, *, issuer: str, opa: str, temporal: str, port: int) -> Path:
    """Keys, trust file, generated package and gantral.toml of a development deployment."""
    manifests = generated(folder / "src")
    keys = {use: SigningKey.generate() for use in ("commit", "decision", "effect", "closer")}
    (folder / "keys").mkdir()
    for use, key in keys.items():
        (folder / "keys" / f"{use}.key").write_bytes(key.dump())
    (folder / "keys" / "pepper.key").write_bytes(b"p" * 32)
    (folder / "trust.json").write_bytes(trust_file(keys, manifests))
    (folder / "directory.toml").write_text(DIRECTORY, "utf-8")
    secrets = "\n".join(f'{name} = "file:keys/{name}.key"' for name in (*keys, "pepper"))
    file = folder / "gantral.toml"
    file.write_text(
        f"""
[deployment]
environment = "development"
packages = {json.dumps(PACKAGES)}
path = ["src"]
[temporal]
address = "{temporal}"
namespace = "default"
[opa]
url = "{opa}"
[identity]
issuer = "{issuer}"
audience = "gantral"
[identity.roles]
support_agent = {{ claim = "groups", value = "support" }}
finance_manager = {{ claim = "groups", value = "fin-managers" }}
finance_director = {{ claim = "groups", value = "fin-directors" }}
[identity.directory]
file = "file:directory.toml"
[identity.assurance.mfa]
claim = "acr"
values = ["mfa"]
[evidence]
store = "file:evidence"
drafts = "file:drafts"
trust = "file:trust.json"
[keys]
{secrets}
[worker]
services = ["api_services:make"]
[api]
listen = "127.0.0.1:{port}"
url = "http://127.0.0.1:{port}"
""",
        "utf-8",
    )
    return file


@dataclass
class Clock:
    """The API's clock: the real one, moved when a test says so."""

    ahead: timedelta = timedelta(0)

    def __call__(self) -> datetime:
        return datetime.now(UTC) + self.ahead


@dataclass
class World:
    """What runs, and how a test talks to it."""

    settings: Settings
    deployment: Deployment
    issuer: str
    opa: str
    temporal: str
    personas: dict[str, Persona]
    clock: Clock
    client: Client
    loop: asyncio.AbstractEventLoop
    orders: int = 0
    tokens: dict[str, str] = field(default_factory=dict)

    @property
    def url(self) -> str:
        return self.deployment.url

    def token(self, who: str, *, fresh: bool = False) -> str:
        """An ID token of a persona, signed in for real."""
        if fresh or who not in self.tokens:
            self.tokens[who] = sign_in(self.issuer, "gantral", who)
        return self.tokens[who]

    def ask(self, method: str, path: str, who: str | None, **more: Any) -> httpx.Response:
        """One request as a persona; ``token=`` overrides theirs."""
        headers = dict(more.pop("headers", {}))
        token = more.pop("token", None) or (self.token(who) if who else None)
        if token is not None:
            headers["authorization"] = f"Bearer {token}"
        return httpx.request(
            method, self.url + path, headers=headers, timeout=30, trust_env=False, **more
        )

    def start(
        self,
        who: str = "carol",
        amount: str = "40.00",
        order: str = "",
        workflow: str = "refund",
        plus: dict[str, Any] | None = None,
        **more: Any,
    ) -> httpx.Response:
        """Start a refund, of an order of its own unless one is named."""
        self.orders += 1
        value = {
            "order_id": order or f"o-{self.orders}",
            "refund": {"amount": amount, "currency": "EUR"},
            "reason": "broken",
            **(plus or {}),
        }
        body = {"workflow": workflow, "input": value}
        return self.ask("POST", "/v1/instances", who, json=body, **more)

    def waiting(self, **more: Any) -> dict[str, Any]:
        """Start a refund and return its view once its gate is open."""
        answer = self.start(**more)
        assert answer.status_code == 201, answer.text
        return self.until(answer.json()["instance_id"], lambda view: view["waiting"] is not None)

    def until(
        self, instance: str, condition: Callable[[dict[str, Any]], bool], who: str = "alice"
    ) -> dict[str, Any]:
        """The instance's view once it fulfils the condition. Waits on Temporal, not on a clock:
        each look asks again after the last answer."""
        for _ in range(600):
            answer = self.ask("GET", f"/v1/instances/{instance}", who)
            if answer.status_code == 200 and condition(answer.json()):
                view: dict[str, Any] = answer.json()
                return view
        raise AssertionError(answer.text)

    def inbox(self, instance: str, who: str) -> dict[str, Any]:
        """Their inbox once the instance is in it: what Temporal lists lags behind the evidence."""
        for _ in range(600):
            inbox: dict[str, Any] = self.ask("GET", "/v1/inbox", who).json()
            if any(
                one["instance_id"] == instance
                for one in (*inbox["yours"], *inbox["others"], *inbox["events"])
            ):
                return inbox
        raise AssertionError(inbox)

    def decide(
        self, view: dict[str, Any], who: str, decision: str, tries: int = 3, **more: Any
    ) -> httpx.Response:
        """Send a decision about what the view shows; again while the answer is "unknown, ask
        again", as a client does when the machine is slow."""
        token = more.pop("token", None)
        body = {"decision": decision, "shown": view["waiting"]["shown"], "reason": REASON, **more}
        path = f"/v1/instances/{view['instance_id']}/decisions"
        answer = self.ask("POST", path, who, json=body, token=token)
        if answer.status_code == 504 and tries > 1:
            return self.decide(view, who, decision, tries - 1, token=token, **more)
        return answer

    def run(self, work: Coroutine[Any, Any, Any]) -> Any:
        """Run a coroutine on the world's loop."""
        return asyncio.run_coroutine_threadsafe(work, self.loop).result(60)


@pytest.fixture(scope="session")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """Everything, once for all tests of the API; instances are each test's own."""
    folder = tmp_path_factory.mktemp("api")
    with Processes(folder / "logs") as processes:
        bundle = folder / "bundle.tar.gz"
        build_bundle(EXAMPLE / "policies", bundle)
        attributes = dict.fromkeys(ATTRIBUTES, "Keyword")
        temporal = start_temporal(processes, search_attributes=attributes).address
        opa = start_opa(processes, bundle).url
        personas = load_personas(EXAMPLE / "personas.toml")
        issuer = start_identity_provider(processes, personas).issuer
        place = folder / "deployment"
        place.mkdir()
        file = write_deployment(place, issuer=issuer, opa=opa, temporal=temporal, port=free_port())
        yield from _running(settings.load(file), personas, opa, temporal)
        shutil.rmtree(place, ignore_errors=True)


def _running(
    config: Settings, personas: tuple[Persona, ...], opa: str, temporal: str
) -> Iterator[World]:
    clock = Clock()
    ready: dict[str, Any] = {}
    started, stop = threading.Event(), threading.Event()

    async def main() -> None:
        client = await Client.connect(temporal)
        deployment = assemble(config, Gateway(client), now=clock)
        api = config.need_api()
        server = uvicorn.Server(
            uvicorn.Config(application(deployment), host=api.host, port=api.port,
                           log_level="error")
        )  # fmt: skip
        polling, over = asyncio.Event(), asyncio.Event()
        working = asyncio.create_task(
            run_worker(config, config.worker.roles, lambda _: polling.set(), over)
        )
        serving = asyncio.create_task(server.serve())
        while not server.started:
            await asyncio.sleep(0.01)
        waited = asyncio.create_task(polling.wait())
        await asyncio.wait([waited, working], return_when=asyncio.FIRST_COMPLETED)
        if working.done():
            working.result()
        ready.update(deployment=deployment, client=client, loop=asyncio.get_running_loop())
        started.set()
        await asyncio.to_thread(stop.wait)
        server.should_exit = True
        await serving
        over.set()
        await working

    failed: list[BaseException] = []

    def thread() -> None:
        try:
            asyncio.run(main())
        except BaseException as error:
            failed.append(error)
            started.set()

    running = threading.Thread(target=thread)
    running.start()
    started.wait(120)
    try:
        if failed:
            raise failed[0]
        identity = config.need_identity()
        yield World(
            settings=config, issuer=identity.issuer, opa=opa, temporal=temporal, clock=clock,
            personas={one.sub: one for one in personas}, **ready,
        )  # fmt: skip
    finally:
        stop.set()
        running.join(60)
