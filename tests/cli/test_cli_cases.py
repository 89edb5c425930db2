"""Command lines of `cases/*.md`, each in a folder of its own. README.md says the form."""

from __future__ import annotations

import io
import re
import shlex
import shutil
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from gantral.cli.main import main

ROOT = Path(__file__).parents[2]
_FENCE = re.compile(r"^(`{3,})(\w+)[ ]?([^\n]*)\n(.*?)^\1$", re.MULTILINE | re.DOTALL)
_HEADING = re.compile(r"^## (.+)$", re.MULTILINE)


@dataclass
class Case:
    name: str
    files: list[tuple[str, str, str]] = field(default_factory=list)
    stdin: str = ""
    run: list[str] = field(default_factory=list)
    expected: dict[str, str] = field(default_factory=dict)


def cases() -> Iterator[Case]:
    for file in sorted((Path(__file__).parent / "cases").glob("*.md")):
        _, *parts = _HEADING.split(file.read_text("utf-8"))
        for title, body in zip(parts[::2], parts[1::2], strict=True):
            case = Case(f"{file.stem}: {title}")
            for _, kind, info, text in _FENCE.findall(body):
                if kind == "file":
                    path, _, source = info.partition(" from ")
                    case.files.append((path, source, text))
                elif kind == "run":
                    case.run = text.splitlines()
                elif kind == "stdin":
                    case.stdin = text
                else:
                    assert kind in ("stdout", "stderr", "exit", "tree"), kind
                    case.expected[kind] = text
            yield case


def matches(expected: str, told: str) -> bool:
    pieces = [
        r"(?:[^\n]*\n)*?" if line == "…" else ".*?".join(map(re.escape, line.split("…"))) + r"\n"
        for line in expected.splitlines()
    ]
    return re.fullmatch("".join(pieces), told) is not None


@pytest.mark.parametrize("case", list(cases()), ids=lambda case: case.name)
def test_a_case(
    case: Case,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    for path, source, text in case.files:
        target = tmp_path / path
        target.parent.mkdir(parents=True, exist_ok=True)
        if source:
            shutil.copyfile(ROOT / source, target)
        else:
            target.write_text(text, "utf-8", newline="\n")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(case.stdin.encode())))
    assert case.run, "a case runs something"
    for number, line in enumerate(case.run, 1):
        program, *arguments = shlex.split(line)
        assert program == "gantral"
        capsys.readouterr()
        status = main(arguments)
        if number < len(case.run):
            assert status == 0, capsys.readouterr()
    out, err = capsys.readouterr()
    assert "Traceback" not in out + err
    for kind, told in (("stdout", out), ("stderr", err), ("exit", f"{status}\n")):
        expected = case.expected.get(kind, "0\n" if kind == "exit" else None)
        if expected is not None:
            assert matches(expected, told), f"{kind} is:\n{told}"
    if "tree" in case.expected:
        found = sorted(one.relative_to(tmp_path).as_posix() for one in tmp_path.rglob("*"))
        files = [one for one in found if (tmp_path / one).is_file()]
        assert case.expected["tree"].splitlines() == files
