"""A whole deployment on loopback: Temporal, OPA, identity provider, `serve` and a worker.

What `gantral dev` and `gantral demo` stand on. Every part is the real one; keys, trust file and
settings are made in a work folder, on ports that were free.
"""

from __future__ import annotations

import os
import sys
import tomllib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from gantral.cli.failure import Failure
from gantral.cli.tools.environment import temporal_server
from gantral.cli.tools.log import transparency_log
from gantral.cli.tools.opa import opa
from gantral.cli.tools.personas import Persona, load_personas
from gantral.cli.tools.processes import Process, Processes, free_port, listening
from gantral.cli.tools.servers import (
    start_identity_provider,
    start_opa,
    start_temporal,
)

# The log's key lies apart: who holds all others can't tell a story twice that it has seen.
_LOG_KEYS = "keys-log"
_ORIGIN = "gantral.local/dev"
_COMMAND = [sys.executable, "-m", "gantral.cli"]

Say = Callable[[str], None]


@dataclass(frozen=True)
class Stack:
    """A deployment that runs. `settings` is its gantral.toml, `url` the inbox and the API."""

    settings: Path
    url: str
    temporal: str
    temporal_ui: str
    issuer: str
    personas: tuple[Persona, ...]
    worker: Process
    evidence: Path
    trust: Path


def raise_stack(
    processes: Processes, project: Path, work: Path, say: Say, *, log: bool = False
) -> Stack:
    """Start everything that `project` needs, with its files in `work`; with `log` a transparency
    log of its own beside it, which no witness cosigns.

    The project is a folder with `gantral.toml`, `personas.toml` and generated code that is up to
    date; with `policies/` too when its settings have an `[opa]`.

    Raises:
        Failure: a file is missing or wrong, a tool can't be had, a server does not start.
    """
    settings = _read(project / "gantral.toml")
    personas = load_personas(project / "personas.toml")
    asks_policy = "opa" in settings
    # Fetched before anything runs, so that nothing waits half started.
    temporal_server()
    if asks_policy:
        opa()
    if log:
        transparency_log()
    work.mkdir(parents=True, exist_ok=True)
    bundle = work / "policy" / "bundle.tar.gz"
    from gantral.cli.commands.policy import build_bundle
    from gantral.runtime.workers.connection import SEARCH_ATTRIBUTES

    if asks_policy:
        say("policies  checked, tested, bundled " + build_bundle(project / "policies", bundle)[:19])
    trust = make_keys(project, settings, work, log=log)
    temporal = start_temporal(
        processes, search_attributes=dict.fromkeys(SEARCH_ATTRIBUTES, "Keyword")
    )
    say(f"temporal  {temporal.address}, its own page {temporal.ui}")
    found: dict[str, dict[str, str]] = {}
    if asks_policy:
        policy = start_opa(processes, bundle)
        say(f"opa       {policy.url}")
        found["opa"] = {"url": policy.url}
    if log:
        found["log"] = {"url": start_log(processes, work), "delay": "20s"}
        say(f"log       {found['log']['url']}, its files in {work / 'log'}")
    provider = start_identity_provider(processes, personas)
    say(f"identity  {provider.issuer}")
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    file = write_settings(
        work / "gantral.toml",
        settings,
        project,
        work,
        {
            "temporal": {"address": temporal.address, "namespace": "default"},
            **found,
            "identity": {"issuer": provider.issuer},
            "api": {"listen": f"127.0.0.1:{port}", "url": url},
        },
    )
    worker = start_worker(processes, file, project)
    processes.start(
        "serve",
        [*_COMMAND, "serve", "--settings", file],
        ready=lambda: listening(port),
        limit=60,
        env=environment(),
        folder=project,
    )
    say(f"inbox     {url}")
    return Stack(
        settings=file,
        url=url,
        temporal=temporal.address,
        temporal_ui=temporal.ui,
        issuer=provider.issuer,
        personas=personas,
        worker=worker,
        evidence=work / "evidence",
        trust=trust,
    )


def start_worker(
    processes: Processes, settings: Path, project: Path, name: str = "worker"
) -> Process:
    """Start `gantral worker` in all its roles; ready when it says that it polls."""
    log = processes.logs / f"{name}.log"
    return processes.start(
        name,
        [*_COMMAND, "worker", "--settings", settings],
        ready=lambda: log.is_file() and "polling" in log.read_text(errors="replace"),
        limit=60,
        grace=20,
        env=environment(),
        folder=project,
    )


def environment() -> dict[str, str]:
    """What the parts of a stack find in their environment: no proxy, lines as they come."""
    return {
        "NO_PROXY": "127.0.0.1,localhost",
        "no_proxy": "127.0.0.1,localhost",
        "PYTHONUNBUFFERED": "1",
    }


def start_log(processes: Processes, work: Path) -> str:
    """Start the log whose key and trust file lie in `work`; where it answers."""
    port = free_port()
    words: list[str | Path] = [transparency_log(), "-dir", work / "log"]
    words += ["-trust", work / "trust.json", "-key", work / _LOG_KEYS / "log.key"]
    words += ["-listen", f"127.0.0.1:{port}"]
    processes.start("log", words, ready=lambda: listening(port))
    return f"http://127.0.0.1:{port}"


def make_keys(project: Path, settings: dict[str, Any], work: Path, *, log: bool = False) -> Path:
    """Development keys, once, and a trust file that lists the project's programs as they are; with
    `log` a key of a log, too, and its name."""
    manifests = [
        project / part / (package.replace(".", "/") + "/manifest.json")
        for package in settings["deployment"]["packages"]
        for part in settings["deployment"].get("path", ["."])
    ]
    missing = [path for path in manifests if not path.is_file()]
    if missing:
        raise Failure(f"{missing[0]} is not there", "write it with gantral compile")
    teams = sorted({str(_manifest(path)["owning_team_id"]) for path in manifests})
    keys = work / "keys"
    _make(keys, teams)
    trust = work / "trust.json"
    trust.unlink(missing_ok=True)
    programs: list[str | Path] = [word for path in manifests for word in ("--program", path)]
    if log:
        _make(work / _LOG_KEYS, teams, "--use", "log")
        programs += ["--keys", work / _LOG_KEYS, "--log", _ORIGIN]
    _ours("keys", "trust", "--keys", keys, *programs, "--out", trust)
    return trust


def _make(keys: Path, teams: list[str], *more: str) -> None:
    if not keys.exists():
        team_options = [word for team in teams for word in ("--team", team)]
        _ours("keys", "new", "--out", keys, "--environment", "development", *team_options, *more)


def _manifest(path: Path) -> dict[str, Any]:
    import json

    found: dict[str, Any] = json.loads(path.read_bytes())
    return found


def _ours(*words: str | Path) -> None:
    import contextlib
    import io

    from gantral.cli.main import main

    said = io.StringIO()
    with contextlib.redirect_stdout(said), contextlib.redirect_stderr(said):
        status = main([os.fspath(word) for word in words])
    if status != 0:
        raise Failure(f"gantral {words[0]} {words[1]} failed:\n{said.getvalue().strip()}")


def _read(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text("utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise Failure(
            f"{path} can't be read: {error}", "run it from a project's folder, or say which"
        ) from None


def write_settings(
    file: Path,
    settings: dict[str, Any],
    project: Path,
    work: Path,
    given: dict[str, dict[str, Any]],
) -> Path:
    """The project's settings with what `given` says instead, and files in `work`, as `file`."""
    import tomli_w

    made = {section: dict(table) for section, table in settings.items()}
    made["deployment"]["path"] = [
        str((project / part).resolve()) for part in made["deployment"].get("path", ["."])
    ]
    # The address is this stack's own; a profile of the machine may name another server.
    made.get("temporal", {}).pop("profile", None)
    # So is its trust file, which names no log but its own.
    made.pop("log", None)
    for section, table in given.items():
        made[section] = {**made.get(section, {}), **table}
    made["evidence"] = {
        "store": f"file:{work / 'evidence'}",
        "drafts": f"file:{work / 'drafts'}",
        "trust": f"file:{work / 'trust.json'}",
    }
    made["keys"] = {
        name: f"file:{work / 'keys' / name}.key"
        for name in ("commit", "decision", "effect", "closer", "erasure", "pepper")
    }
    file.write_text(tomli_w.dumps(made), "utf-8")
    return file
