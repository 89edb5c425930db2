"""``gantral evidence show``: what evidence says, in words, as a page and as a table."""

from __future__ import annotations

import csv
import io
import json
import os
import re
from collections.abc import Callable
from hashlib import sha256
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import bundles
import pytest
import test_asks_told_apart as asks
from bundles import bundle, entries, instance, scenes
from gantral.cli.main import main
from gantral.evidence import LocalStore, canonical, parse
from gantral.evidence.hashes import leaf
from scenes import Forge, build
from vectors import inputs

HERE = Path(__file__).parent
KEPT = HERE.parent / "evidence" / "kept" / "bundle_v1.evidence"
TRUST = KEPT.with_suffix(".trust.json")
EVERY = ("amended", "approved", "rejected", "timed_out", "waived")
FOUND = scenes(*EVERY)


def show(path: Path, *words: str, trust: Path = TRUST) -> int:
    return main(["evidence", "show", str(path), "--trust", str(trust), *words])


def written(tmp_path: Path, data: bytes) -> Path:
    (tmp_path / "trust.json").write_bytes(FOUND[instance(1)].trust)
    (tmp_path / "a.evidence").write_bytes(data)
    return tmp_path / "a.evidence"


def rows(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text, newline="")))


def test_a_story_in_plain_words(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = written(tmp_path, bundle(entries(FOUND)))
    assert show(path, trust=tmp_path / "trust.json") == 0
    told = capsys.readouterr().out
    # What changes with the example's own files.
    for digest in (bundles.VERSION, bundles.POLICY, bundles.ROLE_MAP):
        told = told.replace(digest, "DIGEST")
    told = re.sub(r"sha256: [0-9a-f]{64}", "sha256: DIGEST", told)
    golden = HERE / "shown" / "plain.txt"
    if os.environ.get("GANTRAL_GOLDEN") == "write":
        golden.parent.mkdir(exist_ok=True)
        golden.write_text(told)
    assert told == golden.read_text()


def test_a_parent_and_its_child(capsys: pytest.CaptureFixture[str]) -> None:
    assert show(KEPT) == 0
    told = capsys.readouterr().out
    assert "Child workflow.refund/1 was started" in told
    assert "Child workflow.refund/1 ended: COMPLETED" in told
    assert "run as a child under the artifact: " in told
    assert told.count("VALID: every rule of evidence holds") == 4


@pytest.mark.parametrize(
    ("made", "rows"),
    [(asks.chain(), 4), (asks.unasked(), 2)],
    ids=["asked", "unasked"],
)
def test_which_ask_each_yes_is_of(
    made: list[Any], rows: int, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    scene = build({**inputs("approved"), "commits": made}, asks.program(), Forge())
    for name, data in scene.files.items():
        (tmp_path / "one" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "one" / name).write_bytes(data)
    (tmp_path / "trust.json").write_bytes(scene.trust)
    assert show(tmp_path / "one", trust=tmp_path / "trust.json") == 0
    told = capsys.readouterr().out
    assert told.count("which is: ask ") == rows
    assert "which is: ask 1 of gate finance, round 1" in told
    # What a yes to the second ask sets off is said of the first one's, and of its own, data.
    assert "order what ask 1 of gate finance approves as order id" in told


class Tags(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.seen: set[str] = set()
        self.attributes: set[str] = set()
        self.data = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.seen.add(tag)
        self.attributes |= {name for name, _ in attrs}

    def handle_data(self, data: str) -> None:
        self.data += data


def test_a_page_needs_no_network(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    page = tmp_path / "page.html"
    assert show(KEPT, "--page", str(page)) == 0
    assert capsys.readouterr().out == f"{page}\n"
    text = page.read_text("utf-8")
    tags = Tags()
    tags.feed(text)
    assert tags.seen <= {"html", "meta", "title", "style", "h1", "h2", "h3", "h4", "h5", "section",
                         "dl", "dt", "dd"}  # fmt: skip
    assert tags.attributes <= {"lang", "charset", "http-equiv", "content", "name", "id", "class"}
    assert "default-src 'none'" in text
    assert "url(" not in text
    assert "@import" not in text
    # The policy, the role map and the spec that they were decided under, in full.
    for words in ("alice@example", "approved with a change", "package refund", "gate finance",
                  "the claim groups is fin-managers"):  # fmt: skip
        assert words in tags.data
    assert show(KEPT, "--page", str(page)) == 64
    assert "File exists" in capsys.readouterr().err


def retold(chain: str, text: str) -> tuple[str, bytes, bytes]:
    """An instance whose justification says ``text``, all hashes right."""
    from scenes import build
    from vectors import inputs

    given: Any = parse(canonical(json.loads(json.dumps(inputs(chain)))))
    given = json.loads(json.dumps(given).replace("Only one of two items was broken.", "WORDS"))
    for commit in given["commits"]:
        for vote in commit.get("votes", []):
            vote["justification"][1] = text
    given["instance_id"] = instance(7)
    made = build(given, json.loads(bundles.PROGRAM.read_bytes()))
    return instance(7), bundle(entries({instance(7): made}, {})), made.trust


HOSTILE = "<script>alert(1)</script>\x1b[2J\u202e=HYPERLINK(1)"


def test_what_strangers_wrote_stays_text(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    _, data, trust = retold("approved", HOSTILE)
    (tmp_path / "t.json").write_bytes(trust)
    path = tmp_path / "b.evidence"
    path.write_bytes(data)
    assert show(path, trust=tmp_path / "t.json") == 0
    told = capsys.readouterr().out
    assert "\x1b" not in told
    assert "\u202e" not in told
    assert "reason: <script>alert(1)</script>\ufffd[2J\ufffd=HYPERLINK(1)" in told
    assert show(path, "--page", str(tmp_path / "p.html"), trust=tmp_path / "t.json") == 0
    text = (tmp_path / "p.html").read_text("utf-8")
    assert "<script>" not in text
    assert "&lt;script&gt;alert(1)" in text
    assert "\x1b" not in text
    assert "\u202e" not in text


def test_a_cell_is_no_formula() -> None:
    from gantral.cli.handing.population import Table
    from gantral.cli.handing.sources import Judged

    out = io.StringIO()
    Table(out).instance("x", Judged("INCONCLUSIVE", (("missing", "=1+1"), ("no_end", "-2"))), None)
    (row,) = rows(out.getvalue())
    assert row["gaps"] == "'=1+1; -2"


def test_a_table_of_a_population_with_its_deciders_and_gaps(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    found = scenes(*EVERY)
    some = found[instance(3)].files
    del some[next(name for name in some if name.startswith("texts/"))]
    forged = found[instance(4)].files
    forged["commits/00000000.json"] = found[instance(5)].files["commits/00000000.json"]
    path = written(tmp_path, bundle(entries(found)))
    assert show(path, "--csv", trust=tmp_path / "trust.json") == 1
    told = capsys.readouterr()
    assert "Completeness is not shown" in told.err
    by = {row["instance_id"]: row for row in rows(told.out)}
    assert sorted(by) == sorted(found)
    first = by[instance(1)]
    assert (first["verdict"], first["decisions"], first["state"], first["gaps"]) == (
        "VALID", "finance 1: approved with a change", "COMPLETED", "",
    )  # fmt: skip
    assert re.findall(r"(\w+)@example", first["deciders"]) == ["alice", "bob"]
    assert (first["policies"], first["role_maps"]) == (bundles.POLICY, bundles.ROLE_MAP)
    assert first["effects"] == "payments.refund/1: done"
    assert by[instance(5)]["decisions"] == "finance 1: waived"
    assert by[instance(5)]["deciders"] == ""
    lacking = by[instance(3)]
    assert (lacking["verdict"], lacking["findings"]) == ("INCONCLUSIVE", "missing")
    assert re.fullmatch("texts/[0-9a-f]{64}.json is missing", lacking["gaps"])
    # Nothing is told of what is INVALID.
    assert (by[instance(4)]["verdict"], by[instance(4)]["started_by"]) == ("INVALID", "")


def test_a_child_that_is_absent_is_a_row(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    from test_children_verified import Family, family

    parent, child = family(Family())
    both = {scene.commits[0]["instance_id"]: scene for scene in (parent, child)}
    gone = child.commits[0]["instance_id"]
    (tmp_path / "t.json").write_bytes(parent.trust)
    for there, verdict in ((True, "VALID"), (False, "absent")):
        kept = both if there else {name: one for name, one in both.items() if name != gone}
        path = tmp_path / f"{there}.evidence"
        path.write_bytes(bundle(entries(kept, {})))
        assert show(path, "--csv", trust=tmp_path / "t.json") == 0
        by = {row["instance_id"]: row["verdict"] for row in rows(capsys.readouterr().out)}
        assert by[gone] == verdict


def test_a_sample_is_drawn_by_its_seed_alone(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = written(tmp_path, bundle(entries(FOUND)))

    def drawn(number: int, seed: str) -> list[str]:
        words = ("--csv", "--sample", str(number), "--seed", seed)
        assert show(path, *words, trust=tmp_path / "trust.json") == 0
        return [row["instance_id"] for row in rows(capsys.readouterr().out)]

    def lot(one: str, seed: str) -> str:
        return sha256(f"gantral.dev/sample/v1\n{seed}\n{one}".encode()).hexdigest()

    for seed in ("", "2026-11-26 dice: 4 2 6", "other"):
        expected = sorted(FOUND, key=lambda one: lot(one, seed))
        for number in (1, 2, 3):
            assert drawn(number, seed) == sorted(expected[:number])
    assert drawn(99, "x") == sorted(FOUND)
    assert show(path, "--sample", "2", trust=tmp_path / "trust.json") == 64
    assert show(path, "--sample", "0", "--seed", "x", trust=tmp_path / "trust.json") == 64


def test_the_folder_of_an_instance(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for name, data in FOUND[instance(3)].files.items():
        target = tmp_path / "folder" / name
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(data)
    written(tmp_path, b"")
    assert show(tmp_path / "folder", trust=tmp_path / "trust.json") == 0
    told = capsys.readouterr().out
    assert "rejected" in told
    assert "does not lie beside this evidence" in told


def spoilt(edit: Callable[[dict[str, bytes]], None]) -> bytes:
    found = scenes("amended")
    edit(found[instance(1)].files)
    return bundle(entries(found))


def test_nothing_is_told_of_what_nobody_vouches_for(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = written(tmp_path, bundle(entries(scenes("amended"))))
    trust = json.loads((tmp_path / "trust.json").read_bytes())
    for use in ("commit", "decision"):
        keys = {name: key for name, key in trust["keys"].items() if key["use"] != use}
        (tmp_path / "less.json").write_bytes(canonical({**trust, "keys": keys}))
        assert show(path, trust=tmp_path / "less.json") == 0
        told = capsys.readouterr().out
        assert "INCONCLUSIVE" in told
        assert "key_unknown" in told
        assert "alice" not in told
        assert "40.00" not in told


def test_a_text_behind_a_gap_is_held_to_its_leaf(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The judge stops at a missing commit and looks at no text: another one is not told."""

    def edit(files: dict[str, bytes]) -> None:
        del files["commits/00000002.json"]
        for name in [name for name in files if name.startswith("texts/")]:
            text = json.loads(files[name])
            if text[2] == "/input/refund/amount":
                assert name == f"texts/{leaf(text)}.json"
                files[name] = canonical([*text[:3], "1000000.00"])

    path = written(tmp_path, spoilt(edit))
    assert show(path, trust=tmp_path / "trust.json") == 0
    told = capsys.readouterr().out
    assert "INCONCLUSIVE" in told
    assert "1000000.00" not in told
    assert "refund amount: (missing)" in told


def test_a_spec_that_is_another_program_is_not_told(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    from gantral.evidence import H

    text = json.loads(bundles.SPEC)
    text[0][1] = text[0][1].replace("2 of people.finance_manager", "1 of people.finance_manager")
    data = canonical(text)
    assert data != bundles.SPEC
    texts = {f"specs/{bundles.VERSION}/{H('spec', data)}.json": data}
    path = written(tmp_path, bundle(entries(scenes("amended"), texts)))
    assert show(path, "--page", str(tmp_path / "p.html"), trust=tmp_path / "trust.json") == 0
    capsys.readouterr()
    page = (tmp_path / "p.html").read_text("utf-8")
    assert "it is not told" in page
    assert "1 of people.finance_manager" not in page


def test_of_the_store_with_its_own_texts(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    store = LocalStore(tmp_path / "store")
    for one, scene in FOUND.items():
        for name, data in scene.files.items():
            if name != "artifacts.jsonl":
                store.put(f"payments/{one}/{name}", data)
    (tmp_path / "trust.json").write_bytes(FOUND[instance(1)].trust)
    settings = (bundles.EXAMPLE / "gantral.toml").read_text()
    for was, now in (("build/evidence", "store"), ("build/trust", "trust")):
        settings = settings.replace(was, now)
    (tmp_path / "gantral.toml").write_text(settings)
    words = ["--settings", str(tmp_path / "gantral.toml")]
    assert main(["evidence", "show", "00000001", *words]) == 0
    told = capsys.readouterr().out
    assert "approved with a change" in told
    assert instance(2) not in told
    # The role map is the deployment's; policies and specs are another project's.
    assert "finance_manager: the claim groups is fin-managers" in told
    assert main(["evidence", "show", "0000000", *words]) == 1
    assert "5 instances begin with" in capsys.readouterr().err
    out = str(tmp_path / "all.evidence")
    more = ["--texts", str(bundles.EXAMPLE), "--out", out]
    assert main(["evidence", "export", *words, *more]) == 0
    assert "not at hand" not in capsys.readouterr().err
    assert Path(out).read_bytes() == bundle(entries(FOUND))


def test_whose_signatures_count_is_asked(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["evidence", "show", str(KEPT)]) == 64
    assert "--trust" in capsys.readouterr().err
    assert main(["evidence", "show", "5f", "--settings", "none.toml"]) == 64
    assert "no file and no folder" in capsys.readouterr().err
