"""What programs read of findings: each example of a code's page in JSON and SARIF, against the
schemas; and the files that `--output` writes."""

from __future__ import annotations

import json
import os
import re
import stat
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from gantral.cli.main import main

ROOT = Path(__file__).parents[2]
OURS = json.loads((ROOT / "docs" / "output.schema.json").read_text("utf-8"))
SARIF = json.loads((Path(__file__).parent / "sarif" / "sarif-schema-2.1.0.json").read_text("utf-8"))
_ERROR = re.compile(r"^```gantral error\n(.*?)^```$", re.MULTILINE | re.DOTALL)
EXAMPLES = {
    page.stem: found[0].encode()
    for page in sorted((ROOT / "docs" / "codes").glob("G*.md"))
    if (found := _ERROR.findall(text := page.read_text("utf-8")))
    # What is wrong there is another file (tests/cli/cases).
    and " beside\n" not in text
} | {
    # Bytes that no page can show as they are, and places at the very end.
    "G0002": b"role clerk # caf\xe9\n",
    "G0003": b"role clerk # \x07\n",
    "G0004": "role clerk # \u202e\n".encode(),
    "G0112": b"workflow w {\n",
    "last line without its end": b"workflow",
    "no line at all": b"role a {",
    "line ends of two signs": b"role a\r\nrole a\r\n",
    "wide signs": '# \U0001f600\nrole a  role a # "\u6f22"\n'.encode(),
}


def told(folder: Path, data: bytes, capsys: pytest.CaptureFixture[str]) -> tuple[str, Any, Any]:
    (folder / "a b.gantral").write_bytes(data)
    outputs = ["--output", "json=out.json", "--output", "sarif=out.sarif"]
    status = main(["check", "a b.gantral", *outputs])
    said = capsys.readouterr().out
    plain = json.loads((folder / "out.json").read_bytes())
    log = json.loads((folder / "out.sarif").read_bytes())
    assert status == any(one["severity"] == "error" for one in plain)
    return said, plain, log


def places(log: Any) -> Iterator[tuple[str, dict[str, int], str]]:
    """(what, region, message) of each place of the results."""
    for result in log["runs"][0]["results"]:
        for one in result["locations"]:
            yield "span", one["physicalLocation"]["region"], ""
        for one in result.get("relatedLocations", ()):
            yield "labels", one["physicalLocation"]["region"], one["message"]["text"]
        for flow in result.get("codeFlows", ()):
            for step in flow["threadFlows"][0]["locations"]:
                at = step["location"]
                yield "path", at["physicalLocation"]["region"], at["message"]["text"]
        for fix in result.get("fixes", ()):
            for one in fix["artifactChanges"][0]["replacements"]:
                yield "edits", one["deletedRegion"], one["insertedContent"]["text"]


def offset(data: bytes, line: int, column: int) -> int:
    lines = data.decode("utf-8", "replace").split("\n")
    return sum(len(one) + 1 for one in lines[: line - 1]) + column - 1


@pytest.mark.parametrize("name", EXAMPLES)
def test_an_example_is_told_the_same_in_forms_that_the_schemas_know(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    data = EXAMPLES[name]
    said, plain, log = told(tmp_path, data, capsys)
    jsonschema.validate(plain, OURS, jsonschema.Draft202012Validator)
    jsonschema.validate(log, SARIF, jsonschema.Draft4Validator)
    (run,) = log["runs"]
    rules = [rule["id"] for rule in run["tool"]["driver"]["rules"]]
    assert plain
    assert rules == sorted({one["code"] for one in plain})
    assert [one["ruleId"] for one in run["results"]] == [one["code"] for one in plain]
    assert [rules[one["ruleIndex"]] for one in run["results"]] == [one["code"] for one in plain]
    assert [one["level"] for one in run["results"]] == [one["severity"] for one in plain]
    spans = [
        (kind, part["span"] if kind != "span" else part, part.get("text", ""))
        for one in plain
        for kind in ("span", "labels", "path", "edits")
        for part in ([one[kind]] if kind == "span" else one[kind])
    ]
    found = list(places(log))
    assert len(found) == len(spans)
    for (what, region, text), (kind, span, words) in zip(found, spans, strict=True):
        assert what == kind
        unbraced = text.replace("{{", "{").replace("}}", "}")
        assert (text if kind == "edits" else unbraced) == words
        start = offset(data, region["startLine"], region["startColumn"])
        end = offset(data, region["endLine"], region["endColumn"])
        assert (start, end) == (span["start"]["offset"], span["end"]["offset"])
    for one in plain:
        assert f"{one['severity']}[{one['code']}]" in said
        assert f"see `gantral explain {one['code']}`" in said


def test_the_examples_have_all_that_a_log_can_hold(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    # Else the test above would prove less than it seems to.
    monkeypatch.chdir(tmp_path)
    kinds = {
        what
        for code in ("G0301", "G0203", "G0202")
        for what, _, _ in places(told(tmp_path, EXAMPLES[code], capsys)[2])
    }
    assert kinds == {"span", "labels", "path", "edits"}


def test_a_clean_spec_has_results_and_they_are_none(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    said, plain, log = told(tmp_path, b"role a\n", capsys)
    jsonschema.validate(log, SARIF, jsonschema.Draft4Validator)
    assert (plain, log["runs"][0]["results"]) == ([], [])
    assert said == "ok: a b.gantral: no workflow in it, nothing to prove\n"


@pytest.mark.parametrize(
    ("member", "value"), [("level", "fatal"), ("locations", {}), ("ours", True)]
)
def test_the_schema_of_the_standard_sees_what_is_no_sarif(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    member: str,
    value: object,
) -> None:
    monkeypatch.chdir(tmp_path)
    log = told(tmp_path, EXAMPLES["G0301"], capsys)[2]
    log["runs"][0]["results"][0][member] = value
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(log, SARIF, jsonschema.Draft4Validator)


def test_no_name_in_a_spec_becomes_a_link_or_a_placeholder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    evil = EXAMPLES["G0209"].decode()
    word = re.findall(r'== ("[^"]*")', evil)[0]
    log = told(tmp_path, evil.replace(word, r'"[x](y) \{0}"').encode(), capsys)[2]
    text = log["runs"][0]["results"][0]["message"]["text"]
    assert "[x] (y) {{0}}" in text


def test_the_same_spec_gives_the_same_bytes_wherever_it_lies(tmp_path: Path) -> None:
    logs = []
    for seed in ("1", "2"):
        folder = tmp_path / f"folder {seed}"
        folder.mkdir()
        (folder / "w.gantral").write_bytes(EXAMPLES["G0301"] + EXAMPLES["G0203"])
        ran = subprocess.run(
            [sys.executable, "-m", "gantral.cli", "check", "w.gantral", "--output-format", "sarif"],
            cwd=folder,
            env={**os.environ, "PYTHONHASHSEED": seed},
            capture_output=True,
            check=False,
        )
        assert ran.returncode == 1
        logs.append(ran.stdout)
    assert logs[0] == logs[1]
    assert tmp_path.name.encode() not in logs[0]


def test_a_path_is_a_relative_reference_from_where_the_command_runs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "sub").mkdir()
    (tmp_path / "sub" / "a:b #1.gantral").write_bytes(b"role a role a\n")
    for folder, uri in ((tmp_path, "sub/a%3Ab%20%231.gantral"), (tmp_path / "sub", "")):
        monkeypatch.chdir(folder)
        assert main(["check", "--output-format", "sarif", *([] if uri else ["."])]) == 1
        log = json.loads(capsys.readouterr().out)
        (place,) = log["runs"][0]["results"][0]["locations"]
        found = place["physicalLocation"]["artifactLocation"]["uri"]
        assert found == (uri or "a%3Ab%20%231.gantral")


def test_a_file_is_replaced_whole_through_its_link_and_keeps_its_mode(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("a.gantral").write_bytes(b"role a\n")
    Path("real").mkdir()
    target = Path("real/out.json")
    target.write_text("before")
    target.chmod(0o640)
    before = target.stat().st_ino
    Path("link.json").symlink_to("real/out.json")
    assert main(["check", "a.gantral", "--output", "json=link.json"]) == 0
    assert Path("link.json").is_symlink()
    assert target.read_text() == "[]\n"
    assert stat.S_IMODE(target.stat().st_mode) == 0o640
    # A new file in the old one's place: a reader of the old one reads on in it.
    assert target.stat().st_ino != before
    assert [path.name for path in Path("real").iterdir()] == ["out.json"]


def test_what_breaks_off_leaves_the_file_as_it_was(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("a.gantral").write_bytes(b"role a role a\n")
    Path("out.json").write_text("before")

    def full(descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    assert main(["check", "a.gantral", "--output", "json=out.json"]) == 64
    out, err = capsys.readouterr()
    assert "error[G0203]" in out
    assert "out.json can't be written: No space left on device" in err
    assert Path("out.json").read_text() == "before"
    assert sorted(path.name for path in Path().iterdir()) == ["a.gantral", "out.json"]


def test_a_file_that_its_owner_closed_is_not_replaced(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("a.gantral").write_bytes(b"role a\n")
    Path("out.json").write_text("before")
    # Not by its mode: whoever runs the tests may be one whom no mode stops.
    monkeypatch.setattr(os, "access", lambda path, mode: False)
    assert main(["check", "a.gantral", "--output", "json=out.json"]) == 64
    assert "out.json can't be written: it is read-only" in capsys.readouterr().err
    assert Path("out.json").read_text() == "before"
