"""What may not stand in a scenario file is told with file, line, column, rule and remedy."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from gantral.cli.main import main

ROOT = Path(__file__).resolve().parents[2]
GOOD = (ROOT / "examples/refund/scenarios/amended_by_two_who_join.yaml").read_text("utf-8")


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    home = tmp_path_factory.mktemp("project") / "refund"
    left_out = shutil.ignore_patterns("build", "gen", "scenarios", "__pycache__")
    shutil.copytree(ROOT / "examples" / "refund", home, ignore=left_out)
    (home / "scenarios").mkdir()
    return home


def said(
    project: Path,
    text: str | bytes,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> str:
    monkeypatch.chdir(project)
    file = project / "scenarios" / "story.yaml"
    file.write_bytes(text if isinstance(text, bytes) else text.encode())
    assert main(["test", "scenarios/story.yaml"]) == 1
    out = capsys.readouterr().out
    assert "1 scenario: 0 ok, 1 failed" in out
    return out


@pytest.mark.parametrize(
    ("old", "new", "place", "rule", "remedy"),
    [
        ("about:", "abuot:", "1:1", "unknown_key", "did you mean about?"),
        ("start:", "xyzzy:", "2:1", "unknown_key", "known: about"),
        ("expect:", "expect: {}\nexpect:", "26:1", "key_twice", "keep one"),
        ("  by: carol", "  by: karol", "3:7", "unknown_name", "name one of them"),
        ("  by: carol", "  by: { name: karol }", "3:7", "unknown_name", "add roles: ["),
        (
            "  by: carol",
            "  by: { name: karol, roles: [suport_agent] }",
            "3:30",
            "unknown_name",
            "did you mean support_agent?",
        ),
        ("amount: 40.00,", "amount: 40.005,", "6:15", "value", "write what the spec declares"),
        ("currency: EUR }\n    reason", "currency: DKK }\n    reason", "6:30", "value", "spec"),
        ("order_id: A-1001", "order_id: 1001", "5:5", "value", "goes in quotes"),
        ("orders.fetch:", "orders.fech:", "9:3", "unknown_name", "did you mean orders.fetch?"),
        ("- result: { receipt", "- outcome: { receipt", "12:7", "unknown_key", "known: failure"),
        ("finance: REQUIRE_HUMAN", "finance: ASK", "13:20", "unknown_name", "known: ALLOW"),
        ("finance: REQUIRE_HUMAN", "legal: ALLOW", "13:11", "unknown_name", "known: finance"),
        ("at: 20m", "at: soon", "15:9", "value", "write 90s, 30m, 8h or 3d"),
        ("at: 20m", "at: 20", "15:9", "value", "write 90s, 30m, 8h or 3d"),
        ("vote: amend", "vote: ammend", "17:11", "unknown_name", "did you mean amend?"),
        ("vote: amend", "vote: approve", "15:5", "value", "write vote: amend and values"),
        ("- at: 20m", "- cancel: refund\n  - at: 20m", "15:5", "value", "at: 20m (since a gate"),
        (
            "- at: 20m",
            "- cancel: refnd\n    at: 5m\n  - at: 20m",
            "15:13",
            "unknown_name",
            "did you mean refund?",
        ),
        ("    - OVERRIDDEN", "    - OVERRIDEN", "30:7", "unknown_name", "mean OVERRIDDEN?"),
        ("cause: completed", "cause: complete", "37:10", "unknown_name", "mean completed?"),
        ("  end: COMPLETED", "  end: DONE", "36:8", "unknown_name", "known: APPROVED"),
        ("- payments.refund:", "- payments.refnd:", "35:7", "unknown_name", "payments.refund?"),
        ("about:", "workflow: payout\nabout:", "1:1", "unknown_name", "one of refund"),
        ("about: two", "about: &two two", "1:8", "yaml_anchor", "write it out"),
        ("about: two", "about: !!binary two", "1:8", "yaml_tag", "leave it out"),
        ("start:", "start: [", "", "yaml", "mend it"),
        ("about: two managers say yes to the same smaller amount", "about:", "1:1", "value", "key"),
    ],
)
def test_a_mistake_is_told_with_its_place(
    project: Path,
    old: str,
    new: str,
    place: str,
    rule: str,
    remedy: str,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    assert old in GOOD
    out = said(project, GOOD.replace(old, new, 1), capsys, monkeypatch)
    assert f"scenarios/story.yaml:{place}" in out
    assert f"error[{rule}]: " in out
    help = out.split("  help: ", 1)[1].splitlines()[0]
    assert remedy in help


@pytest.mark.parametrize("text", [b"", b"\xff\xfe", b"- a list", b"a: 1\n---\nb: 2", b"[" * 5000])
def test_what_is_no_scenario_at_all(
    project: Path,
    text: bytes,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    out = said(project, text, capsys, monkeypatch)
    assert "scenarios/story.yaml:" in out
    assert "error[" in out
    assert "help: " in out


def test_a_path_that_is_not_there(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(["test", "nowhere"]) == 64
    assert "nowhere: there is no such file or folder" in capsys.readouterr().err
    assert main(["test"]) == 64
    assert "there is no scenario here" in capsys.readouterr().err


def test_a_spec_with_an_error_is_told_as_check_tells_it(
    project: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    home = tmp_path / "refund"
    shutil.copytree(project, home)
    (home / "scenarios" / "story.yaml").write_text(GOOD)
    spec = home / "refund.gantral"
    spec.write_text(spec.read_text("utf-8").replace(" under approved", ""))
    monkeypatch.chdir(home)
    assert main(["test"]) == 1
    assert "error[G03" in capsys.readouterr().out
