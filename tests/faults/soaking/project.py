"""The project that runs: the refund example, and two siblings for what it can't show in seconds."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path
from typing import Any

import tomli_w
from gantral.compiler import Project, analyse
from gantral.compiler.generate import generate

EXAMPLE = Path(__file__).resolve().parents[3] / "examples" / "refund"
WORKFLOWS = ("refund", "hasty", "once")
_CLOCK = (
    "clock    { after 8h remind  after 24h widen people.finance_manager to people.finance_director"
    "  after 72h reject }"
)
DECIDERS = tuple(f"manager{number}" for number in range(32))


def spec(workflow: str) -> str:
    """``refund``: the example with short time-outs, since a lost worker costs its whole attempt.
    ``hasty``: a gate that silence rejects within seconds. ``once``: a payment that may not be
    repeated, so that nobody knows of one whose worker was lost."""
    text = (EXAMPLE / "refund.gantral").read_text("utf-8")
    text = _swap(text, "workflow refund version", f"workflow {workflow} version")
    text = _swap(
        text,
        "timeout 2m  idempotent  retry 5 every 1s up to 1m",
        "timeout 5s  idempotent  retry 5 every 1s up to 2s",
    )
    if workflow == "hasty":
        text = _swap(text, _CLOCK, "clock    { after 4s reject }")
    if workflow == "once":
        text = _swap(text, "timeout 5s  idempotent  retry 5 every 1s up to 2s", "timeout 5s")
    return text


def _swap(text: str, old: str, new: str) -> str:
    assert old in text, old
    return text.replace(old, new)


def write_project(folder: Path) -> Path:
    """A project like an example's: settings, personas, policies, generated packages."""
    people = (EXAMPLE / "shared" / "people.gantral").read_text("utf-8")
    for workflow in WORKFLOWS:
        sources = {"refund.gantral": spec(workflow), "shared/people.gantral": people}
        found = analyse(Project(sources.get), "refund.gantral")
        assert not found.diagnostics, found.diagnostics
        package = generate(found.programs[0], sources)
        assert not package.diagnostics, package.diagnostics
        place = folder / "src" / "fault_app" / workflow
        place.mkdir(parents=True)
        for file, data in package.files.items():
            (place / file).write_bytes(data)
    (folder / "src" / "fault_app" / "__init__.py").touch()
    policies = shutil.copytree(EXAMPLE / "policies", folder / "policies")
    # The policy names the workflow it is for: these are three, and their limits are the same.
    for file in policies.glob("*.rego"):
        text = file.read_text("utf-8")
        names = ", ".join(f'"{one}"' for one in WORKFLOWS)
        text = text.replace('input.workflow == "refund"', f"input.workflow in {{{names}}}")
        file.write_text(text, "utf-8")
    tables = _read(EXAMPLE / "personas.toml")
    for name in DECIDERS:
        tables[name] = {"name": name, "groups": ["fin-managers"], "acr": "mfa"}
    (folder / "personas.toml").write_text(tomli_w.dumps(tables), "utf-8")
    settings = _read(EXAMPLE / "gantral.toml")
    settings["deployment"] = {
        "environment": "development",
        "packages": [f"fault_app.{one}" for one in WORKFLOWS],
        "path": ["src"],
    }
    # A busy machine is no fault of OPA's.
    settings["opa"]["timeout"] = settings["opa"]["reconnect"] = "5s"
    settings["worker"]["services"] = ["soaking.shop:make"]
    (folder / "gantral.toml").write_text(tomli_w.dumps(settings), "utf-8")
    return folder


def _read(file: Path) -> dict[str, Any]:
    import tomllib

    return tomllib.loads(file.read_text("utf-8"))


def importable(folder: Path) -> None:
    """Let this process load the packages, as each part of the deployment does."""
    path = str(folder / "src")
    if path not in sys.path:
        sys.path.insert(0, path)
