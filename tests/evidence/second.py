"""The second verifier (verify-go/): built here, and asked."""

from __future__ import annotations

import json
import os
import subprocess
import tempfile
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Any

from gantral.cli.tools.go import go

SOURCES = Path(__file__).parents[2] / "verify-go"
# Gone when the process ends.
KEPT = tempfile.TemporaryDirectory(prefix="gantral-second-")


def go_environment() -> dict[str, str]:
    """No module is fetched and no other toolchain: what is built is what lies there."""
    return {**os.environ, "CGO_ENABLED": "0", "GOPROXY": "off", "GOTOOLCHAIN": "local"}


@cache
def binary() -> Path:
    """``gantral-verify``, built once a process."""
    made = Path(KEPT.name) / "gantral-verify"
    command = [str(go()), "build", "-trimpath", "-o", str(made), "."]
    subprocess.run(command, cwd=SOURCES, env=go_environment(), check=True)
    return made


def run(words: Sequence[str], data: bytes | None = None) -> subprocess.CompletedProcess[bytes]:
    """The second verifier's command, with what stands on its standard input."""
    # No environment: it reads none.
    return subprocess.run(
        [str(binary()), *words], input=data, capture_output=True, env={}, check=False
    )


def ask(
    trust: Path, paths: Sequence[Path | str], *more: str, data: bytes | None = None
) -> dict[str, Any]:
    """What the second verifier says of folders, bundles or disclosures, judged together."""
    done = run([*map(str, paths), "--trust", str(trust), "--format", "json", *more], data)
    assert done.returncode in (0, 1, 2), done.stderr.decode()
    told: dict[str, Any] = json.loads(done.stdout)
    assert done.returncode == {"VALID": 0, "INVALID": 1, "INCONCLUSIVE": 2}[told["verdict"]]
    return told


def codes_of(told: dict[str, Any]) -> list[str]:
    """The codes of all findings: those of instances, then those of files themselves."""
    findings = [one for instance in told["instances"] for one in instance["findings"]]
    return [one["code"] for one in [*findings, *told["findings"]]]
