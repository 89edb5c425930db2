"""Whatever is signed with the right keys is judged, never a crash: a thief has every key."""

from __future__ import annotations

import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from gantral.evidence import EvidenceError, TrustFile, verify_folder
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from scenes import Forge, build
from vector_manifest import MANIFEST
from vectors import CHAINS, inputs

ODD: list[Any] = ["", "none", "0", "1", "x", "/", "{}", [], {}, [[]], ["x"], {"actor": "/x"}]


def places(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    if path:
        yield path
    inner = value.items() if isinstance(value, dict) else enumerate(value)
    for key, item in inner if isinstance(value, (dict, list)) else ():
        yield from places(item, (*path, key))


def spoil(tree: Any, rng: random.Random) -> None:
    *steps, last = rng.choice(list(places(tree)))
    node = tree
    for step in steps:
        node = node[step]
    how = rng.randrange(5)
    if how == 0:
        del node[last]
    elif how == 1 and isinstance(node, list):
        node.insert(last, node[rng.randrange(len(node))])
    elif how == 2 and isinstance(node, list):
        node.reverse()
    elif how == 3 and isinstance(node, dict):
        node[last] = node[rng.choice(sorted(node))]
    else:
        node[last] = rng.choice(ODD)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(vector=st.sampled_from(sorted(CHAINS)), seed=st.integers(0, 2**32))
def test_nothing_crashes_the_verifier(
    vector: str, seed: int, tmp_path_factory: pytest.TempPathFactory
) -> None:
    rng = random.Random(seed)
    what = rng.choice(["statement", "raw", "sealed", "manifest", "manifest"])
    number = rng.randrange(len(CHAINS[vector]))

    def edit(tree: dict[str, Any]) -> None:
        spoil(tree, rng)

    def sealed(kind: str, statement: dict[str, Any]) -> None:
        if kind != "commit" and rng.randrange(3) == 0:
            spoil(statement, rng)

    forge = {
        "statement": Forge(statement={number: edit}),
        "raw": Forge(raw={number: edit}),
        "sealed": Forge(sealed=sealed),
        "manifest": Forge(manifest=edit),
    }[what]
    try:
        scene = build(inputs(vector), MANIFEST, forge)
        trust = TrustFile.load(scene.trust)
    except (
        EvidenceError,
        KeyError,
        TypeError,
        AttributeError,
        IndexError,
        ValueError,
        StopIteration,
    ):
        return  # so spoiled that nobody could have written the rest
    folder: Path = tmp_path_factory.mktemp("forged")
    for name, data in scene.files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(data)
    verify_folder(folder, trust)
