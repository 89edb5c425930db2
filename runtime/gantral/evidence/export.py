"""Write an instance's closed folder from a store (FORMAT section 9)."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from gantral.evidence.bytes import encode
from gantral.evidence.envelope import read_envelope, unwrap
from gantral.evidence.errors import EvidenceError
from gantral.evidence.store import Store


def export_instance(
    store: Store, team: str, instance_id: str, folder: str | os.PathLike[str]
) -> list[str]:
    """Write the folder of one instance. Votes and uses that a commit holds are not repeated;
    texts that nothing binds (of a commit or vote that never came to be) stay behind. Returns the
    ids of the instances that it ran as its children, in order.

    Signatures are not judged: that is the verifier's, for whoever reads the folder.

    Raises:
        StoreError: the store cannot be read.
        EvidenceError: what lies in the store is no evidence; ``missing`` when there is none.
        OSError: the folder cannot be written. It must not exist, or be empty.
    """
    made = _Export(store, f"{team}/{instance_id}/", Path(folder))
    made.run()
    return made.children


class _Export:
    def __init__(self, store: Store, prefix: str, folder: Path) -> None:
        self.store = store
        self.prefix = prefix
        self.folder = folder
        self.bound: set[str] = set()
        self.votes: set[str] = set()
        self.uses: set[str] = set()
        self.children: list[str] = []

    def run(self) -> None:
        names = [key.removeprefix(self.prefix) for key in self.store.list(self.prefix)]
        commits = [name for name in names if name.startswith("commits/")]
        if not commits:
            raise EvidenceError("missing", f"no commit lies under {self.prefix}", inconclusive=True)
        self.folder.mkdir(parents=True, exist_ok=True)
        if any(self.folder.iterdir()):
            raise FileExistsError(f"{self.folder} is not empty")
        with (self.folder / "artifacts.jsonl").open("wb") as lines:
            for name in commits:
                data = self._copy(name)
                statement = read_envelope(data, "commit").statement
                for artifact in statement["artifacts"]:
                    lines.write(encode(artifact) + b"\n")
                self._commit(statement)
        for name in names:
            if self._beside(name):
                data = self._copy(name)
                if name.startswith("votes/") and not name.endswith(".refusal.json"):
                    self._vote(read_envelope(data, "authority-decision").statement)
        for name in names:
            if name.startswith("texts/") and name[6:-5] in self.bound:
                self._copy(name)

    def _beside(self, name: str) -> bool:
        if name.startswith("votes/"):
            return name[6:-5] not in self.votes
        if name.startswith("uses/"):
            return name not in self.uses
        return name == "manifest.json" or name.startswith("erasures/")

    def _copy(self, name: str) -> bytes:
        data = self.store.get(self.prefix + name)
        if data is None:
            raise EvidenceError("missing", f"{name} is gone", inconclusive=True)
        target = self.folder / name
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(data)
        return data

    def _commit(self, statement: dict[str, Any]) -> None:
        self.bound.update(leaf for _, leaf in statement["context"])
        decision = statement["decision"]
        if decision != "none" and "submission" in decision:
            submission = unwrap(decision["submission"], "submission").statement
            self.bound.update((submission["business_key"], submission["assurance"]["identity"]))
        elif decision != "none":
            for envelope in decision["votes"]:
                sealed = unwrap(envelope, "authority-decision")
                self.votes.add(sealed.hash)
                self._vote(sealed.statement)
        for record in statement["records"]:
            if record["kind"] == "end":
                self.bound.add(record["message"])
            elif record["kind"] == "event":
                event = unwrap(record["event"], "event").statement
                self.bound.add(event["assurance"]["identity"])
            elif record["kind"] == "child":
                submission = unwrap(record["submission"], "submission").statement
                self.children.append(submission["instance_id"])
        for path, statement_ in _uses(statement["records"]):
            self.uses.add(path)
            self.bound.update(leaf for _, leaf in statement_.get("results", ()))

    def _vote(self, vote: dict[str, Any]) -> None:
        self.bound.add(vote["justification"].removeprefix("leaf:"))
        self.bound.add(vote["assurance"]["identity"])


def _uses(records: list[dict[str, Any]]) -> Iterator[tuple[str, dict[str, Any]]]:
    for record in records:
        if record["kind"] == "use":
            claim = unwrap(record["claim"], "use").statement
            yield f"uses/{claim['grant']}/{claim['slot']}.json", claim
        elif record["kind"] == "outcome":
            outcome = unwrap(record["outcome"], "outcome").statement
            yield f"uses/{outcome['grant']}/{outcome['slot']}.outcome.json", outcome
