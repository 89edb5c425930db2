"""Two verifiers, one verdict: verify-go/ is held to what the first one says of folders that nobody
thought of. (What the other tests here judge is judged by both too: see conftest.py.)"""

from __future__ import annotations

import copy
import random
import subprocess
from collections.abc import Callable
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
from second import SOURCES, ask, go_environment
from test_calendar_gates import CHAINS_OF_OFFICE, OFFICE
from test_calls_in_loops import asked_anew, looped
from test_children_verified import Family, family
from test_forged_at_random import ODD, places, spoil
from test_guarded_gates import GUARDED, GUARDED_CHAINS
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
    """The chain with one or two things spoilt, before or after they are hashed and signed, or in the
    files."""
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
        (second,) = ask(place, [folder])["folders"]
        assert second["verdict"] == first.verdict, (seed, second["findings"], first.findings)
        judged += 1
    assert judged > EACH / 3
