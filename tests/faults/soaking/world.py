"""A whole deployment of real processes, each of which can be killed, cut off and started again."""

from __future__ import annotations

import contextlib
import json
import sys
import tempfile
import time
import uuid
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from gantral.cli.commands.policy import build_bundle
from gantral.cli.failure import Failure
from gantral.cli.stack import environment, make_keys, write_settings
from gantral.cli.tools.personas import Persona, load_personas
from gantral.cli.tools.processes import NotReady, Process, Processes, free_port, listening
from gantral.cli.tools.servers import start_identity_provider, start_opa, start_temporal
from gantral.runtime.workers.connection import SEARCH_ATTRIBUTES

from soaking import clocks
from soaking.points import Point
from soaking.project import WORKFLOWS, write_project
from soaking.wires import Wire

# The parts that are our own processes.
OURS = ("serve", "workflow", "evidence", "service")
PARTS = ("workflow", "evidence", "service", "serve", "opa", "identity", "temporal")
_PART = Path(__file__).with_name("part.py")
# Who talks to whom: each wire can be cut alone.
WIRES = (
    "people-serve", "all-identity", "serve-temporal", "serve-opa",
    "workflow-temporal", "evidence-temporal", "evidence-opa", "service-temporal",
)  # fmt: skip


@dataclass
class World:
    """What runs. ``folder`` holds everything: keys, evidence, the ledger, logs."""

    folder: Path
    project: Path
    processes: Processes
    personas: tuple[Persona, ...]
    wires: dict[str, Wire] = field(default_factory=dict)
    running: dict[str, Process] = field(default_factory=dict)
    bundle: Path = Path()
    told: list[str] = field(default_factory=list)
    began: str = field(default_factory=clocks.now)
    _starts: int = 0

    @property
    def control(self) -> Path:
        return self.folder / "control"

    @property
    def evidence(self) -> Path:
        return self.folder / "evidence"

    @property
    def ledger(self) -> Path:
        return self.folder / "ledger.sqlite"

    @property
    def issuer(self) -> str:
        """The provider writes into tokens the name that it was asked by: one wire for everybody."""
        return f"http://{self.wires['all-identity'].address}"

    @property
    def url(self) -> str:
        return f"http://{self.wires['people-serve'].address}"

    @property
    def temporal(self) -> str:
        """The server itself, by no wire: who judges is never cut off."""
        return f"127.0.0.1:{self.wires['serve-temporal'].target}"

    def settings(self, part: str) -> Path:
        return self.folder / f"{part}.toml"

    # Faults.

    def kill(self, part: str) -> None:
        """SIGKILL, and gone: nobody listens where it did."""
        self.running[part].kill()
        for wire in self._to(part):
            wire.cut()

    def start(self, part: str) -> None:
        """Start a part; again and again while what it needs is not there."""
        ends = time.monotonic() + 90
        while True:
            try:
                self._start(part)
                return
            except NotReady:
                if time.monotonic() > ends:
                    raise

    def arm(self, point: Point, act: str) -> str:
        """Let the first process that gets to the point ``die`` or ``hold`` there."""
        identity = uuid.uuid4().hex
        for old in ("armed", "struck"):
            (self.control / old).unlink(missing_ok=True)
        made = self.control / "making"
        made.write_text(json.dumps({**vars(point), "act": act, "id": identity}))
        made.rename(self.control / "armed")
        return identity

    def struck(self) -> bool:
        """Whether somebody got there."""
        return (self.control / "struck").exists()

    def disarm(self) -> None:
        """Nobody waits for anything any more."""
        (self.control / "armed").unlink(missing_ok=True)

    def go(self, identity: str) -> None:
        """Let go who holds."""
        (self.control / f"go-{identity}").touch()

    def disk(self, state: str) -> None:
        """``full``, ``readonly``, ``slow SECONDS``, or well: an empty text."""
        self._write("disk", state)

    def clock(self, part: str, ahead: float) -> None:
        """Let a part's clock jump to so many seconds before the true one."""
        self._write(f"clock-{part}", clocks.ahead(ahead))

    def _write(self, name: str, text: str) -> None:
        made = self.control / f"{name}.new"
        made.write_text(text)
        made.rename(self.control / name)

    # Parts.

    def _start(self, part: str) -> None:
        self._starts += 1
        name = f"{part}-{self._starts}"
        starting: dict[str, Callable[[str], Process]] = {
            "temporal": self._temporal,
            "opa": self._opa,
            "identity": self._identity,
            "serve": self._serve,
        }
        self.running[part] = starting.get(part, self._worker)(name)

    def _to(self, server: str) -> list[Wire]:
        return [wire for wire in self.wires.values() if wire.name.endswith(f"-{server}")]

    def _lead(self, server: str, port: int) -> None:
        for wire in self._to(server):
            wire.target = port
            wire.mend()

    def _temporal(self, name: str) -> Process:
        server = start_temporal(
            self.processes,
            search_attributes=dict.fromkeys(SEARCH_ATTRIBUTES, "Keyword"),
            database=self.folder / "temporal.sqlite",
            name=name,
        )
        self._lead("temporal", int(server.address.rpartition(":")[2]))
        return server.process

    def _opa(self, name: str) -> Process:
        server = start_opa(self.processes, self.bundle, name=name)
        self._lead("opa", int(server.url.rpartition(":")[2]))
        return server.process

    def _identity(self, name: str) -> Process:
        server = start_identity_provider(self.processes, self.personas, name=name)
        self._lead("identity", int(server.issuer.rpartition(":")[2]))
        return server.process

    def _serve(self, name: str) -> Process:
        port = self.wires["people-serve"].target
        process = self._ours(name, "serve", ["serve"], lambda: listening(port))
        self._lead("serve", port)
        return process

    def _worker(self, name: str) -> Process:
        role = name.partition("-")[0]
        log = self.processes.logs / f"{name}.log"
        return self._ours(
            name,
            role,
            ["worker", "--roles", role],
            lambda: log.is_file() and "polling" in log.read_text(errors="replace"),
        )

    def _ours(self, name: str, part: str, words: list[str], ready: Callable[[], bool]) -> Process:
        return self.processes.start(
            name,
            [sys.executable, _PART, *words, "--settings", self.settings(part)],
            ready=ready,
            limit=60,
            grace=20,
            env={
                **environment(),
                "FAULTS_CONTROL": str(self.control),
                "FAULTS_PART": part,
                "FAULTS_LEDGER": str(self.ledger),
                **clocks.environment(self.control / f"clock-{part}"),
            },
            folder=self.project,
        )


@contextlib.contextmanager
def open_world(folder: Path | None = None) -> Iterator[World]:
    """Start a deployment with nothing in it, and stop all of it, whatever happens.

    Raises:
        Failure: a server can't be had or does not start.
    """
    with contextlib.ExitStack() as stack:
        if folder is None:
            folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="faults-")))
        project = write_project(folder / "project")
        processes = stack.enter_context(Processes(folder / "logs"))
        personas = load_personas(project / "personas.toml")
        world = World(folder, project, processes, personas)
        world.control.mkdir()
        for name in WIRES:
            world.wires[name] = Wire(name)
            stack.callback(world.wires[name].close)
        world.bundle = folder / "bundle.tar.gz"
        build_bundle(project / "policies", world.bundle)
        settings = _settings(project)
        make_keys(project, settings, folder)
        world.wires["people-serve"].target = free_port()
        for part in OURS:
            _write(world, settings, part)
            world.clock(part, 0)
        # What runs at the end is killed: what it would still do in order is nobody's concern.
        stack.callback(lambda: [one.kill() for one in world.running.values()])
        with ThreadPoolExecutor() as at_once:
            list(at_once.map(world.start, ("temporal", "opa", "identity")))
            list(at_once.map(world.start, OURS))
        yield world


def _settings(project: Path) -> dict[str, Any]:
    import tomllib

    return tomllib.loads((project / "gantral.toml").read_text("utf-8"))


def _write(world: World, settings: dict[str, Any], part: str) -> None:
    temporal = world.wires.get(f"{part}-temporal")
    opa = world.wires.get(f"{part}-opa") or world.wires["serve-opa"]
    assert temporal is not None
    port = world.wires["people-serve"].target
    write_settings(
        world.settings(part),
        settings,
        world.project,
        world.folder,
        {
            "temporal": {"address": temporal.address, "namespace": "default"},
            "opa": {"url": f"http://{opa.address}"},
            "identity": {"issuer": world.issuer},
            "api": {"listen": f"127.0.0.1:{port}", "url": world.url},
        },
    )


__all__ = ["PARTS", "WIRES", "WORKFLOWS", "Failure", "World", "open_world"]
