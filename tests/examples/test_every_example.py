"""What every example has: people for each role, and services that its packages accept."""

from __future__ import annotations

import importlib
import tomllib
from pathlib import Path

import pytest
from gantral.cli.tools.personas import load_personas
from gantral.runtime import Service, programs
from gantral.runtime.settings import load

ROOT = Path(__file__).parents[2]
EXAMPLES = sorted(path.parent for path in (ROOT / "examples").glob("*/pyproject.toml"))


@pytest.fixture(params=EXAMPLES, ids=lambda path: path.name)
def example(request: pytest.FixtureRequest) -> Path:
    found: Path = request.param
    return found


def test_every_role_and_assurance_of_the_settings_has_a_persona(example: Path) -> None:
    identity = load(example / "gantral.toml").need_identity()
    personas = load_personas(example / "personas.toml")
    for role in identity.roles.values():
        groups = [persona.claims[role.claim] for persona in personas]
        assert any(isinstance(held, list) and role.value in held for held in groups)
    for assurance in identity.assurance.values():
        assert {p.claims[assurance.claim] in assurance.values for p in personas} == {True, False}


def test_its_services_are_those_that_the_spec_names(
    example: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    settings = tomllib.loads((example / "gantral.toml").read_text("utf-8"))
    (source,) = settings["worker"]["services"]
    module, _, name = source.partition(":")
    made: list[Service] = getattr(importlib.import_module(module), name)()
    wanted = {
        service
        for package in settings["deployment"]["packages"]
        for service in programs.load(package).manifest["operations"]
    }
    assert {one.name_ for one in made} == {key.partition(".")[0] for key in wanted}
