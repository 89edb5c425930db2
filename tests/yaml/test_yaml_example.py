"""The refund example in YAML is the refund example."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from gantral.compiler import Project, analyse
from gantral.compiler.digest import program_digest
from gantral.compiler.generate import generate
from gantral.dsl.format import bare
from gantral.dsl.front import read

ROOT = Path(__file__).parents[2]
TEXT, YAML = ROOT / "examples" / "refund", ROOT / "examples" / "refund_yaml"


def texts(folder: Path) -> dict[str, str]:
    found = [*folder.glob("*.gantral*"), *folder.glob("shared/*.gantral*")]
    return {path.relative_to(folder).as_posix(): path.read_text("utf-8") for path in found}


def test_it_has_the_digest_and_the_committed_code() -> None:
    (before,) = analyse(Project(texts(TEXT).get), "refund.gantral").programs
    (after,) = analyse(Project(texts(YAML).get), "refund.gantral.yaml").programs
    assert program_digest(before) == program_digest(after)
    made = dict(generate(after, texts(YAML)).files)
    lines = made.pop("source_map.json").decode()
    assert "refund.gantral.yaml" in lines
    for name, data in made.items():
        committed = TEXT / "src" / "refund_app" / "gen" / "refund" / name
        assert committed.read_bytes() == data, name


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
