"""Whether an effect's answer is vouched for by what its worker sealed. Pure.

The answer comes out of history, where whoever may complete activities by hand can put another one.
Here it must agree with its own envelopes; whether an effect key really signed them is judged before
the commit that tells them, so a forger's run ends uncommitted (a trust file may change, and so may
not be read here: a replay must come out the same).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from gantral.evidence import EvidenceError
from gantral.evidence.envelope import unwrap
from gantral.evidence.records import CLAIM, OUTCOME
from gantral.runtime.commands import EffectAnswer, EffectCommand, granted_by

_STATUS = ("done", "not_done", "unknown")


def unvouched(command: EffectCommand, answer: EffectAnswer) -> str:
    """Why this answer is not believed, "" when it is.

    What is done has a claim and an outcome under every grant of the command, which say the same.
    What is refused before the service has none. The envelopes that are there are of this call.
    """
    given: Any = answer
    if not isinstance(given, dict) or given.keys() != EffectAnswer.__required_keys__:
        return "it has not the members of an effect's answer"
    if given["status"] not in _STATUS or not isinstance(given["problem"], str):
        return "it says neither done nor not done"
    try:
        claims = [_said(envelope, "use") for envelope in given["claims"]]
        outcomes = [_said(envelope, "outcome") for envelope in given["outcomes"]]
    except (EvidenceError, TypeError):
        return "a claim or an outcome can't be read"
    wanted = {
        "instance_id": command["instance_id"],
        "owning_team_id": command["team"],
        "call": command["call"],
        "operation": command["operation"],
    }
    for said in (*claims, *outcomes):
        if any(said[name] != value for name, value in wanted.items()):
            return "a claim or an outcome is of another call"
    if given["status"] != "done":
        return ""
    grants = [granted_by(grant) for grant in command["grants"]]
    for sealed in (claims, outcomes):
        if [said["grant"] for said in sealed] != grants:
            return "it has not a claim and an outcome under every approval"
    for said in outcomes:
        if (said["status"], said["results"]) != ("done", given["results"]):
            return "the outcome says something else"
    return ""


def _said(envelope: Any, kind: str) -> Mapping[str, Any]:
    statement = unwrap(envelope, kind).statement
    (CLAIM if kind == "use" else OUTCOME).require(statement)
    return statement
