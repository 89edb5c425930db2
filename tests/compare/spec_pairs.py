"""Pairs of specs, as the cases write them, and their programs."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import Path

from gantral.compiler import Project, analyse
from gantral.compiler.compare import Comparison
from gantral.compiler.program import Program

HERE = Path(__file__).parent
BASE = (HERE / "base.gantral").read_text("utf-8")
_BLOCK = re.compile(r"^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


@dataclass
class Case:
    old: str = BASE
    new: str = BASE
    expected: dict[str, list[str]] = field(default_factory=dict)


def read(path: Path) -> Case:
    case = Case()
    for kind, text in _BLOCK.findall(path.read_text("utf-8")):
        if kind == "base":
            assert case.old.count(text) == 1, text
            replaced = text
        elif kind in ("old", "new"):
            # `new` alone changes the base; `old` before it says what the older version has there.
            given = getattr(case, kind)
            assert given.count(replaced) == 1, replaced
            setattr(case, kind, given.replace(replaced, text))
        else:
            case.expected[kind] = text.splitlines()
    return case


def program(text: str, version: str) -> Program:
    analysis = analyse(
        Project({"pay.gantral": text.replace("VERSION", version)}.get), "pay.gantral"
    )
    assert analysis.programs, [(one.code, one.message) for one in analysis.diagnostics]
    return analysis.programs[0]


def findings(comparison: Comparison) -> list[str]:
    return [f"{one.effect} {one.about}: {one.says}" for one in comparison.findings]
