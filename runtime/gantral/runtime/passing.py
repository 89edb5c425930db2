"""A gate that is passed without people: policy waives it, or nobody was to be asked. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

from gantral.evidence.planned import statement_of
from gantral.runtime.calls import Approval, Ask, Decision, Granted
from gantral.runtime.commands import Grant
from gantral.runtime.commits import Record
from gantral.runtime.effects import lapses
from gantral.runtime.machine import Committed


def unasked_record(
    rules: Mapping[str, Any], gate: str, round: int, site: str
) -> tuple[Record, ...]:
    """What says that nobody was asked, and on which condition (FORMAT section 3). In a loop the
    site has indexes; the program knows the `ask` without."""
    statement = statement_of(site)
    return (
        {
            "kind": "unasked",
            "gate": gate,
            "round": str(round),
            "statement": statement,
            "condition": rules["only_if"][statement],
        },
    )


def passed(
    proposal: Ask[Any],
    site: str,
    rules: Mapping[str, Any],
    round: int,
    committed: Committed,
    how: Literal["waiver", "unasked"],
) -> Approval:
    """The approval that a commit of no artifacts gives: the proposal as it stands."""
    grant: Grant = {
        "waiting_commit": committed.number,
        "decision_commit": committed.number,
        "gate": proposal.gate_,
        "round": round,
    }
    if how == "waiver":
        grant["waiver"] = committed.receipt["commit_hash"]
    else:
        grant["unasked"] = committed.receipt["commit_hash"]
    granted = Granted(
        site=site,
        grant=grant,
        decision=Decision(deciders=(), at=committed.at, reason="", waived=how == "waiver"),
        lapses=lapses(committed.at, rules["lasts"]),
    )
    values = proposal.to_wire()
    return proposal.approval_.granted_(values, values, granted)
