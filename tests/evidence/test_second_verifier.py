"""Two verifiers, one verdict: verify-go/ is held to what the first one says of folders that nobody
thought of. (What the other tests here judge is judged by both too: see conftest.py.)"""

from __future__ import annotations

import copy
import random
import subprocess
from pathlib import Path
from typing import Any

import pytest
import test_only_if
import test_several_approvals
from forging import EXTRA
from gantral.cli.main import main
from gantral.cli.tools.go import go
from gantral.evidence import EvidenceError, TrustFile, verify_folder
from scenes import Forge, Scene, build
from second import SOURCES, ask, go_environment, run
from test_calendar_gates import CHAINS_OF_OFFICE, OFFICE
from test_calls_in_loops import asked_anew, looped
from test_children_verified import Family, family
from test_forged_at_random import ODD, places, spoil
from test_guarded_gates import GUARDED, GUARDED_CHAINS
from test_waits_in_chains import VALID as WAITED
from test_waits_in_chains import WAITING
from vector_manifest import MANIFEST
from vectors import CHAINS, VECTORS, inputs

LOOPED = copy.deepcopy(MANIFEST)
looped(LOOPED)
# The chains, each with the program that it is of.
SCENES: list[tuple[list[dict[str, Any]], dict[str, Any]]] = [
    *((chain, MANIFEST) for chain in CHAINS.values()),
    *((chain, MANIFEST) for name, chain in EXTRA.items() if name != "empty"),
    *((chain, OFFICE) for chain in CHAINS_OF_OFFICE.values()),
    *((chain, GUARDED) for chain in GUARDED_CHAINS.values()),
    *((chain, WAITING) for chain in WAITED.values()),
    (test_several_approvals.chain(), test_several_approvals.two_gates()),
    (test_only_if.chain(), test_only_if.program()),
    (asked_anew("/1"), LOOPED),
]
BATCHES, EACH = 8, 50


def put(folder: Path, scene: Scene) -> Path:
    for name, data in scene.files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(data)
    trust = folder.with_suffix(".trust")
    trust.write_bytes(scene.trust)
    return trust


def spoilt(rng: random.Random, chain: list[dict[str, Any]], manifest: dict[str, Any]) -> Scene:
    """The chain with one or two things spoilt, before or after they are hashed and signed, or in
    the files."""
    number = rng.randrange(len(chain))

    def edit(tree: dict[str, Any]) -> None:
        for _ in range(rng.choice([1, 1, 2])):
            spoil(tree, rng)

    def sealed(kind: str, statement: dict[str, Any]) -> None:
        if kind != "commit" and rng.randrange(3) == 0:
            spoil(statement, rng)

    def files(made: dict[str, bytes]) -> None:
        name, other = (rng.choice(sorted(made)) for _ in range(2))
        data = made[name]
        at = rng.randrange(len(data) + 1)
        made[name] = rng.choice(
            [
                data[:at],
                data[:at] + bytes([rng.randrange(256)]) + data[at + 1 :],
                data[:at] + b'"' + data[at:],
                made[other],
                data.replace(b"none", b"nono", 1),
            ]
        )
        if rng.randrange(4) == 0:
            made[rng.choice([other, "votes/" + "ab" * 32 + ".json", "x", "uses"])] = data

    def wrong_key(kind: str) -> str:
        return rng.choice(["", "", "commit", "decision", "effect", "closer", "erasure"])

    forge = rng.choice(
        [
            Forge(order={number: edit}),
            Forge(order={number: edit}),
            Forge(statement={number: edit}),
            Forge(raw={number: edit}),
            Forge(sealed=sealed),
            Forge(sealed=sealed),
            Forge(manifest=edit),
            Forge(manifest=edit),
            Forge(files=files),
            Forge(key=wrong_key),
            Forge(trust=lambda trust: spoil(trust, rng)),
        ]
    )
    return build({**inputs("approved"), "commits": chain}, manifest, forge)


@pytest.mark.parametrize("batch", range(BATCHES))
def test_both_say_the_same_of_what_was_spoilt(batch: int, tmp_path: Path) -> None:
    judged = 0
    for seed in range(batch * EACH, (batch + 1) * EACH):
        rng = random.Random(seed)
        try:
            scene = spoilt(rng, *copy.deepcopy(rng.choice(SCENES)))
            trust = TrustFile.load(scene.trust)
        except (EvidenceError, LookupError, TypeError, AttributeError, ValueError, StopIteration):
            continue  # so spoilt that nobody could have written the rest
        folder = tmp_path / str(seed)
        place = put(folder, scene)
        first = verify_folder(folder, trust)
        (second,) = ask(place, [folder])["instances"]
        assert second["verdict"] == first.verdict, (seed, second["findings"], first.findings)
        judged += 1
    assert judged > EACH / 3


NONE = ["string", {"min": "none", "max": "none", "pattern": "none"}]
MORE: list[Any] = [
    *ODD, "PT1H", "always", "initiator", "finance", ["json"], ["optional", NONE], ["record", []],
    {"quorum": ["1", ["finance_manager"]]}, {"actor": ["x"]}, {"actor": "/owner"}, {"and": []},
    {"each": ["/lines", "0", "/id"]}, {"expr": {"each": ["int"]}}, {"path": "/order/id"},
    {"under": ["finance", "/refund"]}, {"const": ["int", "1_0"]}, {"deciders": "finance"},
]  # fmt: skip


@pytest.mark.parametrize("batch", range(2))
def test_both_say_the_same_of_what_a_program_may_be(batch: int, tmp_path: Path) -> None:
    """Trees of the manifest, exchanged for others of their kind."""
    for seed in range(batch * EACH, (batch + 1) * EACH):
        rng = random.Random(seed)
        chain, manifest = copy.deepcopy(rng.choice(SCENES))
        part = rng.choice(["gates", "gates", "operations", "automaton", "input"])

        def edit(tree: dict[str, Any], part: str = part, rng: random.Random = rng) -> None:
            *steps, last = rng.choice(list(places(tree[part])))
            node = tree[part]
            for step in steps:
                node = node[step]
            node[last] = copy.deepcopy(rng.choice(MORE))

        scene = build({**inputs("approved"), "commits": chain}, manifest, Forge(manifest=edit))
        folder = tmp_path / str(seed)
        place = put(folder, scene)
        first = verify_folder(folder, TrustFile.load(scene.trust))
        (second,) = ask(place, [folder])["instances"]
        assert second["verdict"] == first.verdict, (seed, second["findings"], first.findings)


# What only one of the two refused, or did not survive, when they were first held to each other.
AMOUNT = {"new": ["decimal", "/refund/amount"]}


def _bound(*constant: str) -> Forge:
    return Forge(
        manifest=lambda made: made["gates"]["finance"]["amend"].update(
            {"/refund/amount": {">": [AMOUNT, {"const": list(constant)}]}}
        )
    )


def _order(term: Any) -> Forge:
    def edit(made: dict[str, Any]) -> None:
        made["gates"]["finance"]["plan"]["payments.refund/1"]["arguments"]["order"] = term

    return Forge(manifest=edit)


def _actor(made: dict[str, Any]) -> None:
    made["gates"]["finance"]["decide"][0]["formula"]["any"].append(
        {"quorum": ["1", [{"actor": ["/x"]}]]}
    )


def _least(made: dict[str, Any]) -> None:
    order = made["gates"]["finance"]["parameters"][1][1]
    order[1][1][0][1][1]["min"] = "-Infinity"


MENDED: dict[str, tuple[str, Forge]] = {
    "a number with an underscore": ("vote_amendment", _bound("int", "1_0")),
    "a number between blanks": ("vote_amendment", _bound("int", " 1 ")),
    "a number in other digits": ("vote_amendment", _bound("decimal", "\u0661")),
    "an infinite number": ("vote_amendment", _bound("decimal", "-Infinity")),
    "an infinite limit": ("vote_amendment", Forge(manifest=_least)),
    "an element without a place": ("manifest", _order({"expr": {"each": ["int"]}})),
    "an element of a loop without a number": (
        "manifest",
        _order({"expr": {"each": ["int", "/a", "x", ""]}}),
    ),
    "a person at no pointer": ("manifest", Forge(manifest=_actor)),
    "a site twice": (
        "manifest",
        Forge(manifest=lambda made: made["automaton"].append(made["automaton"][0])),
    ),
}


@pytest.mark.parametrize("what", list(MENDED))
def test_what_one_of_them_let_pass(what: str, tmp_path: Path) -> None:
    code, forge = MENDED[what]
    scene = build(inputs("amended"), MANIFEST, forge)
    place = put(tmp_path / "one", scene)
    first = verify_folder(tmp_path / "one", TrustFile.load(scene.trust))
    (second,) = ask(place, [tmp_path / "one"])["instances"]
    found = [[one.code for one in first.findings], [one["code"] for one in second["findings"]]]
    assert found == [[code], [code]]


def both(capsys: pytest.CaptureFixture[str], *words: object) -> tuple[int, str]:
    """The status and the word that both commands give; stdout is the word alone."""
    status = main(["verify", *map(str, words)])
    word = capsys.readouterr().out
    done = run([*map(str, words)])
    assert (done.returncode, done.stdout.decode()) == (status, word)
    return status, word.strip()


@pytest.mark.parametrize("name", list(CHAINS))
def test_the_published_vectors_by_the_command(
    name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    folder, trust = VECTORS / name / "instance", VECTORS / name / "trust.json"
    assert both(capsys, folder, "--trust", trust) == (0, "VALID")
    for word, met in (("approved", name in ("approved", "amended", "execution_lost")),
                      ("amended", name == "amended"), ("waived", name == "waived"),
                      ("rejected", name in ("rejected", "timed_out"))):  # fmt: skip
        wanted = (0, "VALID") if met else (1, "INVALID")
        assert both(capsys, folder, "--trust", trust, "--require", f"finance={word}") == wanted


def test_misuse(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder, trust = VECTORS / "approved/instance", VECTORS / "approved/trust.json"
    spoiled = tmp_path / "trust.json"
    spoiled.write_bytes(trust.read_bytes() + b"\n")
    for words in (
        (tmp_path / "none", "--trust", trust),
        (folder, "--trust", tmp_path / "none"),
        (folder, "--trust", spoiled),
        (folder, "--trust", trust, "--trust-sha256", "00"),
        (folder, "--trust", trust, "--require", "finance"),
        (folder, "--trust", trust, "--require", "finance=perhaps"),
    ):
        assert both(capsys, *words) == (64, "")


def test_a_pinned_trust_file(capsys: pytest.CaptureFixture[str]) -> None:
    folder, trust = VECTORS / "approved/instance", VECTORS / "approved/trust.json"
    digest = TrustFile.load(trust.read_bytes()).digest
    assert both(capsys, folder, "--trust", trust, "--trust-sha256", digest) == (0, "VALID")


def test_a_child_is_held_to_what_is_required_once_its_parent_is_known(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    parent, child = family(Family("rejected"))
    trust = put(tmp_path / "parent", parent)
    put(tmp_path / "child", child)
    folders = (tmp_path / "parent", tmp_path / "child")
    assert both(capsys, *folders, "--trust", trust) == (0, "VALID")
    for status in (
        main(
            ["verify", *map(str, folders), "--trust", str(trust), "--require", "finance=approved"]
        ),
    ):
        assert status == 1
        assert capsys.readouterr().err.count("INVALID[required]") == 2
    told = ask(trust, folders, "--require", "finance=approved")["instances"]
    assert [[one["code"] for one in folder["findings"]] for folder in told] == [["required"]] * 2


def test_the_schemas_that_it_holds_are_the_published_ones() -> None:
    published = {one.name: one.read_bytes() for one in (VECTORS.parent / "schemas").glob("*.json")}
    assert {one.name: one.read_bytes() for one in (SOURCES / "schemas").iterdir()} == published


@pytest.mark.parametrize("words", [("vet", "./..."), ("test", "./...")])
def test_go_has_nothing_to_say(words: tuple[str, str]) -> None:
    done = subprocess.run(
        [str(go()), *words], cwd=SOURCES, env=go_environment(), capture_output=True, check=False
    )
    assert done.returncode == 0, (done.stdout + done.stderr).decode()


def test_it_stands_on_the_standard_library_alone() -> None:
    listed = subprocess.run(
        [str(go()), "list", "-deps", "-f", "{{if not .Standard}}{{.ImportPath}}{{end}}", "./..."],
        cwd=SOURCES, env=go_environment(), capture_output=True, check=True, text=True,
    )  # fmt: skip
    assert listed.stdout.split() == ["gantral.dev/verify"]
    used = subprocess.run(
        [str(go()), "list", "-f", "{{join .Imports \" \"}}", "."],
        cwd=SOURCES, env=go_environment(), capture_output=True, check=True, text=True,
    )  # fmt: skip
    assert not {"net", "net/http", "os/exec", "syscall", "unsafe", "plugin"} & set(
        used.stdout.split()
    )
