"""Run one server for a parent that may die without a word, so that no orphan is left.

Started as a script of its own by :mod:`gantral.cli.tools.processes`, with the standard library
alone: ``python -I -S supervise.py GRACE LOG COMMAND…``. The first line of stdout is the server's
pid. On stdin ``kill`` ends the server at once; the end of stdin, which the system brings about
when the parent dies however it dies, ends it politely: SIGTERM to its process group, SIGKILL after
GRACE seconds. A parent's pipe is used and not PR_SET_PDEATHSIG of the parent itself, because that
strikes when the starting *thread* ends. The exit status is the server's.
"""

import contextlib
import ctypes
import os
import select
import signal
import subprocess
import sys
import time

_PR_SET_PDEATHSIG = 1


def _die_with_supervisor() -> None:
    # Between fork and exec, in a process of one thread. Linux only; elsewhere a supervisor that
    # is itself killed by force leaves its server.
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)


def _signal_group(pid: int, number: int) -> None:
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(pid, number)


def _group_alive(pid: int) -> bool:
    try:
        os.killpg(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def main(arguments: list[str]) -> int:
    """Start the command, then wait for its end or for a word from the parent."""
    grace, log, command = float(arguments[0]), arguments[1], arguments[2:]
    # The parent's terminal must not reach the server behind the parent's back.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    wake_read, wake_write = os.pipe()
    os.set_blocking(wake_write, False)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    signal.set_wakeup_fd(wake_write, warn_on_full_buffer=False)
    with open(log, "ab") as out:
        try:
            child = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=out,
                start_new_session=True,
                restore_signals=True,
                preexec_fn=_restore_and_die_with_supervisor,
            )
        except OSError as error:
            out.write(f"{command[0]}: {error.strerror}\n".encode())
            return 127
    # A parent that is gone already reads nothing; the end of stdin says so too, below.
    with contextlib.suppress(BrokenPipeError):
        os.write(1, f"{child.pid}\n".encode())
    number = signal.SIGTERM
    while child.poll() is None:
        ready, _, _ = select.select([0, wake_read], [], [])
        if wake_read in ready:
            os.read(wake_read, 4096)
        if 0 in ready:
            word = os.read(0, 64)
            number = signal.SIGKILL if word.startswith(b"kill") else signal.SIGTERM
            break
    _signal_group(child.pid, number)
    ends = time.monotonic() + grace
    while _group_alive(child.pid) and time.monotonic() < ends:
        # Reaping the leader is what lets its group vanish.
        child.poll()
        select.select([wake_read], [], [], 0.02)
        with contextlib.suppress(BlockingIOError):
            os.set_blocking(wake_read, False)
            os.read(wake_read, 4096)
    _signal_group(child.pid, signal.SIGKILL)
    status = child.wait()
    return status if status >= 0 else 128 - status


def _restore_and_die_with_supervisor() -> None:
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    _die_with_supervisor()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
