"""Evidence that is not the sealed bytes is never VALID: bytes, fields, files, order."""

from __future__ import annotations

import base64
import itertools
import json
import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from gantral.evidence import Report, TrustFile, canonical, verify_folder
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from scenes import build
from vector_manifest import MANIFEST
from vectors import CHAINS, inputs

FILES = {name: build(inputs(name), MANIFEST) for name in CHAINS}


def judged(folder: Path, files: dict[str, bytes], trust: bytes) -> Report:
    for path in sorted(folder.rglob("*"), reverse=True):
        path.rmdir() if path.is_dir() else path.unlink()
    for name, data in files.items():
        target = folder / name
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(data)
    return verify_folder(folder, TrustFile.load(trust))


@pytest.mark.parametrize("name", list(CHAINS))
def test_the_vectors_are_valid(name: str, tmp_path: Path) -> None:
    scene = FILES[name]
    report = judged(tmp_path, scene.files, scene.trust)
    assert report.findings == ()
    assert report.verdict == "VALID"


# Every fourth byte in `make test`, every one in `make soak`.
STEP = max(1, 400 // settings.default.max_examples)


@pytest.mark.hypothesis
def test_each_byte_flipped(tmp_path: Path) -> None:
    """Bytes of every file of the smallest vector, one bit each, every bit in turn."""
    scene = FILES["waived"]
    judged(tmp_path, scene.files, scene.trust)
    trust = TrustFile.load(scene.trust)
    for name, data in scene.files.items():
        with (tmp_path / name).open("r+b", buffering=0) as file:
            for place in range(0, len(data), STEP):
                byte = data[place]
                file.seek(place)
                file.write(bytes([byte ^ (1 << place // STEP % 8)]))
                assert verify_folder(tmp_path, trust).verdict != "VALID", (name, place)
                file.seek(place)
                file.write(bytes([byte]))
    assert verify_folder(tmp_path, trust).verdict == "VALID"


@pytest.mark.parametrize("name", list(CHAINS))
def test_files_dropped_swapped_renamed_added(name: str, tmp_path: Path) -> None:
    scene = FILES[name]

    def never_valid(files: dict[str, bytes], what: object) -> None:
        assert judged(tmp_path, files, scene.trust).verdict != "VALID", what

    names = sorted(scene.files)
    for one in names:
        rest = {key: data for key, data in scene.files.items() if key != one}
        never_valid(rest, ("dropped", one))
        folder, slash, last = one.rpartition("/")
        elsewhere = f"{folder}{slash}x{last}"
        never_valid({**scene.files, elsewhere: scene.files[one]}, ("copied", one))
        never_valid({**rest, elsewhere: scene.files[one]}, ("renamed", one))
        never_valid({**scene.files, one: b""}, ("emptied", one))
        never_valid({**scene.files, one: scene.files[one] + b"\n"}, ("grown", one))
    for kind in ("commits/", "texts/"):
        same = [one for one in names if one.startswith(kind)]
        for a, b in itertools.pairwise(same):
            swapped = {**scene.files, a: scene.files[b], b: scene.files[a]}
            never_valid(swapped, ("swapped", a, b))
    commits = [one for one in names if one.startswith("commits/")]
    beyond = {**scene.files, f"commits/{len(commits):08d}.json": scene.files[commits[-1]]}
    never_valid(beyond, "the last commit twice")
    lines = scene.files["artifacts.jsonl"].splitlines(keepends=True)
    never_valid({**scene.files, "artifacts.jsonl": b"".join(lines[::-1])}, "lines reversed")
    for stranger in ("readme.txt", "votes/x.json", "log/0", ".hidden", "commits/1.json"):
        never_valid({**scene.files, stranger: b"{}"}, stranger)


def _places(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    yield path
    if isinstance(value, dict):
        for key in value:
            yield from _places(value[key], (*path, key))
    elif isinstance(value, list):
        for index in range(len(value)):
            yield from _places(value[index], (*path, index))


def _payload(data: bytes) -> tuple[dict[str, Any], Any]:
    envelope = json.loads(data)
    return envelope, json.loads(base64.b64decode(envelope["payload"]))


@settings(
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(
    vector=st.sampled_from(sorted(CHAINS)),
    seed=st.integers(0, 2**32),
    how=st.sampled_from(["drop", "add", "change", "duplicate", "swap"]),
)
def test_fields_changed_without_the_key(tmp_path: Path, vector: str, seed: int, how: str) -> None:
    scene = FILES[vector]
    rng = random.Random(seed)
    name = rng.choice([one for one in sorted(scene.files) if one.startswith("commits/")])
    envelope, payload = _payload(scene.files[name])
    path = rng.choice([place for place in _places(payload) if place])
    parent = payload
    for key in path[:-1]:
        parent = parent[key]
    key = path[-1]
    if how == "drop":
        del parent[key]
    elif how == "add" and isinstance(parent, dict):
        parent["extra"] = "none"
    elif how == "duplicate" and isinstance(parent, list):
        parent.insert(key, parent[key])
    elif how == "swap" and isinstance(parent, list) and len(parent) > 1:
        parent[key], parent[key - 1] = parent[key - 1], parent[key]
    else:
        parent[key] = rng.choice(["none", "", [], {}, "0" * 64])
    envelope["payload"] = base64.b64encode(canonical(payload)).decode()
    spoiled = {**scene.files, name: canonical(envelope)}
    if spoiled[name] != scene.files[name]:
        assert judged(tmp_path, spoiled, scene.trust).verdict != "VALID"
