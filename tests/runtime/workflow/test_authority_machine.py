"""The machine moves along the ten edges and no others (requirement section 4)."""

from __future__ import annotations

import ast
import asyncio
from pathlib import Path

import gantral.runtime
import pytest
from gantral.authority import TRANSITIONS, IllegalTransition, State
from gantral.runtime import programs
from gantral.runtime.channel import Channel
from gantral.runtime.machine import Identity, Machine, Transition
from gantral.runtime.sealing import Sealer

IDENTITY = Identity("payments", "refund", "0" * 8, "0" * 64, "run")
FROM = (None, *State)


@pytest.mark.parametrize("target", State)
@pytest.mark.parametrize("source", FROM)
def test_every_pair(source: State | None, target: State) -> None:
    machine = Machine(IDENTITY, Channel(Sealer(bytes(32), IDENTITY.instance_id)))
    machine.state = source
    legal = (source, target) in TRANSITIONS or (source is None and target is State.CREATED)
    commit = machine.commit(Transition((target,), {"same": True}))
    # A legal move goes on to ask Temporal, which is not here; an illegal one never gets so far.
    with pytest.raises(Exception, match="Not in workflow" if legal else "no transition") as raised:
        asyncio.run(commit)
    assert isinstance(raised.value, IllegalTransition) is not legal
    assert machine.state is source


# What runs inside a workflow and is passed through the sandbox, so that the sandbox checks nothing.
INSIDE = [
    "admission",
    "anew",
    "asking",
    "calls",
    "channel",
    "effects",
    "ends",
    "execution",
    "expressions",
    "forms",
    "gate",
    "gate_records",
    "machine",
    "parallel",
    "passing",
    "sealing",
    "statements",
    "terms",
    "values",
    "votes",
    "waiting",
    "waits",
]
FORBIDDEN_MODULES = {"random", "time", "os", "secrets", "threading", "socket", "zoneinfo", "uuid"}
FORBIDDEN_CALLS = {"id", "eval", "exec", "open", "set", "input", "print"}
FORBIDDEN_MEMBERS = {"now", "utcnow", "today", "uuid4", "time"}


@pytest.mark.parametrize("name", INSIDE)
def test_what_runs_inside_a_workflow_is_deterministic(name: str) -> None:
    source = Path(gantral.runtime.__file__).with_name(f"{name}.py").read_text()
    assert offences(source) == []


def offences(source: str) -> list[str]:
    found = []
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            found += [a.name for a in node.names if a.name.split(".")[0] in FORBIDDEN_MODULES]
        elif isinstance(node, ast.ImportFrom):
            if (node.module or "").split(".")[0] in FORBIDDEN_MODULES:
                found.append(str(node.module))
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            base = node.func.value
            if node.func.attr in FORBIDDEN_MEMBERS and not (
                isinstance(base, ast.Name) and base.id == "workflow"
            ):
                found.append(node.func.attr)
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
            found += [node.func.id] if node.func.id in FORBIDDEN_CALLS else []
        elif isinstance(node, ast.ExceptHandler) and ast.unparse(node.type or node) in (
            "BaseException",
            ast.unparse(node),
        ):
            found.append("except BaseException")
        elif isinstance(node, ast.Try) and node.finalbody:
            found.append("finally")
    return found


@pytest.mark.parametrize(
    "source",
    [
        "import random",
        "from time import time",
        "datetime.now()",
        "uuid.uuid4()",
        "try:\n    pass\nfinally:\n    pass",
        "try:\n    pass\nexcept BaseException:\n    pass",
    ],
)
def test_the_check_sees_it(source: str) -> None:
    assert offences(source) != []


def test_code_for_another_runtime_is_refused_on_import() -> None:
    with pytest.raises(ImportError, match="gantral compile"):
        gantral.runtime.governed(workflow="x", program="0" * 64, codegen=programs.CODEGEN + 1)


def test_a_package_that_is_not_there() -> None:
    with pytest.raises(programs.ProgramError, match="gantral compile"):
        programs.load("no_such_package_here")


def test_code_and_manifest_of_two_compilations(tmp_path: Path) -> None:
    import wf_programs

    wf_programs.write(tmp_path, suffix="_torn")
    manifest = tmp_path / "desk_hand_torn" / "manifest.json"
    manifest.write_bytes(manifest.read_bytes().replace(b"1.4.0", b"1.4.1"))
    with pytest.raises(programs.ProgramError, match="not of one compilation"):
        programs.load("desk_hand_torn")


def test_a_program_that_is_not_loaded() -> None:
    with pytest.raises(programs.ProgramError, match="not loaded"):
        programs.get("f" * 64)
