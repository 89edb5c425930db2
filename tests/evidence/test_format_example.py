"""The example that came with the format: every hash, id, link, seal and leaf by our functions."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from gantral.evidence import H, TrustFile, artifact_hash, canonical, parse
from gantral.evidence.envelope import judge, read_envelope, unwrap, write_envelope
from gantral.evidence.hashes import (
    ZERO,
    artifact_id,
    context_hash,
    decision_hash,
    leaf,
    records_hash,
)

EXAMPLE = Path(__file__).parent / "format_example"
(FOLDER,) = (EXAMPLE / "evidence").iterdir()


def _trust() -> TrustFile:
    # The example's trust file is older than the member environment (docs/adr/0010).
    trust: Any = parse((EXAMPLE / "trust.json").read_bytes())
    for entry in (trust, *trust["keys"].values(), *trust["programs"]):
        entry["environment"] = "production"
    return TrustFile.load(canonical(trust))


def test_every_byte_hash_link_and_seal() -> None:
    trust, lines = _trust(), b""
    commit_hash, last = ZERO, ZERO
    manifest = (FOLDER / "manifest.json").read_bytes()
    assert canonical(parse(manifest)) == manifest
    for path in sorted((FOLDER / "commits").iterdir()):
        sealed = read_envelope(path.read_bytes(), "commit")
        statement = sealed.statement
        assert write_envelope(json.loads(path.read_bytes())) == path.read_bytes()
        at = statement["artifacts"][0]["timestamp"]
        judge(sealed, trust, frozenset({"commit"}), "payments", at)
        assert statement["prev_commit_hash"] == commit_hash
        for artifact in statement["artifacts"]:
            assert artifact["artifact_hash"] == artifact_hash(artifact)
            sequence = int(artifact["sequence"])
            assert artifact["artifact_id"] == artifact_id(artifact["instance_id"], sequence)
            assert artifact["prev_artifact_hash"] == last
            assert artifact["context_hash"] == context_hash(statement["context"])
            assert artifact["workflow_version_id"] == H("manifest", manifest)
            last = artifact["artifact_hash"]
            lines += canonical(artifact) + b"\n"
        first, decision = statement["artifacts"][0], statement["decision"]
        assert first["records_hash"] == records_hash(commit_hash, statement["records"])
        if decision != "none":
            assert first["decision_hash"] == decision_hash(decision)
            for envelope in decision.get("votes", []):
                vote = unwrap(envelope, "authority-decision")
                judge(vote, trust, frozenset({"decision"}), "payments", vote.statement["timestamp"])
        for record in statement["records"]:
            if "claim" in record:
                claim = unwrap(record["claim"], "use")
                judge(claim, trust, frozenset({"effect"}), "payments", claim.statement["timestamp"])
        commit_hash = sealed.hash
    assert lines == (FOLDER / "artifacts.jsonl").read_bytes()


def test_every_leaf() -> None:
    for path in (FOLDER / "texts").iterdir():
        text: Any = parse(path.read_bytes())
        assert leaf(text) == path.stem
