"""A project of a test's own, whose scenarios `gantral test` plays."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from pathlib import Path

import pytest
from gantral.cli.main import main
from hypothesis import settings

EXAMPLE = Path(__file__).resolve().parents[2] / "examples" / "refund"


def write(
    folder: Path,
    name: str,
    spec: str,
    stories: Mapping[str, str],
    files: Mapping[str, str] | None = None,
) -> None:
    """A project with the workflow ``name`` and these stories."""
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


def thorough() -> bool:
    """Whether this is `make soak`, which plays every story on a server too."""
    return settings.get_current_profile_name() == "soak"


def play(
    folder: Path,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
    name: str,
    spec: str,
    stories: Mapping[str, str],
    files: Mapping[str, str] | None = None,
    on_server: Collection[str] = (),
) -> str:
    """Compile the workflow ``name`` and demand that every story happens as it is told: all in the
    simulation, and those of ``on_server`` on a server too. What `gantral test` says of the first.
    """
    write(folder, name, spec, stories, files)
    monkeypatch.chdir(folder)
    assert main(["compile"]) == 0, capfd.readouterr().err
    said = _passed([], len(stories), capfd)
    chosen = list(stories if thorough() else on_server)
    if chosen:
        paths = [f"scenarios/{story}.yaml" for story in chosen]
        _passed(["--server", *paths], len(paths), capfd)
    return said


def _passed(arguments: list[str], count: int, capfd: pytest.CaptureFixture[str]) -> str:
    code = main(["test", *arguments])
    said = capfd.readouterr()
    assert code == 0, said.out + said.err
    assert re.search(rf"^{count} scenarios?: {count} ok, 0 failed", said.out, re.M)
    return said.out
