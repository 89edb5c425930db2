"""An example in YAML is the example that it is in text."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from gantral.cli.main import main
from gantral.compiler import Project, analyse
from gantral.compiler.digest import program_digest
from gantral.compiler.generate import generate
from gantral.dsl.format import bare
from gantral.dsl.front import read

ROOT = Path(__file__).parents[2]
EXAMPLES = ROOT / "examples"
TEXT, YAML = EXAMPLES / "refund", EXAMPLES / "refund_yaml"
IN_YAML = sorted(path for path in EXAMPLES.glob("*_yaml"))


def texts(folder: Path) -> dict[str, str]:
    found = [*folder.glob("*.gantral*"), *folder.glob("shared/*.gantral*")]
    return {path.relative_to(folder).as_posix(): path.read_text("utf-8") for path in found}


@pytest.mark.parametrize("in_yaml", IN_YAML, ids=lambda path: path.name)
def test_it_has_the_digest_and_the_committed_code(in_yaml: Path) -> None:
    in_text = in_yaml.with_name(in_yaml.name.removesuffix("_yaml"))
    (yaml,) = (path.name for path in in_yaml.glob("*.gantral.yaml"))
    text = yaml.removesuffix(".yaml")
    (before,) = analyse(Project(texts(in_text).get), text).programs
    (after,) = analyse(Project(texts(in_yaml).get), yaml).programs
    assert program_digest(before) == program_digest(after)
    made = dict(generate(after, texts(in_yaml)).files)
    lines = made.pop("source_map.json").decode()
    assert yaml in lines
    (package,) = in_text.glob(f"src/*/gen/{text.removesuffix('.gantral')}")
    for name, data in made.items():
        assert (package / name).read_bytes() == data, name


@pytest.mark.parametrize("in_yaml", IN_YAML, ids=lambda path: path.name)
def test_it_is_proved_where_it_lies(in_yaml: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(in_yaml)
    assert main(["check", *(path.name for path in in_yaml.glob("*.gantral.yaml"))]) == 0
    in_text = in_yaml.with_name(in_yaml.name.removesuffix("_yaml"))
    for policy in (in_text / "policies").iterdir():
        assert (in_yaml / "policies" / policy.name).read_bytes() == policy.read_bytes()


@pytest.mark.parametrize("importer", ["refund.gantral", "refund.gantral.yaml"])
def test_each_form_imports_the_other(importer: str) -> None:
    files = texts(TEXT) | texts(YAML)
    other = {"refund.gantral": "people.gantral.yaml", "refund.gantral.yaml": "people.gantral"}
    own = {"refund.gantral": "people.gantral", "refund.gantral.yaml": "people.gantral.yaml"}
    mixed = files[importer].replace(f'/{own[importer]}"', f'/{other[importer]}"')
    assert mixed != files[importer]
    found = analyse(Project({**files, importer: mixed}.get), importer)
    (plain,) = analyse(Project(files.get), importer).programs
    assert [program_digest(one) for one in found.programs] == [program_digest(plain)]


def test_the_page_shows_the_example_of_the_reference() -> None:
    page = (ROOT / "docs" / "yaml.md").read_text("utf-8")
    block = page.partition("```yaml\n")[2].partition("```")[0]
    result = read("a.gantral.yaml", block)
    assert result.file is not None, result.diagnostics
    text = page.partition("```gantral\n")[2].partition("```")[0]
    other = read("a.gantral", text)
    assert other.file is not None, other.diagnostics
    assert bare(result.file) == bare(other.file)


def test_a_text_needs_no_reader_of_yaml() -> None:
    code = (
        "import sys; from gantral.dsl.front import read; read('x.gantral', 'role r');"
        "print(any(name.startswith('ruamel') for name in sys.modules));"
        "read('x.gantral.yaml', 'roles: [r]');"
        "print(any(name.startswith('ruamel') for name in sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["False", "True"]
