"""The evidence handed to a stranger: exported, a copy tampered with, each judged offline."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from gantral.cli.failure import Failure


@dataclass(frozen=True)
class Verdict:
    """What `gantral verify` printed: the word, and its findings."""

    word: str
    findings: tuple[str, ...]


def verify(folder: Path, trust: Path) -> Verdict:
    """Run `gantral verify` as a process of its own, as a stranger would."""
    command: list[str | Path] = [sys.executable, "-m", "gantral.cli", "verify"]
    command += [folder, "--trust", trust]
    done = subprocess.run(
        command, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False
    )
    word = done.stdout.strip()
    if {"VALID": 0, "INVALID": 1, "INCONCLUSIVE": 2}.get(word) != done.returncode:
        raise Failure(f"gantral verify failed:\n{done.stderr.strip()}")
    return Verdict(word, tuple(_findings(done.stderr)))


def tamper(folder: Path, copy: Path, old: str, new: str) -> Path:
    """A copy of an instance's evidence in which one approved value is another; the altered file.

    Raises:
        Failure: the value is not there.
    """
    shutil.copytree(folder, copy)
    for file in sorted((copy / "texts").iterdir()):
        text = json.loads(file.read_bytes())
        if text[2] == "/refund/amount" and text[3] == old:
            file.write_bytes(file.read_bytes().replace(old.encode(), new.encode()))
            return file
    raise Failure(f"no text in {folder} says {old}")


def _findings(said: str) -> Sequence[str]:
    return [line for line in said.splitlines() if line.startswith(("INVALID", "INCONCLUSIVE"))]
