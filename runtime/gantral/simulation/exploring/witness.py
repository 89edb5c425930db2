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
    """One instance: its authority states in order, its approvals by gate, how it ended."""

    commits: int = 0
    states: tuple[str, ...] = ()
    approvals: dict[str, Approved] = field(default_factory=dict)
    cause: str = "none"

    def fork(self) -> Book:
        """A book of its own that says the same."""
        return Book(self.commits, self.states, dict(self.approvals), self.cause)

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
        for one in statement["artifacts"]:
            self.states += (one["authority_state"],)
            self.cause = one["cause"]
            if one["authority_state"] in ("APPROVED", "OVERRIDDEN"):
                self.approvals[one["gate"]] = Approved(int(one["round"]), at, "people")
        for record in statement["records"]:
            if record["kind"] in ("waiver", "unasked"):
                found = Approved(int(record["round"]), at, record["kind"])
                self.approvals[record["gate"]] = found
