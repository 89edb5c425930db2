"""What lies in the store of one instance, read with nothing but the file system and JSON: the judge
of the product shares no code with it. (Signatures are the verifier's.)"""

from __future__ import annotations

import base64
import hashlib
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

TEAM = "payments"
ENDS = ("COMPLETED", "TERMINATED", "REJECTED")


_VOTE = b"gantral.dev/authority-decision/v1\n"


def opened(envelope: Any) -> Any:
    """The statement in an envelope."""
    return json.loads(base64.b64decode(envelope["payload"]))


def vote(envelope: Any) -> dict[str, Any]:
    """The vote in an envelope, with its ``hash`` as a receipt names it."""
    named = hashlib.sha256(_VOTE + base64.b64decode(envelope["payload"])).hexdigest()
    return {**opened(envelope), "hash": named}


@dataclass(frozen=True)
class Chain:
    """The commits of an instance that are there, in order."""

    folder: Path
    commits: tuple[dict[str, Any], ...]

    @classmethod
    def read(cls, evidence: Path, instance: str) -> Chain | None:
        """None while nothing is committed."""
        folder = evidence / TEAM / instance
        commits: list[dict[str, Any]] = []
        while True:
            try:
                data = (folder / "commits" / f"{len(commits):08d}.json").read_bytes()
            except OSError:
                break
            commits.append(opened(json.loads(data)))
        return cls(folder, tuple(commits)) if commits else None

    @property
    def artifacts(self) -> list[dict[str, Any]]:
        return [one for commit in self.commits for one in commit["artifacts"]]

    @property
    def last(self) -> dict[str, Any]:
        return self.artifacts[-1]

    @property
    def state(self) -> str:
        return str(self.last["authority_state"])

    @property
    def cause(self) -> str:
        return str(self.last["cause"])

    @property
    def ended(self) -> bool:
        return self.state in ENDS

    @property
    def waiting(self) -> bool:
        return self.state == "WAITING_FOR_HUMAN"

    @property
    def waived(self) -> bool:
        """Whether policy let the gate pass."""
        return any(one["kind"] == "waiver" for commit in self.commits for one in commit["records"])

    @property
    def decisions(self) -> list[tuple[str, list[Any]]]:
        """Each committed decision: the state it led to, and its votes."""
        return [
            (commit["artifacts"][0]["authority_state"], [vote(one) for one in decision["votes"]])
            for commit in self.commits
            if isinstance(decision := commit["decision"], dict) and "votes" in decision
        ]

    @property
    def counted(self) -> set[str]:
        """The hash of every vote in a committed decision."""
        return {one["hash"] for _, votes in self.decisions for one in votes}

    @property
    def claims(self) -> set[str]:
        """grant/slot of every claim that lies in the store."""
        return {
            f"{path.parent.name}/{path.stem}"
            for path in (self.folder / "uses").rglob("*.json")
            if not path.name.endswith(".outcome.json")
        }

    def refused(self, vote: str) -> bool:
        """Whether a sealed refusal of a vote lies there."""
        return (self.folder / "votes" / f"{vote}.refusal.json").is_file()
