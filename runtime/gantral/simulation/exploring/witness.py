"""What the evidence says so far, read with no code of the runtime's: who approved what, when.

It judges no signature and no recount (the workers and the verifier do); it only keeps book, so that
what acts can be held against what was committed.
"""

from __future__ import annotations

import base64
import json
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal

from gantral.evidence import Store

How = Literal["people", "waiver", "unasked"]


@dataclass(frozen=True)
class Approved:
    """A gate that let something through: in which round, when, and how."""

    round: int
    at: datetime
    how: How


@dataclass
class Book:
    """One instance: its authority states in order, its approvals by what plans call them (the gate,
    or the ask of one whose asks are told apart), how it ended. ``asked``: what was asked last."""

    commits: int = 0
    states: tuple[str, ...] = ()
    approvals: dict[str, Approved] = field(default_factory=dict)
    cause: str = "none"
    asked: str = ""

    def fork(self) -> Book:
        """A book of its own that says the same."""
        return Book(self.commits, self.states, dict(self.approvals), self.cause, self.asked)

    @property
    def state(self) -> str:
        """The last authority state, "none" before any."""
        return self.states[-1] if self.states else "none"

    def read_on(self, store: Store, team: str, instance_id: str) -> None:
        """Read the commits that came since."""
        while True:
            data = store.get(f"{team}/{instance_id}/commits/{self.commits:08d}.json")
            if data is None:
                return
            self.commits += 1
            self._enter(json.loads(base64.b64decode(json.loads(data)["payload"])))

    def _enter(self, statement: dict[str, Any]) -> None:
        at = datetime.fromisoformat(statement["timestamp"])
        asks = ["/".join(one["ask"].split("/")[:2]) for one in statement["records"] if "ask" in one]
        for one in statement["artifacts"]:
            if one["authority_state"] == "WAITING_FOR_HUMAN":
                self.asked = asks[0] if asks else one["gate"]
            self.states += (one["authority_state"],)
            self.cause = one["cause"]
            if one["authority_state"] in ("APPROVED", "OVERRIDDEN"):
                self.approvals[self.asked] = Approved(int(one["round"]), at, "people")
        for record in statement["records"]:
            if record["kind"] in ("waiver", "unasked"):
                found = Approved(int(record["round"]), at, record["kind"])
                self.approvals[asks[0] if asks else record["gate"]] = found
