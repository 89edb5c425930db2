"""The typed rules and the graph proofs are independent: either alone refuses what both forbid."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from gantral.compiler import Project, analysis, check_text
from gantral.compiler.check import beside, calls, needs, only_if
from gantral.compiler.flow import build_flow
from gantral.dsl.diagnostics import Diagnostic

_CODES = Path(__file__).parents[3] / "docs" / "codes"
# The others of PROVED are refused at a gate or a name, before there is a program to prove.
_BOTH = (
    *("G0301", "G0303", "G0306", "G0330", "G0331", "G0349"),
    *("G0429", "G0430", "G0431", "G0432", "G0434"),
)


def _example(code: str) -> str:
    page = (_CODES / f"{code}.md").read_text(encoding="utf-8")
    found = re.search(r"^```gantral error\n(.*?)^```$", page, re.MULTILINE | re.DOTALL)
    assert found
    return found[1]


def _codes(found: tuple[Diagnostic, ...]) -> set[str]:
    return {one.code for one in found}


@pytest.mark.parametrize("code", _BOTH)
def test_the_typed_rule_alone_refuses(code: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(analysis, "prove", lambda flow: ())
    assert _codes(check_text("s", _example(code))) == {code}


@pytest.mark.parametrize("code", _BOTH)
def test_the_proof_alone_refuses(code: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(calls.Authority, "effect", lambda *rest: None)
    monkeypatch.setattr(calls, "releases", lambda *rest: None)
    monkeypatch.setattr(needs, "met", lambda *rest: None)
    monkeypatch.setattr(only_if, "certain", lambda *rest: None)
    monkeypatch.setattr(beside, "refuse", lambda *rest: None)
    monkeypatch.setattr(beside, "events", lambda *rest: None)
    assert _codes(check_text("s", _example(code))) == {code}


@pytest.mark.parametrize(
    "code", ["G0301", "G0302", "G0303", "G0304", "G0306", "G0307", "G0308", "G0330", "G0331"]
)
def test_a_finding_tells_the_path(code: str) -> None:
    (one,) = check_text("s", _example(code))
    assert one.path[0].text == "the run starts"


def test_the_graph_knows_who_decides_in_every_case() -> None:
    deciding = Path(__file__).parents[2] / "cli" / "describe" / "deciding.gantral"
    project = Project({"x": deciding.read_text(encoding="utf-8").replace("veto ", "# veto ")}.get)
    (program,) = analysis.analyse(project, "x").programs
    review = build_flow(program).gates["review"]
    # One is named in the first case alone, the other in the second.
    assert review.persons == ("board", "owner")
    assert len(review.decides) == 3
