"""A project of a test's own, whose scenarios `gantral test` plays."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

import pytest
from gantral.cli.main import main

EXAMPLE = Path(__file__).resolve().parents[2] / "examples" / "refund"


def play(
    folder: Path,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
    name: str,
    spec: str,
    stories: Mapping[str, str],
    files: Mapping[str, str] | None = None,
) -> None:
    """Compile the workflow ``name`` and demand that every story happens as it is told."""
    package = f"{name}_app"
    (folder / f"{name}.gantral").write_text(spec, "utf-8")
    (folder / "pyproject.toml").write_text(
        f'[project]\nname = "{name}-app"\nversion = "1.0.0"\n[tool.gantral]\n'
        f'specs = ["{name}.gantral"]\ngenerate.to = "src/{package}/gen"\n'
        f'generate.package = "{package}.gen"\n',
        "utf-8",
    )
    settings = (EXAMPLE / "gantral.toml").read_text("utf-8")
    settings = settings.replace("refund_app.gen.refund", f"{package}.gen.{name}")
    (folder / "gantral.toml").write_text(settings, "utf-8")
    (folder / "personas.toml").write_text((EXAMPLE / "personas.toml").read_text("utf-8"))
    for path, text in (files or {}).items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(text, "utf-8")
    (folder / "scenarios").mkdir()
    for story, text in stories.items():
        (folder / "scenarios" / f"{story}.yaml").write_text(text, "utf-8")
    (folder / "src" / package).mkdir(parents=True)
    (folder / "src" / package / "__init__.py").write_text("")
    monkeypatch.chdir(folder)
    assert main(["compile"]) == 0
    code = main(["test"])
    said = capfd.readouterr()
    assert code == 0, said.out + said.err
    assert re.search(rf"^{len(stories)} scenarios: {len(stories)} ok, 0 failed", said.out, re.M)
