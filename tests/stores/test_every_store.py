"""What every store must do, asked of each kind (DESIGN section 5, FORMAT section 3)."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest
from gantral.evidence import AlreadyThere, Store, StoreError, s3
from store_kinds import Kind

COMMIT = "payments/one/commits/00000000.json"
TEXT = "payments/one/texts/0a.json"
# As they lie in a store, in the order of their bytes.
KEYS = [
    COMMIT,
    "payments/one/commits/00000001.json",
    "payments/one/manifest.json",
    TEXT,
    "payments/one/uses/ab/1.json",
    "payments/one/uses/ab/1.outcome.json",
    "payments/one/uses/ab/undo/1.json",
    "payments/one/votes/cd.json",
    "payments/one/votes/cd.refusal.json",
    "payments/two/texts/0b.json",
    "payments_eu/three/commits/00000000.json",
]


def test_a_key_is_created_once(kind: Kind) -> None:
    store = kind.open()
    for key in (COMMIT, TEXT):
        assert store.get(key) is None
        store.put(key, b"first")
        for data in (b"first", b"second"):
            with pytest.raises(AlreadyThere):
                store.put(key, data)
            with pytest.raises(AlreadyThere):
                kind.open().put(key, data)
        assert kind.open().get(key) == b"first"


def test_bytes_come_back_as_they_were(kind: Kind) -> None:
    store, large = kind.open(), bytes(range(256)) * 4096
    store.put(COMMIT, large)
    store.put(TEXT, b"")
    assert (store.get(COMMIT), store.get(TEXT)) == (large, b"")


def test_a_folder_is_listed_whole_and_in_order(kind: Kind, monkeypatch: pytest.MonkeyPatch) -> None:
    store = kind.open()
    for key in reversed(KEYS):
        store.put(key, b"x")
    for page in (1000, 3, 1):
        monkeypatch.setattr(s3, "_PAGE", page)
        assert list(store.list("")) == KEYS
        assert list(store.list("payments")) == KEYS[:-1]
        assert list(store.list("payments/one/")) == KEYS[:9]
    assert list(store.list("payments/one/uses")) == KEYS[4:7]
    assert list(store.list("payments/one/texts")) == [TEXT]
    assert list(store.list("payments/none")) == list(store.list("pay")) == []


def test_folders_are_listed_without_what_lies_in_them(
    kind: Kind, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = kind.open()
    for key in KEYS:
        store.put(key, b"x")
    for page in (1000, 3, 1):
        monkeypatch.setattr(s3, "_PAGE", page)
        assert list(store.folders("")) == ["payments", "payments_eu"]
        assert list(store.folders("payments")) == ["one", "two"]
        assert list(store.folders("payments/one")) == ["commits", "texts", "uses", "votes"]
    assert list(store.folders("payments/one/texts")) == []
    assert list(store.folders("payments/none")) == list(store.folders("pay")) == []


def test_only_texts_are_deleted(kind: Kind) -> None:
    store = kind.open()
    store.put(COMMIT, b"c")
    store.put(TEXT, b"t")
    if kind.name == "s3":
        with pytest.raises(StoreError, match="never deleted"):
            store.delete(TEXT)
        return
    store.delete(TEXT)
    store.delete(TEXT)
    assert kind.open().get(TEXT) is None
    assert list(store.list("payments/one")) == [COMMIT]
    store.put(TEXT, b"again")
    assert store.get(TEXT) == b"again"
    if kind.kept:
        with pytest.raises(StoreError, match="never deleted"):
            store.delete(COMMIT)
        assert store.get(COMMIT) == b"c"
    else:
        store.delete(COMMIT)
        assert store.get(COMMIT) is None


@pytest.mark.parametrize("key", ["", "/a", "a/../b", "a//b", "a/./b", ".incoming/x", "a/\0", "ä"])
def test_keys_never_leave_the_place(kind: Kind, key: str) -> None:
    store = kind.open()
    with pytest.raises(StoreError, match="no key"):
        store.put(key, b"")
    with pytest.raises(StoreError, match="no key"):
        store.get(key)


@pytest.mark.parametrize("writers", [2, 32])
def test_of_many_writers_one_wins(kind: Kind, writers: int) -> None:
    start, outcomes = threading.Barrier(writers), dict[int, str]()

    def write(number: int, store: Store) -> None:
        start.wait()
        try:
            # All the same length, and two and two the same bytes: content tells nobody who won.
            store.put(COMMIT, f"{number // 2:03d}".encode())
            outcomes[number] = "won"
        except StoreError as error:
            outcomes[number] = type(error).__name__

    threads = [threading.Thread(target=write, args=(n, kind.open())) for n in range(writers)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    (won,) = [number for number, what in outcomes.items() if what == "won"]
    assert sorted(outcomes.values()) == ["AlreadyThere"] * (writers - 1) + ["won"]
    assert kind.open().get(COMMIT) == f"{won // 2:03d}".encode()
    assert list(kind.open().list("")) == [COMMIT]


def test_a_fit_store_says_so_and_keeps_nothing_of_it(kind: Kind) -> None:
    store = kind.open()
    for _ in range(2):
        store.check()
        store.probe()
    assert list(store.list("")) == []
    store.put(COMMIT, b"c")
    store.probe()
    assert list(store.list("")) == [COMMIT]


def test_what_is_there_is_there_for_a_whole_instance(kind: Kind, tmp_path: Path) -> None:
    """An instance's vector through the store, exported byte for byte."""
    from gantral.evidence.export import export_instance

    vectors = Path(__file__).parents[2] / "docs" / "evidence" / "vectors" / "approved" / "instance"
    files = {
        path.relative_to(vectors).as_posix(): path.read_bytes()
        for path in vectors.rglob("*")
        if path.is_file()
    }
    store = kind.open()
    for name, data in files.items():
        if name != "artifacts.jsonl":
            store.put(f"payments/one/{name}", data)
    export_instance(kind.open(), "payments", "one", tmp_path / "out")
    out = tmp_path / "out"
    exported = {
        path.relative_to(out).as_posix(): path.read_bytes()
        for path in out.rglob("*")
        if path.is_file()
    }
    assert exported == files
