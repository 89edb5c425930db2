"""`gantral describe`: golden descriptions, what moves them and what doesn't, and hostile texts."""

from __future__ import annotations

import json
import os
import re
from pathlib import Path
from typing import Any

import pytest
from gantral.cli import beside, describe
from gantral.cli.describe import document
from gantral.cli.describe.gate import gate
from gantral.cli.describe.text import code, length, plain
from gantral.cli.failure import Failure
from gantral.cli.main import main
from gantral.compiler import Project, analyse
from gantral.compiler.manifest import manifest
from gantral.compiler.program import Program
from hypothesis import given
from hypothesis import strategies as st

ROOT = Path(__file__).parents[2]
HERE = Path(__file__).parent / "describe"
REFUND = ROOT / "examples" / "refund" / "refund.gantral"
SPECS = [REFUND, *sorted(HERE.glob("*.gantral"))]


def programs(text: str, folder: Path = HERE) -> tuple[Program, ...]:
    def read(path: str) -> str | None:
        if path == "spec.gantral":
            return text
        return (folder / path).read_text("utf-8") if (folder / path).is_file() else None

    analysis = analyse(Project(read), "spec.gantral")
    assert [one for one in analysis.diagnostics if one.severity == "error"] == []
    return analysis.programs


@pytest.mark.parametrize("spec", SPECS, ids=lambda path: path.stem)
def test_the_description_is_the_golden_one(spec: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["describe", str(spec)]) == 0
    told = capsys.readouterr().out
    if os.environ.get("GANTRAL_GOLDEN") == "write":
        spec.with_suffix(".md").write_text(told, "utf-8")
    assert told == spec.with_suffix(".md").read_text("utf-8")


def test_layout_and_comments_move_nothing() -> None:
    text = REFUND.read_text("utf-8")
    other = re.sub(r"^ *##.*\n", "", text, flags=re.MULTILINE).replace("\n", "\n\n\n")
    assert other != text
    assert document(programs(other, REFUND.parent)) == document(programs(text, REFUND.parent))


@pytest.mark.parametrize(
    ("old", "new", "line"),
    [
        ("2 of people.finance_manager or", "1 of people.finance_manager or", "It takes 1 finance"),
        ("72h", "25h", "After 1 day and 1 hour without a decision"),
        ("waived   by policy refund_limits", "veto people.support_agent", "One no of a support"),
        ("min: 20", "min: 1", "A written reason of at least 1 character."),
        ("lasts    30m", "lasts    31m", "good for 31 minutes from"),
        ("new <= old", "new < old", "more than 0.00 and less than what was asked"),
        ("once per", "one at a time per", "One at a time for each order id"),
        ("retry 5 every", "retry 4 every", "repeated up to 4 times"),
        ('"the refund exceeds the order"', '"too much"', "“too much”, unless the input's refund"),
    ],
)
def test_a_change_of_the_spec_is_a_change_of_its_sentence(old: str, new: str, line: str) -> None:
    text = REFUND.read_text("utf-8")
    assert old in text
    before = document(programs(text, REFUND.parent))
    after = document(programs(text.replace(old, new), REFUND.parent))
    assert line in after
    assert line not in before


def test_one_gate_alone(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["describe", str(HERE / "clauses.gantral"), "pause"]) == 0
    told = capsys.readouterr().out
    assert [line for line in told.splitlines() if line.startswith("## ")] == ["## Gate `pause`"]


def _ruled(**changed: Any) -> str:
    """The refund's gate with members of its manifest changed to what the format also allows."""
    (program,) = programs(REFUND.read_text("utf-8"), REFUND.parent)
    tree = json.loads(manifest(program).data)
    tree["gates"]["finance"].update(changed)
    return "\n".join(gate(program, tree, "finance"))


def test_who_decides_may_depend() -> None:
    formula = {"quorum": ["1", ["clerk"]]}
    asked = {">": [{"path": ["decimal", "/refund/amount"]}, {"const": ["decimal", "5.00"]}]}
    told = _ruled(
        decide=[
            {"when": asked, "formula": {"quorum": ["2", ["head"]]}},
            {"when": "always", "formula": formula},
        ]
    )
    assert "- When refund amount is more than 5.00: 2 heads.\n- Otherwise it takes 1 clerk." in told
    assert "must be enough for both" in told
    assert "points" not in told


def test_a_guard_is_told() -> None:
    told = _ruled(guarded="refund_limits", waived="none")
    assert "is asked before people are, and again on what they decided" in told


@pytest.mark.parametrize(("alike", "said"), [("true", False), ("false", True)])
def test_equal_calls(alike: str, said: bool) -> None:
    told = _ruled(uses="3", alike=alike)
    assert ("no two of them" in told) is said
    assert ("equal ones too" in told) is not said


def test_a_call_may_run_often() -> None:
    plan = {
        "payments.refund/1": {
            "operation": "payments.refund", "at_most": "7", "undo": "none",
            "arguments": {"order": {"expr": {"+": [{"path": ["string", "/order/id"]},
                                                   {"const": ["string", "_x"]}]}}},
        }
    }  # fmt: skip
    told = _ruled(plan=plan, uses="7")
    assert "`payments.refund`, at most 7 times, with exactly:" in told
    assert "- order: the approved order id + \\_x" in told


def test_two_gates_under_one_call_are_told_from_two_calls() -> None:
    text = """role a role b
    workflow w version "1.0.0" { team t  start by a  input { x: bool }
      service s on queue "s" { effect act(n: int) { timeout 1s } }
      gate g(n: int) { releases s.act  decide 1 of a  clock { after 1h reject }  lasts 1h }
      gate h(n: int) { releases s.act  decide 1 of b  clock { after 1h reject }  lasts 1h }
      run { RUN complete } }"""
    ask = "let k = ask g(n: 1) let l = ask h(n: 1)"
    both = document(programs(text.replace("RUN", f"{ask} s.act(n: 1) under k, l")))
    assert "- `s.act`: runs under the gates `g` and `h` together." in both
    each = f"{ask} s.act(n: k.n) under k s.act(n: l.n) under l"
    told = document(programs(text.replace("RUN", each)))
    assert "- `s.act`: runs under the gate `g` or the gate `h`." in told


MARKUP = re.compile(r"(?<!\\)(?:\\\\)*[`*_{}\[\]<>#|~&]")


@given(st.text())
def test_no_text_becomes_markup(text: str) -> None:
    said = plain(text)
    assert MARKUP.search(said) is None
    assert not set(said) & set("\n\r\t\x0b\x0c\x1b\x85\u2028\u2029\u202e\u200b")


@given(st.text(alphabet="a` \n", min_size=1))
def test_a_name_stays_in_its_fence(text: str) -> None:
    said = code(text)
    fence = re.match("`+", said)
    assert fence is not None
    inner = said[len(fence[0]) : -len(fence[0])]
    assert said == fence[0] + inner + fence[0]
    assert fence[0] not in re.findall("`+", inner)
    assert "\n" not in said


@pytest.mark.parametrize("text", ["<img src=x>", "[a](b)", "**x** _y_", "# x", "&lt;", "`x`"])
def test_a_text_of_the_spec_is_told_as_it_stands(text: str) -> None:
    spec = (HERE / "quiet.gantral").read_text("utf-8")
    spec = spec.replace("{ complete }", f'{{ terminate "{text}" }}')
    assert f"by the spec: “{plain(text)}”." in document(programs(spec))


@given(st.integers(min_value=1, max_value=10**12))
def test_a_length_of_time_is_told_whole(milliseconds: int) -> None:
    units = {"day": 86_400_000, "hour": 3_600_000, "minute": 60_000, "second": 1000,
             "millisecond": 1}  # fmt: skip
    said = re.findall(r"(\d+) ([a-z]+?)s?(?:, | and |$)", length(milliseconds))
    assert sum(int(count) * units[unit] for count, unit in said) == milliseconds


def test_the_mark_is_one() -> None:
    assert describe.MARK.encode() == beside.MARK


def test_a_line_taken_out_by_hand_is_seen_though_the_digest_is_right(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("quiet.gantral").write_bytes((HERE / "quiet.gantral").read_bytes())
    kept = (HERE / "quiet.md").read_text("utf-8")
    Path("quiet.md").write_text(kept, "utf-8")
    assert main(["check", "--deny", "warnings"]) == 0
    Path("quiet.md").write_text(kept.replace("Nothing: it sends no message.\n", ""), "utf-8")
    assert main(["check", "--deny", "warnings"]) == 1
    assert "G0008" in capsys.readouterr().out


def test_what_cannot_be_written_leaves_the_old_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "a.md"
    assert beside.keep(file, f"{describe.MARK} one")
    assert not beside.keep(file, f"{describe.MARK} one")

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(Failure, match="No space left"):
        beside.keep(file, f"{describe.MARK} two")
    assert file.read_text("utf-8") == f"{describe.MARK} one"
    assert list(tmp_path.iterdir()) == [file]


PAGE = (ROOT / "docs" / "codes" / "G0008.md").read_text("utf-8")
BLOCK = re.compile(r"^```(gantral \w+|markdown beside)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def test_the_page_of_the_code(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    blocks = dict(BLOCK.findall(PAGE))
    monkeypatch.chdir(tmp_path)
    spec = tmp_path / "sample.gantral"
    spec.write_text(blocks["gantral error"], "utf-8")
    spec.with_suffix(".md").write_text(blocks["markdown beside"], "utf-8")
    assert main(["check", "sample.gantral", "--output-format", "json"]) == 0
    assert [one["code"] for one in json.loads(capsys.readouterr().out)] == ["G0008"]
    spec.write_text(blocks["gantral ok"], "utf-8")
    assert main(["describe", "sample.gantral", "--write"]) == 0
    capsys.readouterr()
    assert main(["check", "sample.gantral", "--output-format", "json"]) == 0
    assert json.loads(capsys.readouterr().out) == []


def test_what_it_runs_is_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    spec = tmp_path / "batch.gantral"
    spec.write_text(
        """
role clerk
workflow settle version "1.2.0" {
  team t  start by clerk  output { note: string }
  run { complete { note: "x" } }
}
workflow batch version "1.0.0" {
  team t  start by clerk  output { note: string }
  run {
    let one = run workflow settle()
    match one {
      completed as r -> { complete { note: r.note } }
      rejected -> { terminate "it was rejected" }
      terminated as r -> { terminate "it ended: {r.cause}" }
    }
  }
}
""",
        "utf-8",
    )
    assert main(["describe", str(spec)]) == 0
    inner, said = capsys.readouterr().out.split("# `batch`")
    assert "## What it runs" not in inner
    assert "- `settle` 1.2.0, of the program digest `" in said
    assert "- Completed, giving the note, when one is completed." in said
    assert "- Terminated by the spec: “it was rejected”, unless one is completed" in said
    assert "how a child of it ended is not known" in said
    assert "how a child of it ended" not in inner


def test_what_its_children_did_is_undone_is_told(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    spec = tmp_path / "trip.gantral"
    spec.write_text(
        """
role clerk
role boss
workflow book version "1.2.0" {
  team t  start by clerk  once per input.name
  input { name: string }
  service s on queue "s" {
    effect hold(name: string) -> { id: string } { timeout 1m  undo free(id: result.id) }
    effect free(id: string) { timeout 1m }
  }
  gate g(name: string) {
    releases s.hold
    decide 1 of boss
    clock { after 1h reject }
    lasts 1h
  }
  run { let ok = ask g(name: input.name)  s.hold(name: ok.name) under ok  complete }
}
workflow trip version "1.0.0" {
  team t  start by clerk
  run {
    for each name in ["A", "B"] at most 2 {
      let one = run workflow book(name: name)
      match one { completed -> { undo one } else -> { } }
    }
    complete
  }
}
""",
        "utf-8",
    )
    assert main(["describe", str(spec)]) == 0
    _, said = capsys.readouterr().out.split("# `trip`")
    assert "; up to 2 times; once per key of its own: where that is taken" in said
    assert (
        "- When it is terminated, what `book` did and completed is undone too, last first" in said
    )
    assert "- The run itself undoes what `book` did, for each of" in said
    assert "There is nothing to undo" not in said
