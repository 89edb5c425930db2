"""The proofs, flow text in and findings out, and a mutant of each that a case kills."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from gantral.compiler import proofs
from gantral.compiler.flow import FlowTextError, parse_flow, print_flow

_CASE = re.compile(
    r"^## (?P<title>.+?)\n```flow\n(?P<flow>.*?)```\n```findings\n(?P<findings>.*?)```",
    re.MULTILINE | re.DOTALL,
)
_TEXT = "\n".join(
    path.read_text(encoding="utf-8")
    for path in sorted((Path(__file__).parent / "cases").glob("*.md"))
)
CASES = [match.groups() for match in _CASE.finditer(_TEXT)]


def test_every_heading_of_the_files_is_a_case() -> None:
    assert len(CASES) == len(re.findall(r"^## ", _TEXT, re.MULTILINE))


@pytest.mark.parametrize(("title", "flow", "findings"), CASES, ids=[case[0] for case in CASES])
def test_a_flow_has_just_these_findings(title: str, flow: str, findings: str) -> None:
    found = [f"{one.code} @{one.span.start}" for one in proofs.prove(parse_flow(flow))]
    assert found == ([] if findings == "proved\n" else findings.splitlines())


@pytest.mark.parametrize(("title", "flow", "findings"), CASES, ids=[case[0] for case in CASES])
def test_flow_text_is_read_as_it_is_printed(title: str, flow: str, findings: str) -> None:
    assert print_flow(parse_flow(flow)) == flow


def test_every_finding_has_a_mend() -> None:
    found = [one for _, flow, _ in CASES for one in proofs.prove(parse_flow(flow))]
    assert found
    assert all(one.help for one in found)
    # Only that an approval may lapse is a warning (LANGUAGE section 8, rule 6).
    assert {one.code for one in found if one.severity == "warning"} == {"G0428"}


@pytest.mark.parametrize("name", sorted(proofs.PROOFS))
def test_without_the_proof_some_case_would_pass(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    rest = {key: prove for key, prove in proofs.PROOFS.items() if key != name}
    refused = [flow for _, flow, findings in CASES if findings != "proved\n"]
    monkeypatch.setattr(proofs, "PROOFS", rest)
    assert any(not proofs.prove(parse_flow(flow)) for flow in refused)


# The pages of codes that no spec can trigger show a flow graph instead.
_PAGES = [
    (page.stem, kind, flow)
    for page in sorted((Path(__file__).parents[3] / "docs" / "codes").glob("*.md"))
    for kind, flow in re.findall(
        r"^```flow (error|ok)\n(.*?)^```$",
        page.read_text(encoding="utf-8"),
        re.MULTILINE | re.DOTALL,
    )
]


@pytest.mark.parametrize(("code", "kind", "flow"), _PAGES)
def test_the_graph_on_a_page_shows_its_code(code: str, kind: str, flow: str) -> None:
    found = [one.code for one in proofs.prove(parse_flow(flow))]
    assert found == ([code] if kind == "error" else [])


@pytest.mark.parametrize(
    "text",
    ["", "nonsense", "flow w\n1 start @r:0:1\n", "flow w\n0 start -> then @r:0:1\n", "flow w\n?\n"],
)
def test_a_line_of_another_form_is_refused(text: str) -> None:
    with pytest.raises((FlowTextError, ValueError)):
        parse_flow(text)
