"""Many specs at once: the same in one process and in several, and Ctrl-C ends all of them."""

from __future__ import annotations

import contextlib
import os
import pty
import signal
import subprocess
import sys
from pathlib import Path

import pytest

GOOD = 'role boss\nworkflow w{n} version "1.0.0" {{ team t start by boss run {{ {end} }} }}\n'

# The command with helpers from the first file on, and files on which a helper dies or hangs, or
# that no process can read, when FATE says so. A spawned process runs this module too, under another
# name.
RUN = """
import os, sys, time
from gantral.cli import many, specs
from gantral.cli.failure import Failure

real = specs.check_file


def check_file(project, path, given=None):
    if path == "w3.gantral" and __name__ != "__main__":
        if os.environ["FATE"] == "dies":
            os._exit(9)
        if os.environ["FATE"] == "hangs":
            print("hangs", os.getpid(), flush=True)
            time.sleep(600)
    if path in ("w4.gantral", "w7.gantral") and os.environ["FATE"] == "unreadable":
        raise Failure(f"{path} can't be read")
    return real(project, path, given)


specs.check_file = check_file
many.ALONE = float(os.environ["ALONE"])
many._cores = lambda: 2
if __name__ == "__main__":
    from gantral.cli.main import main

    sys.exit(main(["check", "--output-format", "concise", "."]))
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Ten specs, of which three have an error."""
    specs = tmp_path / "specs"
    specs.mkdir()
    for n in range(10):
        text = GOOD.format(n=n, end="" if n % 4 == 1 else "complete")
        (specs / f"w{n}.gantral").write_text(text)
    (tmp_path / "run.py").write_text(RUN)
    return specs


def started(folder: Path, fate: str, alone: str = "0", stderr: int = subprocess.PIPE) -> list[str]:
    """What a process told, and its status last."""
    done = subprocess.run(
        [sys.executable, str(folder.parent / "run.py")],
        cwd=folder,
        env={**os.environ, "FATE": fate, "ALONE": alone},
        stdout=subprocess.PIPE,
        stderr=stderr,
        text=True,
        check=False,
    )
    return [*done.stdout.splitlines(), *(done.stderr or "").splitlines(), str(done.returncode)]


@pytest.mark.timeout(120)
def test_several_processes_tell_the_same_as_one(folder: Path) -> None:
    alone = started(folder, "lives", alone="1000")
    errors = [line.partition(":")[0] for line in alone if "error[G0403]" in line]
    assert errors == ["w1.gantral", "w5.gantral", "w9.gantral"]
    assert started(folder, "lives") == alone
    # What a process can't do for whatever reason is done by the one that asked it to.
    assert started(folder, "dies") == alone


@pytest.mark.timeout(120)
def test_the_first_file_that_cannot_be_read_is_named(folder: Path) -> None:
    assert started(folder, "unreadable") == ["error: w4.gantral can't be read", "1"]


@pytest.mark.timeout(120)
def test_ctrl_c_ends_every_process(folder: Path) -> None:
    process = subprocess.Popen(
        [sys.executable, str(folder.parent / "run.py")],
        cwd=folder,
        env={**os.environ, "FATE": "hangs", "ALONE": "0"},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    assert process.stdout is not None
    assert process.stderr is not None
    try:
        hangs, pid = process.stdout.readline().split()
        assert hangs == "hangs"
        # As a terminal does: to all of them.
        os.killpg(process.pid, signal.SIGINT)
        assert process.wait(60) == 130
        assert process.stderr.read() == ""
        with pytest.raises(ProcessLookupError):
            os.kill(int(pid), 0)
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)


@pytest.mark.timeout(120)
def test_progress_is_for_a_terminal_and_leaves_nothing(folder: Path) -> None:
    ours, theirs = pty.openpty()
    try:
        told = started(folder, "lives", stderr=theirs)
        shown = os.read(ours, 1 << 16).decode()
    finally:
        os.close(ours)
        os.close(theirs)
    assert not any("checked" in line for line in started(folder, "lives"))
    assert told[-1] == "1"
    assert "\rchecked 1 of 10 [" in shown
    # After the line is blank again comes what is told without a terminal.
    *_, blank, last = shown.split("\r")[:-1] if shown.endswith("\r\n") else shown.split("\r")
    assert not blank.strip()
    assert last == "3 errors"
