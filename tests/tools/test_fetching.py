"""How tools are had, and what is said when one can't be. The installers are stand-ins on PATH;
what they install is run for real elsewhere."""

from __future__ import annotations

import os
import sys
import threading
from pathlib import Path

import pytest
from gantral.cli.tools.__main__ import main as fetch_all
from gantral.cli.tools.browser import chromium
from gantral.cli.tools.failure import ToolMissing
from gantral.cli.tools.home import OPA_VERSION, tools_folder
from gantral.cli.tools.installing import install
from gantral.cli.tools.opa import opa


@pytest.fixture
def tools(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty tools folder, and a PATH on which only what a test puts there is found."""
    monkeypatch.setenv("GANTRAL_TOOLS", str(tmp_path / "tools"))
    (tmp_path / "bin").mkdir()
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    # No installer can reach anything.
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.delenv("PIP_FIND_LINKS", raising=False)
    return tmp_path / "tools"


def program(tools: Path, name: str, script: str) -> Path:
    path = tools.parent / "bin" / name
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)
    return path


def building(version: str) -> str:
    """A go whose ``install`` makes an opa that says it is ``version``."""
    made = rf"printf '#!/bin/sh\necho Version: {version}\n' >$GOBIN/opa"
    return f"if [ $1 = env ]; then echo go1.26; else {made}; /bin/chmod +x $GOBIN/opa; fi"


def test_the_folder_is_where_it_is_said_to_be(tools: Path) -> None:
    assert tools_folder() == tools


def test_a_clone_has_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("GANTRAL_TOOLS", raising=False)
    assert tools_folder() == Path(__file__).parents[2] / ".tools"


def test_a_wheel_uses_the_users_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("GANTRAL_TOOLS", raising=False)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.setattr(sys, "platform", "linux")
    monkeypatch.setattr("gantral.cli.tools.home._clone", lambda: None)
    assert tools_folder() == tmp_path / "gantral" / "tools"


def test_opa_from_path_counts_at_the_pin_only(tools: Path) -> None:
    found = program(tools, "opa", f"echo Version: {OPA_VERSION}")
    assert opa() == found
    program(tools, "opa", "echo Version: 0.1.0")
    with pytest.raises(ToolMissing, match=r"it is 0\.1\.0"):
        opa()


def test_what_can_not_be_had_names_each_try_and_what_to_install(tools: Path) -> None:
    program(tools, "go", "echo go1.26; [ $1 = env ] || { echo 'no route to host' >&2; exit 1; }")
    with pytest.raises(ToolMissing) as told:
        opa()
    said = str(told.value)
    assert f"OPA {OPA_VERSION} could not be had" in said
    assert "tried opa from PATH: not there" in said
    assert "exit 1: no route to host" in said
    assert f"help: put OPA {OPA_VERSION} on PATH" in said
    assert [path.name for path in tools.iterdir()] == [f".opa-{OPA_VERSION}.lock"]


def test_an_old_go_is_passed_over_and_the_registry_tried(tools: Path) -> None:
    program(tools, "go", "echo go1.18")
    with pytest.raises(ToolMissing) as told:
        opa()
    said = str(told.value)
    assert "it is go1.18" in said
    assert "tried uv: not on PATH" in said
    assert "tried pip of a fresh virtual environment" in said


def test_a_build_of_another_version_is_refused(tools: Path) -> None:
    program(tools, "go", building("9.9.9"))
    with pytest.raises(ToolMissing, match=r"it built 9\.9\.9"):
        opa()


def test_a_built_opa_is_found_again_without_go(tools: Path) -> None:
    built = (
        rf"printf '#!/bin/sh\necho Version: {OPA_VERSION}\n' >$GOBIN/opa; /bin/chmod +x $GOBIN/opa"
    )
    go = program(tools, "go", f"if [ $1 = env ]; then echo go1.26; else {built}; fi")
    first = opa()
    go.unlink()
    assert opa() == first
    assert first == tools / f"opa-{OPA_VERSION}" / "opa"


def test_chromium_that_no_one_may_install_is_named(
    tools: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program(tools, "apt-get", "exit 0")
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    with pytest.raises(ToolMissing, match="only root may"):
        chromium()
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    with pytest.raises(ToolMissing, match="left no chromium on PATH"):
        chromium()
    found = program(tools, "chromium", "exit 0")
    assert chromium() == found


def test_an_install_is_whole_or_not_there(tools: Path) -> None:
    def half(folder: Path) -> None:
        (folder / "part").write_text("half")
        raise OSError("disk full")

    with pytest.raises(OSError, match="disk full"):
        install("thing-1", half)
    assert [path.name for path in tools.iterdir()] == [".thing-1.lock"]


def test_two_at_once_do_the_work_once(tools: Path) -> None:
    begun = threading.Barrier(2)
    builds: list[Path] = []
    found: list[Path] = []

    def build(folder: Path) -> None:
        builds.append(folder)
        (folder / "tool").write_text("whole")

    def fetch() -> None:
        begun.wait()
        found.append(install("thing-1", build))

    threads = [threading.Thread(target=fetch) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(builds) == 1
    assert found == [tools / "thing-1"] * 2
    assert (tools / "thing-1" / "tool").read_text() == "whole"


def test_all_that_is_missing_is_told_at_once(
    tools: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    program(tools, "go", "echo go1.26; [ $1 = env ] || { echo 'no route to host' >&2; exit 1; }")
    assert fetch_all() == 1
    said = capsys.readouterr().err
    assert f"error: OPA {OPA_VERSION} could not be had" in said
    assert "error: Chromium could not be had" in said
