"""`pytest` in a fresh project runs its scenarios."""

from __future__ import annotations

from pathlib import Path

import pytest
from gantral.cli.main import main

pytest_plugins = ["pytester"]


@pytest.fixture
def project(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> Path:
    assert main(["new", "purchase"]) == 0
    home = pytester.path / "purchase"
    monkeypatch.chdir(home)
    return home


def test_a_scenario_is_a_test(project: Path, pytester: pytest.Pytester) -> None:
    good = (project / "scenarios" / "approved.yaml").read_text("utf-8")
    assert "end: COMPLETED" in good
    (project / "scenarios" / "wrong.yaml").write_text(
        good.replace("end: COMPLETED", "end: REJECTED"), "utf-8"
    )
    (project / "tests").mkdir()
    (project / "tests" / "test_own.py").write_text("def test_own():\n    pass\n")
    # In a process of its own, as a user runs it: the plugin is there because Gantral is installed.
    ran = pytester.runpytest_subprocess("-p", "no:cacheprovider", str(project), "-v")
    ran.assert_outcomes(passed=3, failed=1)
    ran.stdout.fnmatch_lines(
        [
            "*scenarios/approved.yaml::approved PASSED*",
            "*scenarios/nobody_decides.yaml::nobody_decides PASSED*",
            "*scenarios/wrong.yaml::wrong FAILED*",
            "*tests/test_own.py::test_own PASSED*",
            "*  end: expected REJECTED, got COMPLETED",
            "*  what happened:",
            "*+0.0s * starts purchase",
            "*WAITING_FOR_HUMAN at *",
            "*COMPLETED, completed",
        ],
        consecutive=False,
    )
    assert "Traceback" not in ran.stdout.str()


def test_what_can_t_be_read_is_an_error_with_place_and_remedy(
    project: Path, pytester: pytest.Pytester
) -> None:
    file = project / "scenarios" / "approved.yaml"
    file.write_text(file.read_text("utf-8").replace("about:", "abuot:"), "utf-8")
    ran = pytester.runpytest_inprocess("-p", "no:cacheprovider", str(file))
    ran.assert_outcomes(errors=1)
    ran.stdout.fnmatch_lines(["*scenarios/approved.yaml:*error?unknown_key?: *", "*did you mean*"])

    spec = next(project.glob("*.gantral"))
    spec.write_text(spec.read_text("utf-8").replace("workflow ", "worfklow ", 1), "utf-8")
    other = project / "scenarios" / "nobody_decides.yaml"
    ran = pytester.runpytest_inprocess("-p", "no:cacheprovider", str(other))
    ran.assert_outcomes(errors=1)
    ran.stdout.fnmatch_lines(["*error?G0*"])
    assert "Traceback" not in ran.stdout.str()


def test_a_folder_of_another_kind_is_left_alone(pytester: pytest.Pytester) -> None:
    (pytester.path / "scenarios").mkdir()
    (pytester.path / "scenarios" / "other.yaml").write_text("anything: else\n")
    ran = pytester.runpytest_inprocess("-p", "no:cacheprovider", str(pytester.path))
    ran.assert_outcomes()
