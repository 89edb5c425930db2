"""Scenarios of a workflow that runs another: the child's gates, effects and end are part of it."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from gantral.cli.main import main
from own_project import thorough

SPEC = """
role clerk
role boss

workflow settle version "1.0.0" {
  team payments
  start by clerk
  input  { invoice: string, amount: decimal(scale: 2) }
  output { reference: string }
  service bank on queue "bank" {
    effect pay(invoice: string, amount: decimal(scale: 2)) -> { reference: string } { timeout 1m }
  }
  policy small = rego "small.rego" query "data.small.decision"
  gate release(invoice: string, amount: decimal(scale: 2)) {
    releases bank.pay
    decide   1 of boss
    waived   by policy small
    clock    { after 24h reject }
    lasts    30m
  }
  run {
    require input.amount > 0.00 else "nothing to pay"
    let ok = ask release(invoice: input.invoice, amount: input.amount)
    let paid = bank.pay(invoice: ok.invoice, amount: ok.amount) under ok
    complete { reference: paid.reference }
  }
}

workflow batch version "1.0.0" {
  team payments
  start by clerk
  input  { invoice: string, amount: decimal(scale: 2) }
  output { note: string }
  gate open(invoice: string) {
    decide 1 of boss
    clock  { after 24h reject }
  }
  run {
    ask open(invoice: input.invoice)
    let one = run workflow settle(invoice: input.invoice, amount: input.amount)
    match one {
      completed as r -> { complete { note: r.reference } }
      rejected as r -> { complete { note: "{r.gate} {r.cause}" } }
      terminated as r -> { terminate "settling ended: {r.cause}" }
    }
  }
}
"""
REGO = """package small

import rego.v1

default decision := "REQUIRE_HUMAN"
"""
HEAD = """workflow: batch
about: {about}
start:
  by: {{ name: carol, roles: [clerk] }}
  input: {{ invoice: I-1, amount: {amount} }}
policy: {{ release: {policy} }}
given:{given}
decisions:
  - {{ at: 1m, gate: open, by: {{ name: dora, roles: [boss] }}, vote: approve }}{decisions}
expect:
  effects:{effects}
{rest}
"""
YES = "\n  - { at: 5m, gate: release, by: { name: dora, roles: [boss] }, vote: approve }"
NO = YES.replace("approve", "reject")
PAID = "\n  bank.pay:\n    - result: { reference: R-1 }"
PAY = "\n    - bank.pay: { invoice: I-1, amount: 5.00 }"


def story(about: str, rest: str, **more: str) -> str:
    given = {
        "amount": "5.00", "policy": "REQUIRE_HUMAN", "given": " {}", "decisions": "",
        "effects": " []",
    }  # fmt: skip
    return HEAD.format(about=about, rest=rest, **{**given, **more})


STORIES = {
    "paid": story(
        "paid",
        "  children: [{ settle: COMPLETED }]\n  end: COMPLETED\n  output: { note: R-1 }",
        given=PAID, decisions=YES, effects=PAY,
    ),
    "waived": story(
        "waived in the child",
        "  children: [{ settle: COMPLETED }]\n  end: COMPLETED\n  output: { note: R-1 }",
        given=PAID, policy="ALLOW", effects=PAY,
    ),
    "rejected": story(
        "rejected in the child",
        "  children: [{ settle: REJECTED }]\n  end: COMPLETED\n"
        "  output: { note: release rejected }",
        decisions=NO,
    ),
    "silent": story(
        "nobody decides in the child",
        "  children: [{ settle: REJECTED }]\n  end: COMPLETED\n"
        "  output: { note: release deadline }",
    ),
    "nothing": story(
        "nothing to pay",
        "  children: [{ settle: TERMINATED }]\n  end: TERMINATED\n  cause: terminated_by_spec",
        amount="0.00", policy="[]",
    ),
    "failed": story(
        "the bank says no",
        "  children: [{ settle: TERMINATED }]\n  end: TERMINATED",
        given="\n  bank.pay:\n    - failure: not_done", decisions=YES, effects=PAY,
    ),
}  # fmt: skip


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "batch.gantral").write_text(SPEC, "utf-8")
    (tmp_path / "small.rego").write_text(REGO, "utf-8")
    (tmp_path / "scenarios").mkdir()
    monkeypatch.chdir(tmp_path)
    return tmp_path


def played(project: Path, capfd: pytest.CaptureFixture[str], **stories: str) -> tuple[int, str]:
    for name, text in stories.items():
        (project / "scenarios" / f"{name}.yaml").write_text(text, "utf-8")
    return _said(capfd)


def _said(capfd: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str]:
    code = main(["test", *arguments])
    said = capfd.readouterr()
    return code, said.out + said.err


def test_a_child_is_part_of_its_parent_s_story(
    project: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    code, said = played(project, capfd, **STORIES)
    assert code == 0, said
    assert re.search(rf"^{len(STORIES)} scenarios: {len(STORIES)} ok, 0 failed", said, re.M)
    names = STORIES if thorough() else ("rejected",)
    code, said = _said(capfd, "--server", *(f"scenarios/{name}.yaml" for name in names))
    assert code == 0, said


def test_another_end_of_a_child_is_told(project: Path, capfd: pytest.CaptureFixture[str]) -> None:
    wrong = STORIES["rejected"].replace("settle: REJECTED", "settle: COMPLETED")
    code, said = played(project, capfd, wrong=wrong)
    assert code == 1
    assert "children: expected settle COMPLETED, got settle REJECTED" in said


@pytest.mark.parametrize(
    ("children", "why"),
    [
        ("[{ open: COMPLETED }]", "there is no workflow that it runs open"),
        ("[{ settle: DONE }]", "DONE"),
        ("[{ settle: COMPLETED, other: COMPLETED }]", "a child is one workflow with its end"),
    ],
)
def test_what_is_no_child_is_refused(
    children: str, why: str, project: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    wrong = STORIES["rejected"].replace("[{ settle: REJECTED }]", children)
    code, said = played(project, capfd, wrong=wrong)
    assert code == 1
    assert why in said, said


TRIP = """
role clerk
role boss

workflow book version "1.0.0" {
  team t
  start by clerk
  once per input.name
  input  { name: string }
  output { id: string }
  service seats on queue "seats" {
    effect reserve(name: string) -> { id: string } { timeout 1m  undo cancel(id: result.id) }
    effect cancel(id: string) { timeout 1m }
  }
  gate hold(name: string) {
    releases seats.reserve
    decide   1 of boss
    clock    { after 24h reject }
    lasts    30m
  }
  run {
    let ok = ask hold(name: input.name)
    let held = seats.reserve(name: ok.name) under ok
    complete { id: held.id }
  }
}

workflow trip version "1.0.0" {
  team t
  start by clerk
  input  { names: list(max: 3) of string }
  output { ids: list(max: 3) of string }
  run {
    let ids = for each name in input.names at most 3 {
      let one = run workflow book(name: name)
      match one {
        completed as r -> { collect r.id }
        rejected -> { terminate "not every seat" }
        terminated as r -> { terminate "{name}: {r.cause}" }
      }
    }
    complete { ids: ids }
  }
}
"""
TRIPS = """workflow: trip
about: {about}
start:
  by: {{ name: carol, roles: [clerk] }}
  input: {{ names: [{names}] }}
given: {given}
decisions: {decisions}
expect:
  effects: {effects}
  children: [{children}]
  end: {end}
"""
SURE = "{ at: 5m, gate: hold, by: { name: dora, roles: [boss] }, vote: approve }"
SEATS = "{ seats.reserve: [{ result: { id: S1 } }, { result: { id: S2 } }] }"
BOOKED = "seats.reserve: { name: A }"
STORIES_OF_TRIPS = {
    "both": TRIPS.format(
        about="a seat each",
        names="A, B",
        given=SEATS,
        decisions=f"[{SURE}, {SURE}]",
        effects=f"[{BOOKED}, seats.reserve: {{ name: B }}]",
        children="{ book: COMPLETED }, { book: COMPLETED }",
        end="COMPLETED\n  output: { ids: [S1, S2] }",
    ),
    "one": TRIPS.format(
        about="the second is refused, so the first is undone",
        names="A, B",
        given="{ seats.reserve: [{ result: { id: S1 } }], seats.cancel: [{}] }",
        decisions=f"[{SURE}, {SURE.replace('approve', 'reject')}]",
        effects=f"[{BOOKED}, seats.cancel: {{ id: S1 }}]",
        children="{ book: COMPLETED }, { book: REJECTED }",
        end="TERMINATED\n  cause: terminated_by_spec",
    ),
    "twice": TRIPS.format(
        about="one seat can't be held twice, and is given back",
        names="A, A",
        given="{ seats.reserve: [{ result: { id: S1 } }], seats.cancel: [{}] }",
        decisions=f"[{SURE}]",
        effects=f"[{BOOKED}, seats.cancel: {{ id: S1 }}]",
        children="{ book: COMPLETED }",
        end="TERMINATED\n  cause: terminated_by_spec",
    ),
}


def test_children_in_loops_with_a_key_that_are_undone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "trip.gantral").write_text(TRIP, "utf-8")
    (tmp_path / "scenarios").mkdir()
    monkeypatch.chdir(tmp_path)
    code, said = played(tmp_path, capfd, **STORIES_OF_TRIPS)
    assert code == 0, said
    assert re.search(r"^3 scenarios: 3 ok, 0 failed", said, re.M)
    code, said = _said(capfd, "--server", "scenarios/twice.yaml")
    assert code == 0, said
