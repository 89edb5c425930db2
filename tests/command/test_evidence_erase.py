"""``gantral evidence erase``, ``expire``, ``hold`` and ``release`` on a store's instance."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from gantral.api.story import Library, Story, Untold
from gantral.cli.handing import erase as erasing
from gantral.cli.handing import hold as holding
from gantral.cli.main import main
from gantral.evidence import LocalStore, SigningKey, StoreError, TrustFile, canonical, parse
from gantral.evidence.envelope import read_envelope, seal, write_envelope
from gantral.evidence.hashes import leaf
from instances import INSTANCE, TEAM, VECTORS, files_of, put_instance

NOW = "2027-01-05T10:00:00.000Z"
APPROVED = VECTORS / "approved"
SEEDS: dict[str, str] = json.loads((APPROVED / "inputs.json").read_text())["seeds"]
REASON = ("--reason", "asked for by the customer")


class Place:
    def __init__(self, root: Path, capsys: pytest.CaptureFixture[str]) -> None:
        self.root, self.capsys = root, capsys
        self.settings = root / "gantral.toml"
        (root / "erasure.key").write_bytes(key("erasure").dump())
        (root / "trust.json").write_bytes((APPROVED / "trust.json").read_bytes())
        self.settings.write_text(
            '[deployment]\nenvironment = "production"\npackages = []\n'
            '[evidence]\nstore = "file:store"\ndrafts = "file:drafts"\ntrust = "file:trust.json"\n'
            '[keys]\nerasure = "file:erasure.key"\n'
        )
        self.store = LocalStore(root / "store")

    def do(self, *words: str) -> tuple[int, str]:
        status = main(["evidence", *words, "--settings", str(self.settings)])
        told = self.capsys.readouterr()
        assert "Traceback" not in told.err
        return status, told.out + told.err

    def under(self, folder: str) -> list[str]:
        return list(self.store.list(f"{TEAM}/{INSTANCE}/{folder}"))

    def paths(self) -> set[str]:
        data = [self.store.get(name) or b"" for name in self.under("texts")]
        return {str(text[2]) for text in map(parse, data) if isinstance(text, list)}

    def verdict(self, name: str = "out.evidence") -> tuple[int, str]:
        out = self.root / name
        if not out.exists():
            assert self.do("export", "--out", str(out))[0] == 0
        status = main(["verify", str(out), "--trust", str(self.root / "trust.json")])
        return status, self.capsys.readouterr().out.strip()


def key(use: str) -> SigningKey:
    return SigningKey.from_seed(bytes.fromhex(SEEDS[use]))


@pytest.fixture
def place(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> Place:
    for module in (erasing, holding):
        monkeypatch.setattr(module, "now", lambda: NOW)
    put_instance(tmp_path / "store", "approved")
    return Place(tmp_path, capsys)


def test_the_verdict_stands_and_the_texts_are_gone(place: Place) -> None:
    assert place.verdict("before.evidence") == (0, "VALID")
    status, told = place.do("erase", INSTANCE, "--personal", *REASON)
    assert status == 0, told
    # Marked by the manifest, and what people are and say; not a vote's that was never put.
    assert place.paths() == {
        "/input/order_id", "/input/refund/amount", "/input/refund/currency",
        "/order/id", "/order/total/amount", "/order/total/currency", "/reason",
        "/refund/amount", "/refund/currency", "/output/receipt_id",
        "/result/payments.refund/1/receipt_id", "/justification/x",
    }  # fmt: skip
    assert len(place.under("erasures")) == 1
    assert place.verdict() == (0, "VALID")
    # What was handed out before stays what it was.
    assert place.verdict("before.evidence") == (0, "VALID")
    status, story = place.do("show", INSTANCE)
    assert status == 0
    assert "(erased on 2027-01-05: asked for by the customer)" in story
    assert "Texts were erased" in story
    page = place.root / "page.html"
    assert place.do("show", INSTANCE, "--page", str(page))[0] == 0
    assert "(erased on 2027-01-05: asked for by the customer)" in page.read_text()
    assert "texts erased" in place.do("show", INSTANCE, "--csv")[1]


def test_an_export_without_the_record_would_be_inconclusive(place: Place) -> None:
    assert place.do("erase", INSTANCE, "--all", *REASON)[0] == 0
    for name in place.under("erasures"):
        (place.root / "store" / name).unlink()
    assert place.verdict() == (2, "INCONCLUSIVE")


def test_a_dry_run_lists_and_leaves_everything(place: Place) -> None:
    before = files_of(place.root / "store")
    status, told = place.do("erase", INSTANCE[:8], "--pointer", "/order", *REASON, "--dry-run")
    assert status == 0
    assert "/order/customer" in told
    assert "/input/" not in told
    assert files_of(place.root / "store") == before


def test_again_adds_nothing(place: Place) -> None:
    assert place.do("erase", INSTANCE, "--pointer", "/order/customer", *REASON)[0] == 0
    once = files_of(place.root / "store")
    status, told = place.do("erase", INSTANCE, "--pointer", "/order/customer", *REASON)
    assert (status, "0 texts erased" in told) == (0, True)
    assert files_of(place.root / "store") == once
    assert "/order/customer" not in place.paths()


def test_one_persons_texts_alone(place: Place) -> None:
    names = [str(path) for path in place.paths() if path.startswith("/identity/")]
    actor = names[0].removeprefix("/identity/")
    assert place.do("erase", INSTANCE, "--actor", actor, *REASON)[0] == 0
    left = place.paths()
    assert names[0] not in left
    assert set(names[1:]) <= left
    assert {"/refund/amount", "/input/reason"} <= left
    assert len([one for one in left if one.startswith("/justification/2")]) in (1, 2)
    assert place.verdict() == (0, "VALID")


def test_killed_between_the_record_and_the_texts(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(self: LocalStore, name: str) -> None:
        raise StoreError("the disk is gone")

    with monkeypatch.context() as patch:
        patch.setattr(LocalStore, "delete", fails)
        assert place.do("erase", INSTANCE, "--pointer", "/order/customer", *REASON)[0] == 1
    assert "/order/customer" in place.paths()
    # Signed is erased: nothing hands it out any longer.
    assert place.verdict() == (0, "VALID")
    out = (place.root / "out.evidence").read_bytes()
    named = read_envelope(place.store.get(place.under("erasures")[0]) or b"", "erasure")
    assert f"texts/{named.statement['leaves'][0]}".encode() not in out
    # Neither does the inbox, nor `gantral show`: both tell a story of the store.
    told = story_of(place)
    said = [value for commit in told.commits for value in told.values(commit).values()]
    assert "(erased on 2027-01-05: asked for by the customer)" in said
    assert "c-77" not in said
    # Whatever is asked for next finishes it.
    assert place.do("erase", INSTANCE, "--pointer", "/nothing", *REASON)[0] == 0
    assert "/order/customer" not in place.paths()
    assert len(place.under("erasures")) == 1


def test_the_drafts_of_the_instance_go_and_no_others(place: Place) -> None:
    drafts = LocalStore(place.root / "drafts", deletable=True)
    drafts.put(f"{TEAM}/{INSTANCE}/start.json", b"[]")
    drafts.put(f"{TEAM}/{INSTANCE}/comments/finance-1-1.json", b"{}")
    drafts.put(f"{TEAM}/another/start.json", b"[]")
    assert place.do("erase", INSTANCE, "--all", *REASON)[0] == 0
    assert list(drafts.list("")) == [f"{TEAM}/another/start.json"]


def test_the_same_value_that_nothing_binds_goes_along(place: Place) -> None:
    (name,) = [one for one in place.under("texts")
               if parse(place.store.get(one) or b"")[2] == "/order/customer"]  # type: ignore[index]  # fmt: skip
    text: Any = parse(place.store.get(name) or b"")

    twin = ["f" * 32, *text[1:]]
    place.store.put(f"{TEAM}/{INSTANCE}/texts/{leaf(twin)}.json", canonical(twin))
    assert place.do("erase", INSTANCE, "--pointer", "/order/customer", *REASON)[0] == 0
    assert "/order/customer" not in place.paths()
    assert place.verdict() == (0, "VALID")


def story_of(place: Place) -> Story:
    # It is under a name that it does not hash to, which no story is told of.
    (place.root / "store" / TEAM / INSTANCE / "texts" / f"{'ab' * 32}.json").unlink(missing_ok=True)
    trust = TrustFile.load((place.root / "trust.json").read_bytes())
    story = Library(place.store, trust, [TEAM]).story(INSTANCE)
    assert story is not None
    return story


def test_an_erasure_that_nobody_signed_is_not_told_of(place: Place) -> None:
    assert place.do("erase", INSTANCE, "--pointer", "/order/customer", *REASON)[0] == 0
    assert "erased on" in str(story_of(place).values(story_of(place).commits[1]))
    path = place.root / "store" / place.under("erasures")[0]
    statement = read_envelope(path.read_bytes(), "erasure").statement
    path.write_bytes(write_envelope(seal("erasure", statement, key("commit"))))
    with pytest.raises(Untold):
        story_of(place)
    assert place.verdict() == (1, "INVALID")


def refuses(place: Place, *words: str, said: str) -> None:
    before = files_of(place.root / "store")
    status, told = place.do(*words)
    assert status == 1
    assert said in told
    assert "help:" in told
    assert files_of(place.root / "store") == before


def test_nothing_of_an_open_instance(place: Place) -> None:
    commits = place.under("commits")
    (place.root / "store" / commits[-1]).unlink()
    refuses(place, "erase", INSTANCE, "--all", *REASON, said="it has not ended")


def test_nothing_of_invalid_evidence(place: Place) -> None:
    path = place.root / "store" / place.under("texts")[0]
    path.write_bytes(path.read_bytes().replace(b"/", b"_"))
    refuses(place, "erase", INSTANCE, "--all", *REASON, said="INVALID")


def test_nothing_that_unlisted_keys_signed(place: Place) -> None:
    trust: Any = parse((place.root / "trust.json").read_bytes())
    del trust["keys"][key("commit").keyid]

    (place.root / "trust.json").write_bytes(canonical(trust))
    refuses(place, "erase", INSTANCE, "--all", *REASON, said="the trust file does not list")


def test_nothing_under_a_hold_and_again_after_its_release(place: Place) -> None:
    assert place.do("hold", INSTANCE, "--reason", "case 7")[0] == 0
    assert "was already held" in place.do("hold", INSTANCE, "--reason", "case 8")[1]
    refuses(place, "erase", INSTANCE, "--all", *REASON, said="under a legal hold")
    assert place.do("release", INSTANCE, "--reason", "settled")[0] == 0
    # A hold travels with no evidence.
    assert place.verdict("held.evidence") == (0, "VALID")
    assert place.do("erase", INSTANCE, "--all", *REASON)[0] == 0
    assert place.paths() == {"/justification/x"}  # of a vote that was never put
    assert "too late for" in place.do("hold", INSTANCE, "--reason", "case 9")[1]


def test_a_hold_that_came_after_the_record_keeps_the_texts(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    put = LocalStore.put

    def held_meanwhile(self: LocalStore, name: str, data: bytes) -> None:
        put(self, name, data)
        if "/erasures/" in name:
            monkeypatch.setattr(LocalStore, "put", put)
            assert place.do("hold", INSTANCE, "--reason", "case 7")[0] == 0

    before = place.paths()
    monkeypatch.setattr(LocalStore, "put", held_meanwhile)
    assert place.do("erase", INSTANCE, "--all", *REASON)[0] == 1
    assert place.paths() == before


@pytest.mark.parametrize("spoilt", ["lost", "forged"])
def test_holds_that_are_not_whole_hold(spoilt: str, place: Place) -> None:
    assert place.do("hold", INSTANCE, "--reason", "case 7")[0] == 0
    assert place.do("release", INSTANCE, "--reason", "settled")[0] == 0
    first, second = sorted((place.root / "store" / "_holds").rglob("*.json"))
    if spoilt == "lost":
        first.unlink()
    else:
        statement = read_envelope(second.read_bytes(), "hold").statement
        second.write_bytes(write_envelope(seal("hold", statement, key("closer"))))
    status, told = place.do("erase", INSTANCE, "--all", *REASON)
    assert status == 1, told
    assert place.under("erasures") == []


def test_only_an_erasure_key(place: Place) -> None:
    (place.root / "erasure.key").write_bytes(key("closer").dump())
    status, told = place.do("erase", INSTANCE, "--all", *REASON)
    assert status != 0
    assert "keys.erasure" in told
    assert place.under("erasures") == []


def test_a_key_after_its_life(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(erasing, "now", lambda: "2031-01-01T00:00:00.000Z")
    refuses(place, "erase", INSTANCE, "--all", *REASON, said="not valid at")


@pytest.mark.parametrize(
    ("now", "erased"),
    [("2033-11-23T00:00:00.000Z", False), ("2033-11-23T00:00:00.001Z", True)],
)
def test_retention_lets_go_and_never_earlier(
    now: str, erased: bool, place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    trust: Any = parse((place.root / "trust.json").read_bytes())
    trust["keys"][key("erasure").keyid]["not_after"] = "none"

    (place.root / "trust.json").write_bytes(canonical(trust))
    monkeypatch.setattr(erasing, "now", lambda: now)
    before = place.paths()
    status, told = place.do("expire", "--dry-run")
    assert (status, "would be erased" in told) == (0, erased)
    assert place.paths() == before
    assert place.do("hold", INSTANCE, "--reason", "case 7")[0] == 0
    assert place.do("expire")[0] == (1 if erased else 0)
    assert place.paths() == before
    assert place.do("release", INSTANCE, "--reason", "settled")[0] == 0
    assert place.do("expire")[0] == 0
    assert place.paths() == ({"/justification/x"} if erased else before)
    assert place.do("expire") == (0, "")
    assert place.verdict() == (0, "VALID")


@pytest.mark.parametrize("reason", ["", "  ", "two\nlines", "x" * 501])
def test_a_reason_is_one_line(reason: str, place: Place) -> None:
    assert place.do("erase", INSTANCE, "--all", "--reason", reason)[0] == 64
