"""A project of a test's own: a spec, its scenarios, and `gantral test` over them."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest
from gantral.cli.main import main

sys.path.insert(0, str(Path(__file__).parent))

EXAMPLE = Path(__file__).resolve().parents[2] / "examples" / "refund"

Told = Callable[[str, str, Mapping[str, str]], str]


@pytest.fixture
def told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> Told:
    """Compiles a spec and holds every story against a real run of it, evidence included; returns
    what `gantral test` says."""

    def tell(name: str, spec: str, stories: Mapping[str, str]) -> str:
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
        assert main(["compile"]) == 0, capfd.readouterr().err
        code = main(["test"])
        said = capfd.readouterr()
        assert code == 0, said.out + said.err
        passed = rf"^{len(stories)} scenarios?: {len(stories)} ok, 0 failed"
        assert re.search(passed, said.out, re.M)
        return said.out

    return tell
