"""Take an instance's closed folder out of a store (FORMAT section 9)."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from tempfile import SpooledTemporaryFile
from typing import Any

from gantral.evidence.bytes import encode
from gantral.evidence.envelope import read_envelope, unwrap
from gantral.evidence.errors import EvidenceError
from gantral.evidence.log_proofs import LogProofs
from gantral.evidence.store import Store

_IN_MEMORY = 1 << 22


@dataclass(frozen=True)
class Part:
    """One file of an instance: its name, its size in bytes, its bytes, to be read at once."""

    name: str
    size: int
    chunks: Iterable[bytes]


def export_instance(
    store: Store, team: str, instance_id: str, folder: str | os.PathLike[str]
) -> list[str]:
    """Write the folder of one instance. Returns the ids of the instances that it ran as its
    children, in order.

    Raises:
        StoreError, EvidenceError: as ``Export``.
        OSError: the folder cannot be written. It must not exist, or be empty.
    """
    made, root = Export(store, team, instance_id), Path(folder)
    root.mkdir(parents=True, exist_ok=True)
    if any(root.iterdir()):
        raise FileExistsError(f"{root} is not empty")
    for part in made.parts():
        target = root / part.name
        target.parent.mkdir(parents=True, exist_ok=True)
        with target.open("wb") as file:
            file.writelines(part.chunks)
    return made.children


class Export:
    """The files of one instance, out of a store. Votes and uses that a commit holds are not
    repeated; texts that nothing binds (of a commit or vote that never came to be) stay behind, and
    so do those that an erasure names.

    With ``log`` the proof goes along that the last commit is in it, or the last that is.

    Signatures are not judged: that is the verifier's, for whoever reads the files. After ``parts``
    ``children`` holds the instances that it ran, in order, and ``named`` the texts that its
    evidence names by digest: ``policies/<hex>``, ``roles/<hex>``, ``specs/<hex>``.

    Raises:
        StoreError: the store cannot be read.
        EvidenceError: ``missing`` when there is no such instance.
    """

    def __init__(
        self, store: Store, team: str, instance_id: str, log: LogProofs | None = None
    ) -> None:
        self.store = store
        self._place = (team, instance_id)
        self._log = log
        self._commits: list[str] = []
        self.prefix = f"{team}/{instance_id}/"
        self.bound: set[str] = set()
        self.erased: set[str] = set()
        self.votes: set[str] = set()
        self.uses: set[str] = set()
        self.children: list[str] = []
        self.named: set[str] = set()
        self._names = [key.removeprefix(self.prefix) for key in store.list(self.prefix)]
        if not self._under("commits/"):
            raise EvidenceError("missing", f"no commit lies under {self.prefix}", inconclusive=True)

    def parts(self) -> Iterator[Part]:
        """Every file, in the order in which a judge needs them.

        Raises:
            StoreError: the store cannot be read.
            EvidenceError: what lies in the store is no evidence, or is gone.
        """
        if "manifest.json" in self._names:
            yield self._part("manifest.json")
        with SpooledTemporaryFile(_IN_MEMORY) as lines:
            for name in self._under("commits/"):
                yield (part := self._part(name))
                sealed = read_envelope(b"".join(part.chunks), "commit")
                for artifact in sealed.statement["artifacts"]:
                    lines.write(encode(artifact) + b"\n")
                self._commits.append(sealed.hash)
                self._commit(sealed.statement)
            size = lines.tell()
            lines.seek(0)
            yield Part("artifacts.jsonl", size, iter(lambda: lines.read(1 << 16), b""))
        for name in self._under("votes/"):
            if name[6:-5] not in self.votes:
                yield (part := self._part(name))
                if not name.endswith(".refusal.json"):
                    self._vote(read_envelope(b"".join(part.chunks), "authority-decision").statement)
        for name in self._under("uses/"):
            if name not in self.uses:
                yield self._part(name)
        for name in self._under("erasures/"):
            yield (part := self._part(name))
            self.erased.update(read_envelope(b"".join(part.chunks), "erasure").statement["leaves"])
        proof = self._log.proof(*self._place, self._commits) if self._log else None
        if proof is not None:
            yield Part(proof[0], len(proof[1]), proof[1:])
        wanted = self.bound - self.erased
        for name in self._under("texts/"):
            # An erasure is signed before its texts are deleted: from then on none goes out.
            if name[6:-5] in wanted:
                yield self._part(name)

    def _under(self, prefix: str) -> list[str]:
        return sorted(name for name in self._names if name.startswith(prefix))

    def _part(self, name: str) -> Part:
        data = self.store.get(self.prefix + name)
        if data is None:
            raise EvidenceError("missing", f"{name} is gone", inconclusive=True)
        return Part(name, len(data), (data,))

    def _commit(self, statement: dict[str, Any]) -> None:
        self.bound.update(leaf for _, leaf in statement["context"])
        for told in (*statement["artifacts"], *statement["records"]):
            if (revision := told.get("policy_version_id", "none")) != "none":
                self.named.add(f"policies/{revision.removeprefix('sha256:')}")
        self.named.update(f"specs/{one['workflow_version_id']}" for one in statement["artifacts"])
        decision = statement["decision"]
        if decision != "none" and "submission" in decision:
            submission = unwrap(decision["submission"], "submission").statement
            self.bound.update((submission["business_key"], submission["assurance"]["identity"]))
            self.named.add(f"roles/{submission['assurance']['role_map']}")
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
        self.named.add(f"roles/{vote['assurance']['role_map']}")


def _uses(records: list[dict[str, Any]]) -> Iterator[tuple[str, dict[str, Any]]]:
    for record in records:
        if record["kind"] == "use":
            claim = unwrap(record["claim"], "use").statement
            yield f"uses/{claim['grant']}/{claim['slot']}.json", claim
        elif record["kind"] == "outcome":
            outcome = unwrap(record["outcome"], "outcome").statement
            yield f"uses/{outcome['grant']}/{outcome['slot']}.outcome.json", outcome
