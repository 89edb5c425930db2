"""What of a spec no scenario reaches is told by line."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from gantral.cli.main import main
from own_project import write

SPEC = """\
role clerk
role boss

workflow order version "1.0.0" {
  team shop
  start by clerk

  input  { tags: list(max: 3) of string, kind: "small" | "large" | "odd", total: int }
  output { said: string }

  service bank on queue "bank" {
    read rate(tag: string) -> { rate: int } { timeout 1m }
    effect pay(total: int) { timeout 1m }
    notify tell(said: string) { timeout 1m }
  }
  gate much(total: int) {
    releases bank.pay
    decide   1 of boss
    amend    total where new <= old
    clock    { after 24h reject }
    lasts    30m
  }
  gate again(total: int) {
    decide   1 of boss
    veto     boss
    clock    { after 24h reject }
  }
  event stop { why: string } from clerk

  run {
    require input.total > 0 else "nothing to pay"
    var said: string = "nothing"
    if input.kind == "odd" {
      set said = "odd"
    }
    if input.kind == "small" {
      set said = "small"
    } else {
      set said = "not small"
    }
    for each tag in input.tags at most 3 {
      let found = bank.rate(tag: tag) else { give none }
      if found is some { set said = "rated" }
    }
    wait {
      for stop as e { terminate "stopped" }
    } within 1h else { set said = "waited" }
    ask again(total: input.total) only if input.total > 100
    let ok = ask much(total: input.total)
    bank.pay(total: ok.total) under ok
    bank.tell(said: said) else { }
    complete { said: said }
  }
}
"""
STORY = """\
workflow: order
about: {about}
start:
  by: {{ name: carol, roles: [clerk] }}
  input: {{ tags: [{tags}], kind: {kind}, total: {total} }}
given: {{ {given} }}
decisions: [{acts}]
expect: {{ end: {end} }}
"""
YES = "{ at: 5m, by: { name: dora, roles: [boss] }, vote: approve }"
PAID = "bank.pay: [{}], bank.tell: [{}]"


def missed(capsys: pytest.CaptureFixture[str]) -> set[tuple[str, str, str]]:
    """(kind, what, the line's text) of all that was not reached."""
    assert main(["test", "--coverage"]) == 0, capsys.readouterr().out
    lines = SPEC.splitlines()
    found = set()
    for line in capsys.readouterr().out.splitlines():
        if line.startswith("  order.gantral:"):
            place, kind, rest = (part.strip() for part in line.strip().split("  ", 2))
            what, text = rest.split("  ", 1)
            number = int(place.split(":")[1])
            assert lines[number - 1].strip() == text.strip()
            found.add((kind, what, text.strip()))
    return found


def test_what_no_scenario_reaches_is_told_line_by_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    plain = STORY.format(
        about="as it goes", tags="", kind="large", total=7, given=PAID, acts=YES, end="COMPLETED"
    )
    write(tmp_path, "order", SPEC, {"plain": plain})
    monkeypatch.chdir(tmp_path)
    once = missed(capsys)
    assert once == {
        ("end", "require fails", 'require input.total > 0 else "nothing to pay"'),
        ("branch", "if", 'set said = "odd"'),
        ("branch", "if", 'if input.kind == "small" {'),
        ("branch", "a round", "let found = bank.rate(tag: tag) else { give none }"),
        ("branch", "else: it failed", "let found = bank.rate(tag: tag) else { give none }"),
        ("branch", "if", 'if found is some { set said = "rated" }'),
        ("branch", "not so", 'if found is some { set said = "rated" }'),
        ("end", "terminate", 'for stop as e { terminate "stopped" }'),
        ("gate", "much amended", "let ok = ask much(total: input.total)"),
        ("end", "much: a vote rejects", "let ok = ask much(total: input.total)"),
        ("end", "much: nobody decides in time", "let ok = ask much(total: input.total)"),
        ("end", "much: withdrawn by who started it", "let ok = ask much(total: input.total)"),
        *(
            (kind, what, "ask again(total: input.total) only if input.total > 100")
            for kind, what in (
                ("gate", "again approved"),
                ("end", "again: a vote rejects"),
                ("end", "again: a veto"),
                ("end", "again: nobody decides in time"),
                ("end", "again: withdrawn by who started it"),
            )
        ),
        ("end", "bank.pay fails", "bank.pay(total: ok.total) under ok"),
        ("end", "nobody knows of bank.pay", "bank.pay(total: ok.total) under ok"),
        ("branch", "else: it failed", "bank.tell(said: said) else { }"),
    }
    more = {
        "stopped": ('"a"', "odd", 7, "bank.rate: [{ failure: not_done, reason: down }]",
                    "{ at: 5m, by: { name: carol, roles: [clerk] }, send: stop, data: { why: x } }",
                    "TERMINATED"),
        "asked_twice": ('"a"', "small", 101,
                        "bank.rate: [{ result: { rate: 3 } }], bank.pay: [{}], "
                        "bank.tell: [{ failure: not_done, reason: down }]",
                        f"{YES}, {YES}", "COMPLETED"),
        "nothing": ("", "odd", 0, "", "", "TERMINATED"),
        "late": ("", "large", 7, "", "", "REJECTED"),
    }  # fmt: skip
    for name, (tags, kind, total, given, acts, end) in more.items():
        (tmp_path / "scenarios" / f"{name}.yaml").write_text(
            STORY.format(
                about=name, tags=tags, kind=kind, total=total, given=given, acts=acts, end=end
            )
        )
    left = missed(capsys)
    assert {one for one in left if one[0] == "branch"} == set()
    assert {one[1] for one in once - left if one[0] != "branch"} == {
        "require fails",
        "terminate",
        "again approved",
        "much: nobody decides in time",
    }
    assert left < once


def test_a_condition_that_always_holds_leaves_its_other_way(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    odd = STORY.format(
        about="odd", tags="", kind="odd", total=7, given=PAID, acts=YES, end="COMPLETED"
    )
    write(tmp_path, "order", SPEC, {"odd": odd})
    monkeypatch.chdir(tmp_path)
    told = {one for one in missed(capsys) if "odd" in one[2]}
    assert told == {("branch", "not so", 'if input.kind == "odd" {')}


def test_too_little_of_it_fails(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    plain = STORY.format(
        about="as it goes", tags="", kind="large", total=7, given=PAID, acts=YES, end="COMPLETED"
    )
    write(tmp_path, "order", SPEC, {"plain": plain})
    monkeypatch.chdir(tmp_path)
    assert main(["test", "--format", "json"]) == 0
    (one,) = json.loads(capsys.readouterr().out)["coverage"]
    reached, of = sum(item["scenarios"] > 0 for item in one["items"]), len(one["items"])
    enough = reached * 100 // of
    assert main(["test", "--fail-under", str(enough)]) == 0
    assert capsys.readouterr().err == ""
    for least in (enough + 1, 100):
        assert main(["test", "--fail-under", str(least)]) == 1
        said = capsys.readouterr()
        told = f"coverage: {reached} of {of} reached, under the {least} % of --fail-under"
        assert said.err.strip() == told
        assert "  order.gantral:" in said.out  # what is missed, line by line
    # What was said to be played is what is judged; a percentage is one; a server sees no lines.
    assert main(["test", "--fail-under", "100", "scenarios/plain.yaml"]) == 1
    for wrong in (["0"], ["101"], ["100", "--server"]):
        assert main(["test", "--fail-under", *wrong]) == 64


def test_it_is_for_programs_too_and_no_part_of_a_picked_file(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    plain = STORY.format(
        about="as it goes", tags="", kind="large", total=7, given=PAID, acts=YES, end="COMPLETED"
    )
    write(tmp_path, "order", SPEC, {"plain": plain})
    monkeypatch.chdir(tmp_path)
    assert main(["test", "--format", "json"]) == 0
    (one,) = json.loads(capsys.readouterr().out)["coverage"]
    assert one["workflow"] == "order"
    complete = next(item for item in one["items"] if item["what"] == "complete")
    line = SPEC.splitlines().index("    complete { said: said }") + 1
    assert complete == {"file": "order.gantral", "line": line, "kind": "end", "what": "complete",
                        "scenarios": 1}  # fmt: skip
    assert main(["test", "scenarios/plain.yaml"]) == 0
    assert "coverage" not in capsys.readouterr().out
    # On a server nobody sees the lines.
    assert main(["test", "--server", "--coverage"]) == 64
    assert "there is no coverage" in capsys.readouterr().err
