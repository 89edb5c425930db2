"""``gantral verify`` opens no socket, reads no clock and no environment.

What each part shows: strace, that the kernel is never asked for a socket in the whole life of the
process; the audit hook, that Python opens no socket, starts no process and reads no file but the
evidence and the trust file; the profile hook, that no code in Python calls a clock (the kernel's
help shows less: reading a clock is no system call, and CPython 3.11 itself reads one for each lock
of a buffered file); an environment that can't be read, that the judgement reads none. All but
strace work on every system.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

KEPT = Path(__file__).parent / "kept"
BUNDLE, TRUST = KEPT / "bundle_v1.evidence", KEPT / "bundle_v1.trust.json"

JUDGE = """
import argparse, os, sys
from gantral.cli.commands import verify
# Its own messages argparse translates by the environment: the words are read before.
parser = argparse.ArgumentParser()
verify.add(parser.add_subparsers())
args = parser.parse_args(["verify", sys.argv[1], "--trust", sys.argv[2]])
assert verify.run(args) == 0  # everything is imported
print("--")
allowed = set(sys.argv[1:])
def hook(event, args):
    if event == "open":
        assert args[0] in allowed or isinstance(args[0], int), f"opens {args[0]}"
    elif event.split(".")[0] in ("socket", "subprocess", "urllib", "ctypes", "import") or event in (
        "os.system", "os.exec", "os.fork", "os.posix_spawn", "os.listdir"):
        raise AssertionError(f"{event} {args}")
class Unread(dict):
    def _no(self, *args): raise AssertionError("reads the environment")
    __getitem__ = __contains__ = get = keys = items = _no
def profile(frame, event, arg):
    if event == "c_call":
        of = getattr(arg, "__self__", None)
        assert getattr(arg, "__module__", "") != "time", f"calls {arg}"
        assert not (isinstance(of, type) and arg.__name__ in ("now", "utcnow", "today")), f"{arg}"
if sys.argv[3] in ("time", "datetime"):
    import datetime, time
    sys.setprofile(profile)
    time.monotonic() if sys.argv[3] == "time" else datetime.datetime.now()
elif sys.argv[3] == "socket":
    sys.addaudithook(hook)
    import socket
    socket.socket()
elif sys.argv[3] == "environment":
    os.environ = Unread()
    os.getenv("HOME")
else:
    os.environ = Unread()
    sys.addaudithook(hook)
    sys.setprofile(profile)
    status = verify.run(args)
    sys.setprofile(None)
    sys.stdout.flush()
    os._exit(status)
"""


def run(what: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-c", JUDGE, str(BUNDLE), str(TRUST), what]
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)


def test_no_socket_no_other_file_no_clock_no_environment() -> None:
    done = run("judge")
    assert (done.returncode, done.stdout) == (0, "VALID\n--\nVALID\n"), done.stderr


@pytest.mark.parametrize("what", ["socket", "environment", "time", "datetime"])
def test_what_is_watched_would_be_seen(what: str) -> None:
    done = run(what)
    assert done.returncode == 1
    assert "AssertionError" in done.stderr


def test_the_kernel_is_never_asked_for_a_socket(tmp_path: Path) -> None:
    strace = shutil.which("strace")
    if strace is None:
        pytest.skip("strace is not installed: apt-get install strace")
    log = tmp_path / "calls"
    traced = [strace, "-f", "-qq", "-e", "trace=%network", "-o", str(log)]
    seen = subprocess.run(
        [*traced, sys.executable, "-c", "import socket; socket.socket()"], check=False
    )
    if seen.returncode != 0 or "socket(" not in log.read_text():
        pytest.skip("strace may not trace here")
    command = [sys.executable, "-m", "gantral.cli", "verify", BUNDLE, "--trust", TRUST]
    done = subprocess.run([*traced, *command], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (0, "VALID\n")
    assert log.read_text() == ""
