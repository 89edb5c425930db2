"""The local store: one winner, nothing half written, nothing deleted but texts."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest
from gantral.evidence import AlreadyThere, EvidenceError, LocalStore, StoreError
from gantral.evidence.export import export_instance
from gantral.evidence.verify import verify_folder
from scenes import build
from vector_manifest import MANIFEST
from vectors import CHAINS, INSTANCE, inputs

KEY = "payments/one/commits/00000000.json"


def test_put_get_list_delete(tmp_path: Path) -> None:
    store = LocalStore(tmp_path / "deep" / "root")
    assert store.get(KEY) is None
    assert list(store.list("payments")) == []
    store.put(KEY, b"a")
    with pytest.raises(AlreadyThere):
        store.put(KEY, b"a")
    assert store.get(KEY) == b"a"
    store.put("payments/one/texts/x.json", b"t")
    assert list(store.list("payments/one")) == [KEY, "payments/one/texts/x.json"]
    with pytest.raises(StoreError):
        store.delete(KEY)
    store.delete("payments/one/texts/x.json")
    store.delete("payments/one/texts/x.json")
    assert list(store.list("payments/one/")) == [KEY]


def test_keys_are_listed_in_the_order_of_their_bytes(tmp_path: Path) -> None:
    store = LocalStore(tmp_path)
    keys = ["t/a-b", "t/a.x", "t/a/b", "t/a_b"]
    for key in keys:
        store.put(key, b"")
    assert list(store.list("t")) == list(store.list("")) == keys


@pytest.mark.parametrize("key", ["", "/a", "a/../b", "a//b", "a/./b", ".incoming/x", "a/\0", "ä"])
def test_keys_never_leave_the_root(tmp_path: Path, key: str) -> None:
    with pytest.raises(StoreError):
        LocalStore(tmp_path).put(key, b"")


def test_drafts_may_be_deleted(tmp_path: Path) -> None:
    drafts = LocalStore(tmp_path, deletable=True)
    drafts.put("payments/one/0.json", b"")
    drafts.delete("payments/one/0.json")
    assert drafts.get("payments/one/0.json") is None


def test_one_thread_of_many_wins(tmp_path: Path) -> None:
    won: list[int] = []
    start = threading.Barrier(8)

    def race(number: int) -> None:
        store = LocalStore(tmp_path)
        start.wait()
        for turn in range(20):
            try:
                store.put(f"t/i/{turn}", str(number).encode())
                won.append(turn)
            except AlreadyThere:
                pass

    threads = [threading.Thread(target=race, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(won) == list(range(20))


_RACER = """
import sys
from gantral.evidence import AlreadyThere, LocalStore
sys.stdin.readline()
won = 0
for turn in range(20):
    try:
        LocalStore(sys.argv[1]).put(f"t/i/{turn}", b"x")
        won += 1
    except AlreadyThere:
        pass
print(won)
"""


def test_one_process_of_many_wins(tmp_path: Path) -> None:
    racers = [
        subprocess.Popen(
            [sys.executable, "-c", _RACER, str(tmp_path)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for _ in range(3)
    ]
    for racer in racers:
        assert racer.stdin is not None
        racer.stdin.write("go\n")
        racer.stdin.flush()
    assert sum(int(racer.communicate(timeout=60)[0]) for racer in racers) == 20


def test_killed_between_write_and_link_leaves_nothing(tmp_path: Path) -> None:
    # The child stops itself inside link(2), after its file is written and synced.
    code = (
        "import os, signal\n"
        "from gantral.evidence import LocalStore\n"
        "os.link = lambda *a: os.kill(os.getpid(), signal.SIGKILL)\n"
        f"LocalStore({str(tmp_path)!r}).put({KEY!r}, b'half')\n"
    )
    child = subprocess.run([sys.executable, "-c", code], check=False, env=dict(os.environ))
    assert child.returncode == -signal.SIGKILL
    store = LocalStore(tmp_path)
    assert store.get(KEY) is None
    assert list(store.list("")) == []
    store.put(KEY, b"whole")
    assert store.get(KEY) == b"whole"


@pytest.mark.parametrize("name", list(CHAINS))
def test_an_export_is_the_closed_folder(tmp_path: Path, name: str) -> None:
    from gantral.evidence import TrustFile

    scene = build(inputs(name), MANIFEST)
    store = LocalStore(tmp_path / "store")
    prefix = f"payments/{INSTANCE}/"
    for path, data in scene.files.items():
        if path != "artifacts.jsonl":
            store.put(prefix + path, data)
    store.put(prefix + "texts/" + "0" * 64 + ".json", b"of a commit that never was")
    export_instance(store, "payments", INSTANCE, tmp_path / "out")
    found = {
        path.relative_to(tmp_path / "out").as_posix(): path.read_bytes()
        for path in (tmp_path / "out").rglob("*")
        if path.is_file()
    }
    assert found == scene.files
    assert verify_folder(tmp_path / "out", TrustFile.load(scene.trust)).verdict == "VALID"
    with pytest.raises(EvidenceError):
        export_instance(store, "payments", "another", tmp_path / "none")
