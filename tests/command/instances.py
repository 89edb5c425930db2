"""Instances of the published vectors, as a store keeps them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from gantral.evidence import LocalStore, canonical
from gantral.evidence.envelope import read_envelope, unwrap, write_envelope

VECTORS = Path(__file__).parents[2] / "docs" / "evidence" / "vectors"
NAMES = sorted(path.parent.name for path in VECTORS.glob("*/instance"))
TEAM, INSTANCE = "payments", "5f0f6a1e-6d0c-4a53-9d0e-2f1f0c6f7b11"
# Keys of the store that no folder for an auditor holds.
DRAFT = canonical(["0" * 32, INSTANCE, "/justification/x", "of a vote that was never put"])


def files_of(folder: Path) -> dict[str, bytes]:
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file()
    }


def put_instance(root: Path, vector: str) -> None:
    """The vector as a store keeps it: votes and uses lie beside the commits that hold them."""
    store, files = LocalStore(root), files_of(VECTORS / vector / "instance")
    for name, data in files.items():
        if name != "artifacts.jsonl":
            store.put(f"{TEAM}/{INSTANCE}/{name}", data)
        if name.startswith("commits/"):
            for key, envelope in held(read_envelope(data, "commit").statement):
                store.put(f"{TEAM}/{INSTANCE}/{key}", write_envelope(envelope))
    store.put(f"{TEAM}/{INSTANCE}/texts/{'ab' * 32}.json", DRAFT)


def held(statement: dict[str, Any]) -> list[tuple[str, Any]]:
    decision = statement["decision"]
    votes = decision.get("votes", []) if isinstance(decision, dict) else []
    found = [(f"votes/{unwrap(vote, 'authority-decision').hash}.json", vote) for vote in votes]
    for record in statement["records"]:
        for kind, member, end in (("use", "claim", ""), ("outcome", "outcome", ".outcome")):
            if record["kind"] == kind:
                told = unwrap(record[member], kind).statement
                found.append((f"uses/{told['grant']}/{told['slot']}{end}.json", record[member]))
    return found
