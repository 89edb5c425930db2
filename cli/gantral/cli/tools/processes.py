"""Servers as child processes: fresh ports, a log file each, ready when they answer, no orphans."""

from __future__ import annotations

import contextlib
import itertools
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType

from gantral.cli.failure import Failure

_SUPERVISOR = Path(__file__).with_name("supervise.py")
# Below the ports of outgoing connections: they begin at 32768 on Linux, at 49152 elsewhere.
_PORTS = range(12_000, 32_000)
_SLICE = 200
_turns = itertools.count()


class NotReady(Failure):
    """A server ended, or did not answer, before it was ready; holds the tail of its log."""

    def __init__(self, name: str, why: str, log: Path) -> None:
        tail = log.read_text(errors="replace").splitlines()[-15:] if log.is_file() else []
        said = "".join(f"\n  | {line}" for line in tail)
        super().__init__(f"{name} {why}{said}", f"its whole log is {log}")


@dataclass(frozen=True)
class Process:
    """One running server. ``pid`` is the server's own, the leader of its process group."""

    name: str
    pid: int
    log: Path
    supervisor: subprocess.Popen[bytes]

    def running(self) -> bool:
        """Whether the server has not ended yet."""
        return self.supervisor.poll() is None

    def kill(self) -> None:
        """SIGKILL to the server's whole group, now; returns when it is gone."""
        self._say(b"kill\n")
        self.supervisor.wait(timeout=30)

    def terminate(self) -> None:
        """SIGTERM to the server's group; it has its grace before SIGKILL. Returns at once."""
        self._say(b"")

    def wait(self) -> int:
        """The server's exit status, when it has ended (128 + n for signal n)."""
        return self.supervisor.wait()

    def _say(self, word: bytes) -> None:
        pipe = self.supervisor.stdin
        assert pipe is not None
        with contextlib.suppress(OSError, ValueError):
            if word:
                pipe.write(word)
            pipe.close()


class Processes:
    """A set of servers that ends whole: at the end of the ``with``, or when this process dies.

    Args:
        logs: the folder of their log files, made if absent.
    """

    def __init__(self, logs: Path) -> None:
        self.logs = logs
        self._running: list[Process] = []

    def __enter__(self) -> Processes:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()

    def start(
        self,
        name: str,
        command: Sequence[str | Path],
        *,
        ready: Callable[[], bool],
        limit: float = 60.0,
        grace: float = 5.0,
        env: Mapping[str, str] | None = None,
        folder: Path | None = None,
    ) -> Process:
        """Start ``command`` in a session of its own and return when ``ready()`` is true.

        Args:
            name: for messages and the log file ``<name>.log``.
            ready: asked again and again; false or an OSError means "not yet".
            limit: seconds to become ready. grace: seconds from SIGTERM to SIGKILL.
            env: added to this process's environment. folder: its working folder.

        Raises:
            NotReady: it ended, or was not ready within ``limit``; it is stopped then.
        """
        self.logs.mkdir(parents=True, exist_ok=True)
        log = self.logs / f"{name}.log"
        supervisor = subprocess.Popen(
            [sys.executable, "-I", "-S", os.fspath(_SUPERVISOR), str(grace), os.fspath(log)]
            + [os.fspath(part) for part in command],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            start_new_session=True,
            env={**os.environ, **(env or {})},
            cwd=folder,
        )
        assert supervisor.stdout is not None
        with supervisor.stdout as said:
            line = said.readline().strip()
        process = Process(name, int(line or 0), log, supervisor)
        self._running.append(process)
        ends = time.monotonic() + limit
        pause = 0.01
        while process.running():
            with contextlib.suppress(OSError):
                if ready() and process.running():
                    return process
            if time.monotonic() > ends:
                self._end([process])
                raise NotReady(name, f"did not answer within {limit:g} s", log)
            time.sleep(pause)
            pause = min(pause * 1.5, 0.2)
        self._end([process])
        raise NotReady(name, f"ended with status {process.wait()} before it was ready", log)

    def ended(self) -> Process | None:
        """A server that ended though nobody stopped it, if there is one."""
        return next((one for one in self._running if not one.running()), None)

    def stop(self) -> None:
        """Stop what runs: all told at once, the last started waited for first."""
        self._end(self._running[::-1])

    def _end(self, processes: Sequence[Process]) -> None:
        for process in processes:
            process.terminate()
        for process in processes:
            process.supervisor.wait()
            self._running.remove(process)


def free_port() -> int:
    """A TCP port of 127.0.0.1 that was free a moment ago and that we gave out long ago if ever.

    None that the system lends to outgoing connections, and none that another process of ours gives
    out at the same moment: each takes turns through a slice of its own. A stranger can take it in
    between: callers start again with a new one (``servers.py``).

    Raises:
        OSError: none of the slice is free.
    """
    first = _PORTS.start + os.getpid() * _SLICE % len(_PORTS)
    for _ in range(_SLICE):
        port = first + next(_turns) % _SLICE
        with socket.socket() as probe, contextlib.suppress(OSError):
            probe.bind(("127.0.0.1", port))
            return port
    raise OSError(f"no port from {first} on is free")


def listening(port: int) -> bool:
    """Whether something accepts connections at 127.0.0.1:``port``."""
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=1):
            return True
    except OSError:
        return False


def stop_on_signals() -> None:
    """Let SIGTERM and SIGHUP end this process as Ctrl-C does, through its ``with`` blocks."""

    def interrupt(number: int, frame: object) -> None:
        raise KeyboardInterrupt

    signal.signal(signal.SIGTERM, interrupt)
    signal.signal(signal.SIGHUP, interrupt)
