"""`gantral lsp` as an editor meets it: a process, pipes, JSON-RPC."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from gantral.cli.lsp.convert import Places, diagnostic
from gantral.cli.lsp.documents import Spec
from gantral.dsl.diagnostics import Diagnostic
from gantral.dsl.span import Span
from lsprotocol import types as lsp
from talking import Editor

EXAMPLE = Path(__file__).parents[2] / "examples" / "refund"
SPEC = "refund.gantral"
PEOPLE = "shared/people.gantral"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A copy of the example."""
    made = tmp_path / "a b"
    shutil.copytree(EXAMPLE, made)
    return made


@pytest.fixture(scope="module")
def started(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Editor]:
    """One server for many tests, as an editor has one for many files."""
    with Editor(tmp_path_factory.mktemp("workspace")) as made:
        yield made


@pytest.fixture
def editor(started: Editor, folder: Path) -> Iterator[Editor]:
    """The server with nothing open, and texts of this test's own folder."""
    started.folder = folder
    yield started
    started.close_all()


def spot(text: str, at: str) -> tuple[int, int]:
    """The position of the mark `¦` in a piece of the text, in UTF-16."""
    assert text.count(at.replace("¦", "")) == 1, at
    offset = text.index(at.replace("¦", "")) + at.index("¦")
    before = text[:offset].split("\n")
    return len(before) - 1, len(before[-1].encode("utf-16-le")) // 2


def cut(text: str, place: dict[str, Any]) -> str:
    """The text of a range in one line."""
    start, end = place["start"], place["end"]
    assert start["line"] == end["line"]
    line = text.split("\n")[start["line"]].encode("utf-16-le")
    return line[2 * start["character"] : 2 * end["character"]].decode("utf-16-le")


def test_a_broken_spec_is_told_and_a_mended_one_is_clear(editor: Editor, spec: str) -> None:
    assert editor.initialized["capabilities"]["positionEncoding"] == "utf-16"
    assert editor.initialized["serverInfo"]["name"] == "gantral"
    broken = spec.replace(" under approved", "")
    editor.open(SPEC, broken)
    (found,) = editor.findings(SPEC)
    assert (found["code"], found["severity"], found["source"]) == ("G0301", 1, "gantral")
    assert found["codeDescription"]["href"].endswith("/docs/codes/G0301.md")
    assert found["message"].startswith("this effect has no approval to act under")
    assert "\nhelp: add `under approved`" in found["message"]
    assert cut(broken, found["range"]) == "payments.refund"
    path = [one["message"] for one in found["relatedInformation"]]
    assert path[0] == "path 1: the run starts"
    assert path[-1] == "path 5: `finance` is asked and says yes"
    last = found["relatedInformation"][-1]["location"]
    assert last["uri"] == editor.uri(SPEC)
    assert cut(broken, last["range"]) == "finance"
    editor.change(SPEC, spec)
    assert editor.findings(SPEC) == []


def test_it_ends_when_it_is_asked_to(folder: Path, spec: str) -> None:
    with Editor(folder) as editor:
        editor.open(SPEC, spec)
        assert editor.end() == 0


def test_exit_without_shutdown_is_no_clean_end(folder: Path) -> None:
    with Editor(folder) as editor:
        editor.tell("exit", {})
        assert editor.wait() == 1


def test_half_typed_text_gets_answers(editor: Editor, spec: str) -> None:
    half = spec.replace("    let done", "    let half = payments.\n    let done")
    editor.open(SPEC, half)
    assert [one["code"] for one in editor.findings(SPEC)] == ["G0101"]
    line, character = spot(half, "let half = payments.¦")
    offered = editor.at("completion", SPEC, line, character)
    assert [one["label"] for one in offered] == ["refund", "reverse"]
    assert offered[0]["detail"] == (
        "effect refund(order: string, amount: Money) -> { receipt_id: string }"
    )
    # What no file may hold: nothing of it can be read, and nothing breaks.
    editor.change(SPEC, half + '\0 \u202e }}}} gate "')
    assert {one["code"][:3] for one in editor.findings(SPEC)} == {"G00"}
    assert editor.at("hover", SPEC, 0, 0) is None
    assert editor.at("definition", SPEC, 0, 0) is None
    assert editor.at("completion", SPEC, 0, 0) == []
    editor.change(SPEC, spec)
    assert editor.findings(SPEC) == []


def test_questions_about_names(editor: Editor, spec: str, people: str) -> None:
    editor.open(SPEC, spec)
    found = editor.at("definition", SPEC, *spot(spec, "under appro¦ved"))
    assert found["uri"] == editor.uri(SPEC)
    assert cut(spec, found["range"]) == "approved"
    found = editor.at("definition", SPEC, *spot(spec, "start by people.sup¦port_agent"))
    assert found["uri"] == editor.uri(PEOPLE)
    assert cut(people, found["range"]) == "support_agent"
    found = editor.at("hover", SPEC, *spot(spec, "ask fin¦ance"))
    assert found["contents"]["kind"] == "markdown"
    assert found["contents"]["value"].startswith("```gantral\ngate finance(order: Order,")
    assert cut(spec, found["range"]) == "finance"
    symbols = editor.ask("textDocument/documentSymbol", {"textDocument": {"uri": editor.uri(SPEC)}})
    assert [one["name"] for one in symbols] == ["refund"]
    assert "finance" in [one["name"] for one in symbols[0]["children"]]


def test_characters_are_counted_in_utf_16(editor: Editor, spec: str) -> None:
    text = spec.replace(
        'else "the refund exceeds the order"', 'else "🙂𝒳 {order.id} 🙂 {order.idd}"'
    )
    editor.open(SPEC, text)
    (found,) = editor.findings(SPEC)
    assert found["code"] == "G0204"
    assert cut(text, found["range"]) == "idd"
    hovered = editor.at("hover", SPEC, *spot(text, "🙂 {or¦der.idd}"))
    assert cut(text, hovered["range"]) == "order"


def test_units_are_those_that_the_editor_asked_for_first(folder: Path, spec: str) -> None:
    with Editor(folder, ["utf-32", "utf-16"]) as editor:
        assert editor.initialized["capabilities"]["positionEncoding"] == "utf-32"
        text = spec.replace('else "the refund exceeds', 'else "🙂 {order.idd} exceeds')
        editor.open(SPEC, text)
        (found,) = editor.findings(SPEC)
        line = text.split("\n")[found["range"]["start"]["line"]]
        assert found["range"]["start"]["character"] == line.index("idd")


def test_imports_are_read_from_open_texts_first(editor: Editor, spec: str, people: str) -> None:
    editor.open(SPEC, spec)
    assert editor.findings(SPEC) == []
    editor.open(PEOPLE, people.replace("role finance_director\n", ""))
    assert editor.findings(PEOPLE) == []
    assert {one["code"] for one in editor.findings(SPEC)} == {"G0202"}
    # Closed, it is again what lies on the disk.
    editor.close(PEOPLE)
    assert editor.findings(SPEC) == []


def test_a_finding_is_told_in_the_file_where_it_lies(
    editor: Editor, folder: Path, spec: str, people: str
) -> None:
    (folder / PEOPLE).write_text(people + "role\n", encoding="utf-8")
    editor.open(SPEC, spec)
    assert [one["code"] for one in editor.findings(PEOPLE)] == ["G0101"]
    (folder / PEOPLE).write_text(people, encoding="utf-8")
    changed = {"changes": [{"uri": editor.uri(PEOPLE), "type": 2}]}
    editor.tell("workspace/didChangeWatchedFiles", changed)
    assert editor.findings(PEOPLE) == []


def test_nothing_outside_of_the_project_is_read(editor: Editor, folder: Path, spec: str) -> None:
    (folder.parent / "people.gantral").write_text("role support_agent\n", encoding="utf-8")
    (folder / "shared" / "away.gantral").symlink_to(folder.parent / "people.gantral")
    text = spec.replace("shared/people", "shared/away")
    # Open or not: a link may not leave the project either.
    editor.open("../people.gantral", "role support_agent\n")
    editor.open(SPEC, text)
    assert "G0213" in [one["code"] for one in editor.findings(SPEC)]


def test_a_quick_fix_is_the_edit_of_the_finding(editor: Editor, spec: str) -> None:
    text = spec.replace("approved.order.id", "approved.order.idd")
    editor.open(SPEC, text)
    (found,) = editor.findings(SPEC)
    (fix,) = editor.ask(
        "textDocument/codeAction",
        {
            "textDocument": {"uri": editor.uri(SPEC)},
            "range": found["range"],
            "context": {"diagnostics": [found]},
        },
    )
    assert (fix["kind"], fix["title"]) == ("quickfix", "did you mean `id`?")
    assert fix["diagnostics"][0]["code"] == found["code"]
    ((uri, (edit,)),) = fix["edit"]["changes"].items()
    assert uri == editor.uri(SPEC)
    assert (cut(text, edit["range"]), edit["newText"]) == ("idd", "id")


def test_a_text_is_laid_out_whole_and_one_that_does_not_parse_is_left(
    editor: Editor, spec: str
) -> None:
    def formatted(text: str) -> list[dict[str, Any]]:
        editor.change(SPEC, text)
        asked = {
            "textDocument": {"uri": editor.uri(SPEC)},
            "options": {"tabSize": 8, "insertSpaces": True},
        }
        edits: list[dict[str, Any]] = editor.ask("textDocument/formatting", asked)
        return edits

    editor.open(SPEC, spec)
    assert formatted(spec) == []
    loose = spec.replace("\n    ", "\n  \t  ").replace("{ ", "{")
    (edit,) = formatted(loose)
    assert edit["newText"] == spec
    assert edit["range"]["start"] == {"line": 0, "character": 0}
    assert edit["range"]["end"] == {"line": loose.count("\n"), "character": 0}
    assert formatted(loose.replace("run {", "run")) == []


def test_links_in_a_circle_and_odd_names_are_no_files(
    editor: Editor, folder: Path, spec: str
) -> None:
    (folder / "a.gantral").symlink_to(folder / "b.gantral")
    (folder / "b.gantral").symlink_to(folder / "a.gantral")
    for name in ("a.gantral", "n" * 5000, "shared", "."):
        editor.open(SPEC, spec.replace("shared/people.gantral", name))
        assert "G0213" in [one["code"] for one in editor.findings(SPEC)]
        assert editor.at("hover", SPEC, 0, 10) is None


def fixes(editor: Editor, where: dict[str, object]) -> list[str]:
    """The titles of what is offered for a range of the spec."""
    asked = {"textDocument": {"uri": editor.uri(SPEC)}, "context": {"diagnostics": []}}
    answer = editor.ask("textDocument/codeAction", {**asked, "range": where})
    return [one["title"] for one in answer]


def test_a_fix_is_offered_at_its_finding_alone(
    editor: Editor, folder: Path, spec: str, people: str
) -> None:
    editor.open(SPEC, spec.replace("approved.order.id", "approved.order.idd"))
    (found,) = editor.findings(SPEC)
    start, end = found["range"]["start"], found["range"]["end"]
    assert fixes(editor, {"start": end, "end": end}) == ["did you mean `id`?"]
    above, below = {"line": start["line"] - 1, "character": 0}, {"line": 99, "character": 0}
    assert fixes(editor, {"start": above, "end": above}) == []
    assert fixes(editor, {"start": below, "end": below}) == []
    # What is wrong in another file is mended there.
    (folder / PEOPLE).write_text(f"rol clerk\n{people}", encoding="utf-8")
    editor.change(SPEC, spec)
    assert [one["code"] for one in editor.findings(PEOPLE)] == ["G0101"]
    assert fixes(editor, {"start": {"line": 0, "character": 0}, "end": below}) == []


def test_what_two_texts_find_in_one_file_is_told_once(
    editor: Editor, folder: Path, spec: str, people: str
) -> None:
    (folder / PEOPLE).write_text(people + "role\n", encoding="utf-8")
    editor.open(SPEC, spec)
    editor.open("other.gantral", spec)
    assert editor.findings("other.gantral") == []
    assert len(editor.findings(PEOPLE)) == 1


def test_a_text_without_a_file_is_checked_alone(editor: Editor) -> None:
    document = {"uri": "untitled:Untitled-1", "languageId": "gantral", "version": 1}
    editor.tell("textDocument/didOpen", {"textDocument": {**document, "text": "role a\nrole a\n"}})
    found = editor.ask("textDocument/documentSymbol", {"textDocument": {"uri": document["uri"]}})
    assert [one["name"] for one in found] == ["a", "a"]


def test_wrong_settings_are_said_once_and_the_spec_is_checked(
    editor: Editor, folder: Path, spec: str
) -> None:
    (folder / "pyproject.toml").write_text("[tool.gantral]\nspecz = 1\n", encoding="utf-8")
    editor.open(SPEC, spec)
    assert editor.findings(SPEC) == []
    editor.change(SPEC, spec + "role\n")
    assert [one["code"] for one in editor.findings(SPEC)] == ["G0101"]
    said = [one["params"] for one in editor.notes if one["method"] == "window/showMessage"]
    assert len([one for one in said if str(folder) in one["message"]]) == 1
    assert "specz: there is no such setting" in said[0]["message"]


def test_the_end_of_input_is_the_end(folder: Path, spec: str) -> None:
    with Editor(folder) as editor:
        editor.open(SPEC, spec)
        assert editor.hang_up() == 1


def test_what_is_no_text_is_no_crash(editor: Editor) -> None:
    # JSON can carry half of a pair, which no file can.
    editor.open(SPEC, "# \ud800\nrole a\nrole")
    assert [one["code"] for one in editor.findings(SPEC)] == ["G0003"]
    assert editor.at("hover", SPEC, 1, 6) is None


def test_without_the_extra_it_says_what_to_install() -> None:
    said = subprocess.run(
        [
            sys.executable,
            "-c",
            "import sys; sys.modules['pygls'] = sys.modules['lsprotocol'] = None\n"
            "from gantral.cli.main import main; main()",
            "lsp",
        ],
        capture_output=True,
        text=True,
        stdin=subprocess.DEVNULL,
        check=False,
    )
    assert said.returncode == 1
    assert said.stdout == ""
    assert said.stderr == (
        "error: the language server needs lsprotocol, which is not installed\n"
        "  help: pip install 'gantral[lsp]'\n"
    )


def test_stdout_is_the_protocols_alone(folder: Path, spec: str) -> None:
    noisy = (
        "import gantral.cli.lsp.server as server\n"
        "real = server.complete\n"
        "server.complete = lambda *given: (print('noise', flush=True), real(*given))[1]"
    )
    with Editor(folder, before=noisy) as editor:
        editor.open(SPEC, spec)
        assert editor.at("completion", SPEC, 0, 0)
        assert editor.end() == 0


def test_a_code_without_a_page_points_nowhere() -> None:
    span = Span(SPEC, 0, 1)
    where = Places(Spec("file:///x", SPEC, None), {SPEC: "role"}, "utf-16")
    told = diagnostic(Diagnostic("G9999", "warning", "m", span), where)
    assert told.code_description is None
    assert told.severity == lsp.DiagnosticSeverity.Warning
