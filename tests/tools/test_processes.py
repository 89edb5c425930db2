"""Children that are ready when we get them, and that never outlive us."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import textwrap
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from gantral.cli.tools.processes import NotReady, Processes, free_port, listening

LISTEN = """
import signal, socket, sys
port, polite = int(sys.argv[1]), sys.argv[2] == "polite"
if not polite:
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
server = socket.create_server(("127.0.0.1", port))
while True:
    server.accept()[0].close()
"""

PARENT = """
import pathlib, sys, time
from gantral.cli.tools.processes import Processes, listening, stop_on_signals
port = int(sys.argv[1])
stop_on_signals()
with Processes(pathlib.Path(sys.argv[2])) as processes:
    command = [sys.executable, "-c", sys.argv[3], str(port), "polite"]
    child = processes.start("child", command, ready=lambda: listening(port))
    print(child.pid, child.supervisor.pid, flush=True)
    while True:
        # A signal that comes just before a long wait is heard after it.
        time.sleep(0.05)
"""


def until(condition: Callable[[], bool], limit: float = 30.0) -> None:
    ends = time.monotonic() + limit
    while not condition():
        assert time.monotonic() < ends, "the condition was never met"
        time.sleep(0.01)


def alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    stat = Path(f"/proc/{pid}/stat")
    return not (stat.exists() and stat.read_text().rsplit(")", 1)[1].split()[0] == "Z")


def listener(port: int, manner: str = "polite") -> list[str]:
    return [sys.executable, "-c", LISTEN, str(port), manner]


def test_a_server_is_ready_when_start_returns_and_gone_after(tmp_path: Path) -> None:
    port = free_port()
    with Processes(tmp_path) as processes:
        child = processes.start("child", listener(port), ready=lambda: listening(port))
        assert listening(port)
        assert alive(child.pid)
        assert os.getpgid(child.pid) == child.pid
    assert not alive(child.pid)
    assert not listening(port)


def test_a_server_that_ignores_sigterm_is_killed_after_its_grace(tmp_path: Path) -> None:
    port = free_port()
    with Processes(tmp_path) as processes:
        child = processes.start(
            "deaf", listener(port, "deaf"), ready=lambda: listening(port), grace=0.2
        )
    assert not alive(child.pid)
    assert child.wait() == 128 + signal.SIGKILL


def test_its_whole_group_goes(tmp_path: Path) -> None:
    port = free_port()
    family = f"""
        import subprocess, sys
        subprocess.run([sys.executable, "-c", {LISTEN!r}, "{port}", "deaf"])
    """
    with Processes(tmp_path) as processes:
        command = [sys.executable, "-c", textwrap.dedent(family)]
        processes.start("family", command, ready=lambda: listening(port), grace=0.2)
    until(lambda: not listening(port))


def test_kill_is_at_once_and_seen(tmp_path: Path) -> None:
    port = free_port()
    with Processes(tmp_path) as processes:
        child = processes.start("child", listener(port), ready=lambda: listening(port), grace=60)
        child.kill()
        assert not child.running()
        assert child.wait() == 128 + signal.SIGKILL
        assert not listening(port)


def test_one_that_ends_early_says_so_with_its_log(tmp_path: Path) -> None:
    command = [sys.executable, "-c", "import sys; sys.exit('no licence')"]
    with Processes(tmp_path) as processes, pytest.raises(NotReady) as told:
        processes.start("child", command, ready=lambda: False)
    assert "ended with status 1" in str(told.value)
    assert "| no licence" in str(told.value)


def test_one_that_is_not_there_says_so(tmp_path: Path) -> None:
    with Processes(tmp_path) as processes, pytest.raises(NotReady) as told:
        processes.start("child", [tmp_path / "absent"], ready=lambda: False)
    assert "No such file" in str(told.value)


def test_one_that_never_answers_is_stopped(tmp_path: Path) -> None:
    port = free_port()
    with Processes(tmp_path) as processes, pytest.raises(NotReady, match="did not answer"):
        processes.start("mute", listener(port), ready=lambda: False, limit=0.5)
    assert not listening(port)


def parent_of(port: int, logs: Path) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", PARENT, str(port), str(logs), LISTEN],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP, signal.SIGINT])
def test_a_signal_to_the_parent_stops_all(tmp_path: Path, number: signal.Signals) -> None:
    port = free_port()
    with parent_of(port, tmp_path) as parent:
        assert parent.stdout is not None
        child, supervisor = (int(word) for word in parent.stdout.readline().split())
        parent.send_signal(number)
        parent.wait(timeout=30)
    # The parent waited for them: nothing is left to wait for here.
    assert not alive(child)
    assert not alive(supervisor)


@pytest.mark.parametrize("victim", ["parent", "supervisor"])
def test_no_orphan_when_killed_by_force(tmp_path: Path, victim: str) -> None:
    if victim == "supervisor" and sys.platform != "linux":
        pytest.skip("only Linux tells a child that its parent died")
    port = free_port()
    with parent_of(port, tmp_path) as parent:
        assert parent.stdout is not None
        child, supervisor = (int(word) for word in parent.stdout.readline().split())
        assert alive(child)
        os.kill(parent.pid if victim == "parent" else supervisor, signal.SIGKILL)
        until(lambda: not alive(child))
        until(lambda: not alive(supervisor))
        assert not listening(port)
        parent.kill()


def test_ports_are_not_given_out_twice() -> None:
    ports = [free_port() for _ in range(50)]
    assert len(set(ports)) == 50


def test_two_processes_are_given_ports_apart() -> None:
    say = "from gantral.cli.tools.processes import free_port\n"
    say += "print(*(free_port() for _ in range(50)))"
    pair = [
        subprocess.Popen([sys.executable, "-c", say], stdout=subprocess.PIPE, text=True)
        for _ in range(2)
    ]
    one, other = (set(process.communicate()[0].split()) for process in pair)
    assert len(one) == len(other) == 50
    assert not one & other


def test_a_taken_port_is_passed_over() -> None:
    with socket.create_server(("127.0.0.1", free_port() + 1)) as taken:
        assert free_port() != taken.getsockname()[1]
