"""The VS Code extension: what it declares is there, and what it uses is declared."""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from gantral.cli.main import COMMANDS

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "editors" / "vscode"
PACKAGE: dict[str, Any] = json.loads((FOLDER / "package.json").read_text(encoding="utf-8"))
CODE = (FOLDER / "extension.js").read_text(encoding="utf-8")
SETTINGS = PACKAGE["contributes"]["configuration"]["properties"]


def paths(value: Any) -> Iterator[str]:
    if isinstance(value, str) and value.startswith("./"):
        yield value
    elif isinstance(value, (list, dict)):
        for one in value.values() if isinstance(value, dict) else value:
            yield from paths(one)


@pytest.mark.parametrize("name", ["language-configuration.json", "package.json"])
def test_every_json_is_json(name: str) -> None:
    assert isinstance(json.loads((FOLDER / name).read_text(encoding="utf-8")), dict)


def test_every_file_it_names_is_there() -> None:
    named = list(paths(PACKAGE))
    assert len(named) == 3
    assert [one for one in named if not (FOLDER / one).is_file()] == []


def test_it_has_the_version_and_licence_of_gantral() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert (PACKAGE["version"], PACKAGE["license"]) == (project["version"], project["license"])


def test_its_language_is_one() -> None:
    (language,), (grammar,) = (
        PACKAGE["contributes"]["languages"],
        PACKAGE["contributes"]["grammars"],
    )
    made = json.loads((FOLDER / grammar["path"]).read_text(encoding="utf-8"))
    assert grammar["language"] == language["id"] == "gantral"
    assert grammar["scopeName"] == made["scopeName"]
    assert [one.removeprefix(".") for one in language["extensions"]] == made["fileTypes"]
    assert '{ language: "gantral" }' in CODE


def test_what_it_requires_is_declared() -> None:
    required = {one.split("/")[0] for one in re.findall(r'require\("([^"]+)"\)', CODE)}
    # The editor gives `vscode`, its Node the path module.
    assert required == {"vscode", "path", *PACKAGE["dependencies"]}


def test_its_settings_are_declared_and_read() -> None:
    read = re.findall(r'getConfiguration\("(\w+)"\)\.get\("(\w+)"\)', CODE)
    assert {".".join(one) for one in read} == set(SETTINGS)
    assert SETTINGS["gantral.command"]["default"] == ["gantral"]


def test_a_folder_that_is_not_trusted_says_nothing_of_what_is_started() -> None:
    untrusted = PACKAGE["capabilities"]["untrustedWorkspaces"]
    assert untrusted["supported"] == "limited"
    assert untrusted["restrictedConfigurations"] == ["gantral.command"]


def test_it_starts_a_command_that_there_is() -> None:
    assert 'args: [...before, "lsp"]' in CODE
    assert "lsp" in COMMANDS
    extras = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert "gantral[lsp]" in CODE
    assert "lsp" in extras["optional-dependencies"]
