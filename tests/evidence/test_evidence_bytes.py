"""Bytes, envelopes, keys and trust files: what is strict is strict."""

from __future__ import annotations

import base64
import copy
import json
from pathlib import Path
from typing import Any

import pytest
import rfc8785
from gantral.evidence import EvidenceError, SigningKey, TrustFile, canonical, parse, seal
from gantral.evidence.envelope import open_envelope, unwrap
from gantral.evidence.keys import _P, _Y8, check_public_key
from hypothesis import given
from hypothesis import strategies as st
from scenes import build, keys_of
from vector_manifest import MANIFEST
from vectors import CHAINS, inputs

TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=8)
# max_leaves keeps the nesting under twelve.
VALUES = st.recursive(
    TEXT,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXT, inner, max_size=4),
    max_leaves=10,
)


@given(VALUES)
def test_the_same_bytes_as_another_implementation(value: Any) -> None:
    data = canonical(value, depth=64)
    assert data == rfc8785.dumps(value)
    assert parse(data, depth=64) == value


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"1",
        b"NaN",
        b"-0",
        b"1E400",
        b"null",
        b"true",
        b'{"a":null}',
        b'["a",1]',
        b'{"a":"b","a":"b"}',
        b'{"b":"","a":""}',
        b'["a", "b"]',
        b'"\\u0041"',
        b'"\\/"',
        b'"\\ud800"',
        b"\xef\xbb\xbf[]",
        b'"\xff"',
        b"[]\n",
        b"[" * 100_000,
        b"[" * 100_000 + b"]" * 100_000,
        b"[" * 13 + b"]" * 13,
        b'"' + b"\\" * 300_001,
        b'"' + b"x" * (1024 * 1024) + b'"',
        b"9" * 10_000,
    ],
)
def test_what_is_not_canonical_is_refused(data: bytes) -> None:
    with pytest.raises(EvidenceError) as caught:
        parse(data)
    assert caught.value.code == "bytes"
    assert not caught.value.inconclusive


@pytest.mark.parametrize("value", [1, None, True, 1.5, ("a",), {"a": 1}, {1: "a"}, "\ud800", b"x"])
def test_what_has_no_bytes_is_refused(value: Any) -> None:
    with pytest.raises(EvidenceError):
        canonical(value)


def test_twelve_deep_and_no_deeper() -> None:
    value: Any = "x"
    for _ in range(12):
        value = [value]
    assert parse(canonical(value)) == value
    with pytest.raises(EvidenceError):
        canonical([value])


def _sealed() -> tuple[dict[str, Any], TrustFile]:
    scene = build(inputs("approved"), MANIFEST)
    key = keys_of(inputs("approved"))["commit"]
    return seal("commit", {"type": "gantral.dev/commit/v1"}, key), TrustFile.load(scene.trust)


NOW = "2026-11-23T10:00:00.000Z"


@pytest.mark.parametrize(
    "spoil",
    [
        lambda e: e.update(extra="none"),
        lambda e: e.pop("payloadType"),
        lambda e: e.update(payloadType="application/json"),
        lambda e: e["signatures"].append(e["signatures"][0]),
        lambda e: e.update(signatures=[]),
        lambda e: e["signatures"][0].update(cert="x"),
        lambda e: e.update(payload=e["payload"].rstrip("=") or "x"),
        lambda e: e.update(payload=e["payload"] + "\n"),
        lambda e: e.update(payload=base64.b64encode(b'{ "type":"x"}').decode()),
        lambda e: e["signatures"][0].update(sig=base64.b64encode(bytes(64)).decode()),
        lambda e: e["signatures"][0].update(sig=e["signatures"][0]["sig"][:-3] + "B=="),
        lambda e: e["signatures"][0].update(keyid="0" * 64),
        lambda e: e["signatures"][0].update(keyid=e["signatures"][0]["keyid"].upper()),
    ],
)
def test_altered_envelopes_are_refused(spoil: Any) -> None:
    envelope, trust = _sealed()
    open_envelope(envelope, "commit", trust, "commit", "payments", NOW)
    spoil(envelope)
    with pytest.raises(EvidenceError):
        open_envelope(envelope, "commit", trust, "commit", "payments", NOW)


def test_an_envelope_is_of_one_kind() -> None:
    envelope, trust = _sealed()
    with pytest.raises(EvidenceError):
        open_envelope(envelope, "use", trust, "commit", "payments", NOW)
    with pytest.raises(EvidenceError) as caught:
        open_envelope(envelope, "commit", trust, "effect", "payments", NOW)
    assert caught.value.code == "key_use"


def test_a_flipped_payload_is_a_wrong_signature() -> None:
    envelope, trust = _sealed()
    payload = json.loads(base64.b64decode(envelope["payload"]))
    envelope["payload"] = base64.b64encode(canonical({**payload, "x": "y"})).decode()
    unwrap(envelope, "commit")
    with pytest.raises(EvidenceError) as caught:
        open_envelope(envelope, "commit", trust, "commit", "payments", NOW)
    assert caught.value.code == "signature"


@pytest.mark.parametrize("y", [0, 1, _P - 1, _Y8, _P - _Y8, _P, _P + 1, 2**255 - 1, 2])
@pytest.mark.parametrize("sign", [0, 1])
def test_weak_public_keys_are_refused(y: int, sign: int) -> None:
    with pytest.raises(EvidenceError):
        check_public_key((y | sign << 255).to_bytes(32, "little"))


def test_keys_survive_their_file() -> None:
    key = SigningKey.generate()
    assert SigningKey.load(key.dump()).keyid == key.keyid
    check_public_key(key.public)
    with pytest.raises(EvidenceError):
        SigningKey.load(b"nonsense")


@pytest.mark.parametrize(
    ("member", "value", "named"),
    [
        ("environment", "development", "environment"),
        ("max_skew", "5s", "max_skew"),
        ("serial", "x", "serial"),
        ("log", "here", "log"),
        ("previous", "0", "previous"),
        ("type", "gantral.dev/trust/v2", "type"),
        ("keys", [], "keys"),
        ("programs", {}, "programs"),
    ],
)
def test_a_trust_file_names_the_member_that_is_wrong(member: str, value: Any, named: str) -> None:
    trust: Any = parse(build(inputs("approved"), MANIFEST).trust)
    trust[member] = value
    with pytest.raises(EvidenceError) as caught:
        TrustFile.load(canonical(trust))
    assert named in caught.value.message


@pytest.mark.parametrize("place", ["keys", "programs"])
def test_development_never_stands_in_production(place: str) -> None:
    trust: Any = parse(build(inputs("approved"), MANIFEST).trust)
    entries = trust["keys"].values() if place == "keys" else trust["programs"]
    next(iter(entries))["environment"] = "development"
    with pytest.raises(EvidenceError) as caught:
        TrustFile.load(canonical(trust))
    assert "never mix" in caught.value.message


def test_every_member_of_a_key_is_wanted() -> None:
    trust: Any = parse(build(inputs("approved"), MANIFEST).trust)
    keyid = next(iter(trust["keys"]))
    for member in trust["keys"][keyid]:
        spoiled = copy.deepcopy(trust)
        del spoiled["keys"][keyid][member]
        with pytest.raises(EvidenceError) as caught:
            TrustFile.load(canonical(spoiled))
        assert member in caught.value.message


def test_published_schemas_are_those_that_run() -> None:
    from gantral.evidence.records import FORMS

    folder = Path(__file__).parents[2] / "docs" / "evidence" / "schemas"
    published = {
        path.stem: json.loads(path.read_text(encoding="utf-8")) for path in folder.glob("*.json")
    }
    for name, form in FORMS.items():
        found = published.pop(name)
        assert found.pop("$schema") == "https://json-schema.org/draft/2020-12/schema"
        assert found == {"title": form.name, **form.schema}
    assert published == {}


def test_schemas_agree_with_another_implementation() -> None:
    from gantral.evidence.records import COMMIT
    from jsonschema import Draft202012Validator

    Draft202012Validator.check_schema(COMMIT.schema)
    other = Draft202012Validator(COMMIT.schema)
    for name in CHAINS:
        for commit in build(inputs(name), MANIFEST).commits:
            assert COMMIT.fits(commit)
            assert other.is_valid(commit)
            for member in commit:
                spoiled = {**commit, member: ["x"]}
                assert COMMIT.fits(spoiled) == other.is_valid(spoiled)
