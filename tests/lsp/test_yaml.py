"""`gantral lsp` on a spec in YAML."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from gantral.dsl.convert import other_form
from gantral.dsl.front import read
from talking import Editor

EXAMPLE = Path(__file__).parents[2] / "examples" / "refund"
SPEC = "refund.gantral.yaml"


@pytest.fixture
def editor(tmp_path: Path) -> Iterator[Editor]:
    shutil.copytree(EXAMPLE, tmp_path / "refund")
    with Editor(tmp_path / "refund") as made:
        yield made


def test_findings_definitions_and_fixes(editor: Editor, spec: str, people: str) -> None:
    yaml = other_form("refund.gantral", spec, read("refund.gantral", spec))
    lines = yaml.split("\n")

    def place(part: str, at: str) -> tuple[int, int]:
        line = next(number for number, text in enumerate(lines) if part in text)
        return line, lines[line].index(at) + 1

    editor.open(SPEC, yaml)
    assert editor.findings(SPEC) == []
    found = editor.at("definition", SPEC, *place("start by", "support_agent"))
    assert found["uri"] == editor.uri("shared/people.gantral")
    assert people.split("\n")[found["range"]["start"]["line"]] == "role support_agent"
    found = editor.at("definition", SPEC, *place("under: approved", "approved"))
    assert lines[found["range"]["start"]["line"]] == "  - let: approved"
    said = editor.at("hover", SPEC, *place("ask: finance", "finance"))
    assert said["contents"]["value"].startswith("```gantral\ngate finance(order: Order,")
    assert editor.at("completion", SPEC, *place("ask: finance", "finance")) == []
    asked = {
        "textDocument": {"uri": editor.uri(SPEC)},
        "options": {"tabSize": 2, "insertSpaces": True},
    }
    assert editor.ask("textDocument/formatting", asked) == []

    editor.change(SPEC, yaml.replace("approved.order.id", "approved.order.idd"))
    (wrong,) = editor.findings(SPEC)
    (fix,) = editor.ask(
        "textDocument/codeAction",
        {
            "textDocument": {"uri": editor.uri(SPEC)},
            "range": wrong["range"],
            "context": {"diagnostics": [wrong]},
        },
    )
    ((_, (edit,)),) = fix["edit"]["changes"].items()
    assert edit["newText"] == "id"

    # What would put text form into YAML is said, and not offered.
    editor.change(SPEC, yaml.replace("    under: approved\n", ""))
    (wrong,) = editor.findings(SPEC)
    assert wrong["code"] == "G0301"
    context = {"diagnostics": [wrong]}
    where = {"textDocument": {"uri": editor.uri(SPEC)}, "range": wrong["range"]}
    assert editor.ask("textDocument/codeAction", {**where, "context": context}) == []
    editor.change(SPEC, yaml.replace("releases:", "releses:"))
    (wrong,) = editor.findings(SPEC)
    assert (wrong["code"], wrong["range"]["start"]["character"]) == ("G0125", 4)
