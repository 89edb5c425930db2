"""What the README shows is what the command prints."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")
SPEC = re.findall(r"^```gantral\n(.*?)^```$", README, re.MULTILINE | re.DOTALL)
SHOWN = re.findall(r"^\$ gantral check pay\.gantral\n(.*?)^```$", README, re.MULTILINE | re.DOTALL)


def _check(folder: Path, spec: str) -> str:
    (folder / "pay.gantral").write_text(spec, encoding="utf-8")
    said = subprocess.run(
        [sys.executable, "-m", "gantral.cli", "check", "pay.gantral"],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
    )
    return said.stdout + said.stderr


def test_the_spec_has_twelve_lines_and_is_proved(tmp_path: Path) -> None:
    (spec,) = SPEC
    assert len(spec.splitlines()) == 12
    assert _check(tmp_path, spec) == SHOWN[0]


def test_without_authority_it_gets_this_error(tmp_path: Path) -> None:
    (spec,) = SPEC
    assert _check(tmp_path, spec.replace(" under ok", "")) == SHOWN[1]


def test_what_it_links_to_is_there() -> None:
    for target in re.findall(r"\]\(([^)#]+)\)", README):
        assert (ROOT / target).exists(), target
