"""An instance's commits and texts, read from the store and never believed unsigned."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from gantral.evidence import EvidenceError, Opened, Store, TrustFile, parse
from gantral.evidence.envelope import judge, read_envelope
from gantral.evidence.hashes import artifact_hash, context_hash, decision_hash, leaf

SIGNERS = frozenset({"commit", "closer"})


class MissingEvidence(Exception):  # noqa: N818 - what is the matter, not what went wrong
    """Something that must be in the store is not there. The message names it."""


@dataclass(frozen=True)
class Read:
    """One commit whose signature, place and own hash hold."""

    number: int
    hash: str
    statement: Mapping[str, Any]

    @property
    def artifacts(self) -> list[dict[str, str]]:
        """Its artifacts, in order."""
        found: list[dict[str, str]] = self.statement["artifacts"]
        return found

    @property
    def context(self) -> dict[str, str]:
        """pointer -> leaf."""
        return dict(self.statement["context"])

    def records(self, kind: str) -> list[dict[str, Any]]:
        """Its records of one kind."""
        return [record for record in self.statement["records"] if record["kind"] == kind]


@dataclass(frozen=True)
class Chain:
    """One instance's evidence. Every method may raise StoreError."""

    store: Store
    trust: TrustFile
    team: str
    instance_id: str

    def key(self, *parts: str) -> str:
        """The store's key of something of this instance."""
        return "/".join((self.team, self.instance_id, *parts))

    def commit_key(self, number: int) -> str:
        """The store's key of a commit."""
        return self.key("commits", f"{number:08d}.json")

    def read(self, number: int) -> Read | None:
        """The commit of this number, or None when it is not in the store.

        Raises:
            EvidenceError: what lies there is no signed commit of this instance and number.
        """
        data = self.store.get(self.commit_key(number))
        if data is None:
            return None
        opened = self.open(data, "commit", SIGNERS)
        if opened.statement.get("commit") != str(number):
            raise EvidenceError("place", f"commit {number} says that it is another one")
        _check_artifacts(opened.statement)
        return Read(number, opened.hash, opened.statement)

    def need(self, number: int) -> Read:
        """``read``. Raises MissingEvidence when it is not there."""
        found = self.read(number)
        if found is None:
            raise MissingEvidence(f"commit {number} is not in the store")
        return found

    def open(self, data: bytes, kind: str, uses: frozenset[str]) -> Opened:
        """Judge a signed statement of this instance.

        Raises:
            EvidenceError: its bytes, its signature, or it is another instance's.
        """
        sealed = read_envelope(data, kind)
        at = sealed.statement.get("timestamp")
        if not isinstance(at, str):
            raise EvidenceError("form", f"the {kind} has no timestamp")
        opened = judge(sealed, self.trust, uses, self.team, at)
        said = opened.statement
        if said.get("instance_id") != self.instance_id or said.get("owning_team_id") != self.team:
            raise EvidenceError("binding", f"the {kind} is of another instance")
        return opened

    def last_artifact(self, before: int) -> dict[str, str] | None:
        """The last artifact of the commits under ``before``: records-only commits have none.

        Raises:
            MissingEvidence, EvidenceError.
        """
        for number in range(before - 1, -1, -1):
            artifacts = self.need(number).artifacts
            if artifacts:
                return artifacts[-1]
        return None

    def text(self, hashed: str, pointer: str) -> str:
        """The value of a leaf, its text checked against it.

        Raises:
            MissingEvidence: erased, or never there.
            EvidenceError: the text is not what the leaf binds.
        """
        return self.salted(hashed, pointer)[3]

    def salted(self, hashed: str, pointer: str) -> list[str]:
        """``[salt, instance_id, path, value]`` of a leaf. Raises as ``text``."""
        text = self._text(hashed)
        if text[2] != pointer:
            raise EvidenceError("hash", f"the text of {pointer} belongs to another place")
        return text

    def value(self, hashed: str) -> str:
        """The value of a leaf of this instance, wherever it stands. Raises as ``text``."""
        return self._text(hashed)[3]

    def _text(self, hashed: str) -> list[str]:
        data = self.store.get(self.key("texts", f"{hashed}.json"))
        if data is None:
            raise MissingEvidence(f"the text of leaf {hashed} is not in the store")
        text = parse(data)
        if not isinstance(text, list) or len(text) != 4 or leaf(text) != hashed:
            raise EvidenceError("hash", f"the text of leaf {hashed} is not what it binds")
        if text[1] != self.instance_id:
            raise EvidenceError("hash", f"the text of leaf {hashed} is of another instance")
        return [str(part) for part in text]

    def head(self) -> int:
        """The number of the first commit that is not in the store, counted from 0. A gap hides
        what lies behind it: callers that must know use ``beyond``."""
        number = 0
        while self.store.get(self.commit_key(number)) is not None:
            number += 1
        return number

    def beyond(self, number: int) -> bool:
        """Whether a commit of ``number`` or higher lies in the store."""
        prefix = self.key("commits")
        return any(
            key.rpartition("/")[2] >= f"{number:08d}.json" for key in self.store.list(prefix)
        )


def _check_artifacts(statement: Mapping[str, Any]) -> None:
    about = context_hash(statement["context"])
    for index, artifact in enumerate(statement["artifacts"]):
        if artifact_hash(artifact) != artifact["artifact_hash"]:
            raise EvidenceError("artifact_hash", "an artifact does not have its own hash")
        if artifact["context_hash"] != about:
            raise EvidenceError("context", "an artifact is about another context")
        decision = statement["decision"] if index == 0 else "none"
        decided = decision_hash(decision) if isinstance(decision, dict) else "none"
        if artifact["decision_hash"] != decided:
            raise EvidenceError("hash", "an artifact names another decision")
