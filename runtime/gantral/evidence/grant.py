"""What was asked, and what was granted: the outcomes of a gate's checks."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from gantral.evidence.formula import Voter
from gantral.evidence.planned import Planned, planned, statement_of
from gantral.evidence.recount import Waiting


@dataclass(frozen=True)
class Opening:
    """A checked WAITING commit: what was asked, of whom, until when. ``guard``: the query that is
    asked again on what is decided, or "none"; ``holders``: whom a directory record tells of, None
    where there is none; ``ask`` as a ``Grant`` has it."""

    gate: str
    round: str
    ask: str
    guard: str
    manifest_gate: Mapping[str, Any]
    context: Mapping[str, str]
    waiting: Waiting
    holders: tuple[Voter, ...] | None = None


@dataclass(frozen=True)
class Grant:
    """What lets effects act. ``name`` is the approving artifact_hash, or the commit_hash of the
    waiver or of what says that nobody was to be asked; ``by`` says which of the three; ``context``
    is the approved data, pointer -> leaf; ``ask`` the site of the ask with the indexes of its
    loops, "" at a gate whose asks are not told apart."""

    name: str
    gate: str
    round: str
    ask: str
    manifest_gate: Mapping[str, Any]
    context: Mapping[str, str]
    decided_at: str
    by: Literal["people", "policy", "nobody"]

    @property
    def approval(self) -> str:
        """What plans call it: the gate; or the ask, where the gate tells them apart."""
        return statement_of(self.ask) if self.ask else self.gate

    def planned(self, call: str) -> Planned | None:
        """The call in the plan that it is of, in the same round of its loops; None: it is of no
        such call."""
        return planned(self.manifest_gate, call, self.ask)
