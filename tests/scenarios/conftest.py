"""A project of one spec with its stories, in a folder of its own, compiled."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

import pytest
from gantral.cli.main import main

EXAMPLE = Path(__file__).resolve().parents[2] / "examples" / "refund"


@pytest.fixture
def project(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Callable[[str, str, Mapping[str, str]], None]:
    def made(name: str, spec: str, stories: Mapping[str, str]) -> None:
        (tmp_path / f"{name}.gantral").write_text(spec, "utf-8")
        (tmp_path / "pyproject.toml").write_text(
            f'[project]\nname = "{name}-app"\nversion = "1.0.0"\n[tool.gantral]\n'
            f'specs = ["{name}.gantral"]\ngenerate.to = "src/{name}_app/gen"\n'
            f'generate.package = "{name}_app.gen"\n',
            "utf-8",
        )
        settings = (EXAMPLE / "gantral.toml").read_text("utf-8")
        settings = settings.replace("refund_app.gen.refund", f"{name}_app.gen.{name}")
        (tmp_path / "gantral.toml").write_text(settings, "utf-8")
        (tmp_path / "personas.toml").write_text((EXAMPLE / "personas.toml").read_text("utf-8"))
        (tmp_path / "scenarios").mkdir()
        for story, text in stories.items():
            (tmp_path / "scenarios" / f"{story}.yaml").write_text(text, "utf-8")
        package = tmp_path / "src" / f"{name}_app"
        package.mkdir(parents=True)
        (package / "__init__.py").write_text("")
        monkeypatch.chdir(tmp_path)
        assert main(["compile"]) == 0

    return made
