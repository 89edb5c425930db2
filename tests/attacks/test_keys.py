"""Whoever has a key, but not the right one: every kind of statement, sealed by a key of each other
use; and each key that signed something, once unknown, expired, not begun, stolen, another team's,
of another use, or another key under its name."""

from __future__ import annotations

import base64
import copy
import json
from collections.abc import Callable
from functools import cache
from typing import Any

import pytest
from gantral.evidence import EvidenceError, TrustFile, canonical
from scenes import USES, Forge, build, keys_of
from subjects import judge
from test_beside_commits import erased
from test_waits_in_chains import VALID as WAITED
from test_waits_in_chains import WAITING
from vector_manifest import MANIFEST
from vectors import CHAINS, inputs

# kind of statement -> the use that may seal it (docs/evidence/README.md).
KINDS = {
    "submission": "decision",
    "authority-decision": "decision",
    "event": "decision",
    "use": "effect",
    "outcome": "effect",
    "erasure": "erasure",
    "commit": "commit",
}


@cache
def scenes() -> dict[str, tuple[dict[str, Any], dict[str, Any]]]:
    made = {name: ({**inputs("approved"), "commits": c}, MANIFEST) for name, c in CHAINS.items()}
    for name, chain in WAITED.items():
        made[name] = ({**inputs("approved"), "commits": chain}, WAITING)
    made["erased"] = (erased("/order/customer"), MANIFEST)
    return made


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("use", USES)
def test_a_key_seals_what_is_of_its_use_alone(kind: str, use: str) -> None:
    sealed = 0
    for given, manifest in scenes().values():
        seen: list[str] = []

        def key(found: str, seen: list[str] = seen) -> str:
            seen.append(found)
            return use if found == kind else ""

        scene = build(given, manifest, Forge(key=key))
        if kind not in seen or (kind == "commit" and use == "closer"):
            continue
        sealed += 1
        report = judge(scene.files, TrustFile.load(scene.trust))
        assert (report.verdict == "VALID") == (use == KINDS[kind]), (report.findings, seen)
    assert sealed or (kind, use) == ("commit", "closer")


@pytest.mark.parametrize("name", CHAINS)
def test_a_closer_seals_no_chain_of_its_own(name: str) -> None:
    """A closer may end what was lost or is out of time, and begin or go on with nothing."""
    given = copy.deepcopy(inputs(name))
    for order in given["commits"]:
        order["key"] = "closer"
    scene = build(given, MANIFEST)
    assert judge(scene.files, TrustFile.load(scene.trust)).verdict == "INVALID"


def _gone(keys: dict[str, Any], keyid: str) -> None:
    del keys[keyid]


def _named(keys: dict[str, Any], keyid: str) -> None:
    keys[keyid]["public_key"] = next(k["public_key"] for k in keys.values() if k != keys[keyid])


def _set(member: str, value: Any) -> Callable[[dict[str, Any], str], None]:
    return lambda keys, keyid: keys[keyid].update({member: value})


LIVES: dict[str, tuple[str, Callable[[dict[str, Any], str], None]]] = {
    "unknown": ("INCONCLUSIVE", _gone),
    "expired": ("INVALID", _set("not_after", "2026-02-01T00:00:00.000Z")),
    "not begun": ("INVALID", _set("not_before", "2027-02-01T00:00:00.000Z")),
    "stolen": ("INVALID", _set("compromised_from", "2026-02-01T00:00:00.000Z")),
    "another team's": ("INVALID", _set("teams", ["others"])),
    "a witness's": ("INVALID", _set("use", "witness")),
    "a releaser's": ("INVALID", _set("use", "release")),
    "another under its name": ("refused", _named),
    "a development key": ("refused", _set("environment", "development")),
}


@pytest.mark.parametrize("life", LIVES)
@pytest.mark.parametrize("use", ["commit", "decision", "effect", "closer", "erasure"])
def test_a_key_that_no_longer_counts(use: str, life: str) -> None:
    wanted, spoil = LIVES[life]
    used = 0
    for given, manifest in scenes().values():
        seen: set[str] = set()
        scene = build(given, manifest)
        trust: Any = json.loads(scene.trust)
        keyid = keys_of(given)[use].keyid
        for data in scene.files.values():
            seen |= {use} if keyid.encode() in data or _inside(keyid, data) else set()
        spoil(trust["keys"], keyid)
        if wanted == "refused":
            with pytest.raises(EvidenceError) as caught:
                TrustFile.load(canonical(trust))
            assert caught.value.code == "trust"
            used += 1
            continue
        report = judge(scene.files, TrustFile.load(canonical(trust)))
        if use in seen:
            used += 1
            assert report.verdict == wanted, report.findings
        else:
            assert report.verdict == "VALID"
    assert used


def _inside(keyid: str, data: bytes) -> bool:
    """Whether a key is named in what an envelope seals."""
    envelope = json.loads(data) if data.startswith(b'{"payload"') else None
    return bool(envelope) and keyid.encode() in base64.b64decode(envelope["payload"])
