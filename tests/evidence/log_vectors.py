"""The inputs of the golden vector of a log, and the script that writes it to docs/evidence/log.

python tests/evidence/log_vectors.py
"""

from __future__ import annotations

import json
import shutil
import sys
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parent))

from gantral.evidence.logged import Entry, proof_name
from logs import AT, NAMES, ORIGIN, YEAR, HandLog, entries_of, seed, trusting, with_proof
from scenes import build
from vector_manifest import MANIFEST
from vectors import inputs

LOG_VECTOR = Path(__file__).parents[2] / "docs" / "evidence" / "log"
OF = "approved"


def log_inputs() -> dict[str, Any]:
    """Everything a stranger needs to make the bytes, beside the vector of the instance."""
    scene = build(inputs(OF), MANIFEST)
    team, instance = entries_of(scene.files)[0].team, entries_of(scene.files)[0].instance_id
    # Another instance's commits stand before, and one behind.
    others = [Entry(team, "0f0f6a1e" + instance[8:], n, f"{n:064x}") for n in range(3)]
    told = [*others[:2], *entries_of(scene.files), others[2]]
    private = {name: seed(name)._key.private_bytes_raw().hex() for name in ("log", *NAMES)}
    return {
        "vector": OF,
        "origin": ORIGIN,
        "seeds": private,
        "witnesses": {name: f"{name}.example" for name in NAMES},
        "quorum": "2",
        "cosigned_at": str(AT + YEAR),
        "cosigned_by": ["w1", "w2"],
        "entries": [[one.team, one.instance_id, str(one.number), one.commit_hash] for one in told],
    }


def log_files() -> dict[str, bytes]:
    """The vector's files by their names."""
    given = log_inputs()
    scene = build(inputs(OF), MANIFEST)
    log = HandLog([
        Entry(team, instance, int(number), commit).data()
        for team, instance, number, commit in given["entries"]
    ])  # fmt: skip
    name = proof_name(3)
    text = json.dumps(given, ensure_ascii=False, indent=1, sort_keys=True)
    return {
        "inputs.json": text.encode() + b"\n",
        "trust.json": trusting(scene.trust, log),
        "checkpoint": log.checkpoint(),
        name: with_proof(scene, log)[name],
        **log.tiles(),
    }


def main() -> None:
    shutil.rmtree(LOG_VECTOR, ignore_errors=True)
    for name, data in log_files().items():
        (LOG_VECTOR / name).parent.mkdir(parents=True, exist_ok=True)
        (LOG_VECTOR / name).write_bytes(data)


if __name__ == "__main__":
    main()
